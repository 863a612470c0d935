"""The memory behind tensors: what views share, addressed by offset and strides in elements."""

from __future__ import annotations

import numpy as np

__all__ = [
    "UntypedStorage",
    "address",
    "contiguous_strides",
    "is_contiguous",
    "is_real",
    "owner",
    "strides_in_elements",
]


def is_real(array) -> bool:
    """Whether there is memory behind ``array``: not on the device "meta"."""
    return isinstance(array, np.ndarray)


def owner(array):
    """The array that owns the memory ``array`` looks at (itself, if it is no view)."""
    base = array.base
    if not is_real(array):
        return array if base is None else base
    while base is not None:
        if isinstance(base, np.ndarray):
            array = base
        # ``as_strided`` puts a holder between a view and its base.
        base = getattr(base, "base", None)
    return array


def address(array) -> int:
    """The address of the first element; 0 for an empty array, as in torch."""
    return array.__array_interface__["data"][0] if array.size and is_real(array) else 0


def contiguous_strides(shape) -> tuple:
    """The strides, in elements, of a fresh row-major tensor of ``shape``."""
    strides, step = [], 1
    for length in reversed(shape):
        strides.append(step)
        step *= max(length, 1)
    return tuple(reversed(strides))


def strides_in_elements(array) -> tuple:
    """The strides of ``array`` in elements."""
    if array.flags.c_contiguous:
        # NumPy leaves the strides of dimensions of length 1 or 0 undefined; torch computes them.
        return contiguous_strides(array.shape)
    itemsize = array.itemsize
    return tuple(step // itemsize for step in array.strides)


def is_contiguous(array, order="contiguous") -> bool:
    """Whether the elements lie in row-major order, or with channels last (``"channels_last"``)."""
    if order in ("contiguous", "preserve"):
        return array.flags.c_contiguous
    wanted = {"channels_last": 4, "channels_last_3d": 5}[order]
    return array.ndim == wanted and array.transpose(0, *range(2, wanted), 1).flags.c_contiguous


class UntypedStorage:
    """The bytes that a tensor and its views share.  Source: ``torch.UntypedStorage``."""

    def __init__(self, array):
        self._owner = owner(array)

    def data_ptr(self) -> int:
        """The address of the first byte."""
        return address(self._owner)

    def nbytes(self) -> int:
        """The number of bytes."""
        return self._owner.nbytes

    size = nbytes
    __len__ = nbytes

    def tolist(self) -> list[int]:
        """The bytes, as ints."""
        return list(self._owner.tobytes()) if is_real(self._owner) else self._owner.tolist()

    def __eq__(self, other):
        return isinstance(other, UntypedStorage) and self.data_ptr() == other.data_ptr()

    def __hash__(self):
        return hash(self.data_ptr())


class TypedStorage(UntypedStorage):
    """The elements that a tensor and its views share, in memory order.

    Source: ``torch.TypedStorage``.
    """

    def __init__(self, array):
        super().__init__(array)
        root = self._owner
        flat = root.reshape(-1) if root.flags.c_contiguous else root.ravel(order="K")
        self._flat = flat if flat.dtype == array.dtype else flat.view(array.dtype)

    def size(self) -> int:
        """The number of elements."""
        return self._flat.size

    __len__ = size

    def nbytes(self) -> int:
        """The number of bytes."""
        return self._flat.nbytes

    def tolist(self) -> list:
        """The elements, as Python numbers."""
        return self._flat.tolist()

    def __getitem__(self, index):
        item = self._flat[index]
        return item.item() if isinstance(index, int) else item.tolist()

    def __setitem__(self, index, value):
        self._flat[index] = value

    def __iter__(self):
        return iter(self.tolist())

    def untyped(self) -> UntypedStorage:
        """The same memory, as bytes."""
        return UntypedStorage(self._owner)

    def __repr__(self):
        rows = "".join(f" {value}\n" for value in self.tolist())
        return (
            f"{rows}[torch.storage.TypedStorage(dtype=torch.{self._flat.dtype.name}, "
            f"device=cpu) of size {len(self)}]"
        )
