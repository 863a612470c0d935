"""How the elements of a tensor are ordered in memory: memory formats, and the layouts.

A memory format is an order of the dimensions, from the slowest to the fastest.  ``channels_last``
keeps the shape (N, C, H, W) and lays the elements out as (N, H, W, C).
Source: ``torch.memory_format``, ``torch.layout``.
"""

from __future__ import annotations

__all__ = [
    "channels_last",
    "channels_last_3d",
    "contiguous_format",
    "empty_array",
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

    ``preserve_format`` keeps the order of a dense array, one that fills its memory without gaps or
    overlaps, and makes any other row-major, as torch does.
    """
    dtype = array.dtype if dtype is None else dtype
    if format in _RANKS:
        copied = empty_array(xp, array.shape, dtype, format)
        copied[...] = array
        return copied
    keep = format is preserve_format and not array.flags.c_contiguous and _is_dense(array)
    return array.astype(dtype, order="K" if keep else "C", copy=True)


def _is_dense(array):
    step = array.itemsize
    for stride, length in sorted(zip(array.strides, array.shape, strict=True)):
        if length == 1:
            continue
        if stride != step:
            return False
        step *= length
    return True
