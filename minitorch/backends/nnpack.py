"""The switch that programs set for NNPACK (``torch.backends.nnpack``); it changes nothing."""

from __future__ import annotations

import contextlib

__all__ = ["enabled", "flags", "is_available", "set_flags"]

enabled = True


def is_available() -> bool:
    """Whether NNPACK computes here: no.  Source: torch.backends.nnpack.is_available."""
    return False


def set_flags(_enabled: bool) -> tuple[bool]:
    """Set the switch; its value from before.  Source: torch.backends.nnpack.set_flags."""
    global enabled
    before, enabled = enabled, _enabled
    return (before,)


@contextlib.contextmanager
def flags(enabled: bool = False):
    """Set the switch for a block.  Source: torch.backends.nnpack.flags."""
    (before,) = set_flags(enabled)
    try:
        yield
    finally:
        set_flags(before)
