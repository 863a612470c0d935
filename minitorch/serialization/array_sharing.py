"""Arrays that share memory, stored once: which bytes a file needs, and how each array sees them.

``place`` turns arrays into *entries*, named contiguous arrays for a file, and tells each array
which entry is its own.  An array that is not simply the entry itself gets a *view*: a dict with its
dtype, shape, and offset and strides in bytes.  ``see`` is the way back.

Arrays share an entry when their extents in memory overlap, found by address alone: views of one
storage that lie apart (the rows of a matrix) are stored on their own, under their own names.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from minitorch import dtypes
from minitorch.serialization import safetensors

__all__ = ["Placement", "dtype_named", "place", "see"]


class Placement:
    """Where in a file an array goes.  ``place`` fills in ``entry`` and ``view``.

    Args:
        array: the array.
        name: the name it asks for.
        shares: whether it may share its entry with arrays that overlap it.
    """

    __slots__ = ("array", "name", "shares", "entry", "view")

    def __init__(self, array: np.ndarray, name: str, shares: bool = True) -> None:
        self.array = array
        self.name = name
        self.shares = shares
        #: The name of the entry that holds its bytes.
        self.entry = ""
        #: How it sees those bytes; None if it is the entry itself.
        self.view: dict[str, Any] | None = None


def place(placements: Sequence[Placement]) -> dict[str, np.ndarray]:
    """Choose the entries for all arrays; their names are as asked for, where nothing collides.

    A lone array becomes an entry of its values, contiguous or not.  Arrays that overlap become one
    entry: the contiguous one that covers the others, or else the memory that they span, named
    ``<name of the first>.storage``.  So does an array that is larger than its memory (an expanded
    one).
    """
    entries: dict[str, np.ndarray] = {}
    collisions: Counter[str] = Counter()
    for group in _overlapping(placements):
        first = group[0]
        bounds = [_bounds(member.array) for member in group]
        low, high = min(bounds)[0], max(high for _, high in bounds)
        expanded = high - low < first.array.nbytes
        if not expanded and all(_is_same(member.array, first.array) for member in group):
            # By far the most: one tensor alone, or the same one several times.
            entry, name = first.array, first.name
            if safetensors.type_code(entry.dtype) is None:  # complex128: pairs of float64
                entry = np.asarray(entry, order="C")
                view = _view(entry, entry.ctypes.data)
                for member in group:
                    member.view = view
                entry = entry.reshape(-1).view(np.float64).reshape(*entry.shape, 2)
        else:
            entry, name = _storage(group, low, high)
            for member in group:
                if not _is_same(member.array, entry):
                    member.view = _view(member.array, low)
        name = _unused(name, entries, collisions)
        entries[name] = entry
        for member in group:
            member.entry = name
    return entries


def see(entry: np.ndarray, view: Any) -> np.ndarray:
    """The array that a view from a file, trusted in nothing, describes in the memory of ``entry``.

    Raises:
        ValueError: the view is malformed or reaches beyond the entry.
    """
    if view is None:
        return entry
    if not isinstance(view, dict) or view.keys() != {"dtype", "shape", "offset", "strides"}:
        raise ValueError("a view must be an object with dtype, shape, offset and strides")
    kind = dtype_named(view["dtype"])
    shape, strides, offset = view["shape"], view["strides"], view["offset"]
    if not (_are_ints(shape) and _are_ints(strides) and _are_ints([offset])):
        raise ValueError("the shape, offset and strides of a view must be ints")
    if len(shape) != len(strides) or len(shape) > 64 or min(shape, default=0) < 0:
        raise ValueError("a view must have as many strides as sizes, no size below 0, at most 64")
    if math.prod(size or 1 for size in shape) * kind.itemsize >= 2**63:
        raise ValueError("a view is too large")
    if 0 in shape:
        return np.empty(shape, kind)
    reach = [(size - 1) * stride for size, stride in zip(shape, strides, strict=True)]
    low = offset + sum(step for step in reach if step < 0)
    high = offset + sum(step for step in reach if step > 0) + kind.itemsize
    if low < 0 or high > entry.nbytes or max(map(abs, strides), default=0) >= 2**63:
        raise ValueError(f"a view reaches from byte {low} to {high} of {entry.nbytes}")
    memory = entry.reshape(-1).view(np.uint8)
    array: np.ndarray = np.ndarray(shape, kind, memory, offset, strides)
    if kind == np.bool_ and memory[low:high].max() > 1:
        # Perhaps the others lie between the view's elements.  A view that sees elements many times
        # is not asked: it could keep us busy for ever.
        if array.size > entry.nbytes or array.view(np.uint8).max() > 1:
            raise ValueError("a bool is neither 0 nor 1")
    return array


def dtype_named(name: Any) -> np.dtype:
    """The dtype of arrays that may stand in a file; raises ValueError for any other ``name``."""
    if name == "bfloat16":
        try:
            return dtypes.bfloat16.numpy
        except ImportError as error:
            raise ValueError(str(error)) from None
    if not isinstance(name, str) or name not in _NAMES:
        raise ValueError(f"unknown dtype {name!r:.80}")
    return np.dtype(name)


_NAMES = frozenset(
    "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64 complex64 "
    "complex128".split()
)


def _overlapping(placements: Sequence[Placement]) -> list[list[Placement]]:
    """The placements in groups whose extents in memory overlap, directly or through others."""
    groups, spans = [], []
    for index, member in enumerate(placements):
        if member.shares and member.array.size:
            spans.append((*_bounds(member.array), index))
        else:
            groups.append([index])
    end = 0
    for low, high, index in sorted(spans):
        if low < end:
            groups[-1].append(index)
        else:
            groups.append([index])
        end = max(end, high)
    return [[placements[i] for i in sorted(group)] for group in sorted(groups, key=min)]


def _bounds(array: np.ndarray) -> tuple[int, int]:
    """The addresses of the first byte and after the last byte of ``array``."""
    return np.lib.array_utils.byte_bounds(array) if array.size else (0, 0)


def _storage(group: Sequence[Placement], low: int, high: int) -> tuple[np.ndarray, str]:
    """One array over the memory from ``low`` to ``high``, and a name for it."""
    for member in group:
        array = member.array
        covers = array.flags.c_contiguous and array.nbytes == high - low
        if covers and safetensors.type_code(array.dtype) is not None:
            return array, member.name
    name = group[0].name + ".storage"
    lowest = min((member.array for member in group), key=_bounds)
    # The element at the lowest address, as an array of its bytes (a view, also of a 0-d array).
    corner = lowest[..., *(slice(-1, None) if s < 0 else slice(0, 1) for s in lowest.strides)]
    corner = corner.reshape(1).view(np.uint8)
    assert corner.ctypes.data == low
    # The extents overlap, so all memory between them is of one allocation, alive and readable.
    memory = np.lib.stride_tricks.as_strided(corner, (high - low,), (1,), writeable=False)
    # The widest of their dtypes that fits keeps them aligned in a mapped file.
    for array in sorted((member.array for member in group), key=lambda array: -array.itemsize):
        if safetensors.type_code(array.dtype) and len(memory) % array.itemsize == 0:
            return memory.view(array.dtype), name
    return memory, name


def _is_same(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two arrays see the same memory in the same way."""
    return (
        a.ctypes.data == b.ctypes.data
        and a.shape == b.shape
        and a.strides == b.strides
        and a.dtype == b.dtype
    )


def _view(array: np.ndarray, low: int) -> dict[str, Any]:
    """How ``array`` sees the memory that starts at address ``low``."""
    return {
        "dtype": array.dtype.name,
        "shape": list(array.shape),
        "offset": array.ctypes.data - low,
        "strides": list(array.strides),
    }


def _unused(name: str, taken: Mapping[str, Any], collisions: Counter[str]) -> str:
    """``name``, or the like if it is taken or can't stand in a file."""
    name = name.encode("utf-8", "backslashreplace").decode("utf-8")
    unique = name
    while unique in taken or unique == "__metadata__":
        collisions[name] += 1
        unique = f"{name}#{collisions[name] + 1}"
    return unique


def _are_ints(values: Any) -> bool:
    return isinstance(values, list) and all(type(value) is int for value in values)
