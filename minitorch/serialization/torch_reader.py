"""Reads what ``torch.save`` writes: the zip format, and the one before it.

A checkpoint is a pickle (``data.pkl``) with its tensors' memory outside of it, a record for each
storage.  The pickle refers to storages by *persistent ids*, and says how each tensor looks at its
storage: by calling ``torch._utils._rebuild_tensor_v2(storage, offset, size, stride, ...)``.  Here
the pickle is read by :mod:`minitorch.serialization.pickle_reader`, and ``_Tensors`` below has the
functions that stand for torch's.

The format before 1.6 is several pickles one after another: a magic number, a version, the machine,
the object, the keys of the storages; then the storages.
"""

from __future__ import annotations

import math
import mmap
import os
import sys
from collections.abc import Callable
from typing import Any, BinaryIO

import numpy as np

from minitorch import dtypes
from minitorch.device import device
from minitorch.memory_format import (
    channels_last,
    channels_last_3d,
    contiguous_format,
    layout,
    preserve_format,
    sparse_coo,
    strided,
)
from minitorch.nn.parameter import (
    Buffer,
    Parameter,
    UninitializedBuffer,
    UninitializedParameter,
)
from minitorch.ops.creation import empty_strided
from minitorch.ops.sparse import sparse_coo_tensor
from minitorch.random import Generator
from minitorch.serialization.files import read_into
from minitorch.serialization.pickle_names import BUILTINS, NUMPY, set_attributes
from minitorch.serialization.pickle_reader import Known, PickleReader, brief
from minitorch.serialization.program_names import class_or_function
from minitorch.serialization.zip_file import Record, read_directory
from minitorch.size import Size
from minitorch.storage import TypedStorage, UntypedStorage, address, is_real
from minitorch.tensor import Tensor, wrap

__all__ = ["MAGIC_NUMBER", "PROTOCOL_VERSION", "names_in", "read_legacy", "read_zip"]

#: What the format before 1.6 starts with.
MAGIC_NUMBER = 0x1950A86A20F9469CFC6C
PROTOCOL_VERSION = 1001

MapStorage = Callable[[np.ndarray, str], np.ndarray]


def read_zip(
    file: BinaryIO,
    map_storage: MapStorage,
    weights_only: bool,
    mapped: bool = False,
    encoding: str = "utf-8",
    default_order: str | None = None,
) -> Any:
    """The object in the zip file that goes from the position of ``file`` to its end.

    Args:
        map_storage: gives the array to use for a storage, given its own and where it was saved.
        mapped: map the storages into memory instead of reading them; ``file`` must be a real one.
        default_order: "little" or "big": the byte order of a file that does not say.

    Raises:
        ValueError: the file is truncated, damaged or hostile; the message says how.
        UnknownName: it names a class or function that it may not.
    """
    records, folder = _checkpoint(file)
    order = default_order or sys.byteorder
    if f"{folder}byteorder" in records:
        order = _read(file, records[f"{folder}byteorder"]).decode()
    if order not in ("little", "big"):
        raise ValueError(f"its byte order is {order!r:.20}, expected little or big")
    mapping = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY) if mapped else None

    def storage(key: str, dtype: np.dtype, count: int) -> np.ndarray:
        record = records.get(f"{folder}data/{key}")
        if record is None:
            raise ValueError(f"it refers to a storage {key!r:.40} that isn't there")
        if count * dtype.itemsize > record.size:
            raise ValueError(
                f"storage {key!r:.40} has {record.size} bytes, but should have {count} "
                f"elements of {dtype.itemsize}"
            )
        if mapping is not None and count and record.start % dtype.alignment == 0:
            return np.frombuffer(mapping, dtype, count, record.start)
        array = np.empty(count, dtype)
        file.seek(record.start)
        if count and not read_into(file, array.view(np.uint8).data):
            raise ValueError(f"it is truncated: it ends inside storage {key!r:.40}")
        return array

    tensors = _Tensors(storage, map_storage, order != sys.byteorder, weights_only)
    pickle = _read(file, records[f"{folder}data.pkl"])
    loaded = tensors.read(PickleReader(pickle, tensors.named, encoding=encoding))
    file.seek(0, os.SEEK_END)
    return loaded


def _checkpoint(file: BinaryIO) -> tuple[dict[str, Record], str]:
    """The records of a zip file, and the folder in it that is a checkpoint."""
    records = read_directory(file)
    folders = [name.removesuffix("data.pkl") for name in records if name.endswith("/data.pkl")]
    if len(folders) != 1 or folders[0].count("/") != 1:
        raise ValueError("it is a zip file, but no PyTorch checkpoint: it has no single data.pkl")
    if f"{folders[0]}constants.pkl" in records:
        raise ValueError(
            "it is a TorchScript archive, a program: torch.jit.load reads it where PyTorch is "
            "installed"
        )
    return records, folders[0]


def _read(file: BinaryIO, record: Record) -> bytes:
    file.seek(record.start)
    data = file.read(record.size)
    if len(data) != record.size:
        raise ValueError("it is truncated")
    return data


def read_legacy(
    file: BinaryIO, map_storage: MapStorage, weights_only: bool, encoding: str = "utf-8"
) -> Any:
    """The object at the position of ``file``, in the format before 1.6.

    ``file`` is left after it: another may follow.

    Raises:
        ValueError, UnknownName: as :func:`read_zip`.
    """
    machine = _read_legacy_head(file)
    start = file.tell()
    # The storages come after the pickle that looks at them: its first reading only finds its end.
    skimmer = _Skimmer(file)
    skimmer.read()
    arrays = _read_legacy_storages(file, skimmer.storages)
    end = file.tell()

    def storage(key: str, dtype: np.dtype, count: int) -> np.ndarray:
        return arrays[key]

    swapped = machine.get("little_endian", True) != (sys.byteorder == "little")
    tensors = _Tensors(storage, map_storage, swapped, weights_only)
    file.seek(start)
    loaded = tensors.read(PickleReader(file, tensors.named, encoding=encoding))
    file.seek(end)
    return loaded


def _read_legacy_head(file: BinaryIO) -> dict[str, Any]:
    """What the file says of the machine that wrote it."""
    magic = PickleReader(file, {}).read()
    if magic != MAGIC_NUMBER:
        raise ValueError("Invalid magic number: it is a pickle, but none that torch.save wrote")
    version = PickleReader(file, {}).read()
    if version != PROTOCOL_VERSION:
        raise ValueError(f"Invalid protocol version: {brief(version)}")
    machine = PickleReader(file, {}).read()
    if type(machine) is not dict:
        raise ValueError("it says nothing of the machine that wrote it")
    return machine


def _read_legacy_storages(
    file: BinaryIO, expected: dict[str, tuple[dtypes.dtype, int]]
) -> dict[str, np.ndarray]:
    """The storages that follow, by key."""
    keys = PickleReader(file, {}).read()
    if type(keys) is not list or not all(type(key) is str for key in keys):
        raise ValueError("its list of storages is malformed")
    if len(set(keys)) != len(keys) or set(keys) != set(expected):
        raise ValueError("its list of storages is not that of those it uses")
    position = file.tell()
    left = file.seek(0, os.SEEK_END) - position
    file.seek(position)
    arrays = {}
    for key in keys:
        kind, count = expected[key]
        left -= 8 + count * kind.itemsize
        if left < 0:
            raise ValueError(f"it is truncated: it ends inside storage {key!r:.40}")
        told = int.from_bytes(file.read(8), "little", signed=True)
        if told != count:
            raise ValueError(f"storage {key!r:.40} has {told} elements, but should have {count}")
        array = np.empty(count, kind.numpy)
        if count and not read_into(file, array.view(np.uint8).data):
            raise ValueError(f"it is truncated: it ends inside storage {key!r:.40}")
        arrays[key] = array
    return arrays


def names_in(file: BinaryIO) -> list[str]:
    """The full names that the checkpoint at the position of ``file`` uses beyond torch's data."""
    if file.read(2) == b"PK":
        file.seek(-2, os.SEEK_CUR)
        records, folder = _checkpoint(file)
        skimmer = _Skimmer(_read(file, records[f"{folder}data.pkl"]))
    else:
        file.seek(-2, os.SEEK_CUR)
        _read_legacy_head(file)
        skimmer = _Skimmer(file)
    skimmer.read()
    known = _Tensors(lambda *_: np.empty(0), lambda array, _: array, False, True).table
    return [name for name in skimmer.names if name not in known and name not in _DATA]


class _Skimmer(PickleReader):
    """Walks through a pickle for its end, its names and its storages, making nothing it names."""

    def __init__(self, file: bytes | BinaryIO) -> None:
        super().__init__(file, self._meet, persistent_load=self._note)
        self.storages: dict[str, tuple[dtypes.dtype, int]] = {}
        self.names: dict[str, None] = {}

    def _meet(self, name: str) -> Known:
        self.names[name] = None
        found = _DATA.get(name)
        return Known(found.value if found and name.endswith("Storage") else _Skimmed())

    def _note(self, key: Any) -> Any:
        kind, key, _, count = _storage_id(key)
        if self.storages.setdefault(key, (kind, count)) != (kind, count):
            raise ValueError(f"storage {key!r:.40} has two types")
        return _Skimmed()

    def _apply(self, value: Any, args: Any, way: str) -> None:
        self._push(_Skimmed())

    def _build(self) -> None:
        self._pop()
        self._top()

    def _append(self, items: list[Any]) -> None:
        self._top()

    def _set_items(self, items: list[Any]) -> None:
        self._top()


class _Skimmed:
    """Stands for whatever the pickle makes."""


# --- tensors --------------------------------------------------------------------------------------


class _StorageType:
    """What a name such as ``torch.FloatStorage`` stands for."""

    def __init__(self, dtype: dtypes.dtype | None) -> None:
        self.dtype = dtype  # None for bytes of no type


def _storage_id(key: Any) -> tuple[dtypes.dtype, str, str, int]:
    """A persistent id, checked: element type, key, location, number of elements."""
    if type(key) is not tuple or len(key) not in (5, 6) or key[0] != "storage":
        raise ValueError("the pickle refers to something other than a storage outside of it")
    kind, name, location, count = key[1:5]
    if len(key) == 6 and key[5] is not None:
        raise ValueError("it has a view of a storage as PyTorch wrote them before 0.4")
    if not (isinstance(kind, _StorageType) and type(name) is str and type(location) is str):
        raise ValueError("the pickle has a malformed storage")
    if type(count) is not int or not 0 <= count < 2**60:
        raise ValueError(f"the pickle has a storage of {brief(count)} elements")
    return kind.dtype or dtypes.uint8, name, location, count


class _Tensors:
    """The functions that stand for torch's in the pickle of one file, and its storages."""

    def __init__(
        self,
        read_storage: Callable[[str, np.dtype, int], np.ndarray],
        map_storage: MapStorage,
        is_swapped: bool,
        weights_only: bool,
    ) -> None:
        self._read_storage = read_storage
        self._map_storage = map_storage
        self._is_swapped = is_swapped
        self._weights_only = weights_only
        #: key -> the storage, its element type, and the version counter of all tensors over it
        self._storages: dict[str, tuple[UntypedStorage, np.dtype, list[int]]] = {}
        #: id of a storage object -> its key
        self._keys: dict[int, str] = {}
        #: How many bytes may yet be copied, or looked through again.
        self._budget = 0
        functions: dict[str, Callable[..., Any]] = {
            "_utils._rebuild_tensor": self.tensor,
            "_utils._rebuild_tensor_v2": self.tensor,
            "_utils._rebuild_tensor_v3": self.tensor_of_bytes,
            "_utils._rebuild_parameter": self.parameter,
            "_utils._rebuild_parameter_with_state": self.parameter,
            "_utils._rebuild_meta_tensor_no_storage": self.meta_tensor,
            "_utils._rebuild_sparse_tensor": self.sparse_tensor,
            "_tensor._rebuild_from_type_v2": self.tensor_with_attributes,
        }
        self.table = {
            f"torch.{name}": Known(function, call=function) for name, function in functions.items()
        }

    def read(self, reader: PickleReader) -> Any:
        reader.persistent_load = self.storage
        return reader.read()

    def named(self, name: str) -> Known:
        """The row for a full name."""
        known = self.table.get(name) or _DATA.get(name)
        if known is not None:
            return known
        if name == "ml_dtypes.bfloat16":
            return Known(_numpy_dtype(dtypes.bfloat16).type)
        if name in _REFUSED:
            raise ValueError(f"it has {_REFUSED[name]} ({name}), which minitorch does not have")
        if name.startswith("torch.") and name.count(".") == 1:
            kind = name.removeprefix("torch.").removesuffix("Storage")
            if kind.startswith(("float", "int", "uint", "bits", "quint", "qint", "complex", "Q")):
                raise ValueError(f"it has {name}, an element type that minitorch does not have")
        return class_or_function(name, self._weights_only)

    # --- what stands for torch's functions --------------------------------------------------------

    def storage(self, key: Any) -> UntypedStorage:
        """The storage for a persistent id."""
        kind, name, location, count = _storage_id(key)
        if name not in self._storages:
            array = self._read_storage(name, _numpy_dtype(kind), count)
            if self._is_swapped:
                if kind.is_complex:
                    array.view(kind.to_real().numpy).byteswap(inplace=True)
                else:
                    array.byteswap(inplace=True)
            self._budget += array.nbytes
            array = self._map_storage(array, location)
            is_typed = key[1].dtype is not None and is_real(array)
            made = TypedStorage(array) if is_typed else UntypedStorage(array)
            self._storages[name] = made, array.dtype, [0]
            self._keys[id(made)] = name
        storage, dtype, _ = self._storages[name]
        if dtype != _numpy_dtype(kind):
            raise ValueError(f"storage {name!r:.40} has two types")
        return storage

    def tensor(
        self,
        reader: PickleReader,
        storage: Any,
        offset: Any,
        size: Any,
        stride: Any,
        requires_grad: Any = False,
        hooks: Any = None,
        metadata: Any = None,
    ) -> Tensor:
        """A tensor that looks at a storage of its own element type."""
        kind = self._stored(storage)[1]
        return self._view(storage, kind, offset, size, stride, requires_grad, metadata)

    def tensor_of_bytes(
        self,
        reader: PickleReader,
        storage: Any,
        offset: Any,
        size: Any,
        stride: Any,
        requires_grad: Any,
        hooks: Any,
        dtype: Any,
        metadata: Any = None,
    ) -> Tensor:
        """A tensor that gives the bytes of a storage a type."""
        if not isinstance(dtype, dtypes.dtype):
            raise ValueError("the pickle has a tensor of a malformed type")
        if self._is_swapped:
            raise ValueError(
                "it has tensors in bytes of the other order, which can't be told apart"
            )
        kind = _numpy_dtype(dtype)
        return self._view(storage, kind, offset, size, stride, requires_grad, metadata)

    def parameter(
        self,
        reader: PickleReader,
        data: Any,
        requires_grad: Any,
        hooks: Any = None,
        state: Any = None,
    ) -> Parameter:
        """A Parameter over a tensor."""
        if not isinstance(data, Tensor):
            raise ValueError("the pickle has a parameter that is no tensor")
        _check_requires_grad(data, requires_grad)
        parameter = Parameter(data, requires_grad)
        set_attributes(reader, parameter, state)
        return parameter

    def meta_tensor(
        self, reader: PickleReader, dtype: Any, size: Any, stride: Any, requires_grad: Any
    ) -> Tensor:
        """A tensor without memory."""
        if not isinstance(dtype, dtypes.dtype):
            raise ValueError("the pickle has a tensor of a malformed type")
        _check_look(size, stride, 0, dtype.itemsize)
        tensor = empty_strided(size, stride, dtype=dtype, device="meta")
        _check_requires_grad(tensor, requires_grad)
        return tensor.requires_grad_(requires_grad)

    def sparse_tensor(self, reader: PickleReader, layout: Any, data: Any) -> Tensor:
        """A tensor of which the places and values are stored that are not zero."""
        if layout is not sparse_coo or type(data) is not tuple or len(data) not in (3, 4):
            raise ValueError("the pickle has a malformed sparse tensor")
        indices, values, size = data[:3]
        are_tensors = isinstance(indices, Tensor) and isinstance(values, Tensor)
        if not are_tensors or not isinstance(size, Size) or indices.dtype is not dtypes.int64:
            raise ValueError("the pickle has a malformed sparse tensor")
        try:
            tensor = sparse_coo_tensor(indices, values, size)
        except RuntimeError as error:
            raise ValueError(f"the pickle has a malformed sparse tensor: {error}") from None
        # The file's word that the places are in order is not taken for it.
        in_order = len(data) == 4 and data[3] is True and (np.diff(tensor._flat_places()) > 0).all()
        return sparse_coo_tensor(indices, values, size, is_coalesced=True) if in_order else tensor

    def tensor_with_attributes(
        self, reader: PickleReader, function: Any, kind: Any, args: Any, state: Any
    ) -> Tensor:
        """What another of these functions makes, with attributes."""
        if kind is not Tensor and kind is not Parameter:
            raise ValueError(f"it has a tensor of the class {brief(kind)}, which can't be loaded")
        call = reader.known(function).call
        if call is None or type(args) is not tuple or function == self.tensor_with_attributes:
            raise ValueError("the pickle has a malformed tensor")
        tensor = call(reader, *args)
        if not isinstance(tensor, kind):
            raise ValueError("the pickle has a malformed tensor")
        set_attributes(reader, tensor, state)
        return tensor

    # --- memory -----------------------------------------------------------------------------------

    def _stored(self, storage: Any) -> tuple[UntypedStorage, np.dtype, list[int]]:
        if id(storage) not in self._keys:
            raise ValueError(f"the pickle has a tensor over {brief(storage)}, which is no storage")
        return self._storages[self._keys[id(storage)]]

    def _view(
        self,
        storage: Any,
        kind: np.dtype,
        offset: Any,
        size: Any,
        stride: Any,
        requires_grad: Any,
        metadata: Any,
    ) -> Tensor:
        """The tensor that looks at a storage so; every number is checked first."""
        memory, _, counter = self._stored(storage)
        _check_look(size, stride, offset, kind.itemsize)
        shape = tuple(size)
        reach = sum((n - 1) * step for n, step in zip(shape, stride, strict=True)) + 1
        nbytes = memory.nbytes()
        array: Any
        if not is_real(memory._owner):  # map_location is "meta"
            array = empty_strided(
                shape, stride, dtype=dtypes.from_numpy(kind), device="meta"
            )._array
        elif 0 in shape:
            array = np.empty(shape, kind)
        elif (offset + reach) * kind.itemsize > nbytes:
            raise ValueError(
                f"the pickle has a tensor that reaches to element {offset + reach} of a storage "
                f"of {nbytes // kind.itemsize}"
            )
        else:
            steps = tuple(step * kind.itemsize if step < 2**60 else 0 for step in stride)
            array = np.ndarray(shape, kind, memory._owner, offset * kind.itemsize, steps)
            self._check_bools(array, nbytes)
        for mark in self._marks(metadata):
            self._spend(array.nbytes)
            array = np.conj(array) if mark == "conj" else np.negative(array)
        tensor = wrap(array)
        _check_requires_grad(tensor, requires_grad)
        tensor._requires_grad = requires_grad
        tensor._counter = counter
        return tensor

    def _check_bools(self, array: np.ndarray, nbytes: int) -> None:
        """Raise for a bool other than 0 and 1: NumPy computes nonsense with it, silently."""
        if array.dtype != np.bool_:
            return
        low, high = np.lib.array_utils.byte_bounds(array)
        if high - low != nbytes:
            self._spend(high - low)
        memory = array.base
        span = np.ndarray((high - low,), np.uint8, memory, address(array) - address(memory))
        if span.max() > 1:
            # Perhaps the others lie between the elements.
            self._spend(array.nbytes)
            if array.view(np.uint8).max() > 1:
                raise ValueError("it has a bool that is neither 0 nor 1")

    def _spend(self, nbytes: int) -> None:
        """Account for looking through memory again, or copying it."""
        self._budget -= nbytes
        if self._budget < -(10**6):
            raise ValueError("it looks at its storages more often than can be checked")

    def _marks(self, metadata: Any) -> list[str]:
        """What PyTorch has yet to do to the elements: conjugate or negate them."""
        if metadata is None:
            return []
        if type(metadata) is not dict or not set(metadata) <= {"conj", "neg"}:
            raise ValueError("the pickle has a tensor with unknown metadata")
        return [mark for mark, is_set in metadata.items() if is_set is True]


def _check_look(size: Any, stride: Any, offset: Any, itemsize: int) -> None:
    """Raise unless these can be the sizes and strides of a tensor."""
    if not all(type(n) is int for n in (*size, *stride, offset)):
        raise ValueError("the pickle has a tensor whose sizes are no ints")
    if len(size) != len(stride) or len(size) > 64 or min((*size, *stride, offset)) < 0:
        raise ValueError("the pickle has a tensor of a malformed size")
    if math.prod(n or 1 for n in size) * itemsize >= 2**63:
        raise ValueError("the pickle has a tensor that is too large")


def _check_requires_grad(tensor: Tensor, requires_grad: Any) -> None:
    if type(requires_grad) is not bool:
        raise ValueError("the pickle has a malformed tensor")
    if requires_grad and not (tensor.is_floating_point() or tensor.is_complex()):
        raise ValueError(f"the pickle has a tensor of {tensor.dtype} that requires grad")


def _numpy_dtype(kind: dtypes.dtype) -> np.dtype:
    try:
        return kind.numpy
    except ImportError as error:
        raise ValueError(str(error)) from None


# --- what describes tensors -----------------------------------------------------------------------


def _size(reader: PickleReader, items: Any = ()) -> Size:
    if type(items) not in (tuple, list) or not all(type(n) is int for n in items):
        raise ValueError("the pickle has a malformed Size")
    reader.spend(len(items))
    return Size(items)


def _device(reader: PickleReader, kind: Any, index: Any = None) -> device:
    if type(kind) is not str or not (index is None or type(index) is int):
        raise ValueError("the pickle has a malformed device")
    try:
        return device(kind, index)
    except RuntimeError:
        raise ValueError(f"the pickle has an unknown device {brief(kind)}") from None


def _layout(reader: PickleReader, name: Any) -> layout:
    for known in (strided, sparse_coo):
        if name == repr(known):
            return known
    raise ValueError(f"it has a tensor of the layout {brief(name)}, which can't be loaded")


def _uninitialized(kind: Any) -> Callable[..., Any]:
    """What makes a parameter or buffer of a lazy module that was never called."""

    def make(reader: PickleReader, requires_grad: Any) -> Tensor:
        if type(requires_grad) is not bool:
            raise ValueError("the pickle has a malformed tensor")
        return kind(requires_grad)

    return make


def _generator(reader: PickleReader, where: Any) -> Generator:
    if not isinstance(where, device):
        raise ValueError("the pickle has a malformed Generator")
    try:
        return Generator(where)
    except RuntimeError as error:
        raise ValueError(str(error)) from None


def _generator_state(reader: PickleReader, generator: Generator, state: Any) -> None:
    if type(state) is not tuple or len(state) != 3:
        raise ValueError("the pickle has a malformed Generator")
    try:
        generator.set_state(state[2])
    except RuntimeError as error:
        raise ValueError(f"the pickle has a malformed Generator: {error}") from None


_REFUSED = {
    "torch._utils._rebuild_qtensor": "a quantized tensor",
    "torch._utils._rebuild_nested_tensor": "a nested tensor",
    "torch._utils._rebuild_wrapper_subclass": "a tensor of another class",
    "torch._utils._rebuild_device_tensor_from_numpy": "a tensor of another device",
    "torch._utils._rebuild_device_tensor_from_cpu_tensor": "a tensor of another device",
}


def _data_names() -> dict[str, Known]:
    table = {
        **BUILTINS,
        **NUMPY,
        "torch.Size": Known(Size, call=_size),
        "torch.Tensor": Known(Tensor),
        "torch._C.Generator": Known(Generator, call=_generator, build=_generator_state),
        "torch.device": Known(device, call=_device),
        "torch.nn.parameter.Buffer": Known(Buffer),
        "torch.nn.parameter.Parameter": Known(Parameter),
        **{
            f"torch.nn.parameter.{kind.__name__}": Known(kind, call=_uninitialized(kind))
            for kind in (UninitializedBuffer, UninitializedParameter)
        },
        "torch.serialization._get_layout": Known(_layout, call=_layout),
    }
    for untyped in ("UntypedStorage", "_UntypedStorage"):
        for home in ("torch", "torch.storage"):
            table[f"{home}.{untyped}"] = Known(_StorageType(None))
    for name in dtypes.__all__:
        kind = getattr(dtypes, name)
        if isinstance(kind, dtypes.dtype):
            table[f"torch.{kind.name}"] = Known(kind)
            for home in ("torch", "torch.cuda"):
                table[f"{home}.{kind.legacy_name}Storage"] = Known(_StorageType(kind))
    for order in (channels_last, channels_last_3d, contiguous_format, preserve_format):
        table[repr(order)] = Known(order)
    return table


#: What every checkpoint may name: data.
_DATA: dict[str, Known] = _data_names()
