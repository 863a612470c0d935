"""Results that are not there yet.  Source: torch.futures."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

__all__ = ["Future", "collect_all", "wait_all"]


class Future:
    """A result that another thread will set.

    Source: torch.futures.Future.

    Example::

        >>> from minitorch.futures import Future
        >>> future = Future()
        >>> doubled = future.then(lambda done: 2 * done.value())
        >>> future.set_result(21)
        >>> doubled.wait()
        42
    """

    def __init__(self, *, devices: list | None = None):
        self._done = threading.Event()
        self._lock = threading.Lock()
        self._callbacks: list[Callable[[Future], Any]] = []
        self._result: Any = None
        self._error: Exception | None = None

    def done(self) -> bool:
        """Whether there is a result or an exception."""
        return self._done.is_set()

    def wait(self):
        """The result, as soon as it is there.  Raises the exception that was set instead."""
        self._done.wait()
        return self.value()

    def value(self):
        """The result that is there.  Raises RuntimeError if there is none yet."""
        if not self.done():
            raise RuntimeError("Future.value(): there is no result yet; wait() for it")
        if self._error is not None:
            raise self._error
        return self._result

    def then(self, callback: Callable[[Future], Any]) -> Future:
        """A future of what ``callback`` makes of this one, once it is done.

        An exception in the callback is a RuntimeError of the new future.
        """
        following = Future()

        def run(finished):
            try:
                result = callback(finished)
            except Exception as error:
                following.set_exception(
                    RuntimeError(
                        "Got the following error when running the callback: "
                        f"{type(error).__name__}: {error}"
                    )
                )
            else:
                following.set_result(result)

        self.add_done_callback(run)
        return following

    def add_done_callback(self, callback: Callable[[Future], None]) -> None:
        """Call ``callback(self)`` once it is done; at once if it is."""
        with self._lock:
            if not self.done():
                self._callbacks.append(callback)
                return
        callback(self)

    def set_result(self, result: Any) -> None:
        """It is done.  Raises RuntimeError if it was already."""
        self._finish(result, None)

    def set_exception(self, result: Exception) -> None:
        """It failed; ``wait`` raises this.  Raises AssertionError for anything else."""
        assert isinstance(result, Exception), (
            f"{result} is of type {type(result)}, not an Exception."
        )
        self._finish(None, result)

    def _finish(self, result, error):
        with self._lock:
            if self.done():
                raise RuntimeError(
                    "Attempting to mark a completed Future as complete again. Note that a Future "
                    "can only be marked completed once."
                )
            self._result, self._error = result, error
            self._done.set()
            callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback(self)


def collect_all(futures: list[Future]) -> Future:
    """A future of the list, done when all of them are.  Source: torch.futures.collect_all."""
    together = Future()
    left = [len(futures)]
    lock = threading.Lock()

    def one_less(_):
        with lock:
            left[0] -= 1
            last = left[0] == 0
        if last:
            together.set_result(list(futures))

    if not futures:
        together.set_result([])
    for future in futures:
        future.add_done_callback(one_less)
    return together


def wait_all(futures: list[Future]) -> list:
    """The results of all.  Source: torch.futures.wait_all."""
    return [future.wait() for future in collect_all(futures).wait()]
