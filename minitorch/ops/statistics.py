"""Statistics of several variables at once: covariance, correlation and histograms."""

from __future__ import annotations

import math
import warnings

import numpy as np

from minitorch import dtypes
from minitorch.ops._op import composite
from minitorch.ops.conversion import to
from minitorch.ops.creation import complex, full, linspace, tensor
from minitorch.ops.elementwise import clamp, conj, sqrt
from minitorch.ops.linalg import matmul
from minitorch.ops.reduction import mean
from minitorch.ops.reduction import sum as total
from minitorch.ops.shape import unsqueeze
from minitorch.return_types import return_type
from minitorch.tensor import Tensor, wrap

__all__ = ["corrcoef", "cov", "histogram", "histogramdd"]


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


# --- histograms -----------------------------------------------------------------------------------

_histogram = return_type("histogram", ("hist", "bin_edges"))
_histogramdd = return_type("histogramdd", ("hist", "bin_edges"))


@composite
def histogram(input, bins=100, *, range=None, weight=None, density=False, out=None):
    """How many elements fall into each bin, and the edges of the bins: (hist, bin_edges).

    Args:
        bins: how many bins of one width, or a tensor of their edges.
        range: the first and the last edge (default: the smallest and the largest element).
        weight: how much each element counts.
        density: divide by the total and by the bins' widths, so that the integral is 1.

    The last bin includes its right edge; elements outside count nowhere.  Not differentiable.
    Shape: (*) -> (bins), (bins + 1).
    Raises RuntimeError for no bins, a range that is not finite or turned around, and tensors that
    do not fit.  Source: torch.histogram.
    """
    if not isinstance(bins, (int, Tensor)) or isinstance(bins, Tensor) and range is not None:
        raise TypeError(
            "histogram() received an invalid combination of arguments - got "
            f"(Tensor, {type(bins).__name__}{', range=tuple' if range is not None else ''})"
        )
    points = input.detach().reshape(-1, 1)
    bins = bins.clone() if isinstance(bins, Tensor) else bins  # torch: histogramdd returns its own
    flat = None if weight is None else weight.detach().reshape(-1)
    hist, edges = _count_points(points, [bins], range, flat, density, "histogram()")
    if out is not None:
        hist, edges = out[0].copy_(hist), [out[1].copy_(edges[0])]
    return _histogram(hist, edges[0])


@composite(method=False)
def histogramdd(input, bins, *, range=None, weight=None, density=False):
    """How many points fall into each cell of a grid, and the edges along each dimension.

    The last dimension of ``input`` are the points' coordinates.  ``bins``: an int, or one int or
    one tensor of edges per coordinate; ``range``: two edges per coordinate, one after the other;
    the rest as in :func:`histogram`.
    Shape: (*, D) -> (bins[0], ..., bins[D - 1]), and D times (bins + 1).  Source:
    torch.histogramdd.
    """
    if input.ndim < 2:
        raise RuntimeError("torch.histogramdd: input tensor should have at least 2 dimensions")
    coordinates = input.shape[-1]
    bins = [bins] * coordinates if isinstance(bins, int) else list(bins)
    if len(bins) != coordinates:
        raise RuntimeError(
            "histogramdd: The size of bins must be equal to the innermost dimension of the input."
        )
    points = input.detach().reshape(-1, coordinates)
    if weight is not None and weight.shape == input.shape[:-1]:
        weight = weight.detach().reshape(-1)
    hist, edges = _count_points(points, bins, range, weight, density, "histogramdd()")
    return _histogramdd(hist, tuple(edges))


def _count_points(points, bins, range, weight, density, name):
    """The counts of the rows of ``points`` in the cells of a grid, and the grid's edges."""
    if points.dtype not in (dtypes.float32, dtypes.float64):
        raise NotImplementedError(f'"histogramdd" not implemented for {points.dtype.legacy_name!r}')
    count, coordinates = points.shape
    if range is not None and len(range) != 2 * coordinates:
        raise RuntimeError(
            f"torch.histogramdd: for a {coordinates}-dimensional histogram range should have "
            f"{2 * coordinates} elements, but got {len(range)}"
        )
    if weight is not None:
        if tuple(weight.shape) != (count,):
            raise RuntimeError(
                "torch.histogramdd: if weight tensor is provided it should have the same shape as "
                "the input tensor excluding its innermost dimension, but got input with shape "
                f"{list(points.shape)} and weight with shape {list(weight.shape)}"
            )
        if weight.dtype is not points.dtype:
            raise RuntimeError(
                "torch.histogramdd: if weight tensor is provided, input tensor and weight tensor "
                f"should have the same dtype, but got input({points.dtype.cpp_name}), and "
                f"weight({weight.dtype.cpp_name})"
            )
    places, edges, inside = [], [], np.ones(count, bool)
    for dim, bin in enumerate(bins):
        values = points._array[:, dim]
        if isinstance(bin, Tensor):
            own = _given_edges(bin, points.dtype, dim)
        else:
            limits = None if range is None else range[2 * dim : 2 * dim + 2]
            own = _even_edges(values, bin, limits, points.dtype, dim)
        cells = own.shape[0] - 1
        if cells < 1:
            shown = bin if isinstance(bin, int) else cells
            raise RuntimeError(
                f"torch.{name}: bins must be > 0, but got {shown} for dimension {dim}"
            )
        steps = own._array
        inside &= (values >= steps[0]) & (values <= steps[-1])
        places.append(np.minimum(np.searchsorted(steps, values, side="right") - 1, cells - 1))
        edges.append(own)
    shape = [own.shape[0] - 1 for own in edges]
    flat = np.ravel_multi_index([place[inside] for place in places], shape)
    weights = None if weight is None else weight._array[inside]
    counts = np.bincount(flat, weights, math.prod(shape)).reshape(shape)
    hist = wrap(counts.astype(points._array.dtype))
    if density:
        hist = hist / hist.sum()
        for dim, own in enumerate(edges):
            hist = hist / own.diff().reshape([-1 if d == dim else 1 for d, _ in enumerate(shape)])
    return hist, edges


def _given_edges(edges, dtype, dim):
    if edges.ndim != 1:
        raise RuntimeError(
            f"torch.histogramdd: bins tensor should have one dimension, but got {edges.ndim} "
            f"dimensions in the bins tensor for dimension {dim}"
        )
    if not edges.numel():
        raise RuntimeError(
            "torch.histogramdd: bins tensor should have at least 1 element, but got 0 elements in "
            f"the bins tensor for dimension {dim}"
        )
    if edges.dtype is not dtype:
        raise RuntimeError(
            "torch.histogramdd: input tensor and bins tensors should have the same dtype, but got "
            f"input with dtype {dtype.cpp_name} and bins for dimension {dim} with dtype "
            f"{edges.dtype.cpp_name}"
        )
    return edges.detach()


def _even_edges(values, bins, limits, dtype, dim):
    if limits is not None:
        low, high = map(float, limits)
    else:
        low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 1.0)
    if not (math.isfinite(low) and math.isfinite(high)):
        raise RuntimeError(
            f"torch.histogramdd: dimension {dim}'s range [{low:g}, {high:g}] is not finite"
        )
    if low > high:
        raise RuntimeError(
            f"torch.histogramdd: min should not exceed max, but got min {low:g} max {high:g} for "
            f"dimension {dim}"
        )
    if low == high:
        low, high = low - 0.5, high + 0.5
    return linspace(low, high, max(bins, 0) + 1, dtype=dtype)
