"""Images made larger or smaller: interpolation, and channels turned into pixels.

Every kind of interpolation but "nearest" is, along each dimension, a matrix of weights: one row per
element of the result.  So one op carries them all, and its gradient is the same op with the
matrices transposed.
"""

from __future__ import annotations

import math

import numpy as np

from minitorch.memory_format import contiguous_format, formatted_like
from minitorch.ops._arguments import require_tensor
from minitorch.ops._op import named, op
from minitorch.ops.padding import add_positions, take_positions
from minitorch.ops.pooling import adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d
from minitorch.tensor import Tensor

__all__ = ["channel_shuffle", "interpolate", "pixel_shuffle", "pixel_unshuffle"]

_F = "nn.functional"

# --- channels and pixels ------------------------------------------------------------------------


@op(method=False, home=_F)
def pixel_shuffle(xp, input, /, upscale_factor):
    """Every r * r channels become the r x r pixels in place of one, with r = ``upscale_factor``.

    Shape: (*, C r^2, H, W) -> (*, C, H r, W r).
    Errors: RuntimeError for fewer than 3 dimensions or channels that r^2 does not divide.
    Source: F.pixel_shuffle; Shi et al. (2016).
    """
    _check_pixels("pixel_shuffle", "upscale_factor", input, upscale_factor)
    r = upscale_factor
    *batch, channels, height, width = input.shape
    if channels % (r * r):
        raise RuntimeError(
            "pixel_shuffle expects its input's 'channel' dimension to be divisible by the square "
            f"of upscale_factor, but input.size(-3)={channels} is not divisible by {r * r}"
        )
    parts = input.reshape(-1, channels // (r * r), r, r, height, width)
    pixels = xp.ascontiguousarray(parts.transpose(0, 1, 4, 2, 5, 3))
    result = pixels.reshape(*batch, channels // (r * r), height * r, width * r)
    return result.copy() if xp.shares_memory(result, input) else result


@op(method=False, home=_F)
def pixel_unshuffle(xp, input, /, downscale_factor):
    """Every r x r pixels become r * r channels of one: the inverse of :func:`pixel_shuffle`.

    Shape: (*, C, H r, W r) -> (*, C r^2, H, W).
    Errors: RuntimeError for fewer than 3 dimensions or sides that r does not divide.
    Source: F.pixel_unshuffle.
    """
    _check_pixels("pixel_unshuffle", "downscale_factor", input, downscale_factor)
    r = downscale_factor
    *batch, channels, height, width = input.shape
    for name, dim, length in (("height", -2, height), ("width", -1, width)):
        if length % r:
            raise RuntimeError(
                f"pixel_unshuffle expects {name} to be divisible by downscale_factor, but "
                f"input.size({dim})={length} is not divisible by {r}"
            )
    parts = input.reshape(-1, channels, height // r, r, width // r, r)
    pixels = xp.ascontiguousarray(parts.transpose(0, 1, 3, 5, 2, 4))
    result = pixels.reshape(*batch, channels * r * r, height // r, width // r)
    return result.copy() if xp.shares_memory(result, input) else result


def _check_pixels(name, argument, input, factor):
    if input.ndim < 3:
        raise RuntimeError(
            f"{name} expects input to have at least 3 dimensions, but got input with {input.ndim} "
            "dimension(s)"
        )
    if factor <= 0:
        raise RuntimeError(f"{name} expects a positive {argument}, but got {factor}")


pixel_shuffle.vjp(input=lambda g, upscale_factor: pixel_unshuffle(g, upscale_factor))
pixel_unshuffle.vjp(input=lambda g, downscale_factor: pixel_shuffle(g, downscale_factor))


def channel_shuffle(input, groups):
    """The channels of ``groups`` groups in turns: the first of each, then the second of each.

    Shape: (N, C, *) -> (N, C, *).
    Errors: RuntimeError for fewer than 3 dimensions or channels that ``groups`` does not divide.
    Source: F.channel_shuffle; Zhang et al. (2018).
    """
    require_tensor(input, "channel_shuffle")
    if input.ndim <= 2:
        raise RuntimeError(
            f"channel_shuffle expects input with > 2 dims, but got input with sizes "
            f"{list(input.shape)}"
        )
    if groups <= 0:
        raise RuntimeError(
            f"Number of groups to divide channels in must be positive. Value of groups:{groups}"
        )
    batch, channels, *rest = input.shape
    if channels % groups:
        raise RuntimeError(
            f"Number of channels must be divisible by groups. Got {channels} channels and "
            f"{groups} groups."
        )
    parts = input.reshape(batch, groups, channels // groups, *rest)
    shuffled = parts.transpose(1, 2).clone(memory_format=contiguous_format).reshape(input.shape)
    return named(shuffled, "ChannelShuffleBackward0")


# --- the two maps -------------------------------------------------------------------------------


@op(public=False, method=False, node=lambda params: params["origin"])
def take_nearest(xp, input, /, positions, origin):
    """``input`` read at ``positions[d]`` along every dimension: interpolation with "nearest"."""
    return take_positions.op.body(xp, input, positions)


take_nearest.vjp(input=lambda g, positions, input_shape: add_positions(g, positions, input_shape))


@op(public=False, method=False, node=lambda params: params["origin"])
def map_dimensions(xp, input, /, matrices, origin):
    """``input`` multiplied by ``matrices[d]`` along its d-th last dimension."""
    result = input.astype("float32") if input.dtype.itemsize == 2 else input
    for axis, matrix in zip(range(-len(matrices), 0), matrices, strict=True):
        matrix = xp.asarray(matrix, result.dtype)
        result = xp.moveaxis(xp.matmul(xp.moveaxis(result, axis, -1), matrix.T), -1, axis)
    result = xp.ascontiguousarray(result).astype(input.dtype, copy=False)
    return formatted_like(xp, result, input)


map_dimensions.vjp(
    input=lambda g, matrices, origin: map_dimensions(
        g, tuple(matrix.T for matrix in matrices), origin
    )
)

# --- where to read, and with what weights -------------------------------------------------------


def _step(length, count, factor, align_corners):
    """How far apart two results lie in the input."""
    if align_corners:
        return (length - 1) / (count - 1) if count > 1 else 0.0
    return length / count if factor is None else 1 / factor


def _nearest(length, count, factor, centred):
    # torch: the positions are computed in single precision, whatever the input is.
    step = np.float32(_step(length, count, factor, False))
    at = np.arange(count, dtype=np.float32)
    at = (at + np.float32(0.5)) * step if centred else at * step
    return tuple(np.minimum(np.floor(at).astype(np.int64), length - 1).tolist())


def _sources(count, step, align_corners):
    """Where in the input, in elements, each result lies."""
    at = np.arange(count)
    return at * step if align_corners else (at + 0.5) * step - 0.5


def _weights(length, count, factor, align_corners, cubic):
    """The matrix of interpolation by straight lines or by cubics.  Shape: (count, length)."""
    source = _sources(count, _step(length, count, factor, align_corners), align_corners)
    if not cubic:
        source = np.maximum(source, 0)
    first = np.floor(source).astype(np.int64)
    fraction = source - first
    matrix = np.zeros((count, length))
    rows = np.arange(count)
    for offset in (-1, 0, 1, 2) if cubic else (0, 1):
        distance = np.abs(offset - fraction)
        weight = _cubic(distance, -0.75) if cubic else 1 - distance
        # Beyond the border stands the border.
        np.add.at(matrix, (rows, np.clip(first + offset, 0, length - 1)), weight)
    return matrix


def _cubic(x, a):
    """The convolution kernel of Keys (1981)."""
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = ((x - 5) * x + 8) * x * a - 4 * a
    return np.where(x < 1, near, np.where(x < 2, far, 0.0))


def _smooth_weights(length, count, factor, align_corners, cubic):
    """As :func:`_weights`, but over all elements that fall into a result (``antialias``)."""
    step = _step(length, count, factor, align_corners)
    stretch = max(step, 1.0)
    reach = (2 if cubic else 1) * stretch
    center = ((np.arange(count) + 0.5) * step)[:, None]
    place = np.arange(length)
    distance = np.abs((place + 0.5 - center) / stretch)
    weight = _cubic(distance, -0.5) if cubic else np.maximum(1 - distance, 0)
    inside = (place >= np.trunc(center - reach + 0.5)) & (place < np.trunc(center + reach + 0.5))
    weight = np.where(inside, weight, 0.0)
    return weight / weight.sum(1, keepdims=True)


# --- what users call ----------------------------------------------------------------------------

#: The modes by the number of dimensions they are for; None for any.
_MODES = {
    "nearest": None,
    "nearest-exact": None,
    "area": None,
    "linear": 3,
    "bilinear": 4,
    "bicubic": 4,
    "trilinear": 5,
}
_AREA = {1: adaptive_avg_pool1d, 2: adaptive_avg_pool2d, 3: adaptive_avg_pool3d}


def interpolate(
    input,
    size=None,
    scale_factor=None,
    mode="nearest",
    align_corners=None,
    recompute_scale_factor=None,
    antialias=False,
):
    """``input`` resampled to ``size``, or to its size times ``scale_factor``.

    ``mode``: "nearest", "nearest-exact" or "area" (the mean) for any input; "linear" for
    (N, C, L), "bilinear" and "bicubic" for (N, C, H, W), "trilinear" for (N, C, D, H, W).
    ``align_corners`` maps the corner elements onto each other.  ``recompute_scale_factor`` uses the
    ratio of the whole sizes.  ``antialias`` averages over all elements that fall into one.
    Shape: (N, C, *spatial) -> (N, C, *size).
    Errors: ValueError for arguments that do not go together, NotImplementedError for a mode and
    dimensions that do not.  Source: F.interpolate.
    """
    if not isinstance(input, Tensor):
        raise TypeError(
            f"interpolate(): argument 'input' must be Tensor, not {type(input).__name__}"
        )
    lengths = tuple(input.shape[2:])
    _check_mode(input, mode, align_corners, antialias)
    counts, factors = _output_size(lengths, size, scale_factor, recompute_scale_factor)
    if mode == "area":
        return _AREA[len(lengths)](input, counts)
    _check_sizes(lengths, counts)
    spatial = len(lengths)
    if mode.startswith("nearest"):
        exact = mode == "nearest-exact"
        positions = (None, None) + tuple(
            _nearest(*numbers, exact) for numbers in zip(lengths, counts, factors, strict=True)
        )
        return take_nearest(
            input, positions, f"UpsampleNearest{'Exact' if exact else ''}{spatial}DBackward0"
        )
    weigh = _smooth_weights if antialias else _weights
    matrices = tuple(
        weigh(*numbers, bool(align_corners), mode == "bicubic")
        for numbers in zip(lengths, counts, factors, strict=True)
    )
    kind = f"{mode.capitalize()}{spatial}D{'Aa' if antialias else ''}"
    return map_dimensions(input, matrices, f"Upsample{kind}Backward0")


def _check_mode(input, mode, align_corners, antialias):
    if mode not in _MODES or not 3 <= input.ndim <= 5:
        raise NotImplementedError(
            f"Input Error: Only 3D, 4D and 5D input Tensors supported (got {input.ndim}D) for the "
            f"modes: {' | '.join(_MODES)} (got {mode})"
        )
    if _MODES[mode] not in (None, input.ndim):
        raise NotImplementedError(
            f"Got {input.ndim}D input, but {mode} mode needs {_MODES[mode]}D input"
        )
    if align_corners is not None and mode in ("nearest", "nearest-exact", "area"):
        raise ValueError(
            "align_corners option can only be set with the interpolating modes: linear | "
            "bilinear | bicubic | trilinear"
        )
    if antialias and mode not in ("bilinear", "bicubic"):
        raise ValueError(
            "Anti-alias option is restricted to bilinear and bicubic modes and requires a 4-D "
            "tensor as input"
        )
    if not input.dtype.is_floating_point and not mode.startswith("nearest"):
        raise NotImplementedError(
            f'"upsample_{mode}{input.ndim - 2}d" not implemented for {input.dtype.legacy_name!r}'
        )


def _output_size(lengths, size, scale_factor, recompute_scale_factor):
    """The lengths to reach, and for each the factor that positions are computed with, or None."""
    if size is not None and scale_factor is not None:
        raise ValueError("only one of size or scale_factor should be defined")
    if size is None and scale_factor is None:
        raise ValueError("either size or scale_factor should be defined")
    if size is not None:
        if recompute_scale_factor:
            raise ValueError("recompute_scale_factor is not meaningful with an explicit size.")
        return _per_dimension(lengths, size, "output size of", "output size"), (None,) * len(
            lengths
        )
    factors = _per_dimension(lengths, scale_factor, "scale_factor of shape", "scale_factor")
    counts = tuple(math.floor(n * float(f)) for n, f in zip(lengths, factors, strict=True))
    return counts, (None,) * len(lengths) if recompute_scale_factor else factors


def _per_dimension(lengths, value, described, name):
    if not isinstance(value, (list, tuple)):
        return (value,) * len(lengths)
    if len(value) != len(lengths):
        letters = "(o1, o2, ...,oK)" if name == "output size" else "(s1, s2, ...,sK)"
        raise ValueError(
            f"Input and {name.replace('output size', 'output')} must have the same number of "
            f"spatial dimensions, but got input with spatial dimensions of {list(lengths)} and "
            f"{described} {tuple(value)}. Please provide input tensor in (N, C, d1, d2, ...,dK) "
            f"format and {name} in {letters} format."
        )
    return tuple(value)


def _check_sizes(lengths, counts):
    if min(*lengths, *counts) > 0:
        return
    letters = "DHW"[-len(lengths) :]
    described = [
        ", ".join(f"{letter}: {n}" for letter, n in zip(letters, numbers, strict=True))
        for numbers in (lengths, counts)
    ]
    raise RuntimeError(
        f"Input and output sizes should be greater than 0, but got input ({described[0]}) output "
        f"({described[1]})"
    )
