"""What goes wrong between processes.  Source: torch.distributed."""

from __future__ import annotations

__all__ = ["DistBackendError", "DistError", "DistNetworkError", "DistStoreError"]


class DistError(RuntimeError):
    """The base of the errors of distributed programs.  Source: torch.distributed.DistError."""


class DistBackendError(DistError):
    """A process of the group is gone, too late, or in another operation.

    Source: torch.distributed.DistBackendError.
    """


class DistNetworkError(DistError):
    """No connection came about.  Source: torch.distributed.DistNetworkError."""


class DistStoreError(DistError):
    """A key of a store did not appear in time.  Source: torch.distributed.DistStoreError."""
