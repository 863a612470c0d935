"""What programs ask about OpenMP (``torch.backends.openmp``)."""

from __future__ import annotations

__all__ = ["is_available"]


def is_available() -> bool:
    """Whether ops run on OpenMP's threads: no.  Source: torch.backends.openmp.is_available."""
    return False
