"""L1 and L2 penalties: terms that are added to a loss to keep parameters small.

With the parameters ``w_j`` that are penalised, the strength ``s`` and the number of samples ``n``::

    J = loss + s / n * sum_j |w_j|           l1_penalty: drives small weights to exactly zero
    J = loss + s / (2 n) * sum_j w_j ** 2    l2_penalty: shrinks all weights alike

These are what programs write as ``s * sum(p.abs().sum() for p in model.parameters())``, with the
factors named and biases easily left out. Any loss will do, and penalties add up (L1 plus L2 is the
elastic net). The gradient of ``l2_penalty`` is ``s / n * w``: for plain `SGD` the same as
``weight_decay=s / n``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from minitorch.nn.module import Module
from minitorch.ops.creation import zeros
from minitorch.tensor import Tensor

__all__ = ["l1_penalty", "l2_penalty", "weights_only"]


def l1_penalty(
    parameters: Module | Tensor | Iterable[Tensor] | Iterable[tuple[str, Tensor]],
    strength: float | Tensor = 1.0,
    *,
    num_samples: int = 1,
    include: Callable[[str, Tensor], bool] | None = None,
) -> Tensor:
    """``strength / num_samples * sum |w|`` over the parameters, to be added to a loss.

    Args:
        parameters: a module (all its parameters, shared ones once), a tensor, or an iterable of
            tensors or of pairs of name and tensor.
        strength: the weight of the penalty, not negative.
        num_samples: the samples that the loss is a mean over, if the penalty is to count once per
            data set and not once per sample; positive.
        include: which parameters to penalise, a function of name and parameter; `weights_only`
            leaves out biases. A tensor without a name has the name "". By default all.

    Shape: the result has no dimensions. At zero the gradient is zero. Without parameters it is 0.

    Raises: TypeError for something that is no tensor; ValueError for a negative `strength` or a
    `num_samples` that is not positive.
    Source: the lasso (Tibshirani 1996).

    Example::

        >>> import minitorch
        >>> from minitorch.nn.regularization import l1_penalty
        >>> w = minitorch.tensor([[1.0, -2.0]], requires_grad=True)
        >>> loss = (w**2).sum() + l1_penalty([w], 0.5)
        >>> loss.item()
        6.5
        >>> loss.backward()
        >>> w.grad
        tensor([[ 2.5000, -4.5000]])
    """
    _check("l1_penalty", strength, num_samples)
    chosen = _chosen("l1_penalty", parameters, include)
    return strength / num_samples * _total(p.abs().sum() for p in chosen)


def l2_penalty(
    parameters: Module | Tensor | Iterable[Tensor] | Iterable[tuple[str, Tensor]],
    strength: float | Tensor = 1.0,
    *,
    num_samples: int = 1,
    include: Callable[[str, Tensor], bool] | None = None,
) -> Tensor:
    """``strength / (2 * num_samples) * sum w ** 2`` over the parameters, to be added to a loss.

    Args:
        parameters: a module (all its parameters, shared ones once), a tensor, or an iterable of
            tensors or of pairs of name and tensor.
        strength: the weight of the penalty, not negative.
        num_samples: the samples that the loss is a mean over, if the penalty is to count once per
            data set and not once per sample; positive.
        include: which parameters to penalise, a function of name and parameter; `weights_only`
            leaves out biases. A tensor without a name has the name "". By default all.

    Shape: the result has no dimensions. Without parameters it is 0.

    Raises: TypeError for something that is no tensor; ValueError for a negative `strength` or a
    `num_samples` that is not positive.
    Source: ridge regression (Hoerl, Kennard 1970).

    Example::

        >>> import minitorch
        >>> from minitorch.nn.regularization import l2_penalty
        >>> w = minitorch.tensor([3.0, -4.0], requires_grad=True)
        >>> penalty = l2_penalty([w], 0.5)
        >>> penalty.item()
        6.25
        >>> penalty.backward()
        >>> w.grad
        tensor([ 1.5000, -2.0000])
    """
    _check("l2_penalty", strength, num_samples)
    chosen = _chosen("l2_penalty", parameters, include)
    return strength / (2 * num_samples) * _total(_square(p).sum() for p in chosen)


def weights_only(name: str, parameter: Tensor) -> bool:
    """Whether a parameter is a weight: has two dimensions or more, as biases and norms have not.

    For ``include=weights_only``.
    """
    return parameter.dim() >= 2


def _square(p: Tensor) -> Tensor:
    return p.abs() * p.abs() if p.is_complex() else p * p


def _total(terms: Iterable[Tensor]) -> Tensor:
    total = None
    for term in terms:
        total = term if total is None else total + term
    return zeros(()) if total is None else total


def _chosen(
    caller: str, parameters: Any, include: Callable[[str, Tensor], bool] | None
) -> Iterator[Tensor]:
    if isinstance(parameters, Module):
        parameters = parameters.named_parameters()
    elif isinstance(parameters, Tensor):
        parameters = [parameters]
    for entry in parameters:
        name, parameter = entry if isinstance(entry, tuple) else ("", entry)
        if not isinstance(parameter, Tensor):
            raise TypeError(
                f"{caller}() expects a module, tensors, or pairs of name and tensor, "
                f"but got {type(parameter).__name__}"
            )
        if include is None or include(name, parameter):
            yield parameter


def _check(caller: str, strength: float | Tensor, num_samples: int) -> None:
    if not strength >= 0:
        raise ValueError(f"{caller}() expects a strength that is not negative, but got {strength}")
    if not num_samples > 0:
        raise ValueError(f"{caller}() expects a positive num_samples, but got {num_samples}")
