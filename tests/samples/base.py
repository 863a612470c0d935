"""How a sample is written: NumPy arrays and plain values, turned into tensors of either library."""

from __future__ import annotations

import numpy as np

_random = np.random.default_rng(0)


class S:
    """One call ``function(*args, **kwargs)``; arrays in it (also inside lists) become tensors.

    Keywords that begin with an underscore are instructions to the tests:
        _grad: False where gradients are not to be compared, or the positions of the args to
            differentiate.
        _second: False where second gradients are not to be compared.
        _inplace: False where the in-place twin does not take this call.
        _tolerance: a relative tolerance, where float64 round-off is not enough.
        _why: the reason, required with any of these.
    """

    def __init__(
        self, *args, _grad=True, _second=True, _inplace=True, _tolerance=None, _why="", **kwargs
    ):
        exceptional = _grad is not True or not _second or not _inplace or _tolerance is not None
        assert _why or not exceptional, "say why this sample is an exception"
        self.args = args
        self.kwargs = kwargs
        self.grad = _grad
        self.second = _second
        self.inplace = _inplace
        self.tolerance = _tolerance

    def __repr__(self):
        def show(value):
            if isinstance(value, np.ndarray):
                return f"{value.dtype}{list(value.shape)}"
            if isinstance(value, (list, tuple)):
                return "[" + ", ".join(map(show, value)) + "]"
            return repr(value)

        shown = [show(a) for a in self.args] + [f"{k}={show(v)}" for k, v in self.kwargs.items()]
        return f"({', '.join(shown)})"


class Fails(S):
    """A call that torch refuses: minitorch must raise the same class of error."""


def normal(*shape, dtype="float64"):
    """Standard normal values."""
    return _random.standard_normal(shape).astype(dtype)


def positive(*shape, dtype="float64"):
    """Values in [0.5, 2)."""
    return _random.uniform(0.5, 2, shape).astype(dtype)


def unit(*shape, dtype="float64"):
    """Values in (0.05, 0.95)."""
    return _random.uniform(0.05, 0.95, shape).astype(dtype)


def distinct(*shape, dtype="float64"):
    """Shuffled values at least 0.1 apart: no ties for max, sort and median."""
    count = int(np.prod(shape))
    return (_random.permutation(count).reshape(shape) * 0.1 - 0.05 * count).astype(dtype)


def integers(low, high, *shape, dtype="int64"):
    """Integers in [low, high)."""
    return _random.integers(low, high, shape).astype(dtype)


def boolean(*shape):
    """A random mask."""
    return _random.integers(0, 2, shape).astype(bool)


def complex_normal(*shape, dtype="complex128"):
    """Standard normal real and imaginary parts."""
    return (_random.standard_normal(shape) + 1j * _random.standard_normal(shape)).astype(dtype)
