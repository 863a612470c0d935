"""What programs ask of Intel's GPUs, which are not used here.  Source: torch.xpu."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = [
    "Event",
    "Stream",
    "current_device",
    "current_stream",
    "device",
    "device_count",
    "empty_cache",
    "get_device_capability",
    "get_device_name",
    "get_device_properties",
    "is_available",
    "is_bf16_supported",
    "is_initialized",
    "manual_seed",
    "manual_seed_all",
    "max_memory_allocated",
    "max_memory_reserved",
    "mem_get_info",
    "memory_allocated",
    "memory_reserved",
    "reset_peak_memory_stats",
    "seed",
    "seed_all",
    "set_device",
    "stream",
    "synchronize",
]


def is_available() -> bool:
    """Whether tensors can live there: no.  Source: torch.xpu.is_available."""
    return False


def is_initialized() -> bool:
    """Whether one is in use: no.  Source: torch.xpu.is_initialized."""
    return False


def device_count() -> int:
    """How many there are: 0.  Source: torch.xpu.device_count."""
    return 0


def is_bf16_supported(including_emulation: bool = True) -> bool:
    """Whether one computes in bfloat16: no.  Source: torch.xpu.is_bf16_supported."""
    return False


def manual_seed(seed: int) -> None:
    """Seed the current generator: there is none.  Source: torch.xpu.manual_seed."""
    int(seed)


def manual_seed_all(seed: int) -> None:
    """Seed all generators: there are none.  Source: torch.xpu.manual_seed_all."""
    int(seed)


def seed() -> None:
    """Seed the current generator by chance: there is none.  Source: torch.xpu.seed."""


def seed_all() -> None:
    """Seed all generators by chance: there are none.  Source: torch.xpu.seed_all."""


def empty_cache() -> None:
    """Give cached memory back: there is none.  Source: torch.xpu.empty_cache."""


def memory_allocated(device=None) -> int:
    """Bytes in use: 0.  Source: torch.xpu.memory_allocated."""
    return 0


def max_memory_allocated(device=None) -> int:
    """The most bytes in use: 0.  Source: torch.xpu.max_memory_allocated."""
    return 0


def memory_reserved(device=None) -> int:
    """Bytes held: 0.  Source: torch.xpu.memory_reserved."""
    return 0


def max_memory_reserved(device=None) -> int:
    """The most bytes held: 0.  Source: torch.xpu.max_memory_reserved."""
    return 0


def reset_peak_memory_stats(device=None) -> None:
    """Count the most bytes anew: nothing to do.  Source: torch.xpu.reset_peak_memory_stats."""


def _unavailable(name: str, what: str) -> Callable[..., Any]:
    def function(*args, **kwargs):
        raise AssertionError("Torch not compiled with XPU enabled")

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"{what}  Raises AssertionError: there is none.  Source: torch.xpu.{name}."
    return function


current_device = _unavailable("current_device", "The index of the current one.")
set_device = _unavailable("set_device", "Choose the current one.")
current_stream = _unavailable("current_stream", "The queue in use.")
get_device_name = _unavailable("get_device_name", "Its name.")
get_device_capability = _unavailable("get_device_capability", "What it can compute.")
get_device_properties = _unavailable("get_device_properties", "Name, memory and processors.")
mem_get_info = _unavailable("mem_get_info", "Free and total bytes.")
synchronize = _unavailable("synchronize", "Wait until it is done.")
stream = _unavailable("stream", "Queue a block on a stream.")


class device:
    """Makes one the current in a block.  Raises AssertionError on entry.

    Source: torch.xpu.device.
    """

    def __init__(self, device):
        self.idx = device

    def __enter__(self):
        if self.idx is not None:
            set_device(self.idx)

    def __exit__(self, *exc_info):
        return False


class Stream:
    """A queue of work.  Raises RuntimeError: there is no GPU.  Source: torch.xpu.Stream."""

    def __new__(cls, device=None, priority=0, **kwargs):
        raise RuntimeError("Tried to instantiate dummy base class Stream")


class Event:
    """A mark in a queue.  Raises RuntimeError: there is no GPU.  Source: torch.xpu.Event."""

    def __new__(cls, enable_timing=False):
        raise RuntimeError("Tried to instantiate dummy base class Event")
