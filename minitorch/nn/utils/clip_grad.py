"""Keeping gradients from growing without bound, between ``backward()`` and ``step()``."""

from __future__ import annotations

import types
import warnings
from collections.abc import Iterable

from minitorch.autograd.mode import no_grad
from minitorch.ops.creation import tensor
from minitorch.ops.joining import stack
from minitorch.ops.linalg import vector_norm
from minitorch.tensor import Tensor

__all__ = [
    "clip_grad_norm",
    "clip_grad_norm_",
    "clip_grad_value_",
    "clip_grads_with_norm_",
    "get_total_norm",
]

TensorOrTensors = Tensor | Iterable[Tensor]


def _listed(tensors: TensorOrTensors) -> list[Tensor]:
    return [tensors] if isinstance(tensors, Tensor) else list(tensors)


def _gradients(parameters: TensorOrTensors) -> list[Tensor]:
    return [p.grad for p in _listed(parameters) if p.grad is not None]


@no_grad()
def get_total_norm(
    tensors: TensorOrTensors,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """The norm of all the tensors, as if they were one vector.

    Args:
        norm_type: the p of the p-norm; ``float("inf")`` or "inf" for the largest magnitude.
        error_if_nonfinite: raise for a norm of nan or infinity.
        foreach: accepted; there is one way of computing it.

    Shape: any -> ().
    Errors: RuntimeError for a norm that is not finite, if asked for.
    Source: torch.nn.utils.get_total_norm.
    """
    norm_type = float(norm_type)
    tensors = _listed(tensors)
    if not tensors:
        return tensor(0.0)
    norms = [vector_norm(each, norm_type) for each in tensors]
    total = vector_norm(stack(norms), norm_type)
    if error_if_nonfinite and not total.isfinite():
        raise RuntimeError(
            f"The total norm of order {norm_type} for gradients from `parameters` is non-finite, "
            "so it cannot be clipped. To disable this error and scale the gradients by the "
            "non-finite norm anyway, set `error_if_nonfinite=False`"
        )
    return total


@no_grad()
def clip_grads_with_norm_(
    parameters: TensorOrTensors,
    max_norm: float,
    total_norm: Tensor,
    foreach: bool | None = None,
) -> None:
    """Scale the gradients by ``max_norm / total_norm``, unless that would make them grow.

    Args:
        parameters: what has the gradients.
        max_norm: the norm they shall have at most.
        total_norm: the norm they have, from ``get_total_norm``.
        foreach: accepted; there is one way of computing it.

    Source: torch.nn.utils.clip_grads_with_norm_.
    """
    gradients = _gradients(parameters)
    if not gradients:
        return
    # torch: the 1e-6 stands for a division by zero, and is added always.
    scale = (float(max_norm) / (total_norm + 1e-6)).clamp(max=1.0)
    for gradient in gradients:
        gradient.mul_(scale)


def clip_grad_norm_(
    parameters: TensorOrTensors,
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """Scale the gradients in place so that all together their norm is at most ``max_norm``.

    Returns the norm they had.

    Args:
        norm_type: the p of the p-norm; ``float("inf")`` or "inf" for the largest magnitude.
        error_if_nonfinite: raise for a norm of nan or infinity, and leave the gradients alone.
        foreach: accepted; there is one way of computing it.

    Errors: RuntimeError for a norm that is not finite, if asked for.
    Source: torch.nn.utils.clip_grad_norm_; Pascanu et al. 2013.

    >>> import minitorch
    >>> from minitorch.nn.utils import clip_grad_norm_
    >>> weight = minitorch.ones(2, requires_grad=True)
    >>> (weight * minitorch.tensor([3.0, 4.0])).sum().backward()
    >>> clip_grad_norm_(weight, max_norm=1.0)
    tensor(5.)
    >>> weight.grad
    tensor([0.6000, 0.8000])
    """
    is_generator = isinstance(parameters, types.GeneratorType)
    parameters = _listed(parameters)
    if is_generator and not parameters:
        warnings.warn(
            "`parameters` is an empty generator, no gradient clipping will occur.", stacklevel=2
        )
    total_norm = get_total_norm(_gradients(parameters), norm_type, error_if_nonfinite, foreach)
    clip_grads_with_norm_(parameters, max_norm, total_norm, foreach)
    return total_norm


def clip_grad_norm(
    parameters: TensorOrTensors,
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """Deprecated in favour of ``clip_grad_norm_``.  Source: torch.nn.utils.clip_grad_norm."""
    warnings.warn(
        "`torch.nn.utils.clip_grad_norm` is now deprecated in favor of "
        "`torch.nn.utils.clip_grad_norm_`.",
        FutureWarning,
        stacklevel=2,
    )
    return clip_grad_norm_(parameters, max_norm, norm_type, error_if_nonfinite, foreach)


@no_grad()
def clip_grad_value_(
    parameters: TensorOrTensors, clip_value: float, foreach: bool | None = None
) -> None:
    """Clip every element of the gradients in place to [-clip_value, clip_value].

    Args:
        foreach: accepted; there is one way of computing it.

    Source: torch.nn.utils.clip_grad_value_.
    """
    limit = float(clip_value)
    for gradient in _gradients(parameters):
        gradient.clamp_(min=-limit, max=limit)
