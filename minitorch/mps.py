"""What programs ask of Apple's GPUs, which are not used here.  Source: torch.mps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = [
    "Event",
    "current_allocated_memory",
    "device_count",
    "driver_allocated_memory",
    "empty_cache",
    "get_rng_state",
    "is_available",
    "manual_seed",
    "recommended_max_memory",
    "seed",
    "set_per_process_memory_fraction",
    "set_rng_state",
    "synchronize",
]


def is_available() -> bool:
    """Whether tensors can live there: no.  Source: torch.mps.is_available."""
    return False


def device_count() -> int:
    """How many there are: 0.  Source: torch.mps.device_count."""
    return 0


def manual_seed(seed: int) -> None:
    """Seed the GPU's generator: there is none.  Source: torch.mps.manual_seed."""
    int(seed)


def _unavailable(name: str, what: str, inner: str) -> Callable[..., Any]:
    def function(*args, **kwargs):
        raise RuntimeError(f"Cannot execute {inner}() without MPS backend.")

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"{what}  Raises RuntimeError: there is none.  Source: torch.mps.{name}."
    return function


synchronize = _unavailable("synchronize", "Wait for the GPU.", "deviceSynchronize")
empty_cache = _unavailable("empty_cache", "Give cached memory back.", "emptyCache")
seed = _unavailable("seed", "Seed the generator by chance.", "getDefaultGenerator")
get_rng_state = _unavailable("get_rng_state", "The generator's state.", "getDefaultGenerator")
set_rng_state = _unavailable("set_rng_state", "Set the generator.", "getDefaultGenerator")
current_allocated_memory = _unavailable(
    "current_allocated_memory", "Bytes in use.", "getCurrentAllocatedMemory"
)
driver_allocated_memory = _unavailable(
    "driver_allocated_memory", "Bytes held.", "getDriverAllocatedMemory"
)
recommended_max_memory = _unavailable(
    "recommended_max_memory", "Bytes that may be used.", "recommendedMaxMemory"
)
set_per_process_memory_fraction = _unavailable(
    "set_per_process_memory_fraction", "Limit the memory.", "setMemoryFraction"
)


class Event:
    """A mark in the GPU's work.  Raises RuntimeError: there is none.  Source: torch.mps.Event."""

    def __new__(cls, enable_timing: bool = False):
        raise RuntimeError("Cannot execute acquireEvent() without MPS backend.")
