"""Distances and similarities between vectors."""

from __future__ import annotations

from minitorch.nn import functional as F
from minitorch.nn.module import Module
from minitorch.tensor import Tensor

__all__ = ["CosineSimilarity", "PairwiseDistance"]


class PairwiseDistance(Module):
    """``(sum |x1 - x2 + eps|^p) ** (1 / p)``, over the last dimension.

    Args:
        p: which norm.
        eps: added to the difference, so that the gradient exists everywhere.
        keepdim: whether the last dimension stays, with length 1.

    Shape: (N, D) or (D), the same -> (N) or (); with keepdim (N, 1) or (1).
    Source: torch.nn.PairwiseDistance.

    Example::

        >>> import minitorch
        >>> points = minitorch.tensor([[0.0, 0.0], [3.0, 4.0]])
        >>> minitorch.nn.PairwiseDistance(eps=0.0)(points[:1], points[1:])
        tensor([5.])
    """

    def __init__(self, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> None:
        super().__init__()
        self.norm = p
        self.eps = eps
        self.keepdim = keepdim

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        return F.pairwise_distance(x1, x2, self.norm, self.eps, self.keepdim)


class CosineSimilarity(Module):
    """``x1 . x2 / (max(|x1|, eps) * max(|x2|, eps))``, along ``dim``.

    Args:
        dim: the dimension of the vectors.
        eps: keeps the denominator from 0.

    Shape: (*, D, *), the same -> (*, *), without the dimension ``dim``.
    Source: torch.nn.CosineSimilarity.

    Example::

        >>> import minitorch
        >>> vectors = minitorch.tensor([[1.0, 0.0], [3.0, 0.0]])
        >>> minitorch.nn.CosineSimilarity(dim=0)(vectors[0], vectors[1])
        tensor(1.)
    """

    def __init__(self, dim: int = 1, eps: float = 1e-8) -> None:
        super().__init__()
        self.dim = dim
        self.eps = eps

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        return F.cosine_similarity(x1, x2, self.dim, self.eps)
