"""Writes PyTorch's formats: a pickle that describes the object, and the storages of its tensors.

The records of the zip file, in order: ``data.pkl``; three that say how the file is laid out
(``.format_version``, ``.storage_alignment``, ``byteorder``); ``data/0``, ``data/1`` and so on, the
storages; ``version``; an id of the contents.  The same object gives the same bytes.
"""

from __future__ import annotations

import functools
import sys
import zlib
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, BinaryIO

import numpy as np

from minitorch import dtypes
from minitorch.backends import to_device
from minitorch.device import device
from minitorch.memory_format import layout, memory_format, sparse_coo
from minitorch.nn.parameter import Parameter, UninitializedTensorMixin
from minitorch.ops.sparse import SparseTensor
from minitorch.random import Generator
from minitorch.serialization.files import write_all
from minitorch.serialization.pickle_writer import Name, Persistent, PickleWriter, Reduced
from minitorch.serialization.program_names import public_functions, torch_name
from minitorch.serialization.torch_reader import MAGIC_NUMBER, PROTOCOL_VERSION
from minitorch.serialization.zip_file import ZipWriter
from minitorch.size import Size
from minitorch.storage import (
    TypedStorage,
    UntypedStorage,
    address,
    is_real,
    owner,
    strides_in_elements,
)
from minitorch.tensor import Tensor

__all__ = ["write_legacy", "write_zip"]

_ALIGNMENT = 64
_CPU = device("cpu")

_TENSOR = Name("torch._utils", "_rebuild_tensor_v2")
_TENSOR_OF_BYTES = Name("torch._utils", "_rebuild_tensor_v3")
_PARAMETER = Name("torch._utils", "_rebuild_parameter")
_PARAMETER_WITH_STATE = Name("torch._utils", "_rebuild_parameter_with_state")
_META_TENSOR = Name("torch._utils", "_rebuild_meta_tensor_no_storage")
_SPARSE_TENSOR = Name("torch._utils", "_rebuild_sparse_tensor")
_WITH_ATTRIBUTES = Name("torch._tensor", "_rebuild_from_type_v2")
_TENSOR_CLASS = Name("torch", "Tensor")
_UNTYPED = Name("torch.storage", "UntypedStorage")
_LAYOUT = Name("torch.serialization", "_get_layout")

#: The element types that PyTorch has storage classes for, and the names of those.
_STORAGE_TYPES = {
    kind: Name("torch", f"{kind.legacy_name}Storage")
    for kind in (
        *(dtypes.bool_, dtypes.uint8, dtypes.int8, dtypes.int16, dtypes.int32, dtypes.int64),
        *(dtypes.float16, dtypes.bfloat16, dtypes.float32, dtypes.float64),
        *(dtypes.complex64, dtypes.complex128),
    )
}


def write_zip(
    obj: Any, folder: str, checksums: bool = True, name_byte_order: bool = True
) -> Callable[[BinaryIO], None]:
    """A function that writes the checkpoint of ``obj`` to a file; ``obj`` is taken apart at once.

    Args:
        folder: the folder of the zip file in which the records are.
        checksums: whether to compute those of the zip format.
        name_byte_order: whether to write the record ``byteorder``.

    Raises:
        pickle.PicklingError: ``obj`` holds something that has no name; the message says where.
        RuntimeError: tensors view the same memory as different types.
    """
    storages = _Storages()
    pickle = PickleWriter(storages.reducers, _name_of).write(obj)

    def write(file: BinaryIO) -> None:
        zip_file = ZipWriter(file, _ALIGNMENT, checksums)
        zip_file.add(f"{folder}/data.pkl", pickle)
        zip_file.add(f"{folder}/.format_version", b"1")
        zip_file.add(f"{folder}/.storage_alignment", str(_ALIGNMENT).encode())
        if name_byte_order:
            zip_file.add(f"{folder}/byteorder", sys.byteorder.encode())
        for key, memory in enumerate(storages.memories):
            zip_file.add(f"{folder}/data/{key}", memory.data)
        zip_file.add(f"{folder}/version", b"3\n")
        zip_file.add(f"{folder}/.data/serialization_id", _id_of(zip_file.checksums))
        zip_file.close()

    return write


def write_legacy(obj: Any) -> Callable[[BinaryIO], None]:
    """As :func:`write_zip`, in PyTorch's format from before 1.6.

    Raises:
        pickle.PicklingError, RuntimeError: as :func:`write_zip`.
    """
    storages = _Storages(view=(None,))
    pickle = PickleWriter(storages.reducers, _name_of).write(obj)
    sizes = {"short": 2, "int": 4, "long": 4}
    machine = {
        "protocol_version": PROTOCOL_VERSION,
        "little_endian": sys.byteorder == "little",
        "type_sizes": sizes,
    }
    keys = [str(key) for key in range(len(storages.memories))]
    heads = [PickleWriter({}).write(head) for head in (MAGIC_NUMBER, PROTOCOL_VERSION, machine)]

    def write(file: BinaryIO) -> None:
        for part in (*heads, pickle, PickleWriter({}).write(keys)):
            write_all(file, part)
        for memory, length in zip(storages.memories, storages.lengths, strict=True):
            write_all(file, length.to_bytes(8, sys.byteorder))
            write_all(file, memory.data)

    return write


def _id_of(checksums: list[int]) -> bytes:
    """Forty digits that differ where the contents do."""
    data = b"".join(checksum.to_bytes(4, "little") for checksum in checksums)
    return f"{zlib.crc32(data):020d}{zlib.adler32(data):020d}".encode()


_function_names: dict[int, str] = {}


def _name_of(value: Any) -> str | None:
    """PyTorch's name of a class or function of ours; None for others."""
    home = getattr(value, "__module__", None) or ""
    if home.split(".")[0] != "minitorch":
        return None
    if isinstance(value, type):
        return torch_name(value)
    if not _function_names:
        # Those of nn.functional come last in the table: torch has them there by that name.
        for name, function in public_functions().items():
            if not name.startswith("torch._C."):
                _function_names[id(function)] = name
    return _function_names.get(id(value)) or torch_name(value)


class _Storages:
    """The memory of all tensors in an object, each storage once."""

    def __init__(self, view: tuple[None, ...] = ()) -> None:
        #: What the ids of storages have in addition.
        self._view = view
        #: The bytes of the storages, by key, and how many elements they are.
        self.memories: list[np.ndarray] = []
        self.lengths: list[int] = []
        #: address -> (key, element type)
        self._found: dict[Any, tuple[str, dtypes.dtype | None]] = {}
        #: The arrays must not die, or others could get their addresses.
        self._kept: list[Any] = []
        self.reducers: dict[type, Callable[[Any], Any]] = {
            Tensor: self._tensor,
            SparseTensor: _sparse,
            UninitializedTensorMixin: _uninitialized,
            Generator: _generator,
            UntypedStorage: self._storage,
            Size: lambda size: Reduced(_named("Size"), (tuple(size),)),
            dtypes.dtype: lambda dtype: _named(dtype.name),
            device: _device,
            memory_format: lambda format: _named(repr(format).removeprefix("torch.")),
            layout: lambda layout: Reduced(_LAYOUT, (repr(layout),)),
        }

    def _tensor(self, tensor: Tensor) -> Any:
        state = dict(vars(tensor))
        plain = self._plain(tensor)
        if isinstance(tensor, Parameter) and type(tensor) is Parameter:
            data = Reduced(plain.function, _without_grad(plain))
            args: tuple[Any, ...] = (data, tensor.requires_grad, OrderedDict())
            if state:
                return Reduced(_PARAMETER_WITH_STATE, (*args, state))
            return Reduced(_PARAMETER, args)
        if type(tensor) is Tensor and not state:
            return plain
        kind = _TENSOR_CLASS if type(tensor) is Tensor else type(tensor)
        return Reduced(_WITH_ATTRIBUTES, (plain.function, kind, plain.args, state))

    def _plain(self, tensor: Tensor) -> Reduced:
        """How the tensor looks at its storage."""
        args: tuple[Any, ...]
        if not is_real(tensor._array):
            place = (tuple(tensor.shape), tensor.stride())
            args = (_named(tensor.dtype.name), *place, tensor.requires_grad)
            return Reduced(_META_TENSOR, args)
        array = to_device(tensor._array, _CPU)
        kind = tensor.dtype
        location = str(tensor.device)
        is_typed = kind in _STORAGE_TYPES
        key, offset, array = self._place(array, kind if is_typed else None)
        storage = self._id(key, _STORAGE_TYPES.get(kind, _UNTYPED), location)
        look = (storage, offset, tuple(array.shape), strides_in_elements(array))
        args = (*look, tensor.requires_grad, OrderedDict())
        if is_typed:
            return Reduced(_TENSOR, args)
        return Reduced(_TENSOR_OF_BYTES, (*args, _named(kind.name)))

    def _storage(self, storage: UntypedStorage) -> Persistent:
        array = storage._owner
        kind = dtypes.from_numpy(storage._flat.dtype) if isinstance(storage, TypedStorage) else None
        key, _, _ = self._place(array, kind)
        return self._id(key, _UNTYPED if kind is None else _STORAGE_TYPES[kind], "cpu")

    def _id(self, key: str, storage_type: Name, location: str) -> Persistent:
        length = self.lengths[int(key)]
        return Persistent(("storage", storage_type, key, location, length, *self._view))

    def _place(self, array: np.ndarray, kind: dtypes.dtype | None) -> tuple[str, int, np.ndarray]:
        """The key of an array's storage, and its offset there in elements.

        The array comes back, or a contiguous copy if it lies so that PyTorch could not say how.
        """
        if any(step < 0 or step % array.itemsize for step in array.strides):
            array = np.array(array, order="C")
        root = owner(array)
        low, high = _bounds(root)
        first, last = _bounds(array)
        if not low <= first <= last <= high or (first - low) % array.itemsize:
            root = array = np.array(array, order="C")
            first, _ = low, high = _bounds(root)
        # Empty arrays have no address of their own.
        where: Any = low if high > low else ("empty", id(root))
        if where not in self._found:
            self._found[where] = str(len(self.memories)), kind
            self.memories.append(_memory(low, high, root))
            self.lengths.append((high - low) // (kind.itemsize if kind else 1))
            self._kept.append(root)
        key, known = self._found[where]
        if known is not kind:
            raise RuntimeError(
                "Cannot save multiple tensors or storages that view the same data as different "
                f"types: {known or 'bytes'} and {kind or 'bytes'}"
            )
        return key, (first - low) // array.itemsize, array


@functools.cache
def _named(name: str) -> Name:
    """A name in PyTorch's main namespace: one object each, which a pickle refers to again."""
    return Name("torch", name)


def _without_grad(tensor: Reduced) -> tuple[Any, ...]:
    """The arguments of the function that makes a tensor, for the data of a parameter."""
    place = 3 if tensor.function is _META_TENSOR else 4
    return (*tensor.args[:place], False, *tensor.args[place + 1 :])


def _sparse(tensor: SparseTensor) -> Reduced:
    parts = (tensor._indices(), tensor._values().detach(), tensor.shape, tensor.is_coalesced())
    return Reduced(_SPARSE_TENSOR, (Reduced(_LAYOUT, (repr(sparse_coo),)), parts))


def _uninitialized(tensor: Any) -> Reduced:
    return Reduced(Name("torch.nn.parameter", type(tensor).__name__), (tensor.requires_grad,))


def _generator(generator: Generator) -> Reduced:
    state = (generator.initial_seed(), None, generator.get_state())
    return Reduced(Name("torch._C", "Generator"), (generator.device,), state)


def _device(value: device) -> Reduced:
    args = (value.type,) if value.index is None else (value.type, value.index)
    return Reduced(_named("device"), args)


def _bounds(array: np.ndarray) -> tuple[int, int]:
    """The addresses of the first byte and after the last byte of ``array``."""
    return np.lib.array_utils.byte_bounds(array) if array.size else (address(array),) * 2


class _Span:
    """Memory from one address to another, for NumPy to look at."""

    def __init__(self, low: int, high: int) -> None:
        self.__array_interface__ = {
            "version": 3,
            "typestr": "|u1",
            "shape": (high - low,),
            "data": (low, True),
        }


def _memory(low: int, high: int, root: np.ndarray) -> np.ndarray:
    """The bytes of the storage that ``root`` owns; the caller keeps ``root`` alive."""
    if high == low:
        return np.empty(0, np.uint8)
    if root.flags.c_contiguous:
        return root.reshape(-1).view(np.uint8)
    return np.asarray(_Span(low, high))
