"""NVIDIA's profiler, which is not there.  Source: torch.cuda.profiler."""

from __future__ import annotations

import contextlib

from minitorch.cuda._missing import unavailable

__all__ = ["profile", "start", "stop"]

start = unavailable("start", "Begin collecting.")
stop = unavailable("stop", "End collecting.")


@contextlib.contextmanager
def profile():
    """Collects over a block.  Raises AssertionError: there is no GPU.

    Source: torch.cuda.profiler.profile.
    """
    start()
    try:
        yield
    finally:
        stop()
