"""Streams and events of GPUs: names to refer to; making one raises.  Source: torch.cuda.streams."""

from __future__ import annotations

from minitorch.cuda._missing import unavailable

__all__ = [
    "Event",
    "ExternalStream",
    "Stream",
    "StreamContext",
    "current_stream",
    "default_stream",
    "set_stream",
    "stream",
]


class Stream:
    """A queue of work on a GPU.  Raises RuntimeError: there is none.  Source: torch.cuda.Stream."""

    def __new__(cls, device=None, priority=0, **kwargs):
        raise RuntimeError(f"torch.cuda.{cls.__name__} requires CUDA support")


class ExternalStream(Stream):
    """A queue made elsewhere.  Raises RuntimeError: there is no GPU.

    Source: torch.cuda.ExternalStream.
    """


class Event:
    """A mark in a queue.  Raises RuntimeError: there is no GPU.  Source: torch.cuda.Event."""

    def __new__(cls, enable_timing=False, blocking=False, interprocess=False, external=False):
        raise RuntimeError(f"Tried to instantiate dummy base class {cls.__name__}")


class StreamContext:
    """Queues the work of a block on a stream; with None it changes nothing.

    Source: torch.cuda.StreamContext.
    """

    def __init__(self, stream: Stream | None):
        self.stream = stream

    def __enter__(self):
        return None

    def __exit__(self, type, value, traceback):
        return None


def stream(stream: Stream | None) -> StreamContext:
    """A context that queues on ``stream``; None changes nothing.  Source: torch.cuda.stream."""
    return StreamContext(stream)


def set_stream(stream: Stream | None) -> None:
    """Queue on ``stream`` from now on; None changes nothing.  Source: torch.cuda.set_stream."""


current_stream = unavailable("current_stream", "The stream in use.", "device=None")
default_stream = unavailable("default_stream", "The stream to begin with.", "device=None")
