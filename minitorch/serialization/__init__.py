"""``save`` and ``load``: checkpoints in PyTorch's format, read as data.

``save`` writes PyTorch's zip format (:mod:`~minitorch.serialization.torch_writer`), so that
``torch.load`` reads it; a path that ends in ``.safetensors`` gets a safetensors file instead.
``load`` reads both, and PyTorch's format from before 1.6, and tells them by their contents.

A checkpoint of PyTorch's is a pickle, a program that may call anything.  Here it is read by an
interpreter that calls nothing: whatever a file says, no code of its choosing runs.  Why and how:
docs/design/0003-checkpoints.md.
"""

from __future__ import annotations

import enum
import json
import os
import reprlib
from pickle import UnpicklingError
from typing import Any, BinaryIO

import numpy as np

from minitorch.serialization import safetensors
from minitorch.serialization.files import file_name, opened, replacing
from minitorch.serialization.map_location import MapLocation, default_restore_location, storage_map
from minitorch.serialization.object_tree import MAX_BRACKETS, flatten, rebuild
from minitorch.serialization.pickle_reader import UnknownName
from minitorch.serialization.program_names import (
    add_safe_globals,
    clear_safe_globals,
    get_safe_globals,
    safe_globals,
)
from minitorch.serialization.torch_reader import names_in, read_legacy, read_zip
from minitorch.serialization.torch_writer import write_legacy, write_zip

__all__ = [
    "LoadEndianness",
    "add_safe_globals",
    "clear_safe_globals",
    "default_restore_location",
    "get_crc32_options",
    "get_default_load_endianness",
    "get_safe_globals",
    "get_unsafe_globals_in_checkpoint",
    "load",
    "safe_globals",
    "save",
    "set_crc32_options",
    "set_default_load_endianness",
]

#: Where in the metadata of a safetensors file the tree stands, and the version of its rules.
_TREE_KEY = "minitorch"
_VERSION = 1

_ZIP = b"PK\x03\x04"
#: What a pickle starts with: PyTorch's files from before 1.6 are several.
_PICKLES = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")

_File = str | os.PathLike[str] | BinaryIO


def save(
    obj: object,
    f: _File,
    pickle_module: Any = None,
    pickle_protocol: int = 2,
    _use_new_zipfile_serialization: bool = True,
    _disable_byteorder_record: bool = False,
) -> None:
    """Save ``obj`` to the path or binary file ``f``, for :func:`load` and for ``torch.load``.

    ``obj`` is anything that Python can pickle: nested containers of numbers, text, tensors and
    NumPy arrays, also modules and optimizers.  An object that appears twice is one object again
    after loading.  Tensors keep their strides, ``requires_grad`` and attributes, and those that
    share a storage share it again; the whole storage is written, however small the view.  Graphs
    and gradients are not saved.

    A path that ends in ``.safetensors`` gets a file in that format, which other programs read as
    well.  It holds data only: no modules, no objects of the program's own classes.

    A path is written atomically: a save that fails or is interrupted leaves the old file as it
    was.  Without ``_use_new_zipfile_serialization`` the format is PyTorch's from before 1.6, of
    which a file can hold several.  ``pickle_module`` and ``pickle_protocol`` change nothing.

    Raises:
        pickle.PicklingError: ``obj`` holds something that has no name, such as a lambda; the
            message says where.  The file is not touched.
        TypeError: ``obj`` does not fit in a safetensors file; the message says why.
        RuntimeError: the directory of ``f`` does not exist, or tensors view one memory as several
            types.
        AttributeError: ``f`` is neither a path nor a file.

    Source: torch.save.

    Example::

        >>> import io
        >>> import minitorch
        >>> file = io.BytesIO()
        >>> minitorch.save({"epoch": 3, "weights": [minitorch.ones(2)]}, file)
        >>> _ = file.seek(0)
        >>> minitorch.load(file)
        {'epoch': 3, 'weights': [tensor([1., 1.])]}
    """
    path = os.fspath(f) if isinstance(f, (str, os.PathLike)) else None
    if path is not None and path.endswith(".safetensors"):
        write = _safetensors_writer(obj)
    elif not _use_new_zipfile_serialization:
        write = write_legacy(obj)
    else:
        folder = "archive" if path is None else _record_folder(path)
        write = write_zip(obj, folder, _crc32, not _disable_byteorder_record)
    if path is not None:
        with replacing(path) as file:
            write(file)
    elif hasattr(f, "write"):
        write(f)
    else:
        raise AttributeError(
            "expected 'f' to be string, path, or a file-like object with a 'write' attribute, "
            f"got {type(f).__name__}"
        )


def load(
    f: _File,
    map_location: MapLocation = None,
    pickle_module: Any = None,
    *,
    weights_only: bool | None = None,
    mmap: bool | None = None,
    encoding: str = "utf-8",
) -> Any:
    """Load what :func:`save` or ``torch.save`` wrote, or a safetensors file.

    Nothing in the file is ever executed, whatever the arguments.  A file of several consecutive
    saves in PyTorch's format before 1.6 is read one save at a time.

    Args:
        f: a path, or a binary file that can ``read`` and ``seek``.
        map_location: where tensors go.  A device or its name takes all of them.  A dict maps the
            name of the device they were saved on to another.  A callable gets each storage, as a
            tensor of its bytes, with the device's name, and returns the one to use, or None for the
            default.
        weights_only: whether the file may hold data only, and objects of the classes given to
            ``minitorch.serialization.add_safe_globals``.  Set to False it may also hold modules,
            optimizers and plain objects, of classes that the program has imported.  The default
            is True, unless the environment variable ``TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD`` is set;
            ``TORCH_FORCE_WEIGHTS_ONLY_LOAD`` forbids False.
        mmap: map the file into memory, so that tensors are read when they are first used.  ``f``
            must be a path.  Writing to the tensors does not change the file.
        encoding: of the text in pickles that Python 2 wrote; ``"bytes"`` keeps it as bytes.

    Raises:
        pickle.UnpicklingError: the file names a class or function that it may not.
        AttributeError: it names a class of this program that isn't there.
        RuntimeError: the file is truncated, damaged, hostile or no checkpoint (the message names it
            and what is wrong), or tensors belong on a device that isn't there.
        FileNotFoundError: there is no such file.
        ValueError: ``mmap`` is set and ``f`` is not a path.

    Source: torch.load.
    """
    if weights_only is None:
        weights_only = not _is_set("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD") and pickle_module is None
    elif weights_only and pickle_module is not None:
        raise RuntimeError("Can not safely load weights when explicit pickle_module is specified")
    weights_only = weights_only or _is_set("TORCH_FORCE_WEIGHTS_ONLY_LOAD")
    map_storage = storage_map(map_location)
    with opened(f, mmap) as file:
        try:
            prefix = _prefix(file)
            # The length of a safetensors header may look like a pickle's start: then JSON follows.
            if prefix[8:] not in (b"{", b" "):
                if prefix.startswith(_ZIP):
                    order = None if _endianness is None else _endianness.value
                    mapped = bool(mmap)
                    return read_zip(file, map_storage, weights_only, mapped, encoding, order)
                if prefix.startswith(_PICKLES):
                    if mmap:
                        raise ValueError("only files in PyTorch's zip format can be mapped")
                    return read_legacy(file, map_storage, weights_only, encoding)
            arrays, metadata = safetensors.read_mapped(file) if mmap else safetensors.read(file)
            return rebuild(_tree(arrays, metadata), arrays, map_storage)
        except UnknownName as error:
            raise UnpicklingError(_refusal(f, error, weights_only)) from None
        except RecursionError:
            problem = "it nests too deeply for the Python stack left"
        except ValueError as error:
            problem = str(error)
    raise RuntimeError(f"load(): can't load {file_name(f)}: {problem}")


def get_unsafe_globals_in_checkpoint(f: _File) -> list[str]:
    """The classes and functions that a checkpoint names and ``load`` would refuse by default.

    Those allowed by :func:`add_safe_globals` are left out.
    Source: torch.serialization.get_unsafe_globals_in_checkpoint.
    """
    with opened(f, None) as file:
        try:
            return names_in(file)
        except ValueError as error:
            problem = str(error)
    raise RuntimeError(f"can't read {file_name(f)}: {problem}")


def _is_set(variable: str) -> bool:
    return os.environ.get(variable, "").lower() in ("1", "y", "yes", "true")


def _prefix(file: BinaryIO) -> bytes:
    """The first bytes of a file, which tell its format."""
    prefix = file.read(9)
    if not isinstance(prefix, bytes):
        raise TypeError("load(): f is a text file, expected one opened in binary mode")
    file.seek(-len(prefix), os.SEEK_CUR)
    return prefix


def _refusal(f: Any, error: UnknownName, weights_only: bool) -> str:
    """The message for a file that names something it may not."""
    if not weights_only:
        return f"load(): can't load {file_name(f)}: {error}"
    return (
        f"Weights only load failed. Can't load {file_name(f)}: Unsupported global: GLOBAL "
        f"{error.name} was not an allowed global by default. Please use "
        f"`torch.serialization.add_safe_globals([{error.name}])` or the "
        f"`torch.serialization.safe_globals([{error.name}])` context manager to allowlist this "
        "global if you trust this class/function, or load with `weights_only=False`."
    )


# Options


class LoadEndianness(enum.Enum):
    """A byte order.  Source: torch.serialization.LoadEndianness."""

    NATIVE = None
    LITTLE = "little"
    BIG = "big"


_endianness: LoadEndianness | None = None
_crc32 = True


def get_default_load_endianness() -> LoadEndianness | None:
    """The byte order taken for files that do not say; None is this machine's.

    Source: torch.serialization.get_default_load_endianness.
    """
    return _endianness


def set_default_load_endianness(endianness: LoadEndianness | None) -> None:
    """Set what :func:`get_default_load_endianness` returns.

    Source: torch.serialization.set_default_load_endianness.
    """
    global _endianness
    if endianness is not None and not isinstance(endianness, LoadEndianness):
        raise TypeError("Invalid argument type in function set_default_load_endianness")
    _endianness = endianness


def get_crc32_options() -> bool:
    """Whether :func:`save` writes checksums.  Source: torch.serialization.get_crc32_options."""
    return _crc32


def set_crc32_options(compute_crc32: bool) -> None:
    """Set whether :func:`save` writes checksums; without, other programs can't unpack the file.

    Source: torch.serialization.set_crc32_options.
    """
    global _crc32
    _crc32 = bool(compute_crc32)


# Formats


def _record_folder(path: str) -> str:
    """The name of the folder in the zip file: torch takes it from the path."""
    name = os.path.basename(path)
    return name.rpartition(".")[0] or name


def _safetensors_writer(obj: object) -> Any:
    """A function that writes ``obj`` to a file in the safetensors format."""
    try:
        arrays, metadata = _contents(obj)
    except RecursionError:
        raise ValueError("save(): containers nest too deeply for the Python stack left") from None
    return lambda file: safetensors.write(file, arrays, metadata)


def _contents(obj: object) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """The arrays and the metadata of the safetensors file for ``obj``."""
    tree, arrays = flatten(obj)
    if tree == _plain_tree(arrays):
        return arrays, {}
    versioned = {"version": _VERSION, "root": tree}
    return arrays, {_TREE_KEY: json.dumps(versioned, separators=(",", ":"), allow_nan=False)}


def _tree(arrays: dict[str, np.ndarray], metadata: dict[str, str]) -> Any:
    """The tree that the metadata of a safetensors file holds, or that of a file without one."""
    if _TREE_KEY not in metadata:
        return _plain_tree(arrays)
    text = metadata[_TREE_KEY].encode("utf-8", "surrogatepass")
    versioned = safetensors.parse_json(text, "the tree", MAX_BRACKETS + 1)
    if not isinstance(versioned, dict) or not {"version", "root"} <= versioned.keys():
        raise ValueError("the tree must be an object with a version and a root")
    if versioned["version"] != _VERSION:
        version = reprlib.repr(versioned["version"])
        raise ValueError(f"the tree has version {version}, but this minitorch reads {_VERSION}")
    return versioned["root"]


def _plain_tree(arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    """The tree of a dict of tensors, which needn't be written: the arrays' names say it all."""
    return {"type": "dict", "items": [[name, {"type": "tensor", "entry": name}] for name in arrays]}
