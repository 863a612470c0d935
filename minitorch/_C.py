"""The few names of torch's compiled part that programs reach for.  Source: torch._C."""

from minitorch.device import device
from minitorch.dtypes import dtype
from minitorch.memory_format import layout, memory_format
from minitorch.ops.decomposition import LinAlgError as _LinAlgError
from minitorch.ops.subclasses import DisableTorchFunctionSubclass
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


def _disabled_torch_function_impl(func, types, args=(), kwargs=None):
    """A ``__torch_function__`` that takes nothing over: results are plain tensors."""
    with DisableTorchFunctionSubclass():
        return func(*args, **(kwargs or {}))


def _get_privateuse1_backend_name():
    return "privateuseone"
