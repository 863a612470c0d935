"""DataLoader: walks a dataset in a sampler's order and hands out batches.

Everything happens in the calling process; worker processes are not there yet.
Source: torch.utils.data.DataLoader.
"""

import math
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Generic, TypeVar

from minitorch.random import Generator
from minitorch.utils.data.collate import default_collate, default_collate_fn_map, default_convert
from minitorch.utils.data.dataset import Dataset, IterableDataset, batch_gatherer, fetch_items
from minitorch.utils.data.sampler import (
    BatchSampler,
    RandomSampler,
    Sampler,
    SequentialSampler,
    draw_seed,
)

__all__ = ["DataLoader", "default_collate", "default_convert", "get_worker_info"]

_T_co = TypeVar("_T_co", covariant=True)

#: What ``default_collate`` knows unless somebody taught it more.
_BUILT_IN_RULES = dict(default_collate_fn_map)

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
        num_workers: must be 0.
        collate_fn: makes a batch of a list of samples; ``default_collate`` when None, or
            ``default_convert`` of each sample without batching.
        pin_memory: accepted; without an accelerator it does nothing but warn.
        drop_last: leave out a last batch that would be smaller.
        timeout: must be 0 without workers.
        worker_init_fn: kept; there are no workers to call it.
        multiprocessing_context: must be None without workers.
        generator: where the order is drawn from; the default generator when None.
        prefetch_factor: must be None without workers.
        persistent_workers: must be False without workers.
        pin_memory_device: kept; has no effect, as in torch.
        in_order: kept; without workers batches always come in order.

    Errors: ValueError for options that exclude each other; NotImplementedError for
    ``num_workers > 0``; ValueError on setting an attribute that the samplers were built from.
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
        self.__initialized = True

    def __setattr__(self, name: str, value: Any) -> None:
        if self.__initialized and name in _FIXED:
            raise ValueError(
                f"{name} attribute should not be set after {type(self).__name__} is initialized"
            )
        super().__setattr__(name, value)

    @property
    def multiprocessing_context(self) -> Any:
        """How worker processes would be started; None, as there are none."""
        return None

    @multiprocessing_context.setter
    def multiprocessing_context(self, multiprocessing_context: Any) -> None:
        if multiprocessing_context is not None:
            raise ValueError(
                "multiprocessing_context can only be used with multi-process loading "
                f"(num_workers > 0), but got num_workers={self.num_workers}"
            )

    @property
    def _auto_collation(self) -> bool:
        return self.batch_sampler is not None

    @property
    def _index_sampler(self) -> Iterable[Any]:
        return self.sampler if self.batch_sampler is None else self.batch_sampler

    def __iter__(self) -> "_SingleProcessDataLoaderIter":
        return _SingleProcessDataLoaderIter(self)

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


class _SingleProcessDataLoaderIter:
    """One pass over a DataLoader."""

    def __init__(self, loader: DataLoader[Any]) -> None:
        if loader.pin_memory:
            _warn_about_pinning(loader.pin_memory_device)
        self._loader = loader
        self._announced_length = loader._IterableDataset_len_called
        self._num_yielded = 0
        self._indices = iter(loader._index_sampler)
        # torch: drawn at each pass, also without workers; the draws after it depend on that.
        self._base_seed = draw_seed(loader.generator)
        if loader.timeout != 0:
            raise AssertionError(
                "_SingleProcessDataLoaderIter requires timeout == 0: there is no worker to wait for"
            )
        self._fetch = (_stream_fetcher if loader._is_stream else _map_fetcher)(loader)

    def __iter__(self) -> "_SingleProcessDataLoaderIter":
        return self

    def __next__(self) -> Any:
        data = self._fetch(next(self._indices))
        self._num_yielded += 1
        if self._announced_length is not None and self._num_yielded > self._announced_length:
            warnings.warn(
                f"Length of IterableDataset {self._loader.dataset} was reported to be "
                f"{self._announced_length} (when accessing len(dataloader)), but "
                f"{self._num_yielded} samples have been fetched.",
                stacklevel=2,
            )
        return data

    def __len__(self) -> int:
        return len(self._loader._index_sampler)  # type: ignore[arg-type]

    def __getstate__(self) -> Any:
        raise NotImplementedError(f"{type(self).__name__} cannot be pickled")


def _map_fetcher(loader: DataLoader[Any]) -> Callable[[Any], Any]:
    """The function from an index, or a list of them, to a batch of a map-style dataset."""
    dataset, collate_fn = loader.dataset, loader.collate_fn
    if not loader._auto_collation:
        return lambda index: collate_fn(dataset[index])
    # The shortcut makes the batches that default_collate makes, so only where it would be called.
    gather = None
    if collate_fn is default_collate and default_collate_fn_map == _BUILT_IN_RULES:
        gather = batch_gatherer(dataset)

    def fetch(indices: Sequence[Any]) -> Any:
        batch = gather(indices) if gather is not None else None
        return collate_fn(fetch_items(dataset, indices)) if batch is None else batch

    return fetch


def _stream_fetcher(loader: DataLoader[Any]) -> Callable[[Any], Any]:
    """The function to the next batch of an IterableDataset; raises StopIteration at its end."""
    stream, collate_fn, drop_last = iter(loader.dataset), loader.collate_fn, loader.drop_last
    if not loader._auto_collation:
        return lambda index: collate_fn(next(stream))
    ended = False

    def fetch(indices: Sequence[None]) -> Any:
        nonlocal ended
        # A stream that has once ended is not asked again: some would start anew.
        samples: list[Any] = []
        while not ended and len(samples) < len(indices):
            try:
                samples.append(next(stream))
            except StopIteration:
                ended = True
        if not samples or (drop_last and len(samples) < len(indices)):
            raise StopIteration
        return collate_fn(samples)

    return fetch


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
            "prefetch_factor option could only be specified in multiprocessing. Let num_workers > "
            "0 to enable multiprocessing, otherwise set prefetch_factor to None."
        )
    if prefetch_factor is not None and prefetch_factor < 0:
        raise ValueError(f"prefetch_factor option should be non-negative, got {prefetch_factor}")
    if persistent_workers and num_workers == 0:
        raise ValueError("persistent_workers option needs num_workers > 0")
    if num_workers > 0:
        raise NotImplementedError(
            f"DataLoader(num_workers={num_workers}): worker processes are not implemented; "
            "pass num_workers=0 to load in this process"
        )


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
            stacklevel=4,
        )
    warnings.warn(
        "'pin_memory' argument is set as true but no accelerator is found, then device pinned "
        "memory won't be used.",
        stacklevel=4,
    )


def get_worker_info() -> None:
    """What the current worker process should know of itself; None, as in any main process.

    Source: torch.utils.data.get_worker_info.
    """
    return None
