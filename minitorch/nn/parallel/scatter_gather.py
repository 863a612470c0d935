"""Batches cut apart for several devices, and put together again.

Source: torch.nn.parallel.scatter_gather.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

from minitorch.ops.joining import cat, stack
from minitorch.ops.parts import chunk
from minitorch.tensor import Tensor

__all__ = ["gather", "is_namedtuple", "scatter", "scatter_kwargs"]


def is_namedtuple(obj: Any) -> bool:
    """Whether ``obj`` is an instance of a class made by ``namedtuple``."""
    return isinstance(obj, tuple) and hasattr(obj, "_asdict") and hasattr(obj, "_fields")


def scatter(inputs: Any, target_gpus: Sequence[Any], dim: int = 0) -> Any:
    """A share of ``inputs`` for each device.

    Tensors are cut along ``dim`` into as equal parts as ``chunk`` makes, inside tuples, lists and
    dicts as well; everything else is the same for all.

    Args:
        inputs: a tensor, or a tuple, list or dict with tensors.
        target_gpus: the devices.
        dim: the dimension of the batch.

    Returns: a sequence with one entry per device, fewer where there are not enough samples.
    Source: torch.nn.parallel.scatter.

    >>> import minitorch
    >>> scatter((minitorch.arange(4), "same"), ["cpu", "cpu"])
    [(tensor([0, 1]), 'same'), (tensor([2, 3]), 'same')]
    """
    if isinstance(inputs, Tensor):
        parts = chunk(inputs, len(target_gpus), dim)
        return tuple(part.to(device) for part, device in zip(parts, target_gpus, strict=False))
    rebuild, items = _open(inputs)
    if rebuild is None or not items:
        return [inputs] * len(target_gpus)
    shares = [scatter(item, target_gpus, dim) for item in items]
    return [rebuild(list(share)) for share in zip(*shares, strict=False)]


def _open(value: Any) -> tuple[Callable[[list[Any]], Any] | None, list[Any]]:
    """How to make a container like ``value`` of a list of items, and its items."""
    if is_namedtuple(value):
        return (lambda items: type(value)(*items)), list(value)
    if isinstance(value, tuple):
        return tuple, list(value)
    if isinstance(value, list):
        return list, value
    if isinstance(value, dict):
        keys = list(value)
        return (lambda items: type(value)(zip(keys, items, strict=True))), list(value.values())
    return None, []


def scatter_kwargs(
    inputs: Any, kwargs: dict[str, Any] | None, target_gpus: Sequence[Any], dim: int = 0
) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """``scatter`` of positional and keyword arguments: as many of the ones as of the others."""
    positional = list(scatter(inputs, target_gpus, dim)) if inputs else []
    keyword = list(scatter(kwargs, target_gpus, dim)) if kwargs else []
    count = max(len(positional), len(keyword))
    positional += [()] * (count - len(positional))
    keyword += [{} for _ in range(count - len(keyword))]
    return tuple(positional), tuple(keyword)


def gather(outputs: Sequence[Any], target_device: Any, dim: int = 0) -> Any:
    """The outputs of several devices as one: tensors are concatenated along ``dim``.

    Scalars are stacked into a vector, with a warning.  Tuples, lists and dicts are gathered entry
    by entry; None stays None.

    Errors: ValueError for dicts of differing sizes.
    Source: torch.nn.parallel.gather.
    """
    first = outputs[0]
    if first is None:
        return None
    if isinstance(first, Tensor):
        there = [output.to(target_device) for output in outputs]
        if all(output.dim() == 0 for output in there) and dim == 0:
            warnings.warn(
                "Was asked to gather along dimension 0, but all input tensors were scalars; will "
                "instead unsqueeze and return a vector.",
                stacklevel=2,
            )
            return stack(there)
        return cat(there, dim)
    if isinstance(first, dict):
        if not all(len(output) == len(first) for output in outputs):
            raise ValueError("All dicts must have the same number of keys")
        return type(first)(
            (key, gather([output[key] for output in outputs], target_device, dim)) for key in first
        )
    rebuild, _ = _open(first)
    if rebuild is None:
        raise TypeError(f"gather: expected tensors or containers of them, got {type(first)}")
    columns = zip(*outputs, strict=True)
    return rebuild([gather(column, target_device, dim) for column in columns])
