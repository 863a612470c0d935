"""A sampler that gives each process of a group its share of a dataset.

Source: torch.utils.data.distributed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sized
from typing import Any

from minitorch.ops.random import randperm
from minitorch.random import Generator
from minitorch.utils.data.sampler import Sampler

__all__ = ["DistributedSampler"]


class DistributedSampler(Sampler[int]):
    """Every ``num_replicas``-th index, beginning with ``rank``, of one common order.

    Args:
        dataset: anything with a length.
        num_replicas: how many processes share it; the size of the default group when None.
        rank: which of them this is; the rank in the default group when None.
        shuffle: whether the common order is random: the same in all processes, as it depends on
            ``seed`` and the epoch alone.
        seed: the seed of that order.
        drop_last: where the length does not divide by ``num_replicas``, leave the last indices out;
            else the first ones come again.

    Errors: ValueError where ``rank`` is not below ``num_replicas``, or where one of them is None
    and there is no process group.
    Source: torch.utils.data.distributed.DistributedSampler.

    >>> list(DistributedSampler(range(5), num_replicas=2, rank=1, shuffle=False))
    [1, 3, 0]
    """

    def __init__(
        self,
        dataset: Sized,
        num_replicas: int | None = None,
        rank: int | None = None,
        shuffle: bool = True,
        seed: int = 0,
        drop_last: bool = False,
    ) -> None:
        if num_replicas is None or rank is None:
            # Only now, so that ``import minitorch`` stays light.
            from minitorch import distributed

            num_replicas = distributed.get_world_size() if num_replicas is None else num_replicas
            rank = distributed.get_rank() if rank is None else rank
        if not 0 <= rank < num_replicas:
            raise ValueError(
                f"Invalid rank {rank}, rank should be in the interval [0, {num_replicas - 1}]"
            )
        self.dataset = dataset
        self.num_replicas = num_replicas
        self.rank = rank
        self.epoch = 0
        self.drop_last = drop_last
        size = len(dataset)
        #: How many indices each process gets.
        self.num_samples = size // num_replicas if drop_last else math.ceil(size / num_replicas)
        self.total_size = self.num_samples * num_replicas
        self.shuffle = shuffle
        self.seed = seed

    def __iter__(self) -> Iterator[int]:
        size = len(self.dataset)
        if self.shuffle:
            generator = Generator().manual_seed(self.seed + self.epoch)
            order: Any = randperm(size, generator=generator).tolist()
        else:
            order = range(size)
        # A dataset smaller than the group goes round more than once.
        return iter([order[i % size] for i in range(self.rank, self.total_size, self.num_replicas)])

    def __len__(self) -> int:
        return self.num_samples

    def set_epoch(self, epoch: int) -> None:
        """Say which epoch begins, in every process alike: the order then differs from the last."""
        self.epoch = epoch
