"""What programs ask about cuSPARSELt (``torch.backends.cusparselt``)."""

from __future__ import annotations

__all__ = ["is_available", "version"]


def is_available() -> bool:
    """Whether it is there: no.  Source: torch.backends.cusparselt.is_available."""
    return False


def version() -> int | None:
    """Its version: None.  Source: torch.backends.cusparselt.version."""
    return None
