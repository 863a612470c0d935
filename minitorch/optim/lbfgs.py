"""L-BFGS: a quasi-Newton method, with the line search that it wants.

References: Nocedal, Wright, Numerical Optimization (2006): algorithm 7.4 for the direction, 3.5 and
3.6 for the line search.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

from minitorch.autograd.mode import enable_grad, no_grad
from minitorch.ops.creation import zeros
from minitorch.ops.joining import cat
from minitorch.ops.strides import view_as_real
from minitorch.optim.optimizer import Optimizer, ParamsT
from minitorch.tensor import Tensor

__all__ = ["LBFGS"]

#: The Wolfe conditions: the loss falls by at least this fraction of what the slope promised,
_DECREASE = 1e-4
#: and the slope has become at least this much flatter.
_FLATTER = 0.9


def _number(loss: Any) -> float:
    """A loss, a number or a tensor of one element, as a number."""
    return float(loss.detach() if isinstance(loss, Tensor) else loss)


class LBFGS(Optimizer):
    """L-BFGS: Newton steps whose curvature is estimated from the last changes of the gradient.

    With all parameters as one vector ``w``, its gradient ``g``, and of each iteration remembered
    the step ``s`` and the change ``y`` of the gradient along it::

        d = -H g          H: s y' r and r = 1 / (y' s) of each pair, applied newest first and back
        w = w + t d       t = lr, or what the line search finds

    The first direction is ``-g``, its step ``lr * min(1, 1 / |g|_1)``. A pair counts if
    ``y' s > 1e-10``. One ``step`` runs many iterations; each calls the closure at least once.

    Args:
        params: parameters or pairs of name and parameter, in one group.
        lr: length of a step in units of the Newton step, a number or a tensor of one element.
        max_iter: iterations of one ``step``.
        max_eval: calls of the closure in one ``step`` (default: ``max_iter * 5 // 4``).
        tolerance_grad: stop when no element of the gradient is larger.
        tolerance_change: stop when neither the parameters nor the loss change by more.
        history_size: how many pairs are remembered.
        line_search_fn: None, or ``strong_wolfe``: choose each ``t`` so that the loss falls and its
            slope flattens enough.

    State, kept with the first parameter: ``func_evals`` and ``n_iter``, the counts of all steps;
    ``d``, ``t``, ``prev_flat_grad`` and ``prev_loss`` of the last iteration; the memory
    ``old_dirs`` (the ``y`` above), ``old_stps`` (``s``), ``ro`` (``r``), ``H_diag`` (the scale of
    ``H``), ``al``.

    Raises: ValueError for more than one group, or a rate out of range; RuntimeError, at the step,
        for another line search.
    Source: torch.optim.LBFGS; Liu, Nocedal 1989.

    Example::

        >>> import minitorch
        >>> w = minitorch.tensor([-1.5, 2.0], requires_grad=True)
        >>> optimizer = minitorch.optim.LBFGS([w], line_search_fn="strong_wolfe", max_iter=50)
        >>> def closure():
        ...     optimizer.zero_grad()
        ...     loss = (1 - w[0]) ** 2 + 100 * (w[1] - w[0] ** 2) ** 2
        ...     loss.backward()
        ...     return loss
        >>> optimizer.step(closure)
        tensor(12.5000, grad_fn=<AddBackward0>)
        >>> w.allclose(minitorch.ones(2), atol=1e-3)
        True
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        self._check_rate(lr)
        if max_eval is None:
            max_eval = max_iter * 5 // 4
        defaults = {
            "lr": lr,
            "max_iter": max_iter,
            "max_eval": max_eval,
            "tolerance_grad": tolerance_grad,
            "tolerance_change": tolerance_change,
            "history_size": history_size,
            "line_search_fn": line_search_fn,
        }
        super().__init__(params, defaults)
        if len(self.param_groups) != 1:
            raise ValueError("LBFGS doesn't support per-parameter options (parameter groups)")

    @property
    def _params(self) -> list[Tensor]:
        return self.param_groups[0]["params"]

    @no_grad()
    def step(self, closure: Callable[[], Any]) -> Any:  # type: ignore[override]
        """Iterate until one of the limits is reached.

        Args:
            closure: a function that clears the gradients, computes the loss, calls ``backward()``
                and returns the loss; it runs several times, with gradients recorded.

        Returns: what `closure` returned the first time.
        """
        (group,) = self.param_groups
        closure = enable_grad()(closure)
        lr = group["lr"].squeeze() if isinstance(group["lr"], Tensor) else group["lr"]
        max_iter, max_eval = group["max_iter"], group["max_eval"]
        tolerance_grad, tolerance_change = group["tolerance_grad"], group["tolerance_change"]

        # torch: the state is the optimizer's, but stands with the first parameter.
        state = self.state[self._params[0]]
        state.setdefault("func_evals", 0)
        state.setdefault("n_iter", 0)

        first_loss = closure()
        loss = _number(first_loss)
        grad = self._flat_grad()
        evaluations = 1
        state["func_evals"] += 1
        if grad.abs().max() <= tolerance_grad:
            return first_loss

        memory = _Memory(state, group["history_size"])
        d, t = state.get("d"), state.get("t")
        prev_grad, prev_loss = state.get("prev_flat_grad"), state.get("prev_loss")
        iteration = 0
        while iteration < max_iter:
            iteration += 1
            state["n_iter"] += 1
            if state["n_iter"] == 1:
                d = -grad
                t = min(1.0, 1.0 / grad.abs().sum()) * lr
            else:
                memory.remember(step=d * t, change=grad - prev_grad)
                d = memory.direction(grad)
                t = lr
            prev_grad, prev_loss = grad, loss

            slope = grad.dot(d)
            if slope > -tolerance_change:
                break
            calls = 0
            if group["line_search_fn"] is not None:
                if group["line_search_fn"] != "strong_wolfe":
                    raise RuntimeError("only 'strong_wolfe' is supported")
                point, calls = _strong_wolfe(
                    functools.partial(self._evaluate, closure, d),
                    _Point(0, loss, grad, slope),
                    t,
                    longest=d.abs().max(),
                    limit=max_eval - evaluations,
                )
                t, loss, grad = point.t, point.loss, point.grad
                self._move(d, t)
            else:
                self._move(d, t)
                if iteration != max_iter:  # after the last move nobody asks for the loss
                    loss = _number(closure())
                    grad = self._flat_grad()
                    calls = 1
            evaluations += calls
            state["func_evals"] += calls

            if (
                evaluations >= max_eval
                or grad.abs().max() <= tolerance_grad
                or (d * t).abs().max() <= tolerance_change
                or abs(loss - prev_loss) < tolerance_change
            ):
                break

        state["d"], state["t"] = d, t
        memory.save()
        state["prev_flat_grad"], state["prev_loss"] = prev_grad, prev_loss
        return first_loss

    def _flat_grad(self) -> Tensor:
        """The gradients of all parameters as one vector, zeros where there is none."""
        pieces = []
        for p in self._params:
            if p.grad is None:
                piece = zeros(p.shape, dtype=p.dtype)
            else:
                piece = p.grad.to_dense() if p.grad.is_sparse else p.grad
            pieces.append(_reals(piece).reshape(-1))
        return cat(pieces)

    def _move(self, d: Tensor, t: float | Tensor) -> None:
        """Add ``t * d`` to the parameters."""
        t = t.item() if isinstance(t, Tensor) else t
        start = 0
        for p in map(_reals, self._params):
            p.add_(d[start : start + p.numel()].view_as(p), alpha=t)
            start += p.numel()

    def _evaluate(self, closure: Callable[[], Any], d: Tensor, t: float | Tensor) -> _Point:
        """The loss and its gradient after a move of ``t * d``, which is then taken back."""
        before = [p.clone() for p in self._params]
        self._move(d, t)
        loss = _number(closure())
        grad = self._flat_grad()
        for p, value in zip(self._params, before, strict=True):
            p.copy_(value)
        return _Point(t, loss, grad, grad.dot(d))


def _reals(tensor: Tensor) -> Tensor:
    return view_as_real(tensor) if tensor.is_complex() else tensor


class _Memory:
    """The last steps, and what the gradient did along them: an estimate of the inverse Hessian."""

    def __init__(self, state: dict[str, Any], size: int) -> None:
        self.state = state
        self.size = size
        self.changes: list[Tensor] = state.get("old_dirs") or []
        self.steps: list[Tensor] = state.get("old_stps") or []
        self.inverses: list[Tensor] = state.get("ro") or []
        self.scale: float | Tensor = state.get("H_diag", 1)

    def remember(self, step: Tensor, change: Tensor) -> None:
        """Add a pair, if the curvature along it is positive; a full memory drops its oldest."""
        curvature = change.dot(step)
        if not curvature > 1e-10:
            return
        if len(self.steps) == self.size:
            for entries in (self.changes, self.steps, self.inverses):
                entries.pop(0)
        self.changes.append(change)
        self.steps.append(step)
        self.inverses.append(1.0 / curvature)
        self.scale = curvature / change.dot(change)

    def direction(self, grad: Tensor) -> Tensor:
        """``-H grad`` in two passes over the pairs, newest to oldest and back."""
        weights = self.state.setdefault("al", [None] * self.size)
        d = -grad
        pairs = list(enumerate(zip(self.steps, self.changes, self.inverses, strict=True)))
        for i, (step, change, inverse) in reversed(pairs):
            weights[i] = step.dot(d) * inverse
            d.add_(change, alpha=-weights[i].item())
        d = d * self.scale
        for i, (step, change, inverse) in pairs:
            d.add_(step, alpha=(weights[i] - change.dot(d) * inverse).item())
        return d

    def save(self) -> None:
        self.state["old_dirs"] = self.changes
        self.state["old_stps"] = self.steps
        self.state["ro"] = self.inverses
        self.state["H_diag"] = self.scale


# --- the line search ------------------------------------------------------------------------------


class _Point(NamedTuple):
    """How far along the line; the loss there, its gradient, and the slope along the line."""

    t: float | Tensor
    loss: float
    grad: Tensor
    slope: Tensor


def _strong_wolfe(
    evaluate: Callable[[float | Tensor], _Point],
    start: _Point,
    t: float | Tensor,
    longest: Tensor,
    limit: int,
    tolerance: float = 1e-9,
) -> tuple[_Point, int]:
    """A point where the loss has fallen and flattened enough, and how many were evaluated.

    First go on from `t` until the minimum must lie behind, then narrow the bracket around it. After
    `limit` steps, or with a bracket narrower than `tolerance` (`longest` is the largest element of
    the direction), the best point so far has to do.
    """

    def too_high(point: _Point) -> Any:
        return point.loss > start.loss + _DECREASE * point.t * start.slope

    def flat(point: _Point) -> Any:
        return abs(point.slope) <= -_FLATTER * start.slope

    count = 0
    previous, point = start, evaluate(t)
    while count < limit:
        if too_high(point) or (count > 1 and point.loss >= previous.loss):
            break
        if flat(point):
            return point, count + 1
        if point.slope >= 0:
            break
        bounds = point.t + 0.01 * (point.t - previous.t), point.t * 10
        t = _lowest_between(previous, point, bounds)
        previous, point = point, evaluate(t)
        count += 1
    else:
        previous = start

    bracket = [previous, point]
    low, high = _by_loss(bracket)
    crowded: Any = False
    while count < limit:
        ends: list[Any] = sorted(end.t for end in bracket)
        left, right = ends
        if (right - left) * longest < tolerance:
            break
        t = _lowest_between(bracket[0], bracket[1], (left, right))
        # Twice near an end, or beyond one: the cubic is no good guide there, so keep a distance.
        distance = 0.1 * (right - left)
        near = min(right - t, t - left) < distance
        if near and (crowded or t >= right or t <= left):
            t = right - distance if abs(t - right) < abs(t - left) else left + distance
            near = False
        crowded = near

        point = evaluate(t)
        count += 1
        if too_high(point) or point.loss >= bracket[low].loss:
            bracket[high] = point
            low, high = _by_loss(bracket)
            continue
        enough = flat(point)
        if not enough and point.slope * (bracket[high].t - bracket[low].t) >= 0:
            bracket[high] = bracket[low]
        bracket[low] = point
        if enough:
            break
    return bracket[low], count + 1


def _by_loss(bracket: list[_Point]) -> tuple[int, int]:
    """The positions of the lower and of the higher end."""
    return (0, 1) if bracket[0].loss <= bracket[1].loss else (1, 0)


def _lowest_between(a: _Point, b: _Point, bounds: tuple[Any, Any]) -> Any:
    """Where the cubic through the losses and slopes of two points is lowest, within `bounds`."""
    least, most = bounds
    mean = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.t - b.t)
    square = mean**2 - a.slope * b.slope
    if not square >= 0:
        return (least + most) / 2.0
    near, far = (a, b) if a.t <= b.t else (b, a)
    root = square.sqrt()
    part = (far.slope + root - mean) / (far.slope - near.slope + 2 * root)
    return min(max(far.t - (far.t - near.t) * part, least), most)
