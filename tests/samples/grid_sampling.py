"""Samples for minitorch/ops/grid_sampling.py."""

from __future__ import annotations

import numpy as np

from tests.samples.base import Fails, S, integers, normal

_image = normal(2, 3, 4, 5)
_volume = normal(2, 2, 3, 4, 5)
_points = normal(2, 3, 2, 2)  # many outside of [-1, 1]
_points_3d = normal(2, 2, 3, 2, 3)
_corners = np.array([[[[-1.0, -1], [1, 1], [1, -1], [0, 0], [-3, 5], [0.5, -0.25]]]])
_on_pixels = {"_grad": (0,), "_why": "kinks: torch takes another side in places"}

_MODES = [
    (mode, padding_mode, align_corners)
    for mode in ("bilinear", "nearest", "bicubic")
    for padding_mode in ("zeros", "border", "reflection")
    for align_corners in (True, False)
]
_sampled = [
    *[S(_image, _points, *modes) for modes in _MODES],
    *[S(_image[:1], _corners, *modes, **_on_pixels) for modes in _MODES],
    *[S(_volume, _points_3d, *modes) for modes in _MODES if modes[0] != "bicubic"],
    S(_image.astype("float32"), _points.astype("float32"), align_corners=False),
    S(_image[:, :, :1, :1], _points, padding_mode="reflection", align_corners=True),
    S(_image[:, :0], _points, align_corners=False),
    S(_image[:0], _points[:0], align_corners=False),
    S(_image, _points[:, :0], align_corners=False),
]

SAMPLES = {
    "nn.functional.grid_sample": [
        *_sampled,
        Fails(_image, _points, "linear"),
        Fails(_image, _points, padding_mode="circular"),
        Fails(_image, _points_3d),
        Fails(_image, _points[:1]),
        Fails(_image[0], _points),
        Fails(_image, _points[..., :1]),
        Fails(_image[:, :, :0], _points),
        Fails(_image, _points.astype("float32")),
        Fails(_volume, _points_3d, "bicubic"),
        Fails(integers(0, 5, 1, 1, 3, 3), integers(0, 2, 1, 1, 1, 2)),
        Fails(_image, 1.0),
    ],
    "grid_sampler": [
        S(_image, _points, 0, 0, False),
        S(_image, _points, 1, 1, True),
        S(_image, _points, 2, 2, False),
        S(_volume, _points_3d, 0, 1, False),
    ],
    "nn.functional.affine_grid": [
        S(normal(2, 2, 3), (2, 3, 4, 5), True),
        S(normal(2, 2, 3), [2, 3, 4, 5], align_corners=False),
        S(normal(1, 2, 3, dtype="float32"), (1, 1, 2, 1), False),
        S(normal(2, 3, 4), (2, 1, 2, 3, 4), False),
        S(normal(2, 3, 4), (2, 1, 2, 3, 4), True),
        Fails(normal(2, 3, 4), (2, 1, 3, 4), True),
        Fails(normal(2, 2, 3), (2, 1, 2, 3, 4), True),
        Fails(normal(2, 2, 3), (2, 3, 4), True),
        Fails(normal(2, 2, 3), (2, 1, 0, 4), False),
        Fails(normal(1, 2, 3), (2, 1, 3, 4), False),
        Fails(integers(0, 2, 1, 2, 3), (1, 1, 3, 4), False),
    ],
    "affine_grid_generator": [
        S(normal(2, 2, 3), (2, 3, 4, 5), True),
        S(normal(1, 3, 4), (1, 3, 2, 4, 5), False),
    ],
}
