"""What ``save`` and ``load`` are given: a path, whose file is replaced whole, or an open file."""

from __future__ import annotations

import contextlib
import io
import os
import secrets
import stat
from collections.abc import Iterator
from typing import Any, BinaryIO

__all__ = ["file_name", "opened", "read_into", "replacing", "write_all"]


@contextlib.contextmanager
def replacing(path: str) -> Iterator[BinaryIO]:
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
def opened(f: Any, mmap: bool | None) -> Iterator[BinaryIO]:
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


def file_name(f: Any) -> str:
    """How a message names ``f``."""
    if isinstance(f, (str, os.PathLike)):
        return repr(os.fspath(f))
    name = getattr(f, "name", None)
    return repr(name) if isinstance(name, str) else f"the given {type(f).__name__}"


def write_all(file: BinaryIO, data: bytes | memoryview) -> None:
    """Write every byte, also to an unbuffered file, which may take fewer than offered."""
    rest = memoryview(data)
    while rest.nbytes:
        written = file.write(rest)
        # A file-like object whose write() returns nothing is taken at its word.
        rest = rest[len(rest) if written is None else written :]


def read_into(file: BinaryIO, memory: memoryview) -> bool:
    """Fill ``memory`` from ``file``, which may be unbuffered or know only ``read``.

    Returns whether there was enough in it.
    """
    readinto = getattr(file, "readinto", None)
    while memory.nbytes:
        if readinto is not None:
            count = readinto(memory)
        else:
            data = file.read(memory.nbytes)
            count = len(data)
            memory[:count] = data
        if not count:
            return False
        memory = memory[count:]
    return True
