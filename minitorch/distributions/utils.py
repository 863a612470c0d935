"""What the distributions share: broadcasting parameters, probabilities and logits, lazy values."""

from __future__ import annotations

import functools
from collections.abc import Callable
from numbers import Number
from typing import Any

from minitorch.autograd.mode import enable_grad
from minitorch.dtypes import finfo, get_default_dtype
from minitorch.nn.functional import softmax
from minitorch.ops.creation import arange, tensor
from minitorch.ops.shape import broadcast_tensors
from minitorch.tensor import Tensor

__all__ = [
    "broadcast_all",
    "clamp_probs",
    "euler_constant",
    "lazy_property",
    "logits_to_probs",
    "overwritten",
    "probs_to_logits",
    "sum_rightmost",
    "tril_matrix_to_vec",
    "vec_to_tril_matrix",
]

euler_constant = 0.57721566490153286060


def broadcast_all(*values: Any) -> tuple[Tensor, ...]:
    """The values as tensors of one shape; numbers take the dtype of the first tensor.

    Raises ValueError for what is neither a number nor a tensor.
    Source: torch.distributions.utils.broadcast_all.

    >>> import minitorch
    >>> broadcast_all(minitorch.zeros(2), 1.0)
    (tensor([0., 0.]), tensor([1., 1.]))
    """
    if not all(isinstance(value, (Tensor, Number)) for value in values):
        raise ValueError(
            "Input arguments must all be instances of Number, torch.Tensor or objects "
            "implementing __torch_function__."
        )
    tensors = [value for value in values if isinstance(value, Tensor)]
    dtype = tensors[0].dtype if tensors else get_default_dtype()
    return broadcast_tensors(
        *(value if isinstance(value, Tensor) else tensor(value, dtype=dtype) for value in values)
    )


def sum_rightmost(value: Any, dims: int) -> Any:
    """``value`` summed over its last ``dims`` dimensions; a number stays as it is."""
    if dims == 0:
        return value
    return value.reshape((*value.shape[: value.dim() - dims], -1)).sum(-1)


def overwritten(value: Tensor, mask: Tensor, number: float) -> Tensor:
    """A copy of ``value`` that holds ``number`` where ``mask``, which broadcasts to it."""
    copied = value.clone()
    copied[mask.expand(value.shape)] = number
    return copied


def clamp_probs(probs: Tensor) -> Tensor:
    """Probabilities kept away from 0 and 1 by the spacing of their dtype.

    Source: torch.distributions.utils.clamp_probs.
    """
    eps = finfo(probs.dtype).eps
    return probs.clamp(min=eps, max=1 - eps)


def logits_to_probs(logits: Tensor, is_binary: bool = False) -> Tensor:
    """Probabilities of logits: a sigmoid, or a softmax over the last dimension.

    Source: torch.distributions.utils.logits_to_probs.
    """
    return logits.sigmoid() if is_binary else softmax(logits, dim=-1)


def probs_to_logits(probs: Tensor, is_binary: bool = False) -> Tensor:
    """Logits of probabilities: log-odds, or logarithms of the last dimension's probabilities.

    Source: torch.distributions.utils.probs_to_logits.
    """
    clamped = clamp_probs(probs)
    if is_binary:
        return clamped.log() - (-clamped).log1p()
    return clamped.log()


class lazy_property:
    """A property computed at its first use and kept in the instance's ``__dict__``.

    Source: torch.distributions.utils.lazy_property.
    """

    def __init__(self, wrapped: Callable[[Any], Any]):
        self.wrapped = wrapped
        functools.update_wrapper(self, wrapped)  # type: ignore[arg-type]

    def __get__(self, instance, owner=None):
        if instance is None:
            return self
        with enable_grad():
            value = self.wrapped(instance)
        setattr(instance, self.wrapped.__name__, value)
        return value


def tril_matrix_to_vec(mat: Tensor, diag: int = 0) -> Tensor:
    """The lower triangle of square matrices, row by row.

    Shape: (*, D, D) -> (*, N).  ``diag`` is the highest diagonal that belongs to it.  Raises
    ValueError for a ``diag`` outside of the matrix.
    Source: torch.distributions.utils.tril_matrix_to_vec.
    """
    n = mat.shape[-1]
    if not -n <= diag < n:
        raise ValueError(f"diag ({diag}) provided is outside [{-n}, {n - 1}].")
    rows = arange(n)
    return mat[..., rows < rows.view(-1, 1) + (diag + 1)]


def vec_to_tril_matrix(vec: Tensor, diag: int = 0) -> Tensor:
    """Square matrices whose lower triangle holds ``vec``, row by row, and zeros elsewhere.

    Shape: (*, N) -> (*, D, D).  Raises ValueError where ``N`` fills no triangle.
    Source: torch.distributions.utils.vec_to_tril_matrix.

    >>> import minitorch
    >>> vec_to_tril_matrix(minitorch.tensor([1.0, 2.0, 3.0]))
    tensor([[1., 0.],
            [2., 3.]])
    """
    length = vec.shape[-1]
    # D with D (D + 1) / 2 elements for diag = 0, corrected for other diagonals.
    n = (
        -(1 + 2 * diag) + ((1 + 2 * diag) ** 2 + 8 * length + 4 * abs(diag) * (diag + 1)) ** 0.5
    ) / 2
    if abs(round(n) - n) > finfo(vec.dtype).eps:
        raise ValueError(
            f"The size of last dimension is {length} which cannot be expressed as the lower "
            "triangular part of a square D x D matrix."
        )
    n = round(n)
    matrix = vec.new_zeros((*vec.shape[:-1], n, n))
    rows = arange(n)
    matrix[..., rows < rows.view(-1, 1) + (diag + 1)] = vec
    return matrix
