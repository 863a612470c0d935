"""Sorting, selection and distinct values."""

from __future__ import annotations

import math

import numpy as np

from minitorch.ops._dims import wrap_dim
from minitorch.ops._op import composite, op
from minitorch.ops.reduction import check_not_empty, unpick
from minitorch.tensor import wrap

__all__ = ["argsort", "kthvalue", "mode", "msort", "sort", "topk", "unique", "unique_consecutive"]


def _order(xp, input, axis, descending):
    """The stable order along ``axis``; nan counts as the largest value."""
    if input.dtype.kind == "V":
        input = input.astype("float32")  # bfloat16 does not sort nan last
    if not descending:
        return xp.argsort(input, axis, kind="stable")
    # Stable from the back: of equal elements the first still comes first.
    backwards = xp.flip(input, axis)
    return input.shape[axis] - 1 - xp.flip(xp.argsort(backwards, axis, kind="stable"), axis)


@op(
    name="sort_along",
    public=False,
    method=False,
    outputs=("values", "indices"),
    node="SortBackward0",
)
def _sort(xp, input, /, dim, descending):
    """The sorted elements along ``dim`` and where they stood."""
    axis = wrap_dim(dim, input.ndim)
    if not input.ndim:
        return input.copy(), xp.zeros((), "int64")
    order = _order(xp, input, axis, descending)
    return xp.take_along_axis(input, order, axis), order.astype("int64", copy=False)


_sort.op.result.__name__ = _sort.op.result.__qualname__ = "sort"
_sort.vjp(input=lambda g, indices, input_shape, dim: unpick(g[0], indices, input_shape, dim))


@composite
def sort(input, dim: int = -1, descending: bool = False, stable: bool = False, *, out=None):
    """The elements in order along ``dim``, and where they stood: (values, indices).

    nan counts as the largest.  The order is always stable.  Shape: (*) -> (*), (*).  Source:
    torch.sort.
    """
    return _sort(input, dim, descending, out=out)


@composite
def argsort(input, dim: int = -1, descending: bool = False, stable: bool = False):
    """The indices that sort ``input`` along ``dim``.  Shape: (*) -> (*).  Source: torch.argsort."""
    return sort(input, dim, descending).indices


@composite
def msort(input, *, out=None):
    """The elements in order along the first dimension.  Source: torch.msort."""
    values = sort(input, 0).values
    return values if out is None else out.copy_(values)


@op(outputs=("values", "indices"))
def topk(xp, input, /, k, dim=-1, largest=True, sorted=True):
    """The ``k`` largest (or smallest) elements along ``dim`` and where they stood: (values,
    indices).

    Shape: (..., n, ...) -> (..., k, ...).  Raises RuntimeError for k out of range.  Source:
        torch.topk.
    """
    axis = wrap_dim(dim, input.ndim, "topk")
    if not 0 <= k <= (input.shape[axis] if input.ndim else 1):
        raise RuntimeError("selected index k out of range")
    if not input.ndim:
        return input.copy(), xp.zeros((), "int64")
    order = xp.take(_order(xp, input, axis, bool(largest)), xp.arange(k), axis)
    return xp.take_along_axis(input, order, axis), order.astype("int64", copy=False)


topk.vjp(input=lambda g, indices, input_shape, dim: unpick(g[0], indices, input_shape, dim))


@op(outputs=("values", "indices"))
def kthvalue(xp, input, /, k, dim=-1, keepdim=False):
    """The ``k``-th smallest element (from 1) along ``dim`` and where it stood: (values, indices).

    Raises RuntimeError for k out of range.  Source: torch.kthvalue.
    """
    axis = wrap_dim(dim, input.ndim, "kthvalue")
    if not 1 <= k <= (input.shape[axis] if input.ndim else 1):
        raise RuntimeError(f"kthvalue(): selected number k out of range for dimension {axis}")
    if not input.ndim:
        return input.copy(), xp.zeros((), "int64")
    order = xp.take(_order(xp, input, axis, False), xp.asarray([k - 1]), axis)
    values = xp.take_along_axis(input, order, axis)
    if not keepdim:
        values, order = values.squeeze(axis), order.squeeze(axis)
    return values, order.astype("int64", copy=False)


kthvalue.vjp(input=lambda g, indices, input_shape, dim: unpick(g[0], indices, input_shape, dim))


@op(outputs=("values", "indices"))
def mode(xp, input, /, dim=-1, keepdim=False):
    """The most frequent element along ``dim`` (the smallest of several) and its last place.

    Source: torch.mode.
    """
    check_not_empty("mode", input, dim)
    axis = wrap_dim(dim, input.ndim, "mode")
    if not input.ndim:
        return input.copy(), xp.zeros((), "int64")
    lines = xp.moveaxis(input, axis, -1)
    counts = (lines[..., :, None] == lines[..., None, :]).sum(-1)
    ordered = _order(xp, lines, lines.ndim - 1, False)
    best = xp.take_along_axis(
        ordered, xp.take_along_axis(counts, ordered, -1).argmax(-1)[..., None], -1
    )
    values = xp.take_along_axis(lines, best, -1)
    last = lines.shape[-1] - 1 - (xp.flip(lines, -1) == values).argmax(-1)
    values, indices = values[..., 0], last.astype("int64")
    if keepdim:
        values, indices = xp.expand_dims(values, axis), xp.expand_dims(indices, axis)
    return values, indices


mode.vjp(input=lambda g, indices, input_shape, dim: unpick(g[0], indices, input_shape, dim))


@composite
def unique(
    input, sorted: bool = True, return_inverse: bool = False, return_counts: bool = False, dim=None
):
    """The distinct elements, in order; of slices along ``dim`` if given.

    Returns the tensor, or a tuple with the place of each element among them and their counts, as
    asked for.
    Not differentiable.  Source: torch.unique.
    """
    array = input._array
    if array.dtype.kind == "V":
        wide = unique(input.float(), sorted, return_inverse, return_counts, dim)
        return (wide[0].bfloat16(), *wide[1:]) if isinstance(wide, tuple) else wide.bfloat16()
    if dim is None:
        values, inverse, counts = np.unique(
            array, return_inverse=True, return_counts=True, equal_nan=False
        )
        inverse = inverse.reshape(array.shape)
    else:
        axis = wrap_dim(dim, array.ndim, "unique")
        values, inverse, counts = np.unique(
            array, return_inverse=True, return_counts=True, axis=axis
        )
        inverse = inverse.reshape(-1)
    return _distinct(values, inverse, counts, return_inverse, return_counts)


@composite
def unique_consecutive(input, return_inverse: bool = False, return_counts: bool = False, dim=None):
    """The elements without immediate repetitions; slices along ``dim`` if given.

    Source: torch.unique_consecutive.
    """
    array = input._array
    lines = (
        array.reshape(-1)
        if dim is None
        else np.moveaxis(array, wrap_dim(dim, array.ndim, "unique_consecutive"), 0)
    )
    flat = lines.reshape(len(lines), math.prod(lines.shape[1:]))
    starts = np.ones(len(lines), bool)
    starts[1:] = (flat[1:] != flat[:-1]).any(1)
    places = np.flatnonzero(starts)
    values = lines[starts]
    if dim is not None:
        values = np.ascontiguousarray(
            np.moveaxis(values, 0, wrap_dim(dim, array.ndim, "unique_consecutive"))
        )
    inverse = np.cumsum(starts) - 1
    counts = np.diff(np.append(places, len(lines)))
    if dim is None:
        inverse = inverse.reshape(array.shape)
    return _distinct(values, inverse, counts, return_inverse, return_counts)


def _distinct(values, inverse, counts, return_inverse, return_counts):
    results = [wrap(values)]
    if return_inverse:
        results.append(wrap(inverse.astype("int64")))
    if return_counts:
        results.append(wrap(counts.astype("int64")))
    return results[0] if len(results) == 1 else tuple(results)
