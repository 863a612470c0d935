"""RAdam."""

from __future__ import annotations

from typing import Any

from minitorch.backends import namespace
from minitorch.ops.creation import zeros_like
from minitorch.ops.elementwise import sqrt
from minitorch.optim.optimizer import Optimizer, ParamsT
from minitorch.tensor import Tensor

__all__ = ["RAdam"]


class RAdam(Optimizer):
    """RAdam: Adam that divides by the mean square only once enough gradients make it reliable.

    With the gradient ``g`` (negated if `maximize`) of the parameter ``w`` at step ``t``, and
    ``R = 2 / (1 - beta2) - 1``::

        g = g + weight_decay * w
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g ** 2
        r = R - 2 * t * beta2 ** t / (1 - beta2 ** t)
        s = sqrt((r - 4) * (r - 2) * R / ((R - 4) * (R - 2) * r))
        a = s * sqrt(1 - beta2 ** t) / (sqrt(v) + eps)      if r > 5, else a = 1
        w = w - lr / (1 - beta1 ** t) * m * a

    With `decoupled_weight_decay` the first line is ``w = w - lr * weight_decay * w``.

    Args:
        params: parameters, pairs of name and parameter, or dicts of groups.
        lr: learning rate, a number or a tensor of one element.
        betas: how much of ``m`` and of ``v`` stays from step to step.
        eps: keeps the divisor from zero.
        weight_decay: the L2 penalty, or the rate of decay times `lr`.
        decoupled_weight_decay: decay the parameter itself, as `AdamW` does.
        foreach: accepted, as in torch; there is one implementation here.
        maximize: climb instead of descending.
        capturable: accepted, as in torch; there are no graphs to capture on the CPU.
        differentiable: record the step in the graph, for parameters that are no leaves.

    State of a parameter: ``step`` (the ``t`` above), ``exp_avg`` (``m``) and ``exp_avg_sq``
    (``v``).

    Raises: ValueError for an option out of range.
    Source: torch.optim.RAdam; Liu et al. 2020.

    Example::

        >>> import minitorch
        >>> w = minitorch.tensor([2.0], requires_grad=True)
        >>> optimizer = minitorch.optim.RAdam([w], lr=0.5)
        >>> (w**2).sum().backward()
        >>> optimizer.step()  # the first steps are those of plain momentum
        >>> w.item()
        0.0
    """

    _counts_steps = True
    _later_options = {
        "foreach": None,
        "maximize": False,
        "differentiable": False,
        "decoupled_weight_decay": False,
        "capturable": False,
    }

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
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
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "decoupled_weight_decay": decoupled_weight_decay,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def _update(self, group: dict[str, Any], p: Tensor, grad: Tensor) -> None:
        state = self.state[p]
        if not state:
            state["step"] = self._step_tensor(group)
            state["exp_avg"] = zeros_like(p)
            state["exp_avg_sq"] = zeros_like(p)
        lr, (beta1, beta2), weight_decay = group["lr"], group["betas"], group["weight_decay"]
        decoupled = group["decoupled_weight_decay"]
        step = state["step"].item() + 1
        correction2 = 1 - beta2**step
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
            lr=lr,
            correction=1 - beta1**step,
            root=correction2**0.5,
            rectification=_rectification(step, beta2, correction2),
            eps=group["eps"],
        )

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
        lr,
        correction,
        root,
        rectification,
        eps,
    ):
        if maximize:
            grad = -grad
        param = keep * param
        if weight_decay != 0:
            grad = grad + weight_decay * param
        exp_avg = exp_avg + new1 * (grad - exp_avg)
        exp_avg_sq = beta2 * exp_avg_sq + new2 * grad * grad
        change = exp_avg / correction * lr
        if rectification is not None:
            change = change * (root / (sqrt(exp_avg_sq) + eps)) * rectification
        return param - change, {"exp_avg": exp_avg, "exp_avg_sq": exp_avg_sq}

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
        lr,
        correction,
        root,
        rectification,
        eps,
    ):
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
        change = exp_avg / correction
        change *= lr
        if rectification is not None:
            divisor = namespace(param).sqrt(exp_avg_sq)
            divisor += eps
            change *= root / divisor
            change *= rectification
        param -= change


def _rectification(step: float, beta2: float, correction2: float) -> float | None:
    """The factor ``s`` of the formula; None while the mean square has seen too few gradients."""
    longest = 2 / (1 - beta2) - 1
    length = longest - 2 * step * (beta2**step) / correction2
    if length <= 5.0:
        return None
    above = (length - 4) * (length - 2) * longest
    return (above / ((longest - 4) * (longest - 2) * length)) ** 0.5
