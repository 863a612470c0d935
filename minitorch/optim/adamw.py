"""Adam with decoupled weight decay."""

from __future__ import annotations

from typing import Any

from minitorch.optim.adam import Adam
from minitorch.optim.optimizer import ParamsT
from minitorch.tensor import Tensor

__all__ = ["AdamW"]


class AdamW(Adam):
    """Adam that shrinks the parameter itself, not through the gradient: ``w = w - lr * decay * w``.

    An L2 penalty would reach `Adam`'s running means and be divided by the root of the second; here
    every parameter decays at the same rate. The rest is `Adam`, with `decoupled_weight_decay`.

    Args:
        params: parameters, pairs of name and parameter, or dicts of groups.
        lr: learning rate, a number or a tensor of one element.
        betas: how much of the running means stays from step to step.
        eps: keeps the divisor from zero.
        weight_decay: the rate of decay, times `lr`.
        amsgrad: divide by the largest mean square seen so far.
        maximize: climb instead of descending.
        foreach: accepted, as in torch; there is one implementation here.
        capturable: accepted, as in torch; there are no graphs to capture on the CPU.
        differentiable: record the step in the graph, for parameters that are no leaves.
        fused: accepted, as in torch; excludes `foreach` and `differentiable`.

    State of a parameter: as `Adam`.

    Raises: ValueError for an option out of range; RuntimeError for options that exclude each other.
    Source: torch.optim.AdamW; Decoupled Weight Decay Regularization (Loshchilov, Hutter 2019).

    Example::

        >>> import minitorch
        >>> w = minitorch.tensor([2.0], requires_grad=True)
        >>> optimizer = minitorch.optim.AdamW([w], lr=0.5, weight_decay=0.5)
        >>> (w**2).sum().backward()
        >>> optimizer.step()
        >>> w
        tensor([1.], requires_grad=True)
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-3,
        betas: tuple[float | Tensor, float | Tensor] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        super().__init__(
            params,
            lr,
            betas,
            eps,
            weight_decay,
            amsgrad,
            foreach=foreach,
            maximize=maximize,
            capturable=capturable,
            differentiable=differentiable,
            fused=fused,
            decoupled_weight_decay=True,
        )

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        # A state of Adam may be loaded here; the decay is decoupled all the same.
        for group in self.param_groups:
            group["decoupled_weight_decay"] = True
