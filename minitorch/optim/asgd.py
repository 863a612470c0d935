"""Averaged stochastic gradient descent."""

from __future__ import annotations

from typing import Any

from minitorch.ops.creation import tensor, zeros_like
from minitorch.optim.optimizer import Optimizer, ParamsT
from minitorch.tensor import Tensor

__all__ = ["ASGD"]


class ASGD(Optimizer):
    """Averaged SGD: a falling rate, and beside the parameter the mean of its values.

    With the gradient ``g`` (negated if `maximize`) of the parameter ``w`` at step ``t``::

        g = g + weight_decay * w
        w = (1 - lambd * eta) * w - eta * g
        a = a + mu * (w - a)                              a = w while mu = 1
        eta = lr / (1 + lambd * lr * t) ** alpha          from eta = lr
        mu = 1 / max(1, t - t0)                           from mu = 1

    Args:
        params: parameters, pairs of name and parameter, or dicts of groups.
        lr: learning rate, a number or a tensor of one element.
        lambd: how much of the parameter decays, and how fast the rate falls.
        alpha: the power by which the rate falls.
        t0: the step after which averaging begins.
        weight_decay: the L2 penalty.
        foreach: accepted, as in torch; there is one implementation here.
        maximize: climb instead of descending.
        differentiable: record the step in the graph, for parameters that are no leaves.
        capturable: accepted, as in torch; there are no graphs to capture on the CPU.

    State of a parameter: ``step`` (the ``t`` above), ``eta``, ``mu`` and ``ax`` (``a``), the mean.

    Raises: ValueError for an option out of range.
    Source: torch.optim.ASGD; Polyak, Juditsky 1992.

    Example::

        >>> import minitorch
        >>> w = minitorch.tensor([2.0], requires_grad=True)
        >>> optimizer = minitorch.optim.ASGD([w], lr=0.25, lambd=0.0)
        >>> (w**2).sum().backward()
        >>> optimizer.step()
        >>> w
        tensor([1.], requires_grad=True)
    """

    _counts_steps = True
    _scalars = ("eta", "mu")
    _later_options = {
        "foreach": None,
        "maximize": False,
        "differentiable": False,
        "capturable": False,
    }

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-2,
        lambd: float = 1e-4,
        alpha: float = 0.75,
        t0: float = 1e6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        self._check_rate(lr)
        self._check_not_negative("weight_decay value", weight_decay)
        defaults = {
            "lr": lr,
            "lambd": lambd,
            "alpha": alpha,
            "t0": t0,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, defaults)

    def _update(self, group: dict[str, Any], p: Tensor, grad: Tensor) -> None:
        lr = group["lr"]
        if isinstance(lr, Tensor):
            lr = lr.detach().squeeze()
        state = self.state[p]
        if not state:
            state["step"] = self._step_tensor(group)
            state["eta"] = self._step_tensor(group, float(lr))
            state["mu"] = self._step_tensor(group, 1.0)
            state["ax"] = zeros_like(p)
        step = state["step"].item() + 1
        eta = state["eta"].item()
        self._apply(
            group,
            p,
            grad,
            {"ax": state["ax"]},
            keep=1 - group["lambd"] * eta,
            eta=eta,
            mu=state["mu"].item(),
            weight_decay=group["weight_decay"],
            maximize=group["maximize"],
        )
        # torch: they pass through a tensor of the default type, also where they are wider.
        eta = lr / (1 + group["lambd"] * lr * step) ** group["alpha"]
        state["eta"].copy_(eta if isinstance(eta, Tensor) else tensor(eta))
        state["mu"].copy_(tensor(1 / max(1, step - group["t0"])))

    @staticmethod
    def _formula(param, grad, *, ax, keep, eta, mu, weight_decay, maximize):
        if maximize:
            grad = -grad
        if weight_decay != 0:
            grad = grad + weight_decay * param
        param = keep * param - eta * grad
        return param, {"ax": param if mu == 1 else ax + mu * (param - ax)}

    @staticmethod
    def _kernel(param, grad, *, ax, keep, eta, mu, weight_decay, maximize):
        if maximize:
            grad = -grad
        if weight_decay != 0:
            grad = grad + weight_decay * param
        param *= keep
        param -= eta * grad
        if mu == 1:
            ax[...] = param
        else:
            ax += mu * (param - ax)
