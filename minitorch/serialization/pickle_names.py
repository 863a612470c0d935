"""What a pickle of plain data may name: Python's containers and NumPy's arrays.

``BUILTINS`` and ``NUMPY`` are tables for :func:`minitorch.serialization.pickle_reader.read_pickle`.
Each row says what the name is, and what stands for calling it: a function here that takes the
arguments from the file, checks them, and makes the object itself.
"""

from __future__ import annotations

import argparse
import math
import pathlib
import types
from collections import Counter, OrderedDict, defaultdict, deque
from typing import Any

import numpy as np

from minitorch.serialization.pickle_reader import Known, PickleReader, brief, checked_key, fill

__all__ = ["BUILTINS", "NUMPY", "set_attributes"]

# --- Python ---------------------------------------------------------------------------------------

#: What a defaultdict may make its values with.
_FACTORIES: tuple[type | None, ...] = (
    *(None, bool, int, float, complex, str, bytes, list, tuple, set, dict),
    *(OrderedDict, Counter),
)


def _encode(reader: PickleReader, text: str, encoding: str = "latin1") -> bytes:
    """How protocol 2 writes bytes."""
    if type(text) is not str or encoding not in ("latin1", "latin-1"):
        raise ValueError("the pickle has malformed bytes")
    reader.spend(len(text))
    return text.encode("latin1")


def _bytes(reader: PickleReader) -> bytes:
    return b""


def _bytearray(reader: PickleReader, data: Any = b"", encoding: str = "latin1") -> bytearray:
    if type(data) is str:
        data = _encode(reader, data, encoding)
    elif type(data) is not bytes:
        raise ValueError("the pickle has a malformed bytearray")
    reader.spend(len(data))
    return bytearray(data)


def _complex(reader: PickleReader, real: float, imag: float) -> complex:
    if type(real) is not float or type(imag) is not float:
        raise ValueError("the pickle has a malformed complex number")
    return complex(real, imag)


def _ints(values: tuple[Any, ...]) -> bool:
    return all(type(value) is int for value in values)


def _range(reader: PickleReader, *bounds: int) -> range:
    if not _ints(bounds):
        raise ValueError("the pickle has a malformed range")
    return range(*bounds)


def _slice(reader: PickleReader, *bounds: Any) -> slice:
    if not _ints(tuple(bound for bound in bounds if bound is not None)):
        raise ValueError("the pickle has a malformed slice")
    return slice(*bounds)


def _items(reader: PickleReader, items: Any) -> list[Any]:
    """The items of a set that is to be made, checked and paid for."""
    if type(items) not in (list, tuple, set, frozenset):
        raise ValueError(f"the pickle makes a set of {brief(items)}")
    reader.spend(4 * len(items))  # a set takes more memory than a list
    return [checked_key(item) for item in items]


def _set(reader: PickleReader, items: Any = ()) -> set[Any]:
    return set(_items(reader, items))


def _frozenset(reader: PickleReader, items: Any = ()) -> frozenset[Any]:
    return frozenset(_items(reader, items))


def _ordered_dict(reader: PickleReader, pairs: Any = ()) -> OrderedDict[Any, Any]:
    """Empty, or of a list of pairs, as Python 2 wrote it."""
    if type(pairs) not in (list, tuple):
        raise ValueError("the pickle has a malformed OrderedDict")
    made: OrderedDict[Any, Any] = OrderedDict()
    for pair in pairs:
        if type(pair) not in (list, tuple) or len(pair) != 2:
            raise ValueError("the pickle has a malformed OrderedDict")
        reader.spend(2)
        fill(made, [*pair])
    return made


def _counter(reader: PickleReader, counts: Any = None) -> Counter[Any]:
    made: Counter[Any] = Counter()
    if counts is not None:
        if type(counts) is not dict:
            raise ValueError("the pickle has a malformed Counter")
        reader.spend(len(counts))
        dict.update(made, counts)  # Counter.update would add the values, which may be anything
    return made


def _default_dict(reader: PickleReader, factory: Any = None) -> defaultdict[Any, Any]:
    if not any(factory is known for known in _FACTORIES):
        raise ValueError(
            f"the pickle has a defaultdict of {brief(factory)}, which may not be called"
        )
    return defaultdict(factory)


def _deque(reader: PickleReader, items: Any = (), maxlen: Any = None) -> deque[Any]:
    if type(items) not in (tuple, list) or items or not (maxlen is None or type(maxlen) is int):
        raise ValueError("the pickle has a malformed deque")
    return deque(maxlen=maxlen)


def _path(kind: type[pathlib.PurePath]) -> Any:
    def make(reader: PickleReader, *parts: str) -> pathlib.PurePath:
        if not all(type(part) is str for part in parts):
            raise ValueError("the pickle has a malformed path")
        return kind(*parts)

    return make


def set_attributes(reader: PickleReader, obj: Any, state: Any) -> None:
    """Put ``state``, a dict, among the attributes of ``obj``, past any ``__setattr__``.

    Raises ValueError for attributes that would stand before one of the class.
    """
    if state is None:
        return
    if type(state) is not dict:
        raise ValueError(f"the pickle gives the state {brief(state)} to {brief(obj)}")
    reader.spend(len(state))
    for name in state:
        if type(name) is not str or hasattr(type(obj), name):
            raise ValueError(f"the pickle sets the forbidden attribute {brief(name)}")
    vars(obj).update(state)


def _plain(kind: type) -> Known:
    """A type that is data, such as the default of a defaultdict."""
    return Known(kind)


#: The names of Python's own types, by which pickles make or mention them.
BUILTINS: dict[str, Known] = {
    "_codecs.encode": Known(_encode, call=_encode),
    "argparse.Namespace": Known(
        argparse.Namespace,
        call=lambda reader: argparse.Namespace(),
        new=lambda reader: argparse.Namespace(),
        build=set_attributes,
    ),
    "builtins.bool": _plain(bool),
    "builtins.bytearray": Known(bytearray, call=_bytearray),
    "builtins.bytes": Known(bytes, call=_bytes),
    "builtins.complex": Known(complex, call=_complex),
    "builtins.dict": _plain(dict),
    "builtins.float": _plain(float),
    "builtins.frozenset": Known(frozenset, call=_frozenset),
    "builtins.int": _plain(int),
    "builtins.list": _plain(list),
    "builtins.range": Known(range, call=_range),
    "builtins.set": Known(set, call=_set),
    "builtins.slice": Known(slice, call=_slice),
    "builtins.str": _plain(str),
    "builtins.tuple": _plain(tuple),
    "collections.Counter": Known(Counter, call=_counter),
    "collections.OrderedDict": Known(OrderedDict, call=_ordered_dict, build=set_attributes),
    "collections.defaultdict": Known(defaultdict, call=_default_dict),
    "collections.deque": Known(deque, call=_deque),
    "types.SimpleNamespace": Known(
        types.SimpleNamespace,
        call=lambda reader: types.SimpleNamespace(),
        new=lambda reader: types.SimpleNamespace(),
        build=set_attributes,
    ),
}
# A path of the other system stays what it is where it can't be opened.
for _home in ("pathlib", "pathlib._local"):  # where Python 3.13 has them
    for _name in ("PurePosixPath", "PureWindowsPath", "PosixPath", "WindowsPath"):
        _kind = getattr(pathlib, _name)
        _pure = getattr(pathlib, "Pure" + _name.removeprefix("Pure"))
        _made = _kind if _kind in (_pure, type(pathlib.Path())) else _pure
        BUILTINS[f"{_home}.{_name}"] = Known(_kind, call=_path(_made))

# --- NumPy ----------------------------------------------------------------------------------------

#: The kinds of NumPy's dtypes that a file may have: bools, numbers, text and bytes.
_KINDS = "biufcSU"
_ORDERS = ("<", ">", "|", "=")


def _latin(text: Any) -> Any:
    """Text that Python 2 wrote and ``encoding="bytes"`` left as bytes."""
    return text.decode("latin1") if type(text) is bytes else text


def _dtype(reader: PickleReader, code: Any, align: Any = False, copy: Any = True) -> np.dtype:
    """An own dtype object for a code such as "f4": its byte order follows as its state."""
    code = _latin(code)
    if isinstance(code, type) and code.__name__ == "bfloat16" and issubclass(code, np.generic):
        return np.dtype(code)
    if type(code) is not str or not (code[:1] in _KINDS or code == "O8"):
        raise ValueError(
            f"the pickle has an array of the type {brief(code)}; only numbers and text"
        )
    if not code[1:].isdecimal() or len(code) > 10:
        raise ValueError(f"the pickle has a malformed dtype {brief(code)}")
    return np.dtype(code, copy=True)


def _dtype_state(reader: PickleReader, dtype: np.dtype, state: Any) -> None:
    if type(state) is not tuple or len(state) != 8 or state[0] not in (3, 4):
        raise ValueError("the pickle has a malformed dtype")
    _, order, subarray, names, fields, size, alignment, flags = state
    order = _latin(order)
    plain = subarray is None and names is None and fields is None
    if order not in _ORDERS or not plain or size not in (-1, dtype.itemsize):
        raise ValueError("the pickle has a dtype with fields; only numbers and text")
    if order in "<>" and not dtype.newbyteorder(order).isnative:
        if dtype.kind == "V":  # bfloat16: there is one such dtype in all of the program
            raise ValueError("the pickle has bfloat16 of the other byte order")
        alignment = -1 if size == -1 else dtype.alignment
        state = (3, order, None, None, None, size, alignment, dtype.flags)
        dtype.__setstate__(state)  # type: ignore[attr-defined]


def _scalar(reader: PickleReader, dtype: Any, data: Any) -> Any:
    data = _latin(data).encode("latin1") if type(data) is str else data
    if not _is_plain(dtype) or type(data) is not bytes or len(data) != dtype.itemsize:
        raise ValueError("the pickle has a malformed NumPy number")
    reader.spend(len(data))
    return np.frombuffer(data, dtype, 1)[0] if dtype.itemsize else dtype.type()


def _is_plain(dtype: Any) -> bool:
    return isinstance(dtype, np.dtype) and (dtype.kind in _KINDS or dtype.name == "bfloat16")


def _new_array(reader: PickleReader, kind: Any, shape: Any, code: Any) -> np.ndarray:
    """An empty array: all that matters comes as its state."""
    if kind is not np.ndarray or type(shape) is not tuple:
        raise ValueError("the pickle has a malformed array")
    return np.ndarray((0,), np.int8)


def _array_state(reader: PickleReader, array: np.ndarray, state: Any) -> None:
    if type(state) is not tuple or len(state) != 5:
        raise ValueError("the pickle has a malformed array")
    _, shape, dtype, is_fortran, data = state
    if type(data) is str:
        data = data.encode("latin1")
    _check_array(shape, dtype, data)
    reader.spend(len(data))
    array.__setstate__((1, shape, dtype, is_fortran is True, data))  # type: ignore[arg-type]


def _check_array(shape: Any, dtype: Any, data: Any) -> None:
    """Raise unless ``data`` holds an array of that shape and type, and nothing else."""
    if type(shape) is not tuple or not all(type(n) is int and n >= 0 for n in shape):
        raise ValueError("the pickle has an array of a malformed shape")
    if not isinstance(dtype, np.dtype):
        raise ValueError("the pickle has an array of a malformed type")
    if len(shape) > 64 or math.prod(n or 1 for n in shape) * (dtype.itemsize or 1) >= 2**63:
        raise ValueError("the pickle has an array that is too large")
    if dtype.kind == "O":
        if type(data) is not list or len(data) != math.prod(shape):
            raise ValueError("the pickle has a malformed array of objects")
        return
    if not _is_plain(dtype) or type(data) not in (bytes, bytearray):
        raise ValueError("the pickle has a malformed array")
    if len(data) != math.prod(shape) * dtype.itemsize:
        raise ValueError(
            f"the pickle has an array of shape {shape} and {dtype}, but {len(data)} bytes for it"
        )
    if dtype.kind == "b" and len(data) and max(data) > 1:
        raise ValueError("the pickle has a bool that is neither 0 nor 1")
    if dtype.kind == "U" and len(data):
        points = np.frombuffer(data, np.dtype("u4").newbyteorder(dtype.byteorder))
        if points.max() > 0x10FFFF:
            raise ValueError("the pickle has an array with malformed text")


def _from_buffer(reader: PickleReader, data: Any, dtype: Any, shape: Any, order: Any) -> np.ndarray:
    """How protocol 5 writes a contiguous array."""
    _check_array(shape, dtype, data)
    if dtype.kind == "O" or order not in ("C", "F"):
        raise ValueError("the pickle has a malformed array")
    reader.spend(len(data))
    return np.frombuffer(bytearray(data), dtype).reshape(shape, order=order)


def _numpy_names() -> dict[str, Known]:
    table = {
        "numpy.ndarray": Known(np.ndarray, build=_array_state),
        "numpy.dtype": Known(np.dtype, call=_dtype, build=_dtype_state),
    }
    for core in ("numpy.core", "numpy._core"):  # NumPy 1 and 2
        table[f"{core}.multiarray._reconstruct"] = Known(_new_array, call=_new_array)
        table[f"{core}.multiarray.scalar"] = Known(_scalar, call=_scalar)
        table[f"{core}.numeric._frombuffer"] = Known(_from_buffer, call=_from_buffer)
    kinds = "bool_ int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64 "
    kinds += "complex64 complex128 str_ bytes_ longlong ulonglong"
    for name in kinds.split():
        table[f"numpy.{name}"] = Known(getattr(np, name))
    return table


#: The names of NumPy's arrays and numbers.
NUMPY: dict[str, Known] = _numpy_names()
