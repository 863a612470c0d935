"""RMSprop."""

from __future__ import annotations

from typing import Any

from minitorch.backends import namespace
from minitorch.ops.creation import zeros_like
from minitorch.ops.elementwise import sqrt
from minitorch.optim.optimizer import Optimizer, ParamsT
from minitorch.tensor import Tensor

__all__ = ["RMSprop"]


class RMSprop(Optimizer):
    """RMSprop: steps of the gradient over the root of its running mean square.

    With the gradient ``g`` (negated if `maximize`) of the parameter ``w``::

        g = g + weight_decay * w
        v = alpha * v + (1 - alpha) * g ** 2
        m = alpha * m + (1 - alpha) * g               if centered, else m = 0
        s = g / (sqrt(v - m ** 2) + eps)
        b = momentum * b + s                          if momentum, else b = s
        w = w - lr * b

    Args:
        params: parameters, pairs of name and parameter, or dicts of groups.
        lr: learning rate, a number or a tensor of one element.
        alpha: how much of the running means stays from step to step.
        eps: keeps the divisor from zero; added after the root.
        weight_decay: the L2 penalty.
        momentum: how much of ``b`` stays from step to step.
        centered: divide by an estimate of the gradient's standard deviation.
        capturable: accepted, as in torch; there are no graphs to capture on the CPU.
        foreach: accepted, as in torch; there is one implementation here.
        maximize: climb instead of descending.
        differentiable: record the step in the graph, for parameters that are no leaves.

    State of a parameter: ``step``, ``square_avg`` (the ``v`` above), and where they are used
    ``momentum_buffer`` (``b``) and ``grad_avg`` (``m``).

    Raises: ValueError for an option out of range.
    Source: torch.optim.RMSprop; Hinton's lecture 6e (2012); centered as in Graves 2013.

    Example::

        >>> import minitorch
        >>> w = minitorch.tensor([2.0], requires_grad=True)
        >>> optimizer = minitorch.optim.RMSprop([w], lr=0.5, alpha=0.75)
        >>> (w**2).sum().backward()
        >>> optimizer.step()
        >>> w
        tensor([1.], requires_grad=True)
    """

    _counts_steps = True
    _later_options = {
        "momentum": 0,
        "centered": False,
        "foreach": None,
        "maximize": False,
        "differentiable": False,
        "capturable": False,
    }

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        self._check_rate(lr)
        self._check_not_negative("epsilon value", eps)
        self._check_not_negative("momentum value", momentum)
        self._check_not_negative("weight_decay value", weight_decay)
        self._check_not_negative("alpha value", alpha)
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "alpha": alpha,
            "eps": eps,
            "centered": centered,
            "weight_decay": weight_decay,
            "capturable": capturable,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def _update(self, group: dict[str, Any], p: Tensor, grad: Tensor) -> None:
        names = ["square_avg"]
        if group["momentum"] > 0:
            names.append("momentum_buffer")
        if group["centered"]:
            names.append("grad_avg")
        state = self.state[p]
        if not state:
            state["step"] = self._step_tensor(group)
            for name in names:
                state[name] = zeros_like(p)
        self._apply(
            group,
            p,
            grad,
            {name: state[name] for name in names},
            lr=group["lr"],
            alpha=group["alpha"],
            eps=group["eps"],
            weight_decay=group["weight_decay"],
            momentum=group["momentum"],
            maximize=group["maximize"],
        )

    @staticmethod
    def _formula(
        param,
        grad,
        *,
        square_avg,
        momentum_buffer=None,
        grad_avg=None,
        lr,
        alpha,
        eps,
        weight_decay,
        momentum,
        maximize,
    ):
        if maximize:
            grad = -grad
        if weight_decay != 0:
            grad = grad + weight_decay * param
        square_avg = alpha * square_avg + (1 - alpha) * grad * grad
        state = {"square_avg": square_avg}
        square = square_avg
        if grad_avg is not None:
            grad_avg = state["grad_avg"] = grad_avg + (1 - alpha) * (grad - grad_avg)
            square = square_avg - grad_avg * grad_avg
        change = grad / (sqrt(square) + eps)
        if momentum_buffer is not None:
            change = state["momentum_buffer"] = momentum * momentum_buffer + change
        return param - lr * change, state

    @staticmethod
    def _kernel(
        param,
        grad,
        *,
        square_avg,
        momentum_buffer=None,
        grad_avg=None,
        lr,
        alpha,
        eps,
        weight_decay,
        momentum,
        maximize,
    ):
        xp = namespace(param)
        if maximize:
            grad = -grad
        if weight_decay != 0:
            grad = grad + weight_decay * param

        square_avg *= alpha
        square = (1 - alpha) * grad
        square *= grad
        square_avg += square
        if grad_avg is None:
            divisor = xp.sqrt(square_avg)
        else:
            grad_avg += (1 - alpha) * (grad - grad_avg)
            divisor = xp.sqrt(square_avg - grad_avg * grad_avg)
        divisor += eps

        if momentum_buffer is None:
            change = lr * grad
            change /= divisor
        else:
            momentum_buffer *= momentum
            momentum_buffer += grad / divisor
            change = lr * momentum_buffer
        param -= change
