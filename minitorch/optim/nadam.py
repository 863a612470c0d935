"""NAdam."""

from __future__ import annotations

from typing import Any

from minitorch.backends import namespace
from minitorch.ops.creation import zeros_like
from minitorch.ops.elementwise import sqrt
from minitorch.optim.optimizer import Optimizer, ParamsT
from minitorch.tensor import Tensor

__all__ = ["NAdam"]


class NAdam(Optimizer):
    """NAdam: Adam with Nesterov's look ahead, and a momentum that grows from step to step.

    With the gradient ``g`` (negated if `maximize`) of the parameter ``w`` at step ``t``::

        g = g + weight_decay * w
        mu(t) = beta1 * (1 - 0.96 ** (t * momentum_decay) / 2)
        M = M * mu(t)
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g ** 2
        d = sqrt(v / (1 - beta2 ** t)) + eps
        w = w - lr * (1 - mu(t)) / (1 - M) * g / d - lr * mu(t + 1) / (1 - M * mu(t + 1)) * m / d

    ``M`` starts from one. With `decoupled_weight_decay` the first line is
    ``w = w - lr * weight_decay * w``.

    Args:
        params: parameters, pairs of name and parameter, or dicts of groups.
        lr: learning rate, a number or a tensor of one element.
        betas: how much of ``m`` and of ``v`` stays from step to step.
        eps: keeps the divisor from zero.
        weight_decay: the L2 penalty, or the rate of decay times `lr`.
        momentum_decay: how fast ``mu`` comes up to beta1.
        decoupled_weight_decay: decay the parameter itself, as `AdamW` does.
        foreach: accepted, as in torch; there is one implementation here.
        maximize: climb instead of descending.
        capturable: accepted, as in torch; there are no graphs to capture on the CPU.
        differentiable: record the step in the graph, for parameters that are no leaves.

    State of a parameter: ``step`` (the ``t`` above), ``mu_product`` (``M``), ``exp_avg`` (``m``)
    and ``exp_avg_sq`` (``v``).

    Raises: ValueError for an option out of range.
    Source: torch.optim.NAdam; Dozat 2016.

    Example::

        >>> import minitorch
        >>> w = minitorch.tensor([2.0], requires_grad=True)
        >>> optimizer = minitorch.optim.NAdam([w], lr=0.5)
        >>> for _ in range(10):
        ...     optimizer.zero_grad()
        ...     loss = (w**2).sum()
        ...     loss.backward()
        ...     optimizer.step()
        >>> loss.item() < 0.5
        True
    """

    _counts_steps = True
    _scalars = ("mu_product",)
    _later_options = {
        "maximize": False,
        "foreach": None,
        "capturable": False,
        "differentiable": False,
        "decoupled_weight_decay": False,
    }

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        self._check_rate(lr)
        self._check_not_negative("epsilon value", eps)
        self._check_betas(betas)
        self._check_not_negative("weight_decay value", weight_decay)
        self._check_not_negative("momentum_decay value", momentum_decay)
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "momentum_decay": momentum_decay,
            "decoupled_weight_decay": decoupled_weight_decay,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def _update(self, group: dict[str, Any], p: Tensor, grad: Tensor) -> None:
        state = self.state[p]
        if not state:
            state["step"] = self._step_tensor(group)
            state["mu_product"] = self._step_tensor(group, 1.0)
            state["exp_avg"] = zeros_like(p)
            state["exp_avg_sq"] = zeros_like(p)
        lr, (beta1, beta2), weight_decay = group["lr"], group["betas"], group["weight_decay"]
        decoupled = group["decoupled_weight_decay"]
        step = state["step"].item() + 1
        mu = beta1 * (1.0 - 0.5 * (0.96 ** (step * group["momentum_decay"])))
        mu_next = beta1 * (1.0 - 0.5 * (0.96 ** ((step + 1) * group["momentum_decay"])))
        product = (state["mu_product"] * mu).item()
        self._apply(
            group,
            p,
            grad,
            {name: state[name] for name in ("exp_avg", "exp_avg_sq")},
            keep=1 - lr * weight_decay if decoupled else 1,
            weight_decay=0 if decoupled else weight_decay,
            maximize=group["maximize"],
            new1=1 - beta1,
            beta2=beta2,
            new2=1 - beta2,
            correction=1 - beta2**step,
            gradient_rate=lr * (1.0 - mu) / (1.0 - product),
            momentum_rate=lr * mu_next / (1.0 - product * mu_next),
            eps=group["eps"],
        )
        state["mu_product"].fill_(product)

    @staticmethod
    def _formula(
        param,
        grad,
        *,
        exp_avg,
        exp_avg_sq,
        keep,
        weight_decay,
        maximize,
        new1,
        beta2,
        new2,
        correction,
        gradient_rate,
        momentum_rate,
        eps,
    ):
        if maximize:
            grad = -grad
        param = keep * param
        if weight_decay != 0:
            grad = grad + weight_decay * param
        exp_avg = exp_avg + new1 * (grad - exp_avg)
        exp_avg_sq = beta2 * exp_avg_sq + new2 * grad * grad
        divisor = sqrt(exp_avg_sq / correction) + eps
        param = param - gradient_rate * grad / divisor
        param = param - momentum_rate * exp_avg / divisor
        return param, {"exp_avg": exp_avg, "exp_avg_sq": exp_avg_sq}

    @staticmethod
    def _kernel(
        param,
        grad,
        *,
        exp_avg,
        exp_avg_sq,
        keep,
        weight_decay,
        maximize,
        new1,
        beta2,
        new2,
        correction,
        gradient_rate,
        momentum_rate,
        eps,
    ):
        xp = namespace(param)
        if maximize:
            grad = -grad
        if keep != 1:
            param *= keep
        if weight_decay != 0:
            grad = grad + weight_decay * param
        exp_avg += new1 * (grad - exp_avg)
        exp_avg_sq *= beta2
        square = new2 * grad
        square *= grad
        exp_avg_sq += square
        divisor = xp.sqrt(exp_avg_sq / correction)
        divisor += eps
        param -= gradient_rate * grad / divisor
        param -= momentum_rate * exp_avg / divisor
