"""``Size``: the tuple of ints that a tensor's shape is, printed and combined as torch's.

A tensor makes one at each ``x.shape``, so there are two ways in: ``Size(...)`` checks what it is
given, and ``size_of(shape)`` takes a tuple that is known to hold ints, at the price of a tuple.
"""

import math
import operator
from collections.abc import Iterable
from functools import partial
from typing import Any, SupportsIndex

__all__ = ["Size", "size_of"]

_tuple_item = tuple.__getitem__
_INT64_MIN = -(2**63)
_INT64_MAX = 2**63 - 1


class Size(tuple):
    """The lengths of a tensor's dimensions: a tuple whose slices, sums and multiples are Sizes.

    It equals, and hashes as, the plain tuple of the same ints.

    Errors: TypeError for an item that is not an int, ValueError for one beyond 64 bits.
    Source: torch.Size.

    >>> from minitorch.size import Size
    >>> Size([2, 3]) + (4,)
    torch.Size([2, 3, 4])
    >>> Size([2, 3]).numel()
    6
    """

    __module__ = "minitorch"  # where users find it
    __slots__ = ()

    def __new__(cls, iterable: Iterable[SupportsIndex] = (), /) -> "Size":
        size = tuple.__new__(cls, iterable)
        for item in size:
            if type(item) is not int or not _INT64_MIN <= item <= _INT64_MAX:
                return tuple.__new__(cls, [_to_int(item, i) for i, item in enumerate(size)])
        return size

    def __init_subclass__(cls, **kwargs: Any) -> None:
        raise TypeError("type 'torch.Size' is not an acceptable base type")

    def numel(self) -> int:
        """The number of elements of a tensor of this size: the product of the lengths."""
        return math.prod(self)

    def __repr__(self) -> str:
        return f"torch.Size([{', '.join(map(str, self))}])"

    def __getitem__(self, index: Any) -> Any:
        item = _tuple_item(self, index)
        return size_of(item) if type(item) is tuple else item

    def __add__(self, other: Any) -> "Size":
        if not isinstance(other, tuple):
            return NotImplemented
        return Size(tuple.__add__(self, other))

    def __radd__(self, other: Any) -> "Size":
        if not isinstance(other, tuple):
            return NotImplemented
        return Size(tuple.__add__(other, self))

    def __mul__(self, other: SupportsIndex) -> "Size":
        return size_of(tuple.__mul__(self, other))

    def __rmul__(self, other: SupportsIndex) -> "Size":
        return size_of(tuple.__mul__(self, other))

    def __reduce__(self) -> tuple[type["Size"], tuple[tuple[int, ...]]]:
        return Size, (tuple(self),)


# Straight to tuple's constructor, skipping the check: about a third of the time of Size(shape).
size_of = partial(tuple.__new__, Size)
size_of.__doc__ = "``Size(shape)`` without the check, for a shape known to be ints (array.shape)."


def _to_int(item: Any, position: int) -> int:
    """One item given to Size, as an int: ints, bools, NumPy integers, one-element int tensors."""
    try:
        value = operator.index(item)
    except TypeError:
        kind = type(item).__name__
        raise TypeError(
            f"torch.Size() takes an iterable of 'int' (item {position} is '{kind}')"
        ) from None
    if not _INT64_MIN <= value <= _INT64_MAX:
        raise ValueError(f"Overflow when unpacking long long: item {position} is {value}")
    return value
