"""What is recorded: the modes, per thread, as context managers and decorators."""

from __future__ import annotations

import contextlib
import functools
import inspect
import threading

from minitorch.backends import quiet_context

__all__ = [
    "enable_grad",
    "forward_rules",
    "inference_mode",
    "is_grad_enabled",
    "is_inference_mode_enabled",
    "no_grad",
    "set_grad_enabled",
]


class _Mode(threading.local):
    """One thread's state; ``__init__`` runs once in each thread that looks."""

    def __init__(self):
        #: Whether ops record a graph.
        self.grad = True
        self.inference = False
        #: Whether a walk computes a derivative of forward mode (see ``forward_ad``).
        self.forward = False
        #: The dtype of products inside ``autocast``, None outside; and the weights cast to it.
        self.autocast = None
        self.autocast_cache: dict | None = {}
        #: Calls a function in this thread's quiet context (see ``backends.quiet_context``).
        self.run = quiet_context().run


mode = _Mode()


@contextlib.contextmanager
def forward_rules():
    """A block in which the walk through a Function goes by its ``jvp``, if it has one."""
    before, mode.forward = mode.forward, True
    try:
        yield
    finally:
        mode.forward = before


class _GradMode:
    """A context manager that also decorates functions and generator functions."""

    def __call__(self, function):
        if inspect.isgeneratorfunction(function):
            return self._decorate_generator(function)

        @functools.wraps(function)
        def decorated(*args, **kwargs):
            with self.clone():
                return function(*args, **kwargs)

        return decorated

    def _decorate_generator(self, function):
        # The mode holds while the generator runs and is the caller's own between its steps.
        @functools.wraps(function)
        def decorated(*args, **kwargs):
            generator = function(*args, **kwargs)
            step, value = generator.send, None
            try:
                while True:
                    with self.clone():
                        item = step(value)
                    try:
                        value = yield item
                        step = generator.send
                    except GeneratorExit:
                        generator.close()
                        raise
                    except BaseException as error:
                        step, value = generator.throw, error
            except StopIteration as stop:
                return stop.value

        return decorated

    def clone(self):
        return type(self)()


class no_grad(_GradMode):
    """Record nothing inside: results do not require grad.  Source: ``torch.no_grad``."""

    __module__ = "minitorch.autograd.grad_mode"

    def __new__(cls, orig_func=None):
        self = super().__new__(cls)
        return self if orig_func is None else self(orig_func)

    def __enter__(self):
        self.previous = mode.grad
        mode.grad = False

    def __exit__(self, *exc_info):
        mode.grad = self.previous


class enable_grad(_GradMode):
    """Record inside, also where an outer block switched it off.  Source: ``torch.enable_grad``."""

    __module__ = "minitorch.autograd.grad_mode"

    def __new__(cls, orig_func=None):
        self = super().__new__(cls)
        return self if orig_func is None else self(orig_func)

    def __enter__(self):
        self.previous = mode.grad
        mode.grad = True

    def __exit__(self, *exc_info):
        mode.grad = self.previous


class set_grad_enabled(_GradMode):
    """Switch recording on or off, at once; as a context manager the old mode returns at its end.

    Source: ``torch.set_grad_enabled``.
    """

    __module__ = "minitorch.autograd.grad_mode"

    def __init__(self, mode: bool):
        self.target = bool(mode)
        self.previous = _swap_grad(self.target)

    def __call__(self, function):
        _swap_grad(self.previous)
        return super().__call__(function)

    def __enter__(self):
        _swap_grad(self.target)

    def __exit__(self, *exc_info):
        mode.grad = self.previous

    def __repr__(self):
        return f"torch.autograd.grad_mode.{type(self).__name__}(mode={self.target})"

    def clone(self):
        return type(self)(self.target)


def _swap_grad(enabled):
    previous, mode.grad = mode.grad, enabled
    return previous


class inference_mode(_GradMode):
    """Like ``no_grad``, for code that will never need gradients.

    Source: ``torch.inference_mode``.
    """

    __module__ = "minitorch.autograd.grad_mode"

    def __new__(cls, mode=True):
        self = super().__new__(cls)
        if not callable(mode):
            return self
        self.enabled = True
        return self(mode)

    def __init__(self, mode: bool = True):
        self.enabled = bool(mode)

    def __enter__(self):
        self.previous = mode.grad, mode.inference
        if self.enabled:
            mode.grad = False
        elif mode.inference:
            mode.grad = True
        mode.inference = self.enabled

    def __exit__(self, *exc_info):
        mode.grad, mode.inference = self.previous

    def clone(self):
        return type(self)(self.enabled)


def is_grad_enabled() -> bool:
    """Whether ops record a graph in this thread."""
    return mode.grad


def is_inference_mode_enabled() -> bool:
    """Whether this thread is inside ``inference_mode``."""
    return mode.inference
