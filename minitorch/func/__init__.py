"""Transforms of functions: gradients, Jacobians, vectorization.  Source: torch.func."""

from __future__ import annotations

from minitorch.func.batching import vmap
from minitorch.func.modules import functional_call, stack_module_state
from minitorch.func.transforms import (
    functionalize,
    grad,
    grad_and_value,
    hessian,
    jacfwd,
    jacrev,
    jvp,
    linearize,
    vjp,
)

__all__ = [
    "functional_call",
    "functionalize",
    "grad",
    "grad_and_value",
    "hessian",
    "jacfwd",
    "jacrev",
    "jvp",
    "linearize",
    "stack_module_state",
    "vjp",
    "vmap",
]
