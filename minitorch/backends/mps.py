"""What programs ask about Apple's GPUs (``torch.backends.mps``), which are not used here."""

from __future__ import annotations

__all__ = ["is_available", "is_built"]


def is_available() -> bool:
    """Whether tensors can live on an Apple GPU: never.  Source: torch.backends.mps.is_available."""
    return False


def is_built() -> bool:
    """Whether support for Apple GPUs is there: never.  Source: torch.backends.mps.is_built."""
    return False
