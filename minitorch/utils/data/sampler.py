"""Samplers: in which order the indices of a dataset are visited.

Random draws are torch's, one by one, so that a seed gives torch's order.
Source: torch.utils.data.sampler.
"""

import itertools
from collections.abc import Iterable, Iterator, Sequence, Sized
from typing import Any, Generic, TypeVar

import numpy as np

from minitorch.dtypes import float64
from minitorch.ops.creation import as_tensor
from minitorch.ops.random import multinomial, randint, randperm
from minitorch.random import Generator, fill_random
from minitorch.tensor import Tensor

__all__ = [
    "BatchSampler",
    "RandomSampler",
    "Sampler",
    "SequentialSampler",
    "SubsetRandomSampler",
    "WeightedRandomSampler",
    "draw_seed",
]

_T_co = TypeVar("_T_co", covariant=True)

#: How many indices RandomSampler draws at a time with replacement.  # torch: the same, so the
#: generator has been advanced equally far when a loop stops early.
_DRAWS_AT_A_TIME = 32


class Sampler(Generic[_T_co]):
    """The base of samplers: a subclass defines ``__iter__`` and, where it can, ``__len__``.

    Source: torch.utils.data.Sampler.
    """

    def __iter__(self) -> Iterator[_T_co]:
        raise NotImplementedError("Subclasses of Sampler should implement __iter__.")


class SequentialSampler(Sampler[int]):
    """Indices 0, 1, ... in order.  Source: torch.utils.data.SequentialSampler."""

    data_source: Sized

    def __init__(self, data_source: Sized) -> None:
        self.data_source = data_source

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.data_source)))

    def __len__(self) -> int:
        return len(self.data_source)


class RandomSampler(Sampler[int]):
    """Indices in random order.

    Args:
        data_source: anything with a length.
        replacement: whether an index may come up again.
        num_samples: how many to draw, ``len(data_source)`` when None; beyond that length and
            without replacement, one permutation follows another.
        generator: where to draw from.  When None, each pass seeds a generator of its own with one
            draw from the default generator.

    Errors: TypeError where ``replacement`` is no bool, ValueError where ``num_samples`` is no
    positive int.
    Source: torch.utils.data.RandomSampler.
    """

    data_source: Sized
    replacement: bool

    def __init__(
        self,
        data_source: Sized,
        replacement: bool = False,
        num_samples: int | None = None,
        generator: Generator | None = None,
    ) -> None:
        self.data_source = data_source
        self.replacement = replacement
        self._num_samples = num_samples
        self.generator = generator
        if not isinstance(replacement, bool):
            raise TypeError(
                f"replacement should be a boolean value, but got replacement={replacement}"
            )
        if not isinstance(self.num_samples, int) or self.num_samples <= 0:
            raise ValueError(
                "num_samples should be a positive integer value, "
                f"but got num_samples={self.num_samples}"
            )

    @property
    def num_samples(self) -> int:
        """How many indices one pass yields; follows the data source where none was given."""
        return len(self.data_source) if self._num_samples is None else self._num_samples

    def __iter__(self) -> Iterator[int]:
        n = len(self.data_source)
        generator = self.generator
        if generator is None:
            generator = Generator().manual_seed(draw_seed(None))
        if self.replacement:
            for start in range(0, self.num_samples, _DRAWS_AT_A_TIME):
                size = (min(_DRAWS_AT_A_TIME, self.num_samples - start),)
                yield from randint(n, size, generator=generator).tolist()
        else:
            for _ in range(self.num_samples // n):
                yield from randperm(n, generator=generator).tolist()
            # torch: the last permutation is drawn even when none of it is used.
            rest = randperm(n, generator=generator).tolist()
            yield from rest[: self.num_samples % n]

    def __len__(self) -> int:
        return self.num_samples


class SubsetRandomSampler(Sampler[int]):
    """The given indices in random order, without replacement.

    Source: torch.utils.data.SubsetRandomSampler.
    """

    indices: Sequence[int]

    def __init__(self, indices: Sequence[int], generator: Generator | None = None) -> None:
        self.indices = indices
        self.generator = generator

    def __iter__(self) -> Iterator[int]:
        for i in randperm(len(self.indices), generator=self.generator).tolist():
            yield self.indices[i]

    def __len__(self) -> int:
        return len(self.indices)


class WeightedRandomSampler(Sampler[int]):
    """Indices 0 ... len(weights) - 1, each as likely as its weight.

    Args:
        weights: one number per index, not negative; they need not add up to 1.
        num_samples: how many to draw.
        replacement: whether an index may come up again.
        generator: where to draw from; the default generator when None.

    Errors: ValueError for a ``num_samples`` that is no positive int, a ``replacement`` that is no
    bool, or weights that are not one-dimensional.
    Source: torch.utils.data.WeightedRandomSampler.
    """

    weights: Tensor
    num_samples: int
    replacement: bool

    def __init__(
        self,
        weights: Sequence[float],
        num_samples: int,
        replacement: bool = True,
        generator: Generator | None = None,
    ) -> None:
        _check_positive_int("num_samples", num_samples)
        _check_bool("replacement", replacement)
        self.weights = as_tensor(weights, dtype=float64)
        if self.weights.dim() != 1:
            raise ValueError(
                "weights should be a 1d sequence but given weights have shape "
                f"{tuple(self.weights.shape)}"
            )
        self.num_samples = num_samples
        self.replacement = replacement
        self.generator = generator

    def __iter__(self) -> Iterator[int]:
        drawn = multinomial(
            self.weights, self.num_samples, self.replacement, generator=self.generator
        )
        yield from drawn.tolist()

    def __len__(self) -> int:
        return self.num_samples


class BatchSampler(Sampler[list[int]]):
    """Lists of ``batch_size`` indices taken from ``sampler``; the last may be shorter.

    Args:
        sampler: any iterable of indices.
        batch_size: how many to a list.
        drop_last: whether to leave a shorter last list out.

    Errors: ValueError where ``batch_size`` is no positive int or ``drop_last`` is no bool.
    Source: torch.utils.data.BatchSampler.

    >>> list(BatchSampler(range(5), batch_size=2, drop_last=False))
    [[0, 1], [2, 3], [4]]
    """

    def __init__(
        self, sampler: Sampler[Any] | Iterable[Any], batch_size: int, drop_last: bool
    ) -> None:
        _check_positive_int("batch_size", batch_size)
        _check_bool("drop_last", drop_last)
        self.sampler = sampler
        self.batch_size = batch_size
        self.drop_last = drop_last

    def __iter__(self) -> Iterator[list[int]]:
        indices = iter(self.sampler)
        while batch := list(itertools.islice(indices, self.batch_size)):
            if self.drop_last and len(batch) < self.batch_size:
                return
            yield batch

    def __len__(self) -> int:
        count = len(self.sampler)  # type: ignore[arg-type]
        return count // self.batch_size if self.drop_last else -(-count // self.batch_size)


def draw_seed(generator: Generator | None) -> int:
    """A 63-bit seed from ``generator``, or from the default one: what ``int64.random_()`` draws."""
    drawn = np.empty((), dtype=np.int64)
    fill_random(drawn, generator)
    return int(drawn)


def _check_positive_int(name: str, value: Any) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
        raise ValueError(f"{name} should be a positive integer value, but got {name}={value}")


def _check_bool(name: str, value: Any) -> None:
    if not isinstance(value, bool):
        raise ValueError(f"{name} should be a boolean value, but got {name}={value}")
