"""GPU memory: none is in use, and none is there to be asked about.  Source: torch.cuda.memory."""

from __future__ import annotations

import collections
import warnings

from minitorch.cuda._missing import unavailable

__all__ = [
    "caching_allocator_alloc",
    "caching_allocator_delete",
    "empty_cache",
    "get_allocator_backend",
    "get_per_process_memory_fraction",
    "host_memory_stats",
    "list_gpu_processes",
    "max_memory_allocated",
    "max_memory_cached",
    "max_memory_reserved",
    "mem_get_info",
    "memory_allocated",
    "memory_cached",
    "memory_reserved",
    "memory_snapshot",
    "memory_stats",
    "memory_stats_as_nested_dict",
    "memory_summary",
    "reset_accumulated_memory_stats",
    "reset_max_memory_allocated",
    "reset_max_memory_cached",
    "reset_peak_memory_stats",
    "set_per_process_memory_fraction",
]


def empty_cache() -> None:
    """Give cached GPU memory back: there is none.  Source: torch.cuda.empty_cache."""


def memory_allocated(device=None) -> int:
    """Bytes of GPU memory in use: 0.  Source: torch.cuda.memory_allocated."""
    return 0


def max_memory_allocated(device=None) -> int:
    """The most bytes that were in use: 0.  Source: torch.cuda.max_memory_allocated."""
    return 0


def memory_reserved(device=None) -> int:
    """Bytes of GPU memory that are held: 0.  Source: torch.cuda.memory_reserved."""
    return 0


def max_memory_reserved(device=None) -> int:
    """The most bytes that were held: 0.  Source: torch.cuda.max_memory_reserved."""
    return 0


def _renamed(old, new):
    warnings.warn(
        f"`torch.cuda.{old}` has been renamed to `torch.cuda.{new}`", FutureWarning, stacklevel=3
    )


def memory_cached(device=None) -> int:
    """Old name of ``memory_reserved``.  Source: torch.cuda.memory_cached."""
    _renamed("memory_cached", "memory_reserved")
    return 0


def max_memory_cached(device=None) -> int:
    """Old name of ``max_memory_reserved``.  Source: torch.cuda.max_memory_cached."""
    _renamed("max_memory_cached", "max_memory_reserved")
    return 0


def memory_stats(device=None) -> dict:
    """Counts of the allocator: none.  Source: torch.cuda.memory_stats."""
    return collections.OrderedDict()


def memory_stats_as_nested_dict(device=None) -> dict:
    """Counts of the allocator: none.  Source: torch.cuda.memory_stats_as_nested_dict."""
    return {}


def host_memory_stats() -> dict:
    """Counts of pinned memory: none.  Source: torch.cuda.host_memory_stats."""
    return collections.OrderedDict()


def memory_summary(device=None, abbreviated: bool = False) -> str:
    """The allocator's counts as text: that there is no GPU.  Source: torch.cuda.memory_summary."""
    return "no GPU: no CUDA memory is in use"


def list_gpu_processes(device=None) -> str:
    """The processes that use GPUs, as text: none.  Source: torch.cuda.list_gpu_processes."""
    return "no GPU: no processes are running on one"


def reset_peak_memory_stats(device=None) -> None:
    """Begin counting the most memory anew: nothing to do.

    Source: torch.cuda.reset_peak_memory_stats.
    """


def reset_accumulated_memory_stats(device=None) -> None:
    """Begin counting anew: nothing to do.  Source: torch.cuda.reset_accumulated_memory_stats."""


def _reset_by_old_name(name):
    warnings.warn(
        f"torch.cuda.{name} now calls torch.cuda.reset_peak_memory_stats, which resets /all/ peak "
        "memory stats.",
        FutureWarning,
        stacklevel=3,
    )


def reset_max_memory_allocated(device=None) -> None:
    """Old name of ``reset_peak_memory_stats``.  Source: torch.cuda.reset_max_memory_allocated."""
    _reset_by_old_name("reset_max_memory_allocated")


def reset_max_memory_cached(device=None) -> None:
    """Old name of ``reset_peak_memory_stats``.  Source: torch.cuda.reset_max_memory_cached."""
    _reset_by_old_name("reset_max_memory_cached")


mem_get_info = unavailable("mem_get_info", "Free and total bytes of a GPU.", "device=None")
memory_snapshot = unavailable(
    "memory_snapshot", "The allocator's state.", "mempool_id=None, include_traces=True"
)
set_per_process_memory_fraction = unavailable(
    "set_per_process_memory_fraction", "Limit the memory of a GPU.", "fraction, device=None"
)
get_per_process_memory_fraction = unavailable(
    "get_per_process_memory_fraction", "The limit of a GPU's memory.", "device=None"
)
get_allocator_backend = unavailable("get_allocator_backend", "The name of the allocator.")
caching_allocator_alloc = unavailable(
    "caching_allocator_alloc", "Allocate bytes on a GPU.", "size, device=None, stream=None"
)
caching_allocator_delete = unavailable(
    "caching_allocator_delete", "Free what was allocated.", "mem_ptr"
)
_record_memory_history = unavailable(
    "_record_memory_history", "Record what is allocated where.", "enabled='all', *args, **kwargs"
)
_snapshot = unavailable("_snapshot", "What was recorded.", "device=None")
_dump_snapshot = unavailable("_dump_snapshot", "Write it to a file.", "filename=None")
