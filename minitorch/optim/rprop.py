"""Rprop."""

from __future__ import annotations

from typing import Any

from minitorch.backends import namespace
from minitorch.ops.creation import full_like, zeros_like
from minitorch.ops.elementwise import clamp, sign
from minitorch.ops.masking import where
from minitorch.optim.optimizer import Optimizer, ParamsT
from minitorch.tensor import Tensor

__all__ = ["Rprop"]


class Rprop(Optimizer):
    """Rprop: every element has its own step, longer while the gradient keeps its sign.

    For whole data sets: of batches the signs say little. With the gradient ``g`` (negated if
    `maximize`) of an element ``w`` and the one before, ``p``::

        s = s * up       if g * p > 0
        s = s * down     if g * p < 0, and then g = 0      s stays in step_sizes
        w = w - sign(g) * s
        p = g

    Args:
        params: parameters, pairs of name and parameter, or dicts of groups.
        lr: the first ``s``, a number or a tensor of one element.
        etas: ``down`` and ``up``.
        step_sizes: the smallest and the largest ``s``.
        capturable: accepted, as in torch; there are no graphs to capture on the CPU.
        foreach: accepted, as in torch; there is one implementation here.
        maximize: climb instead of descending.
        differentiable: record the step in the graph, for parameters that are no leaves.

    State of a parameter: ``step``, ``prev`` (the ``p`` above) and ``step_size`` (``s``).

    Raises: ValueError for an option out of range.
    Source: torch.optim.Rprop; Riedmiller, Braun 1993.

    Example::

        >>> import minitorch
        >>> w = minitorch.tensor([2.0], requires_grad=True)
        >>> optimizer = minitorch.optim.Rprop([w], lr=0.5)
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
        lr: float | Tensor = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50),
        *,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        self._check_rate(lr)
        if not 0.0 < etas[0] < 1.0 < etas[1]:
            raise ValueError(f"Invalid eta values: {etas[0]}, {etas[1]}")
        defaults = {
            "lr": lr,
            "etas": etas,
            "step_sizes": step_sizes,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, defaults)

    def _update(self, group: dict[str, Any], p: Tensor, grad: Tensor) -> None:
        state = self.state[p]
        if not state:
            lr = group["lr"].item() if isinstance(group["lr"], Tensor) else group["lr"]
            state["step"] = self._step_tensor(group)
            state["prev"] = zeros_like(p)
            state["step_size"] = full_like(grad, complex(lr, lr) if p.is_complex() else lr)
        self._apply(
            group,
            p,
            grad,
            {name: state[name] for name in ("prev", "step_size")},
            down=group["etas"][0],
            up=group["etas"][1],
            shortest=group["step_sizes"][0],
            longest=group["step_sizes"][1],
            maximize=group["maximize"],
        )

    @staticmethod
    def _formula(param, grad, *, prev, step_size, down, up, shortest, longest, maximize):
        if maximize:
            grad = -grad
        agreement = grad * prev
        same, other, none = (
            mask.to(param.dtype) for mask in (agreement > 0, agreement < 0, agreement == 0)
        )
        factor = same * up + other * down + none
        step_size = clamp(step_size * factor, shortest, longest)
        grad = where(agreement < 0, 0.0, grad)
        return param - sign(grad) * step_size, {"prev": grad, "step_size": step_size}

    @staticmethod
    def _kernel(param, grad, *, prev, step_size, down, up, shortest, longest, maximize):
        xp = namespace(param)
        if maximize:
            grad = -grad
        agreement = grad * prev
        turned = agreement < 0
        step_size *= xp.where(agreement > 0, up, xp.where(turned, down, 1.0)).astype(grad.dtype)
        step_size[...] = xp.clip(step_size, shortest, longest)
        prev[...] = xp.where(turned, 0, grad)
        param -= xp.sign(prev) * step_size
