"""What a worker process of the DataLoader runs, and what it knows of itself.

Source: torch.utils.data._utils.worker.
"""

from __future__ import annotations

import os
import queue
import random
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from minitorch.random import manual_seed
from minitorch.switches import set_num_threads
from minitorch.utils.data._utils.fetch import make_fetcher

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

__all__ = [
    "EndOfStream",
    "ExceptionWrapper",
    "Task",
    "WorkerInfo",
    "get_worker_info",
    "run_worker",
]


@dataclass(eq=False)
class WorkerInfo:
    """What a worker process knows of itself.  Source: torch.utils.data.get_worker_info.

    Attributes:
        id: which of the workers this is, from 0.
        num_workers: how many there are.
        seed: what this worker's random numbers were seeded with.
        dataset: this process's copy of the dataset.
    """

    id: int
    num_workers: int
    seed: int
    dataset: Any
    rng: Any = None
    worker_method: str = "multiprocessing"

    def __setattr__(self, name: str, value: Any) -> None:
        if "worker_method" in self.__dict__:
            raise RuntimeError("Cannot assign attributes to WorkerInfo objects")
        super().__setattr__(name, value)


_worker_info: WorkerInfo | None = None


def get_worker_info() -> WorkerInfo | None:
    """What the current worker process knows of itself; None in the main process.

    Source: torch.utils.data.get_worker_info.
    """
    return _worker_info


class ExceptionWrapper:
    """An exception that happened elsewhere, with its traceback as text.

    Args:
        error: the exception.
        where: where it happened, as in "in DataLoader worker process 0".

    Source: torch._utils.ExceptionWrapper.
    """

    def __init__(self, error: BaseException, where: str = "in background") -> None:
        self.exc_type = type(error)
        self.exc_msg = "".join(traceback.format_exception(error))
        self.where = where

    def reraise(self) -> None:
        """Raise an exception of the same class whose message tells class, place and traceback.

        A RuntimeError, where the class cannot be made from one message.
        """
        message = f"Caught {self.exc_type.__name__} {self.where}.\nOriginal {self.exc_msg}"
        if self.exc_type is KeyError:
            raise KeyError(_Verbatim(message))
        if getattr(self.exc_type, "message", None):
            raise self.exc_type(message=message)  # type: ignore[call-arg]
        try:
            error = self.exc_type(message)
        except Exception:
            raise RuntimeError(message) from None
        raise error


class _Verbatim(str):
    """A message that KeyError, which prints the repr of its argument, prints as it is."""

    def __repr__(self) -> str:
        return str(self)


class EndOfStream:
    """Sent by a worker in place of a batch when its part of an IterableDataset has ended."""


@dataclass
class Task:
    """What all workers of one loader have in common."""

    dataset: Any
    is_stream: bool
    auto_collation: bool
    collate_fn: Callable[[Any], Any]
    drop_last: bool
    worker_init_fn: Callable[[int], None] | None
    base_seed: int
    num_workers: int
    parent_pid: int


def run_worker(task: Task, worker_id: int, requests: Connection, results: Connection) -> None:
    """Answer requests until the other end is gone.

    A request is ``(number, index)``, answered by ``(number, batch)``; or None: start a new pass,
    answered by None.
    """
    try:
        _serve(task, worker_id, requests, results)
    except KeyboardInterrupt:
        pass  # the main process has it too, and tells the user
    except (BrokenPipeError, ConnectionResetError):
        pass  # nobody waits for the batch any more
    finally:
        results.close()


def _serve(task: Task, worker_id: int, requests: Connection, results: Connection) -> None:
    from minitorch.utils.data._utils.transport import send

    global _worker_info
    set_num_threads(1)  # the workers are the parallelism
    seed = task.base_seed + worker_id
    random.seed(seed)
    manual_seed(seed)
    low, high = task.base_seed & 0xFFFFFFFF, task.base_seed >> 32
    np.random.seed(np.random.SeedSequence([worker_id, low, high]).generate_state(4))
    _worker_info = WorkerInfo(worker_id, task.num_workers, seed, task.dataset)

    def new_fetcher() -> Callable[[Any], Any]:
        return make_fetcher(
            task.dataset, task.is_stream, task.auto_collation, task.collate_fn, task.drop_last
        )

    where = f"in DataLoader worker process {worker_id}"
    fetch: Callable[[Any], Any] | None = None
    failure = None
    try:
        if task.worker_init_fn is not None:
            task.worker_init_fn(worker_id)
        fetch = new_fetcher()
    except Exception as error:
        failure = ExceptionWrapper(error, where)

    inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
    reader = threading.Thread(
        target=_read, args=(requests, inbox.put, task.parent_pid), daemon=True
    )
    reader.start()
    ended = False
    while (message := inbox.get()) is not _CLOSED:
        if message is None:
            ended = False
            if failure is None:
                try:
                    fetch = new_fetcher()
                except Exception as error:
                    failure = ExceptionWrapper(error, where)
            send(results, None)
            continue
        number, index = message
        if ended:
            continue  # asked for before the main process knew of the end
        batch: Any
        if fetch is None or failure is not None:
            batch = failure
        else:
            try:
                batch = fetch(index)
            except StopIteration as error:
                ended = task.is_stream
                batch = EndOfStream() if ended else ExceptionWrapper(error, where)
            except Exception as error:
                batch = ExceptionWrapper(error, where)
        try:
            send(results, (number, batch))
        except OSError:
            raise
        except Exception as error:  # what the batch is made of cannot be pickled
            send(results, (number, ExceptionWrapper(error, where)))
        del batch


_CLOSED = object()


def _read(requests: Connection, put: Callable[[Any], None], parent_pid: int) -> None:
    """Take requests as soon as they come, so that the main process never waits in sending one."""
    try:
        while True:
            put(requests.recv())
    except (EOFError, OSError):
        put(_CLOSED)
    while os.getppid() == parent_pid:
        time.sleep(1)
    os._exit(1)  # the main process has died while a sample was being loaded
