"""Adafactor."""

from __future__ import annotations

from typing import Any

from minitorch.dtypes import finfo
from minitorch.ops.creation import zeros_like
from minitorch.optim.optimizer import Optimizer, ParamsT
from minitorch.tensor import Tensor

__all__ = ["Adafactor"]


class Adafactor(Optimizer):
    """Adafactor: of a matrix of mean squares it remembers the means of rows and columns only.

    With the gradient ``g`` (negated if `maximize`) of the parameter ``w`` at step ``t``; means and
    root mean squares (rms) are over all elements, or over rows or columns::

        n = t ** beta2_decay                     the weight of what is new
        w = w - lr * weight_decay * w
        R = R + n * (row means of g ** 2 - R)    C = C + n * (column means of g ** 2 - C)
        v = R C / mean(R)                        of vectors: v = v + n * (g ** 2 - v)
        u = g / sqrt(max(v, eps1 ** 2))
        a = max(eps2, rms(w)) * min(lr, 1 / sqrt(t))
        w = w - a * u / max(1, rms(u) / d)

    Args:
        params: parameters, pairs of name and parameter, or dicts of groups.
        lr: learning rate, relative to the size of the parameter.
        beta2_decay: how fast the means become slow.
        eps: ``eps1`` (None: that of the element type) and ``eps2``.
        d: the rms of ``u`` from which on a step is made shorter.
        weight_decay: the rate of decay, times `lr`.
        foreach: accepted, as in torch; there is one implementation here.
        maximize: climb instead of descending.

    State of a parameter: ``step`` (the ``t`` above), ``row_var`` (``R``) and ``col_var`` (``C``),
    or ``variance`` (``v``) of vectors and numbers.

    Raises: ValueError for an option out of range; RuntimeError, at the step, for complex
        parameters.
    Source: torch.optim.Adafactor; Shazeer, Stern 2018.

    Example::

        >>> import minitorch
        >>> w = minitorch.ones(3, 2, requires_grad=True)
        >>> optimizer = minitorch.optim.Adafactor([w], lr=0.5)
        >>> w.sum().backward()
        >>> optimizer.step()
        >>> w[0]
        tensor([0.5000, 0.5000], grad_fn=<SelectBackward0>)
    """

    _counts_steps = True
    _later_options = {"foreach": None}

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-2,
        beta2_decay: float = -0.8,
        eps: tuple[float | None, float] = (None, 1e-3),
        d: float = 1.0,
        weight_decay: float = 0.0,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
    ) -> None:
        if isinstance(lr, Tensor) and lr.numel() != 1:
            raise ValueError(f"Tensor lr must be 1-element, but has {lr.numel()}")
        if not lr >= 0.0:
            raise ValueError(f"Learning rate should be >= 0 but is: {lr}")
        if not beta2_decay <= 0.0:
            raise ValueError(f"beta2_decay should be <= 0 but is: {beta2_decay}")
        if eps[0] is not None and not eps[0] >= 0.0:
            raise ValueError(f"epsilon1 should be >= 0 but is: {eps[0]}")
        if not eps[1] >= 0.0:
            raise ValueError(f"epsilon2 should be >= 0 but is: {eps[1]}")
        if not d >= 1.0:
            raise ValueError(f"Clipping threshold d should be >= 1 but is: {d}")
        if not weight_decay >= 0.0:
            raise ValueError(f"weight_decay should be >= 0 but is: {weight_decay}")
        defaults = {
            "lr": lr,
            "beta2_decay": beta2_decay,
            "eps": eps,
            "d": d,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "maximize": maximize,
        }
        super().__init__(params, defaults)

    def _update(self, group: dict[str, Any], p: Tensor, grad: Tensor) -> None:
        if p.is_complex():
            raise RuntimeError("Adafactor does not support complex parameters")
        state = self.state[p]
        if not state:
            state["step"] = self._step_tensor(group)
            if grad.ndim > 1:
                state["row_var"] = grad.new_zeros((*grad.shape[:-1], 1))
                state["col_var"] = grad.new_zeros((*grad.shape[:-2], 1, grad.shape[-1]))
            else:
                state["variance"] = zeros_like(grad)
        state["step"] += 1
        step = state["step"].item()
        lr = group["lr"].item() if isinstance(group["lr"], Tensor) else group["lr"]
        eps1, eps2 = group["eps"]
        eps1 = finfo(p.dtype).eps if eps1 is None else eps1

        grad = -grad if group["maximize"] else grad
        size = _root_mean_square(p)
        if group["weight_decay"] != 0:
            p.mul_(1 - lr * group["weight_decay"])
        squares = self._mean_squares(state, grad, step ** group["beta2_decay"], eps1)
        change = squares.clamp_(min=eps1 * eps1).rsqrt_().mul_(grad)
        rate = max(eps2, size) * min(lr, 1 / step**0.5)
        p.add_(change, alpha=-rate / max(1.0, _root_mean_square(change) / group["d"]))

    @staticmethod
    def _mean_squares(state: dict[str, Tensor], grad: Tensor, new: float, eps1: float) -> Tensor:
        """The running means brought up to date, and from them one mean square per element."""
        if grad.ndim <= 1:
            return state["variance"].lerp_(grad * grad, new).clone()
        rows, columns = state["row_var"], state["col_var"]
        for means, dim in ((rows, -1), (columns, -2)):
            length = grad.norm(dim=dim, keepdim=True)
            means.lerp_(length.square_().div_(grad.shape[dim]), new)
        return (rows @ columns).div_(rows.mean(-2, keepdim=True).clamp_(min=eps1))


def _root_mean_square(tensor: Tensor) -> float:
    return tensor.norm(2).item() / tensor.numel() ** 0.5 if tensor.numel() else 0.0
