"""Elements by their numbers: along one dimension (``gather``, ``scatter``), or in all (``take``).

An index along a dimension has as many dimensions as the tensor: each of its elements stands for
its own place with that one coordinate replaced (``_along``).  ``gather`` reads there, the forms of
``scatter`` write, and each is the adjoint of the other.
"""

from __future__ import annotations

import functools
import warnings
from typing import Any

import numpy as np

from minitorch.backends import is_array, to_device
from minitorch.dtypes import from_numpy
from minitorch.ops._arguments import check_bounds, first_outside, require_tensor
from minitorch.ops._dims import wrap_dim
from minitorch.ops._op import composite, expand, op
from minitorch.ops.creation import number_array
from minitorch.ops.elementwise import eq, logical_not, masked_one, masked_zero, zero_of
from minitorch.ops.parts import basic_index, place
from minitorch.ops.shape import broadcast_pair, reshape
from minitorch.tensor import Tensor, wrap

__all__ = [
    "gather",
    "gathered",
    "gathered_back",
    "index_values",
    "one_of",
    "put",
    "scatter",
    "scatter_",
    "scatter_add",
    "scatter_add_",
    "scatter_added",
    "scatter_reduce",
    "scatter_reduce_",
    "scatter_reduced",
    "scattered",
    "scattered_value",
    "take",
    "take_along_dim",
    "taken_back",
]

# --- gather ---------------------------------------------------------------------------------------


def _check_index(index, name):
    require_tensor(index, name, "index", 2)
    if index._array.dtype not in (np.int64, np.int32):
        raise RuntimeError(f"{name}(): Expected dtype int32/int64 for index")


def _check_fit(index, shape, dim, what):
    """torch's rule for index shapes: nowhere longer than the tensor, apart from ``dim``."""
    if max(index.ndim, 1) != max(len(shape), 1):
        raise RuntimeError(f"Index tensor must have the same number of dimensions as {what} tensor")
    for at in range(min(index.ndim, len(shape))):
        if at != dim and index.shape[at] > shape[at]:
            return False
    return True


def _along(xp, index, dim):
    """For each element of ``index`` the key of its own place, ``dim`` replaced by it."""
    grids = []
    for at, length in enumerate(index.shape):
        line = (1,) * at + (length,) + (1,) * (index.ndim - at - 1)
        grids.append(index if at == dim else xp.arange(length).reshape(line))
    return tuple(grids)


@op(public=False, method=False, node="GatherBackward0")
def gathered(xp, input, index, /, dim):
    """``input[i][index[i][j]]`` and so on: see ``gather``."""
    if not input.ndim:
        input = input.reshape(1)
    flat = index.reshape(1) if not index.ndim else index
    check_bounds(flat, dim, input.shape[dim])
    return xp.ascontiguousarray(input[_along(xp, flat, dim)]).reshape(index.shape)


gathered.vjp(input=lambda g, index, dim, input_shape: gathered_back(g, index, dim, input_shape))


@op(public=False, method=False, node="ScatterAddBackward0")
def gathered_back(xp, input, index, /, dim, size):
    """Zeros of ``size`` with ``input`` added along ``dim``: the adjoint of ``gather``."""
    target = xp.zeros(size, input.dtype)
    _add_along(xp, target, dim, index, input)
    return target


gathered_back.vjp(input=lambda g, index, dim: gathered(g, index, dim))


def _lifted(target, index, values):
    """0-d arrays as vectors, and the values cut to the index."""
    if not target.ndim:
        target = target.reshape(1)
    if not index.ndim:
        index = index.reshape(1)
    if not values.ndim:
        values = values.reshape(1)
    return target, index, values[tuple([slice(0, length) for length in index.shape])]


def _add_along(xp, target, dim, index, values):
    target, index, values = _lifted(target, index, values)
    key = _along(xp, index.astype("int64", copy=False), dim)
    if index.shape[dim] <= 1:
        target[key] += values  # no element is named twice
    elif target.flags.c_contiguous:
        # Places in the memory: NumPy adds fast where a vector is the index of a vector.
        places = functools.reduce(
            lambda place, step: place * step[0] + step[1], zip(target.shape, key, strict=True), 0
        )
        places = xp.broadcast_to(places, index.shape)
        xp.add.at(target.reshape(-1), places.reshape(-1), values.reshape(-1))
    else:
        xp.add.at(target, key, values)


@composite
def gather(
    input: Tensor, dim: int, index: Tensor, *, sparse_grad: bool = False, out: Tensor | None = None
) -> Tensor:
    """Elements picked along ``dim``: ``out[i][j] = input[i][index[i][j]]`` for ``dim=1``.

    Shape: (*) with index (*) of as many dimensions -> that of index.  Raises RuntimeError for an
    index out of range or of a wrong shape.  Source: torch.gather.
    """
    if is_array(input):
        return gathered(input, index, dim)
    dim = wrap_dim(dim, input.ndim, "gather")
    _check_index(index, "gather")
    if not _check_fit(index, input.shape, dim, "input"):
        at = next(at for at in range(index.ndim) if at != dim and index.shape[at] > input.shape[at])
        raise RuntimeError(
            f"Size does not match at dimension {at} expected index {list(index.shape)} to be no "
            f"larger than self {list(input.shape)} apart from dimension {dim}"
        )
    return gathered(input, index, dim, out=out)


@composite
def take_along_dim(
    input: Tensor, indices: Tensor, dim: int | None = None, *, out: Tensor | None = None
) -> Tensor:
    """``gather`` with broadcasting of the other dimensions; without ``dim``, flattened.

    Source: torch.take_along_dim.
    """
    if indices._array.dtype != np.int64:
        raise RuntimeError(
            "torch.take_along_dim(): dtype of indices should be Long but got "
            f"{indices.dtype.legacy_name}"
        )
    if dim is None:
        return gathered(reshape(input, (-1,)), reshape(indices, (-1,)), 0, out=out)
    if input.ndim != indices.ndim:
        raise RuntimeError(
            "torch.take_along_dim(): input and indices should have the same number of dimensions, "
            f"but got {input.ndim} dimensions for input, and {indices.ndim} dimensions for indices"
        )
    dim = wrap_dim(dim, input.ndim, "take_along_dim")
    rest = list(input.shape)
    other = list(indices.shape)
    rest[dim] = other[dim] = 1
    common = list(broadcast_pair(tuple(rest), tuple(other)))
    source, index = list(common), list(common)
    source[dim], index[dim] = input.shape[dim], indices.shape[dim]
    return gathered(expand(input, tuple(source)), expand(indices, tuple(index)), dim, out=out)


# --- scatter --------------------------------------------------------------------------------------


def _check_scatter(input, dim, index, src, name):
    dim = wrap_dim(dim, input.ndim, name)
    _check_index(index, name)
    if not index.numel():
        return dim
    fits = _check_fit(index, input.shape, dim, "self")
    if src is None:
        if not fits:
            raise RuntimeError(
                f"Expected index {list(index.shape)} to be no larger than self {list(input.shape)} "
                f"apart from dimension {dim}"
            )
        return dim
    if src.dtype is not input.dtype:
        raise RuntimeError(f"{name}(): Expected self.dtype to be equal to src.dtype")
    if max(index.ndim, 1) != max(src.ndim, 1):
        raise RuntimeError("Index tensor must have the same number of dimensions as src tensor")
    if not fits or any(a > b for a, b in zip(index.shape, src.shape, strict=False)):
        raise RuntimeError(
            f"Expected index {list(index.shape)} to be no larger than self {list(input.shape)} "
            f"apart from dimension {dim} and to be no larger size than src {list(src.shape)}"
        )
    return dim


@op(public=False, method=False, inplace=True, node="ScatterBackward0")
def scattered(xp, input, index, src, /, dim):
    """A copy with elements of ``src`` written along ``dim``."""
    copied = input.copy()
    target, index, values = _lifted(copied, index, src)
    check_bounds(index, dim, target.shape[dim])
    target[_along(xp, index, dim)] = values
    return copied


scattered.vjp(
    input=lambda g, index, dim: scattered_value(g, index, dim, 0),
    src=lambda g, index, dim, src_shape: _padded(gathered(g, index, dim), src_shape),
)


def _padded(g, size):
    """``g`` at the front of zeros: what an index left out of ``src`` has no gradient."""
    if tuple(g.shape) == tuple(size):
        return g
    return place([g], (tuple([slice(0, length) for length in g.shape]),), size)


@op(public=False, method=False, inplace=True, node="ScatterBackward1")
def scattered_value(xp, input, index, /, dim, value):
    """A copy with one number written along ``dim``."""
    copied = input.copy()
    target, index, _ = _lifted(copied, index, index)
    check_bounds(index, dim, target.shape[dim])
    target[_along(xp, index, dim)] = value
    return copied


scattered_value.vjp(input=lambda g, index, dim: scattered_value(g, index, dim, 0))


def _scatter(in_place, input, dim, index, src, reduce, value, out):
    """What the forms of ``scatter`` share: checks, and the op that does it."""
    source = value if src is None else src
    if source is None:
        raise TypeError("scatter() missing a source: give 'src' (a tensor) or 'value' (a number)")
    tensor = source if isinstance(source, Tensor) else None
    dim = _check_scatter(input, dim, index, tensor, "scatter")
    if reduce is not None:
        if reduce not in ("add", "multiply"):
            raise RuntimeError("reduce argument must be either add or multiply.")
        if tensor is None:
            number = number_array(source, input.dtype)
            tensor = wrap(to_device(np.full(index.shape, number, number.dtype), input.device))
        else:
            warnings.warn(
                "The reduce argument of torch.scatter with Tensor src is deprecated and will be "
                "removed in a future PyTorch release. Use torch.scatter_reduce instead for more "
                "reduction options.",
                stacklevel=3,
            )
        operation, arguments = scatter_reduced, (index, tensor, dim, _REDUCTIONS[reduce], True)
    elif tensor is None:
        operation, arguments = scattered_value, (index, dim, number_array(source, input.dtype))
    else:
        operation, arguments = scattered, (index, tensor, dim)
    if in_place:
        return operation.op.call_inplace(input, *arguments)
    return operation(input, *arguments, out=out)


_REDUCTIONS = {"add": "sum", "multiply": "prod"}


def scatter_(
    self: Tensor,
    dim: int,
    index: Tensor,
    src: Any = None,
    *,
    reduce: str | None = None,
    value: Any = None,
) -> Tensor:
    """In-place twin of :func:`scatter`.  Source: torch.Tensor.scatter_."""
    return _scatter(True, self, dim, index, src, reduce, value, None)


@composite(inplace=scatter_)
def scatter(
    input: Tensor,
    dim: int,
    index: Tensor,
    src: Any = None,
    *,
    value: Any = None,
    reduce: str | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """A copy with elements written along ``dim``.

    ``out[i][index[i][j]] = src[i][j]`` for ``dim=1``.

    ``src`` is a tensor or a number; ``reduce`` ("add", "multiply") combines instead of replacing.
    Raises RuntimeError for an index out of range or of a wrong shape.  Source: torch.scatter.
    """
    return _scatter(False, input, dim, index, src, reduce, value, out)


@op(public=False, method=False, inplace=True, node="ScatterAddBackward0")
def scatter_added(xp, input, index, src, /, dim):
    """A copy with elements of ``src`` added along ``dim``."""
    copied = input.copy()
    target, lifted, _ = _lifted(copied, index, index)
    check_bounds(lifted, dim, target.shape[dim])
    _add_along(xp, copied, dim, index, src)
    return copied


scatter_added.vjp(
    input=lambda g: g,
    src=lambda g, index, dim, src_shape: _padded(gathered(g, index, dim), src_shape),
)


def scatter_add_(self: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """In-place twin of :func:`scatter_add`.  Source: torch.Tensor.scatter_add_."""
    dim = _check_scatter(self, dim, index, require_tensor(src, "scatter_add_", "src", 3), "scatter")
    return scatter_added.op.call_inplace(self, index, src, dim)


@composite(inplace=scatter_add_)
def scatter_add(
    input: Tensor, dim: int, index: Tensor, src: Tensor, *, out: Tensor | None = None
) -> Tensor:
    """A copy with elements added along ``dim``: ``out[i][index[i][j]] += src[i][j]`` for ``dim=1``.

    Raises RuntimeError for an index out of range or of a wrong shape.  Source: torch.scatter_add.
    """
    if is_array(input):
        return scatter_added(input, index, src, dim)
    dim = _check_scatter(input, dim, index, require_tensor(src, "scatter_add", "src", 3), "scatter")
    return scatter_added(input, index, src, dim, out=out)


@op(public=False, method=False, inplace=True, node="ScatterReduceBackward0")
def scatter_reduced(xp, input, index, src, /, dim, reduce, include_self):
    """A copy with ``src`` reduced into it: see ``scatter_reduce``."""
    copied = input.copy()
    target, index, values = _lifted(copied, index, src)
    check_bounds(index, dim, target.shape[dim])
    key = _along(xp, index, dim)
    if not include_self:
        target[key] = _neutral(reduce, input.dtype)
    _UFUNCS[reduce](xp).at(target, key, values)
    if reduce == "mean":
        counts = xp.zeros(target.shape, np.int64) + (1 if include_self else 0)
        xp.add.at(counts, key, 1)
        counts = xp.maximum(counts, 1)
        divided = target // counts if input.dtype.kind in "iub" else target / counts
        target[...] = divided
    return copied


_UFUNCS = {
    "sum": lambda xp: xp.add,
    "mean": lambda xp: xp.add,
    "prod": lambda xp: xp.multiply,
    "amax": lambda xp: xp.maximum,
    "amin": lambda xp: xp.minimum,
}


def _neutral(reduce, dtype):
    """What a reduction starts from."""
    if reduce in ("sum", "mean"):
        return 0
    if reduce == "prod":
        return 1
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        return limits.min if reduce == "amax" else limits.max
    if dtype.kind == "b":
        return reduce == "amin"
    return -np.inf if reduce == "amax" else np.inf


def _scatter_reduce_gradients(g, input, index, src, out, dim, reduce, include_self, src_shape):
    of_input, of_src = _REDUCE_GRADIENTS[reduce](g, input, index, src, out, dim, include_self)
    if not include_self:
        of_input = scattered_value(of_input, index, dim, 0)
    return of_input, None, _padded(of_src, src_shape)


scatter_reduced.vjp_joint(_scatter_reduce_gradients)


def _sum_gradients(g, input, index, src, out, dim, include_self):
    return g, gathered(g, index, dim)


def _mean_gradients(g, input, index, src, out, dim, include_self):
    ones = one_of(index_values(src, index))
    start = one_of(input) if include_self else zero_of(input)
    counts = masked_one(scatter_added(start, index, ones, dim))
    share = g / counts
    return share, gathered(share, index, dim)


def _prod_gradients(g, input, index, src, out, dim, include_self):
    """The product of the other factors: by division, but around a zero by leaving it out."""
    values = index_values(src, index)
    zero = eq(values, 0)
    zeros = zero_of(values) + zero
    start = input if include_self else one_of(input)
    count = scatter_added(eq(start, 0) + zero_of(start), index, zeros, dim)
    without_zeros = scatter_reduced(
        start * logical_not(eq(start, 0)) + eq(start, 0),
        index,
        values * logical_not(zero) + zero,
        dim,
        "prod",
        True,
    )
    nonzero = masked_one(values)
    others = gathered(without_zeros, index, dim) / nonzero
    at = gathered(count, index, dim)
    alone = eq(at, 0) | (zero & eq(at, 1))
    of_src = masked_zero(gathered(g, index, dim) * others, logical_not(alone))
    start_zero = eq(start, 0)
    alone_input = eq(count, 0) | (start_zero & eq(count, 1))
    of_input = masked_zero(g * without_zeros / masked_one(start), logical_not(alone_input))
    return of_input, of_src


def _extreme_gradients(g, input, index, src, out, dim, include_self):
    """Shared evenly between all that equal the result."""
    values = index_values(src, index)
    chosen = eq(values, gathered(out, index, dim)) + zero_of(values)
    own = eq(input, out) + zero_of(input)
    if not include_self:
        own = scattered_value(own, index, dim, 0)
    share = g / masked_one(scatter_added(own, index, chosen, dim))
    return own * share, chosen * gathered(share, index, dim)


_REDUCE_GRADIENTS = {
    "sum": _sum_gradients,
    "mean": _mean_gradients,
    "prod": _prod_gradients,
    "amax": _extreme_gradients,
    "amin": _extreme_gradients,
}


def index_values(src, index):
    """The part of ``src`` that an index of its shape names."""
    if tuple(src.shape) == tuple(index.shape):
        return src
    return basic_index(src, tuple([slice(0, length) for length in index.shape]), "SliceBackward0")


@op(public=False, method=False, differentiable=False)
def one_of(xp, input, /):
    """Ones like ``input``."""
    return xp.ones_like(input)


def _check_reduce(input, dim, index, src, reduce):
    dim = _check_scatter(input, dim, index, src, "scatter")
    if reduce not in _UFUNCS:
        raise RuntimeError(
            f"reduce argument must be either sum, prod, mean, amax or amin, got {reduce}"
        )
    return dim


def scatter_reduce_(
    self: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str, *, include_self: bool = True
) -> Tensor:
    """In-place twin of :func:`scatter_reduce`.  Source: torch.Tensor.scatter_reduce_."""
    dim = _check_reduce(self, dim, index, src, reduce)
    return scatter_reduced.op.call_inplace(self, index, src, dim, reduce, include_self)


@composite(inplace=scatter_reduce_)
def scatter_reduce(
    input: Tensor,
    dim: int,
    index: Tensor,
    src: Tensor,
    reduce: str,
    *,
    include_self: bool = True,
    out: Tensor | None = None,
) -> Tensor:
    """A copy in which ``src`` is reduced along ``dim`` into the elements that ``index`` names.

    ``reduce``: "sum", "prod", "mean", "amax" or "amin"; ``include_self`` counts the elements of
    ``input`` in.  Raises RuntimeError as ``scatter`` does.  Source: torch.scatter_reduce.
    """
    dim = _check_reduce(input, dim, index, src, reduce)
    return scatter_reduced(input, index, src, dim, reduce, include_self, out=out)


# --- places in the flattened tensor ---------------------------------------------------------------


@op
def take(xp, input, index, /):
    """The elements at places in the flattened tensor.  Shape: (*) with index (n, *) -> (n, *).

    Raises IndexError out of range.  Source: torch.take.
    """
    _check_flat(input, index, "take")
    return xp.asarray(xp.take(input.reshape(-1), index))


def _check_flat(input, index, name):
    if index.dtype != np.int64:
        raise RuntimeError(
            f"{name}(): Expected a long tensor for index, but got "
            f"{from_numpy(index.dtype).legacy_name}"
        )
    wrong = first_outside(index, -input.size, input.size)
    if wrong is not None:
        raise IndexError(
            f"out of range: tried to access index {wrong} on a tensor of {input.size} elements."
        )


take.vjp(input=lambda g, index, input_shape: taken_back(g, index, input_shape))


@op(public=False, method=False, node="PutBackward0")
def taken_back(xp, input, index, /, size):
    """Zeros of ``size`` with ``input`` added at flat places: the adjoint of ``take``."""
    target = xp.zeros(size, input.dtype)
    xp.add.at(target.reshape(-1), index.reshape(-1), input.reshape(-1))
    return target


taken_back.vjp(input=lambda g, index: take(g, index))


@op(inplace=True, public=True)
def put(xp, input, index, source, /, accumulate=False):
    """A copy with the elements of ``source`` written (or added) at places in the flattened tensor.

    Raises IndexError out of range.  Source: torch.put.
    """
    _check_flat(input, index, "put_")
    if input.dtype != source.dtype:
        raise RuntimeError(
            "put_(): self and source expected to have the same dtype, but got self.dtype = "
            f"{from_numpy(input.dtype).legacy_name} and source.dtype = "
            f"{from_numpy(source.dtype).legacy_name}"
        )
    if source.size != index.size:
        raise IndexError(
            "put_(): Expected source and index to have the same number of elements, but got "
            f"source.numel() = {source.size}, index.numel() = {index.size}"
        )
    copied = input.copy(order="C")
    flat = copied.reshape(-1)
    if accumulate:
        xp.add.at(flat, index.reshape(-1), source.reshape(-1))
    else:
        flat[index.reshape(-1)] = source.reshape(-1)
    return copied


put.vjp(
    input=lambda g, index, accumulate: g if accumulate else put(g, index, zero_of(take(g, index))),
    source=lambda g, index, source_shape: reshape(take(g, index), source_shape),
)
