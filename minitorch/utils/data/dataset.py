"""Datasets: where samples come from, and how several are joined or cut apart.

A map-style dataset answers ``dataset[index]`` and ``len(dataset)``; an iterable one is a stream
that is only walked.  Source: torch.utils.data.dataset.
"""

import bisect
import itertools
import math
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Generic, TypeVar

import numpy as np

from minitorch.ops.random import randperm
from minitorch.random import Generator
from minitorch.tensor import Tensor, wrap

__all__ = [
    "ChainDataset",
    "ConcatDataset",
    "Dataset",
    "IterableDataset",
    "StackDataset",
    "Subset",
    "TensorDataset",
    "batch_gatherer",
    "fetch_items",
    "random_split",
    "row_numbers",
]

_T = TypeVar("_T")
_T_co = TypeVar("_T_co", covariant=True)


class Dataset(Generic[_T_co]):
    """The base of map-style datasets: a subclass defines ``__getitem__`` and, usually, ``__len__``.

    A subclass may also define ``__getitems__(indices) -> list of samples``, which DataLoader then
    calls once per batch in place of one ``__getitem__`` per sample.

    Errors: NotImplementedError from indexing a class that defines no ``__getitem__``.
    Source: torch.utils.data.Dataset.
    """

    def __getitem__(self, index: Any) -> _T_co:
        raise NotImplementedError("Subclasses of Dataset should implement __getitem__.")

    def __add__(self, other: "Dataset[_T_co]") -> "ConcatDataset[_T_co]":
        return ConcatDataset([self, other])


class IterableDataset(Dataset[_T_co], Iterable[_T_co]):
    """The base of datasets that are streams: a subclass defines ``__iter__``.

    Errors: TypeError from making an instance of a class that does not.
    Source: torch.utils.data.IterableDataset.
    """

    def __add__(self, other: Dataset[_T_co]) -> "ChainDataset":  # type: ignore[override]
        return ChainDataset([self, other])


class TensorDataset(Dataset[tuple[Tensor, ...]]):
    """Tensors side by side: sample ``i`` is the tuple of their rows ``i``.

    Shape: each tensor is (N, *); a sample holds one (*) per tensor.
    Errors: AssertionError where the first dimensions differ.
    Source: torch.utils.data.TensorDataset.

    >>> import minitorch
    >>> inputs, targets = minitorch.arange(6).view(3, 2), minitorch.tensor([0, 1, 0])
    >>> TensorDataset(inputs, targets)[1]
    (tensor([2, 3]), tensor(1))
    """

    tensors: tuple[Tensor, ...]

    def __init__(self, *tensors: Tensor) -> None:
        if any(tensors[0].size(0) != tensor.size(0) for tensor in tensors):
            sizes = [tensor.size(0) for tensor in tensors]
            raise AssertionError(f"Size mismatch between tensors: first dimensions {sizes}")
        self.tensors = tensors

    def __getitem__(self, index: Any) -> tuple[Tensor, ...]:
        return tuple(tensor[index] for tensor in self.tensors)

    def __len__(self) -> int:
        return self.tensors[0].size(0)

    def _gather(self, indices: Sequence[Any]) -> list[Tensor] | None:
        rows = row_numbers(indices)
        # A batch of rows that need gradients is recorded as a stack of them; leave that to collate.
        if rows is None or any(tensor.requires_grad for tensor in self.tensors):
            return None
        return [tensor[rows].contiguous() for tensor in self.tensors]


class StackDataset(Dataset[Any]):
    """Datasets of one length side by side: a sample is the tuple, or the dict, of their samples.

    Args:
        *args: datasets; a sample is a tuple.
        **kwargs: named datasets; a sample is a dict.

    Errors: ValueError where lengths differ, where both forms are mixed, or where none is given.
    Source: torch.utils.data.StackDataset.

    >>> StackDataset(image=["a", "b"], label=[0, 1])[1]
    {'image': 'b', 'label': 1}
    """

    datasets: tuple[Any, ...] | dict[str, Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if args and kwargs:
            raise ValueError(
                "Supported either ``tuple``- (via ``args``) or ``dict``- (via ``kwargs``) like "
                "input/output, but both types are given."
            )
        if not args and not kwargs:
            raise ValueError("At least one dataset should be passed")
        self.datasets = args or kwargs
        lengths = [len(dataset) for dataset in self._parts()]
        if any(length != lengths[0] for length in lengths):
            raise ValueError(f"Size mismatch between datasets: lengths {lengths}")
        self._length = lengths[0]

    def _parts(self) -> Iterable[Any]:
        return self.datasets.values() if isinstance(self.datasets, dict) else self.datasets

    def _sample(self, values: Iterable[Any]) -> Any:
        if isinstance(self.datasets, dict):
            return dict(zip(self.datasets, values, strict=True))
        return tuple(values)

    def __getitem__(self, index: Any) -> Any:
        return self._sample(dataset[index] for dataset in self._parts())

    def __getitems__(self, indices: Sequence[Any]) -> list[Any]:
        columns = []
        for dataset in self._parts():
            column = fetch_items(dataset, indices)
            if len(column) != len(indices):
                raise ValueError(
                    "Nested dataset's output size mismatch. "
                    f"Expected {len(indices)}, got {len(column)}"
                )
            columns.append(column)
        return [self._sample(row) for row in zip(*columns, strict=True)]

    def __len__(self) -> int:
        return self._length


class ConcatDataset(Dataset[_T_co]):
    """Map-style datasets one after the other.

    Errors: AssertionError for no dataset at all, or for an IterableDataset among them; ValueError
    for a negative index before the first sample.
    Source: torch.utils.data.ConcatDataset.

    >>> both = ConcatDataset(["ab", "xyz"])
    >>> len(both), both[1], both[2], both[-1]
    (5, 'b', 'x', 'z')
    """

    datasets: list[Dataset[_T_co]]
    #: Where each dataset ends: ``cumulative_sizes[k]`` samples are in the first ``k + 1`` of them.
    cumulative_sizes: list[int]

    def __init__(self, datasets: Iterable[Dataset[_T_co]]) -> None:
        self.datasets = list(datasets)
        if not self.datasets:
            raise AssertionError("datasets should not be an empty iterable")
        if any(isinstance(dataset, IterableDataset) for dataset in self.datasets):
            raise AssertionError("ConcatDataset does not support IterableDataset")
        self.cumulative_sizes = self.cumsum(self.datasets)

    @staticmethod
    def cumsum(sequence: Iterable[Any]) -> list[int]:
        """The running totals of the lengths of ``sequence``'s items."""
        return list(itertools.accumulate(len(item) for item in sequence))

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]

    def __getitem__(self, index: int) -> _T_co:
        if index < 0:
            if -index > len(self):
                raise ValueError("absolute value of index should not exceed dataset length")
            index += len(self)
        which = bisect.bisect_right(self.cumulative_sizes, index)
        start = self.cumulative_sizes[which - 1] if which > 0 else 0
        return self.datasets[which][index - start]


class ChainDataset(IterableDataset[Any]):
    """Iterable datasets one after the other.

    Errors: AssertionError, while walking or measuring, for one that is no IterableDataset.
    Source: torch.utils.data.ChainDataset.
    """

    def __init__(self, datasets: Iterable[Dataset[Any]]) -> None:
        self.datasets = datasets

    def _streams(self) -> Iterator[IterableDataset[Any]]:
        for dataset in self.datasets:
            if not isinstance(dataset, IterableDataset):
                raise AssertionError("ChainDataset only supports IterableDataset")
            yield dataset

    def __iter__(self) -> Iterator[Any]:
        for stream in self._streams():
            yield from stream

    def __len__(self) -> int:
        return sum(len(stream) for stream in self._streams())  # type: ignore[arg-type, misc]


class Subset(Dataset[_T_co]):
    """The samples of ``dataset`` at ``indices``, in that order.

    Errors: NotImplementedError from a subclass that overrides ``__getitem__`` and not
    ``__getitems__``: DataLoader calls the second, so the first would be passed over in silence.
    Source: torch.utils.data.Subset.

    >>> list(Subset("abcde", [3, 1]))
    ['d', 'b']
    """

    dataset: Dataset[_T_co]
    indices: Sequence[int]

    def __init__(self, dataset: Dataset[_T_co], indices: Sequence[int]) -> None:
        self.dataset = dataset
        self.indices = indices
        cls = type(self)
        if cls.__getitem__ is not Subset.__getitem__ and cls.__getitems__ is Subset.__getitems__:
            raise NotImplementedError(
                f"{cls.__name__} overrides __getitem__ but not __getitems__. Override both: "
                "DataLoader fetches a batch through __getitems__(indices), which should return the "
                "list of samples [self[index] for index in indices]."
            )

    def __getitem__(self, index: Any) -> _T_co:
        if isinstance(index, list):
            return self.dataset[[self.indices[i] for i in index]]
        return self.dataset[self.indices[index]]

    def __getitems__(self, indices: Sequence[int]) -> Sequence[_T_co]:
        return fetch_items(self.dataset, [self.indices[i] for i in indices])

    def __len__(self) -> int:
        return len(self.indices)

    def _gather(self, indices: Sequence[int]) -> Any:
        gather = batch_gatherer(self.dataset)
        return gather and gather([self.indices[i] for i in indices])


def random_split(
    dataset: Dataset[_T],
    lengths: Sequence[int | float],
    generator: Generator | None = None,
) -> list[Subset[_T]]:
    """Cut ``dataset`` at random into Subsets that share no sample.

    Args:
        dataset: what to cut.
        lengths: the sizes of the parts; or fractions that add up to 1, each rounded down, the
            samples left over going one by one to the first parts.
        generator: where the permutation is drawn from; the default generator when None.

    Errors: ValueError for a fraction outside [0, 1] or sizes that do not add up to the whole.
    Source: torch.utils.data.random_split.

    >>> import minitorch
    >>> parts = random_split(range(10), [0.75, 0.25], minitorch.Generator().manual_seed(0))
    >>> [len(part) for part in parts]
    [8, 2]
    """
    size = len(dataset)  # type: ignore[arg-type]
    total = sum(lengths)
    are_fractions = math.isclose(total, 1) and total <= 1
    sizes: list[Any] = _sizes_of_fractions(lengths, size) if are_fractions else list(lengths)
    if sum(sizes) != size:
        raise ValueError(
            "Sum of input lengths does not equal the length of the input dataset! "
            f"Got lengths {list(lengths)} for {size} samples."
        )
    order = randperm(sum(sizes), generator=generator).tolist()
    ends = itertools.accumulate(sizes)
    return [Subset(dataset, order[end - n : end]) for end, n in zip(ends, sizes, strict=True)]


def _sizes_of_fractions(fractions: Sequence[float], size: int) -> list[int]:
    sizes = []
    for i, fraction in enumerate(fractions):
        if not 0 <= fraction <= 1:
            raise ValueError(f"Fraction at index {i} is not between 0 and 1")
        sizes.append(math.floor(size * fraction))
    for i in range(size - sum(sizes)):
        sizes[i % len(sizes)] += 1
    for i, n in enumerate(sizes):
        if n == 0:
            warnings.warn(
                f"Length of split at index {i} is 0. This might result in an empty dataset.",
                stacklevel=3,  # the line that called random_split
            )
    return sizes


def fetch_items(dataset: Any, indices: Sequence[Any]) -> Sequence[Any]:
    """The samples at ``indices``, through ``dataset.__getitems__`` where it has that."""
    get_items = getattr(dataset, "__getitems__", None)
    if callable(get_items):
        return get_items(indices)
    return [dataset[index] for index in indices]


def batch_gatherer(dataset: Any) -> Callable[[Sequence[Any]], Any] | None:
    """A shortcut from indices to a finished batch, where ``dataset`` has one, else None.

    A class whose batches are plain rows of tensors may define ``_gather(indices)``: what
    ``default_collate`` makes of those samples, in one step per tensor; or None, where it cannot for
    these indices.  A subclass that overrides how samples are fetched thereby switches it off.
    """
    cls = type(dataset)
    at = {
        name: next((i for i, base in enumerate(cls.__mro__) if name in vars(base)), math.inf)
        for name in ("_gather", "__getitem__", "__getitems__")
    }
    if at["_gather"] > min(at["__getitem__"], at["__getitems__"]):
        return None
    return getattr(dataset, "_gather", None)


def row_numbers(indices: Sequence[Any]) -> Tensor | None:
    """``indices`` as an int64 tensor to index rows with; None unless all are plain integers."""
    if not set(map(type, indices)) <= {int, np.int64}:
        return None
    return wrap(np.array(indices, dtype=np.int64))
