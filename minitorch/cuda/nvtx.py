"""Marks for NVIDIA's profilers, which are not there.  Source: torch.cuda.nvtx."""

from __future__ import annotations

import contextlib

__all__ = ["mark", "range", "range_end", "range_pop", "range_push", "range_start"]


def _not_installed():
    return RuntimeError("NVTX functions not installed. Are you sure you have a CUDA build?")


def range_push(msg: str) -> int:
    """Begin a range.  Raises RuntimeError.  Source: torch.cuda.nvtx.range_push."""
    raise _not_installed()


def range_pop() -> int:
    """End the innermost range.  Raises RuntimeError.  Source: torch.cuda.nvtx.range_pop."""
    raise _not_installed()


def range_start(msg: str) -> int:
    """Begin a range by number.  Raises RuntimeError.  Source: torch.cuda.nvtx.range_start."""
    raise _not_installed()


def range_end(range_id: int) -> None:
    """End a range by number.  Raises RuntimeError.  Source: torch.cuda.nvtx.range_end."""
    raise _not_installed()


def mark(msg: str) -> None:
    """Mark a moment.  Raises RuntimeError.  Source: torch.cuda.nvtx.mark."""
    raise _not_installed()


@contextlib.contextmanager
def range(msg: str, *args, **kwargs):
    """A range over a block.  Raises RuntimeError on entry.  Source: torch.cuda.nvtx.range."""
    range_push(msg.format(*args, **kwargs))
    try:
        yield
    finally:
        range_pop()
