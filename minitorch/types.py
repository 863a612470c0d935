"""Names for type annotations.  Source: torch.types."""

from __future__ import annotations

import os
from typing import IO, TypeAlias

from minitorch.device import device
from minitorch.dtypes import dtype
from minitorch.size import Size
from minitorch.storage import UntypedStorage as Storage
from minitorch.tensor import Tensor

__all__ = ["Device", "FileLike", "Number", "Size", "Storage", "Tensor", "typename"]

#: Where tensors are: a device, its name, its index, or the default.
Device: TypeAlias = device | str | int | None
#: A path, or a file that is open.
FileLike: TypeAlias = str | os.PathLike[str] | IO[bytes]
Number: TypeAlias = int | float | bool
_int = int
_float = float
_bool = bool
_size = Size | list[int] | tuple[int, ...]
_dtype = dtype


def typename(obj, /) -> str:
    """How torch calls the type of ``obj``, or the class or function itself: "torch.FloatTensor".

    Source: torch.typename.
    """
    if isinstance(obj, Tensor):
        return obj.type()
    named = obj if hasattr(obj, "__qualname__") else type(obj)
    module = (named.__module__ or "").replace("minitorch", "torch", 1)
    if isinstance(named, type) and named in (device, dtype, Size, Tensor):
        module = "torch"  # torch: its own basic types are at home in the main namespace
    return named.__qualname__ if module in ("", "builtins") else f"{module}.{named.__qualname__}"
