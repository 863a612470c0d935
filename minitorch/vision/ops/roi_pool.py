"""The highest value in each cell of a region.  Source: torchvision.ops.roi_pool."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minitorch import nn
from minitorch.ops.creation import full_like
from minitorch.ops.joining import cat, stack
from minitorch.tensor import Tensor

__all__ = ["RoIPool", "as_rois", "roi_pool"]


def as_rois(boxes: Tensor | list[Tensor]) -> Tensor:
    """Regions (K, 5), each behind the number of its picture.

    Raises AssertionError for other shapes than (K, 5) or, in a list, (L, 4).
    """
    if isinstance(boxes, Tensor):
        if boxes.dim() != 2 or boxes.shape[1] != 5:
            raise AssertionError("The boxes tensor shape is not correct as Tensor[K, 5]")
        return boxes
    if not isinstance(boxes, (list, tuple)):
        raise AssertionError("boxes is expected to be a Tensor[L, 5] or a List[Tensor[K, 4]]")
    for each in boxes:
        if each.shape[1] != 4:
            raise AssertionError(
                "The shape of the tensor in the boxes list is not correct as List[Tensor[L, 4]]"
            )
    return cat([cat([full_like(b[:, :1], i), b], dim=1) for i, b in enumerate(boxes)], dim=0)


def _cells(start: float, end: float, count: int, limit: int) -> list[slice]:
    """The cells along one side of a region, which may share a pixel."""
    # C's round: halves away from zero.
    first, last = (math.floor(abs(v) + 0.5) * int(math.copysign(1, v)) for v in (start, end))
    length = np.float32(max(last - first + 1, 1)) / np.float32(count)
    cells = []
    for i in range(count):
        low = math.floor(np.float32(i) * length) + first
        high = math.ceil(np.float32(i + 1) * length) + first
        cells.append(slice(min(max(low, 0), limit), min(max(high, 0), limit)))
    return cells


def roi_pool(
    input: Tensor,
    boxes: Tensor | list[Tensor],
    output_size: int | tuple[int, int],
    spatial_scale: float = 1.0,
) -> Tensor:
    """The highest value in each cell of the regions.

    Args:
        input: features (N, C, H, W).
        boxes: (K, 5), number of the picture and two corners; or for each picture (L, 4).
        output_size: rows and columns of cells.
        spatial_scale: the size of the features over that of the pictures the boxes are in.

    Shape: -> (K, C, rows, columns); cells outside the features are 0.
    Source: torchvision.ops.roi_pool.
    """
    rows, columns = output_size if isinstance(output_size, (tuple, list)) else [output_size] * 2
    _, channels, height, width = input.shape
    regions = []
    rois = as_rois(boxes).detach().numpy()
    scaled = (rois[:, 1:] * rois.dtype.type(spatial_scale)).tolist()
    for number, (left, top, right, bottom) in zip(rois[:, 0], scaled, strict=True):
        picture = input[int(number)]
        pooled = []
        for vertical in _cells(top, bottom, rows, height):
            for horizontal in _cells(left, right, columns, width):
                cell = picture[:, vertical, horizontal].reshape(channels, -1)
                pooled.append(cell.max(1)[0] if cell.shape[1] else cell.sum(1))
        regions.append(stack(pooled, 1).reshape(channels, rows, columns))
    return stack(regions) if regions else input.new_zeros((0, channels, rows, columns))


class RoIPool(nn.Module):
    """:func:`roi_pool` as a module.  Source: torchvision.ops.RoIPool."""

    def __init__(self, output_size: int | tuple[int, int], spatial_scale: float) -> None:
        super().__init__()
        self.output_size = output_size
        self.spatial_scale = spatial_scale

    def forward(self, input: Tensor, rois: Any) -> Tensor:
        return roi_pool(input, rois, self.output_size, self.spatial_scale)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(output_size={self.output_size}, "
            f"spatial_scale={self.spatial_scale})"
        )
