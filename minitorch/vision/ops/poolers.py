"""Regions from features of several sizes.  Source: torchvision.ops.poolers."""

from __future__ import annotations

import math
from typing import Any

from minitorch import nn
from minitorch.dtypes import int64
from minitorch.ops.joining import cat
from minitorch.tensor import Tensor
from minitorch.vision.ops.boxes import box_area
from minitorch.vision.ops.roi_align import roi_align
from minitorch.vision.ops.roi_pool import as_rois

__all__ = ["LevelMapper", "MultiScaleRoIAlign"]


class LevelMapper:
    """Which features a box is taken from: ``floor(lvl0 + log2(sqrt(area) / s0) + eps)``.

    Args:
        k_min, k_max: the first and the last level.
        canonical_scale: the side s0 of a box that belongs to ...
        canonical_level: ... the level lvl0.
        eps: added before rounding down.

    Source: torchvision.ops.poolers.LevelMapper.
    """

    def __init__(
        self,
        k_min: int,
        k_max: int,
        canonical_scale: int = 224,
        canonical_level: int = 4,
        eps: float = 1e-6,
    ) -> None:
        self.k_min = k_min
        self.k_max = k_max
        self.s0 = canonical_scale
        self.lvl0 = canonical_level
        self.eps = eps

    def __call__(self, boxlists: list[Tensor]) -> Tensor:
        """For all boxes of all pictures their level, counted from the first."""
        side = cat([box_area(boxes) for boxes in boxlists]).sqrt()
        level = (self.lvl0 + (side / self.s0).log2() + self.eps).floor()
        return level.clamp(self.k_min, self.k_max).to(int64) - self.k_min


class MultiScaleRoIAlign(nn.Module):
    """:func:`roi_align` on features of several sizes; a large box is taken from coarse ones.

    Args:
        featmap_names: which of the features are used, the finest first.
        output_size: rows and columns of cells.
        sampling_ratio: as for ``roi_align``.
        canonical_scale, canonical_level: a box with sides of the first belongs to the second.

    Shape: {name: (N, C, H_i, W_i)}, N times (L, 4), N sizes of pictures -> (K, C, rows, columns).
    Source: torchvision.ops.MultiScaleRoIAlign.
    """

    def __init__(
        self,
        featmap_names: list[str],
        output_size: int | tuple[int] | list[int],
        sampling_ratio: int,
        *,
        canonical_scale: int = 224,
        canonical_level: int = 4,
    ) -> None:
        super().__init__()
        size = (output_size, output_size) if isinstance(output_size, int) else tuple(output_size)
        self.featmap_names = featmap_names
        self.sampling_ratio = sampling_ratio
        self.output_size: Any = size
        self.scales: list[float] | None = None
        self.map_levels: LevelMapper | None = None
        self.canonical_scale = canonical_scale
        self.canonical_level = canonical_level

    def _setup(self, features: list[Tensor], image_shapes: list[tuple[int, int]]) -> None:
        """The features' sizes over that of the pictures, as powers of two, and their levels."""
        if not image_shapes:
            raise ValueError("images list should not be empty")
        height = max(shape[0] for shape in image_shapes)
        powers = [round(math.log2(feature.shape[-2] / height)) for feature in features]
        self.scales = [2.0**power for power in powers]
        self.map_levels = LevelMapper(
            -powers[0], -powers[-1], self.canonical_scale, self.canonical_level
        )

    def forward(
        self, x: dict[str, Tensor], boxes: list[Tensor], image_shapes: list[tuple[int, int]]
    ) -> Tensor:
        features = [value for name, value in x.items() if name in self.featmap_names]
        if self.scales is None or self.map_levels is None:
            self._setup(features, image_shapes)
        assert self.scales is not None and self.map_levels is not None
        rois = as_rois(boxes)
        size, ratio = self.output_size, self.sampling_ratio
        if len(features) == 1:
            return roi_align(features[0], rois, size, self.scales[0], ratio)
        levels = self.map_levels(boxes)
        result = features[0].new_zeros((len(rois), features[0].shape[1], *size))
        for level, (feature, scale) in enumerate(zip(features, self.scales, strict=True)):
            here = (levels == level).nonzero().flatten()
            result[here] = roi_align(feature, rois[here], size, scale, ratio)
        return result

    def __repr__(self) -> str:
        names = ("featmap_names", "output_size", "sampling_ratio")
        fields = ", ".join(f"{name}={getattr(self, name)}" for name in names)
        return f"{type(self).__name__}({fields})"
