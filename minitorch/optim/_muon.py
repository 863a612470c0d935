"""Muon."""

from __future__ import annotations

import math
from typing import Any

from minitorch.ops.creation import zeros_like
from minitorch.ops.linalg import addmm
from minitorch.optim.optimizer import Optimizer, ParamsT
from minitorch.tensor import Tensor

__all__ = ["Muon"]


class Muon(Optimizer):
    """Muon: momentum whose steps are made orthogonal: every direction is taken equally far.

    For the matrices of hidden layers; embeddings, biases and the last layer are better trained by
    `AdamW`. With the gradient ``g`` of the matrix ``w`` (A rows, B columns)::

        m = momentum * m + (1 - momentum) * g
        u = momentum * m + (1 - momentum) * g     if nesterov, else u = m
        u = u / max(|u|, eps)
        u = a * u + (b * u u' + c * (u u') ** 2) u          ns_steps times, in bfloat16
        w = w - lr * weight_decay * w
        w = w - lr * sqrt(max(1, A / B)) * u

    The iteration drives all singular values of ``u`` towards one.

    Args:
        params: matrices, pairs of name and matrix, or dicts of groups.
        lr: learning rate, a number or a tensor of one element.
        weight_decay: the rate of decay, times `lr`.
        momentum: how much of ``m`` stays from step to step.
        nesterov: look ahead.
        ns_coefficients: ``a``, ``b`` and ``c``.
        eps: keeps the divisor from zero.
        ns_steps: how often to iterate.
        adjust_lr_fn: the factor of the rate: "original" (the default) as above, or
            "match_rms_adamw", ``0.2 * sqrt(max(A, B))``.

    State of a parameter: ``momentum_buffer`` (the ``m`` above).

    Raises: ValueError for an option out of range or a parameter that is no matrix; RuntimeError, at
        the step, for complex parameters; ImportError without the package of bfloat16.
    Source: torch.optim.Muon; Jordan et al. 2024.

    Example::

        >>> import minitorch
        >>> w = minitorch.eye(2).requires_grad_()
        >>> optimizer = minitorch.optim.Muon([w], lr=0.1, weight_decay=0.0)
        >>> w.diagonal().sum().backward()
        >>> optimizer.step()
        >>> bool((w.diagonal() < 0.95).all())
        True
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float = 1e-3,
        weight_decay: float = 0.1,
        momentum: float = 0.95,
        nesterov: bool = True,
        ns_coefficients: tuple[float, float, float] = (3.4445, -4.775, 2.0315),
        eps: float = 1e-7,
        ns_steps: int = 5,
        adjust_lr_fn: str | None = None,
    ) -> None:
        if isinstance(lr, Tensor) and lr.numel() != 1:
            raise ValueError(f"Tensor lr must be 1-element, but has {lr.numel()}")
        if not lr >= 0.0:
            raise ValueError(f"Learning rate should be >= 0 but is: {lr}")
        if not momentum >= 0.0:
            raise ValueError(f"momentum should be >= 0 but is: {momentum}")
        if not weight_decay >= 0.0:
            raise ValueError(f"weight decay should be >= 0 but is: {weight_decay}")
        if adjust_lr_fn not in (None, "original", "match_rms_adamw"):
            raise ValueError(f"Adjust learning rate function {adjust_lr_fn} is not supported")
        defaults = {
            "lr": lr,
            "weight_decay": weight_decay,
            "momentum": momentum,
            "nesterov": nesterov,
            "ns_coefficients": ns_coefficients,
            "eps": eps,
            "ns_steps": ns_steps,
            "adjust_lr_fn": adjust_lr_fn,
        }
        super().__init__(params, defaults)
        for group in self.param_groups:
            for p in group["params"]:
                if p.ndim != 2:
                    raise ValueError(
                        "Muon only supports 2D parameters whereas we found a parameter with size: "
                        f"{p.size()}"
                    )

    def _update(self, group: dict[str, Any], p: Tensor, grad: Tensor) -> None:
        if p.is_complex():
            raise RuntimeError("Muon does not support complex parameters")
        state = self.state[p]
        if "momentum_buffer" not in state:
            state["momentum_buffer"] = zeros_like(grad)
        lr = group["lr"].item() if isinstance(group["lr"], Tensor) else group["lr"]
        momentum = group["momentum"]
        buffer = state["momentum_buffer"].lerp_(grad, 1 - momentum)
        change = grad.lerp(buffer, momentum) if group["nesterov"] else buffer
        change = _orthogonal(change, group["ns_coefficients"], group["ns_steps"], group["eps"])
        p.mul_(1 - lr * group["weight_decay"])
        factor = _rate_factor(group["adjust_lr_fn"], *p.shape)
        p.add_(change.to(p.dtype), alpha=-lr * factor)


def _orthogonal(
    matrix: Tensor, coefficients: tuple[float, float, float], steps: int, eps: float
) -> Tensor:
    """The Newton-Schulz iteration: singular values near one, the same singular vectors."""
    if steps >= 100:
        raise ValueError("Number of steps must be less than 100 for computational efficiency")
    if len(coefficients) != 3:
        raise ValueError("Coefficients must be a tuple of exactly 3 values")
    a, b, c = coefficients
    tall = matrix.shape[0] > matrix.shape[1]
    u = matrix.bfloat16()
    u = u.T if tall else u  # the smaller product
    u = u / u.norm().clamp(min=eps)
    for _ in range(steps):
        product = u @ u.T
        polynomial = addmm(product, product, product, beta=b, alpha=c)
        u = addmm(u, polynomial, u, beta=a)
    return u.T if tall else u


def _rate_factor(name: str | None, rows: int, columns: int) -> float:
    if name == "match_rms_adamw":
        return 0.2 * math.sqrt(max(rows, columns))
    return math.sqrt(max(1, rows / columns))
