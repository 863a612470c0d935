"""Arrays in memory that several processes see: regions, moving arrays there, and finding them back.

A region is an anonymous file mapped into memory.  It has no name, so nothing is left behind when a
process is killed: the system frees it with the last process that has it open.  Children that are
forked inherit it; other processes get its file descriptor (``multiprocessing/reductions.py``).
"""

from __future__ import annotations

import mmap
import os
import sys
import tempfile
from collections.abc import Sequence

import numpy as np

from minitorch.storage import address, owner

__all__ = ["AVAILABLE", "Region", "region_of", "to_shared"]

#: Whether this system can hand an open file from one process to another.
AVAILABLE = os.name == "posix"

#: From 3.13 on a mapping needs no file descriptor of its own beside ours.
_MAP_OPTIONS = {"trackfd": False} if sys.version_info >= (3, 13) else {}


class Region(mmap.mmap):
    """Writable bytes that every process with the same file open shares.

    Args:
        fd: an open file of at least ``size`` bytes.  The region owns it from now on and closes it
            when the last array that looks at the region is gone.
        size: the number of bytes.
    """

    fd: int = -1

    def __new__(cls, fd: int, size: int) -> Region:
        try:
            # The system maps no empty file.
            self = super().__new__(cls, fd, max(size, 1), **_MAP_OPTIONS)
        except BaseException:
            os.close(fd)
            raise
        self.fd = fd
        return self

    @classmethod
    def allocate(cls, size: int) -> Region:
        """A new region of ``size`` bytes, all zero."""
        if not AVAILABLE:
            raise NotImplementedError("shared memory between processes needs a POSIX system")
        fd = _anonymous_file()
        try:
            os.ftruncate(fd, max(size, 1))
        except BaseException:
            os.close(fd)
            raise
        return cls(fd, size)

    def __del__(self) -> None:
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1


def _anonymous_file() -> int:
    if hasattr(os, "memfd_create"):
        try:
            return os.memfd_create("minitorch", os.MFD_CLOEXEC)
        except OSError:
            pass  # a sandbox may refuse it
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


def region_of(array: np.ndarray) -> Region | None:
    """The region that holds the elements of ``array``, or None for memory of one process."""
    base = owner(array).base
    return base if isinstance(base, Region) else None


def to_shared(arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
    """The same elements in shared memory; arrays of one storage share one region, as before."""
    moved: dict[int, tuple[np.ndarray, Region]] = {}
    result = []
    for array in arrays:
        if region_of(array) is not None:
            result.append(array)
            continue
        root = owner(array)
        low, high = np.lib.array_utils.byte_bounds(root)
        if high - low != root.nbytes:  # memory with gaps, which came from elsewhere
            array = root = array.copy(order="K")
        if id(root) not in moved:
            region = Region.allocate(root.nbytes)
            flat = root.ravel(order="K").view(np.uint8)
            np.ndarray(flat.shape, np.uint8, region)[...] = flat
            moved[id(root)] = root, region
        region = moved[id(root)][1]
        offset = address(array) - address(root) if array.size else 0
        result.append(np.ndarray(array.shape, array.dtype, region, offset, array.strides))
    return result
