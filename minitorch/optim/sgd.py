"""Stochastic gradient descent."""

from __future__ import annotations

from typing import Any

from minitorch.ops.creation import zeros_like
from minitorch.optim.optimizer import Optimizer, ParamsT
from minitorch.tensor import Tensor

__all__ = ["SGD"]


class SGD(Optimizer):
    """Stochastic gradient descent, with momentum if asked.

    With the gradient ``g`` (negated if `maximize`) of the parameter ``w`` at step ``t``::

        g = g + weight_decay * w
        b = g                                     at the first step
        b = momentum * b + (1 - dampening) * g    later
        g = g + momentum * b                      if nesterov
        g = b                                     otherwise
        w = w - lr * g

    Without momentum there is no ``b``. ``weight_decay * w`` is the gradient of the L2 penalty
    ``weight_decay / 2 * sum(w ** 2)``.

    Args:
        params: parameters, pairs of name and parameter, or dicts of groups.
        lr: learning rate, a number or a tensor of one element.
        momentum: how much of ``b`` stays from step to step.
        dampening: how much of the gradient is kept out of ``b``.
        weight_decay: the L2 penalty.
        nesterov: look ahead by one step of momentum; needs `momentum` and no `dampening`.
        maximize: climb instead of descending.
        foreach: accepted, as in torch; there is one implementation here.
        differentiable: record the step in the graph, for parameters that are no leaves.
        fused: accepted, as in torch; excludes `foreach` and `differentiable`.

    State of a parameter: ``momentum_buffer`` (the ``b`` above), if there is momentum.

    Raises: ValueError for an option out of range; RuntimeError for options that exclude each other.
    Source: torch.optim.SGD; momentum as in Sutskever et al. 2013, but with ``lr`` outside of ``b``.

    Example::

        >>> import minitorch
        >>> w = minitorch.tensor([2.0], requires_grad=True)
        >>> optimizer = minitorch.optim.SGD([w], lr=0.25)
        >>> for step in range(3):
        ...     optimizer.zero_grad()
        ...     (w**2).sum().backward()
        ...     optimizer.step()
        >>> w
        tensor([0.2500], requires_grad=True)
    """

    _later_options = {
        "nesterov": False,
        "maximize": False,
        "foreach": None,
        "differentiable": False,
        "fused": False,
    }

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float | Tensor = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        self._check_rate(lr)
        self._check_not_negative("momentum value", momentum)
        self._check_not_negative("weight_decay value", weight_decay)
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError(
                "Nesterov momentum requires a momentum and zero dampening, "
                f"but got momentum={momentum} and dampening={dampening}"
            )
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "dampening": dampening,
            "weight_decay": weight_decay,
            "nesterov": nesterov,
            "maximize": maximize,
            "foreach": foreach,
            "differentiable": differentiable,
            "fused": fused,
        }
        self._check_implementation(defaults)
        super().__init__(params, defaults)

    def _update_sparse(self, group: dict[str, Any], p: Tensor, grad: Any) -> None:
        if group["momentum"] != 0 or group["weight_decay"] != 0:
            self._update(group, p, grad.to_dense())
            return
        step = float(group["lr"])
        p.add_(grad, alpha=step if group["maximize"] else -step)

    def _update(self, group: dict[str, Any], p: Tensor, grad: Tensor) -> None:
        state: dict[str, Tensor] = {}
        first = False
        if group["momentum"] != 0:
            buffer = self.state[p].get("momentum_buffer")
            first = buffer is None
            state["momentum_buffer"] = zeros_like(p) if first else buffer
        self._apply(
            group,
            p,
            grad,
            state,
            first=first,
            lr=group["lr"],
            momentum=group["momentum"],
            dampening=group["dampening"],
            weight_decay=group["weight_decay"],
            nesterov=group["nesterov"],
            maximize=group["maximize"],
        )

    @staticmethod
    def _formula(
        param,
        grad,
        *,
        momentum_buffer=None,
        first,
        lr,
        momentum,
        dampening,
        weight_decay,
        nesterov,
        maximize,
    ):
        if maximize:
            grad = -grad
        if weight_decay != 0:
            grad = grad + weight_decay * param
        if momentum_buffer is None:
            return param - lr * grad, {}
        buffer = grad if first else momentum * momentum_buffer + (1 - dampening) * grad
        grad = grad + momentum * buffer if nesterov else buffer
        return param - lr * grad, {"momentum_buffer": buffer}

    @staticmethod
    def _kernel(
        param,
        grad,
        *,
        momentum_buffer=None,
        first,
        lr,
        momentum,
        dampening,
        weight_decay,
        nesterov,
        maximize,
    ):
        if maximize:
            grad = -grad
        if weight_decay != 0:
            grad = grad + weight_decay * param
        if momentum_buffer is not None:
            if first:
                momentum_buffer[...] = grad
            else:
                momentum_buffer *= momentum
                momentum_buffer += grad if dampening == 0 else (1 - dampening) * grad
            grad = grad + momentum * momentum_buffer if nesterov else momentum_buffer
        param -= lr * grad
