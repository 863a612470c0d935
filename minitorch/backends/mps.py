"""What programs ask about Apple's GPUs (``torch.backends.mps``), which are not used here."""

from __future__ import annotations

__all__ = [
    "get_core_count",
    "get_name",
    "is_available",
    "is_built",
    "is_macos13_or_newer",
    "is_macos_or_newer",
]


def is_available() -> bool:
    """Whether tensors can live on an Apple GPU: never.  Source: torch.backends.mps.is_available."""
    return False


def is_built() -> bool:
    """Whether support for Apple GPUs is there: never.  Source: torch.backends.mps.is_built."""
    return False


def _no_backend(function):
    return RuntimeError(f"Cannot execute {function}() without MPS backend.")


def is_macos_or_newer(major: int, minor: int) -> bool:
    """Whether the system is recent.  Raises RuntimeError.

    Source: torch.backends.mps.is_macos_or_newer.
    """
    raise _no_backend("isOnMacOSorNewer")


def is_macos13_or_newer(minor: int = 0) -> bool:
    """Whether the system is recent.  Raises RuntimeError.

    Source: torch.backends.mps.is_macos13_or_newer.
    """
    raise _no_backend("isOnMacOSorNewer")


def get_name() -> str:
    """The GPU's name.  Raises RuntimeError.  Source: torch.backends.mps.get_name."""
    raise _no_backend("get_name")


def get_core_count() -> int:
    """The GPU's cores.  Raises RuntimeError.  Source: torch.backends.mps.get_core_count."""
    raise _no_backend("get_core_count")
