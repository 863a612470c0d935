"""How the elements of a tensor are ordered in memory: memory formats, and the layouts.

A memory format is an order of the dimensions, from the slowest to the fastest.  ``channels_last``
keeps the shape (N, C, H, W) and lays the elements out as (N, H, W, C).
Source: ``torch.memory_format``, ``torch.layout``.
"""

from __future__ import annotations

import numpy as np

__all__ = [
    "channels_last",
    "channels_last_3d",
    "contiguous_format",
    "elementwise_order",
    "empty_array",
    "formatted_like",
    "has_channels_last",
    "layout",
    "memory_format",
    "ordered_copy",
    "preserve_format",
    "sparse_coo",
    "strided",
]


class memory_format:
    """One order of elements in memory, compared by identity."""

    __module__ = "minitorch"  # where users find it
    __slots__ = ("name", "_title")

    name: str

    def __init__(self, name, title):
        self.name = name
        self._title = title

    def __repr__(self):
        return f"torch.{self._title}"

    def __reduce__(self):
        # Pickled by name, so that a copy is the same object.
        return self._title


contiguous_format = memory_format("contiguous", "contiguous_format")
channels_last = memory_format("channels_last", "channels_last")
channels_last_3d = memory_format("channels_last_3d", "channels_last_3d")
preserve_format = memory_format("preserve", "preserve_format")

#: The number of dimensions that a channels-last format is for.
_RANKS = {channels_last: 4, channels_last_3d: 5}


class layout:
    """How a tensor's elements are found: by strides, or by their coordinates."""

    __module__ = "minitorch"  # where users find it
    __slots__ = ("name",)

    def __init__(self, name):
        self.name = name

    def __repr__(self):
        return f"torch.{self.name}"

    def __reduce__(self):
        return self.name


strided = layout("strided")
sparse_coo = layout("sparse_coo")


def empty_array(xp, shape, dtype, format=None):
    """An uninitialised array of ``shape`` whose memory is ordered as ``format`` says.

    Raises RuntimeError if the format is for another number of dimensions.
    """
    rank = _RANKS.get(format)
    if rank is None:
        return xp.empty(shape, dtype)
    if len(shape) != rank:
        raise RuntimeError(f"required rank {rank} tensor to use {format.name} format")
    batch, channels, *space = shape
    memory = xp.empty((batch, *space, channels), dtype)
    return memory.transpose(0, rank - 1, *range(1, rank - 1))


def ordered_copy(xp, array, format=None, dtype=None):
    """A copy of ``array`` (in ``dtype``), its memory ordered as ``format`` says.

    ``preserve_format`` keeps the order of the dimensions and closes gaps between the elements; an
    array that has an element in several places becomes row-major.
    """
    dtype = array.dtype if dtype is None else dtype
    if format in _RANKS:
        copied = empty_array(xp, array.shape, dtype, format)
        copied[...] = array
        return copied
    keep = format is preserve_format and 0 not in array.strides
    return array.astype(dtype, order="K" if keep else "C", copy=True)


def has_channels_last(array) -> bool:
    """Whether the channels of a 4-d or 5-d array are what moves fastest in its memory."""
    if array.ndim not in _RANKS.values() or array.flags.c_contiguous:
        return False
    least = 0
    for dim in (1, *range(array.ndim - 1, 1, -1), 0):
        if array.shape[dim] != 1:
            if array.strides[dim] < max(least, 1):
                return False
            least = array.strides[dim] * array.shape[dim]
    return True


def formatted_like(xp, array, *inputs):
    """``array``, with channels last if an input has them last.

    torch: convolutions, poolings and paddings hand the format on, and random numbers that are drawn
    for the result later follow its memory.
    """
    if any(map(has_channels_last, inputs)) and not has_channels_last(array):
        format = channels_last if array.ndim == 4 else channels_last_3d
        return ordered_copy(xp, array, format)
    return array


def elementwise_order(result, operands):
    """``result`` of an elementwise operation, ordered in memory as the first operand that says.

    Where operands disagree NumPy turns to row-major order.  torch compares two dimensions at a
    time, by the first operand that has a stride in both of them; broadcast ones have none.
    """
    operands = [a for a in operands if isinstance(a, np.ndarray) and a.ndim]
    if not isinstance(result, np.ndarray) or all(a.flags.c_contiguous for a in operands):
        return result
    shape, ndim = result.shape, result.ndim
    strides = [
        (
            *(0,) * (ndim - a.ndim),
            *(
                0 if n == 1 != whole else abs(s)
                for n, whole, s in zip(a.shape, shape[ndim - a.ndim :], a.strides, strict=True)
            ),
        )
        for a in operands
    ]

    def slower(dim, other):
        """Positive if ``dim`` should move slower than ``other``, 0 if nothing says so."""
        for steps in strides:
            if steps[dim] and steps[other]:
                if steps[dim] != steps[other]:
                    return steps[dim] - steps[other]
                if shape[dim] > shape[other]:
                    return 1
        return 0

    order = list(range(ndim))  # from the slowest
    for at in range(ndim - 2, -1, -1):
        for place in range(at, ndim - 1):
            left, right = order[place], order[place + 1]
            decision = slower(right, left)
            if decision > 0:
                order[place], order[place + 1] = right, left
            elif decision < 0:
                break
    if result.transpose(order).flags.c_contiguous:
        return result
    memory = np.empty([shape[dim] for dim in order], result.dtype)
    arranged = memory.transpose([order.index(dim) for dim in range(ndim)])
    arranged[...] = result
    return arranged
