"""Index expressions: ``x[...]``, ``x[...] = v`` and ``index_put``.

An index expression has two halves.  Ints, slices, None and Ellipsis are *basic*: they make a view
(``parts.basic_index``).  Lists, integer tensors and masks are *advanced*: applied to that view,
they make a copy.  An int is basic also beside a list, as in torch (NumPy counts it as advanced
there), and that settles where the dimensions of the advanced half go.
"""

from __future__ import annotations

import operator
import warnings
from typing import Any

import numpy as np

from minitorch.autograd.mode import mode
from minitorch.ops._dims import wrap_dim
from minitorch.ops._op import NUMBERS, cast, composite, expand, op
from minitorch.ops.conversion import contiguous
from minitorch.ops.creation import array_from, number_array
from minitorch.ops.elementwise import zero_of
from minitorch.ops.filling import copy_, fill_number, is_recorded
from minitorch.ops.parts import basic_index, index_at, select
from minitorch.ops.shape import reshape, view_size
from minitorch.tensor import Tensor, wrap

__all__ = [
    "add_rows",
    "blanked",
    "check_part_shape",
    "getitem",
    "index_put",
    "index_put_",
    "part_replaced",
    "picked",
    "put_back",
    "put_values",
    "select_scatter",
    "setitem",
    "slice_scatter",
]


_EVERYTHING = slice(None)


# --- reading an index expression ------------------------------------------------------------------


def getitem(self: Tensor, index: Any) -> Tensor:
    """``self[index]``: a view for ints, slices, None and Ellipsis, else a copy.

    Raises IndexError for an index out of range, too many indices, and what is no index; ValueError
    for a slice step that is not positive.  Source: torch.Tensor.__getitem__.
    """
    kind = type(index)
    shape = self._array.shape
    if kind is int and shape:
        return basic_index(self, (_checked_int(index, shape, 0), ...), "SelectBackward0")
    if kind is slice and shape:
        return basic_index(self, (_checked_slice(index),), "SliceBackward0")
    basic, node, advanced = _read_index(shape, index)
    if advanced is None:
        return basic_index(self, basic, node or "AliasBackward0")
    part = self if node is None else basic_index(self, basic, node)
    if mode.grad and part.requires_grad:
        # The graph keeps the index: later writes to it must not change the gradient.
        advanced = tuple([item if item is None else item.copy() for item in advanced])
    return picked(part, advanced)


def _read_index(shape, index):
    """The halves of an index: (basic, the name of its view's node or None, advanced or None).

    ``advanced`` has an entry for each dimension of the basic half's result: an index array, a mask
    (which covers several dimensions), or None.
    """
    items = index if type(index) is tuple else _as_items(index)
    items = [_simplified(item) for item in items]
    specified = sum([_dims_of(item) for item in items])
    if specified > len(shape):
        if not shape and items and type(items[0]) is int:
            raise IndexError(
                "invalid index of a 0-dim tensor. Use `tensor.item()` in Python or "
                "`tensor.item<T>()` in C++ to convert a 0-dim tensor to a number"
            )
        if not shape and items and type(items[0]) is slice:
            raise IndexError("slice() cannot be applied to a 0-dim tensor.")
        raise IndexError(f"too many indices for tensor of dimension {len(shape)}")
    basic, advanced, node, dim = [], [], None, 0
    for item in items:
        if type(item) is int:
            basic.append(_checked_int(item, shape, dim))
            node = "SelectBackward0"
            dim += 1
        elif type(item) is slice:
            part = _checked_slice(item)
            if part.indices(shape[dim]) != (0, shape[dim], 1):
                node = "SliceBackward0"
            basic.append(part)
            advanced.append(None)
            dim += 1
        elif item is None:
            basic.append(None)
            advanced.append(None)
            node = "UnsqueezeBackward0"
        elif item is Ellipsis:
            # A second Ellipsis finds nothing left to stand for.
            count = len(shape) - specified
            specified = len(shape)
            basic.extend([_EVERYTHING] * count)
            advanced.extend([None] * count)
            dim += count
        elif type(item) is bool:
            basic.append(None)
            advanced.append(np.zeros(1 if item else 0, np.int64))
            node = "UnsqueezeBackward0"
        else:
            covered = _dims_of(item)
            if item.dtype.kind == "b" and item.shape != shape[dim : dim + covered]:
                _mask_error(item.shape, shape, dim)
            basic.extend([_EVERYTHING] * covered)
            advanced.append(item)
            dim += covered
    found = tuple(advanced) if any(item is not None for item in advanced) else None
    return (*basic, ...), node, found


def _as_items(index):
    """An index that is no tuple, as the tuple it stands for."""
    if isinstance(index, list) and _stands_for_tuple(index):
        warnings.warn(
            "Using a non-tuple sequence for multidimensional indexing is deprecated and will be "
            "changed in pytorch 2.9; use x[tuple(seq)] instead of x[seq]. In pytorch 2.9 this "
            "will be interpreted as tensor index, x[torch.tensor(seq)], which will result either "
            "in an error or a different result",
            stacklevel=4,
        )
        return tuple(index)
    return (index,)


def _stands_for_tuple(items):
    # torch: a short list with anything but numbers in it is taken apart, as NumPy once did.
    return len(items) < 32 and any(
        item is None
        or item is Ellipsis
        or isinstance(item, (Tensor, np.ndarray, list, tuple, slice))
        for item in items
    )


def _simplified(item):
    """One item as an int, a slice, None, Ellipsis, a bool, or an array of ints or bools."""
    kind = type(item)
    if kind in (int, slice, bool) or item is None or item is Ellipsis:
        return item
    if isinstance(item, Tensor):
        array = item._array
        _check_index_dtype(array.dtype)
        return _simplified_array(array)
    if isinstance(item, (np.bool_, float, complex, dict, set)):
        raise IndexError(_not_an_index(item))
    if isinstance(item, np.ndarray):
        return _simplified_array(item if item.dtype.kind in "iub" else item.astype(np.int64))
    try:
        return operator.index(item)
    except TypeError:
        pass
    if hasattr(item, "__len__") and hasattr(item, "__getitem__"):
        array = array_from(item, None, copy=True)
        if array.dtype.kind not in "iub":
            array = array.astype(np.int64)
        return _simplified_array(array)
    raise IndexError(_not_an_index(item))


def _check_index_dtype(dtype):
    if dtype not in (np.bool_, np.uint8, np.int32, np.int64):
        raise IndexError("tensors used as indices must be long, int, byte or bool tensors")


def _simplified_array(array):
    """An index array, its bytes read as bools; a 0-d one as the int or bool it holds."""
    if array.dtype == np.uint8:
        warnings.warn(
            "indexing with dtype torch.uint8 is now deprecated, please use a dtype torch.bool "
            "instead.",
            stacklevel=5,
        )
        array = array.astype(np.bool_)
    if array.ndim:
        return array
    return array.item()


def _not_an_index(item):
    return (
        "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid "
        f"indices (got {_type_name(item)})"
    )


def _type_name(value):
    kind = type(value)
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"


def _dims_of(item):
    """How many dimensions of the tensor an item uses up."""
    if item is None or item is Ellipsis or type(item) is bool:
        return 0
    if type(item) in (int, slice):
        return 1
    return item.ndim if item.dtype.kind == "b" else 1


def _checked_int(index, shape, dim):
    if not -shape[dim] <= index < shape[dim]:
        raise IndexError(
            f"index {index} is out of bounds for dimension {dim} with size {shape[dim]}"
        )
    return index


def _checked_slice(item):
    start, stop, step = item.start, item.stop, item.step
    if step is not None:
        step = operator.index(step)
        if step <= 0:
            raise ValueError(
                "slice step cannot be zero" if step == 0 else "step must be greater than zero"
            )
    # Tensors and NumPy integers may stand in a slice; the graph keeps ints.
    return slice(_bound(start), _bound(stop), step)


def _bound(value):
    if value is None or type(value) is int:
        return value
    try:
        return operator.index(value)
    except TypeError:
        raise TypeError(
            "slice indices must be integers or None or have an __index__ method"
        ) from None


def _mask_error(mask_shape, shape, dim):
    at = next((k for k in range(len(mask_shape)) if mask_shape[k] != shape[dim + k]), 0)
    raise IndexError(
        f"The shape of the mask {list(mask_shape)} at index {at} does not match the shape of the "
        f"indexed tensor {list(shape)} at index {dim + at}"
    )


# --- advanced indexing ----------------------------------------------------------------------------


def _key(indices):
    """Advanced indices as NumPy takes them."""
    return tuple([_EVERYTHING if item is None else item for item in indices])


@op(public=False, method=False, node="IndexBackward0")
def picked(xp, input, /, indices):
    """A copy of what index arrays and masks name (None: all of a dimension)."""
    given = [(dim, item) for dim, item in enumerate(indices) if item is not None]
    try:
        if len(given) == 1 and given[0][1].dtype.kind != "b":
            dim, item = given[0]
            return xp.take(input, item, dim)
        # NumPy may lay the result out in another order; torch never does.
        return xp.ascontiguousarray(input[_key(indices)])
    except IndexError as error:
        raise _index_error(input.shape, indices, error) from None


picked.vjp(input=lambda g, indices, input_shape: put_back(g, indices, input_shape))


@op(public=False, method=False, node="IndexPutBackward0")
def put_back(xp, input, /, indices, size):
    """Zeros of ``size`` with ``input`` added at ``indices``: the adjoint of ``picked``."""
    target = xp.zeros(size, input.dtype)
    _add_at(xp, target, indices, input)
    return target


put_back.vjp(input=lambda g, indices: picked(g, indices))


def _add_at(xp, target, indices, values):
    """``target[indices] += values``, where an element named twice is added to twice."""
    given = [(dim, item) for dim, item in enumerate(indices) if item is not None]
    if all(item.dtype.kind == "b" for _, item in given):
        target[_key(indices)] += values  # a mask names no element twice
        return
    if len(given) == 1 and target.ndim > 1 and values.ndim >= target.ndim:
        dim, item = given[0]
        if values.shape == (*target.shape[:dim], *item.shape, *target.shape[dim + 1 :]):
            rows = xp.moveaxis(target, dim, 0)
            added = values.reshape(*values.shape[:dim], item.size, *target.shape[dim + 1 :])
            add_rows(xp, rows, item.reshape(-1), xp.moveaxis(added, dim, 0))
            return
    xp.add.at(target, _key(indices), values)


def add_rows(xp, rows, index, added):
    """``rows[index] += added``, where a row named twice is added to twice."""
    if not index.size or not added.size:
        return
    if rows.ndim == 1:
        xp.add.at(rows, index, added)
        return
    # Repeated rows are summed first: only for vectors does NumPy add fast one by one.
    index = xp.where(index < 0, index + rows.shape[0], index)
    order = xp.argsort(index, kind="stable")
    ordered = index[order]
    starts = xp.flatnonzero(xp.concatenate([xp.ones(1, bool), ordered[1:] != ordered[:-1]]))
    rows[ordered[starts]] += xp.add.reduceat(added[order], starts, 0)


def _index_error(shape, indices, error):
    """torch's error for index arrays that do not fit together or reach beyond ``shape``."""
    arrays = []
    dim = 0
    for item in indices:
        if item is None:
            dim += 1
        elif item.dtype.kind == "b":
            arrays.extend((array, dim + k) for k, array in enumerate(item.nonzero()))
            dim += item.ndim
        else:
            arrays.append((item, dim))
            dim += 1
    for at, (array, dim) in enumerate(arrays):
        wrong = array[(array < -shape[dim]) | (array >= shape[dim])]
        if wrong.size:
            return IndexError(
                f"index {wrong.flat[0]} is out of bounds for dimension {at} with size {shape[dim]}"
            )
    shapes = ", ".join(str(list(array.shape)) for array, _ in arrays)
    if "broadcast" in str(error):
        return IndexError(
            f"shape mismatch: indexing tensors could not be broadcast together with shapes {shapes}"
        )
    return error


# --- writing through an index ---------------------------------------------------------------------


def setitem(self: Tensor, index: Any, value: Any) -> None:
    """``self[index] = value``, broadcast and converted to this dtype, recorded in the graph.

    Raises as ``self[index]`` does, and RuntimeError where the value does not fit.
    Source: torch.Tensor.__setitem__.
    """
    if not isinstance(value, (Tensor, *NUMBERS)):
        if not isinstance(value, np.generic):
            raise TypeError(
                f"can't assign a {_type_name(value)} to a torch.{self.dtype.legacy_name}Tensor"
            )
        value = value.item()
    basic, node, advanced = _read_index(self._array.shape, index)
    if advanced is not None and isinstance(index, bool):
        # torch: ``x[True] = v`` writes to all of x, ``x[False] = v`` to nothing.
        if not index:
            return
        advanced = None
    recorded = is_recorded(self, value)
    part = _part(self, basic, node, recorded)
    if advanced is not None:
        _put(part, advanced, value, recorded)
    elif not isinstance(value, Tensor):
        fill_number(part, value, "FillBackward3")
    else:
        copy_(part, _fitted(value, part.shape))


def _part(tensor, basic, node, recorded):
    """The basic half of the index, in the graph or only of the memory."""
    if node is None:
        return tensor
    if recorded:
        return basic_index(tensor, basic, node)
    part = wrap(tensor._array[basic])
    part._counter = tensor._counter
    return part


def _fitted(value, shape):
    """``value`` expanded to ``shape``; leading dimensions of length 1 too many are dropped."""
    have = value._array.shape
    if have == tuple(shape):
        return value
    extra = len(have) - len(shape)
    if extra > 0 and all(length == 1 for length in have[:extra]):
        value = view_size(contiguous(value), have[extra:])
    return expand(value, tuple(shape))


def _put(tensor, indices, value, recorded, accumulate=False):
    """Write ``value`` at advanced ``indices``."""
    target = tensor._array
    if not isinstance(value, Tensor):
        value = wrap(number_array(value, tensor.dtype))
    elif _fills_mask(value, indices):
        # torch: a mask is filled with one element as with a number, whatever its dtype.
        value = cast(value, tensor.dtype)
    _check_same_dtype(tensor, value)
    if value._array.ndim and value._array.shape[0] == 1:
        # Leading dimensions of length 1 say nothing, and may be more than the index has.
        kept = next((at for at, n in enumerate(value.shape) if n != 1), value.ndim)
        value = reshape(value, value.shape[kept:])
    if recorded:
        kept = tuple([item if item is None else item.copy() for item in indices])
        put_values.op.call_inplace(tensor, value, kept, accumulate)
        return
    mode.run(_write_at, np, target, value._array, indices, accumulate)
    tensor._counter[0] += 1


def _fills_mask(value, indices):
    given = [index for index in indices if index is not None]
    return value._array.size == 1 and len(given) == 1 and given[0].dtype.kind == "b"


def _check_same_dtype(target, values):
    if values.dtype is not target.dtype:
        raise RuntimeError(
            "Index put requires the source and destination dtypes match, got "
            f"{target.dtype.legacy_name} for the destination and {values.dtype.legacy_name} for "
            "the source."
        )


def _write_at(xp, target, values, indices, accumulate):
    try:
        if accumulate:
            shape = target[_key(indices)].shape
            _add_at(xp, target, indices, xp.broadcast_to(values, shape))
        else:
            target[_key(indices)] = values
    except IndexError as error:
        raise _index_error(target.shape, indices, error) from None
    except (TypeError, ValueError):  # NumPy has a TypeError of its own for masks
        result = target[_key(indices)].shape
        raise RuntimeError(
            f"shape mismatch: value tensor of shape {list(values.shape)} cannot be broadcast to "
            f"indexing result of shape {list(result)}"
        ) from None


@op(public=False, method=False, inplace=True, node="IndexPutBackward0")
def put_values(xp, input, values, /, indices, accumulate):
    """A copy of ``input`` with ``values`` written (or added) at advanced ``indices``."""
    copied = input.copy()
    _write_at(xp, copied, values, indices, accumulate)
    return copied


put_values.vjp(
    input=lambda g, indices, accumulate: g if accumulate else blanked(g, indices),
    values=lambda g, indices: picked(g, indices),
)


@op(public=False, method=False, node="IndexPutBackward0")
def blanked(xp, input, /, indices):
    """A copy with zeros at advanced ``indices``."""
    copied = input.copy()
    copied[_key(indices)] = 0
    return copied


blanked.vjp(input=lambda g, indices: blanked(g, indices))


def _tensor_indices(tensor, indices):
    """The indices of ``index_put``, one for each leading dimension, as for ``x[...]``."""
    if not isinstance(indices, (tuple, list)):
        raise TypeError(
            "index_put(): argument 'indices' (position 1) must be tuple of Tensors, not "
            f"{type(indices).__name__}"
        )
    for at, item in enumerate(indices):
        if not isinstance(item, Tensor):
            raise TypeError(
                f"expected Tensor as element {at} in argument 0, but got {type(item).__name__}"
            )
    arrays = []
    dim, shape = 0, tensor._array.shape
    for item in indices:
        array = item._array
        _check_index_dtype(array.dtype)
        if array.dtype == np.uint8:
            array = array.astype(np.bool_)
        if array.dtype.kind == "b" and array.shape != shape[dim : dim + array.ndim]:
            _mask_error(array.shape, shape, dim)
        dim += array.ndim if array.dtype.kind == "b" else 1
        arrays.append(array)
    if dim > len(shape):
        raise IndexError(f"too many indices for tensor of dimension {len(shape)} (got {dim})")
    return tuple(arrays)


def index_put_(self: Tensor, indices, values: Tensor, accumulate: bool = False) -> Tensor:
    """Write (or add) ``values`` at the index tensors ``indices``, in place.

    Source: torch.Tensor.index_put_.
    """
    arrays = _tensor_indices(self, indices)
    _put(self, arrays, values, is_recorded(self, values), accumulate)
    return self


@composite(inplace=index_put_)
def index_put(input: Tensor, indices, values: Tensor, accumulate: bool = False) -> Tensor:
    """A copy with ``values`` written (or added) at the index tensors ``indices``.

    Raises RuntimeError unless the dtypes match and the values broadcast.  Source: torch.index_put.
    """
    arrays = _tensor_indices(input, indices)
    _check_same_dtype(input, values)
    return put_values(input, values, tuple([array.copy() for array in arrays]), accumulate)


# --- a copy with a part replaced ------------------------------------------------------------------


@op(public=False, method=False, node=lambda params: params["node"])
def part_replaced(xp, input, src, /, index, node):
    """A copy with ``src`` at a basic index."""
    copied = input.copy()
    check_part_shape(src, copied[index].shape)
    copied[index] = src
    return copied


def check_part_shape(src, shape):
    """Raises RuntimeError unless ``src`` has the shape of the part that it is to replace."""
    if tuple(src.shape) != tuple(shape):
        raise RuntimeError(
            "expected src to have a size equal to the slice of self. src size = "
            f"{list(src.shape)}, slice size = {list(shape)}"
        )


part_replaced.vjp(
    input=lambda g, index: part_replaced(
        g, zero_of(basic_index(g, index, "")), index, "SliceBackward0"
    ),
    src=lambda g, index: basic_index(g, index, "SliceBackward0"),
)


@composite
def select_scatter(input: Tensor, src: Tensor, dim: int, index: int) -> Tensor:
    """A copy with ``src`` in place of ``select(dim, index)``.  Source: torch.select_scatter."""
    check_part_shape(src, select(input, dim, index).shape)
    dim = wrap_dim(dim, input.ndim, "select_scatter")
    return part_replaced(input, src, index_at(dim, index), "SelectScatterBackward0")


@composite
def slice_scatter(
    input: Tensor,
    src: Tensor,
    dim: int = 0,
    start: int | None = None,
    end: int | None = None,
    step: int = 1,
) -> Tensor:
    """A copy with ``src`` in place of the slice ``start:end:step`` of ``dim``.

    Source: torch.slice_scatter.
    """
    dim = wrap_dim(dim, input.ndim, "slice_scatter")
    part = _checked_slice(slice(start, end, step))
    return part_replaced(input, src, index_at(dim, part), "SliceScatterBackward0")
