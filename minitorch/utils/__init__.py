"""Tools around training: ``data``, datasets and their loading.  Source: torch.utils."""

from minitorch.utils import data

__all__ = ["data"]
