"""Arrays in coordinate format: the places that hold something, and what they hold."""

from __future__ import annotations

import math

import numpy as np

__all__ = ["SparseArray"]


class SparseArray:
    """An array of ``shape`` that is zero except at ``indices``, where ``values`` are added up.

    ``indices`` has one row per sparse dimension and one column per stored entry; ``values`` has one
    entry along its first dimension, and behind it the dense dimensions.  A place may be stored more
    than once.
    """

    __slots__ = ("indices", "shape", "values")

    #: It looks at nobody else's memory.
    base = None

    def __init__(self, indices, values, shape):
        self.indices = indices
        self.values = values
        self.shape = shape

    @property
    def dtype(self):
        """The element type of the values."""
        return self.values.dtype

    @property
    def ndim(self):
        """The number of dimensions, sparse and dense."""
        return len(self.shape)

    @property
    def size(self):
        """The number of elements, zeros included."""
        return math.prod(self.shape)

    @property
    def itemsize(self):
        """Bytes per element."""
        return self.values.itemsize

    def __getattr__(self, name):
        raise NotImplementedError(f"'{name}' of arrays in the sparse layout is not available")

    def __add__(self, other):
        if isinstance(other, SparseArray):
            return SparseArray(
                np.concatenate([self.indices, other.indices], 1),
                np.concatenate([self.values, other.values]),
                self.shape,
            )
        return self.added_to(other.copy())

    __radd__ = __add__

    def added_to(self, array):
        """``array`` after the stored values were added to it in place."""
        np.add.at(array, tuple(self.indices), self.values)
        return array

    def dense(self):
        """All elements."""
        return self.added_to(np.zeros(self.shape, self.values.dtype))

    def copy(self):
        """A copy with its own memory."""
        return SparseArray(self.indices.copy(), self.values.copy(), self.shape)

    def astype(self, dtype, **options):
        """The values in another element type."""
        return SparseArray(self.indices, self.values.astype(dtype, **options), self.shape)
