"""From the indices a sampler hands out to a finished batch, in whichever process this happens."""

from collections.abc import Callable, Sequence
from typing import Any

from minitorch.utils.data._utils.collate import default_collate, default_collate_fn_map
from minitorch.utils.data.dataset import batch_gatherer, fetch_items

__all__ = ["make_fetcher"]

#: What ``default_collate`` knows unless somebody taught it more.
_BUILT_IN_RULES = dict(default_collate_fn_map)


def make_fetcher(
    dataset: Any,
    is_stream: bool,
    auto_collation: bool,
    collate_fn: Callable[[Any], Any],
    drop_last: bool,
) -> Callable[[Any], Any]:
    """The function from an index, or a list of them, to a batch.

    For a stream the indices only count the samples, and StopIteration is raised at its end.
    """
    if is_stream:
        return _stream_fetcher(dataset, auto_collation, collate_fn, drop_last)
    return _map_fetcher(dataset, auto_collation, collate_fn)


def _map_fetcher(
    dataset: Any, auto_collation: bool, collate_fn: Callable[[Any], Any]
) -> Callable[[Any], Any]:
    if not auto_collation:
        return lambda index: collate_fn(dataset[index])
    # The shortcut makes the batches that default_collate makes, so only where it would be called.
    gather = None
    if collate_fn is default_collate and default_collate_fn_map == _BUILT_IN_RULES:
        gather = batch_gatherer(dataset)

    def fetch(indices: Sequence[Any]) -> Any:
        batch = gather(indices) if gather is not None else None
        return collate_fn(fetch_items(dataset, indices)) if batch is None else batch

    return fetch


def _stream_fetcher(
    dataset: Any, auto_collation: bool, collate_fn: Callable[[Any], Any], drop_last: bool
) -> Callable[[Any], Any]:
    stream = iter(dataset)
    if not auto_collation:
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
