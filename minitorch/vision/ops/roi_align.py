"""The mean of interpolated values in each cell of a region.  Source: torchvision.ops.roi_align.

Interpolation between rows and between columns are independent of each other, so a region is
``A features B^T`` with a matrix for the rows and one for the columns.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minitorch import nn
from minitorch.ops.creation import from_numpy
from minitorch.ops.joining import stack
from minitorch.tensor import Tensor
from minitorch.vision.ops.roi_pool import as_rois

__all__ = ["RoIAlign", "roi_align"]


def _weights(
    start: float, end: float, count: int, limit: int, sampling_ratio: int, aligned: bool
) -> np.ndarray:
    """(count, limit): how much each of the ``limit`` rows counts in each of ``count`` cells."""
    length = end - start if aligned else max(end - start, 1.0)
    cell = length / count
    samples = sampling_ratio if sampling_ratio > 0 else math.ceil(cell)
    weights = np.zeros((count, limit))
    if samples <= 0:
        return weights
    where = start + (np.arange(count)[:, None] + (np.arange(samples) + 0.5) / samples) * cell
    inside = (where >= -1.0) & (where <= limit)
    where = where.clip(0, limit - 1)
    low = np.floor(where).astype(int)
    high = np.minimum(low + 1, limit - 1)
    rows = np.arange(count)[:, None].repeat(samples, 1)
    share = inside / samples
    np.add.at(weights, (rows, low), (1 - (where - low)) * share)
    np.add.at(weights, (rows, high), (where - low) * share)
    return weights


def roi_align(
    input: Tensor,
    boxes: Tensor | list[Tensor],
    output_size: int | tuple[int, int],
    spatial_scale: float = 1.0,
    sampling_ratio: int = -1,
    aligned: bool = False,
) -> Tensor:
    """The mean of interpolated values in each cell of the regions.

    Args:
        input: features (N, C, H, W).
        boxes: (K, 5), number of the picture and two corners; or for each picture (L, 4).
        output_size: rows and columns of cells.
        spatial_scale: the size of the features over that of the pictures the boxes are in.
        sampling_ratio: the values in a cell, along each side; about one per pixel when not
            positive.
        aligned: shift the boxes by half a pixel, so that they stand where the pixels' middles are.

    Shape: -> (K, C, rows, columns).  Source: torchvision.ops.roi_align.
    """
    rows, columns = output_size if isinstance(output_size, (tuple, list)) else [output_size] * 2
    _, channels, height, width = input.shape
    regions = []
    for number, *corners in as_rois(boxes).detach().numpy().tolist():
        x1, y1, x2, y2 = (corner * spatial_scale - (0.5 if aligned else 0.0) for corner in corners)
        vertical = _weights(y1, y2, rows, height, sampling_ratio, aligned)
        horizontal = _weights(x1, x2, columns, width, sampling_ratio, aligned)
        down, across = (from_numpy(w).to(input.dtype) for w in (vertical, horizontal.T.copy()))
        regions.append(down @ input[int(number)] @ across)
    return stack(regions) if regions else input.new_zeros((0, channels, rows, columns))


class RoIAlign(nn.Module):
    """:func:`roi_align` as a module.  Source: torchvision.ops.RoIAlign."""

    def __init__(
        self,
        output_size: int | tuple[int, int],
        spatial_scale: float,
        sampling_ratio: int,
        aligned: bool = False,
    ) -> None:
        super().__init__()
        self.output_size = output_size
        self.spatial_scale = spatial_scale
        self.sampling_ratio = sampling_ratio
        self.aligned = aligned

    def forward(self, input: Tensor, rois: Any) -> Tensor:
        return roi_align(
            input,
            rois,
            self.output_size,
            self.spatial_scale,
            self.sampling_ratio,
            self.aligned,
        )

    def __repr__(self) -> str:
        names = ("output_size", "spatial_scale", "sampling_ratio", "aligned")
        fields = ", ".join(f"{name}={getattr(self, name)}" for name in names)
        return f"{type(self).__name__}({fields})"
