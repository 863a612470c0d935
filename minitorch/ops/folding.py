"""Images cut into overlapping patches, and patches added up to images: each the other's adjoint.

Letters: N batch, C channels, K elements of a patch in one channel, P patches.
"""

from __future__ import annotations

import math

from minitorch.ops._arguments import require_tensor
from minitorch.ops._dims import repeated
from minitorch.ops._op import named, op
from minitorch.ops.padding import constant_pad
from minitorch.ops.pooling import _places, _slices

__all__ = ["fold", "unfold"]


@op(public=False, method=False, node="Im2ColBackward0")
def gather_patches(xp, input, /, kernel, counts, stride, dilation):
    """Every patch as a column.  Shape: (N, C, H, W) -> (N, C * K, P)."""
    places = _places(kernel)
    result = xp.empty((*input.shape[:2], len(places), *counts), input.dtype)
    for k, at in enumerate(places):
        result[:, :, k] = input[_slices(at, counts, stride, dilation)]
    return result.reshape(len(input), input.shape[1] * len(places), math.prod(counts))


@op(public=False, method=False, node="Col2ImBackward0")
def add_patches(xp, input, /, shape, kernel, counts, stride, dilation):
    """Columns added where their patches stand.  Shape: (N, C * K, P) -> ``shape`` (N, C, H, W)."""
    places = _places(kernel)
    patches = input.reshape(*shape[:2], len(places), *counts)
    result = xp.zeros(shape, input.dtype)
    for k, at in enumerate(places):
        result[_slices(at, counts, stride, dilation)] += patches[:, :, k]
    return result


gather_patches.vjp(
    input=lambda g, input_shape, kernel, counts, stride, dilation: add_patches(
        g, input_shape, kernel, counts, stride, dilation
    )
)
add_patches.vjp(
    input=lambda g, kernel, counts, stride, dilation: gather_patches(
        g, kernel, counts, stride, dilation
    )
)


def unfold(input, kernel_size, dilation=1, padding=0, stride=1):
    """The patches of images as columns: what a convolution multiplies by its weights.

    Shape: (N, C, H, W) -> (N, C * KH * KW, P), or without N; P is the number of places of the
    kernel.  Errors: RuntimeError for sizes that do not fit, IndexError for other dimensions.
    Source: F.unfold.
    """
    require_tensor(input, "im2col")
    if input.ndim not in (3, 4):
        raise IndexError(
            "im2col(): expected 3D or 4D (batch mode) tensor for input, but got: "
            f"{list(input.shape)}"
        )
    settings = _settings(kernel_size, dilation, padding, stride)
    kernel, dilation, padding, stride = settings
    images = input if input.ndim == 4 else input.unsqueeze(0)
    lengths = tuple(images.shape[2:])
    counts = _counts(lengths, *settings)
    if min(counts) < 1:
        raise RuntimeError(
            f"Given input with spatial size {lengths}, kernel_size={kernel}, dilation={dilation}, "
            f"padding={padding}, calculated shape of the array of sliding blocks as {counts}, but "
            "its components must be at least one."
        )
    if any(padding):
        widths = ((0, 0), (0, 0), *((p, p) for p in padding))
        images = constant_pad(images, widths, 0)
    columns = gather_patches(images, kernel, counts, stride, dilation)
    return columns if input.ndim == 4 else named(columns.squeeze(0), "Im2ColBackward0")


def fold(input, output_size, kernel_size, dilation=1, padding=0, stride=1):
    """Images of ``output_size`` to which every column is added where its patch stands.

    The adjoint of :func:`unfold`: where patches overlap, their elements are summed.
    Shape: (N, C * KH * KW, P) -> (N, C, H, W), or without N.
    Errors: RuntimeError for sizes that do not fit.  Source: F.fold.
    """
    require_tensor(input, "col2im")
    if input.ndim not in (2, 3):
        raise RuntimeError(
            "Expected 2D or 3D (batch mode) tensor for input with possibly 0 batch size and "
            f"non-zero dimensions for input, but got: {list(input.shape)}"
        )
    lengths = _pair(output_size, "output_size")
    settings = _settings(kernel_size, dilation, padding, stride)
    kernel, dilation, padding, stride = settings
    columns = input if input.ndim == 3 else input.unsqueeze(0)
    batch, rows, patches = columns.shape
    if rows % math.prod(kernel):
        raise RuntimeError(
            f"Expected size of input's dimension 1 to be divisible by the product of kernel_size, "
            f"but got input.size(1)={rows} and kernel_size={kernel}."
        )
    counts = _counts(lengths, *settings)
    if math.prod(counts) != patches or min(counts) < 1:
        raise RuntimeError(
            f"Given output_size={lengths}, kernel_size={kernel}, dilation={dilation}, "
            f"padding={padding}, stride={stride}, expected size of input's dimension 2 to match "
            f"the calculated number of sliding blocks {counts[0]} * {counts[1]} = "
            f"{math.prod(counts)}, but got input.size(2)={patches}."
        )
    padded = [n + 2 * p for n, p in zip(lengths, padding, strict=True)]
    shape = (batch, rows // math.prod(kernel), *padded)
    images = add_patches(columns, shape, kernel, counts, stride, dilation)
    if any(padding):
        widths = ((0, 0), (0, 0), *((-p, -p) for p in padding))
        images = constant_pad(images, widths, 0)
    return named(images if input.ndim == 3 else images.squeeze(0), "Col2ImBackward0")


def _pair(value, argument):
    values = tuple(map(int, repeated(value, 2)))
    if len(values) != 2:
        raise RuntimeError(f"It is expected {argument} equals to 2, but got size {len(values)}")
    return values


def _settings(kernel_size, dilation, padding, stride):
    kernel = _pair(kernel_size, "kernel_size")
    dilation = _pair(dilation, "dilation")
    padding = _pair(padding, "padding")
    stride = _pair(stride, "stride")
    for name, values, least in (
        ("kernel size", kernel, 1),
        ("dilation", dilation, 1),
        ("stride", stride, 1),
        ("padding", padding, 0),
    ):
        if min(values) < least:
            short = name.split()[0]
            bound = "greater than zero" if least else "non-negative"
            raise RuntimeError(
                f"{name} should be {bound}, but got {short}_height: {values[0]} {short}_width: "
                f"{values[1]}"
            )
    return kernel, dilation, padding, stride


def _counts(lengths, kernel, dilation, padding, stride):
    return tuple(
        (n + 2 * p - d * (k - 1) - 1) // s + 1
        for n, k, d, p, s in zip(lengths, kernel, dilation, padding, stride, strict=True)
    )
