"""Modules whose parameters will be overwritten anyway."""

from __future__ import annotations

import inspect
from typing import Any

from minitorch.nn.module import Module
from minitorch.random import fork_rng

__all__ = ["skip_init"]


def skip_init(module_cls: type, *args: Any, **kwargs: Any) -> Any:
    """A module with undefined parameters: no random numbers are taken from the global stream.

    Args:
        module_cls: the class; the other arguments are its own.

    Errors: RuntimeError for what is no module class, or takes no ``device``.
    Source: torch.nn.utils.skip_init.

    >>> import minitorch
    >>> minitorch.nn.utils.skip_init(minitorch.nn.Linear, 2, 3)
    Linear(in_features=2, out_features=3, bias=True)
    """
    if not issubclass(module_cls, Module):
        raise RuntimeError(f"Expected a Module; got {module_cls}")
    if "device" not in inspect.signature(module_cls).parameters:
        raise RuntimeError("Module must support a 'device' arg to skip initialization")
    with fork_rng():
        return module_cls(*args, **kwargs)
