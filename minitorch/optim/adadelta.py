"""Adadelta."""

from __future__ import annotations

from typing import Any

from minitorch.backends import namespace
from minitorch.ops.creation import zeros_like
from minitorch.ops.elementwise import sqrt
from minitorch.optim.optimizer import Optimizer, ParamsT
from minitorch.tensor import Tensor

__all__ = ["Adadelta"]


class Adadelta(Optimizer):
    """Adadelta: steps whose length follows from the steps before, so that no rate need be chosen.

    With the gradient ``g`` (negated if `maximize`) of the parameter ``w``::

        g = g + weight_decay * w
        v = rho * v + (1 - rho) * g ** 2
        d = sqrt(u + eps) / sqrt(v + eps) * g
        u = rho * u + (1 - rho) * d ** 2
        w = w - lr * d

    Both ``u`` and ``v`` start from zero.

    Args:
        params: parameters, pairs of name and parameter, or dicts of groups.
        lr: a factor of the step, a number or a tensor of one element.
        rho: how much of ``u`` and ``v`` stays from step to step.
        eps: keeps the divisor from zero, and the first steps too.
        weight_decay: the L2 penalty.
        foreach: accepted, as in torch; there is one implementation here.
        capturable: accepted, as in torch; there are no graphs to capture on the CPU.
        maximize: climb instead of descending.
        differentiable: record the step in the graph, for parameters that are no leaves.

    State of a parameter: ``step``, ``square_avg`` (the ``v`` above) and ``acc_delta`` (``u``).

    Raises: ValueError for an option out of range.
    Source: torch.optim.Adadelta; Zeiler 2012.

    Example::

        >>> import minitorch
        >>> w = minitorch.tensor([2.0], requires_grad=True)
        >>> optimizer = minitorch.optim.Adadelta([w], rho=0.75, eps=1.0)
        >>> (w**2).sum().backward()
        >>> optimizer.step()
        >>> w
        tensor([0.2111], requires_grad=True)
    """

    _counts_steps = True
    _later_options = {
        "foreach": None,
        "maximize": False,
        "differentiable": False,
        "capturable": False,
    }

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        capturable: bool = False,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        self._check_rate(lr)
        if not 0.0 <= rho <= 1.0:
            raise ValueError(f"Invalid rho value: {rho}")
        self._check_not_negative("epsilon value", eps)
        self._check_not_negative("weight_decay value", weight_decay)
        defaults = {
            "lr": lr,
            "rho": rho,
            "eps": eps,
            "weight_decay": weight_decay,
            "maximize": maximize,
            "capturable": capturable,
            "foreach": foreach,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def _update(self, group: dict[str, Any], p: Tensor, grad: Tensor) -> None:
        state = self.state[p]
        if not state:
            state["step"] = self._step_tensor(group)
            state["square_avg"] = zeros_like(p)
            state["acc_delta"] = zeros_like(p)
        self._apply(
            group,
            p,
            grad,
            {name: state[name] for name in ("square_avg", "acc_delta")},
            lr=group["lr"],
            rho=group["rho"],
            eps=group["eps"],
            weight_decay=group["weight_decay"],
            maximize=group["maximize"],
        )

    @staticmethod
    def _formula(param, grad, *, square_avg, acc_delta, lr, rho, eps, weight_decay, maximize):
        if maximize:
            grad = -grad
        if weight_decay != 0:
            grad = grad + weight_decay * param
        square_avg = rho * square_avg + (1 - rho) * grad * grad
        change = sqrt(acc_delta + eps) / sqrt(square_avg + eps) * grad
        acc_delta = rho * acc_delta + (1 - rho) * change * change
        return param - lr * change, {"square_avg": square_avg, "acc_delta": acc_delta}

    @staticmethod
    def _kernel(param, grad, *, square_avg, acc_delta, lr, rho, eps, weight_decay, maximize):
        xp = namespace(param)
        if maximize:
            grad = -grad
        if weight_decay != 0:
            grad = grad + weight_decay * param

        square_avg *= rho
        square = (1 - rho) * grad
        square *= grad
        square_avg += square

        change = xp.sqrt(acc_delta + eps)
        change /= xp.sqrt(square_avg + eps)
        change = change * grad
        acc_delta *= rho
        square = (1 - rho) * change
        square *= change
        acc_delta += square
        change *= lr
        param -= change
