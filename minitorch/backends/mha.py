"""The switch for attention's fast path (``torch.backends.mha``), which has no other path here."""

from __future__ import annotations

__all__ = ["get_fastpath_enabled", "set_fastpath_enabled"]

_enabled = True


def get_fastpath_enabled() -> bool:
    """What was set.  Source: torch.backends.mha.get_fastpath_enabled."""
    return _enabled


def set_fastpath_enabled(value: bool) -> None:
    """Allow the fast path.  Source: torch.backends.mha.set_fastpath_enabled."""
    global _enabled
    _enabled = value
