"""Layers that merge and split dimensions."""

from __future__ import annotations

from minitorch.nn.module import Module
from minitorch.tensor import Tensor

__all__ = ["Flatten", "Unflatten"]


class Flatten(Module):
    """Merges the dimensions from ``start_dim`` to ``end_dim``.

    Args:
        start_dim: the first that is merged.
        end_dim: the last that is merged.

    Shape: (N, *) -> (N, product of *) by default.  Source: torch.nn.Flatten.

    Example::

        >>> import minitorch
        >>> minitorch.nn.Flatten()(minitorch.zeros(32, 1, 5, 5)).shape
        torch.Size([32, 25])
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        super().__init__()
        self.start_dim = start_dim
        self.end_dim = end_dim

    def forward(self, input: Tensor) -> Tensor:
        return input.flatten(self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Unflatten(Module):
    """Splits dimension ``dim`` into ``unflattened_size``.

    Args:
        dim: the dimension that is split.
        unflattened_size: the lengths it is split into; -1 for one that follows from the others.

    Shape: (..., n, ...) -> (..., *unflattened_size, ...).
    Errors: TypeError for a size that is no tuple of ints.
    Source: torch.nn.Unflatten.

    Example::

        >>> import minitorch
        >>> minitorch.nn.Unflatten(1, (2, 5, 5))(minitorch.zeros(2, 50)).shape
        torch.Size([2, 2, 5, 5])
    """

    def __init__(self, dim: int, unflattened_size: tuple[int, ...]) -> None:
        super().__init__()
        if not isinstance(dim, int):
            raise TypeError("invalid argument type for dim parameter")
        if not isinstance(unflattened_size, tuple):
            raise TypeError(
                "unflattened_size must be tuple of ints, but found type "
                f"{type(unflattened_size).__name__}"
            )
        for at, length in enumerate(unflattened_size):
            if not isinstance(length, int):
                raise TypeError(
                    "unflattened_size must be tuple of ints, but found element of type "
                    f"{type(length).__name__} at pos {at}"
                )
        self.dim = dim
        self.unflattened_size = unflattened_size

    def forward(self, input: Tensor) -> Tensor:
        return input.unflatten(self.dim, self.unflattened_size)

    def extra_repr(self) -> str:
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"
