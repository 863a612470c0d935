"""Adam for sparse gradients."""

from __future__ import annotations

import math
from typing import Any

from minitorch.ops.creation import zeros_like
from minitorch.optim.optimizer import Optimizer, ParamsT
from minitorch.tensor import Tensor

__all__ = ["SparseAdam"]


class SparseAdam(Optimizer):
    """Adam that moves, in each step, only the elements for which the gradient has an entry.

    For the rows of an ``Embedding(sparse=True)``. With the entries ``g`` (negated if `maximize`)
    and the elements ``w``, ``m`` and ``v`` at their places, at step ``t``::

        m = m + (1 - beta1) * (g - m)
        v = v + (1 - beta2) * (g ** 2 - v)
        w = w - lr * sqrt(1 - beta2 ** t) / (1 - beta1 ** t) * m / (sqrt(v) + eps)

    ``t`` counts the steps of the parameter, not of the element, and the means of the other elements
    do not decay.

    Args:
        params: parameters, pairs of name and parameter, or dicts of groups.
        lr: learning rate, a number or a tensor of one element.
        betas: how much of ``m`` and of ``v`` stays from step to step.
        eps: keeps the divisor from zero.
        maximize: climb instead of descending.

    State of a parameter: ``step`` (the ``t`` above, an int), ``exp_avg`` (``m``) and ``exp_avg_sq``
    (``v``).

    Raises: ValueError for an option out of range, and sparse or complex parameters; RuntimeError,
        at the step, for a dense gradient.
    Source: torch.optim.SparseAdam.

    Example::

        >>> import minitorch
        >>> table = minitorch.nn.Embedding(4, 2, sparse=True)
        >>> optimizer = minitorch.optim.SparseAdam(table.parameters(), lr=0.1)
        >>> before = table.weight.detach().clone()
        >>> table(minitorch.tensor([1, 3])).sum().backward()
        >>> optimizer.step()
        >>> (table.weight != before).any(1).tolist()
        [False, True, False, True]
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        maximize: bool = False,
    ) -> None:
        if isinstance(lr, Tensor) and lr.numel() != 1:
            raise ValueError(f"Tensor lr must be 1-element, but has {lr.numel()}")
        if not lr > 0.0:
            raise ValueError(f"Invalid learning rate: {lr}")
        if not eps > 0.0:
            raise ValueError(f"Invalid epsilon value: {eps}")
        self._check_betas(betas)
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "maximize": maximize})
        places = [
            ([index, position], p)
            for index, group in enumerate(self.param_groups)
            for position, p in enumerate(group["params"])
        ]
        sparse = [place for place, p in places if p.is_sparse]
        if sparse:
            raise ValueError(
                f"Sparse params at indices {sparse}: SparseAdam requires dense parameter tensors"
            )
        complex_ones = [place for place, p in places if p.is_complex()]
        if complex_ones:
            raise ValueError(
                f"Complex params at indices {complex_ones}: SparseAdam does not support complex "
                "parameters"
            )

    def _update(self, group: dict[str, Any], p: Tensor, grad: Tensor) -> None:
        raise RuntimeError(
            "SparseAdam does not support dense gradients, please consider Adam instead"
        )

    def _update_sparse(self, group: dict[str, Any], p: Tensor, grad: Any) -> None:
        state = self.state[p]
        if not state:
            state["step"] = 0
            state["exp_avg"] = zeros_like(p)
            state["exp_avg_sq"] = zeros_like(p)
        state["step"] += 1
        grad = grad.coalesce()
        places, entries = tuple(grad.indices()), grad.values()
        if not entries.numel():
            return
        if group["maximize"]:
            entries = -entries
        beta1, beta2 = group["betas"]
        mean, square = state["exp_avg"][places], state["exp_avg_sq"][places]
        mean = (entries - mean) * (1 - beta1) + mean
        square = (entries * entries - square) * (1 - beta2) + square
        state["exp_avg"][places] = mean
        state["exp_avg_sq"][places] = square
        lr = group["lr"].item() if isinstance(group["lr"], Tensor) else group["lr"]
        step = state["step"]
        step_size = lr * math.sqrt(1 - beta2**step) / (1 - beta1**step)
        p[places] = p[places] - step_size * (mean / (square.sqrt() + group["eps"]))
