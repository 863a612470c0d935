"""What programs ask about GPUs.

There is no GPU backend yet: the answers say so, as torch's CPU build does.
"""

from __future__ import annotations

__all__ = [
    "current_device",
    "device_count",
    "empty_cache",
    "get_device_name",
    "is_available",
    "is_initialized",
    "manual_seed",
    "manual_seed_all",
    "max_memory_allocated",
    "memory_allocated",
    "set_device",
    "synchronize",
]

_NO_GPU = "Torch not compiled with CUDA enabled"


def is_available() -> bool:
    """Whether tensors can live on a GPU: not yet."""
    return False


def is_initialized() -> bool:
    """Whether the GPU backend is loaded: not yet."""
    return False


def device_count() -> int:
    """The number of usable GPUs: none."""
    return 0


def manual_seed(seed: int) -> None:
    """Seed the GPU's generator: nothing to do without one."""
    int(seed)


def manual_seed_all(seed: int) -> None:
    """Seed every GPU's generator: nothing to do without one."""
    int(seed)


def empty_cache() -> None:
    """Release cached GPU memory: nothing to do without a GPU."""


def memory_allocated(device=None) -> int:
    """Bytes of GPU memory in use: none."""
    return 0


def max_memory_allocated(device=None) -> int:
    """The most bytes of GPU memory that were in use: none."""
    return 0


def current_device() -> int:
    """The index of the current GPU.  Raises AssertionError: there is none."""
    raise AssertionError(_NO_GPU)


def get_device_name(device=None) -> str:
    """The name of a GPU.  Raises AssertionError: there is none."""
    raise AssertionError(_NO_GPU)


def set_device(device) -> None:
    """Choose the current GPU.  Raises AssertionError: there is none."""
    raise AssertionError(_NO_GPU)


def synchronize(device=None) -> None:
    """Wait for a GPU.  Raises AssertionError: there is none."""
    raise AssertionError(_NO_GPU)
