"""Pooling over windows: maximum, average, and their adaptive forms, in any number of dimensions.

The loops run over the few places inside a window, each a strided slice of the whole input, so every
step is one vectorised operation.  Letters: N batch, C channels.
"""

from __future__ import annotations

import itertools
import math

from minitorch.dtypes import int64
from minitorch.memory_format import formatted_like
from minitorch.ops._arguments import require_tensor
from minitorch.ops._autocast import full_precision
from minitorch.ops._dims import repeated
from minitorch.ops._op import named, op
from minitorch.ops.elementwise import div
from minitorch.ops.padding import pad

__all__ = [
    "adaptive_avg_pool1d",
    "adaptive_avg_pool2d",
    "adaptive_avg_pool3d",
    "adaptive_max_pool1d",
    "adaptive_max_pool2d",
    "adaptive_max_pool3d",
    "avg_pool1d",
    "avg_pool2d",
    "avg_pool3d",
    "lp_pool1d",
    "lp_pool2d",
    "lp_pool3d",
    "max_pool1d",
    "max_pool2d",
    "max_pool3d",
]

#: What torch calls the nodes: in one dimension, a pool is a view of the one in two.
_NAMES = {
    (kind, spatial): "SqueezeBackward1" if spatial == 1 else f"{kind}{spatial}D{suffix}Backward0"
    for kind, suffix in (
        ("MaxPool", "WithIndices"),
        ("AvgPool", ""),
        ("AdaptiveAvgPool", ""),
        ("AdaptiveMaxPool", ""),
    )
    for spatial in (1, 2, 3)
}

# --- windows ------------------------------------------------------------------------------------


def _places(kernel):
    """The places inside a window, in row-major order."""
    return list(itertools.product(*map(range, kernel)))


def _slices(place, counts, stride, dilation):
    """The elements that stand at one place of each window."""
    return (
        ...,
        *(
            slice(k * d, k * d + s * (n - 1) + 1, s)
            for k, n, s, d in zip(place, counts, stride, dilation, strict=True)
        ),
    )


@op(public=False, method=False, node="MaxPool2DWithIndicesBackward0")
def window_max(xp, input, /, kernel, counts, stride, dilation):
    """The maximum of each window; nan wins.  Shape: (*, *padded) -> (*, *counts)."""
    first, *rest = _places(kernel)
    best = input[_slices(first, counts, stride, dilation)].copy()
    for at in rest:
        xp.maximum(best, input[_slices(at, counts, stride, dilation)], out=best)
    return formatted_like(xp, best, input)


@op(public=False, method=False, differentiable=False)
def window_places(xp, input, best, /, kernel, counts, stride, dilation):
    """Where in its window (row-major) the maximum stands: the first of equals, the last nan.

    Shape: (*, *padded), (*, *counts) -> (*, *counts).
    """
    places = _places(kernel)
    found = xp.zeros(best.shape, "int8" if len(places) < 128 else "int64")
    for k, at in reversed(list(enumerate(places))):
        xp.copyto(found, k, where=input[_slices(at, counts, stride, dilation)] == best)
    if input.dtype.kind == "f" and xp.isnan(best).any():
        for k, at in enumerate(places):
            xp.copyto(found, k, where=xp.isnan(input[_slices(at, counts, stride, dilation)]))
    return found


window_max.vjp(
    # torch: the result itself is not saved, so that an in-place relu may follow.
    input=lambda g, input, input_shape, kernel, counts, stride, dilation: window_put(
        g,
        window_places(
            input,
            window_max(input, kernel, counts, stride, dilation),
            kernel,
            counts,
            stride,
            dilation,
        ),
        input_shape,
        kernel,
        counts,
        stride,
        dilation,
    )
)


@op(public=False, method=False)
def window_put(xp, input, places, /, shape, kernel, counts, stride, dilation):
    """Each element of ``input`` added at its place in its window: window_take's adjoint."""
    result = xp.zeros(shape, input.dtype)
    apart = all(s > d * (k - 1) for s, d, k in zip(stride, dilation, kernel, strict=True))
    for k, at in enumerate(_places(kernel)):
        target = result[_slices(at, counts, stride, dilation)]
        if apart:
            xp.multiply(input, places == k, out=target)
        else:
            target += input * (places == k)
    return result


@op(public=False, method=False)
def window_take(xp, input, places, /, kernel, counts, stride, dilation):
    """The element at the given place of each window."""
    result = xp.zeros(places.shape, input.dtype)
    for k, at in enumerate(_places(kernel)):
        xp.copyto(result, input[_slices(at, counts, stride, dilation)], where=places == k)
    return result


window_put.vjp(
    input=lambda g, places, kernel, counts, stride, dilation: window_take(
        g, places, kernel, counts, stride, dilation
    )
)
window_take.vjp(
    input=lambda g, places, input_shape, kernel, counts, stride, dilation: window_put(
        g, places, input_shape, kernel, counts, stride, dilation
    )
)


@op(public=False, method=False, node="AvgPool2DBackward0")
def window_sum(xp, input, /, kernel, counts, stride):
    """The sum of each window.  Shape: (*, *padded) -> (*, *counts)."""
    ones = (1,) * len(kernel)
    first, *rest = _places(kernel)
    total = input[_slices(first, counts, stride, ones)].copy()
    for at in rest:
        total += input[_slices(at, counts, stride, ones)]
    return formatted_like(xp, total, input)


@op(public=False, method=False)
def window_spread(xp, input, /, shape, kernel, counts, stride):
    """Each element of ``input`` added to all of its window: the adjoint of :func:`window_sum`."""
    ones = (1,) * len(kernel)
    result = xp.zeros(shape, input.dtype)
    for at in _places(kernel):
        result[_slices(at, counts, stride, ones)] += input
    return result


window_sum.vjp(
    input=lambda g, input_shape, kernel, counts, stride: window_spread(
        g, input_shape, kernel, counts, stride
    )
)
window_spread.vjp(input=lambda g, kernel, counts, stride: window_sum(g, kernel, counts, stride))


# --- arguments ----------------------------------------------------------------------------------


_SPELLED = {1: "one", 2: "two", 3: "three"}


def _lengths(name, argument, value, spatial):
    values = tuple(map(int, repeated(value, spatial)))
    if len(values) == 1:
        return values * spatial
    if len(values) != spatial:
        raise RuntimeError(
            f"{name}: {argument} must either be a single int, or a tuple of "
            f"{_SPELLED[spatial]} ints"
        )
    return values


def _pooled(n, kernel, stride, padding, dilation, ceil_mode):
    """The number of windows along one dimension."""
    free = n + 2 * padding - dilation * (kernel - 1) - 1
    if not ceil_mode:
        return free // stride + 1
    count = -(-free // stride) + 1
    # torch: the last window must begin inside the input or its left padding.
    return count - 1 if (count - 1) * stride >= n + padding else count


def _wrong_dimensions(name, input, spatial):
    """torch's words, which differ from pool to pool."""
    low, high = spatial + 1, spatial + 2
    if name in ("max_pool2d", "max_pool3d", "avg_pool3d"):
        return (
            f"non-empty {low}D or {high}D (batch mode) tensor expected for input: {name} got one "
            f"of size {list(input.shape)}"
        )
    if name == "avg_pool1d":
        return (
            f"Expected {low} to {high} dimensions, but got {input.ndim}-dimensional tensor for "
            f"argument #1 'self' (while checking arguments for {name})"
        )
    who = f"{name}: " if spatial == 1 else ""
    return (
        f"{who}Expected {low}D or {high}D (batch mode) tensor with optional 0 dim batch size for "
        f"input, but got:{list(input.shape)}"
    )


def _prepare(name, input, spatial, kernel_size, stride, padding, dilation, ceil_mode):
    require_tensor(input, name)
    if input.ndim not in (spatial + 1, spatial + 2):
        raise RuntimeError(_wrong_dimensions(name, input, spatial))
    kernel = _lengths(name, "kernel_size", kernel_size, spatial)
    # torch: no stride means windows side by side.
    given = stride is not None and (not isinstance(stride, list) or stride)
    stride = _lengths(name, "stride", stride, spatial) if given else kernel
    padding = _lengths(name, "padding", padding, spatial)
    dilation = _lengths(name, "dilation", dilation, spatial)
    if any(s <= 0 for s in stride):
        raise RuntimeError("stride should not be zero")
    for p, k in zip(padding, kernel, strict=True):
        if p < 0:
            raise RuntimeError(f"pad must be non-negative, but got pad: {p}")
        if p > k // 2:
            raise RuntimeError(
                f"pad should be at most half of effective kernel size, but got pad={p}, "
                f"kernel_size={k} and dilation=1"
            )
    lengths = tuple(input.shape[-spatial:])
    counts = tuple(
        _pooled(n, k, s, p, d, ceil_mode)
        for n, k, s, p, d in zip(lengths, kernel, stride, padding, dilation, strict=True)
    )
    if any(n < 1 for n in counts):
        channels = input.shape[-spatial - 1]
        raise RuntimeError(
            f"Given input size: ({channels}x{'x'.join(map(str, lengths))}). Calculated output "
            f"size: ({channels}x{'x'.join(map(str, counts))}). Output size is too small"
        )
    # What the last window reaches beyond the padded input (ceil_mode) is padding, too.
    reach = [
        (n - 1) * s + d * (k - 1) + 1
        for n, s, d, k in zip(counts, stride, dilation, kernel, strict=True)
    ]
    after = [
        max(r - n - p, p) if ceil_mode else p
        for r, n, p in zip(reach, lengths, padding, strict=True)
    ]
    return kernel, stride, padding, dilation, counts, after


def _padded(input, padding, after, value):
    if not any(padding) and not any(after):
        return input
    return pad(
        input,
        [n for p, a in reversed(list(zip(padding, after, strict=True))) for n in (p, a)],
        value=value,
    )


# --- maximum ------------------------------------------------------------------------------------


def _max_pool(spatial, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices):
    name = f"max_pool{spatial}d"
    kernel, stride, padding, dilation, counts, after = _prepare(
        name, input, spatial, kernel_size, stride, padding, dilation, ceil_mode
    )
    lowest = -math.inf if input.dtype.is_floating_point else int(_lowest(input.dtype))
    padded = _padded(input, padding, after, lowest)
    values = window_max(padded, kernel, counts, stride, dilation)
    if spatial != 2:
        named(values, _NAMES["MaxPool", spatial])
    if not return_indices:
        return values
    places = window_places(padded, values, kernel, counts, stride, dilation)
    return values, _flat_indices(
        places, input.shape[-spatial:], kernel, counts, stride, padding, dilation
    )


def _lowest(dtype):
    from minitorch.dtypes import iinfo

    return iinfo(dtype).min


def _flat_indices(places, lengths, kernel, counts, stride, padding, dilation):
    """Places inside windows as torch's indices: positions in the flattened unpadded plane."""
    rest, index, step = places.long(), 0, 1
    spatial = len(lengths)
    for dim in reversed(range(spatial)):
        inside = rest % kernel[dim]
        rest = rest.div(kernel[dim], rounding_mode="floor")
        starts = _starts(counts[dim], stride[dim], padding[dim], places, dim - spatial)
        index = index + (inside * dilation[dim] + starts) * step
        step *= lengths[dim]
    return index


def _starts(count, stride, padding, like, dim):
    from minitorch.ops.creation import arange

    shape = [1] * like.ndim
    shape[dim] = count
    return (arange(count) * stride - padding).reshape(shape)


def max_pool1d(
    input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False
):
    """The maximum of each window.

    Shape: (N, C, L) or (C, L) -> (..., L_out).  Source: F.max_pool1d.
    """
    return _max_pool(1, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool2d(
    input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False
):
    """The maximum of each window, with its index in the plane if asked.

    Shape: (N, C, H, W) or (C, H, W) -> (..., H_out, W_out).
    Raises RuntimeError for sizes that do not fit.
    Source: F.max_pool2d.
    """
    return _max_pool(2, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


@full_precision
def max_pool3d(
    input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False
):
    """The maximum of each window.

    Shape: (N, C, D, H, W) or (C, D, H, W) -> (...).  Source: F.max_pool3d.
    """
    return _max_pool(3, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


# --- average ------------------------------------------------------------------------------------


def _avg_pool(
    spatial, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
):
    name = f"avg_pool{spatial}d"
    if divisor_override == 0:
        raise RuntimeError("divisor must be not zero")
    if input.dtype.rank < 2 and input.dtype is not int64:
        raise NotImplementedError(f'"{name}" not implemented for {input.dtype.legacy_name!r}')
    kernel, stride, padding, _, counts, after = _prepare(
        name, input, spatial, kernel_size, stride, padding, 1, ceil_mode
    )
    total = window_sum(_padded(input, padding, after, 0), kernel, counts, stride)
    if divisor_override is not None:
        size = divisor_override
    elif not any(padding) and after == list(padding):
        size = math.prod(kernel)
    else:
        size = _window_sizes(input, kernel, stride, padding, counts, count_include_pad)
    # torch: the mean of integers is cut to an integer.
    mean = total / size if input.dtype.rank >= 2 else div(total, size, rounding_mode="trunc")
    return named(mean, _NAMES["AvgPool", spatial])


def _window_sizes(input, kernel, stride, padding, counts, count_include_pad):
    """How many elements each window averages over, as a tensor that broadcasts."""
    from minitorch.ops.creation import tensor

    spatial = len(kernel)
    sizes = 1
    for dim, n in enumerate(input.shape[-spatial:]):
        lengths = []
        for i in range(counts[dim]):
            start = i * stride[dim] - padding[dim]
            end = min(start + kernel[dim], n + padding[dim])
            lengths.append(end - start if count_include_pad else min(end, n) - max(start, 0))
        shape = [1] * spatial
        shape[dim] = counts[dim]
        sizes = tensor(lengths, dtype=input.dtype).reshape(shape) * sizes
    return sizes


def avg_pool1d(input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    """The mean of each window.

    Shape: (N, C, L) or (C, L) -> (..., L_out).  Source: F.avg_pool1d.
    """
    return _avg_pool(1, input, kernel_size, stride, padding, ceil_mode, count_include_pad, None)


def avg_pool2d(
    input,
    kernel_size,
    stride=None,
    padding=0,
    ceil_mode=False,
    count_include_pad=True,
    divisor_override=None,
):
    """The mean of each window.

    Shape: (N, C, H, W) or (C, H, W) -> (..., H_out, W_out).
    Raises RuntimeError for sizes that do not fit.
    Source: F.avg_pool2d.
    """
    return _avg_pool(
        2, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
    )


@full_precision
def avg_pool3d(
    input,
    kernel_size,
    stride=None,
    padding=0,
    ceil_mode=False,
    count_include_pad=True,
    divisor_override=None,
):
    """The mean of each window.

    Shape: (N, C, D, H, W) or (C, D, H, W) -> (...).  Source: F.avg_pool3d.
    """
    return _avg_pool(
        3, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
    )


def _lp_pool(spatial, input, norm_type, kernel_size, stride, ceil_mode):
    kernel = _lengths(f"lp_pool{spatial}d", "kernel_size", kernel_size, spatial)
    powered = _avg_pool(spatial, input.pow(norm_type), kernel, stride, 0, ceil_mode, True, None)
    from minitorch.ops.activation import relu

    return (powered.sign() * relu(powered.abs())).mul(math.prod(kernel)).pow(1.0 / norm_type)


def lp_pool1d(input, norm_type, kernel_size, stride=None, ceil_mode=False):
    """The ``norm_type``-norm of each window.

    Shape: (N, C, L) -> (N, C, L_out).  Source: F.lp_pool1d.
    """
    return _lp_pool(1, input, norm_type, kernel_size, stride, ceil_mode)


def lp_pool2d(input, norm_type, kernel_size, stride=None, ceil_mode=False):
    """The ``norm_type``-norm of each window.

    Shape: (N, C, H, W) -> (N, C, H', W').  Source: F.lp_pool2d.
    """
    return _lp_pool(2, input, norm_type, kernel_size, stride, ceil_mode)


def lp_pool3d(input, norm_type, kernel_size, stride=None, ceil_mode=False):
    """The ``norm_type``-norm of each window.

    Shape: (N, C, D, H, W) -> (N, C, D', H', W').  Source: F.lp_pool3d.
    """
    return _lp_pool(3, input, norm_type, kernel_size, stride, ceil_mode)


# --- adaptive -----------------------------------------------------------------------------------


def _target(name, input, output_size, spatial):
    if input.ndim not in (spatial + 1, spatial + 2):
        raise RuntimeError(
            f"{name}(): Expected {spatial + 1}D or {spatial + 2}D tensor, but got "
            f"{list(input.shape)}"
        )
    output_size = repeated(output_size, spatial)
    if len(output_size) != spatial:
        if spatial == 1:
            raise RuntimeError(
                f"{name}() argument 'output_size' should contain one int (got {len(output_size)})"
            )
        inner = "(): internal error: output_size.size()" if "max" in name else ": output_size"
        raise RuntimeError(f"{name}{inner} must be {spatial}")
    return tuple(
        n if wanted is None else int(wanted)
        for n, wanted in zip(input.shape[-spatial:], output_size, strict=True)
    )


def _bounds(n, counts):
    """The windows that divide ``n`` elements into ``counts`` parts: (start, end) of each."""
    return [(i * n // counts, -((-(i + 1) * n) // counts)) for i in range(counts)]


def _adaptive_avg(spatial, input, output_size):
    name = f"adaptive_avg_pool{spatial}d"
    counts = _target(name, input, output_size, spatial)
    lengths = input.shape[-spatial:]
    if 0 in input.shape[-spatial - 1 :]:
        raise RuntimeError(
            f"{name}(): Expected input to have non-zero size for non-batch dimensions, but input "
            f"has sizes {list(input.shape)}"
        )
    if all(n % m == 0 for n, m in zip(lengths, counts, strict=True) if m):
        if counts == (1,) * spatial:
            mean = input.mean(tuple(range(-spatial, 0)), keepdim=True)
            return named(mean, "SqueezeBackward1") if spatial == 1 else mean
        kernel = tuple(n // m for n, m in zip(lengths, counts, strict=True))
        total = window_sum(input, kernel, counts, kernel)
        return named(total / math.prod(kernel), _NAMES["AdaptiveAvgPool", spatial])
    from minitorch.ops.joining import stack

    # Ragged windows, one dimension after the other: a mean of means over a product of windows is
    # exact.
    for dim in range(-spatial, 0):
        parts = [
            input.narrow(dim, start, end - start).mean(dim)
            for start, end in _bounds(input.shape[dim], counts[dim])
        ]
        input = stack(parts, input.ndim + dim)
    return named(input, _NAMES["AdaptiveAvgPool", spatial])


def adaptive_avg_pool1d(input, output_size):
    """The means of ``output_size`` windows.

    Shape: (N, C, L) -> (N, C, L_out).  Source: F.adaptive_avg_pool1d.
    """
    return _adaptive_avg(1, input, output_size)


def adaptive_avg_pool2d(input, output_size):
    """The means of ``output_size`` windows; None keeps a length.

    Shape: (N, C, H, W) or (C, H, W) -> (..., H_out, W_out).  Source: F.adaptive_avg_pool2d.
    """
    return _adaptive_avg(2, input, output_size)


@full_precision
def adaptive_avg_pool3d(input, output_size):
    """The means of ``output_size`` windows.

    Shape: (N, C, D, H, W) -> (...).  Source: F.adaptive_avg_pool3d.
    """
    return _adaptive_avg(3, input, output_size)


def _adaptive_max(spatial, input, output_size, return_indices):
    name = f"adaptive_max_pool{spatial}d"
    counts = _target(name, input, output_size, spatial)
    from minitorch.ops.joining import stack

    lengths = tuple(input.shape[-spatial:])
    windows = itertools.product(*(_bounds(n, m) for n, m in zip(lengths, counts, strict=True)))
    values, indices = [], []
    for window in windows:
        part = input
        for dim, (start, end) in zip(range(-spatial, 0), window, strict=True):
            part = part.narrow(dim, start, end - start)
        best = part.reshape(*input.shape[:-spatial], -1).max(-1)
        values.append(best.values)
        if return_indices:
            indices.append(_in_plane(best.indices, window, lengths))
    shape = (*input.shape[:-spatial], *counts)
    pooled = named(stack(values, -1).reshape(shape), _NAMES["AdaptiveMaxPool", spatial])
    return (pooled, stack(indices, -1).reshape(shape)) if return_indices else pooled


def _in_plane(inside, window, lengths):
    index, step = 0, 1
    for (start, end), n in reversed(list(zip(window, lengths, strict=True))):
        index = index + (inside % (end - start) + start) * step
        inside = inside.div(end - start, rounding_mode="floor")
        step *= n
    return index


def adaptive_max_pool1d(input, output_size, return_indices=False):
    """The maxima of ``output_size`` windows.

    Shape: (N, C, L) -> (N, C, L_out).  Source: F.adaptive_max_pool1d.
    """
    return _adaptive_max(1, input, output_size, return_indices)


def adaptive_max_pool2d(input, output_size, return_indices=False):
    """The maxima of ``output_size`` windows.

    Shape: (N, C, H, W) -> (N, C, H', W').  Source: F.adaptive_max_pool2d.
    """
    return _adaptive_max(2, input, output_size, return_indices)


@full_precision
def adaptive_max_pool3d(input, output_size, return_indices=False):
    """The maxima of ``output_size`` windows.

    Shape: (N, C, D, H, W) -> (...).  Source: F.adaptive_max_pool3d.
    """
    return _adaptive_max(3, input, output_size, return_indices)
