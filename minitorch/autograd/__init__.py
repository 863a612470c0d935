"""Reverse-mode automatic differentiation over a graph that is recorded while the program runs.

``Function``, ``gradcheck``, ``functional`` and ``Variable`` stand above the Tensor, while this
package is imported below it: ``minitorch/__init__.py`` calls :func:`load_upper_layer` once the ops
are there.
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
    "forward_ad",
    "function",
    "functional",
    "grad",
    "gradcheck",
    "gradgradcheck",
    "graph",
    "inference_mode",
    "is_grad_enabled",
    "no_grad",
    "profiler",
    "set_detect_anomaly",
    "set_grad_enabled",
]


def __getattr__(name):
    if name == "profiler":  # imported on first use
        return importlib.import_module("minitorch.autograd.profiler")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def load_upper_layer() -> None:
    """Import what stands above the Tensor, and give functions the names that their modules have,
    too.
    """
    from minitorch.autograd import forward_ad, function, functional, gradcheck, variable  # noqa: F401

    upper = globals()
    upper["Function"] = function.Function
    upper["Variable"] = variable.Variable
    upper["gradgradcheck"] = gradcheck.gradgradcheck
    # torch: autograd.gradcheck is the function; its module is reached by its import path only.
    upper["gradcheck"] = gradcheck.gradcheck
