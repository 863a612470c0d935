"""``save`` and ``load``: checkpoints that hold data and nothing to execute.

Every checkpoint is a safetensors file (:mod:`minitorch.serialization.safetensors`).  A dict of text to tensors
gives a plain one, as any program for that format writes.  Other objects are taken apart into arrays
and a tree of JSON (:mod:`minitorch.serialization.object_tree`), which goes into the file's metadata.  Loading
reads data and builds objects of known types: there is nothing to trust.  Why it is so:
docs/design/0003-checkpoints.md.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import reprlib
import secrets
import stat
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

import numpy as np

from minitorch.backends import to_device
from minitorch.device import device
from minitorch.serialization import safetensors
from minitorch.serialization.object_tree import MAX_BRACKETS, flatten, rebuild
from minitorch.tensor import Tensor, wrap

__all__ = ["load", "save"]

#: Where in the metadata the tree stands, and the version of its rules.
_TREE_KEY = "minitorch"
_VERSION = 1

#: What a pickle, which is a program, starts with.
_PICKLES = {
    b"PK\x03\x04": "a PyTorch zip checkpoint",
    b"\x80\x02": "a pickle, probably an old PyTorch checkpoint",
    b"\x80\x03": "a pickle",
    b"\x80\x04": "a pickle",
    b"\x80\x05": "a pickle",
}

_File = str | os.PathLike[str] | BinaryIO
_MapLocation = Callable[[Tensor, str], Tensor | None] | device | str | dict[str, str] | None


def save(
    obj: object,
    f: _File,
    pickle_module: Any = None,
    pickle_protocol: int = 2,
    _use_new_zipfile_serialization: bool = True,
    _disable_byteorder_record: bool = False,
) -> None:
    """Save ``obj`` to the path or binary file ``f``, for :func:`load`.

    ``obj`` is any nesting of dicts (plain, OrderedDict, Counter, defaultdict of a builtin type),
    lists, tuples, sets and ``argparse.Namespace`` with None, bools, numbers, text, bytes, tensors,
    Parameters, ``Size``, ``dtype``, ``device``, NumPy arrays and scalars.  An object that appears
    twice is one object again after loading.  Tensors whose memory overlaps share it again, with the
    strides they had; other non-contiguous tensors become contiguous.  ``requires_grad`` is kept;
    graphs, gradients and hooks are not saved.

    A path is written atomically: a save that fails or is interrupted leaves the old file as it
    was.  The arguments that torch has for pickling are accepted and change nothing.

    Raises:
        TypeError: ``obj`` holds something else (a Module, a function, an object of some class); the
            message says where.  The file is not touched.
        ValueError: containers nest more than 100 deep, or what is not tensors takes over 100 MB.
        RuntimeError: the directory of ``f`` does not exist.
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
    try:
        arrays, metadata = _contents(obj)
    except RecursionError:
        raise ValueError("save(): containers nest too deeply for the Python stack left") from None
    if isinstance(f, (str, os.PathLike)):
        with _replacing(os.fspath(f)) as file:
            safetensors.write(file, arrays, metadata)
    elif hasattr(f, "write"):
        safetensors.write(f, arrays, metadata)
    else:
        raise AttributeError(
            "expected 'f' to be string, path, or a file-like object with a 'write' attribute, "
            f"got {type(f).__name__}"
        )


def load(
    f: _File,
    map_location: _MapLocation = None,
    pickle_module: Any = None,
    *,
    weights_only: bool | None = True,
    mmap: bool | None = None,
    encoding: str = "utf-8",
) -> Any:
    """Load what :func:`save` wrote, or any safetensors file (as a dict of tensors).

    Nothing in the file is ever executed; ``weights_only``, ``pickle_module`` and ``encoding`` are
    accepted for torch's sake and change nothing.

    Args:
        f: a path, or a binary file that can ``read`` and ``seek``, which is read to its end.
        map_location: where tensors go.  A device or its name takes all of them.  A dict maps the
            name of the device they were saved on to another.  A callable gets each storage, as a
            tensor of its bytes, with the device's name, and returns the one to use, or None for the
            default.
        mmap: map the file into memory, so that tensors are read when they are first used.  ``f``
            must be a path.  Writing to the tensors does not change the file.

    Raises:
        RuntimeError: the file is truncated, damaged, hostile or not a safetensors file (the message
            names it and what is wrong), or tensors belong on a device that isn't there.
        FileNotFoundError: there is no such file.
        ValueError: ``mmap`` is set and ``f`` is not a path.

    Source: torch.load.
    """
    map_storage = _storage_map(map_location)
    with _opened(f, mmap) as file:
        try:
            _refuse_pickles(file)
            arrays, metadata = safetensors.read_mapped(file) if mmap else safetensors.read(file)
            return rebuild(_tree(arrays, metadata), arrays, map_storage)
        except RecursionError:
            problem = "it nests too deeply for the Python stack left"
        except ValueError as error:
            problem = str(error)
    raise RuntimeError(f"load(): can't load {_file_name(f)}: {problem}")


# What a file holds


def _contents(obj: object) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """The arrays and the metadata of the file for ``obj``."""
    tree, arrays = flatten(obj)
    if tree == _plain_tree(arrays):
        return arrays, {}
    versioned = {"version": _VERSION, "root": tree}
    return arrays, {_TREE_KEY: json.dumps(versioned, separators=(",", ":"), allow_nan=False)}


def _tree(arrays: dict[str, np.ndarray], metadata: dict[str, str]) -> Any:
    """The tree that the metadata of a file holds, or that of a file without one."""
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


def _refuse_pickles(file: BinaryIO) -> None:
    """Raise for a file that holds a pickle: what it is and how to convert it."""
    prefix = file.read(9)
    if not isinstance(prefix, bytes):
        raise TypeError("load(): f is a text file, expected one opened in binary mode")
    file.seek(-len(prefix), 1)
    for magic, kind in _PICKLES.items():
        # The length of a safetensors header may look like one, but then JSON follows.
        if prefix.startswith(magic) and prefix[8:] not in (b"{", b" "):
            raise ValueError(
                f"it is {kind}. Such a file is a program, which minitorch does not run. Where "
                "PyTorch is installed, convert a dict of tensors by "
                "safetensors.torch.save_file(torch.load(old), new)"
            )


# Devices


def _storage_map(map_location: Any) -> Callable[[np.ndarray, str], np.ndarray]:
    """A function of a storage and the location it was saved from: the storage to use."""
    if map_location is None:
        return _at
    if isinstance(map_location, dict):
        return lambda array, location: _at(array, map_location.get(location, location))
    if isinstance(map_location, (str, device)):
        return lambda array, _: _at(array, map_location)
    if not callable(map_location):
        raise TypeError(
            "load(): map_location must be None, a device, its name, a dict or a callable, "
            f"got {type(map_location).__name__}"
        )

    def call(array: np.ndarray, location: str) -> np.ndarray:
        storage = wrap(array.reshape(-1).view(np.uint8))
        chosen = map_location(storage, location)
        if chosen is None:
            return _at(array, location)
        if chosen is storage:
            return array
        if not isinstance(chosen, Tensor) or chosen._array.nbytes != array.nbytes:
            raise TypeError(
                f"load(): map_location must return a storage of {array.nbytes} bytes or None, "
                f"got {type(chosen).__name__}"
            )
        return chosen._array.reshape(-1).view(array.dtype).reshape(array.shape)

    return call


def _at(array: np.ndarray, location: str | device) -> np.ndarray:
    """``array`` on the device ``location``."""
    try:
        target = device(location)
    except (RuntimeError, TypeError):
        raise RuntimeError(
            f"don't know how to restore data location of a storage (tagged with {location})"
        ) from None
    try:
        return to_device(array, target)
    except AssertionError:
        raise RuntimeError(
            "Attempting to deserialize object on a CUDA device but torch.cuda.is_available() is "
            f"False. It was saved on, or is to go to, {target}; give load map_location='cpu' to "
            "have it on the CPU."
        ) from None


# Files


@contextlib.contextmanager
def _replacing(path: str) -> Iterator[BinaryIO]:
    """A file that replaces ``path`` at the end of the block, or vanishes if that fails."""
    path = os.path.realpath(path)  # open() would write through a symbolic link, too
    parent = os.path.dirname(path)
    if not os.path.isdir(parent):
        raise RuntimeError(f"Parent directory {parent} does not exist.")
    try:
        old_mode = os.stat(path).st_mode
    except FileNotFoundError:
        old_mode = None
    if old_mode is not None and not stat.S_ISREG(old_mode):
        # A pipe or a device is written to, not replaced.  For a directory this raises.
        with open(path, "wb") as file:
            yield file
        return
    partial = os.path.join(parent, f".minitorch-{secrets.token_hex(8)}.part")
    file = open(partial, "xb")  # unlike tempfile's, with the permissions that the umask allows
    try:
        with file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if old_mode is not None:
            os.chmod(partial, stat.S_IMODE(old_mode))
        os.replace(partial, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(partial)
        raise


@contextlib.contextmanager
def _opened(f: Any, mmap: bool | None) -> Iterator[BinaryIO]:
    """``f`` as a binary file that can seek; closed in the end if it was opened here."""
    if isinstance(f, (str, os.PathLike)):
        with open(f, "rb") as file:
            yield file
        return
    if mmap:
        raise ValueError("f must be a file path in order to use the mmap argument")
    for name in ("seek", "tell", "read"):
        if not hasattr(f, name):
            raise AttributeError(
                f"'{type(f).__name__}' object has no attribute '{name}'. You can only load from a "
                "file that is seekable. Please pre-load the data into a buffer like io.BytesIO and "
                "try to load from it instead."
            )
    start = f.tell()
    try:
        f.seek(0, 2)
        f.seek(start)
    except (OSError, ValueError):
        # A compressed stream may know its end only when there.
        f = io.BytesIO(f.read())
    yield f


def _file_name(f: Any) -> str:
    """How a message names ``f``."""
    if isinstance(f, (str, os.PathLike)):
        return repr(os.fspath(f))
    name = getattr(f, "name", None)
    return repr(name) if isinstance(name, str) else f"the given {type(f).__name__}"
