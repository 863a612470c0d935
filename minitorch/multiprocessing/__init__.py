"""The standard library's ``multiprocessing``, with tensors that share their memory.

A tensor sent through a queue or pipe, or handed to a process as an argument, is not copied: both
processes see the same elements.  ``spawn`` runs one function in several processes.
Source: torch.multiprocessing.
"""

from multiprocessing import (
    Array,
    AuthenticationError,
    Barrier,
    BoundedSemaphore,
    BufferTooShort,
    Condition,
    Event,
    JoinableQueue,
    Lock,
    Manager,
    Pipe,
    Pool,
    Process,
    ProcessError,
    Queue,
    RawArray,
    RawValue,
    RLock,
    Semaphore,
    SimpleQueue,
    TimeoutError,
    Value,
    active_children,
    allow_connection_pickling,
    cpu_count,
    current_process,
    freeze_support,
    get_all_start_methods,
    get_context,
    get_logger,
    get_start_method,
    log_to_stderr,
    parent_process,
    reducer,
    set_executable,
    set_forkserver_preload,
    set_start_method,
)

from minitorch.multiprocessing import reductions
from minitorch.multiprocessing.reductions import init_reductions
from minitorch.multiprocessing.spawn import (
    ProcessContext,
    ProcessExitedException,
    ProcessRaisedException,
    SpawnContext,
    spawn,
    start_processes,
)

__all__ = [
    "Array",
    "AuthenticationError",
    "Barrier",
    "BoundedSemaphore",
    "BufferTooShort",
    "Condition",
    "Event",
    "JoinableQueue",
    "Lock",
    "Manager",
    "Pipe",
    "Pool",
    "Process",
    "ProcessContext",
    "ProcessError",
    "ProcessExitedException",
    "ProcessRaisedException",
    "Queue",
    "RLock",
    "RawArray",
    "RawValue",
    "Semaphore",
    "SimpleQueue",
    "SpawnContext",
    "TimeoutError",
    "Value",
    "active_children",
    "allow_connection_pickling",
    "cpu_count",
    "current_process",
    "freeze_support",
    "get_all_sharing_strategies",
    "get_all_start_methods",
    "get_context",
    "get_logger",
    "get_sharing_strategy",
    "get_start_method",
    "init_reductions",
    "log_to_stderr",
    "parent_process",
    "reducer",
    "reductions",
    "set_executable",
    "set_forkserver_preload",
    "set_sharing_strategy",
    "set_start_method",
    "spawn",
    "start_processes",
]

_strategy = "file_descriptor"


def get_all_sharing_strategies() -> set[str]:
    """The ways to share memory whose names are accepted.

    Source: torch.multiprocessing.get_all_sharing_strategies.
    """
    return {"file_descriptor", "file_system"}


def get_sharing_strategy() -> str:
    """The name last set.  Source: torch.multiprocessing.get_sharing_strategy."""
    return _strategy


def set_sharing_strategy(new_strategy: str) -> None:
    """Accept a strategy.  Memory is always shared by file descriptor, which leaves nothing behind.

    Errors: AssertionError for an unknown name.
    Source: torch.multiprocessing.set_sharing_strategy.
    """
    global _strategy
    if new_strategy not in get_all_sharing_strategies():
        raise AssertionError(
            f"invalid sharing strategy {new_strategy!r}: expected one of "
            f"{sorted(get_all_sharing_strategies())}"
        )
    _strategy = new_strategy
