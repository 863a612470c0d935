"""Adagrad."""

from __future__ import annotations

from typing import Any

from minitorch.backends import namespace
from minitorch.ops.creation import full_like
from minitorch.ops.elementwise import sqrt
from minitorch.optim.optimizer import Optimizer, ParamsT
from minitorch.tensor import Tensor

__all__ = ["Adagrad"]


class Adagrad(Optimizer):
    """Adagrad: steps of the gradient over the root of the sum of all its squares.

    With the gradient ``g`` (negated if `maximize`) of the parameter ``w`` at step ``t``::

        g = g + weight_decay * w
        s = s + g ** 2                     from s = initial_accumulator_value
        w = w - lr / (1 + (t - 1) * lr_decay) * g / (sqrt(s) + eps)

    Args:
        params: parameters, pairs of name and parameter, or dicts of groups.
        lr: learning rate, a number or a tensor of one element.
        lr_decay: how fast the rate falls from step to step.
        weight_decay: the L2 penalty.
        initial_accumulator_value: what ``s`` starts from.
        eps: keeps the divisor from zero.
        foreach: accepted, as in torch; there is one implementation here.
        maximize: climb instead of descending.
        differentiable: record the step in the graph, for parameters that are no leaves.
        fused: accepted, as in torch; excludes `foreach` and `differentiable`.

    State of a parameter, from the start: ``step`` (the ``t`` above) and ``sum`` (``s``).

    Raises: ValueError for an option out of range; RuntimeError for options that exclude each other.
    Source: torch.optim.Adagrad; Duchi, Hazan, Singer 2011.

    Example::

        >>> import minitorch
        >>> w = minitorch.tensor([2.0], requires_grad=True)
        >>> optimizer = minitorch.optim.Adagrad([w], lr=0.5)
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
        "fused": None,
    }

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        self._check_rate(lr)
        self._check_not_negative("lr_decay value", lr_decay)
        self._check_not_negative("weight_decay value", weight_decay)
        self._check_not_negative("initial_accumulator_value value", initial_accumulator_value)
        self._check_not_negative("epsilon value", eps)
        defaults = {
            "lr": lr,
            "lr_decay": lr_decay,
            "eps": eps,
            "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "fused": fused,
        }
        self._check_implementation(defaults)
        super().__init__(params, defaults)
        for group in self.param_groups:
            for p in group["params"]:
                self._start(group, p)

    def _start(self, group: dict[str, Any], p: Tensor) -> None:
        initial = self.defaults["initial_accumulator_value"]
        if p.is_complex():
            initial = complex(initial, initial)
        state = self.state[p]
        state["step"] = self._step_tensor(group)
        state["sum"] = full_like(p, initial)

    def _update_sparse(self, group: dict[str, Any], p: Tensor, grad: Any) -> None:
        if group["weight_decay"] != 0:
            raise RuntimeError("weight_decay option is not compatible with sparse gradients")
        # Where the gradient is zero, neither the sum nor the parameter moves.
        self._update(group, p, grad.to_dense())

    def _update(self, group: dict[str, Any], p: Tensor, grad: Tensor) -> None:
        if not self.state[p]:
            self._start(group, p)
        state = self.state[p]
        steps_before = state["step"].item()
        self._apply(
            group,
            p,
            grad,
            {"sum": state["sum"]},
            rate=group["lr"] / (1 + steps_before * group["lr_decay"]),
            eps=group["eps"],
            weight_decay=group["weight_decay"],
            maximize=group["maximize"],
        )

    @staticmethod
    def _formula(param, grad, *, sum, rate, eps, weight_decay, maximize):
        if maximize:
            grad = -grad
        if weight_decay != 0:
            grad = grad + weight_decay * param
        sum = sum + grad * grad
        return param - rate * grad / (sqrt(sum) + eps), {"sum": sum}

    @staticmethod
    def _kernel(param, grad, *, sum, rate, eps, weight_decay, maximize):
        if maximize:
            grad = -grad
        if weight_decay != 0:
            grad = grad + weight_decay * param
        sum += grad * grad
        divisor = namespace(sum).sqrt(sum)
        divisor += eps
        change = rate * grad
        change /= divisor
        param -= change
