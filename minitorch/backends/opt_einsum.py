"""The search for einsum's best order, which is not made here (``torch.backends.opt_einsum``)."""

from __future__ import annotations

import contextlib

__all__ = ["enabled", "flags", "get_opt_einsum", "is_available", "set_flags", "strategy"]

enabled = False
strategy: str | None = None


def is_available() -> bool:
    """Whether the search is made: no.  Source: torch.backends.opt_einsum.is_available."""
    return False


def get_opt_einsum():
    """The package that would make it: None.  Source: torch.backends.opt_einsum.get_opt_einsum."""
    return None


def set_flags(_enabled=None, _strategy=None) -> tuple:
    """Set what is not None; the values from before.  Raises ValueError when switched on.

    Source: torch.backends.opt_einsum.set_flags.
    """
    global strategy
    if _enabled:
        raise ValueError(
            "opt_einsum is not available, so setting `enabled` to True will not reap the benefits "
            "of calculating an optimal path for einsum."
        )
    before = (enabled, strategy)
    if _strategy is not None:
        strategy = _strategy
    return before


@contextlib.contextmanager
def flags(enabled=None, strategy=None):
    """Set the switches for a block.  Source: torch.backends.opt_einsum.flags."""
    before = set_flags(enabled, strategy)
    try:
        yield
    finally:
        globals()["strategy"] = before[1]
