"""Statistics of several variables at once: covariance and correlation."""

from __future__ import annotations

import warnings

from minitorch import dtypes
from minitorch.ops._op import composite
from minitorch.ops.conversion import to
from minitorch.ops.creation import complex, full, tensor
from minitorch.ops.elementwise import clamp, conj, sqrt
from minitorch.ops.linalg import matmul
from minitorch.ops.reduction import mean
from minitorch.ops.reduction import sum as total
from minitorch.ops.shape import unsqueeze
from minitorch.tensor import Tensor

__all__ = ["corrcoef", "cov"]


@composite
def cov(
    input: Tensor,
    *,
    correction: int = 1,
    fweights: Tensor | None = None,
    aweights: Tensor | None = None,
) -> Tensor:
    """The covariances of the variables in the rows of ``input``, whose columns are observations.

    Args:
        correction: what is taken off the number of observations; 1 is Bessel's.
        fweights: how often each observation was made, integers.
        aweights: how much each observation counts, floats.

    Shape: (variables, observations) -> (variables, variables); (observations) -> ().
    Raises RuntimeError for more than two dimensions, bools, and weights that do not fit or are
    negative.  Source: torch.cov.
    """
    if input.ndim > 2:
        raise RuntimeError(
            "cov(): expected input to have two or fewer dimensions but got an input with "
            f"{input.ndim} dimensions"
        )
    if input.dtype is dtypes.bool_:
        raise RuntimeError("cov(): bool dtype is not supported for input")
    rows = unsqueeze(input, 0) if input.ndim < 2 else input
    rows = unsqueeze(rows, 1) if rows.ndim < 2 else rows
    count = rows.shape[1]
    weights = _weights("fweights", fweights, count, 1, "integral")
    importance = _weights("aweights", aweights, count, 2, "floating point")
    if importance is not None:
        weights = importance if weights is None else weights * importance
    if weights is None:
        weight_sum, centred = tensor(count), rows - mean(to(rows, _computed(rows)), 1, keepdim=True)
        weighted, norm = centred, full((), float(count - correction), dtype=dtypes.float64)
    else:
        weight_sum = total(weights)
        centred = rows - total(rows * weights, 1, keepdim=True) / weight_sum
        weighted = centred * weights
        squares = weight_sum if importance is None else total(weights * importance)
        norm = weight_sum - correction * squares / weight_sum
    if (norm._array <= 0).any():
        warnings.warn("cov(): degrees of freedom is <= 0", stacklevel=2)
        norm = clamp(norm, min=0)
    result = matmul(weighted, conj(centred).mT) / to(norm, centred.dtype)
    return result.squeeze()


def _computed(rows):
    return rows.dtype if rows.dtype.rank >= 2 else dtypes.get_default_dtype()


def _weights(name, given, count, rank, kind):
    """The weights of ``count`` observations, checked, or None."""
    if given is None:
        return None
    if given.ndim > 1:
        raise RuntimeError(
            f"cov(): expected {name} to have one or fewer dimensions but got {name} with "
            f"{given.ndim} dimensions"
        )
    if given.dtype.rank != rank:
        raise RuntimeError(
            f"cov(): expected {name} to have {kind} dtype but got {name} with "
            f"{given.dtype.legacy_name} dtype"
        )
    if given.numel() != count:
        raise RuntimeError(
            f"cov(): expected {name} to have the same numel as there are observations in the input "
            f"but got {given.numel()} != {count}"
        )
    if (given._array < 0).any():
        raise RuntimeError(f"cov(): {name} cannot be negative")
    return given


@composite
def corrcoef(input: Tensor) -> Tensor:
    """The correlations of the variables in the rows of ``input``, whose columns are observations.

    Shape: (variables, observations) -> (variables, variables); (observations) -> ().
    Raises RuntimeError for more than two dimensions.  Source: torch.corrcoef.
    """
    if input.ndim > 2:
        raise RuntimeError(
            "corrcoef(): expected input to have two or fewer dimensions but got an input with "
            f"{input.ndim} dimensions"
        )
    covariance = cov(input)
    if not covariance.ndim:
        return covariance / covariance
    deviation = sqrt(covariance.diagonal())
    if deviation.is_complex():
        deviation = deviation.real
    result = covariance / unsqueeze(deviation, 1) / unsqueeze(deviation, 0)
    # Rounding may carry a correlation beyond one.
    if result.is_complex():
        return complex(clamp(result.real, -1, 1), clamp(result.imag, -1, 1))
    return clamp(result, -1, 1)
