"""The few names of torch's compiled part that programs reach for.  Source: torch._C."""

import contextlib

from minitorch.device import device
from minitorch.dtypes import dtype
from minitorch.memory_format import layout, memory_format
from minitorch.ops.decomposition import LinAlgError as _LinAlgError
from minitorch.random import Generator
from minitorch.size import Size

__all__ = [
    "DisableTorchFunctionSubclass",
    "Generator",
    "Size",
    "_LinAlgError",
    "device",
    "dtype",
    "layout",
    "memory_format",
]


def DisableTorchFunctionSubclass():
    """A block in which no class takes functions over, which none does."""
    return contextlib.nullcontext()


def _get_privateuse1_backend_name():
    return "privateuseone"
