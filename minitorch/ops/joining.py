"""Several tensors made one: ``cat``, ``stack`` and what is built of them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from minitorch import dtypes
from minitorch.memory_format import formatted_like, has_channels_last
from minitorch.ops._dims import wrap_dim
from minitorch.ops._op import composite, op
from minitorch.ops.parts import (
    basic_index,
)
from minitorch.ops.shape import (
    atleast_1d,
    atleast_2d,
    atleast_3d,
    meshgrid,
    reshape,
)
from minitorch.ops.slices import index_select
from minitorch.tensor import Tensor, wrap

__all__ = [
    "block_diag",
    "block_diagonal",
    "cartesian_prod",
    "cat",
    "column_stack",
    "combinations",
    "dstack",
    "hstack",
    "stack",
    "vstack",
]


@op(sequence=True, promote=True, method=False, aliases=("concat", "concatenate"))
def cat(xp, tensors, /, dim=0):
    """Tensors one after the other along ``dim``, in the dtype that they promote to.

    Shape: (a, *), (b, *) -> (a + b, *) for ``dim=0``; an empty 1-d tensor fits anywhere.
    Raises RuntimeError where other dimensions differ.  Source: torch.cat.
    """
    kept, dim = _checked_parts(tensors, dim)
    parts = [tensors[at] for at in kept] or tensors
    joined = xp.ascontiguousarray(xp.concatenate(parts, dim))
    return formatted_like(xp, joined, parts[0]) if all(map(has_channels_last, parts)) else joined


def _checked_parts(tensors, dim):
    """The places of the tensors that count, and ``dim`` from the front; torch's errors."""
    if not len(tensors):
        raise ValueError("torch.cat(): expected a non-empty list of Tensors")
    for at, tensor in enumerate(tensors):
        if not tensor.ndim:
            raise RuntimeError(f"zero-dimensional tensor (at position {at}) cannot be concatenated")
    # torch: empty 1-d tensors are skipped, whatever the shape of the others.
    kept = [at for at, tensor in enumerate(tensors) if tensor.shape != (0,)]
    if not kept:
        return kept, wrap_dim(dim, 1, "cat")
    first = tensors[kept[0]].shape
    dim = wrap_dim(dim, len(first), "cat")
    for at in kept[1:]:
        shape = tensors[at].shape
        if len(shape) != len(first):
            raise RuntimeError(
                f"Tensors must have same number of dimensions: got {len(first)} and {len(shape)}"
            )
        for other, (expected, got) in enumerate(zip(first, shape, strict=True)):
            if expected != got and other != dim:
                raise RuntimeError(
                    f"Sizes of tensors must match except in dimension {dim}. Expected size "
                    f"{expected} "
                    f"but got size {got} for tensor number {at} in the list."
                )
    return kept, dim


def _cat_gradients(g, dim, tensors_shape, needs):
    dim = wrap_dim(dim, g.ndim)
    gradients, start = [], 0
    for shape, needed in zip(tensors_shape, needs, strict=True):
        if shape == (0,) and g.ndim != 1:  # was skipped
            gradients.append(None)
            continue
        end = start + shape[dim]
        part = (*(slice(None),) * dim, slice(start, end), ...)
        gradients.append(basic_index(g, part, "SliceBackward0") if needed else None)
        start = end
    return tuple(gradients)


cat.vjp_joint(_cat_gradients)


@op(sequence=True, promote=True, method=False)
def stack(xp, tensors, /, dim=0):
    """Tensors of one shape along a new dimension.

    Shape: n times (a, b) -> (n, a, b) for ``dim=0``.

    Raises RuntimeError where shapes differ.  Source: torch.stack.
    """
    if not len(tensors):
        raise RuntimeError("stack expects a non-empty TensorList")
    first = tensors[0].shape
    dim = wrap_dim(dim, len(first) + 1, "stack")
    for at, tensor in enumerate(tensors):
        if tensor.shape != first:
            raise RuntimeError(
                f"stack expects each tensor to be equal size, but got {list(first)} at entry 0 and "
                f"{list(tensor.shape)} at entry {at}"
            )
    return xp.ascontiguousarray(xp.stack(tensors, dim))


def _stack_gradients(g, dim, needs):
    before = (slice(None),) * wrap_dim(dim, g.ndim)
    return tuple(
        [
            basic_index(g, (*before, at, ...), "SelectBackward0") if needed else None
            for at, needed in enumerate(needs)
        ]
    )


stack.vjp_joint(_stack_gradients)


def _checked_list(tensors, name):
    if isinstance(tensors, Tensor) or not isinstance(tensors, (tuple, list)):
        raise TypeError(
            f"{name}(): argument 'tensors' (position 1) must be tuple of Tensors, not "
            f"{type(tensors).__name__}"
        )
    if not tensors:
        raise RuntimeError(f"{name} expects a non-empty TensorList")
    return tensors


@composite(method=False)
def hstack(tensors: Sequence[Tensor], *, out: Tensor | None = None) -> Tensor:
    """``cat`` along dimension 1 (0 for vectors).  Source: torch.hstack."""
    parts = [atleast_1d(tensor) for tensor in _checked_list(tensors, "hstack")]
    return cat(parts, 0 if parts[0].ndim == 1 else 1, out=out)


@composite(method=False, aliases=("row_stack",))
def vstack(tensors: Sequence[Tensor], *, out: Tensor | None = None) -> Tensor:
    """``cat`` along dimension 0, vectors as rows.  Source: torch.vstack."""
    parts = [atleast_2d(tensor) for tensor in _checked_list(tensors, "vstack")]
    return cat(parts, 0, out=out)


@composite(method=False)
def dstack(tensors: Sequence[Tensor], *, out: Tensor | None = None) -> Tensor:
    """``cat`` along dimension 2, vectors as (1, n, 1).  Source: torch.dstack."""
    parts = [atleast_3d(tensor) for tensor in _checked_list(tensors, "dstack")]
    return cat(parts, 2, out=out)


@composite(method=False)
def column_stack(tensors: Sequence[Tensor], *, out: Tensor | None = None) -> Tensor:
    """``cat`` along dimension 1, vectors and numbers as columns.  Source: torch.column_stack."""
    parts = [
        tensor if tensor.ndim > 1 else reshape(tensor, (tensor.numel(), 1))
        for tensor in _checked_list(tensors, "column_stack")
    ]
    return cat(parts, 1, out=out)


@op(sequence=True, promote=True, public=False, method=False, node="BlockDiagBackward0")
def block_diagonal(xp, tensors, /):
    """Matrices along the diagonal of a matrix of zeros."""
    joined = xp.zeros(_ends([matrix.shape for matrix in tensors])[-1], tensors[0].dtype)
    for matrix, block in zip(tensors, _blocks([m.shape for m in tensors]), strict=True):
        joined[block] = matrix
    return joined


block_diagonal.vjp_joint(
    lambda g, tensors_shape: tuple(
        [basic_index(g, block, "SliceBackward0") for block in _blocks(tensors_shape)]
    )
)


def _ends(shapes):
    """The lower right corners of blocks along a diagonal."""
    rows = itertools.accumulate(shape[0] for shape in shapes)
    columns = itertools.accumulate(shape[1] for shape in shapes)
    return list(zip(rows, columns, strict=True))


def _blocks(shapes):
    return [
        (slice(row - shape[0], row), slice(column - shape[1], column))
        for shape, (row, column) in zip(shapes, _ends(shapes), strict=True)
    ]


@composite(method=False)
def block_diag(*tensors: Tensor) -> Tensor:
    """Matrices along the diagonal of a matrix of zeros; vectors count as rows.

    Shape: (a, b), (c, d) -> (a + c, b + d).  Raises RuntimeError beyond 2 dimensions.
    Source: torch.block_diag.
    """
    for at, tensor in enumerate(tensors):
        if tensor.ndim > 2:
            raise RuntimeError(
                "torch.block_diag: Input tensors must have 2 or fewer dimensions. "
                f"Input {at} has {tensor.ndim} dimensions"
            )
    if not tensors:
        return wrap(np.empty((1, 0), dtypes.get_default_dtype().numpy))
    return block_diagonal([atleast_2d(tensor) for tensor in tensors])


def _checked_vector(tensor):
    if tensor.ndim != 1:
        raise RuntimeError(f"Expect a 1D vector, but got shape {list(tensor.shape)}")


@composite(method=False)
def cartesian_prod(*tensors: Tensor) -> Tensor:
    """All tuples of one element of each vector, as rows.  Shape: (a), (b) -> (a * b, 2).

    Source: torch.cartesian_prod.
    """
    for tensor in tensors:
        _checked_vector(tensor)
    if len(tensors) == 1:
        return tensors[0]
    grids = meshgrid(*tensors, indexing="ij")
    return stack([reshape(grid, (-1,)) for grid in grids], 1)


@composite(method=False)
def combinations(input: Tensor, r: int = 2, with_replacement: bool = False) -> Tensor:
    """All combinations of ``r`` elements of a vector, as rows.  Shape: (n) -> (n choose r, r).

    Source: torch.combinations.
    """
    _checked_vector(input)
    if r < 0:
        raise RuntimeError(f"Expect a non-negative number, but got {r}")
    if r == 0:
        return wrap(np.empty(0, input._array.dtype))
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    chosen = list(choose(range(input.shape[0]), r))
    places = np.array(chosen, np.int64).reshape(len(chosen), r)
    return stack([index_select(input, 0, wrap(places[:, at].copy())) for at in range(r)], 1)
