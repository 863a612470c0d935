"""Images read at points between the pixels: the grids of points, and the reading.

A point's coordinates stand last, x (along the width) first; -1 and 1 are the two borders. Where in
a pixel the border lies is the meaning of ``align_corners``: in its center, or at its outer edge.

Letters: N batch, C channels, D depth, H height, W width; P the points of an image.
"""

from __future__ import annotations

import functools
import itertools
import math
import operator
import warnings

from minitorch import dtypes
from minitorch.ops._arguments import require_tensor
from minitorch.ops._autocast import full_precision
from minitorch.ops._op import composite, expand, named
from minitorch.ops.creation import linspace, ones, zeros
from minitorch.ops.elementwise import floor, remainder, round
from minitorch.ops.gathering import gather
from minitorch.ops.linalg import bmm
from minitorch.ops.masking import where

__all__ = ["affine_grid", "affine_grid_generator", "grid_sample", "grid_sampler"]

_F = "nn.functional"
_MODES = ("bilinear", "nearest", "bicubic")
_PADDING_MODES = ("zeros", "border", "reflection")

# --- grids --------------------------------------------------------------------------------------


@composite(home=_F)
def affine_grid(theta, size, align_corners=None):
    """The points to read so that an image of ``size`` comes out moved by the matrices ``theta``.

    A point ``p`` of the result is read at ``theta @ (p, 1)``; see :func:`grid_sample`.
    Shape: (N, 2, 3) and ``size`` (N, C, H, W) -> (N, H, W, 2); (N, 3, 4) and (N, C, D, H, W) ->
    (N, D, H, W, 3).
    Errors: ValueError for matrices of another shape or type or an empty size, NotImplementedError
    for sizes of other lengths.  Source: F.affine_grid; Jaderberg et al. (2015).
    """
    require_tensor(theta, "affine_grid", "theta")
    if align_corners is None:
        align_corners = _default_corners()
    if not theta.is_floating_point():
        raise ValueError(f"Expected theta to have floating point type, but got {theta.dtype}")
    if len(size) not in (4, 5):
        raise NotImplementedError(
            "affine_grid only supports 4D and 5D sizes, for 2D and 3D affine transforms, "
            f"respectively. Got size {size}."
        )
    spatial = len(size) - 2
    if theta.ndim != 3 or tuple(theta.shape[1:]) != (spatial, spatial + 1):
        raise ValueError(
            f"Expected a batch of {spatial}D affine matrices of shape Nx{spatial}x{spatial + 1} "
            f"for size {size}. Got {theta.shape}."
        )
    if align_corners and min(size[2:]) == 1:
        warnings.warn(
            "Since version 1.3.0, affine_grid behavior has changed for unit-size grids when "
            "align_corners=True. All points along such a side are its center, 0.",
            stacklevel=2,
        )
    elif min(size) <= 0:
        raise ValueError(f"Expected non-zero, positive output size. Got {size}")
    return affine_grid_generator(theta, size, align_corners)


@composite(method=False)
def affine_grid_generator(theta, size, align_corners):
    """:func:`affine_grid` without checks.

    Shape: (N, 2, 3) -> (N, H, W, 2), or (N, 3, 4) -> (N, D, H, W, 3).
    Source: torch.affine_grid_generator.
    """
    batch, _, *lengths = size
    spatial = len(lengths)
    points = ones((*lengths, spatial + 1), dtype=theta.dtype, device=theta.device)
    for d, length in enumerate(lengths):
        line = _line(length, align_corners, theta)
        points[..., spatial - 1 - d] = line.reshape(-1, *(1,) * (spatial - 1 - d))
    points = expand(points.reshape(1, -1, spatial + 1), (batch, -1, -1))
    grid = bmm(points, theta.transpose(1, 2)).reshape(batch, *lengths, spatial)
    return named(grid, "AffineGridGeneratorBackward0")


def _line(length, align_corners, like):
    """The coordinates of the pixels along one side."""
    if length <= 1:
        return zeros(length, dtype=like.dtype, device=like.device)
    line = linspace(-1, 1, length, dtype=like.dtype, device=like.device)
    return line if align_corners else line * ((length - 1) / length)


def _default_corners():
    warnings.warn(
        "Default grid_sample and affine_grid behavior has changed to align_corners=False since "
        "1.3.0. Please specify align_corners=True if the old behavior is desired. ",
        stacklevel=3,
    )
    return False


# --- reading ------------------------------------------------------------------------------------


@composite(home=_F)
@full_precision
def grid_sample(input, grid, mode="bilinear", padding_mode="zeros", align_corners=None):
    """``input`` read at the points of ``grid``, between -1 and 1 from border to border.

    ``mode``: "bilinear" (in three dimensions trilinear), "nearest", or "bicubic" for images.
    ``padding_mode`` is what stands outside: "zeros", the "border", or the "reflection" of the
    inside.  See :func:`affine_grid`.
    Shape: (N, C, H, W), (N, H', W', 2) -> (N, C, H', W');
    (N, C, D, H, W), (N, D', H', W', 3) -> (N, C, D', H', W').
    Errors: ValueError for unknown modes; RuntimeError for shapes that do not go together.
    Source: F.grid_sample; cubics by Keys (1981).
    """
    require_tensor(input, "grid_sample")
    require_tensor(grid, "grid_sample", "grid", 2)
    if mode not in _MODES:
        raise ValueError(
            "nn.functional.grid_sample(): expected mode to be 'bilinear', 'nearest' or 'bicubic', "
            f"but got: '{mode}'"
        )
    if padding_mode not in _PADDING_MODES:
        raise ValueError(
            "nn.functional.grid_sample(): expected padding_mode to be 'zeros', 'border', or "
            f"'reflection', but got: '{padding_mode}'"
        )
    if align_corners is None:
        align_corners = _default_corners()
    return _sample(input, grid, mode, padding_mode, align_corners)


@composite(method=False)
def grid_sampler(input, grid, interpolation_mode, padding_mode, align_corners):
    """:func:`grid_sample` with the modes given by their numbers.

    ``interpolation_mode`` is 0 (bilinear), 1 (nearest) or 2 (bicubic), ``padding_mode`` 0 (zeros),
    1 (border) or 2 (reflection).
    Shape: (N, C, H, W), (N, H', W', 2) -> (N, C, H', W').  Source: torch.grid_sampler.
    """
    if interpolation_mode not in range(3) or padding_mode not in range(3):
        raise ValueError(
            "grid_sampler(): interpolation_mode and padding_mode must be 0, 1 or 2, but got "
            f"{interpolation_mode} and {padding_mode}"
        )
    mode, padding_mode = _MODES[interpolation_mode], _PADDING_MODES[padding_mode]
    return _sample(input, grid, mode, padding_mode, align_corners)


def _sample(input, grid, mode, padding_mode, align_corners):
    _check(input, grid, mode)
    lengths = input.shape[2:]
    read = functools.partial(_read, input.flatten(2), lengths)
    points = [
        _pixels(grid[..., len(lengths) - 1 - d].flatten(1), length, align_corners)
        for d, length in enumerate(lengths)
    ]  # (N, P) for each of (D,) H, W
    bring_inside = functools.partial(_inside, padding_mode, align_corners)
    if mode == "bicubic":
        values = _cubic(read, points, lengths, bring_inside)
    else:
        points = [bring_inside(at, length) for at, length in zip(points, lengths, strict=True)]
        values = read([round(at) for at in points]) if mode == "nearest" else _linear(read, points)
    result = values.reshape(*input.shape[:2], *grid.shape[1:-1])
    return named(result, f"GridSampler{len(lengths)}DBackward0")


def _pixels(at, length, align_corners):
    """Coordinates in [-1, 1] as places in units of pixels, 0 the center of the first."""
    return (at + 1) * ((length - 1) / 2) if align_corners else (at + 1) * (length / 2) - 0.5


def _inside(padding_mode, align_corners, at, length):
    """Places moved into the image, where something stands outside of it."""
    if padding_mode == "zeros":
        return at
    if padding_mode == "reflection":
        # The mirrors stand in the centers of the border pixels, or half a pixel outside.
        low, span = (0, length - 1) if align_corners else (-0.5, length)
        if span == 0:
            return at * 0
        distance = abs(at - low)
        turns = floor(distance.detach() / span)
        rest = distance - turns * span
        at = where(remainder(turns, 2) == 0, rest, span - rest) + low
    # torch: no gradient on the border itself, and nan is the first pixel.
    top = length - 1
    return where((at > 0) & (at < top), at, (at >= top).to(at.dtype) * top)


def _read(flat, lengths, places):
    """The pixels at whole ``places`` (as floats), zero outside.

    Shape: (N, C, D*H*W), (N, P) for each dimension -> (N, C, P).
    """
    places = [place.detach() for place in places]
    exists = functools.reduce(
        operator.and_,
        [(at >= 0) & (at <= n - 1) for at, n in zip(places, lengths, strict=True)],
    )
    index = 0
    for at, n in zip(places, lengths, strict=True):
        index = index * n + where(exists, at, 0.0).to(dtypes.int64)
    values = gather(flat, 2, expand(index.unsqueeze(1), (-1, flat.shape[1], -1)))
    return where(exists.unsqueeze(1), values, 0.0)


def _linear(read, points):
    """Every point between 2 ** d pixels: the nearer one is, the more it weighs."""
    first = [floor(at.detach()) for at in points]
    fractions = [at - low for at, low in zip(points, first, strict=True)]
    weights = [(1 - fraction, fraction) for fraction in fractions]
    total = 0
    for corner in itertools.product((0, 1), repeat=len(points)):
        values = read([low + step for low, step in zip(first, corner, strict=True)])
        # torch: the weight of x first
        of_corner = [weights[d][step] for d, step in enumerate(corner)][::-1]
        total = total + values * functools.reduce(operator.mul, of_corner).unsqueeze(1)
    return total


def _cubic(read, points, lengths, bring_inside):
    """Cubics through 4 pixels along each row, and one through those along the column."""
    rows, columns = (floor(at.detach()) for at in points)
    of_row, of_column = (
        _cubic_weights(at - low) for at, low in zip(points, (rows, columns), strict=True)
    )
    total = 0
    for i in range(4):
        row = bring_inside(rows + (i - 1), lengths[0])
        along = 0
        for j in range(4):
            column = bring_inside(columns + (j - 1), lengths[1])
            along = along + read([row, column]) * of_column[j].unsqueeze(1)
        total = total + along * of_row[i].unsqueeze(1)
    return total


def _cubic_weights(t, a=-0.75):
    """What the 4 pixels around a place weigh, of which it lies ``t`` after the second."""

    def near(x):
        return ((a + 2) * x - (a + 3)) * x * x + 1

    def far(x):
        return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a

    return far(t + 1), near(t), near(1 - t), far(2 - t)


def _check(input, grid, mode):
    if input.dtype is not grid.dtype:
        raise RuntimeError(
            f"grid_sampler(): expected input and grid to have same dtype, but input has "
            f"{input.dtype} and grid has {grid.dtype}"
        )
    if not 4 <= input.ndim <= 5 or input.ndim != grid.ndim:
        raise RuntimeError(
            "grid_sampler(): expected 4D or 5D input and grid with same number of dimensions, but "
            f"got input with sizes {list(input.shape)} and grid with sizes {list(grid.shape)}"
        )
    if input.shape[0] != grid.shape[0]:
        raise RuntimeError(
            "grid_sampler(): expected grid and input to have same batch size, but got input with "
            f"sizes {list(input.shape)} and grid with sizes {list(grid.shape)}"
        )
    if grid.shape[-1] != input.ndim - 2:
        raise RuntimeError(
            f"grid_sampler(): expected grid to have size {input.ndim - 2} in last dimension, but "
            f"got grid with sizes {list(grid.shape)}"
        )
    if not math.prod(input.shape[2:]):
        raise RuntimeError(
            "grid_sampler(): expected input to have non-empty spatial dimensions, but input has "
            f"sizes {list(input.shape)}"
        )
    if mode == "bicubic" and input.ndim != 4:
        raise RuntimeError("grid_sampler(): bicubic interpolation only supports 4D input")
    if not input.is_floating_point():
        raise NotImplementedError(
            f'"grid_sampler_{input.ndim - 2}d_cpu" not implemented for {input.dtype.legacy_name!r}'
        )
