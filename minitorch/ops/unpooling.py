"""Maxima put back where they came from, and maxima of windows at random places.

Letters: N batch, C channels, K elements of a window, P windows.
"""

from __future__ import annotations

import math

from minitorch import dtypes
from minitorch.ops._arguments import require_tensor
from minitorch.ops._autocast import full_precision
from minitorch.ops._op import named
from minitorch.ops.creation import arange, tensor, zeros
from minitorch.ops.gathering import gather, scatter
from minitorch.ops.joining import cat
from minitorch.ops.pooling import _lengths
from minitorch.ops.random import rand

__all__ = [
    "fractional_max_pool2d",
    "fractional_max_pool2d_with_indices",
    "fractional_max_pool3d",
    "fractional_max_pool3d_with_indices",
    "max_unpool1d",
    "max_unpool2d",
    "max_unpool3d",
]

# --- back to their places -----------------------------------------------------------------------


def _unpool(spatial, input, indices, kernel_size, stride, padding, output_size):
    name = f"max_unpool{spatial}d"
    require_tensor(input, name)
    require_tensor(indices, name, "indices", 2)
    if indices.dtype is not dtypes.int64:
        raise RuntimeError(
            "elements in indices should be type int64 but got: "
            f"{indices.dtype.legacy_name.removesuffix('Tensor')}"
        )
    if input.ndim not in (spatial + 1, spatial + 2):
        raise RuntimeError(
            f"Input to max_unpooling{spatial}d should be a {spatial + 1}d or {spatial + 2}d "
            f"Tensor, but got a tensor with {input.ndim} dimensions"
        )
    if indices.shape != input.shape:
        raise RuntimeError(
            "Expected shape of indices to be same as that of the input tensor "
            f"({list(input.shape)}) but got indices tensor with shape: {list(indices.shape)}"
        )
    kernel = _lengths(name, "kernel_size", kernel_size, spatial)
    stride = kernel if stride is None else _lengths(name, "stride", stride, spatial)
    padding = _lengths(name, "padding", padding, spatial)
    lengths = _unpooled(tuple(input.shape[-spatial:]), kernel, stride, padding, output_size)
    places = math.prod(lengths)
    wrong = indices._array[(indices._array < 0) | (indices._array >= places)]
    if wrong.size:
        raise RuntimeError(
            f"Found an invalid max index: {wrong.flat[0]} (output volumes are of size "
            f"{'x'.join(map(str, lengths))}{'x1' if spatial == 1 else ''})"
        )
    lead = tuple(input.shape[:-spatial])
    flat = zeros((*lead, places), dtype=input.dtype)
    put = scatter(flat, -1, indices.flatten(-spatial), input.flatten(-spatial))
    node = "SqueezeBackward1" if spatial == 1 else f"MaxUnpool{spatial}DBackward0"
    return named(put.reshape(*lead, *lengths), node)


def _unpooled(lengths, kernel, stride, padding, output_size):
    """The lengths before pooling; ``output_size`` picks among those that a stride leaves open."""
    likely = [
        (n - 1) * s + k - 2 * p for n, k, s, p in zip(lengths, kernel, stride, padding, strict=True)
    ]
    if output_size is None:
        return tuple(likely)
    spatial = len(lengths)
    wanted = tuple(output_size)
    if len(wanted) == spatial + 2:
        wanted = wanted[2:]
    if len(wanted) != spatial:
        raise ValueError(
            f"output_size should be a sequence containing {spatial} or {spatial + 2} elements, "
            f"but it has a length of '{len(wanted)}'"
        )
    for d, (n, expected, s) in enumerate(zip(wanted, likely, stride, strict=True)):
        if not expected - s < n < expected + s:
            raise ValueError(
                f'invalid output_size "{wanted}" (dim {d} must be between {expected - s} and '
                f"{expected + s})"
            )
    return wanted


def max_unpool1d(input, indices, kernel_size, stride=None, padding=0, output_size=None):
    """Zeros, with every maximum at the index that ``max_pool1d(return_indices=True)`` gave.

    Shape: (N, C, L) or (C, L) -> (..., L_out), with L_out = (L - 1) stride - 2 padding +
    kernel_size, or ``output_size``.
    Errors: RuntimeError for indices out of range, ValueError for an output size that no pooling
    could have had.  Source: F.max_unpool1d.
    """
    return _unpool(1, input, indices, kernel_size, stride, padding, output_size)


@full_precision
def max_unpool2d(input, indices, kernel_size, stride=None, padding=0, output_size=None):
    """Zeros, with every maximum at the index that ``max_pool2d(return_indices=True)`` gave.

    Shape: (N, C, H, W) or (C, H, W) -> (..., H_out, W_out), lengths as in :func:`max_unpool1d`.
    Source: F.max_unpool2d.
    """
    return _unpool(2, input, indices, kernel_size, stride, padding, output_size)


@full_precision
def max_unpool3d(input, indices, kernel_size, stride=None, padding=0, output_size=None):
    """Zeros, with every maximum at the index that ``max_pool3d(return_indices=True)`` gave.

    Shape: (N, C, D, H, W) or (C, D, H, W) -> (...), lengths as in :func:`max_unpool1d`.
    Source: F.max_unpool3d.
    """
    return _unpool(3, input, indices, kernel_size, stride, padding, output_size)


# --- windows at random places -------------------------------------------------------------------


def _fractional(spatial, input, kernel_size, output_size, output_ratio, samples):
    name = f"fractional_max_pool{spatial}d"
    require_tensor(input, name)
    if output_size is None and output_ratio is None:
        raise ValueError(f"{name} requires specifying either an output_size or an output_ratio")
    if input.ndim not in (spatial + 1, spatial + 2):
        raise RuntimeError(
            f"{name}(): Expected {spatial + 1}D or {spatial + 2}D tensor, but got: "
            f"{list(input.shape)}"
        )
    lengths = tuple(input.shape[-spatial:])
    kernel = _lengths(name, "kernel_size", kernel_size, spatial)
    if output_size is None:
        ratios = output_ratio
        if not isinstance(ratios, (list, tuple)):
            ratios = (ratios,) * spatial
        counts = tuple(int(n * ratio) for n, ratio in zip(lengths, ratios, strict=True))
    else:
        counts = _lengths(name, "output_size", output_size, spatial)
    sides = ("time", "height", "width")[-spatial:]
    for side, n, k, m in zip(sides, lengths, kernel, counts, strict=True):
        if m + k - 1 > n:
            raise RuntimeError(f"{name}(): pool {side} {k} too large relative to input {side} {n}")
    images = input if input.ndim == spatial + 2 else input.unsqueeze(0)
    batch, channels = images.shape[:2]
    if samples is None:
        samples = rand(batch, channels, spatial, dtype=input.dtype, device=input.device)

    index = 0  # of every element of every window in the plane, (N, C, *counts, *kernel)
    for d, (n, k, m) in enumerate(zip(lengths, kernel, counts, strict=True)):
        # torch: of images the first samples are for the width, of volumes for the depth.
        starts = _starts(samples[:, :, d if spatial == 3 else 1 - d], n, k, m)
        offsets = starts.unsqueeze(-1) + arange(k, device=input.device)
        shape = [batch, channels] + [1] * (2 * spatial)
        shape[2 + d], shape[2 + spatial + d] = m, k
        index = index * n + offsets.reshape(shape)
    index = index.reshape(batch, channels, -1)
    values = gather(images.flatten(2), 2, index)
    windows = values.reshape(batch, channels, *counts, -1)
    best = windows.max(-1)
    places = gather(index.reshape(windows.shape), -1, best.indices.unsqueeze(-1)).squeeze(-1)
    pooled = best.values
    if input.ndim == spatial + 1:
        pooled, places = pooled.squeeze(0), places.squeeze(0)
    return named(pooled, f"FractionalMaxPool{spatial}DBackward0"), places


def _starts(samples, length, kernel, count):
    """Where the windows along one side begin.  Shape: (N, C) -> (N, C, count)."""
    last = length - kernel
    if count == 1:
        return tensor(last, device=samples.device).expand(*samples.shape, 1)
    step = last / (count - 1)
    shift = samples.unsqueeze(-1)
    inner = arange(count - 1, dtype=samples.dtype, device=samples.device)
    starts = ((inner + shift) * step).to(dtypes.int64) - (shift * step).to(dtypes.int64)
    end = tensor(last, device=samples.device).expand(*samples.shape, 1)
    return cat([starts, end], -1)


def fractional_max_pool2d_with_indices(
    input,
    kernel_size,
    output_size=None,
    output_ratio=None,
    return_indices=False,
    _random_samples=None,
):
    """:func:`fractional_max_pool2d` and the index of every maximum in its plane.

    Source: F.fractional_max_pool2d_with_indices.
    """
    return _fractional(2, input, kernel_size, output_size, output_ratio, _random_samples)


@full_precision
def fractional_max_pool2d(
    input,
    kernel_size,
    output_size=None,
    output_ratio=None,
    return_indices=False,
    _random_samples=None,
):
    """The maxima of windows whose steps are drawn so that ``output_size`` of them fit.

    ``output_ratio`` gives the size as a part of the input's.
    Shape: (N, C, H, W) or (C, H, W) -> (..., H_out, W_out).
    Errors: ValueError without a size, RuntimeError for windows that do not fit.
    Source: F.fractional_max_pool2d; Graham (2014).
    """
    both = _fractional(2, input, kernel_size, output_size, output_ratio, _random_samples)
    return both if return_indices else both[0]


def fractional_max_pool3d_with_indices(
    input,
    kernel_size,
    output_size=None,
    output_ratio=None,
    return_indices=False,
    _random_samples=None,
):
    """:func:`fractional_max_pool3d` and the index of every maximum in its volume.

    Source: F.fractional_max_pool3d_with_indices.
    """
    return _fractional(3, input, kernel_size, output_size, output_ratio, _random_samples)


@full_precision
def fractional_max_pool3d(
    input,
    kernel_size,
    output_size=None,
    output_ratio=None,
    return_indices=False,
    _random_samples=None,
):
    """The maxima of windows whose steps are drawn so that ``output_size`` of them fit.

    Shape: (N, C, D, H, W) or (C, D, H, W) -> (..., D_out, H_out, W_out).
    Source: F.fractional_max_pool3d.
    """
    both = _fractional(3, input, kernel_size, output_size, output_ratio, _random_samples)
    return both if return_indices else both[0]
