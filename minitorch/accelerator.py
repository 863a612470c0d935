"""What programs ask about the machine's accelerator: there is none.  Source: torch.accelerator."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable
from typing import Any

from minitorch.device import device as Device

__all__ = [
    "current_accelerator",
    "current_device_idx",
    "current_device_index",
    "current_stream",
    "device_count",
    "device_index",
    "empty_cache",
    "empty_host_cache",
    "get_device_capability",
    "get_device_module",
    "get_memory_info",
    "is_available",
    "max_memory_allocated",
    "max_memory_reserved",
    "memory_allocated",
    "memory_reserved",
    "memory_stats",
    "reset_accumulated_memory_stats",
    "reset_peak_memory_stats",
    "set_device_idx",
    "set_device_index",
    "set_stream",
    "synchronize",
]


def is_available() -> bool:
    """Whether there is one: no.  Source: torch.accelerator.is_available."""
    return False


def device_count() -> int:
    """How many there are: 0.  Source: torch.accelerator.device_count."""
    return 0


def current_accelerator(check_available: bool = False) -> Device | None:
    """The kind of device that it is: None.  Source: torch.accelerator.current_accelerator."""
    return None


def _unavailable(name: str, what: str) -> Callable[..., Any]:
    def function(*args, **kwargs):
        raise RuntimeError("Cannot access accelerator device when none is available.")

    function.__name__ = function.__qualname__ = name
    function.__doc__ = (
        f"{what}  Raises RuntimeError: there is none.  Source: torch.accelerator.{name}."
    )
    return function


current_device_index = _unavailable("current_device_index", "The index of the one in use.")
set_device_index = _unavailable("set_device_index", "Choose one by index.")
current_stream = _unavailable("current_stream", "The queue of work in use.")
set_stream = _unavailable("set_stream", "Choose a queue of work.")
synchronize = _unavailable("synchronize", "Wait until all work is done.")
empty_cache = _unavailable("empty_cache", "Give cached memory back.")
empty_host_cache = _unavailable("empty_host_cache", "Give pinned memory back.")
memory_allocated = _unavailable("memory_allocated", "Bytes in use.")
max_memory_allocated = _unavailable("max_memory_allocated", "The most bytes in use.")
memory_reserved = _unavailable("memory_reserved", "Bytes held.")
max_memory_reserved = _unavailable("max_memory_reserved", "The most bytes held.")
memory_stats = _unavailable("memory_stats", "Counts of the allocator.")
reset_peak_memory_stats = _unavailable("reset_peak_memory_stats", "Count the most bytes anew.")
reset_accumulated_memory_stats = _unavailable("reset_accumulated_memory_stats", "Count anew.")
get_memory_info = _unavailable("get_memory_info", "Free and total bytes.")
get_device_capability = _unavailable("get_device_capability", "What it can compute.")


def get_device_module(device: Device | str | None = None):
    """The module with what a kind of device can do, ``minitorch.cpu`` by default.

    Raises RuntimeError for a device without one.  Source: torch.get_device_module.
    """
    kind = "cpu" if device is None else Device(device).type
    try:
        return importlib.import_module(f"minitorch.{kind}")
    except ModuleNotFoundError:
        raise RuntimeError(f"Device '{kind}' does not have a corresponding module.") from None


def current_device_idx() -> int:
    """Old name of ``current_device_index``.  Source: torch.accelerator.current_device_idx."""
    warnings.warn("Use `current_device_index` instead.", FutureWarning, stacklevel=2)
    return current_device_index()


def set_device_idx(device) -> None:
    """Old name of ``set_device_index``.  Source: torch.accelerator.set_device_idx."""
    warnings.warn("Use `set_device_index` instead.", FutureWarning, stacklevel=2)
    set_device_index(device)


class device_index:
    """Makes an accelerator the one in use in a block; None changes nothing.

    Raises RuntimeError on entry for an index: there is none.
    Source: torch.accelerator.device_index.
    """

    def __init__(self, device: int | None, /):
        self.idx = device

    def __enter__(self):
        if self.idx is not None:
            set_device_index(self.idx)

    def __exit__(self, *exc_info):
        return None
