"""Picking elements out and writing elements in: ``x[...]``, ``gather``, ``scatter``, masks.

An index expression has two halves.  Ints, slices, None and Ellipsis are *basic*: they make a view
(``shape.basic_index``).  Lists, integer tensors and masks are *advanced*: applied to that view,
they make a copy.  An int is basic also beside a list, as in torch (NumPy counts it as advanced
there), and that settles where the dimensions of the advanced half go.
"""

from __future__ import annotations

import operator
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from minitorch.autograd.graph import LEGACY_NAMES
from minitorch.autograd.mode import mode
from minitorch.backends import is_array
from minitorch.dtypes import bool_, from_numpy, result_type_of
from minitorch.memory_format import contiguous_format
from minitorch.ops._dims import wrap_dim
from minitorch.ops._op import cast, composite, expand, op, sum_to, write
from minitorch.ops.conversion import as_dtype, clone, contiguous
from minitorch.ops.creation import (
    array_from,
    number_array,
    scalar_dtype,
    scalar_tensor,
)
from minitorch.ops.elementwise import eq, logical_not, masked_one, masked_zero, zero_of
from minitorch.ops.shape import (
    as_strided,
    basic_index,
    broadcast_pair,
    diagonal,
    diagonal_place,
    flatten,
    imag,
    place,
    real,
    reshape,
    select,
    unbind,
    unsqueeze,
    view_size,
)
from minitorch.tensor import Tensor, wrap

__all__ = [
    "METHODS",
    "among",
    "argwhere",
    "blanked",
    "bucketize",
    "chosen",
    "copied_values",
    "copy_",
    "diag",
    "diag_embed",
    "diagflat",
    "diagonal_copy",
    "diagonal_scatter",
    "fill",
    "fill_",
    "fill_diagonal_",
    "filled",
    "filled_with",
    "gather",
    "gathered",
    "gathered_back",
    "getitem",
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
    "index_put",
    "index_put_",
    "index_select",
    "index_selected",
    "index_values",
    "isin",
    "masked_fill",
    "masked_fill_",
    "masked_filled",
    "masked_filled_with",
    "masked_placed",
    "masked_scatter",
    "masked_select",
    "nonzero",
    "nonzero_rows",
    "one_of",
    "part_replaced",
    "picked",
    "put",
    "put_back",
    "put_values",
    "repeat_interleave",
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
    "searched",
    "searchsorted",
    "select_scatter",
    "setitem",
    "slice_scatter",
    "take",
    "take_along_dim",
    "taken_back",
    "tril",
    "tril_indices",
    "triu",
    "triu_indices",
    "unravel_index",
    "where",
    "zero_",
]

_NUMBERS = (bool, int, float, complex)
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
                "`tensor.item<T>()` "
                "in C++ to convert a 0-dim tensor to a number"
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
            "changed in "
            "pytorch 2.9; use x[tuple(seq)] instead of x[seq]. In pytorch 2.9 this will be "
            "interpreted as "
            "tensor index, x[torch.tensor(seq)], which will result either in an error or a "
            "different result",
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
        if array.dtype.kind not in "iub" or array.itemsize in (2,) or array.dtype == np.int8:
            raise IndexError("tensors used as indices must be long, int, byte or bool tensors")
        return _simplified_array(array)
    if isinstance(item, np.bool_) or isinstance(item, (float, complex, dict, set)):
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


def _simplified_array(array):
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
    kind = type(item)
    name = kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
    return (
        "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid "
        "indices "
        f"(got {name})"
    )


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
        "indexed "
        f"tensor {list(shape)} at index {dim + at}"
    )


# --- advanced indexing ----------------------------------------------------------------------------


def _key(indices):
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
            _add_rows(xp, rows, item.reshape(-1), xp.moveaxis(added, dim, 0))
            return
    xp.add.at(target, _key(indices), values)


def _add_rows(xp, rows, index, added):
    """``rows[index] += added``, repeated rows summed first: faster than one by one."""
    if not index.size or not added.size:
        return
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
    if not isinstance(value, (Tensor, *_NUMBERS)):
        if not isinstance(value, np.generic):
            name = type(value)
            shown = (
                name.__name__
                if name.__module__ == "builtins"
                else f"{name.__module__}.{name.__name__}"
            )
            raise TypeError(
                f"can't assign a {shown} to a torch.{LEGACY_NAMES[self.dtype.name]}Tensor"
            )
        value = value.item()
    basic, node, advanced = _read_index(self._array.shape, index)
    if advanced is not None and isinstance(index, bool):
        # torch: ``x[True] = v`` writes to all of x, ``x[False] = v`` to nothing.
        if not index:
            return
        advanced = None
    recorded = _is_recorded(self, value)
    part = _part(self, basic, node, recorded)
    if advanced is not None:
        _put(part, advanced, value, recorded)
    elif not isinstance(value, Tensor):
        _fill_number(part, value, "FillBackward3")
    else:
        copy_(part, _fitted(value, part.shape))


def _is_recorded(tensor, value):
    if not mode.grad or tensor._array.dtype.kind not in "fcV":
        return False
    return tensor.requires_grad or isinstance(value, Tensor) and value.requires_grad


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
    elif value._array.dtype != target.dtype:
        raise RuntimeError(
            "Index put requires the source and destination dtypes match, got "
            f"{LEGACY_NAMES[tensor.dtype.name]} for the destination and "
            f"{LEGACY_NAMES[value.dtype.name]} "
            "for the source."
        )
    elif value._array.ndim and value._array.shape[0] == 1:
        # Leading dimensions of length 1 say nothing, and may be more than the index has.
        kept = next((at for at, n in enumerate(value.shape) if n != 1), value.ndim)
        value = reshape(value, value.shape[kept:])
    if recorded:
        kept = tuple([item if item is None else item.copy() for item in indices])
        put_values.op.call_inplace(tensor, value, kept, accumulate)
        return
    mode.run(_write_at, np, target, value._array, indices, accumulate)
    tensor._counter[0] += 1


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
            "indexing "
            f"result of shape {list(result)}"
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
        if array.dtype == np.uint8:
            array = array.astype(np.bool_)
        if array.dtype.kind not in "ib" or array.itemsize == 2 or array.dtype == np.int8:
            raise IndexError("tensors used as indices must be long, int, byte or bool tensors")
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
    _put(self, arrays, values, _is_recorded(self, values), accumulate)
    return self


@composite(inplace=index_put_)
def index_put(input: Tensor, indices, values: Tensor, accumulate: bool = False) -> Tensor:
    """A copy with ``values`` written (or added) at the index tensors ``indices``.

    Raises RuntimeError unless the dtypes match and the values broadcast.  Source: torch.index_put.
    """
    arrays = _tensor_indices(input, indices)
    if values.dtype is not input.dtype:
        raise RuntimeError(
            "Index put requires the source and destination dtypes match, got "
            f"{LEGACY_NAMES[input.dtype.name]} for the destination and "
            f"{LEGACY_NAMES[values.dtype.name]} "
            "for the source."
        )
    return put_values(input, values, tuple([array.copy() for array in arrays]), accumulate)


# --- copy and fill --------------------------------------------------------------------------------


@op(public=False, method=False, inplace=True, node="CopyBackwards")
def copied_values(xp, input, src, /):
    """``src`` in the shape and dtype of ``input``: what ``copy_`` writes."""
    return xp.broadcast_to(src, input.shape)


copied_values.vjp(input=lambda g: zero_of(g), src=lambda g: g)


def copy_(self: Tensor, src: Tensor, non_blocking: bool = False) -> Tensor:
    """Write the elements of ``src``, broadcast and converted, into this tensor.

    Raises RuntimeError where they do not broadcast.  Source: torch.Tensor.copy_.
    """
    if not isinstance(src, Tensor):
        src = scalar_tensor(src, dtype=self.dtype)
    have, shape = src._array.shape, self._array.shape
    if have != shape and broadcast_pair(shape, have) != shape:
        raise RuntimeError(
            f"output with shape {list(shape)} doesn't match the broadcast shape "
            f"{list(broadcast_pair(shape, have))}"
        )
    if _is_recorded(self, src):
        if src.dtype.is_complex and not self.dtype.is_complex:
            src = cast(src, self.dtype)
        copied_values.op.call_inplace(self, src)
        return self
    values = src._array
    if values.dtype.kind == "c" and self._array.dtype.kind != "c":
        values = values.real
    mode.run(write, self, np.broadcast_to(values, shape), "copy_")
    return self


@op(public=False, method=False, inplace=True, node=lambda params: params["node"])
def filled(xp, input, /, value, node):
    """``value`` in the shape of ``input``, which takes no gradient from it."""
    return xp.full(input.shape, value, input.dtype)


filled.vjp(input=lambda g: zero_of(g))


@op(public=False, method=False, inplace=True, node=lambda params: params["node"])
def filled_with(xp, input, value, /, node):
    """The number in the 0-d ``value`` in the shape of ``input``."""
    return xp.full(input.shape, value, input.dtype)


filled_with.vjp(input=lambda g: zero_of(g), value=lambda g: sum_to(g, ()))


def _check_zero_dim(value, name):
    if value.ndim:
        raise RuntimeError(
            f"{name} only supports 0-dimension value tensor but got tensor with {value.ndim} "
            "dimensions."
        )


def fill_(self: Tensor, value: Any) -> Tensor:
    """Write one number, or the one in a 0-d tensor, into all elements.

    Source: torch.Tensor.fill_.
    """
    if isinstance(value, Tensor):
        _check_zero_dim(value, "fill_")
        if _is_recorded(self, value):
            return filled_with.op.call_inplace(self, value, "FillBackward3")
        return copy_(self, value)
    return _fill_number(self, value, "FillBackward2")


def _fill_number(tensor, value, node):
    number = number_array(value, tensor.dtype)
    if _is_recorded(tensor, None):
        return filled.op.call_inplace(tensor, number, node)
    # torch: one number may be written also where elements share their memory (an expanded tensor).
    tensor._array[...] = number
    tensor._counter[0] += 1
    return tensor


def zero_(self: Tensor) -> Tensor:
    """Write zeros into all elements.  Source: torch.Tensor.zero_."""
    if _is_recorded(self, None):
        return filled.op.call_inplace(self, 0, "ZeroBackward0")
    self._array.fill(0)
    self._counter[0] += 1
    return self


@composite(method=False)
def fill(input: Tensor, value: Any) -> Tensor:
    """One number, or the one in a 0-d tensor, in the shape and dtype of ``input``.

    Source: torch.fill.
    """
    if isinstance(value, Tensor):
        _check_zero_dim(value, "fill_")
        return filled_with(input, value, "FillBackward1")
    return filled(input, number_array(value, input.dtype), "FillBackward0")


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
        fill_diagonal_(rest, fill_value, wrap) if min(rest.shape) else None
    return self


# --- gather and scatter ---------------------------------------------------------------------------


def _check_index(index, name):
    if not isinstance(index, Tensor):
        raise TypeError(
            f"{name}(): argument 'index' (position 2) must be Tensor, not {type(index).__name__}"
        )
    if index._array.dtype not in (np.int64, np.int32):
        raise RuntimeError(f"{name}(): Expected dtype int32/int64 for index")


def _check_bounds(index, dim, length, error=RuntimeError):
    if index.size and (index.min() < 0 or index.max() >= length):
        wrong = index[(index < 0) | (index >= length)].flat[0]
        raise error(f"index {wrong} is out of bounds for dimension {dim} with size {length}")


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
    _check_bounds(flat, dim, input.shape[dim])
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
    key = _along(xp, index, dim)
    if index.shape[dim] <= 1:
        target[key] += values  # no element is named twice
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
            "larger than "
            f"self {list(input.shape)} apart from dimension {dim}"
        )
    return gathered(input, index, dim, out=out)


def _check_scatter(input, dim, index, src, name):
    dim = wrap_dim(dim, input.ndim, name)
    _check_index(index, name)
    if not index.numel():
        return dim
    fits = _check_fit(index, input.shape, dim, "self")
    if src is None:
        if not fits:
            raise RuntimeError(
                f"Expected index {list(index.shape)} to be no larger than self "
                f"{list(input.shape)} apart "
                f"from dimension {dim}"
            )
        return dim
    if src.dtype is not input.dtype:
        raise RuntimeError(f"{name}(): Expected self.dtype to be equal to src.dtype")
    if max(index.ndim, 1) != max(src.ndim, 1):
        raise RuntimeError("Index tensor must have the same number of dimensions as src tensor")
    if not fits or any(a > b for a, b in zip(index.shape, src.shape, strict=False)):
        raise RuntimeError(
            f"Expected index {list(index.shape)} to be no larger than self {list(input.shape)} "
            "apart from "
            f"dimension {dim} and to be no larger size than src {list(src.shape)}"
        )
    return dim


@op(public=False, method=False, inplace=True, node="ScatterBackward0")
def scattered(xp, input, index, src, /, dim):
    """A copy with elements of ``src`` written along ``dim``."""
    copied = input.copy()
    target, index, values = _lifted(copied, index, src)
    _check_bounds(index, dim, target.shape[dim])
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
    _check_bounds(index, dim, target.shape[dim])
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
            tensor = wrap(np.full(index.shape, number, number.dtype))
        else:
            warnings.warn(
                "The reduce argument of torch.scatter with Tensor src is deprecated and will be "
                "removed in a "
                "future PyTorch release. Use torch.scatter_reduce instead for more reduction "
                "options.",
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
    _check_bounds(lifted, dim, target.shape[dim])
    _add_along(xp, copied, dim, index, src)
    return copied


scatter_added.vjp(
    input=lambda g: g,
    src=lambda g, index, dim, src_shape: _padded(gathered(g, index, dim), src_shape),
)


def scatter_add_(self: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """In-place twin of :func:`scatter_add`.  Source: torch.Tensor.scatter_add_."""
    dim = _check_scatter(self, dim, index, _src_tensor(src, "scatter_add_"), "scatter")
    return scatter_added.op.call_inplace(self, index, src, dim)


def _src_tensor(src, name, argument="src", position=3):
    if not isinstance(src, Tensor):
        raise TypeError(
            f"{name}(): argument '{argument}' (position {position}) must be Tensor, not "
            f"{type(src).__name__}"
        )
    return src


@composite(inplace=scatter_add_)
def scatter_add(
    input: Tensor, dim: int, index: Tensor, src: Tensor, *, out: Tensor | None = None
) -> Tensor:
    """A copy with elements added along ``dim``: ``out[i][index[i][j]] += src[i][j]`` for ``dim=1``.

    Raises RuntimeError for an index out of range or of a wrong shape.  Source: torch.scatter_add.
    """
    if is_array(input):
        return scatter_added(input, index, src, dim)
    dim = _check_scatter(input, dim, index, _src_tensor(src, "scatter_add"), "scatter")
    return scatter_added(input, index, src, dim, out=out)


@op(public=False, method=False, inplace=True, node="ScatterReduceBackward0")
def scatter_reduced(xp, input, index, src, /, dim, reduce, include_self):
    """A copy with ``src`` reduced into it: see ``scatter_reduce``."""
    copied = input.copy()
    target, index, values = _lifted(copied, index, src)
    _check_bounds(index, dim, target.shape[dim])
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


# --- whole slices ---------------------------------------------------------------------------------


def _check_vector(index, name, error=RuntimeError):
    if index.ndim > 1:
        raise IndexError(f"{name}(): Index is supposed to be a vector")
    if index._array.dtype not in (np.int64, np.int32):
        raise error(f"{name}(): Expected dtype int32 or int64 for index")


@op(public=False, method=False, node="IndexSelectBackward0")
def index_selected(xp, input, index, /, dim):
    """Slices of ``dim`` in the order of ``index``."""
    lifted = input if input.ndim else input.reshape(1)
    index = index.reshape(-1)
    length = lifted.shape[dim]
    if index.size and (index.min() < 0 or index.max() >= length):
        if dim != 1:  # torch: the kernel for columns has a message and a class of its own
            raise IndexError("index out of range in self")
        wrong = index[(index < 0) | (index >= length)][0]
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
    _add_rows(xp, xp.moveaxis(lifted, dim, 0), index.reshape(-1), xp.moveaxis(values, dim, 0))
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
    _src_tensor(index, "index_select", "index")
    _check_vector(index, "index_select")
    return index_selected(input, index, dim, out=out)


@op(public=False, method=False, inplace=True, node="IndexAddBackward0")
def index_added(xp, input, index, source, /, dim, alpha):
    """A copy with slices of ``source`` added along ``dim``."""
    copied = input.copy()
    target, index, values = _lifted_slices(copied, index, source)
    _check_bounds(index, 0, target.shape[dim])
    if alpha != 1:
        values = values * values.dtype.type(alpha)
    _add_rows(xp, xp.moveaxis(target, dim, 0), index, xp.moveaxis(values, dim, 0))
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
    _src_tensor(index, "index_add", "index", 2)
    _src_tensor(source, "index_add", "source", 3)
    if index.ndim > 1:
        raise IndexError(
            "index_add_(): Index is supposed to be a vector, but got dim: " + str(index.ndim)
        )
    if index._array.dtype not in (np.int64, np.int32):
        raise RuntimeError("index_add_(): Expected dtype int32/int64 for index")
    if input.dtype is not source.dtype:
        raise RuntimeError(
            f"index_add_(): self ({LEGACY_NAMES[input.dtype.name]}) and source "
            f"({LEGACY_NAMES[source.dtype.name]}) must have the same scalar type"
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
            "source.size(dim): "
            f"({count}), for dim: {dim}"
        )
    rest, other = list(input.shape), list(source.shape)
    if len(rest) == len(other) and rest:
        del rest[dim], other[dim]
    elif not rest and not other:
        pass
    elif source.ndim and index.numel() != count:
        raise RuntimeError(
            f"index_add_(): Number of indices ({index.numel()}) should be equal to "
            "source.size(dim): "
            f"({count}), for dim: {dim}"
        )
    if rest != other:
        raise RuntimeError(
            "source tensor shape must match self tensor shape, excluding the specified dimension. "
            "Got "
            f"self.shape = {list(input.shape)} source.shape = {list(source.shape)}"
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
    if index.size and (index.min() < 0 or index.max() >= target.shape[dim]):
        wrong = index[(index < 0) | (index >= target.shape[dim])][0]
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
    _src_tensor(index, "index_copy", "index", 2)
    _src_tensor(source, "index_copy", "source", 3)
    if index.ndim > 1:
        raise IndexError(f"index_copy_(): Index should have dimension 1 or 0 (got {index.ndim})")
    if index._array.dtype != np.int64:
        raise IndexError(
            "index_copy_(): Expected a long tensor for index, but got "
            + LEGACY_NAMES[index.dtype.name]
        )
    if input.dtype is not source.dtype:
        raise RuntimeError(
            "index_copy_(): self and source expected to have the same dtype, but got (self) "
            f"{LEGACY_NAMES[input.dtype.name]} and (source) {LEGACY_NAMES[source.dtype.name]}"
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
            "slice shape: "
            f"{' '.join(map(str, rest))} at dimension {dim} and source slice shape: "
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
    if index.size and (index.min() < -length or index.max() >= length):
        wrong = index[(index < -length) | (index >= length)][0]
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
    _src_tensor(index, "index_fill", "index", 2)
    if index._array.dtype != np.int64:
        raise IndexError("index_fill_(): Expected dtype int64 for index.")
    if index.ndim > 1:
        raise RuntimeError("Index has to be a vector/scalar")
    if isinstance(value, Tensor):
        if value.ndim:
            raise RuntimeError(
                "index_fill_ only supports a 0-dimensional value tensor, but got tensor with "
                f"{value.ndim} dimension(s)."
            )
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
            f"{LEGACY_NAMES[from_numpy(index.dtype).name]}"
        )
    if index.size and (index.min() < -input.size or index.max() >= input.size):
        wrong = index[(index < -input.size) | (index >= input.size)].flat[0]
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
            f"{LEGACY_NAMES[from_numpy(input.dtype).name]} and source.dtype = "
            f"{LEGACY_NAMES[from_numpy(source.dtype).name]}"
        )
    if source.size != index.size:
        raise IndexError(
            "put_(): Expected source and index to have the same number of elements, but got "
            "source.numel() = "
            f"{source.size}, index.numel() = {index.size}"
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
            f"{LEGACY_NAMES[indices.dtype.name]}"
        )
    if dim is None:
        return gathered(reshape(input, (-1,)), reshape(indices, (-1,)), 0, out=out)
    if input.ndim != indices.ndim:
        raise RuntimeError(
            "torch.take_along_dim(): input and indices should have the same number of dimensions, "
            "but got "
            f"{input.ndim} dimensions for input, and {indices.ndim} dimensions for indices"
        )
    dim = wrap_dim(dim, input.ndim, "take_along_dim")
    rest = list(input.shape)
    other = list(indices.shape)
    rest[dim] = other[dim] = 1
    common = list(broadcast_pair(tuple(rest), tuple(other)))
    source, index = list(common), list(common)
    source[dim], index[dim] = input.shape[dim], indices.shape[dim]
    return gathered(expand(input, tuple(source)), expand(indices, tuple(index)), dim, out=out)


# --- masks ----------------------------------------------------------------------------------------


def _row_major(xp, array):
    """What torch makes row-major, NumPy may lay out as its inputs are."""
    return array if array.flags.c_contiguous else xp.ascontiguousarray(array)


@op(public=False, method=False, inplace=True, node="MaskedFillBackward0")
def masked_filled(xp, input, mask, /, value):
    """``input`` with one number where ``mask``."""
    return _row_major(xp, xp.where(mask, value, input))


masked_filled.vjp(input=lambda g, mask: masked_zero(g, mask))


@op(public=False, method=False, inplace=True, node="MaskedFillBackward1")
def masked_filled_with(xp, input, mask, value, /):
    """``input`` with the number in a 0-d tensor where ``mask``."""
    return _row_major(xp, xp.where(mask, value.astype(input.dtype), input))


masked_filled_with.vjp(
    input=lambda g, mask: masked_zero(g, mask),
    value=lambda g, mask: sum_to(masked_zero(g, logical_not(mask)), ()),
)


def _masked_fill(in_place, input, mask, value):
    _src_tensor(mask, "masked_fill", "mask", 2)
    if mask._array.dtype != np.bool_:
        raise RuntimeError(
            "masked_fill_ only supports boolean masks, but got mask with dtype "
            f"{_C_NAMES[mask.dtype.name]}"
        )
    broadcast_pair(mask.shape, input.shape)
    if isinstance(value, Tensor):
        if value.ndim:
            raise RuntimeError(
                "masked_fill_ only supports a 0-dimensional value tensor, but got tensor with "
                f"{value.ndim} dimension(s)."
            )
        operation, arguments = masked_filled_with, (mask, value)
    else:
        operation, arguments = masked_filled, (mask, number_array(value, input.dtype))
    if in_place:
        return operation.op.call_inplace(input, *arguments)
    return operation(input, *arguments)


#: The names that some of torch's messages have for element types.
_C_NAMES = {
    "uint8": "unsigned char",
    "int8": "signed char",
    "int16": "short int",
    "int32": "int",
    "int64": "long int",
    "float16": "c10::Half",
    "bfloat16": "c10::BFloat16",
    "float32": "float",
    "float64": "double",
    "complex64": "c10::complex<float>",
    "complex128": "c10::complex<double>",
}


def masked_fill_(self: Tensor, mask: Tensor, value: Any) -> Tensor:
    """In-place twin of :func:`masked_fill`.  Source: torch.Tensor.masked_fill_."""
    return _masked_fill(True, self, mask, value)


@composite(inplace=masked_fill_)
def masked_fill(input: Tensor, mask: Tensor, value: Any) -> Tensor:
    """A copy with one number (or the one in a 0-d tensor) where the mask is True.

    Shape: broadcast.

    Raises RuntimeError for a mask that is not bool.  Source: torch.masked_fill.
    """
    if is_array(input):
        return masked_filled(input, mask, value)
    return _masked_fill(False, input, mask, value)


@op
def masked_select(xp, input, mask, /):
    """The elements where the mask is True, as a vector.

    Shape: (*), (*) -> (count), after broadcasting.

    Source: torch.masked_select.
    """
    if mask.dtype.kind != "b":
        raise RuntimeError("masked_select: expected BoolTensor for mask")
    shape = broadcast_pair(input.shape, mask.shape)
    return xp.broadcast_to(input, shape)[xp.broadcast_to(mask, shape)]


masked_select.vjp(input=lambda g, mask, input_shape: masked_placed(g, mask, input_shape))


@op(public=False, method=False, node="MaskedScatterBackward0")
def masked_placed(xp, input, mask, /, size):
    """Zeros with the elements of a vector where ``mask``: the adjoint of ``masked_select``."""
    target = xp.zeros(broadcast_pair(tuple(size), mask.shape), input.dtype)
    target[xp.broadcast_to(mask, target.shape)] = input
    return target


masked_placed.vjp(input=lambda g, mask: masked_select(g, mask))


@op(inplace=True)
def masked_scatter(xp, input, mask, source, /):
    """A copy with the elements of ``source``, in order, where the mask is True.  Shape: broadcast.

    Raises RuntimeError where ``source`` is too short.  Source: torch.masked_scatter.
    """
    if mask.dtype.kind != "b":
        name = LEGACY_NAMES[from_numpy(mask.dtype).name]
        raise RuntimeError(
            f"masked_scatter_ only supports boolean masks, but got mask with dtype {name}"
        )
    if input.dtype != source.dtype:
        names = [LEGACY_NAMES[from_numpy(x.dtype).name] for x in (input, source)]
        raise RuntimeError(
            f"masked_scatter: expected self and source to have same dtypes but got{names[0]} and "
            f"{names[1]}"
        )
    shape = broadcast_pair(input.shape, mask.shape)
    target = xp.empty(shape, input.dtype)
    target[...] = input
    where = xp.broadcast_to(mask, shape)
    count = int(xp.count_nonzero(where))
    if source.size < count:
        raise RuntimeError("Number of elements of source < number of ones in mask")
    target[where] = source.reshape(-1)[:count]
    return target


def _masked_scatter_source(g, mask, source_shape):
    chosen = masked_select(g, mask)
    size = int(np.prod(source_shape))
    return reshape(place([chosen], ((slice(0, chosen.shape[0]),),), (size,)), source_shape)


masked_scatter.vjp(input=lambda g, mask: masked_zero(g, mask), source=_masked_scatter_source)


@op(public=False, method=False, node="WhereBackward0")
def chosen(xp, condition, input, other, /):
    """``input`` where the condition holds, else ``other``."""
    return xp.where(condition, input, other)


chosen.vjp(
    input=lambda g, condition: masked_zero(g, logical_not(condition)),
    other=lambda g, condition: masked_zero(g, condition),
)


@composite(method=False)
def where(
    condition: Tensor, input: Any = None, other: Any = None, *, out: Tensor | None = None
) -> Any:
    """``input`` where the condition is True, else ``other``; alone, the places where it is.

    Shape: broadcast.  ``input`` and ``other`` (tensors or numbers) promote.  Raises RuntimeError
    for a condition that is not bool.  Source: torch.where.
    """
    if is_array(condition):
        return chosen(condition, input, other)
    _src_tensor(condition, "where", "condition", 1)
    if input is None and other is None:
        return nonzero(condition, as_tuple=True)
    if input is None or other is None:
        raise TypeError("where() takes both 'input' and 'other', or neither")
    if condition._array.dtype == np.uint8:
        warnings.warn(
            "where received a uint8 condition tensor. This behavior is deprecated and will be "
            "removed in a "
            "future version of PyTorch. Use a boolean condition instead.",
            stacklevel=2,
        )
        condition = cast(condition, bool_)
    if condition._array.dtype != np.bool_:
        raise RuntimeError(
            "where expected condition to be a boolean tensor, but got a tensor with dtype "
            f"{LEGACY_NAMES[condition.dtype.name]}"
        )
    input, other = _promoted_pair(input, other)
    broadcast_pair(broadcast_pair(condition.shape, input.shape), other.shape)
    return chosen(condition, input, other, out=out)


def _promoted_pair(first, second):
    tensors, zero_dims, scalars = [], [], []
    for value in (first, second):
        if isinstance(value, Tensor):
            (tensors if value.ndim else zero_dims).append(value.dtype)
        elif isinstance(value, (*_NUMBERS, np.generic)):
            scalars.append(type(value.item() if isinstance(value, np.generic) else value))
        else:
            raise TypeError(f"where(): expected tensors or numbers, not {type(value).__name__}")
    common = result_type_of(tuple(tensors), tuple(zero_dims), tuple(scalars))
    return [
        (value if value.dtype is common else cast(value, common))
        if isinstance(value, Tensor)
        else scalar_tensor(value, dtype=common)
        for value in (first, second)
    ]


def _where_method(self: Tensor, condition: Tensor, other: Any) -> Tensor:
    """This tensor where the condition is True, else ``other``.  Source: torch.Tensor.where."""
    return where(condition, self, other)


@op(public=False, method=False, differentiable=False)
def nonzero_rows(xp, input, /):
    """The places of the elements that are not zero, a row for each."""
    if not input.ndim:
        return xp.zeros((int(bool(input)), 0), np.int64)
    return xp.stack(xp.nonzero(input), 0).T


@composite
def nonzero(input: Tensor, *, out: Tensor | None = None, as_tuple: bool = False) -> Any:
    """The places of the elements that are not zero, a row each.

    With ``as_tuple``, an index vector per dimension instead.

    Shape: (*) -> (count, ndim).  Source: torch.nonzero.
    """
    if not as_tuple:
        return nonzero_rows(input, out=out)
    return unbind(nonzero_rows(input if input.ndim else unsqueeze(input, 0)), 1)


@composite
def argwhere(input: Tensor) -> Tensor:
    """The places of the elements that are not zero, a row each.  Source: torch.argwhere."""
    return nonzero_rows(input)


# --- triangles and diagonals ----------------------------------------------------------------------


def _check_matrix(input, name):
    if input.ndim < 2:
        raise RuntimeError(f"{name}: input tensor must have at least 2 dimensions")


@op(inplace=True)
def tril(xp, input, /, diagonal=0):
    """The lower triangle of matrices, zeros above ``diagonal``.  Shape: (*, a, b) -> (*, a, b).

    Raises RuntimeError below 2 dimensions.  Source: torch.tril.
    """
    _check_matrix(input, "tril")
    return _row_major(xp, xp.tril(input, diagonal))


tril.vjp(input=lambda g, diagonal: tril(g, diagonal))


@op(inplace=True)
def triu(xp, input, /, diagonal=0):
    """The upper triangle of matrices, zeros below ``diagonal``.  Shape: (*, a, b) -> (*, a, b).

    Raises RuntimeError below 2 dimensions.  Source: torch.triu.
    """
    _check_matrix(input, "triu")
    return _row_major(xp, xp.triu(input, diagonal))


triu.vjp(input=lambda g, diagonal: triu(g, diagonal))


def _triangle(name, places, row, col, offset, dtype):
    wanted = as_dtype(dtype, name)
    for argument, value in (("row", row), ("col", col)):
        if value < 0:
            raise RuntimeError(f"{argument} must be non-negative, got{value}")
    if wanted.rank != 1:
        raise NotImplementedError(f"\"{name}\" not implemented for '{LEGACY_NAMES[wanted.name]}'")
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


# --- a copy with a part replaced ------------------------------------------------------------------


@op(public=False, method=False, node=lambda params: params["node"])
def part_replaced(xp, input, src, /, index, node):
    """A copy with ``src`` at a basic index."""
    copied = input.copy()
    if copied[index].shape != src.shape:
        raise RuntimeError(
            "expected src to have a size equal to the slice of self. src size = "
            f"{list(src.shape)}, slice size = {list(copied[index].shape)}"
        )
    copied[index] = src
    return copied


part_replaced.vjp(
    input=lambda g, index: part_replaced(
        g, zero_of(basic_index(g, index, "")), index, "SliceBackward0"
    ),
    src=lambda g, index: basic_index(g, index, "SliceBackward0"),
)


@composite
def select_scatter(input: Tensor, src: Tensor, dim: int, index: int) -> Tensor:
    """A copy with ``src`` in place of ``select(dim, index)``.  Source: torch.select_scatter."""
    part = select(input, dim, index)
    dim = wrap_dim(dim, input.ndim, "select_scatter")
    _check_same_shape(src, part.shape)
    return part_replaced(input, src, (*(_EVERYTHING,) * dim, index, ...), "SelectScatterBackward0")


def _check_same_shape(src, shape):
    if src.shape != shape:
        raise RuntimeError(
            "expected src to have a size equal to the slice of self. src size = "
            f"{list(src.shape)}, slice size = {list(shape)}"
        )


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
    index = (*(_EVERYTHING,) * dim, part, ...)
    return part_replaced(input, src, index, "SliceScatterBackward0")


@op
def diagonal_scatter(xp, input, src, /, offset=0, dim1=0, dim2=1):
    """A copy with ``src`` in place of a diagonal.  Source: torch.diagonal_scatter."""
    copied = input.copy()
    part = diagonal.op.body(xp, copied, offset, dim1, dim2)
    if part.shape != src.shape:
        raise RuntimeError(
            "expected src to have a size equal to the slice of self. src size = "
            f"{list(src.shape)}, slice size = {list(part.shape)}"
        )
    part[...] = src
    return copied


diagonal_scatter.vjp(
    input=lambda g, offset, dim1, dim2: diagonal_scatter(
        g, zero_of(diagonal(g, offset, dim1, dim2)), offset, dim1, dim2
    ),
    src=lambda g, offset, dim1, dim2: diagonal(g, offset, dim1, dim2),
)


# --- searching ------------------------------------------------------------------------------------


@op(public=False, method=False, differentiable=False)
def searched(xp, sorted_sequence, input, /, right, out_int32):
    """The places where the elements of ``input`` belong in sorted rows."""
    side = "right" if right else "left"
    if sorted_sequence.ndim == 1:
        found = xp.searchsorted(sorted_sequence, input, side)
    else:
        rows = sorted_sequence.reshape(-1, sorted_sequence.shape[-1])
        values = input.reshape(-1, input.shape[-1])
        pairs = zip(rows, values, strict=True)
        found = xp.stack([xp.searchsorted(row, value, side) for row, value in pairs]).reshape(
            input.shape
        )
    return xp.asarray(found).astype(np.int32 if out_int32 else np.int64)


@composite(method=False)
def searchsorted(
    sorted_sequence: Tensor,
    input: Any,
    *,
    out_int32: bool = False,
    right: bool = False,
    side: str | None = None,
    out: Tensor | None = None,
    sorter: Tensor | None = None,
) -> Tensor:
    """Where the elements of ``input`` belong so that (the rows of) a sequence stay sorted.

    ``right`` (``side="right"``) puts equals behind.  Shape: (*, n), (*, k) -> (*, k).
    Raises RuntimeError where the shapes do not fit.  Source: torch.searchsorted.
    """
    if side is not None and side not in ("left", "right"):
        raise RuntimeError(
            f"torch.searchsorted(): side can only be 'left' or 'right' but got {side}"
        )
    if side == "left" and right:
        raise RuntimeError(
            "torch.searchsorted(): side and right can't be set to opposites, got side of left "
            "while right was True"
        )
    values = input if isinstance(input, Tensor) else scalar_tensor(input, dtype=scalar_dtype(input))
    if sorter is not None:
        sorted_sequence = gather(sorted_sequence, -1, sorter)
    rows, shape = sorted_sequence.shape, values.shape
    if len(rows) != 1 and (len(rows) != len(shape) or rows[:-1] != shape[:-1]):
        raise RuntimeError(
            "torch.searchsorted(): boundaries tensor should be 1 dimension or the first N-1 "
            "dimensions of "
            "boundaries tensor and input value tensor must match, but we got boundaries tensor "
            f"{list(rows)} "
            f"and input value tensor {list(shape)}"
        )
    return searched(sorted_sequence, values, right or side == "right", out_int32, out=out)


@composite(method=False)
def bucketize(
    input: Any,
    boundaries: Tensor,
    *,
    out_int32: bool = False,
    right: bool = False,
    out: Tensor | None = None,
) -> Tensor:
    """The bucket between sorted ``boundaries`` that each element falls into.  Shape: (*) -> (*).

    Source: torch.bucketize.
    """
    if boundaries.ndim != 1:
        raise RuntimeError(f"boundaries tensor must be 1 dimension, but got dim({boundaries.ndim})")
    return searchsorted(boundaries, input, out_int32=out_int32, right=right, out=out)


@op(public=False, method=False, differentiable=False)
def among(xp, elements, test_elements, /, invert):
    """Whether each element is one of the test elements."""
    return xp.asarray(xp.isin(elements, test_elements, invert=invert))


@composite(method=False)
def isin(
    elements: Any,
    test_elements: Any,
    *,
    assume_unique: bool = False,
    invert: bool = False,
    out: Tensor | None = None,
) -> Tensor:
    """Whether each element is one of ``test_elements``; one of the two may be a number.

    Shape: (*) -> (*) bool.  Source: torch.isin.
    """
    if not isinstance(elements, Tensor) and not isinstance(test_elements, Tensor):
        raise TypeError("isin() received an invalid combination of arguments: one must be a tensor")
    first, second = [
        value if isinstance(value, Tensor) else scalar_tensor(value, dtype=scalar_dtype(value))
        for value in (elements, test_elements)
    ]
    return among(first, second, invert, out=out)


@composite(method=False)
def unravel_index(indices: Tensor, shape: Sequence[int]) -> tuple[Tensor, ...]:
    """Places in a flattened tensor as an index per dimension of ``shape``.

    Raises TypeError for indices that are not integers.  Source: torch.unravel_index.
    """
    if indices._array.dtype.kind not in "iu":
        raise TypeError(f"expected 'indices' to be integer dtype, but got {indices.dtype}")
    lengths = (shape,) if isinstance(shape, int) else tuple(shape)
    rest, found = indices._array, []
    for length in reversed(lengths):
        found.append(wrap(np.asarray(rest % length)))
        rest = rest // length
    return tuple(reversed(found))


# --- repeated elements ----------------------------------------------------------------------------


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
        name = LEGACY_NAMES[from_numpy(counts.dtype).name]
        raise NotImplementedError(f"\"repeat_interleave_cpu\" not implemented for '{name}'")
    if (counts < 0).any():
        raise RuntimeError("repeats can not be negative")
    return np.repeat(np.arange(counts.size), counts)


def _written(part):
    """The setter behind ``x.real = ...``: writes into that part."""

    def write_part(self, value):
        copy_(part(self), value)

    return write_part


METHODS = {
    "imag": property(imag, _written(imag), doc=imag.__doc__),
    "real": property(real, _written(real), doc=real.__doc__),
    "copy_": copy_,
    "fill_": fill_,
    "fill_diagonal_": fill_diagonal_,
    "where": _where_method,
    "zero_": zero_,
}
