"""Other element types, other memory orders, other devices; and copies in and out of the graph."""

from __future__ import annotations

import builtins
from typing import Any

from minitorch import dtypes
from minitorch.backends import is_array, to_device
from minitorch.device import device as Device
from minitorch.dtypes import result_type_of
from minitorch.memory_format import (
    contiguous_format,
    memory_format,
    ordered_copy,
    preserve_format,
    strided,
)
from minitorch.ops._op import composite, op
from minitorch.tensor import Tensor, wrap

__all__ = [
    "METHODS",
    "PROPERTIES",
    "as_dtype",
    "bfloat16",
    "bool",
    "byte",
    "can_cast",
    "cast_copy",
    "cdouble",
    "cfloat",
    "char",
    "clone",
    "contiguous",
    "cpu",
    "cuda",
    "detach",
    "detach_",
    "double",
    "float",
    "half",
    "int",
    "long",
    "result_type",
    "short",
    "to",
    "type",
    "type_as",
]

# This module defines methods that are called as Python's own types are.
_bool, _int, _float, _complex, _type = bool, int, float, complex, type


def as_dtype(dtype, name: str = "to") -> dtypes.dtype:
    """A dtype given as such or as a Python type, ``dtype=float``; else TypeError."""
    if isinstance(dtype, dtypes.dtype):
        return dtype
    # torch: Python's float is float64 here, whatever the default dtype.
    python_types = {
        _bool: dtypes.bool_,
        _int: dtypes.int64,
        _float: dtypes.float64,
        _complex: dtypes.complex128,
    }
    if isinstance(dtype, _type) and dtype in python_types:
        return python_types[dtype]
    raise TypeError(f"{name}(): argument 'dtype' must be torch.dtype, not {_type(dtype).__name__}")


@op
def clone(xp, input, /, *, memory_format=None):
    """A copy with its own memory, in the graph.  Shape: (*) -> (*).

    ``memory_format``: the order in memory; by default (``preserve_format``) the one it has.
    Source: torch.clone.
    """
    return ordered_copy(xp, input, memory_format or preserve_format)


clone.vjp(input=lambda g: g)


@composite(public=False, method=True)
def contiguous(self: Tensor, memory_format: memory_format = contiguous_format) -> Tensor:
    """The tensor itself if its memory is in the wanted order, row-major by default, else a copy.

    Raises RuntimeError for a channels-last format on another number of dimensions.
    Source: torch.Tensor.contiguous.
    """
    if self.is_contiguous(memory_format):
        return self
    return clone(self, memory_format=memory_format)


@op(public=False, method=False, node="ToCopyBackward0")
def cast_copy(xp, input, /, dtype, memory_format):
    """A copy in another element type and memory order."""
    if input.dtype.kind == "c" and not dtype.is_complex:
        input = input.real
    return ordered_copy(xp, input, memory_format, dtype.numpy)


cast_copy.vjp(input=lambda g: g)


@composite(public=False, method=True)
def to(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """The tensor with another element type, device or memory order; itself where nothing changes.

    The forms: ``to(dtype)``, ``to(device, dtype=None)``, ``to(other)``, each followed by
    ``non_blocking=False, copy=False, *, memory_format=preserve_format``.  ``copy`` forces a copy.
    Raises AssertionError for a cuda device while there is none.  Source: torch.Tensor.to.
    """
    target, dtype, copy, format = _read_to(args, kwargs)
    if target is not None and target != self.device:
        moved = to_device(self._array, target)
        if moved is not self._array:
            self = wrap(moved)
    if dtype is None:
        dtype = self.dtype
    reordered = format is not preserve_format and not self.is_contiguous(format)
    if dtype is self.dtype and not copy and not reordered:
        return self
    return cast_copy(self, dtype, format)


_TO_NAMES = ("device", "dtype", "other", "non_blocking", "copy", "memory_format")


def _read_to(args, kwargs):
    """The (device, dtype, copy, memory format) that a call of ``to`` asks for."""
    unknown = kwargs.keys() - set(_TO_NAMES)
    if unknown:
        raise TypeError(_to_mismatch(args, kwargs))
    given = dict(kwargs)
    rest = list(args)
    if rest:
        first = rest.pop(0)
        if isinstance(first, (dtypes.dtype, _type)):
            given["dtype"] = as_dtype(first)
        elif isinstance(first, Tensor):
            given["other"] = first
        elif first is None or isinstance(first, (str, Device)) or _type(first) is _int:
            given["device"] = first
            if rest and _type(rest[0]) is not _bool:
                given["dtype"] = rest.pop(0)
        else:
            raise TypeError(_to_mismatch(args, kwargs))
    if len(rest) > 2 or any(_type(flag) is not _bool for flag in rest):
        raise TypeError(_to_mismatch(args, kwargs))
    given.update(zip(("non_blocking", "copy"), rest, strict=False))
    target, dtype = given.get("device"), given.get("dtype")
    if dtype is not None:
        dtype = as_dtype(dtype)
    other = given.get("other")
    if other is not None:
        target, dtype = other.device, other.dtype
    format = given.get("memory_format")
    return (
        None if target is None else Device(target),
        dtype,
        given.get("copy", False),
        preserve_format if format is None else format,
    )


def _to_mismatch(args, kwargs):
    given = [_type(a).__name__ for a in args] + [
        f"{k}={_type(v).__name__}" for k, v in kwargs.items()
    ]
    return (
        f"to() received an invalid combination of arguments - got ({', '.join(given)}), but "
        "expected one of: "
        "(device, dtype, non_blocking, copy), (dtype, non_blocking, copy) or (other, "
        "non_blocking, copy), "
        "each with memory_format"
    )


def _converter(name, dtype):
    """The method ``x.float()`` and its kind."""

    def convert(self, memory_format=preserve_format):
        if dtype is self.dtype and memory_format is preserve_format:
            return self
        return to(self, dtype, memory_format=memory_format)

    convert.__name__ = convert.__qualname__ = name
    convert.__doc__ = (
        f"The elements as {dtype}; itself where it is that already.  Source: torch.Tensor.{name}."
    )
    return composite(convert, name=name, public=False, method=True)


double = _converter("double", dtypes.float64)
half = _converter("half", dtypes.float16)
bfloat16 = _converter("bfloat16", dtypes.bfloat16)
long = _converter("long", dtypes.int64)
short = _converter("short", dtypes.int16)
char = _converter("char", dtypes.int8)
byte = _converter("byte", dtypes.uint8)
cfloat = _converter("cfloat", dtypes.complex64)
cdouble = _converter("cdouble", dtypes.complex128)
# Named last: they hide the builtins in this module.
float = _converter("float", dtypes.float32)
int = _converter("int", dtypes.int32)
bool = _converter("bool", dtypes.bool_)


@composite(public=False, method=True)
def type(self: Tensor, dtype=None, non_blocking=False) -> str | Tensor:
    """The tensor converted to ``dtype``; without it, the name of its old class.

    ``dtype`` may be a dtype, a name (``'torch.FloatTensor'``) or an old class; ``Tensor`` itself is
    the default dtype.

    Raises ValueError for an unknown name.  Source: torch.Tensor.type.
    """
    if dtype is None:
        place = "" if self.device.type == "cpu" else f"{self.device.type}."
        return f"torch.{place}{self.dtype.legacy_name}Tensor"
    return to(self, _dtype_named(dtype))


def _dtype_named(dtype):
    if isinstance(dtype, dtypes.dtype):
        return dtype
    if dtype is Tensor or dtype == "torch.Tensor":  # torch: the class stands for the default
        return dtypes.get_default_dtype()
    if isinstance(dtype, str):
        named = dtypes.from_class_name(dtype)
        if named is None and dtype.startswith("torch.cuda."):
            raise _no_cuda_type(dtype)
        if named is None:
            raise ValueError(f"invalid type: '{dtype}'")
        return named
    found = getattr(dtype, "dtype", None)  # one of the old tensor classes
    if isinstance(found, dtypes.dtype):
        return found
    if hasattr(dtype, "cuda_dtype"):
        raise _no_cuda_type(f"torch.cuda.{dtype.__name__}")
    if isinstance(dtype, _type):
        raise ValueError(f"invalid type: '{dtype.__name__}'")
    raise TypeError("dtype must be a type, str, or dtype object")


def _no_cuda_type(name):
    return RuntimeError(f"type {name} not available. Torch not compiled with CUDA enabled.")


@composite(public=False, method=True)
def type_as(self: Tensor, other: Tensor) -> Tensor:
    """The elements in the element type of ``other``.  Source: torch.Tensor.type_as."""
    return to(self, other.dtype)


@composite(public=False, method=True)
def cpu(self: Tensor, memory_format: memory_format = preserve_format) -> Tensor:
    """The tensor in host memory; itself where it is there already.  Source: torch.Tensor.cpu."""
    return to(self, "cpu", memory_format=memory_format)


@composite(public=False, method=True)
def cuda(self: Tensor, device=None, non_blocking=False, memory_format=preserve_format) -> Tensor:
    """The tensor on a GPU.  Raises AssertionError while there is none.

    Source: torch.Tensor.cuda.
    """
    return to(self, Device("cuda" if device is None else device), memory_format=memory_format)


# --- out of the graph -----------------------------------------------------------------------------


@composite
def detach(input: Tensor) -> Tensor:
    """The same memory outside the graph.  A write into either is seen by both, and counted.

    Source: torch.Tensor.detach.
    """
    if is_array(input):
        return input
    detached = wrap(input._array)
    detached._counter = input._counter
    return detached.as_subclass(_type(input)) if input._derived else detached


@composite
def detach_(input: Tensor) -> Tensor:
    """Cut the tensor from the graph that made it: it becomes a leaf.

    Raises RuntimeError for a view, whose place in the graph belongs to its base.
    Source: torch.Tensor.detach_.
    """
    if input._view is not None and not input._view.of_old_self:
        raise RuntimeError(
            "Can't detach views in-place. Use detach() instead. If you are using "
            "DistributedDataParallel (DDP) for "
            "training, and gradient_as_bucket_view is set as True, gradients are views of DDP "
            "buckets, and hence "
            "detach_() cannot be called on these gradients."
        )
    input._node, input._index, input._requires_grad, input._view = None, 0, False, None
    return input


# --- element types of results ---------------------------------------------------------------------


@composite(method=False)
def result_type(tensor1, tensor2) -> dtypes.dtype:
    """The dtype that an operation on the two (tensors or numbers) computes in.

    Source: torch.result_type.
    """
    tensors: list = []
    zero_dims: list = []
    scalars: list = []
    for value in (tensor1, tensor2):
        if isinstance(value, Tensor):
            (tensors if value.ndim else zero_dims).append(value.dtype)
        elif isinstance(value, (_bool, _int, _float, _complex)):
            scalars.append(_type(value))
        else:
            raise TypeError(
                f"result_type(): expected a Tensor or a number, not {_type(value).__name__}"
            )
    return result_type_of(tuple(tensors), tuple(zero_dims), tuple(scalars))


@composite(method=False)
def can_cast(from_: dtypes.dtype, to: dtypes.dtype) -> builtins.bool:
    """Whether ``from_`` converts to ``to`` without dropping to a lower category.

    Source: torch.can_cast.
    """
    for value in (from_, to):
        if not isinstance(value, dtypes.dtype):
            raise TypeError(f"can_cast(): expected dtypes, not {_type(value).__name__}")
    return from_.rank <= to.rank


# --- what other kinds of tensors need -------------------------------------------------------------


def _resolved(self):
    """The tensor itself: conjugation and negation are never put off here."""
    return self


def _is_put_off(self):
    """Whether the elements are still to be conjugated or negated: never."""
    return False


def _layout(self):
    """How the elements are found in memory: always by strides."""
    return strided


METHODS = {
    "is_conj": _is_put_off,
    "is_neg": _is_put_off,
    "resolve_conj": _resolved,
    "resolve_neg": _resolved,
}

PROPERTIES = {"layout": _layout}
