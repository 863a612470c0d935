"""Triangles and diagonals of matrices: ``tril``, ``diag``, ``diagonal_scatter`` and their kin."""

from __future__ import annotations

from typing import Any

import numpy as np

from minitorch.ops._dims import wrap_dim
from minitorch.ops._op import composite, op
from minitorch.ops.conversion import as_dtype
from minitorch.ops.elementwise import zero_of
from minitorch.ops.filling import fill_
from minitorch.ops.indexing import check_part_shape
from minitorch.ops.masking import row_major
from minitorch.ops.shape import reshape
from minitorch.ops.strides import as_strided, diagonal, diagonal_place
from minitorch.tensor import Tensor, wrap

__all__ = [
    "METHODS",
    "diag",
    "diag_embed",
    "diagflat",
    "diagonal_copy",
    "diagonal_scatter",
    "fill_diagonal_",
    "tril",
    "tril_indices",
    "triu",
    "triu_indices",
]


def fill_diagonal_(self: Tensor, fill_value: Any, wrap: bool = False) -> Tensor:
    """Write one number into the main diagonal; ``wrap`` starts again below a tall matrix.

    Raises RuntimeError below 2 dimensions, and beyond them for unequal lengths.
    Source: torch.Tensor.fill_diagonal_.
    """
    shape = self.shape
    if len(shape) < 2:
        raise RuntimeError("dimensions must larger than 1")
    if len(shape) > 2 and len(set(shape)) > 1:
        raise RuntimeError("all dimensions of input must be of equal length")
    step = sum(self.stride())
    length = min(shape)
    fill_(as_strided(self, (length,), (step,)), fill_value)
    if wrap and len(shape) == 2 and shape[0] > shape[1] + 1:
        rest = self[shape[1] + 1 :]
        if min(rest.shape):
            fill_diagonal_(rest, fill_value, wrap)
    return self


def _check_matrix(input, name):
    if input.ndim < 2:
        raise RuntimeError(f"{name}: input tensor must have at least 2 dimensions")


@op(inplace=True)
def tril(xp, input, /, diagonal=0):
    """The lower triangle of matrices, zeros above ``diagonal``.  Shape: (*, a, b) -> (*, a, b).

    Raises RuntimeError below 2 dimensions.  Source: torch.tril.
    """
    _check_matrix(input, "tril")
    return row_major(xp, xp.tril(input, diagonal))


tril.vjp(input=lambda g, diagonal: tril(g, diagonal))


@op(inplace=True)
def triu(xp, input, /, diagonal=0):
    """The upper triangle of matrices, zeros below ``diagonal``.  Shape: (*, a, b) -> (*, a, b).

    Raises RuntimeError below 2 dimensions.  Source: torch.triu.
    """
    _check_matrix(input, "triu")
    return row_major(xp, xp.triu(input, diagonal))


triu.vjp(input=lambda g, diagonal: triu(g, diagonal))


def _triangle(name, places, row, col, offset, dtype):
    wanted = as_dtype(dtype, name)
    for argument, value in (("row", row), ("col", col)):
        if value < 0:
            raise RuntimeError(f"{argument} must be non-negative, got{value}")
    if wanted.rank != 1:
        raise NotImplementedError(f"\"{name}\" not implemented for '{wanted.legacy_name}'")
    return wrap(np.stack(places(row, offset, col)).astype(wanted.numpy))


@composite(method=False)
def tril_indices(
    row: int, col: int, offset: int = 0, *, dtype=int, device=None, layout=None, pin_memory=False
) -> Tensor:
    """The places of a lower triangle, row indices above column indices.  Shape: () -> (2, count).

    Source: torch.tril_indices.
    """
    return _triangle("tril_indices", np.tril_indices, row, col, offset, dtype)


@composite(method=False)
def triu_indices(
    row: int, col: int, offset: int = 0, *, dtype=int, device=None, layout=None, pin_memory=False
) -> Tensor:
    """The places of an upper triangle, row indices above column indices.  Shape: () -> (2, count).

    Source: torch.triu_indices.
    """
    return _triangle("triu_indices", np.triu_indices, row, col, offset, dtype)


@op
def diag_embed(xp, input, /, offset=0, dim1=-2, dim2=-1):
    """Matrices of zeros with the last dimension on a diagonal.  Shape: (*, n) -> (*, n, n).

    Source: torch.diag_embed.
    """
    ndim = input.ndim + 1
    first, second = wrap_dim(dim1, ndim, "diag_embed"), wrap_dim(dim2, ndim, "diag_embed")
    if first == second:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    length = input.shape[-1] + abs(offset)
    shape = list(input.shape[:-1])
    for dim in sorted((first, second)):
        shape.insert(dim, length)
    made = xp.zeros(shape, input.dtype)
    diagonal.op.body(xp, made, offset, first, second)[...] = input
    return made


diag_embed.vjp(input=lambda g, offset, dim1, dim2: diagonal(g, offset, dim1, dim2))


@op(node="DiagonalBackward0_copy", method=False)
def diagonal_copy(xp, input, /, offset=0, dim1=0, dim2=1):
    """``diagonal`` with its own memory.  Source: torch.diagonal_copy."""
    return diagonal.op.body(xp, input, offset, dim1, dim2).copy()


diagonal_copy.vjp(
    input=lambda g, input_shape, offset, dim1, dim2: diagonal_place(
        g, input_shape, offset, dim1, dim2
    )
)


@composite
def diag(input: Tensor, diagonal: int = 0, *, out: Tensor | None = None) -> Tensor:
    """A vector as a diagonal matrix, or the diagonal of a matrix as a vector.

    Raises RuntimeError for other numbers of dimensions.  Source: torch.diag.
    """
    if input.ndim == 1:
        return diag_embed(input, diagonal, out=out)
    if input.ndim == 2:
        return diagonal_copy(input, diagonal, out=out)
    raise RuntimeError(f"diag(): Supports 1D or 2D tensors. Got {input.ndim}D")


@composite
def diagflat(input: Tensor, offset: int = 0) -> Tensor:
    """The flattened elements as a diagonal matrix.  Source: torch.diagflat."""
    return diag_embed(reshape(input, (-1,)), offset)


@op
def diagonal_scatter(xp, input, src, /, offset=0, dim1=0, dim2=1):
    """A copy with ``src`` in place of a diagonal.  Source: torch.diagonal_scatter."""
    copied = input.copy()
    part = diagonal.op.body(xp, copied, offset, dim1, dim2)
    check_part_shape(src, part.shape)
    part[...] = src
    return copied


diagonal_scatter.vjp(
    input=lambda g, offset, dim1, dim2: diagonal_scatter(
        g, zero_of(diagonal(g, offset, dim1, dim2)), offset, dim1, dim2
    ),
    src=lambda g, offset, dim1, dim2: diagonal(g, offset, dim1, dim2),
)


METHODS = {"fill_diagonal_": fill_diagonal_}
