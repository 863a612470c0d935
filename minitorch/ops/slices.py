"""Whole slices of a dimension, by a vector of their numbers: ``index_select`` and its family.

``index_select`` reads slices, ``index_add``, ``index_copy`` and ``index_fill`` write them, and
``repeat_interleave`` reads each several times.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from minitorch.backends import is_array
from minitorch.dtypes import from_numpy
from minitorch.memory_format import contiguous_format
from minitorch.ops._arguments import (
    check_bounds,
    first_outside,
    require_tensor,
    require_zero_dim,
)
from minitorch.ops._dims import wrap_dim
from minitorch.ops._op import composite, expand, op, sum_to
from minitorch.ops.conversion import clone
from minitorch.ops.creation import number_array
from minitorch.ops.indexing import add_rows
from minitorch.ops.shape import flatten, reshape, unsqueeze
from minitorch.tensor import Tensor, wrap

__all__ = [
    "index_add",
    "index_add_",
    "index_added",
    "index_copied",
    "index_copy",
    "index_copy_",
    "index_fill",
    "index_fill_",
    "index_filled",
    "index_filled_with",
    "index_placed",
    "index_select",
    "index_selected",
    "repeat_interleave",
]


@op(public=False, method=False, node="IndexSelectBackward0")
def index_selected(xp, input, index, /, dim):
    """Slices of ``dim`` in the order of ``index``."""
    lifted = input if input.ndim else input.reshape(1)
    index = index.reshape(-1)
    length = lifted.shape[dim]
    wrong = first_outside(index, 0, length)
    if wrong is not None:
        if dim != 1:  # torch: the kernel for columns has a message and a class of its own
            raise IndexError("index out of range in self")
        raise RuntimeError(f"INDICES element is out of DATA bounds, id={wrong} axis_dim={length}")
    chosen = xp.take(lifted, index, dim)
    return chosen if input.ndim else chosen.reshape(() if chosen.size == 1 else chosen.shape)


index_selected.vjp(
    input=lambda g, index, dim, input_shape: index_placed(g, index, dim, input_shape)
)


@op(public=False, method=False, node="IndexAddBackward0")
def index_placed(xp, input, index, /, dim, size):
    """Zeros of ``size`` with slices added along ``dim``: the adjoint of ``index_select``."""
    target = xp.zeros(size, input.dtype)
    lifted = target if target.ndim else target.reshape(1)
    values = input if input.ndim else input.reshape(1)
    add_rows(xp, lifted.swapaxes(0, dim), index.reshape(-1), values.swapaxes(0, dim))
    return target


index_placed.vjp(input=lambda g, index, dim: index_selected(g, index, dim))


@composite
def index_select(input: Tensor, dim: int, index: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Slices of ``dim`` in the order that the vector ``index`` names, a copy.

    Shape: (a, *) with index (n) -> (n, *) for ``dim=0``.  Raises RuntimeError for an index out of
    range. Source: torch.index_select.
    """
    if is_array(input):
        return index_selected(input, index, dim)
    dim = wrap_dim(dim, input.ndim, "index_select")
    require_tensor(index, "index_select", "index", 3)
    if index.ndim > 1:
        raise IndexError("index_select(): Index is supposed to be a vector")
    if index._array.dtype not in (np.int64, np.int32):
        raise RuntimeError("index_select(): Expected dtype int32 or int64 for index")
    return index_selected(input, index, dim, out=out)


@op(public=False, method=False, inplace=True, node="IndexAddBackward0")
def index_added(xp, input, index, source, /, dim, alpha):
    """A copy with slices of ``source`` added along ``dim``."""
    copied = input.copy()
    target, index, values = _lifted_slices(copied, index, source)
    check_bounds(index, 0, target.shape[dim])
    if alpha != 1:
        values = values * values.dtype.type(alpha)
    add_rows(xp, target.swapaxes(0, dim), index, values.swapaxes(0, dim))
    return copied


def _lifted_slices(target, index, values):
    target = target if target.ndim else target.reshape(1)
    values = values if values.ndim else values.reshape(1)
    return target, index.reshape(-1), values


index_added.vjp(
    input=lambda g: g,
    source=lambda g, index, dim, alpha, source_shape: reshape(
        _scaled(index_selected(g, index, dim), alpha), source_shape
    ),
)


def _scaled(g, alpha):
    return g if alpha == 1 else g * alpha


def _check_index_add(input, dim, index, source):
    dim = wrap_dim(dim, input.ndim, "index_add")
    require_tensor(index, "index_add", "index", 2)
    require_tensor(source, "index_add", "source", 3)
    if index.ndim > 1:
        raise IndexError(
            "index_add_(): Index is supposed to be a vector, but got dim: " + str(index.ndim)
        )
    if index._array.dtype not in (np.int64, np.int32):
        raise RuntimeError("index_add_(): Expected dtype int32/int64 for index")
    if input.dtype is not source.dtype:
        raise RuntimeError(
            f"index_add_(): self ({input.dtype.legacy_name}) and source "
            f"({source.dtype.legacy_name}) must have the same scalar type"
        )
    count = source.shape[dim] if source.ndim else 1
    if (
        source.ndim == input.ndim
        and index.numel() != count
        or not input.ndim
        and index.numel() != 1
    ):
        raise RuntimeError(
            f"index_add_(): Number of indices ({index.numel()}) should be equal to "
            f"source.size(dim): ({count}), for dim: {dim}"
        )
    rest, other = list(input.shape), list(source.shape)
    if len(rest) == len(other) and rest:
        del rest[dim], other[dim]
    elif not rest and not other:
        pass
    elif source.ndim and index.numel() != count:
        raise RuntimeError(
            f"index_add_(): Number of indices ({index.numel()}) should be equal to "
            f"source.size(dim): ({count}), for dim: {dim}"
        )
    if rest != other:
        raise RuntimeError(
            "source tensor shape must match self tensor shape, excluding the specified dimension. "
            f"Got self.shape = {list(input.shape)} source.shape = {list(source.shape)}"
        )
    return dim


def index_add_(self: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: Any = 1) -> Tensor:
    """In-place twin of :func:`index_add`.  Source: torch.Tensor.index_add_."""
    dim = _check_index_add(self, dim, index, source)
    return index_added.op.call_inplace(self, index, source, dim, alpha)


@composite(inplace=index_add_)
def index_add(
    input: Tensor,
    dim: int,
    index: Tensor,
    source: Tensor,
    *,
    alpha: Any = 1,
    out: Tensor | None = None,
) -> Tensor:
    """A copy with ``alpha`` times the slices of ``source`` added to those that ``index`` names.

    Raises RuntimeError where shapes or dtypes differ, IndexError out of range.  Source:
    torch.index_add.
    """
    if is_array(input):
        return index_added(input, index, source, dim, alpha)
    dim = _check_index_add(input, dim, index, source)
    return index_added(input, index, source, dim, alpha, out=out)


@op(public=False, method=False, inplace=True, node="IndexCopyBackward0")
def index_copied(xp, input, index, source, /, dim):
    """A copy with slices of ``source`` written along ``dim``."""
    copied = input.copy()
    target, index, values = _lifted_slices(copied, index, source)
    wrong = first_outside(index, 0, target.shape[dim])
    if wrong is not None:
        raise IndexError(
            f"index_copy_(): index {wrong} is out of bounds for dimension {dim} with size "
            f"{target.shape[dim]}"
        )
    xp.moveaxis(target, dim, 0)[index] = xp.moveaxis(values, dim, 0)
    return copied


index_copied.vjp(
    input=lambda g, index, dim: index_filled(g, index, dim, 0),
    source=lambda g, index, dim, source_shape: reshape(index_selected(g, index, dim), source_shape),
)


def _check_index_copy(input, dim, index, source):
    dim = wrap_dim(dim, input.ndim, "index_copy")
    require_tensor(index, "index_copy", "index", 2)
    require_tensor(source, "index_copy", "source", 3)
    if index.ndim > 1:
        raise IndexError(f"index_copy_(): Index should have dimension 1 or 0 (got {index.ndim})")
    if index._array.dtype != np.int64:
        raise IndexError(
            "index_copy_(): Expected a long tensor for index, but got " + index.dtype.legacy_name
        )
    if input.dtype is not source.dtype:
        raise RuntimeError(
            "index_copy_(): self and source expected to have the same dtype, but got (self) "
            f"{input.dtype.legacy_name} and (source) {source.dtype.legacy_name}"
        )
    rest, other = list(input.shape), list(source.shape)
    if rest and len(rest) == len(other):
        del rest[dim], other[dim]
        count = source.shape[dim]
    else:
        count = 1
    if rest != other:
        raise RuntimeError(
            "index_copy_(): Source/destination tensor must have same slice shapes. Destination "
            f"slice shape: {' '.join(map(str, rest))} at dimension {dim} and source slice shape: "
            f"{' '.join(map(str, other))} at dimension 0."
        )
    if index.numel() != count:
        raise IndexError(
            f"index_copy_(): Number of indices ({index.numel()}) should be equal to "
            f"source.size(dim) ({count})"
        )
    return dim


def index_copy_(self: Tensor, dim: int, index: Tensor, source: Tensor) -> Tensor:
    """In-place twin of :func:`index_copy`.  Source: torch.Tensor.index_copy_."""
    dim = _check_index_copy(self, dim, index, source)
    return index_copied.op.call_inplace(self, index, source, dim)


@composite(inplace=index_copy_)
def index_copy(
    input: Tensor, dim: int, index: Tensor, source: Tensor, *, out: Tensor | None = None
) -> Tensor:
    """A copy with the slices of ``source`` in place of those that ``index`` names.

    Raises RuntimeError where shapes or dtypes differ, IndexError out of range.
    Source: torch.index_copy.
    """
    dim = _check_index_copy(input, dim, index, source)
    return index_copied(input, index, source, dim, out=out)


@op(public=False, method=False, inplace=True, node="IndexFillBackward0")
def index_filled(xp, input, index, /, dim, value):
    """A copy with one number in the slices that ``index`` names."""
    copied = input.copy()
    target, index, _ = _lifted_slices(copied, index, index)
    length = target.shape[dim]
    wrong = first_outside(index, -length, length)
    if wrong is not None:
        raise IndexError(f"index {wrong} is out of bounds for dimension 0 with size {length}")
    xp.moveaxis(target, dim, 0)[index] = value
    return copied


index_filled.vjp(input=lambda g, index, dim: index_filled(g, index, dim, 0))


@op(public=False, method=False, inplace=True, node="IndexFillBackward1")
def index_filled_with(xp, input, index, value, /, dim):
    """A copy with the number in a 0-d tensor in the slices that ``index`` names."""
    return index_filled.op.body(xp, input, index, dim, value)


index_filled_with.vjp(
    input=lambda g, index, dim: index_filled(g, index, dim, 0),
    value=lambda g, index, dim: sum_to(index_selected(g, index, dim), ()),
)


def _index_fill(in_place, input, dim, index, value):
    dim = wrap_dim(dim, input.ndim, "index_fill")
    require_tensor(index, "index_fill", "index", 2)
    if index._array.dtype != np.int64:
        raise IndexError("index_fill_(): Expected dtype int64 for index.")
    if index.ndim > 1:
        raise RuntimeError("Index has to be a vector/scalar")
    if isinstance(value, Tensor):
        require_zero_dim(value, "index_fill_")
        operation, arguments = index_filled_with, (index, value, dim)
    else:
        operation, arguments = index_filled, (index, dim, number_array(value, input.dtype))
    if in_place:
        return operation.op.call_inplace(input, *arguments)
    return operation(input, *arguments)


def index_fill_(self: Tensor, dim: int, index: Tensor, value: Any) -> Tensor:
    """In-place twin of :func:`index_fill`.  Source: torch.Tensor.index_fill_."""
    return _index_fill(True, self, dim, index, value)


@composite(inplace=index_fill_)
def index_fill(input: Tensor, dim: int, index: Tensor, value: Any) -> Tensor:
    """A copy with one number (or the one in a 0-d tensor) in the slices that ``index`` names.

    Raises IndexError out of range.  Source: torch.index_fill.
    """
    return _index_fill(False, input, dim, index, value)


@composite
def repeat_interleave(
    input: Tensor, repeats: Any = None, dim: int | None = None, *, output_size: int | None = None
) -> Tensor:
    """Each slice of ``dim`` (without it, each element) repeated, as often as ``repeats`` says.

    ``repeat_interleave(repeats)`` gives the places: [0, 1, 1] for [1, 2].  Raises RuntimeError for
    negative repeats and a wrong number of them.  Source: torch.repeat_interleave.
    """
    if repeats is None:
        return wrap(_interleaved(input._array))
    if dim is None:
        input, dim = flatten(input), 0
    dim = wrap_dim(dim, input.ndim, "repeat_interleave")
    if not isinstance(repeats, Tensor):
        count = operator.index(repeats)
        if count < 0:
            raise RuntimeError("Repeats must be non-negative")
        spread = unsqueeze(input, dim + 1)
        lengths = (*spread.shape[: dim + 1], count, *spread.shape[dim + 2 :])
        return flatten(
            clone(expand(spread, lengths), memory_format=contiguous_format), dim, dim + 1
        )
    counts = repeats._array.reshape(-1)
    length = input.shape[dim]
    if counts.size == 1:
        counts = np.broadcast_to(counts, (length,))
    elif counts.size != length:
        raise RuntimeError(
            "repeats must have the same size as input along dim, but got repeats.size(0) = "
            f"{counts.size} and input.size({dim}) = {length}"
        )
    return index_select(input, dim, wrap(_interleaved(counts)))


def _interleaved(counts):
    if counts.dtype not in (np.int64, np.int32):
        name = from_numpy(counts.dtype).legacy_name
        raise NotImplementedError(f"\"repeat_interleave_cpu\" not implemented for '{name}'")
    if (counts < 0).any():
        raise RuntimeError("repeats can not be negative")
    return np.repeat(np.arange(counts.size), counts)
