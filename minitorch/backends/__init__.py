"""The array libraries, behind one door: the only place that tells NumPy from CuPy.

Everything above asks here which namespace an array belongs to and never names a library itself.
Beside NumPy there is ``meta``, whose arrays have no elements.
The modules ``cuda``, ``cudnn``, ``mkl``, ``mps`` and so on are what programs know as
``torch.backends``: switches that they set and ask, mostly with nothing behind them.
"""

from __future__ import annotations

import contextvars
import importlib

import numpy as np

from minitorch.backends import cuda, cudnn, mps
from minitorch.backends.meta import META, NO_DATA, MetaArray, meta_array, meta_of
from minitorch.device import device

__all__ = [
    "META",
    "MetaArray",
    "array_device",
    "check_same_device",
    "cpu",
    "cuda",
    "cudnn",
    "cusparselt",
    "is_array",
    "meta_array",
    "mha",
    "mkl",
    "mkldnn",
    "mps",
    "namespace",
    "nnpack",
    "openmp",
    "opt_einsum",
    "quantized",
    "quiet_context",
    "to_device",
]

#: Imported on first use.
_LAZY = {
    "cpu",
    "cusparselt",
    "mha",
    "mkl",
    "mkldnn",
    "nnpack",
    "openmp",
    "opt_einsum",
    "quantized",
}


def __getattr__(name):
    if name in _LAZY:
        return importlib.import_module(f"minitorch.backends.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


_CPU, _META = device("cpu"), device("meta")

#: True where a function runs in a quiet context: inside an op's body or a gradient rule.
inside_quiet_context = contextvars.ContextVar("inside_quiet_context", default=False)


def is_array(value) -> bool:
    """Whether ``value`` is a bare array of a backend, not a tensor."""
    return isinstance(value, (np.ndarray, np.generic, MetaArray))


def namespace(array):
    """The array library of ``array``: NumPy's module for host arrays."""
    if isinstance(array, (np.ndarray, np.generic)):
        return np
    if isinstance(array, MetaArray):
        return META
    raise TypeError(f"no backend for arrays of type {type(array).__name__}")


def array_device(array) -> device:
    """The device that holds ``array``."""
    return _META if type(array) is MetaArray else _CPU


def check_same_device(arrays) -> None:
    """Raise RuntimeError if arrays with and without elements meet in one operation.

    torch: numbers (0-d) and indices on the CPU may meet arrays of any device.
    """
    first = None
    for array in arrays:
        if isinstance(array, (list, tuple)):
            check_same_device(array)
        elif type(array) is MetaArray or (
            isinstance(array, np.ndarray) and array.ndim and array.dtype.kind not in "biu"
        ):
            place = array_device(array)
            if first is not None and place != first:
                raise RuntimeError(
                    f"Tensor on device {place} is not on the expected device {first}!"
                )
            first = place


def to_device(array, target: device):
    """``array`` on ``target``: itself when it is already there.

    Raises AssertionError (torch's class) for a cuda device while no GPU backend is installed.
    """
    if target.type == "cpu":
        if type(array) is MetaArray:
            raise NotImplementedError(NO_DATA)
        return array
    if target.type == "meta":
        return meta_of(array)
    if target.type == "cuda":
        raise AssertionError("Torch not compiled with CUDA enabled")
    raise NotImplementedError(f"no backend for device '{target}'; minitorch computes on 'cpu'")


def quiet_context() -> contextvars.Context:
    """A context in which NumPy computes inf and nan without warnings, as torch does.

    Running a function in it costs a tenth of ``with np.errstate(...)``, and the caller's own error
    state is left alone.  A context can be entered by one thread at a time: make one per thread.
    """
    with np.errstate(all="ignore"):
        context = contextvars.copy_context()
    context.run(inside_quiet_context.set, True)
    return context
