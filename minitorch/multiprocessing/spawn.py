"""Several processes that run one function, watched together: an error in one ends them all.

Source: torch.multiprocessing.spawn.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable, Sequence
from multiprocessing import connection
from multiprocessing.process import BaseProcess
from typing import Any

__all__ = [
    "ProcessContext",
    "ProcessException",
    "ProcessExitedException",
    "ProcessRaisedException",
    "SpawnContext",
    "spawn",
    "start_processes",
]


class ProcessException(Exception):
    """A process that ``spawn`` started has failed: its index and its process id.

    Source: torch.multiprocessing.ProcessException.
    """

    def __init__(self, msg: str, error_index: int, error_pid: int) -> None:
        super().__init__(msg)
        self.msg = msg
        self.error_index = error_index
        self.error_pid = error_pid

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.msg, self.error_index, self.error_pid)


class ProcessRaisedException(ProcessException):
    """The function raised; the message holds the traceback.

    Source: torch.multiprocessing.ProcessRaisedException.
    """


class ProcessExitedException(ProcessException):
    """The process ended by a signal or with an exit code other than 0.

    Source: torch.multiprocessing.ProcessExitedException.
    """

    def __init__(
        self,
        msg: str,
        error_index: int,
        error_pid: int,
        exit_code: int,
        signal_name: str | None = None,
    ) -> None:
        super().__init__(msg, error_index, error_pid)
        self.exit_code = exit_code
        self.signal_name = signal_name

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (
            self.msg,
            self.error_index,
            self.error_pid,
            self.exit_code,
            self.signal_name,
        )


def _run(fn: Callable[..., Any], index: int, args: tuple[Any, ...], error_file: str) -> None:
    """What a process runs: ``fn(index, *args)``, with what it raises written to a file."""
    try:
        fn(index, *args)
    except KeyboardInterrupt:
        pass  # the parent has it too
    except Exception:
        # A file, not a pipe: nobody needs to read while this process writes.
        with open(error_file, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(traceback.format_exc())
        sys.exit(1)


class ProcessContext:
    """The processes that one call of ``spawn`` or ``start_processes`` started.

    Source: torch.multiprocessing.ProcessContext.
    """

    def __init__(self, processes: Sequence[BaseProcess], error_files: Sequence[str]) -> None:
        self.processes = list(processes)
        self.error_files = list(error_files)
        self.sentinels = {process.sentinel: i for i, process in enumerate(processes)}

    def pids(self) -> list[int | None]:
        """The process ids."""
        return [process.pid for process in self.processes]

    def join(self, timeout: float | None = None, grace_period: float | None = None) -> bool:
        """Wait until the processes have ended, or until the first fails or ``timeout`` is over.

        When one fails, the others get ``grace_period`` seconds to end, then SIGTERM and, half a
        minute later, SIGKILL.

        Returns: whether all have ended well; False after a timeout, and while some still run.
        Errors: ProcessRaisedException if the function raised, ProcessExitedException if a process
        was killed or ended with an exit code of its own.
        """
        if not self.sentinels:
            return True
        failed = None
        for sentinel in connection.wait(list(self.sentinels), timeout):
            index = self.sentinels.pop(sentinel)  # type: ignore[arg-type]
            self.processes[index].join()
            if self.processes[index].exitcode != 0:
                failed = index
                break
        if failed is None:
            if not self.sentinels:
                self._remove_error_files()
            return not self.sentinels
        self._end_all(grace_period)
        raise self._exception(failed)

    def _end_all(self, grace_period: float | None) -> None:
        if grace_period is not None:
            self._join_all(grace_period)
        for process in self.processes:
            if process.is_alive():
                process.terminate()
        self._join_all(30)
        for process in self.processes:
            if process.is_alive():
                process.kill()
            process.join()

    def _join_all(self, timeout: float) -> None:
        end = time.monotonic() + timeout
        for process in self.processes:
            process.join(max(end - time.monotonic(), 0))

    def _exception(self, index: int) -> ProcessException:
        process = self.processes[index]
        with open(self.error_files[index], encoding="utf-8") as file:
            trace = file.read()
        self._remove_error_files()
        pid, code = process.pid or -1, process.exitcode or 0
        if trace:
            message = f"\n\n-- Process {index} terminated with the following error:\n{trace}"
            return ProcessRaisedException(message, index, pid)
        if code < 0:
            name = _signal_name(-code)
            message = f"process {index} terminated with signal {name}"
            return ProcessExitedException(message, index, pid, code, name)
        message = f"process {index} terminated with exit code {code}"
        return ProcessExitedException(message, index, pid, code)

    def _remove_error_files(self) -> None:
        for path in self.error_files:
            try:
                os.remove(path)
            except FileNotFoundError:
                pass

    def __del__(self) -> None:
        # Processes that nobody waited for may still write: then the file comes back and stays.
        if not any(process.exitcode is None for process in self.processes):
            self._remove_error_files()


#: The name of ``ProcessContext`` in old programs.
SpawnContext = ProcessContext


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"<Unknown signal {number}>"


def start_processes(
    fn: Callable[..., Any],
    args: tuple[Any, ...] = (),
    nprocs: int = 1,
    join: bool = True,
    daemon: bool = False,
    start_method: str = "spawn",
) -> ProcessContext | None:
    """Run ``fn(i, *args)`` in ``nprocs`` processes, i = 0 ... nprocs - 1.

    Args:
        fn: the function; under "spawn" it must stand at the top level of a module.
        args: its arguments after the index; tensors among them share their memory.
        nprocs: the number of processes.
        join: whether to wait for all of them.
        daemon: whether they end with this process.
        start_method: "spawn", "fork" or "forkserver".

    Returns: None after waiting, else the ProcessContext to wait with.
    Errors: with ``join``, those of ``ProcessContext.join``.
    Source: torch.multiprocessing.start_processes.
    """
    context = multiprocessing.get_context(start_method)
    processes, error_files = [], []
    for i in range(nprocs):
        descriptor, path = tempfile.mkstemp(prefix="minitorch-error-", suffix=".txt")
        os.close(descriptor)
        process = context.Process(  # type: ignore[attr-defined]
            target=_run, args=(fn, i, args, path), daemon=daemon
        )
        error_files.append(path)
        process.start()
        processes.append(process)
    started = ProcessContext(processes, error_files)
    if not join:
        return started
    while not started.join():
        pass
    return None


def spawn(
    fn: Callable[..., Any],
    args: tuple[Any, ...] = (),
    nprocs: int = 1,
    join: bool = True,
    daemon: bool = False,
    start_method: str = "spawn",
) -> ProcessContext | None:
    """``start_processes`` in fresh interpreters, which import the main module again.

    As with any spawned process, the program has to start its work under
    ``if __name__ == "__main__":``.  Source: torch.multiprocessing.spawn.
    """
    if start_method != "spawn":
        warnings.warn(
            "This method only supports start_method=spawn (got: "
            f"{start_method}). To use a different start_method use start_processes().",
            FutureWarning,
            stacklevel=2,
        )
    return start_processes(fn, args, nprocs, join, daemon, start_method="spawn")
