"""Sums, means, extremes and running totals."""

from __future__ import annotations

import builtins
import math
import warnings

import numpy as np

from minitorch import dtypes
from minitorch.ops._autocast import full_precision
from minitorch.ops._dims import reduced_dims, wrap_dim
from minitorch.ops._op import array_of, composite, named, op
from minitorch.ops.elementwise import conjugate, exp, isnan, logical_not, masked_zero
from minitorch.return_types import return_type
from minitorch.tensor import Tensor

__all__ = [
    "all",
    "amax",
    "amin",
    "aminmax",
    "any",
    "argmax",
    "argmin",
    "bincount",
    "count_nonzero",
    "cummax",
    "cummin",
    "cumprod",
    "cumsum",
    "diff",
    "histc",
    "logcumsumexp",
    "logsumexp",
    "max",
    "mean",
    "median",
    "min",
    "nanmean",
    "nanmedian",
    "nanquantile",
    "nansum",
    "prod",
    "quantile",
    "std",
    "std_mean",
    "sum",
    "trapezoid",
    "trapz",
    "var",
    "var_mean",
]


def _numbered(name):
    """torch numbers the nodes of its overloads: 0 without ``dim``, 1 with it."""
    return lambda params: (
        f"{name}Backward{0 if params['dim'] is None and not params['keepdim'] else 1}"
    )


def _accumulator(dtype):
    """The dtype in which torch sums: half precision in float32."""
    return np.dtype("float32") if dtype.itemsize == 2 and dtype.kind in "fV" else dtype


def _row_major(xp, result):
    """``result`` in row-major order: torch's reductions keep nothing of their input's order."""
    return xp.ascontiguousarray(result) if result.ndim > 1 else result


def _running(accumulate, input, axis):
    """A running sum or product in the accumulator's dtype, rounded once at each place."""
    result = accumulate(input, axis, dtype=_accumulator(input.dtype))
    return result.astype(input.dtype, order="C", copy=False)


def _as(input, dtype):
    return input if dtype is None or input.dtype == dtype.numpy else input.astype(dtype.numpy)


def _summands(input, dtype):
    """``input`` in the dtype of its total: ``dtype``, without it int64 for integers and bools."""
    if dtype is None and input.dtype.kind in "biu":
        dtype = dtypes.int64
    return _as(input, dtype)


@op(view=True, public=False, method=False, node="ExpandBackward0")
def spread(xp, input, /, shape, dim, keepdim):
    """``input`` repeated over the dimensions that a reduction took from ``shape``."""
    axes = reduced_dims(dim, len(shape))
    if not keepdim:
        input = input.reshape([1 if axis in axes else n for axis, n in enumerate(shape)])
    return xp.broadcast_to(input, shape)


spread.vjp(input=lambda g, dim, keepdim: sum(g, dim, keepdim))


def _count(shape, dim):
    return math.prod(shape[axis] for axis in reduced_dims(dim, len(shape)))


# --- sums and means -------------------------------------------------------------------------------


@op(node=_numbered("Sum"))
def sum(xp, input, /, dim=None, keepdim=False, *, dtype=None):
    """The sum over ``dim`` (all dimensions by default); integers and bools give int64.

    Shape: (*) -> (*) without ``dim``, or with length 1 there if ``keepdim``.  Source: torch.sum.
    """
    input = _summands(input, dtype)
    total = xp.sum(
        input,
        reduced_dims(dim, input.ndim, "sum"),
        dtype=_accumulator(input.dtype),
        keepdims=bool(keepdim),
    )
    return _row_major(xp, total.astype(input.dtype, copy=False))


sum.vjp(input=lambda g, input_shape, dim, keepdim: spread(g, input_shape, dim, keepdim))


@op
def nansum(xp, input, /, dim=None, keepdim=False, *, dtype=None):
    """:func:`sum`, counting nan as 0.  Source: torch.nansum."""
    if input.dtype.kind == "c":
        raise RuntimeError("nansum on CPU does not support complex inputs")
    if input.dtype.kind not in "biu":
        input = xp.where(xp.isnan(input), xp.zeros((), input.dtype), input)
    return sum.op.body(xp, input, dim, keepdim, dtype=dtype)


nansum.vjp(
    input=lambda g, input, input_shape, dim, keepdim: (
        spread(g, input_shape, dim, keepdim) * logical_not(isnan(input))
    )
)


@op(node=_numbered("Mean"))
def mean(xp, input, /, dim=None, keepdim=False, *, dtype=None):
    """The mean over ``dim`` (all dimensions by default).

    Shape: as :func:`sum`.  Raises RuntimeError for integers.  Source: torch.mean.
    """
    input = _as(input, dtype)
    if input.dtype.kind in "biu":
        raise RuntimeError(
            "mean(): could not infer output dtype. Input dtype must be either a floating point "
            f"or complex dtype. Got: {dtypes.from_numpy(input.dtype).legacy_name}"
        )
    axes = reduced_dims(dim, input.ndim, "mean")
    total = xp.sum(input, axes, dtype=_accumulator(input.dtype), keepdims=bool(keepdim))
    average = total / np.float64(_count(input.shape, dim)).astype(total.real.dtype)
    return _row_major(xp, average.astype(input.dtype, copy=False))


mean.vjp(
    input=lambda g, input_shape, dim, keepdim: (
        spread(g, input_shape, dim, keepdim) / _count(input_shape, dim)
        if _count(input_shape, dim)
        else spread(g, input_shape, dim, keepdim)
    )
)


@composite
def nanmean(input, dim=None, keepdim=False, *, dtype=None, out=None):
    """The mean of what is not nan.  Shape: as :func:`sum`.  Source: torch.nanmean."""
    count = sum(logical_not(isnan(input)), dim, keepdim)
    total = nansum(input, dim, keepdim, dtype=dtype)
    return total / count if out is None else _filled(out, total / count)


def _filled(out, value):
    """``out`` with the value written to it, in its dtype."""
    out._array = value._array.astype(out._array.dtype)
    out._counter[0] += 1
    return out


@full_precision
@op(node=lambda params: f"ProdBackward{0 if params['dim'] is None else 1}")
def prod(xp, input, /, dim=None, keepdim=False, *, dtype=None):
    """The product over ``dim`` (one dimension), or of all elements.  Source: torch.prod."""
    if isinstance(dim, (tuple, list)):
        raise TypeError(f"prod(): argument 'dim' must be int, not {type(dim).__name__}")
    input = _summands(input, dtype)
    axis = None if dim is None else reduced_dims(dim, input.ndim, "prod")
    product = xp.prod(input, axis, dtype=_accumulator(input.dtype), keepdims=bool(keepdim))
    return _row_major(xp, product.astype(input.dtype, copy=False))


prod.vjp(
    input=lambda g, input, out, input_shape, dim, keepdim: _prod_gradient(
        g, input, out, input_shape, dim, keepdim
    )
)


def _prod_gradient(g, input, out, shape, dim, keepdim):
    g = spread(g, shape, dim, keepdim)
    if array_of(input).all():
        return g * conjugate(spread(out, shape, dim, keepdim) / input)
    return g * conjugate(_product_of_others(input, dim))


def _product_of_others(input, dim):
    """For each element the product of the others along ``dim``: right where elements are 0."""
    shape = tuple(input.shape)
    if not shape:
        return input * 0 + 1
    axes = reduced_dims(dim, len(shape))
    return take_back(prod(without_own(put_last(input, axes)), -1), axes, shape)


@op(public=False, method=False)
def without_own(xp, input, /):
    """For each element the line that it stands in, with a 1 in its own place.

    Shape: (..., n) -> (..., n, n).
    """
    n = input.shape[-1]
    return xp.where(xp.eye(n, dtype=bool), xp.ones((), input.dtype), input[..., None, :])


@op(public=False, method=False)
def off_diagonal(xp, input, /):
    """Square matrices with zeros on their diagonals.  Shape: (..., n, n) -> (..., n, n)."""
    return xp.where(xp.eye(input.shape[-1], dtype=bool), xp.zeros((), input.dtype), input)


@op(public=False, method=False)
def upper_triangle(xp, input, /):
    """Matrices with zeros below their diagonals.  Shape: (..., n, m) -> (..., n, m)."""
    return xp.triu(input)


without_own.vjp(input=lambda g: sum(off_diagonal(g), -2))
off_diagonal.vjp(input=lambda g: off_diagonal(g))
upper_triangle.vjp(input=lambda g: upper_triangle(g))


@op(view=True, public=False, method=False, node="UnsqueezeBackward0")
def insert_axis(xp, input, /, axis):
    """``input`` with a new dimension of length 1."""
    return xp.expand_dims(input, axis)


insert_axis.vjp(input=lambda g, axis: sum(g, axis))


@op(public=False, method=False)
def put_last(xp, input, /, axes):
    """``input`` with ``axes`` merged into one last dimension.

    Shape: (...) -> (kept..., merged).
    """
    kept = [axis for axis in range(input.ndim) if axis not in axes]
    moved = input.transpose(*kept, *axes)
    return xp.array(moved.reshape([input.shape[axis] for axis in kept] + [-1]))


put_last.vjp(input=lambda g, input_shape, axes: take_back(g, axes, input_shape))


@op(public=False, method=False)
def take_back(xp, input, /, axes, shape):
    """The inverse of :func:`put_last`: a tensor of ``shape``."""
    kept = [axis for axis in range(len(shape)) if axis not in axes]
    order = [*kept, *axes]
    moved = input.reshape([shape[axis] for axis in order])
    return xp.array(moved.transpose([order.index(axis) for axis in range(len(shape))]))


take_back.vjp(input=lambda g, axes: put_last(g, axes))


# --- running totals -------------------------------------------------------------------------------


@op(inplace=True)
def cumsum(xp, input, /, dim, *, dtype=None):
    """The running sum along ``dim``; integers and bools give int64.

    Shape: (*) -> (*).  Source: torch.cumsum.
    """
    input = _summands(input, dtype)
    axis = wrap_dim(dim, input.ndim, "cumsum")
    if not input.ndim:
        return input.copy()
    return _running(xp.cumsum, input, axis)


cumsum.vjp(input=lambda g, dim: reverse_cumsum(g, dim))


@op(public=False, method=False)
def reverse_cumsum(xp, input, /, dim):
    """The running sum along ``dim`` from the end: the adjoint of :func:`cumsum`."""
    if not input.ndim:
        return input.copy()
    return xp.ascontiguousarray(xp.flip(_running(xp.cumsum, xp.flip(input, dim), dim), dim))


reverse_cumsum.vjp(input=lambda g, dim: cumsum(g, dim))


@op(inplace=True)
def cumprod(xp, input, /, dim, *, dtype=None):
    """The running product along ``dim``; integers and bools give int64.

    Shape: (*) -> (*).  Source: torch.cumprod.
    """
    input = _summands(input, dtype)
    axis = wrap_dim(dim, input.ndim, "cumprod")
    if not input.ndim:
        return input.copy()
    return _running(xp.cumprod, input, axis)


cumprod.vjp(input=lambda g, input, out, dim: _cumprod_gradient(g, input, out, dim))


def _cumprod_gradient(g, input, out, dim):
    if array_of(input).all():
        return reverse_cumsum(g * conjugate(out), dim) / conjugate(input)
    shape = tuple(input.shape)
    if not shape:
        return g
    # With zeros: d out[k] / d input[i], for k >= i, is the running product with a 1 in place of
    # input[i].
    axes = reduced_dims(dim, len(shape))
    slopes = upper_triangle(cumprod(without_own(put_last(input, axes)), -1))
    return take_back(sum(insert_axis(put_last(g, axes), -2) * conjugate(slopes), -1), axes, shape)


@op(kinds="f")
def logcumsumexp(xp, input, /, dim):
    """``log(cumsum(exp(input)))`` without overflow.

    Shape: (*) -> (*).  Source: torch.logcumsumexp.
    """
    if not input.ndim:
        return input.copy()
    return xp.logaddexp.accumulate(input, wrap_dim(dim, input.ndim, "logcumsumexp"))


logcumsumexp.vjp(input=lambda g, input, out, dim: exp(input) * reverse_cumsum(g * exp(-out), dim))


def _running_extreme(name, better):
    @op(name=name, outputs=("values", "indices"), kinds="biuf")
    def running(xp, input, /, dim):
        """The running extreme along ``dim`` and where it stood.

        Source: torch.cummax, torch.cummin.
        """
        axis = wrap_dim(dim, input.ndim)
        if not input.ndim:
            return input.copy(), xp.zeros((), "int64")
        values = (xp.maximum if better == "max" else xp.minimum).accumulate(input, axis)
        line = [1] * input.ndim
        line[axis] = -1
        positions = xp.arange(input.shape[axis]).reshape(line)
        # torch: of equal elements the last one counts.
        hits = xp.where(
            (input == values) | (xp.isnan(input) if input.dtype.kind in "fV" else False),
            positions,
            0,
        )
        return values, xp.maximum.accumulate(hits, axis).astype("int64")

    running.vjp(input=lambda g, indices, input_shape, dim: unpick(g[0], indices, input_shape, dim))
    return running


cummax = _running_extreme("cummax", "max")
cummin = _running_extreme("cummin", "min")


@composite
def diff(input, n: int = 1, dim: int = -1, prepend=None, append=None, *, out=None):
    """The ``n``-th differences of neighbours along ``dim``.  Source: torch.diff."""
    from minitorch.ops.joining import cat

    if not input.ndim:
        raise RuntimeError("diff expects input to be at least one-dimensional")
    if n < 0:
        raise RuntimeError(f"order must be non-negative but got {n}")
    parts = [part for part in (prepend, input, append) if part is not None]
    result = cat(parts, dim) if len(parts) > 1 else input
    for _ in range(n):
        length = result.shape[dim]
        if not result.shape[dim]:
            return result.clone() if out is None else _filled(out, result)
        later, earlier = result.narrow(dim, 1, length - 1), result.narrow(dim, 0, length - 1)
        result = later != earlier if result.dtype is dtypes.bool_ else later - earlier
    result = result.clone() if n == 0 else result
    return result if out is None else _filled(out, result)


@composite(method=False)
def trapezoid(y, x=None, *, dx=1, dim: int = -1):
    """The integral along ``dim`` by the trapezoidal rule.  Source: torch.trapezoid."""
    length = y.shape[dim]
    if x is None:
        # torch: the whole sum less half of both ends.
        ends = y.select(dim, 0) + y.select(dim, length - 1) if length else 0
        return named((sum(y, dim) - ends * 0.5) * dx, "MulBackward1")
    if x.ndim == 1:
        shape = [1] * y.ndim
        shape[dim] = length
        x = x.reshape(shape)
    both = y.narrow(dim, 1, length - 1) + y.narrow(dim, 0, length - 1)
    return named(sum(both * diff(x, dim=dim), dim) / 2, "DivBackward1")


trapz = composite(trapezoid, name="trapz", method=False)


# --- extremes -------------------------------------------------------------------------------------


@op(public=False, method=False)
def pick(xp, input, indices, /, dim, keepdim):
    """The elements of ``input`` at ``indices`` along ``dim``; ``indices`` as a reduction over it
    made them.
    """
    if not input.ndim:
        return input.copy()
    axis = wrap_dim(dim, input.ndim)
    if indices.ndim < input.ndim:
        indices = xp.expand_dims(indices, axis)
    picked = xp.take_along_axis(input, indices, axis)
    return picked if keepdim else picked.squeeze(axis)


pick.vjp(input=lambda g, indices, input_shape, dim: unpick(g, indices, input_shape, dim))


@op(public=False, method=False)
def unpick(xp, input, indices, /, shape, dim):
    """Zeros of ``shape`` with ``input`` added at ``indices`` along ``dim``: the adjoint of
    :func:`pick`.
    """
    if not shape:
        return input.copy()
    axis = wrap_dim(dim, len(shape))
    if indices.ndim < len(shape):
        indices, input = xp.expand_dims(indices, axis), xp.expand_dims(input, axis)
    out = xp.zeros(shape, input.dtype)
    if indices.shape[axis] <= 1:
        xp.put_along_axis(out, indices, input, axis)
    else:
        places = list(xp.indices(indices.shape, sparse=True))
        places[axis] = indices
        xp.add.at(out, tuple(places), input)
    return out


unpick.vjp(
    input=lambda g, input_shape, indices, dim: pick(
        g, indices, dim, len(input_shape) == len(g.shape)
    )
)


def check_not_empty(name, input, dim):
    if dim is None:
        if not input.size:
            raise RuntimeError(
                f"{name}(): Expected reduction dim to be specified for input.numel() == 0. "
                "Specify the reduction dim with the 'dim' argument."
            )
    else:
        for axis in (wrap_dim(d, input.ndim) for d in ((dim,) if isinstance(dim, int) else dim)):
            if input.ndim and not input.shape[axis]:
                raise IndexError(f"{name}(): Expected reduction dim {axis} to have non-zero size.")


def _extreme(name, arg, reduce):
    """The three ops behind ``max`` (or ``min``): over one dimension, over several, over all."""
    title = name.capitalize()

    @op(
        name=f"{name}_over_dim",
        public=False,
        method=False,
        outputs=("values", "indices"),
        node=f"{title}Backward0",
        kinds="biuf",
    )
    def over_dim(xp, input, /, dim, keepdim=False):
        """The extreme along one dimension and its index."""
        check_not_empty(name, input, dim)
        axis = wrap_dim(dim, input.ndim)
        if not input.ndim:
            return input.copy(), xp.zeros((), "int64")
        indices = getattr(xp, arg)(input, axis, keepdims=True)
        values = xp.take_along_axis(input, indices, axis)
        if not keepdim:
            values, indices = values.squeeze(axis), indices.squeeze(axis)
        return values, indices.astype("int64", copy=False)

    over_dim.op.result = return_type(name, ("values", "indices"))
    over_dim.vjp(input=lambda g, indices, input_shape, dim: unpick(g[0], indices, input_shape, dim))

    @op(name=f"a{name}", kinds="biuf")
    def over_dims(xp, input, /, dim=(), keepdim=False):
        """The extreme over ``dim`` (all dimensions by default); ties share the gradient.

        Source: torch.a{name}.
        """
        check_not_empty(f"a{name}", input, dim if isinstance(dim, int) or dim else None)
        axes = reduced_dims(dim, input.ndim)
        return _row_major(xp, getattr(xp, reduce)(input, axes, keepdims=bool(keepdim)))

    over_dims.vjp(
        input=lambda g, input, out, input_shape, dim, keepdim: tied_gradient(
            g, input, out, input_shape, dim, keepdim
        )
    )

    @op(name=f"{name}_of_all", public=False, method=False, node=f"{title}Backward1", kinds="biuf")
    def of_all(xp, input, /):
        """The extreme of all elements."""
        check_not_empty(name, input, None)
        return getattr(xp, reduce)(input)

    of_all.vjp(
        input=lambda g, input, out, input_shape: tied_gradient(
            g, input, out, input_shape, None, False
        )
    )
    return over_dim, over_dims, of_all


def tied_gradient(g, input, out, shape, dim, keepdim):
    whole = spread(out, shape, dim, keepdim)
    best = (input == whole) | (isnan(input) & isnan(whole))
    count = sum(best, dim, True)
    return masked_zero(spread(g, shape, dim, keepdim) / count, logical_not(best))


_max_over_dim, amax, _max_of_all = _extreme("max", "argmax", "max")
_min_over_dim, amin, _min_of_all = _extreme("min", "argmin", "min")


def _overloaded(name, over_dim, of_all, pairwise):
    def extreme(input, dim=None, keepdim=False, *, other=None, axis=None, keepdims=None, out=None):
        dim = axis if dim is None else dim
        keepdim = keepdim if keepdims is None else keepdims
        if isinstance(dim, Tensor):
            other, dim = dim, None
        if other is not None:
            return pairwise(input, other, out=out)
        if dim is None:
            return of_all(input, out=out)
        return over_dim(input, dim, keepdim, out=out)

    extreme.__name__ = extreme.__qualname__ = name
    extreme.__doc__ = f"""The {name}imum of all elements; of each line along ``dim``, as (values,
    indices); or of pairs.

    ``{name}(input)``, ``{name}(input, dim, keepdim=False)``, ``{name}(input, other)``.  Raises
    RuntimeError for an empty input, IndexError for an empty ``dim``.  Source: torch.{name}.
    """
    return composite(extreme, name=name)


def _install_extremes():
    from minitorch.ops.elementwise import maximum, minimum

    return (
        _overloaded("max", _max_over_dim, _max_of_all, maximum),
        _overloaded("min", _min_over_dim, _min_of_all, minimum),
    )


max, min = _install_extremes()


def _arg(name):
    @op(name=name, differentiable=False, kinds="iuf")
    def index(xp, input, /, dim=None, keepdim=False):
        """The index of the (first) extreme along ``dim``, or of all.

        Source: torch.argmax, torch.argmin.
        """
        if dim is None and not input.size:
            raise IndexError(
                f"{name}(): Expected reduction dim to be specified for input.numel() == 0."
            )
        check_not_empty(name, input, dim)
        if dim is None:
            found = getattr(xp, name)(input)
            return xp.asarray(found, "int64").reshape((1,) * input.ndim if keepdim else ())
        axis = wrap_dim(dim, input.ndim)
        if not input.ndim:
            return xp.zeros((), "int64")
        found = getattr(xp, name)(input, axis, keepdims=bool(keepdim))
        return _row_major(xp, found.astype("int64", copy=False))

    return index


argmax = _arg("argmax")
argmin = _arg("argmin")

_aminmax = return_type("aminmax", ("min", "max"))


@composite
def aminmax(input, *, dim: int | None = None, keepdim: bool = False):
    """(min, max) of all elements or along ``dim``.  Source: torch.aminmax."""
    dims = () if dim is None else dim
    smallest, largest = amin(input, dims, keepdim), amax(input, dims, keepdim)
    return _aminmax(*_both_named("AminmaxBackward0", smallest, largest))


# --- truth ----------------------------------------------------------------------------------------


def _truth(name):
    @op(name=name, differentiable=False)
    def truth(xp, input, /, dim=None, keepdim=False):
        """Whether all (any) elements are nonzero, over ``dim``; uint8 stays uint8.

        Source: torch.all, torch.any.
        """
        axes = (
            reduced_dims(dim, input.ndim) if dim is None or isinstance(dim, int) or len(dim) else ()
        )
        result = _row_major(xp, getattr(xp, name)(input, axes, keepdims=bool(keepdim)))
        return result.astype("uint8") if input.dtype == "uint8" else result

    return truth


all = _truth("all")
any = _truth("any")


@op(differentiable=False)
def count_nonzero(xp, input, /, dim=None):
    """The number of nonzero elements, over ``dim``.  Source: torch.count_nonzero."""
    count = xp.count_nonzero(input, reduced_dims(dim, input.ndim, "count_nonzero"))
    return _row_major(xp, xp.asarray(count, "int64"))


# --- spread ---------------------------------------------------------------------------------------


@op(public=False, method=False)
def variance(xp, input, /, dim, correction, keepdim):
    """The mean squared distance from the mean over ``dim``, over n - correction."""
    axes = reduced_dims(dim, input.ndim)
    wide = input.astype(_accumulator(input.dtype), copy=False)
    center = wide.mean(axes, keepdims=True)
    distance = xp.absolute(wide - center) ** 2
    freedom = builtins.max(_count(input.shape, dim) - correction, 0)
    total = distance.sum(axes, keepdims=bool(keepdim))
    result = total / np.float64(freedom).astype(total.dtype)
    return _row_major(xp, result.astype(input.real.dtype, copy=False))


variance.op.node_name = "VarBackward0"
variance.vjp(
    input=lambda g, input, input_shape, dim, correction, keepdim: _variance_gradient(
        g, input, input_shape, dim, correction, keepdim
    )
)


def _variance_gradient(g, input, shape, dim, correction, keepdim):
    center = spread(mean(input, dim, True), shape, dim, True)
    freedom = _count(shape, dim) - correction
    # torch: without degrees of freedom the gradient is nan or infinite, as the value is.
    factor = 2 / freedom if freedom > 0 else math.inf
    return spread(g, shape, dim, keepdim) * ((input - center) * factor)


@op(public=False, method=False, node="StdBackward0")
def deviation(xp, input, /, dim, correction, keepdim):
    """The square root of :func:`variance`."""
    return xp.sqrt(variance.op.body(xp, input, dim, correction, keepdim))


deviation.vjp(
    input=lambda g, input, out, input_shape, dim, correction, keepdim: _variance_gradient(
        masked_zero(g / (2 * out), out == 0), input, input_shape, dim, correction, keepdim
    )
)


def _spread_arguments(name, input, dim, unbiased, keepdim, correction):
    """torch's overloads: ``(input, unbiased)`` and ``(input, dim, unbiased, keepdim)`` beside
    ``correction``.
    """
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    if not input.dtype.rank >= 2:
        raise RuntimeError(
            f"{name} only support floating point and complex dtypes, but got {input.dtype}"
        )
    if correction is None:
        correction = 1 if unbiased is None else int(unbiased)
    return dim, correction, keepdim


def _checked_freedom(name, input, result, correction):
    """``result``, with torch's warning where there is too little to spread."""
    if result.numel() and correction >= input.numel() // result.numel():
        warnings.warn(
            f"{name}(): degrees of freedom is <= 0. Correction should be strictly less than the "
            "reduction factor (input numel divided by output numel).",
            stacklevel=4,
        )
    return result


@composite
def var(input, dim=None, unbiased=None, keepdim=False, *, correction=None, out=None):
    """The variance over ``dim``, with n - correction in the denominator (default: 1).

    Shape: as :func:`sum`.  Source: torch.var.
    """
    dim, correction, keepdim = _spread_arguments(
        "std and var", input, dim, unbiased, keepdim, correction
    )
    return _checked_freedom(
        "var", input, variance(input, dim, correction, keepdim, out=out), correction
    )


@composite
def std(input, dim=None, unbiased=None, keepdim=False, *, correction=None, out=None):
    """The standard deviation over ``dim``, with n - correction in the denominator (default: 1).

    Shape: as :func:`sum`.  Source: torch.std.
    """
    dim, correction, keepdim = _spread_arguments(
        "std and var", input, dim, unbiased, keepdim, correction
    )
    return _checked_freedom(
        "std", input, deviation(input, dim, correction, keepdim, out=out), correction
    )


def _both_named(name, first, second):
    return named(first, name), named(second, name)


@composite(method=False)
def var_mean(input, dim=None, unbiased=None, keepdim=False, *, correction=None):
    """(variance, mean) over ``dim``.  Source: torch.var_mean."""
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    variance = var(input, dim, unbiased, keepdim, correction=correction)
    return _both_named("VarMeanBackward0", variance, mean(input, dim, keepdim))


@composite(method=False)
def std_mean(input, dim=None, unbiased=None, keepdim=False, *, correction=None):
    """(standard deviation, mean) over ``dim``.  Source: torch.std_mean."""
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    deviation = std(input, dim, unbiased, keepdim, correction=correction)
    return _both_named("StdMeanBackward0", deviation, mean(input, dim, keepdim))


# --- log-sum-exp, order statistics, counting ------------------------------------------------------


@op
def logsumexp(xp, input, /, dim, keepdim=False):
    """``log(sum(exp(input)))`` over ``dim`` without overflow.

    Shape: as :func:`sum`.  Source: torch.logsumexp.
    """
    if dim is None:
        raise TypeError(
            "logsumexp(): argument 'dim' (position 2) must be tuple of ints, not NoneType"
        )
    if input.dtype.kind in "biu":
        input = input.astype(dtypes.get_default_dtype().numpy)
    axes = reduced_dims(dim, input.ndim, "logsumexp")
    if not input.size:
        return xp.log(xp.sum(xp.exp(input), axes, keepdims=bool(keepdim)))
    top = xp.max(input, axes, keepdims=True)
    top = xp.where(xp.isfinite(top), top, xp.zeros((), input.dtype))
    total = xp.log(xp.sum(xp.exp(input - top), axes, keepdims=True)) + top
    if not keepdim:
        total = total.reshape([n for axis, n in enumerate(input.shape) if axis not in axes])
    return _row_major(xp, total)


logsumexp.vjp(
    input=lambda g, input, out, input_shape, dim, keepdim: (
        spread(g, input_shape, dim, keepdim) * exp(input - spread(out, input_shape, dim, keepdim))
    )
)


def _median(name, ignore_nan):
    title = name.capitalize()

    def places(xp, lines):
        """For each line the index of its (lower) median."""
        if lines.dtype.kind == "V":
            lines = lines.astype("float32")  # bfloat16 does not sort nan last
        order = xp.argsort(lines, -1, kind="stable")
        n = lines.shape[-1]
        missing = (
            xp.isnan(lines).sum(-1) if lines.dtype.kind in "fV" else xp.zeros(lines.shape[:-1], int)
        )
        if ignore_nan:
            middle = xp.maximum((n - missing - 1) // 2, 0)
        else:
            # nan sorts last: the first of them is the median.
            middle = xp.where(missing > 0, n - missing, (n - 1) // 2)
        return xp.take_along_axis(order, xp.expand_dims(middle, -1), -1)[..., 0]

    @op(
        name=f"{name}_over_dim",
        public=False,
        method=False,
        outputs=("values", "indices"),
        node=f"{title}Backward1",
        kinds="iuf",
    )
    def over_dim(xp, input, /, dim, keepdim=False):
        """The lower median along one dimension and its index."""
        check_not_empty(name, input, dim)
        axis = wrap_dim(dim, input.ndim)
        if not input.ndim:
            return input.copy(), xp.zeros((), "int64")
        indices = xp.expand_dims(places(xp, xp.moveaxis(input, axis, -1)), axis)
        values = xp.take_along_axis(input, indices, axis)
        if not keepdim:
            values, indices = values.squeeze(axis), indices.squeeze(axis)
        return values, indices.astype("int64", copy=False)

    over_dim.op.result = return_type(name, ("values", "indices"))
    over_dim.vjp(input=lambda g, indices, input_shape, dim: unpick(g[0], indices, input_shape, dim))

    @op(name=f"{name}_of_all", public=False, method=False, node=f"{title}Backward0", kinds="iuf")
    def of_all(xp, input, /):
        """The lower median of all elements; nan for none."""
        if not input.size:
            return xp.full((), xp.nan, input.dtype)
        flat = input.reshape(-1)
        return flat[places(xp, flat)]

    of_all.vjp(
        input=lambda g, input, out, input_shape: tied_gradient(
            g, input, out, input_shape, None, False
        )
    )

    def median(input, dim=None, keepdim=False, *, out=None):
        return of_all(input, out=out) if dim is None else over_dim(input, dim, keepdim, out=out)

    median.__name__ = median.__qualname__ = name
    median.__doc__ = f"""The lower median of all elements, or along ``dim`` as (values, indices).

    {"nan is left out." if ignore_nan else "nan if there is any."}  Source: torch.{name}.
    """
    return composite(median, name=name)


median = _median("median", False)
nanmedian = _median("nanmedian", True)


def _quantile(input, q, dim, keepdim, interpolation, out, ignore_nan):
    if not input.dtype.is_floating_point:
        raise RuntimeError("quantile() input tensor must be either float or double dtype")
    if not isinstance(q, Tensor):
        q = Tensor.__new__(Tensor, [float(q)], dtype=input.dtype).reshape(())
    if q.dtype is not input.dtype:
        raise RuntimeError("quantile() q tensor must be same dtype as the input tensor")
    if ((q < 0) | (q > 1) | isnan(q))._array.any():
        raise RuntimeError("quantile() q values must be in the range [0, 1]")
    if not input.numel():
        raise RuntimeError("quantile() input tensor must be non-empty")
    if interpolation not in ("linear", "lower", "higher", "midpoint", "nearest"):
        raise RuntimeError(
            "quantile() interpolation must be one of linear, lower, higher, midpoint or nearest, "
            f"but got {interpolation}"
        )
    lines = (
        input.reshape(-1)
        if dim is None
        else input.movedim(dim, -1)
        if input.ndim
        else input.reshape(1)
    )
    ordered = lines.sort(-1).values  # nan sorts last
    n = lines.shape[-1]
    count = logical_not(isnan(lines)).sum(-1) if ignore_nan else None
    results = []
    for value in q.to(input.device).reshape(-1).unbind(0):
        rank = value * ((count - 1).clamp(min=0) if ignore_nan else n - 1)
        if not ignore_nan:
            rank = rank.expand(lines.shape[:-1])
            # torch: one nan makes the whole line nan; it sorts last.
            rank = rank.masked_fill(isnan(ordered.narrow(-1, n - 1, 1).squeeze(-1)), n - 1)
        rank = rank.unsqueeze(-1)
        if interpolation == "nearest":
            rank = rank.round()
        low, high = rank.floor().long(), rank.ceil().long()
        below, above = ordered.gather(-1, low), ordered.gather(-1, high)
        weight = {
            "linear": rank - low,
            "lower": 0.0,
            "higher": 1.0,
            "midpoint": 0.5,
            "nearest": 0.0,
        }[interpolation]
        result = below.lerp(
            above, weight if isinstance(weight, Tensor) else input.new_tensor(weight)
        )
        results.append(result.squeeze(-1))
    from minitorch.ops.joining import stack

    stacked = stack(results)
    if keepdim:
        stacked = (
            stacked.reshape((-1, *(1,) * input.ndim))
            if dim is None
            else stacked.unsqueeze(dim % input.ndim + 1)
        )
    result = named(stacked if q.ndim else stacked[0], "SqueezeBackward4")
    return result if out is None else _filled(out, result)


@composite
@full_precision
def quantile(
    input, q, dim: int | None = None, keepdim: bool = False, *, interpolation="linear", out=None
):
    """The ``q``-th quantiles along ``dim`` (or of all elements).  Source: torch.quantile."""
    return _quantile(input, q, dim, keepdim, interpolation, out, False)


@composite
@full_precision
def nanquantile(
    input, q, dim: int | None = None, keepdim: bool = False, *, interpolation="linear", out=None
):
    """The ``q``-th quantiles of what is not nan.  Source: torch.nanquantile."""
    return _quantile(input, q, dim, keepdim, interpolation, out, True)


@op(widen=False, differentiable=False, kinds="iu")
def bincount(xp, input, weights=None, /, minlength=0):
    """How often each value occurs among non-negative integers, or the sum of their ``weights``.

    Shape: (N) -> (max(minlength, largest + 1)).  Source: torch.bincount.
    """
    if input.ndim != 1 or (input.size and input.min() < 0):
        raise RuntimeError("bincount only supports 1-d non-negative integral inputs.")
    if minlength < 0:
        raise RuntimeError("minlength should be >= 0")
    if weights is not None and weights.shape != input.shape:
        raise RuntimeError("weights should be 1-d and have the same length as input")
    counts = xp.bincount(input, weights, minlength)
    if weights is not None and weights.dtype == "float32":
        return counts.astype("float32")
    return counts if weights is not None else counts.astype("int64")


@op(differentiable=False, kinds="f")
def histc(xp, input, /, bins=100, min=0, max=0):
    """How many elements fall into each of ``bins`` equal bins in [min, max] (0, 0: the data's own
    range).

    Shape: (*) -> (bins).  Source: torch.histc.
    """
    if bins <= 0:
        raise RuntimeError("bins must be > 0")
    low, high = float(min), float(max)
    if low == high and input.size:
        low, high = float(input.min()), float(input.max())
    if low == high:
        low, high = low - 1, high + 1
    if low > high:
        raise RuntimeError("max must be larger than min")
    return xp.histogram(input, bins, (low, high))[0].astype(input.dtype)
