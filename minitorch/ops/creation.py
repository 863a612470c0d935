"""New tensors: from data, filled, in sequence; and the old tensor classes (``FloatTensor``)."""

from __future__ import annotations

import builtins
import functools
import itertools
import math
import operator
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from minitorch import dtypes
from minitorch.autograd.mode import mode
from minitorch.backends import META, meta_array, to_device
from minitorch.device import default_device
from minitorch.device import device as Device
from minitorch.dtypes import from_numpy as dtype_of
from minitorch.fused import fma32, fma64
from minitorch.memory_format import (
    contiguous_format,
    empty_array,
    ordered_copy,
    preserve_format,
    strided,
)
from minitorch.ops._arguments import require_tensor
from minitorch.ops._autocast import full_precision
from minitorch.ops._dims import as_sizes
from minitorch.ops._op import composite, op
from minitorch.ops.conversion import as_dtype, clone, detach, to
from minitorch.ops.elementwise import conj_physical, cos, sin
from minitorch.storage import UntypedStorage, contiguous_strides
from minitorch.tensor import Tensor, wrap

__all__ = [
    "BFloat16Tensor",
    "BoolTensor",
    "ByteTensor",
    "CharTensor",
    "DoubleTensor",
    "FloatTensor",
    "HalfTensor",
    "IntTensor",
    "LongTensor",
    "METHODS",
    "ShortTensor",
    "arange",
    "array_from",
    "as_tensor",
    "asarray",
    "complex",
    "complex_of",
    "empty",
    "empty_like",
    "empty_strided",
    "eye",
    "from_dlpack",
    "from_numpy",
    "frombuffer",
    "full",
    "full_like",
    "is_complex",
    "is_floating_point",
    "is_inference",
    "is_nonzero",
    "is_storage",
    "is_tensor",
    "linspace",
    "logspace",
    "number_array",
    "numel",
    "ones",
    "ones_like",
    "polar",
    "polar_of",
    "range",
    "scalar_dtype",
    "scalar_tensor",
    "set_default_tensor_type",
    "tensor",
    "zeros",
    "zeros_like",
]

# This module defines functions that are called as Python's own.
_complex, _range = builtins.complex, builtins.range

_NUMBERS = (bool, int, float, _complex)


def _finish(array, requires_grad, device, pin_memory=False):
    """The tensor over a new array, where and as the caller asked for it."""
    if pin_memory:
        raise RuntimeError(
            "pin_memory=True requires a CUDA or other accelerator backend; no pinned memory "
            "allocator is available on this system."
        )
    where = default_device() if device is None else Device(device)
    if where is not None:
        array = to_device(array, where)
    made = wrap(array)
    if requires_grad:
        if array.dtype.kind in "iub":
            raise RuntimeError(
                "Only Tensors of floating point and complex dtype can require gradients"
            )
        made._requires_grad = True
    return made


# --- from data ------------------------------------------------------------------------------------


def tensor(
    data: Any,
    *,
    dtype: dtypes.dtype | None = None,
    device: Device | str | None = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """A new tensor that holds a copy of ``data``: numbers, nested sequences, arrays or tensors.

    Without ``dtype``: floats give the default dtype, ints int64, bools bool; arrays and tensors,
    also inside sequences, keep theirs and promote.

    Raises ValueError for ragged nesting, TypeError or RuntimeError for what is no number.
    Source: torch.tensor.
    """
    wanted = None if dtype is None else as_dtype(dtype, "tensor")
    if isinstance(data, Tensor):
        warnings.warn(
            "To copy construct from a tensor, it is recommended to use "
            "sourceTensor.detach().clone() or sourceTensor.detach().clone().requires_grad_(True), "
            "rather than torch.tensor(sourceTensor).",
            stacklevel=2,
        )
    return _finish(array_from(data, wanted, copy=True), requires_grad, device, pin_memory)


def array_from(data, dtype, copy):
    """An array of ``data`` in ``dtype`` (None: inferred); a copy only where needed or asked for."""
    if isinstance(data, Tensor):
        array = data._array
    elif isinstance(data, np.ndarray):
        array = _native(data)
    elif isinstance(data, np.generic):
        array = np.asarray(data)
    elif isinstance(data, _NUMBERS):
        return _filled([data], scalar_dtype(data) if dtype is None else dtype).reshape(())
    else:
        return _sequence_array(data, dtype)
    element = (dtype_of(array.dtype) if dtype is None else dtype).numpy
    return mode.run(array.astype, element, "K", "unsafe", True, copy)


def _native(array):
    """A NumPy array that a tensor can look at, or torch's error."""
    if any(step < 0 for step in array.strides):
        raise ValueError(
            "At least one stride in the given numpy array is negative, and tensors with negative "
            "strides are not currently supported. (You can probably work around this by making a "
            "copy of your array  with array.copy().) "
        )
    if not array.dtype.isnative:
        raise ValueError(
            "given numpy array has byte order different from the native byte order. Conversion "
            "between byte orders is currently not supported."
        )
    dtype_of(array.dtype)
    return array


def number_array(number, dtype):
    """A Python number as a 0-d array of ``dtype`` (None: its own), or an overflow error."""
    if dtype is None:
        dtype = scalar_dtype(number)
    if (
        isinstance(number, _complex)
        and not dtype.is_complex
        or dtype.rank == 1
        and not _fits(number, dtype)
    ):
        name = _OVERFLOW_NAMES.get(dtype.name, dtype.name + "_t")
        raise RuntimeError(f"value cannot be converted to type {name} without overflow")
    return mode.run(np.asarray(number).astype, dtype.numpy)


#: What torch's messages about overflow call element types; the others have ``_t`` behind the name.
_OVERFLOW_NAMES = {
    "bool": "bool",
    "int32": "int",
    "float32": "float",
    "float64": "double",
    "float16": "at::Half",
    "bfloat16": "at::BFloat16",
}


def _fits(number, dtype):
    """Whether an integer dtype holds a number; unsigned ones let negatives wrap, as in torch."""
    limits = dtypes.iinfo(dtype)
    low = limits.min if dtype.is_signed else -limits.max
    return low <= number <= limits.max


def scalar_dtype(number) -> dtypes.dtype:
    """The dtype of a tensor made of a Python number."""
    if isinstance(number, bool):
        return dtypes.bool_
    if isinstance(number, int):
        return dtypes.int64
    default = dtypes.get_default_dtype()
    return default if isinstance(number, float) else default.to_complex()


def _sequence_array(data, dtype):
    """Nested sequences as an array: shape and dtype first, so that errors are torch's."""
    if isinstance(data, (str, bytes)):
        raise TypeError(f"new(): invalid data type '{type(data).__name__}'")
    if not _is_sequence(data):
        raise RuntimeError(f"Could not infer dtype of {type(data).__name__}")
    plain = _plain_numbers(data)
    if plain is not None:
        shape, leaves, kinds = plain
        return _filled(leaves, _promoted(kinds) if dtype is None else dtype).reshape(shape)
    shape = _shape_of(data)
    if dtype is None:
        dtype = _infer_dtype(data) if 0 not in shape else dtypes.get_default_dtype()
    leaves = list(_leaves(data, shape, 0))
    return _filled(leaves, dtype).reshape(shape)


def _plain_numbers(data):
    """The common case without a look at each item: shape, numbers in order, and their classes.

    None where there is more than lists and tuples of one length and Python's numbers, or nothing.
    """
    if not isinstance(data, (list, tuple)):
        return None
    shape, level = [len(data)], data
    while level:
        kinds = {*map(type, level)}
        if kinds <= {bool, int, float}:
            return shape, level, kinds
        if not kinds <= {list, tuple}:
            return None
        lengths = {*map(len, level)}
        if len(lengths) > 1:
            return None
        shape.extend(lengths)
        level = list(itertools.chain.from_iterable(level))
    return None


def _promoted(kinds):
    """The dtype of a tensor of numbers of these classes."""
    return functools.reduce(dtypes.promote_types, [scalar_dtype(kind()) for kind in kinds])


def _is_sequence(data):
    if isinstance(data, (Tensor, dict)):
        return False
    return hasattr(data, "__len__") and hasattr(data, "__getitem__")


def _shape_of(data):
    """The shape that the first elements suggest; a tensor among them counts as one number."""
    shape = []
    while _is_sequence(data) and not isinstance(data, bytes):
        if isinstance(data, str):
            raise ValueError("too many dimensions 'str'")
        if isinstance(data, np.ndarray):
            shape.extend(data.shape)
            break
        shape.append(len(data))
        if not len(data):
            break
        data = data[0]
    return tuple(shape)


def _infer_dtype(data):
    """The dtype that all elements of nested sequences promote to."""
    if isinstance(data, (np.ndarray, np.generic)):
        return dtype_of(data.dtype)
    if isinstance(data, Tensor):
        return data.dtype
    if isinstance(data, _NUMBERS):
        return scalar_dtype(data)
    if isinstance(data, (str, bytes)):
        raise TypeError(f"new(): invalid data type '{type(data).__name__}'")
    if not _is_sequence(data):
        raise RuntimeError(f"Could not infer dtype of {_type_name(data)}")
    kinds = set(map(type, data))
    if kinds <= {bool, int, float}:
        # The common case, without a look at each number.
        found = [scalar_dtype(kind()) for kind in kinds]
    else:
        if kinds and all(issubclass(kind, np.ndarray) for kind in kinds):
            warnings.warn(
                "Creating a tensor from a list of numpy.ndarrays is extremely slow. Please "
                "consider "
                "converting the list to a single numpy.ndarray with numpy.array() before "
                "converting "
                "to a tensor.",
                stacklevel=5,
            )
        found = [_infer_dtype(item) for item in data]
    if not found:
        return dtypes.get_default_dtype()
    result = found[0]
    for other in found[1:]:
        result = dtypes.promote_types(result, other)
    return result


def _type_name(value):
    return "torch.dtype" if isinstance(value, dtypes.dtype) else type(value).__name__


def _leaves(data, shape, depth):
    """The numbers of nested sequences in order, checked against ``shape``."""
    if depth == len(shape):
        yield _leaf(data, depth)
    elif isinstance(data, np.ndarray) and data.shape == shape[depth:]:
        yield from data.reshape(-1).tolist()
    elif not _is_sequence(data):
        raise TypeError("not a sequence")
    elif len(data) != shape[depth]:
        raise ValueError(
            f"expected sequence of length {shape[depth]} at dim {depth} (got {len(data)})"
        )
    elif depth + 1 == len(shape) and {*map(type, data)} <= {bool, int, float}:
        yield from data
    else:
        for item in data:
            yield from _leaves(item, shape, depth + 1)


def _leaf(value, depth):
    """What stands where a number must stand."""
    if isinstance(value, Tensor):
        if value.numel() != 1:
            if value.dtype.rank >= 2:
                raise ValueError("only one element tensors can be converted to Python scalars")
            raise TypeError("only integer tensors of a single element can be converted to an index")
        return value.item()
    if isinstance(value, (str, bytes)):
        raise ValueError(f"too many dimensions '{type(value).__name__}'")
    if isinstance(value, np.ndarray) and value.size == 1:
        return value.item()
    if _is_sequence(value):
        raise TypeError(f"'{type(value).__name__}' object cannot be interpreted as an integer")
    return value


def _filled(leaves, dtype):
    """A list of numbers as a flat array, with torch's overflow errors."""
    element = dtype.numpy
    if not len(leaves):
        return np.empty(0, element)
    numbers = np.asarray(leaves)
    if numbers.dtype.kind in ("uOfc" if dtype.rank == 1 else "uO"):
        # Of integers that no integer type holds NumPy makes other things, floats among them.
        numbers = _mixed(leaves, dtype)
    kind = numbers.dtype.kind
    if kind == "c" and dtype.rank in (1, 2):
        raise TypeError(
            "must be real number, not complex"
            if dtype.rank == 2
            else "'complex' object cannot be interpreted as an integer"
        )
    if dtype.rank == 1 and kind in "fi":
        # torch: a negative number wraps around in an unsigned dtype, others must fit.
        info = np.iinfo(element)
        low = np.iinfo(f"i{info.dtype.itemsize}").min if info.min == 0 else info.min
        if not ((numbers >= low) & (numbers <= info.max)).all():
            raise RuntimeError(f"value cannot be converted to type {dtype.name} without overflow")
        if kind == "f":
            numbers = numbers.astype(np.int64)
    return mode.run(numbers.astype, element)


def _mixed(leaves, dtype):
    """Numbers that NumPy holds as objects, as numbers of the widest kind among them."""
    converted, beyond = [], False
    for leaf in leaves:
        if isinstance(leaf, (str, bytes)):
            raise TypeError(f"new(): invalid data type '{type(leaf).__name__}'")
        if not isinstance(leaf, (*_NUMBERS, np.generic)):
            raise RuntimeError(f"Could not infer dtype of {_type_name(leaf)}")
        if isinstance(leaf, int) and not -(2**63) <= leaf < 2**63:
            if dtype.rank == 1:
                raise ValueError("Overflow when unpacking long long")
            beyond = True
        converted.append(leaf)
    kinds = {0: np.int64, 1: np.int64, 2: np.float64, 3: np.complex128}
    widest = max(
        2 if beyond else 0,
        *[scalar_dtype(x).rank if isinstance(x, _NUMBERS) else dtype.rank for x in converted],
    )
    return np.array(converted, kinds[widest])


def as_tensor(
    data: Any, *, dtype: dtypes.dtype | None = None, device: Device | str | None = None
) -> Tensor:
    """``data`` as a tensor, sharing memory with an array or tensor where dtype and device allow it.

    Source: torch.as_tensor.
    """
    wanted = None if dtype is None else as_dtype(dtype, "as_tensor")
    if isinstance(data, Tensor):
        return to(data, data.device if device is None else device, wanted)
    if isinstance(data, np.ndarray) and (wanted is None or wanted.numpy == data.dtype):
        return _finish(from_numpy(data)._array, False, device)
    return _finish(array_from(data, wanted, copy=True), False, device)


def asarray(
    obj: Any,
    *,
    dtype: dtypes.dtype | None = None,
    device: Device | str | None = None,
    copy: bool | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """Any object as a tensor: shares memory where it can, unless ``copy`` says otherwise.

    Raises ValueError where ``copy=False`` cannot be kept.  Source: torch.asarray.
    """
    if isinstance(obj, (Tensor, np.ndarray)):
        made = obj if isinstance(obj, Tensor) else from_numpy(obj)
        changed = to(made, made.device if device is None else device, dtype)
        if changed is not made and copy is False:
            raise ValueError(
                f"can't alias tensor with dtype '{made.dtype}' into dtype '{changed.dtype}'."
            )
        if copy and changed is made:
            changed = clone(made)
        if requires_grad and not changed.requires_grad:
            changed = detach(changed).requires_grad_()
        elif not requires_grad and changed.requires_grad and not isinstance(obj, Tensor):
            changed = detach(changed)
        return changed
    if copy is False:
        raise ValueError("can't alias arbitrary sequence into a tensor.")
    return tensor(obj, dtype=dtype, device=device, requires_grad=requires_grad)


class _Memory:
    """What a tensor made of an array has as its storage.

    It begins at the array's first element, as in torch, wherever the array lies in others."""

    __slots__ = ("array", "__array_interface__")

    def __init__(self, array):
        self.array = array
        self.__array_interface__ = array.__array_interface__


def from_numpy(ndarray: np.ndarray) -> Tensor:
    """A tensor that shares the memory of a NumPy array: writes to one are seen in the other.

    Raises TypeError for other objects and for dtypes that no tensor has, ValueError for negative
    strides or a foreign byte order.  Source: torch.from_numpy.
    """
    if not isinstance(ndarray, np.ndarray):
        raise TypeError(f"expected np.ndarray (got {_qualified(type(ndarray))})")
    array = _native(ndarray)
    if not array.flags.writeable:
        _warn_not_writable("NumPy array")
    if array.base is not None or type(array) is not np.ndarray:
        array = np.asarray(_Memory(array)).view(array.dtype)
    return wrap(array)


def _qualified(cls):
    return cls.__name__ if cls.__module__ == "builtins" else f"{cls.__module__}.{cls.__name__}"


def _warn_not_writable(what):
    warnings.warn(
        f"The given {what} is not writable, and PyTorch does not support non-writable tensors. "
        "This "
        "means writing to this tensor will fail. You may want to copy the array to protect its "
        "data "
        "or make it writable before converting it to a tensor.",
        stacklevel=3,
    )


def from_dlpack(ext_tensor: Any) -> Tensor:
    """A tensor that shares the memory of any object with ``__dlpack__``.

    Source: torch.from_dlpack.
    """
    if isinstance(ext_tensor, Tensor):
        return detach(ext_tensor)
    return wrap(np.from_dlpack(ext_tensor))


def frombuffer(
    buffer: Any,
    *,
    dtype: dtypes.dtype,
    count: int = -1,
    offset: int = 0,
    requires_grad: bool = False,
) -> Tensor:
    """A flat tensor over the bytes of a buffer, from ``offset`` (in bytes) on.

    Raises ValueError where the elements do not fit.  Source: torch.frombuffer.
    """
    view = memoryview(buffer)
    length, size = view.nbytes, dtype.itemsize
    if not length or not count:
        raise ValueError(f"both buffer length ({length}) and count ({count}) must not be 0")
    if not 0 <= offset < length:
        raise ValueError(
            f"offset ({offset} bytes) must be non-negative and no greater than buffer length "
            f"({length} bytes) minus 1"
        )
    if count < 0 and (length - offset) % size:
        raise ValueError(
            f"buffer length ({length} bytes) after offset ({offset} bytes) must be a multiple of "
            f"element size ({size})"
        )
    if count > 0 and count * size > length - offset:
        raise ValueError(
            f"requested buffer length ({count} * {size} bytes) after offset ({offset} bytes) must "
            "not "
            f"be greater than actual buffer length ({length} bytes)"
        )
    if view.readonly:
        _warn_not_writable("buffer")
    return _finish(np.frombuffer(view, dtype.numpy, count, offset), requires_grad, "cpu")


def scalar_tensor(
    s: Any, *, dtype=None, layout=None, device=None, pin_memory=False, requires_grad=False
) -> Tensor:
    """A 0-d tensor of one number, in the default dtype unless ``dtype`` is given.

    Source: torch.scalar_tensor.
    """
    wanted = dtypes.get_default_dtype() if dtype is None else as_dtype(dtype, "scalar_tensor")
    return _finish(array_from(s, wanted, copy=True), requires_grad, device, pin_memory)


# --- filled ---------------------------------------------------------------------------------------


def _filler(name, value, doc):
    """``zeros``, ``ones`` or ``empty``: sizes loose or as one sequence."""

    def make(
        *size,
        out=None,
        dtype=None,
        layout=strided,
        device=None,
        pin_memory=False,
        requires_grad=False,
        memory_format=contiguous_format,
        names=None,
    ):
        shape = _shape_argument(size, name)
        element = _element(dtype, name)
        _check_new(name, layout, names)
        if out is not None:
            return _resized(out, shape, value)
        return _finish(
            _new_array(shape, element, value, memory_format, device),
            requires_grad,
            device,
            pin_memory,
        )

    make.__name__ = make.__qualname__ = name
    make.__doc__ = doc
    return _accept_size(make)


def _accept_size(make):
    """``zeros(size=(2, 3))`` as well as ``zeros(2, 3)``."""

    def function(*args, size=None, **kwargs):
        if size is not None:
            args = (*args, size)
        return make(*args, **kwargs)

    function.__name__ = function.__qualname__ = make.__name__
    function.__doc__ = make.__doc__
    return function


def _shape_argument(size, name):
    if not size:
        raise TypeError(f'{name}() missing 1 required positional arguments: "size"')
    shape = as_sizes(size[0] if len(size) == 1 else size, name)
    return _check_shape(shape, name)


def _check_shape(shape, name):
    if any(length < 0 for length in shape):
        if name == "zeros":
            raise RuntimeError("zeros: Dimension size must be non-negative.")
        wrong = next(length for length in shape if length < 0)
        raise RuntimeError(
            f"Trying to create tensor with negative dimension {wrong}: {list(shape)}"
        )
    return shape


def _element(dtype, name):
    return (dtypes.get_default_dtype() if dtype is None else as_dtype(dtype, name)).numpy


def _check_new(name, layout, names=None):
    if names is not None:
        raise NotImplementedError(f"{name}(names=...): named tensors are not available")
    if layout is not None and layout is not strided:
        raise NotImplementedError(f"{name}(layout={layout!r}): only strided tensors are available")


def _is_meta(device):
    where = default_device() if device is None else Device(device)
    return where is not None and where.type == "meta"


def _new_array(shape, element, value, format=contiguous_format, device=None):
    if _is_meta(device):
        return empty_array(META, shape, element, format)
    if format in (contiguous_format, preserve_format):
        if value is None:
            return np.empty(shape, element)
        return np.zeros(shape, element) if value == 0 else np.full(shape, value, element)
    made = empty_array(np, shape, element, format)
    if value is not None:
        made[...] = value
    return made


def _resized(out, shape, value):
    """``out`` with another shape (new memory) where it has not that one yet, filled."""
    if out._array.shape != shape:
        out._array = np.empty(shape, out._array.dtype)
    if value is not None:
        out._array[...] = value
    out._counter[0] += 1
    return out


zeros = _filler(
    "zeros",
    0,
    """A tensor of zeros, ``zeros(2, 3)`` or ``zeros((2, 3))``.

    Shape: () -> ``size``.  Raises RuntimeError for a negative length.  Source: torch.zeros.
    """,
)
ones = _filler(
    "ones",
    1,
    """A tensor of ones, ``ones(2, 3)`` or ``ones((2, 3))``.

    Shape: () -> ``size``.  Raises RuntimeError for a negative length.  Source: torch.ones.
    """,
)
empty = _filler(
    "empty",
    None,
    """A tensor of uninitialised memory, ``empty(2, 3)`` or ``empty((2, 3))``.

    Shape: () -> ``size``.  Raises RuntimeError for a negative length.  Source: torch.empty.
    """,
)


def full(
    size: Sequence[int],
    fill_value: Any,
    *,
    out: Tensor | None = None,
    dtype=None,
    layout=strided,
    device=None,
    pin_memory=False,
    requires_grad: bool = False,
    names=None,
) -> Tensor:
    """A tensor of one value; without ``dtype`` in the dtype of that value.

    Shape: () -> ``size``.  Source: torch.full.
    """
    if not isinstance(size, (tuple, list)):
        raise TypeError(
            f"full(): argument 'size' (position 1) must be tuple of ints, not {type(size).__name__}"
        )
    shape = _check_shape(as_sizes(size, "full"), "full")
    _check_new("full", layout, names)
    value = _number(fill_value, "full", "fill_value", 2)
    if out is not None:
        return _resized(out, shape, value)
    wanted = scalar_dtype(value) if dtype is None else as_dtype(dtype, "full")
    array = _new_array(shape, wanted.numpy, number_array(value, wanted), device=device)
    return _finish(array, requires_grad, device, pin_memory)


def _number(value, name, argument, position):
    """A Python number given as such, as a NumPy scalar or as a 0-d tensor."""
    if isinstance(value, _NUMBERS):
        return value
    if isinstance(value, np.generic) or isinstance(value, Tensor) and not value.ndim:
        return value.item()
    raise TypeError(
        f"{name}(): argument '{argument}' (position {position}) must be Number, not "
        f"{type(value).__name__}"
    )


def _new_like(name, input, value, dtype, layout, device, requires_grad, format):
    require_tensor(input, name)
    _check_new(name, layout)
    array = input._array
    element = array.dtype if dtype is None else as_dtype(dtype, name).numpy
    device = input.device if device is None else device
    if _is_meta(device):
        made = meta_array(array.shape, element)
        return _finish(
            made if format is None else ordered_copy(META, made, format), requires_grad, device
        )
    if format in (None, preserve_format):
        made = _empty_as(array, element)
    else:
        made = empty_array(np, array.shape, element, format)
    if value is not None:
        made[...] = value
    return _finish(made, requires_grad, device)


def _empty_as(array, element):
    """Uninitialised memory in the order of ``array``, which need not be dense."""
    if array.flags.c_contiguous:
        return np.empty(array.shape, element)
    # torch: an overlapping (expanded) tensor gives a row-major one.
    order = "C" if 0 in array.strides else "K"
    return np.empty_like(array, element, order, subok=False)


def zeros_like(
    input: Tensor,
    *,
    dtype=None,
    layout=None,
    device=None,
    pin_memory=False,
    requires_grad: bool = False,
    memory_format=preserve_format,
) -> Tensor:
    """Zeros in the shape, dtype and memory order of ``input``.  Source: torch.zeros_like."""
    return _new_like("zeros_like", input, 0, dtype, layout, device, requires_grad, memory_format)


def ones_like(
    input: Tensor,
    *,
    dtype=None,
    layout=None,
    device=None,
    pin_memory=False,
    requires_grad: bool = False,
    memory_format=preserve_format,
) -> Tensor:
    """Ones in the shape, dtype and memory order of ``input``.  Source: torch.ones_like."""
    return _new_like("ones_like", input, 1, dtype, layout, device, requires_grad, memory_format)


def empty_like(
    input: Tensor,
    *,
    dtype=None,
    layout=None,
    device=None,
    pin_memory=False,
    requires_grad: bool = False,
    memory_format=preserve_format,
) -> Tensor:
    """Uninitialised memory in the shape, dtype and memory order of ``input``.

    Source: torch.empty_like.
    """
    return _new_like("empty_like", input, None, dtype, layout, device, requires_grad, memory_format)


def full_like(
    input: Tensor,
    fill_value: Any,
    *,
    dtype=None,
    layout=None,
    device=None,
    pin_memory=False,
    requires_grad: bool = False,
    memory_format=preserve_format,
) -> Tensor:
    """One value in the shape, dtype and memory order of ``input``.  Source: torch.full_like."""
    value = _number(fill_value, "full_like", "fill_value", 2)
    if isinstance(input, Tensor):
        value = number_array(value, input.dtype if dtype is None else as_dtype(dtype, "full_like"))
    return _new_like("full_like", input, value, dtype, layout, device, requires_grad, memory_format)


def empty_strided(
    size: Sequence[int],
    stride: Sequence[int],
    *,
    dtype=None,
    layout=None,
    device=None,
    requires_grad: bool = False,
    pin_memory=False,
) -> Tensor:
    """Uninitialised memory seen with the given shape and strides (in elements).

    Raises RuntimeError if the two have different lengths.  Source: torch.empty_strided.
    """
    shape, strides = as_sizes(size, "empty_strided"), as_sizes(stride, "empty_strided", "stride")
    if len(shape) != len(strides):
        raise RuntimeError(
            f"dimensionality of sizes ({len(shape)}) must match dimensionality of strides "
            f"({len(strides)})"
        )
    element = _element(dtype, "empty_strided")
    if _is_meta(device):
        steps = [step * element.itemsize for step in strides]
        array = META.lib.stride_tricks.as_strided(meta_array(shape, element), shape, steps)
        return _finish(array, requires_grad, device, pin_memory)
    if strides == contiguous_strides(shape):
        return _finish(np.empty(shape, element), requires_grad, device, pin_memory)
    span = sum((length - 1) * step for length, step in zip(shape, strides, strict=True)) + 1
    memory = np.empty(0 if 0 in shape else span, element)
    steps = [step * memory.itemsize for step in strides]
    array = np.lib.stride_tricks.as_strided(memory, shape, steps)
    return _finish(array, requires_grad, device, pin_memory)


def eye(
    n: int,
    m: int | None = None,
    *,
    out: Tensor | None = None,
    dtype=None,
    layout=strided,
    device=None,
    pin_memory=False,
    requires_grad: bool = False,
) -> Tensor:
    """The identity matrix, with ``m`` columns if given.

    Shape: () -> (n, m).  Source: torch.eye.
    """
    rows = _int_argument(n, "eye", "n", 1)
    columns = rows if m is None else _int_argument(m, "eye", "m", 2)
    for name, length in (("n", rows), ("m", columns)):
        if length < 0:
            raise RuntimeError(f"{name} must be greater or equal to 0, got {length}")
    array = np.eye(rows, columns, dtype=_element(dtype, "eye"))
    if out is not None:
        return _resized(out, array.shape, array)
    return _finish(array, requires_grad, device, pin_memory)


def _int_argument(value, name, argument, position):
    try:
        return operator.index(value)
    except TypeError:
        raise TypeError(
            f"{name}(): argument '{argument}' (position {position}) must be int, not "
            f"{type(value).__name__}"
        ) from None


# --- in sequence ----------------------------------------------------------------------------------


def arange(
    *args,
    start: Any = None,
    end: Any = None,
    step: Any = None,
    out: Tensor | None = None,
    dtype=None,
    layout=strided,
    device=None,
    pin_memory=False,
    requires_grad: bool = False,
) -> Tensor:
    """Numbers from ``start`` to ``end``, without it: ``arange(5)``, ``arange(1, 5, 2)``.

    Without ``dtype``: int64 if all are ints, else the default dtype.
    Shape: () -> (ceil((end - start) / step)).  Raises RuntimeError for a zero step or one with the
    wrong sign.  Source: torch.arange.
    """
    start, end, step = _range_arguments("arange", args, start, end, step)
    numbers = (start, end, step)
    if dtype is None:
        wanted = (
            dtypes.get_default_dtype()
            if any(isinstance(n, float) for n in numbers)
            else dtypes.int64
        )
        wanted = wanted if out is None else out.dtype
    else:
        wanted = as_dtype(dtype, "arange")
    if wanted.rank in (0, 3):
        raise NotImplementedError(f"\"arange_cpu\" not implemented for '{wanted.legacy_name}'")
    _check_range(start, end, step)
    if wanted.rank == 1:
        start, end, step = int(start), int(end), int(step)
        if not step:
            raise ValueError("step must be nonzero")
        count = max(-((start - end) // step), 0)
    else:
        count = math.ceil((end - start) / step)
    array = mode.run(_sequence, start, step, count, wanted.numpy)
    if out is not None:
        return _resized(out, array.shape, array)
    return _finish(array, requires_grad, device, pin_memory)


def _range_arguments(name, args, start, end, step):
    """(start, end, step) of ``f(end)``, ``f(start, end)`` and ``f(start, end, step)``."""
    if len(args) > 3:
        raise TypeError(f"{name}() takes at most 3 positional arguments ({len(args)} given)")
    if len(args) == 1 and end is None and start is None:
        end = args[0]
    else:
        given = [value for value in (start, end, step)]
        for at, value in enumerate(args):
            given[at] = value
        start, end, step = given
    if end is None:
        raise TypeError(
            f"{name}() received an invalid combination of arguments - got {len(args)}, but "
            "expected one of: "
            "(Number end), (Number start, Number end) or (Number start, Number end, Number step)"
        )
    only_end = len(args) == 1
    return (
        _number(0 if start is None else start, name, "start", 1),
        _number(end, name, "end", 1 if only_end else 2),
        _number(1 if step is None else step, name, "step", 3),
    )


def _check_range(start, end, step):
    if not step:
        raise RuntimeError("step must be nonzero")
    if not (math.isfinite(start) and math.isfinite(end)):
        raise RuntimeError(f"unsupported range: {start} -> {end}")
    if (end - start) * step < 0:
        raise RuntimeError("upper bound and lower bound inconsistent with step sign")


def _sequence(start, step, count, element):
    """``start + i * step``, rounded as torch does."""
    index = np.arange(count)
    if element.kind in "iu":
        return (start + step * index).astype(element)
    if element.itemsize < 4:
        return (start + step * index.astype(np.float64)).astype(element)
    # torch: vector registers are filled, two at a time, from the rounded number at their start; the
    # rest goes one by one.  Products and sums are rounded once.
    width = 32 // element.itemsize
    first = index - index % width
    loose = count - count % (2 * width)
    first[loose:] = index[loose:]
    begin = fma64(first.astype(np.float64), float(step), float(start))
    begin = begin.astype(element).astype(np.float64)
    return fma64((index - first).astype(np.float64), float(step), begin).astype(element)


def range(
    *args,
    start: Any = None,
    end: Any = None,
    step: Any = None,
    out: Tensor | None = None,
    dtype=None,
    layout=strided,
    device=None,
    pin_memory=False,
    requires_grad: bool = False,
) -> Tensor:
    """Numbers from ``start`` to ``end``, with it.  Deprecated, as in torch: use ``arange``.

    Source: torch.range.
    """
    start, end, step = _range_arguments("range", args, start, end, step)
    _check_range(start, end, step)
    warnings.warn(
        "torch.range is deprecated and will be removed in a future release because its behavior is "
        "inconsistent with Python's range builtin. Instead, use torch.arange, which produces "
        "values "
        "in [start, end).",
        stacklevel=2,
    )
    count = int((end - start) / step) + 1
    array = mode.run(_sequence, start, step, count, _element(dtype, "range"))
    if out is not None:
        return _resized(out, array.shape, array)
    return _finish(array, requires_grad, device, pin_memory)


def linspace(
    start: Any,
    end: Any,
    steps: int,
    *,
    out: Tensor | None = None,
    dtype=None,
    layout=strided,
    device=None,
    pin_memory=False,
    requires_grad: bool = False,
) -> Tensor:
    """``steps`` numbers from ``start`` to ``end``, with it, evenly spaced.

    Shape: () -> (steps).  Raises RuntimeError for a negative number of steps.  Source:
    torch.linspace.
    """
    start, end, steps = _space_arguments("linspace", start, end, steps)
    wanted = _space_dtype("linspace", start, end, dtype, out)
    array = mode.run(_evenly, start, end, steps, wanted.numpy)
    if out is not None:
        return _resized(out, array.shape, array)
    return _finish(array, requires_grad, device, pin_memory)


def logspace(
    start: Any,
    end: Any,
    steps: int,
    base: float = 10.0,
    *,
    out: Tensor | None = None,
    dtype=None,
    layout=strided,
    device=None,
    pin_memory=False,
    requires_grad: bool = False,
) -> Tensor:
    """``steps`` numbers from ``base ** start`` to ``base ** end``, evenly spaced in the exponent.

    Shape: () -> (steps).  Raises RuntimeError for a negative number of steps.  Source:
    torch.logspace.
    """
    start, end, steps = _space_arguments("logspace", start, end, steps)
    wanted = _space_dtype("logspace", start, end, dtype, out)
    exact = np.complex128 if wanted.is_complex else np.float64
    exponents = mode.run(_evenly, start, end, steps, np.dtype(exact))
    array = mode.run(np.power, base, exponents).astype(wanted.numpy)
    if out is not None:
        return _resized(out, array.shape, array)
    return _finish(array, requires_grad, device, pin_memory)


def _space_arguments(name, start, end, steps):
    ranks = [value.ndim if isinstance(value, Tensor) else 0 for value in (start, end)]
    if any(ranks):
        raise RuntimeError(
            f"{name} only supports 0-dimensional start and end tensors, but got start with "
            f"{ranks[0]} "
            f"dimension(s) and end with {ranks[1]} dimension(s)."
        )
    steps = _int_argument(steps, name, "steps", 3)
    if steps < 0:
        raise RuntimeError("number of steps must be non-negative")
    return _number(start, name, "start", 1), _number(end, name, "end", 2), steps


def _space_dtype(name, start, end, dtype, out):
    if out is not None and dtype is None:
        return out.dtype
    if dtype is not None:
        return as_dtype(dtype, name)
    default = dtypes.get_default_dtype()
    return (
        default.to_complex()
        if isinstance(start, _complex) or isinstance(end, _complex)
        else default
    )


def _evenly(start, end, steps, element):
    """``steps`` numbers, counted from both ends to the middle as torch does, so both are exact."""
    if steps == 1:
        return np.full(1, start, element)
    index = np.arange(steps)
    if element.kind in "iu":
        low, high = int(start), int(end)
        step = np.float32(high - low) / np.float32(max(steps - 1, 1))
        rising, falling = low + step * index, high - step * (steps - 1 - index)
        # torch: each end is taken in the integer dtype, and the fraction is dropped.
        return np.where(index < steps // 2, np.trunc(rising), np.trunc(falling)).astype(element)
    exact = element if element.itemsize >= 4 and element.kind in "fc" else np.dtype(np.float32)
    low, high = exact.type(start), exact.type(end)
    step = (high - low) / exact.type(max(steps - 1, 1))
    down = steps - 1 - index
    if exact.kind == "c":
        rising, falling = low + step * index, high - step * down
    else:
        fma = fma32 if exact.itemsize == 4 else fma64
        rising, falling = fma(index.astype(exact), step, low), fma(down.astype(exact), -step, high)
    return np.where(index < steps // 2, rising, falling).astype(element)


# --- complex numbers ------------------------------------------------------------------------------


@op(public=False, method=False, node="ComplexBackward0")
def complex_of(xp, real, imag, /):
    """``real + imag * 1j``."""
    shape = xp.broadcast_shapes(real.shape, imag.shape)
    joined = xp.empty(shape, "c8" if real.itemsize <= 4 else "c16")
    joined.real[...] = real
    joined.imag[...] = imag
    return joined


complex_of.vjp(real=lambda g: g, imag=lambda g: g * -1j)


@composite(method=False)
def complex(real: Tensor, imag: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Complex numbers of their real and imaginary parts.  Shape: broadcast.

    Raises RuntimeError unless both are of one floating point dtype.  Source: torch.complex.
    """
    _check_parts(real, imag)
    return complex_of(real, imag, out=out)


def _check_parts(first, second):
    if not (first.dtype.is_floating_point and second.dtype.is_floating_point):
        names = [x.dtype.legacy_name for x in (first, second)]
        raise RuntimeError(
            f"Expected both inputs to be Half, Float or Double tensors but got {names[0]} and "
            f"{names[1]}"
        )
    if first.dtype is not second.dtype:
        raise RuntimeError(
            f"Expected object of scalar type {first.dtype.legacy_name} but got scalar type "
            f"{second.dtype.legacy_name} for second argument"
        )


@op(public=False, method=False, node="PolarBackward0")
def polar_of(xp, abs, angle, /):
    """``abs * e ** (angle * 1j)``."""
    return complex_of.op.body(xp, abs * xp.cos(angle), abs * xp.sin(angle))


polar_of.vjp(
    abs=lambda g, angle: g * (cos(angle) - sin(angle) * 1j),
    angle=lambda g, out: g * (conj_physical(out) * -1j),
)


@composite(method=False)
@full_precision
def polar(abs: Tensor, angle: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Complex numbers of their absolute values and angles, in radians.  Shape: broadcast.

    Raises RuntimeError unless both are of one floating point dtype.  Source: torch.polar.
    """
    _check_parts(abs, angle)
    return polar_of(abs, angle, out=out)


# --- like a tensor --------------------------------------------------------------------------------


def _new_tensor(self, data, *, dtype=None, device=None, requires_grad=False, pin_memory=False):
    """A new tensor of ``data`` in this tensor's dtype.  Source: torch.Tensor.new_tensor."""
    wanted = self.dtype if dtype is None else dtype
    return tensor(
        data,
        dtype=wanted,
        device=self.device if device is None else device,
        requires_grad=requires_grad,
        pin_memory=pin_memory,
    )


def _new_filler(name, make):
    def method(
        self,
        *size,
        dtype=None,
        device=None,
        requires_grad=False,
        layout=strided,
        pin_memory=False,
        **named,
    ):
        return make(
            *size,
            dtype=self.dtype if dtype is None else dtype,
            device=self.device if device is None else device,
            requires_grad=requires_grad,
            layout=layout,
            pin_memory=pin_memory,
            **named,
        )

    method.__name__ = method.__qualname__ = name
    method.__doc__ = f"``{name[4:]}`` in this tensor's dtype.  Source: torch.Tensor.{name}."
    return method


def _new(self, *args):
    """A tensor of this dtype as its class would make it: sizes, or data.

    Source: torch.Tensor.new.
    """
    return _legacy(self.dtype, args)


# --- the old tensor classes -----------------------------------------------------------------------


class _LegacyClass(type):
    """Makes ``isinstance(x, FloatTensor)`` ask for the dtype."""

    dtype: dtypes.dtype

    def __instancecheck__(cls, instance):
        return isinstance(instance, Tensor) and instance.dtype is cls.dtype

    def __call__(cls, *args, device=None):
        return _legacy(cls.dtype, args)

    def __repr__(cls):
        return f"<class 'torch.{cls.__name__}'>"


def _legacy(dtype, args):
    """``FloatTensor(2, 3)`` (uninitialised), ``FloatTensor([1, 2])``, ``FloatTensor(tensor)``."""
    if not args:
        return wrap(np.empty(0, dtype.numpy))
    if len(args) == 1 and not isinstance(args[0], int):
        data = args[0]
        if isinstance(data, Tensor):
            if data.dtype is not dtype:
                raise TypeError(f"expected a tensor of {dtype} (got {data.dtype})")
            return detach(data)
        if isinstance(data, float):
            raise TypeError("new(): data must be a sequence (got float)")
        if not _is_size(data):
            return wrap(array_from(data, dtype, copy=True))
        args = tuple(data)
    return wrap(np.empty(_check_shape(as_sizes(args, "new"), "new"), dtype.numpy))


def _is_size(data):
    return type(data).__name__ == "Size"


def _legacy_class(name):
    dtype = dtypes.from_class_name(f"torch.{name}")
    doc = (
        f"The old class of tensors of {dtype}: a constructor, and a type to ask for with "
        "isinstance.\n\n"
        f"    Source: torch.{name}.\n    "
    )
    return _LegacyClass(
        name, (), {"dtype": dtype, "is_cuda": False, "__doc__": doc, "__module__": "torch"}
    )


BFloat16Tensor = _legacy_class("BFloat16Tensor")
BoolTensor = _legacy_class("BoolTensor")
ByteTensor = _legacy_class("ByteTensor")
CharTensor = _legacy_class("CharTensor")
DoubleTensor = _legacy_class("DoubleTensor")
FloatTensor = _legacy_class("FloatTensor")
HalfTensor = _legacy_class("HalfTensor")
IntTensor = _legacy_class("IntTensor")
LongTensor = _legacy_class("LongTensor")
ShortTensor = _legacy_class("ShortTensor")


def set_default_tensor_type(t: str | type) -> None:
    """Make the dtype of an old tensor class the default.  Deprecated, as in torch.

    Raises TypeError unless it is floating point.  Source: torch.set_default_tensor_type.
    """
    if hasattr(t, "cuda_dtype"):
        raise _no_cuda_type(f"torch.cuda.{getattr(t, '__name__', t)}")
    dtype = getattr(t, "dtype", None)
    if isinstance(t, str):
        dtype = dtypes.from_class_name(t)
        if dtype is None and t.startswith("torch.cuda."):
            raise _no_cuda_type(t)
        if dtype is None:
            raise TypeError(f"invalid type: '{t}'")
    if not isinstance(dtype, dtypes.dtype) or not dtype.is_floating_point:
        raise TypeError("only floating-point types are supported as the default type")
    warnings.warn(
        "torch.set_default_tensor_type() is deprecated as of PyTorch 2.1, please use "
        "torch.set_default_dtype() and torch.set_default_device() as alternatives.",
        stacklevel=2,
    )
    dtypes.set_default_dtype(dtype)


def _no_cuda_type(name):
    return TypeError(f"type {name} not available. Torch not compiled with CUDA enabled.")


# --- questions ------------------------------------------------------------------------------------


def is_tensor(obj: Any) -> bool:
    """Whether ``obj`` is a tensor.  Source: torch.is_tensor."""
    return isinstance(obj, Tensor)


def _asked(input, name):
    require_tensor(input, name)
    return input


def numel(input: Tensor) -> int:
    """The number of elements.  Source: torch.numel."""
    return _asked(input, "numel").numel()


def is_floating_point(input: Tensor) -> bool:
    """Whether the elements are floating point.  Source: torch.is_floating_point."""
    return _asked(input, "is_floating_point").is_floating_point()


def is_complex(input: Tensor) -> bool:
    """Whether the elements are complex.  Source: torch.is_complex."""
    return _asked(input, "is_complex").is_complex()


def is_inference(input: Tensor) -> bool:
    """Whether the tensor was made in inference mode: never, see docs/divergences.md.

    Source: torch.is_inference.
    """
    return _asked(input, "is_inference").is_inference()


def is_storage(obj: Any) -> bool:
    """Whether ``obj`` is the memory behind a tensor.  Source: torch.is_storage."""
    return isinstance(obj, UntypedStorage)


def is_nonzero(input: Tensor) -> bool:
    """Whether the only element is not zero.  Raises RuntimeError if there is not exactly one.

    Source: torch.is_nonzero.
    """
    return bool(_asked(input, "is_nonzero"))


METHODS = {
    "is_nonzero": is_nonzero,
    "new": _new,
    "new_empty": _new_filler("new_empty", empty),
    "new_empty_strided": _new_filler("new_empty_strided", empty_strided),
    "new_full": _new_filler("new_full", full),
    "new_ones": _new_filler("new_ones", ones),
    "new_tensor": _new_tensor,
    "new_zeros": _new_filler("new_zeros", zeros),
}
