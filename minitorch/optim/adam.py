"""Adam."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minitorch.backends import namespace
from minitorch.ops.creation import zeros_like
from minitorch.ops.elementwise import maximum, sqrt
from minitorch.optim.optimizer import Optimizer, ParamsT
from minitorch.tensor import Tensor

__all__ = ["Adam"]


class Adam(Optimizer):
    """Adam: steps of the gradient's running mean over the root of its running mean square.

    With the gradient ``g`` (negated if `maximize`) of the parameter ``w`` at step ``t``::

        g = g + weight_decay * w
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g ** 2
        u = max(u, v)                                  if amsgrad, else u = v
        w = w - lr / (1 - beta1 ** t) * m / (sqrt(u) / sqrt(1 - beta2 ** t) + eps)

    The powers of the betas undo the bias of ``m`` and ``v``, which start from zero. With
    `decoupled_weight_decay` the first line is ``w = w - lr * weight_decay * w`` (see `AdamW`).

    Args:
        params: parameters, pairs of name and parameter, or dicts of groups.
        lr: learning rate, a number or a tensor of one element.
        betas: how much of ``m`` and of ``v`` stays from step to step, two floats or two tensors.
        eps: keeps the divisor from zero.
        weight_decay: the L2 penalty; `AdamW` decays better.
        amsgrad: divide by the largest ``v`` seen so far.
        foreach: accepted, as in torch; there is one implementation here.
        maximize: climb instead of descending.
        capturable: accepted, as in torch; there are no graphs to capture on the CPU.
        differentiable: record the step in the graph, for parameters that are no leaves.
        fused: accepted, as in torch; excludes `foreach` and `differentiable`.
        decoupled_weight_decay: decay the parameter itself, as `AdamW` does.

    State of a parameter: ``step`` (the ``t`` above), ``exp_avg`` (``m``), ``exp_avg_sq`` (``v``)
    and, with amsgrad, ``max_exp_avg_sq`` (``u``).

    Raises: ValueError for an option out of range; RuntimeError for options that exclude each other.
    Source: torch.optim.Adam; Adam (Kingma, Ba 2015); amsgrad (Reddi et al. 2018).

    Example::

        >>> import minitorch
        >>> w = minitorch.tensor([2.0], requires_grad=True)
        >>> optimizer = minitorch.optim.Adam([w], lr=0.5)
        >>> (w**2).sum().backward()
        >>> optimizer.step()
        >>> w
        tensor([1.5000], requires_grad=True)
    """

    _counts_steps = True
    _later_options = {
        "amsgrad": False,
        "maximize": False,
        "foreach": None,
        "capturable": False,
        "differentiable": False,
        "decoupled_weight_decay": False,
        "fused": None,
    }

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-3,
        betas: tuple[float | Tensor, float | Tensor] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:
        if isinstance(lr, Tensor) and foreach and not capturable:
            raise ValueError(
                "lr as a Tensor is not supported for capturable=False and foreach=True"
            )
        self._check_rate(lr)
        self._check_not_negative("epsilon value", eps)
        betas = _checked_betas(betas, numbers_only=bool(foreach) and not capturable)
        self._check_not_negative("weight_decay value", weight_decay)
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "amsgrad": amsgrad,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "differentiable": differentiable,
            "fused": fused,
            "decoupled_weight_decay": decoupled_weight_decay,
        }
        self._check_implementation(defaults)
        super().__init__(params, defaults)

    def _update(self, group: dict[str, Any], p: Tensor, grad: Tensor) -> None:
        names = ["exp_avg", "exp_avg_sq"]
        if group["amsgrad"]:
            names.append("max_exp_avg_sq")
        state = self.state[p]
        if not state:
            state["step"] = self._step_tensor(group)
            for name in names:
                state[name] = zeros_like(p)

        lr, (beta1, beta2), weight_decay = group["lr"], group["betas"], group["weight_decay"]
        decoupled = group["decoupled_weight_decay"]
        step = state["step"].item() + 1
        self._apply(
            group,
            p,
            grad,
            {name: state[name] for name in names},
            keep=1 - lr * weight_decay if decoupled else 1,
            weight_decay=0 if decoupled else weight_decay,
            maximize=group["maximize"],
            new1=1 - beta1,
            beta2=beta2,
            new2=1 - beta2,
            step_size=lr / (1 - beta1**step),
            correction=(1 - beta2**step) ** 0.5,
            eps=group["eps"],
        )

    @staticmethod
    def _formula(
        param,
        grad,
        *,
        exp_avg,
        exp_avg_sq,
        max_exp_avg_sq=None,
        keep,
        weight_decay,
        maximize,
        new1,
        beta2,
        new2,
        step_size,
        correction,
        eps,
    ):
        if maximize:
            grad = -grad
        param = keep * param
        if weight_decay != 0:
            grad = grad + weight_decay * param
        exp_avg = exp_avg + new1 * (grad - exp_avg)
        exp_avg_sq = beta2 * exp_avg_sq + new2 * grad * grad
        state = {"exp_avg": exp_avg, "exp_avg_sq": exp_avg_sq}
        square = exp_avg_sq
        if max_exp_avg_sq is not None:
            square = state["max_exp_avg_sq"] = maximum(max_exp_avg_sq, exp_avg_sq)
        divisor = sqrt(square) / correction + eps
        return param - step_size * exp_avg / divisor, state

    @staticmethod
    def _kernel(
        param,
        grad,
        *,
        exp_avg,
        exp_avg_sq,
        max_exp_avg_sq=None,
        keep,
        weight_decay,
        maximize,
        new1,
        beta2,
        new2,
        step_size,
        correction,
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
        change = new2 * grad
        change *= grad
        exp_avg_sq += change

        square = exp_avg_sq
        if max_exp_avg_sq is not None:
            square = xp.maximum(max_exp_avg_sq, exp_avg_sq, out=max_exp_avg_sq)
        divisor = xp.sqrt(square)
        divisor /= correction
        divisor += eps
        change = step_size * exp_avg
        change /= divisor
        param -= change


def _checked_betas(betas: Sequence[Any], numbers_only: bool) -> tuple[Any, ...]:
    """The betas as a tuple, tensors without dimensions."""
    Optimizer._check_betas(betas)
    tensors = [isinstance(beta, Tensor) for beta in betas]
    if not all(tensors) and not all(isinstance(beta, float) for beta in betas):
        kinds = ", ".join(type(beta).__name__ for beta in betas)
        raise ValueError(f"betas must be either both floats or both Tensors, but got ({kinds})")
    if not all(tensors):
        return tuple(betas)
    for index, beta in enumerate(betas):
        if numbers_only:
            raise ValueError(
                f"betas[{index}] as a Tensor is not supported for capturable=False and foreach=True"
            )
        if beta.numel() != 1:
            raise ValueError(f"Tensor betas[{index}] must be 1-element, but has {beta.numel()}")
    return tuple(beta.squeeze() for beta in betas)
