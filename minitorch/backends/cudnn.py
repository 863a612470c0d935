"""The switches that programs set for cuDNN (``torch.backends.cudnn``); here they change nothing."""

from __future__ import annotations

__all__ = ["allow_tf32", "benchmark", "deterministic", "enabled", "is_available", "version"]

enabled = True
benchmark = False
#: NumPy gives the same numbers on every run whatever this says.
deterministic = False
allow_tf32 = True


def is_available() -> bool:
    """Whether cuDNN is there: never.  Source: torch.backends.cudnn.is_available."""
    return False


def version() -> int | None:
    """The version of cuDNN: None.  Source: torch.backends.cudnn.version."""
    return None
