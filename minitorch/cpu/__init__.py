"""The CPU as a device among devices, for programs that ask any of them.  Source: torch.cpu."""

from __future__ import annotations

import contextlib

from minitorch.cpu import amp

__all__ = [
    "Stream",
    "amp",
    "current_device",
    "current_stream",
    "device_count",
    "is_available",
    "is_initialized",
    "set_device",
    "stream",
    "synchronize",
]


class Stream:
    """The queue of work, which is done at once.  Source: torch.cpu.Stream."""

    def __init__(self, priority: int = -1) -> None:
        self.priority = priority

    def wait_stream(self, stream) -> None:
        """Wait for another queue: nothing to do."""


_stream = Stream()


def is_available() -> bool:
    """Whether there is one: yes.  Source: torch.cpu.is_available."""
    return True


def is_initialized() -> bool:
    """Whether it is in use: yes.  Source: torch.cpu.is_initialized."""
    return True


def device_count() -> int:
    """How many there are: 1.  Source: torch.cpu.device_count."""
    return 1


def current_device() -> str:
    """The one in use: "cpu".  Source: torch.cpu.current_device."""
    return "cpu"


def set_device(device) -> None:
    """Choose one: nothing to do.  Source: torch.cpu.set_device."""


def synchronize(device=None) -> None:
    """Wait until it is done: it is.  Source: torch.cpu.synchronize."""


def current_stream(device=None) -> Stream:
    """The queue in use.  Source: torch.cpu.current_stream."""
    return _stream


@contextlib.contextmanager
def stream(stream: Stream):
    """Queue the work of a block on ``stream``.  Source: torch.cpu.stream."""
    global _stream
    before, _stream = _stream, stream
    try:
        yield
    finally:
        _stream = before
