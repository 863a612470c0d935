"""Adamax."""

from __future__ import annotations

from typing import Any

from minitorch.backends import namespace
from minitorch.ops.creation import zeros_like
from minitorch.ops.elementwise import abs, maximum
from minitorch.optim.optimizer import Optimizer, ParamsT
from minitorch.tensor import Tensor

__all__ = ["Adamax"]


class Adamax(Optimizer):
    """Adamax: Adam by the largest magnitude of late, not the root of a mean square.

    With the gradient ``g`` (negated if `maximize`) of the parameter ``w`` at step ``t``::

        g = g + weight_decay * w
        m = beta1 * m + (1 - beta1) * g
        u = max(beta2 * u, |g| + eps)
        w = w - lr / (1 - beta1 ** t) * m / u

    Args:
        params: parameters, pairs of name and parameter, or dicts of groups.
        lr: learning rate, a number or a tensor of one element.
        betas: how much of ``m`` and of ``u`` stays from step to step.
        eps: keeps the divisor from zero.
        weight_decay: the L2 penalty.
        foreach: accepted, as in torch; there is one implementation here.
        maximize: climb instead of descending.
        differentiable: record the step in the graph, for parameters that are no leaves.
        capturable: accepted, as in torch; there are no graphs to capture on the CPU.

    State of a parameter: ``step`` (the ``t`` above), ``exp_avg`` (``m``) and ``exp_inf`` (``u``).

    Raises: ValueError for an option out of range.
    Source: torch.optim.Adamax; Kingma, Ba 2015.

    Example::

        >>> import minitorch
        >>> w = minitorch.tensor([2.0], requires_grad=True)
        >>> optimizer = minitorch.optim.Adamax([w], lr=0.5)
        >>> (w**2).sum().backward()
        >>> optimizer.step()
        >>> w
        tensor([1.5000], requires_grad=True)
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
        lr: float | Tensor = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        self._check_rate(lr)
        self._check_not_negative("epsilon value", eps)
        self._check_betas(betas)
        self._check_not_negative("weight_decay value", weight_decay)
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, defaults)

    def _update(self, group: dict[str, Any], p: Tensor, grad: Tensor) -> None:
        state = self.state[p]
        if not state:
            state["step"] = self._step_tensor(group)
            state["exp_avg"] = zeros_like(p)
            state["exp_inf"] = zeros_like(p)
        beta1, beta2 = group["betas"]
        step = state["step"].item() + 1
        self._apply(
            group,
            p,
            grad,
            {name: state[name] for name in ("exp_avg", "exp_inf")},
            weight_decay=group["weight_decay"],
            maximize=group["maximize"],
            new1=1 - beta1,
            beta2=beta2,
            step_size=group["lr"] / (1 - beta1**step),
            eps=group["eps"],
        )

    @staticmethod
    def _formula(
        param, grad, *, exp_avg, exp_inf, weight_decay, maximize, new1, beta2, step_size, eps
    ):
        if maximize:
            grad = -grad
        if weight_decay != 0:
            grad = grad + weight_decay * param
        exp_avg = exp_avg + new1 * (grad - exp_avg)
        exp_inf = maximum(beta2 * exp_inf, abs(grad) + eps)
        return param - step_size * exp_avg / exp_inf, {"exp_avg": exp_avg, "exp_inf": exp_inf}

    @staticmethod
    def _kernel(
        param, grad, *, exp_avg, exp_inf, weight_decay, maximize, new1, beta2, step_size, eps
    ):
        xp = namespace(param)
        if maximize:
            grad = -grad
        if weight_decay != 0:
            grad = grad + weight_decay * param
        exp_avg += new1 * (grad - exp_avg)
        exp_inf *= beta2
        largest = xp.abs(grad)
        largest += eps
        exp_inf[...] = xp.maximum(exp_inf, largest)
        change = step_size * exp_avg
        change /= exp_inf
        param -= change
