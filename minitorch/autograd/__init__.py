"""Reverse-mode automatic differentiation over a graph that is recorded while the program runs.

The modules that stand above the Tensor (``Function``, ``gradcheck``, ``functional``, ``Variable``) load
on first use, so that this package can be imported below it.
"""

from __future__ import annotations

import importlib

from minitorch.autograd import graph
from minitorch.autograd.anomaly import detect_anomaly, set_detect_anomaly
from minitorch.autograd.interface import backward, grad
from minitorch.autograd.mode import (
    enable_grad,
    inference_mode,
    is_grad_enabled,
    no_grad,
    set_grad_enabled,
)

__all__ = [
    "Function",
    "Variable",
    "backward",
    "detect_anomaly",
    "enable_grad",
    "function",
    "functional",
    "grad",
    "gradcheck",
    "gradgradcheck",
    "graph",
    "inference_mode",
    "is_grad_enabled",
    "no_grad",
    "set_detect_anomaly",
    "set_grad_enabled",
]

_LATER = {
    "Function": ("minitorch.autograd.function", "Function"),
    "Variable": ("minitorch.autograd.variable", "Variable"),
    "function": ("minitorch.autograd.function", None),
    "functional": ("minitorch.autograd.functional", None),
    "gradcheck": ("minitorch.autograd.gradcheck", "gradcheck"),
    "gradgradcheck": ("minitorch.autograd.gradcheck", "gradgradcheck"),
    "variable": ("minitorch.autograd.variable", None),
}


def __getattr__(name):
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, attribute = _LATER[name]
    loaded = importlib.import_module(module)
    value = loaded if attribute is None else getattr(loaded, attribute)
    globals()[name] = value
    return value
