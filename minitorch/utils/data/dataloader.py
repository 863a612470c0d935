"""DataLoader: walks a dataset in a sampler's order and hands out batches.

Without workers everything happens in the calling process; with them, processes of their own load
ahead.  Source: torch.utils.data.DataLoader.
"""

from __future__ import annotations

import importlib.util
import math
import os
import signal
import sys
import time
import warnings
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Generic, Self, TypeVar

from minitorch.random import Generator
from minitorch.utils.data._utils.collate import default_collate, default_convert
from minitorch.utils.data._utils.fetch import make_fetcher
from minitorch.utils.data._utils.worker import (
    EndOfStream,
    ExceptionWrapper,
    Task,
    get_worker_info,
    run_worker,
)
from minitorch.utils.data.dataset import Dataset, IterableDataset
from minitorch.utils.data.sampler import (
    BatchSampler,
    RandomSampler,
    Sampler,
    SequentialSampler,
    draw_seed,
)

__all__ = ["DataLoader", "default_collate", "default_convert", "get_worker_info"]

_T_co = TypeVar("_T_co", covariant=True)

#: Attributes that the samplers were built from: changing them later would have no effect.
_FIXED = frozenset(
    ("batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers")
)


class DataLoader(Generic[_T_co]):
    """An iterable over the batches of a dataset.

    Args:
        dataset: map-style (indexed) or an IterableDataset (walked).
        batch_size: samples per batch; None hands out single samples.
        shuffle: a new random order at each pass.
        sampler: the order of the indices, in place of ``shuffle``.
        batch_sampler: lists of indices, in place of ``batch_size, shuffle, sampler, drop_last``.
        num_workers: how many processes load batches ahead; 0 loads in the calling process.
        collate_fn: makes a batch of a list of samples; ``default_collate`` when None, or
            ``default_convert`` of each sample without batching.
        pin_memory: accepted; without an accelerator it does nothing but warn.
        drop_last: leave out a last batch that would be smaller.
        timeout: how many seconds to wait for a batch of the workers; 0 waits for ever.
        worker_init_fn: called with its number in each worker, after seeding.
        multiprocessing_context: how workers are started ("fork", "spawn", "forkserver" or a context
            of ``multiprocessing``); the system's default when None.
        generator: where the order is drawn from; the default generator when None.
        prefetch_factor: how many batches each worker loads ahead; 2 when None.
        persistent_workers: keep the workers from one pass to the next.
        pin_memory_device: kept; has no effect, as in torch.
        in_order: whether batches of several workers come in order, or as soon as they are there.

    Worker ``w`` seeds minitorch, ``random`` and NumPy from a number drawn at ``iter(loader)`` plus
    ``w``.  What a worker raises is raised here, with the worker's traceback in the message.

    Errors: ValueError for options that exclude each other, and on setting an attribute that the
    samplers were built from; RuntimeError while iterating where a worker dies or ``timeout`` is
    over.
    Source: torch.utils.data.DataLoader.

    >>> import minitorch
    >>> from minitorch.utils.data import DataLoader, TensorDataset
    >>> for (x,) in DataLoader(TensorDataset(minitorch.arange(5)), batch_size=2):
    ...     print(x)
    tensor([0, 1])
    tensor([2, 3])
    tensor([4])
    """

    dataset: Dataset[_T_co]
    batch_size: int | None
    num_workers: int
    pin_memory: bool
    drop_last: bool
    timeout: float
    sampler: Sampler[Any] | Iterable[Any]
    pin_memory_device: str
    prefetch_factor: int | None
    __initialized = False

    def __init__(
        self,
        dataset: Dataset[_T_co],
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Sampler[Any] | Iterable[Any] | None = None,
        batch_sampler: Sampler[Sequence[Any]] | Iterable[Sequence[Any]] | None = None,
        num_workers: int = 0,
        collate_fn: Callable[[Any], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Callable[[int], None] | None = None,
        multiprocessing_context: Any = None,
        generator: Generator | None = None,
        *,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
        pin_memory_device: str = "",
        in_order: bool = True,
    ) -> None:
        _check_worker_options(num_workers, timeout, prefetch_factor, persistent_workers)
        self.dataset = dataset
        if num_workers > 0:
            _warn_about_many_workers(num_workers)
            prefetch_factor = 2 if prefetch_factor is None else prefetch_factor
        self.num_workers = num_workers
        self.prefetch_factor = prefetch_factor
        self.pin_memory = pin_memory
        self.pin_memory_device = pin_memory_device
        self.timeout = timeout
        self.worker_init_fn = worker_init_fn
        self.multiprocessing_context = multiprocessing_context
        self.in_order = in_order

        self._is_stream = isinstance(dataset, IterableDataset)
        if self._is_stream:
            _refuse_order_of_stream(shuffle, sampler, batch_sampler)
        shuffle = bool(shuffle)
        if sampler is not None and shuffle:
            raise ValueError("sampler option is mutually exclusive with shuffle")
        if batch_sampler is not None:
            if batch_size != 1 or shuffle or sampler is not None or drop_last:
                raise ValueError(
                    "batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, "
                    "and drop_last"
                )
            batch_size = None
        elif batch_size is None and drop_last:
            raise ValueError(
                "batch_size=None option disables auto-batching and is mutually exclusive "
                "with drop_last"
            )

        if sampler is None:
            if self._is_stream:
                sampler = _EndlessSampler()
            elif shuffle:
                sampler = RandomSampler(dataset, generator=generator)  # type: ignore[arg-type]
            else:
                sampler = SequentialSampler(dataset)  # type: ignore[arg-type]
        if batch_size is not None:
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)

        self.batch_size = batch_size
        self.drop_last = drop_last
        self.sampler = sampler
        self.batch_sampler = batch_sampler
        self.generator = generator
        if collate_fn is None:
            collate_fn = default_collate if self._auto_collation else default_convert
        self.collate_fn = collate_fn
        self.persistent_workers = persistent_workers
        #: The length last told for an IterableDataset, which its stream is then checked against.
        self._IterableDataset_len_called: int | None = None
        #: With ``persistent_workers``, the one iterator that there is.
        self._iterator: _MultiProcessingDataLoaderIter | None = None
        self.__initialized = True

    def __setattr__(self, name: str, value: Any) -> None:
        if self.__initialized and name in _FIXED:
            raise ValueError(
                f"{name} attribute should not be set after {type(self).__name__} is initialized"
            )
        super().__setattr__(name, value)

    @property
    def multiprocessing_context(self) -> Any:
        """How worker processes are started: a context of ``multiprocessing``, or None."""
        return self.__context

    @multiprocessing_context.setter
    def multiprocessing_context(self, multiprocessing_context: Any) -> None:
        if multiprocessing_context is not None:
            multiprocessing_context = _context(multiprocessing_context, self.num_workers)
        self.__context = multiprocessing_context

    @property
    def _auto_collation(self) -> bool:
        return self.batch_sampler is not None

    @property
    def _index_sampler(self) -> Iterable[Any]:
        return self.sampler if self.batch_sampler is None else self.batch_sampler

    def __iter__(self) -> _BaseDataLoaderIter:
        if self.num_workers == 0:
            return _SingleProcessDataLoaderIter(self)
        if not _can_start_processes():
            warnings.warn(
                "there are no processes on this system: DataLoader loads in the calling one, as "
                "with num_workers=0",
                stacklevel=2,
            )
            return _SingleProcessDataLoaderIter(self)
        if not self.persistent_workers:
            return _MultiProcessingDataLoaderIter(self)
        if self._iterator is None:
            self._iterator = _MultiProcessingDataLoaderIter(self)
        else:
            self._iterator._restart()
        return self._iterator

    def __len__(self) -> int:
        if not self._is_stream:
            return len(self._index_sampler)  # type: ignore[arg-type]
        length = len(self.dataset)  # type: ignore[arg-type]
        self._IterableDataset_len_called = length
        if self.batch_size is None:
            return length
        return length // self.batch_size if self.drop_last else math.ceil(length / self.batch_size)


class _EndlessSampler(Sampler[None]):
    """Stands in for the indices of a stream, which has none."""

    def __iter__(self) -> Iterator[None]:
        while True:
            yield None


class _BaseDataLoaderIter:
    """One pass over a DataLoader."""

    def __init__(self, loader: DataLoader[Any]) -> None:
        if loader.pin_memory:
            _warn_about_pinning(loader.pin_memory_device)
        self._loader = loader
        self._start_pass()
        # torch: drawn at each pass, also without workers; the draws after it depend on that.
        self._base_seed = draw_seed(loader.generator)

    def _start_pass(self) -> None:
        self._announced_length = self._loader._IterableDataset_len_called
        self._num_yielded = 0
        self._indices = iter(self._loader._index_sampler)

    def _next_data(self) -> Any:
        raise NotImplementedError

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Any:
        data = self._next_data()
        self._num_yielded += 1
        if self._announced_length is not None and self._num_yielded > self._announced_length:
            message = (
                f"Length of IterableDataset {self._loader.dataset} was reported to be "
                f"{self._announced_length}(when accessing len(dataloader)), but "
                f"{self._num_yielded} samples have been fetched. "
            )
            if self._loader.num_workers > 0:
                message += (
                    "For multiprocessing data-loading, this could be caused by every worker "
                    "walking the whole stream; see get_worker_info()."
                )
            warnings.warn(message, stacklevel=2)
        return data

    def __len__(self) -> int:
        return len(self._loader._index_sampler)  # type: ignore[arg-type]

    def __getstate__(self) -> Any:
        raise NotImplementedError(f"{type(self).__name__} cannot be pickled")


class _SingleProcessDataLoaderIter(_BaseDataLoaderIter):
    """One pass in the calling process."""

    def __init__(self, loader: DataLoader[Any]) -> None:
        super().__init__(loader)
        if loader.timeout != 0 and loader.num_workers == 0:
            raise AssertionError(
                "_SingleProcessDataLoaderIter requires timeout == 0: there is no worker to wait for"
            )
        self._fetch = make_fetcher(
            loader.dataset,
            loader._is_stream,
            loader._auto_collation,
            loader.collate_fn,
            loader.drop_last,
        )

    def _next_data(self) -> Any:
        return self._fetch(next(self._indices))


class _Worker:
    """A worker process, as the main process sees it."""

    def __init__(self, context: Any, task: Task, worker_id: int) -> None:
        receiver, self.requests = context.Pipe(duplex=False)
        self.results, sender = context.Pipe()
        _open_ends.update((self.requests, self.results))
        self.process = context.Process(
            target=run_worker, args=(task, worker_id, receiver, sender), daemon=True
        )
        with warnings.catch_warnings():
            # From 3.12 on Python counts the threads of the BLAS, which look after themselves.
            warnings.filterwarnings("ignore", r".*use of fork\(\)", DeprecationWarning)
            self.process.start()
        receiver.close()
        sender.close()
        #: Whether it still has something to load in this pass.
        self.is_active = True
        #: How many batches it has been asked for and not delivered.
        self.waiting = 0

    def describe_end(self) -> str:
        """How a process that is gone has ended."""
        self.process.join(5)
        pid, code = self.process.pid, self.process.exitcode
        if code is not None and code < 0:
            return f"DataLoader worker (pid {pid}) is killed by signal: {_signal_text(-code)}. "
        return f"DataLoader worker (pid {pid}) exited unexpectedly with exit code {code}."


#: The ends that main processes hold of the pipes to their workers.
_open_ends: weakref.WeakSet[Any] = weakref.WeakSet()


def _close_inherited_ends() -> None:
    # A fork of the main process must not keep alive what the death of the main process closes.
    for connection in list(_open_ends):
        connection.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_close_inherited_ends)


def _signal_text(number: int) -> str:
    return signal.strsignal(number) or str(number)


#: How many seconds a worker gets to finish what it is in the middle of.
_GRACE = 5.0


def _shut_down(workers: list[_Worker], parent_pid: int) -> None:
    """End the worker processes."""
    if os.getpid() != parent_pid:
        return  # a fork inherited the iterator, the processes are not its own
    for worker in workers:
        worker.requests.close()
        worker.results.close()
    end = time.monotonic() + _GRACE
    for worker in workers:
        worker.process.join(max(end - time.monotonic(), 0))
        if worker.process.is_alive():
            worker.process.terminate()
            worker.process.join()
        worker.process.close()
    workers.clear()


class _MultiProcessingDataLoaderIter(_BaseDataLoaderIter):
    """One pass (many with ``persistent_workers``) in which worker processes load the batches.

    Indices are handed to the workers in turn, ``prefetch_factor`` ahead for each.  Every batch has
    a number, and those that come before their turn wait in ``_arrived``.
    """

    def __init__(self, loader: DataLoader[Any]) -> None:
        super().__init__(loader)
        import multiprocessing

        task = Task(
            loader.dataset,
            loader._is_stream,
            loader._auto_collation,
            loader.collate_fn,
            loader.drop_last,
            loader.worker_init_fn,
            self._base_seed,
            loader.num_workers,
            os.getpid(),
        )
        context = loader.multiprocessing_context or multiprocessing
        self._workers: list[_Worker] = []
        self._finalizer = weakref.finalize(self, _shut_down, self._workers, os.getpid())
        try:
            for worker_id in range(loader.num_workers):
                self._workers.append(_Worker(context, task, worker_id))
        except BaseException:
            self._finalizer()
            raise
        assert loader.prefetch_factor is not None
        self._most_waiting = loader.prefetch_factor * loader.num_workers
        self._fill()

    def _start_pass(self) -> None:
        super()._start_pass()
        self._next_worker = 0
        self._asked = 0  # the number of the next batch to ask for
        self._delivered = 0  # the number of the next batch to deliver, if all come in order
        self._worker_of: dict[int, _Worker] = {}  # batches that were asked for, not delivered
        self._arrived: dict[int, Any] = {}
        self._failure: str | None = None

    def _fill(self) -> None:
        for _ in range(self._most_waiting):
            self._ask()

    def _restart(self) -> None:
        """Begin another pass with the same workers."""
        from minitorch.utils.data._utils.transport import receive

        for worker in self._workers:
            self._send(worker, None)
        for worker in self._workers:
            # What is left of the pass before is thrown away.
            while self._guarded(worker, receive) is not None:
                pass
            worker.is_active, worker.waiting = True, 0
        self._start_pass()
        self._fill()

    def _ask(self) -> None:
        """Ask the worker whose turn it is for one more batch, if there is one."""
        try:
            index = next(self._indices)
        except StopIteration:
            return
        worker = self._whose_turn()
        if worker is not None:
            self._worker_of[self._asked] = worker
            worker.waiting += 1
            self._send(worker, (self._asked, index))
            self._asked += 1

    def _whose_turn(self) -> _Worker | None:
        active = sum(worker.is_active for worker in self._workers)
        for _ in self._workers:
            worker = self._workers[self._next_worker]
            self._next_worker = (self._next_worker + 1) % len(self._workers)
            if worker.is_active:
                share = self._most_waiting // active
                if self._loader.in_order or worker.waiting < share:
                    return worker
        return None

    def _next_data(self) -> Any:
        while True:
            if self._failure is not None:
                raise RuntimeError(self._failure)
            self._skip_ended()
            if self._delivered == self._asked:
                if not self._loader.persistent_workers:
                    self._finalizer()
                raise StopIteration
            if self._delivered in self._arrived:
                return self._deliver(self._delivered)
            worker, number, data = self._receive()
            if isinstance(data, EndOfStream):
                worker.is_active = False
                self._ask()
                continue
            self._arrived[number] = data
            if not self._loader.in_order:
                return self._deliver(number)

    def _skip_ended(self) -> None:
        """Step over batches delivered before their turn and those that a stream did not have."""
        while self._delivered < self._asked and self._delivered not in self._arrived:
            worker = self._worker_of.get(self._delivered)
            if worker is not None and worker.is_active:
                break
            self._worker_of.pop(self._delivered, None)
            self._delivered += 1

    def _deliver(self, number: int) -> Any:
        data = self._arrived.pop(number)
        self._worker_of.pop(number).waiting -= 1
        if number == self._delivered:
            self._delivered += 1
        self._ask()
        if isinstance(data, ExceptionWrapper):
            data.reraise()
        return data

    def _receive(self) -> tuple[_Worker, int, Any]:
        """The next answer of any worker: the worker, and the number and data of the batch."""
        from multiprocessing.connection import wait

        from minitorch.utils.data._utils.transport import receive

        # torch: a timeout of 0 waits for ever.
        ready = wait([worker.results for worker in self._workers], self._loader.timeout or None)
        if not ready:
            raise RuntimeError(f"DataLoader timed out after {self._loader.timeout} seconds")
        worker = next(worker for worker in self._workers if worker.results is ready[0])
        return worker, *self._guarded(worker, receive)

    def _send(self, worker: _Worker, message: Any) -> None:
        try:
            worker.requests.send(message)
        except BrokenPipeError:
            pass  # it is gone; waiting for its answer will tell

    def _guarded(self, worker: _Worker, receive: Callable[[Any], Any]) -> Any:
        """``receive`` from ``worker``; RuntimeError where that process is gone."""
        try:
            return receive(worker.results)
        except (EOFError, ConnectionError):
            cause = RuntimeError(worker.describe_end())
            gone = [w for w in self._workers if w is worker or not w.process.is_alive()]
            pids = ", ".join(str(w.process.pid) for w in gone)
            self._failure = f"DataLoader worker (pid(s) {pids}) exited unexpectedly"
            self._finalizer()
            raise RuntimeError(self._failure) from cause


def _can_start_processes() -> bool:
    # Python is built without this module where there are no processes.
    built = importlib.util.find_spec("_multiprocessing") is not None
    return built and sys.platform not in ("emscripten", "wasi")


def _warn_about_many_workers(num_workers: int) -> None:
    affinity = getattr(os, "sched_getaffinity", None)
    usable = len(affinity(0)) if affinity is not None else os.cpu_count()
    if usable is not None and num_workers > usable:
        warnings.warn(
            f"This DataLoader will create {num_workers} worker processes in total. Our suggested "
            f"max number of worker in current system is {usable}, which is smaller than what this "
            "DataLoader is going to create. More processes than processors may load more slowly.",
            stacklevel=3,
        )


def _check_worker_options(
    num_workers: int, timeout: float, prefetch_factor: int | None, persistent_workers: bool
) -> None:
    if num_workers < 0:
        raise ValueError(
            "num_workers option should be non-negative; use num_workers=0 to disable "
            f"multiprocessing. Got {num_workers}."
        )
    if timeout < 0:
        raise ValueError(f"timeout option should be non-negative, got {timeout}")
    if num_workers == 0 and prefetch_factor is not None:
        raise ValueError(
            "prefetch_factor option could only be specified in multiprocessing.let num_workers > "
            "0 to enable multiprocessing, otherwise set prefetch_factor to None."
        )
    if prefetch_factor is not None and prefetch_factor < 0:
        raise ValueError(f"prefetch_factor option should be non-negative, got {prefetch_factor}")
    if persistent_workers and num_workers == 0:
        raise ValueError("persistent_workers option needs num_workers > 0")


def _context(given: Any, num_workers: int) -> Any:
    """The context of ``multiprocessing`` that the user asks for, by name or as it is."""
    import multiprocessing
    from multiprocessing.context import BaseContext

    if num_workers == 0:
        raise ValueError(
            "multiprocessing_context can only be used with multi-process loading "
            f"(num_workers > 0), but got num_workers={num_workers}"
        )
    if isinstance(given, str):
        valid = multiprocessing.get_all_start_methods()
        if given not in valid:
            raise ValueError(
                "multiprocessing_context option should specify a valid start method in "
                f"{valid!r}, but got multiprocessing_context={given!r}"
            )
        return multiprocessing.get_context(given)
    if not isinstance(given, BaseContext):
        raise TypeError(
            "multiprocessing_context option should be a valid context object or a string "
            f"specifying the start method, but got multiprocessing_context={given}"
        )
    return given


def _refuse_order_of_stream(shuffle: Any, sampler: Any, batch_sampler: Any) -> None:
    refused = "DataLoader with IterableDataset: expected unspecified {0} option, but got {0}={1}"
    if shuffle not in (False, None):
        raise ValueError(refused.format("shuffle", shuffle))
    if sampler is not None:
        raise ValueError(refused.format("sampler", sampler))
    if batch_sampler is not None:
        raise ValueError(refused.format("batch_sampler", batch_sampler))


def _warn_about_pinning(pin_memory_device: str) -> None:
    if pin_memory_device:
        warnings.warn(
            "pin_memory_device is deprecated, the current accelerator will be used as the device, "
            f"ignore pin_memory_device='{pin_memory_device}'.",
            stacklevel=5,
        )
    warnings.warn(
        "'pin_memory' argument is set as true but no accelerator is found, then device pinned "
        "memory won't be used.",
        stacklevel=5,
    )
