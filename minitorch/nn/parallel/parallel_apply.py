"""Several modules, each on its own inputs.  Source: torch.nn.parallel.parallel_apply."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minitorch.nn.module import Module

__all__ = ["parallel_apply"]


def parallel_apply(
    modules: Sequence[Module],
    inputs: Sequence[Any],
    kwargs_tup: Sequence[dict[str, Any]] | None = None,
    devices: Sequence[Any] | None = None,
) -> list[Any]:
    """The outputs of ``modules[i](*inputs[i], **kwargs_tup[i])``.

    They run one after the other: on one CPU threads would not be faster, and so random numbers are
    drawn in a known order.  An input that is no tuple or list is a single argument.

    Errors: AssertionError where there are not as many of the ones as of the others.
    Source: torch.nn.parallel.parallel_apply.
    """
    if len(modules) != len(inputs):
        raise AssertionError(
            f"The number of modules {len(modules)} is not equal to the number of inputs "
            f"{len(inputs)}"
        )
    keywords = [{} for _ in modules] if kwargs_tup is None else list(kwargs_tup)
    if len(modules) != len(keywords) or (devices is not None and len(modules) != len(devices)):
        raise AssertionError("modules, kwargs_tup and devices must have the same length")
    return [
        module(*(given if isinstance(given, (list, tuple)) else (given,)), **keyword)
        for module, given, keyword in zip(modules, inputs, keywords, strict=True)
    ]
