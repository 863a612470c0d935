"""Samples for functions behind layers that have no layer, or more to say than theirs.

The layers themselves are compared in tests/test_modules.py.
"""

from __future__ import annotations

import numpy as np

from tests.samples.base import Fails, S, integers, normal, positive

_weight = normal(7, 3)
_indices = integers(0, 7, 9)
_offsets = np.array([0, 2, 2, 6])

_first = {"_second": False, "_why": "torch has no second gradients"}
_image = {"_grad": (0,), "_why": "the samples are no input to differentiate for"}

SAMPLES = {
    "nn.functional.embedding_bag": [
        S(_indices, _weight, _offsets, **_first),
        S(_indices, _weight, _offsets, mode="sum", per_sample_weights=normal(9), **_first),
        S(_indices.reshape(3, 3), _weight, mode="sum", per_sample_weights=normal(3, 3), **_first),
        S(_indices, _weight, _offsets, mode="max", **_first),
        S(_indices.astype("int32"), _weight, _offsets.astype("int32"), **_first),
        S(_indices[:0], _weight, np.array([0, 0]), **_first),
        S(
            _indices,
            _weight.astype("float32"),
            np.array([0, 2, 2, 9]),
            include_last_offset=True,
            **_first,
        ),
        Fails(_indices, _weight, _offsets, per_sample_weights=normal(9)),
        Fails(_indices, _weight, _offsets, mode="sum", per_sample_weights=normal(8)),
        Fails(_indices, _weight, _offsets, padding_idx=7),
        Fails(_indices + 3, _weight, _offsets),
    ],
    "nn.functional.pdist": [
        S(normal(5, 3), **_first),
        S(normal(5, 3), 1.0, **_first),
        S(normal(4, 2), p=3.0, **_first),
        S(normal(1, 3), **_first),
        Fails(normal(3)),
        Fails(normal(3, 2), -1.0),
    ],
    "nn.functional.conv_tbc": [
        S(normal(5, 2, 3), normal(2, 3, 4), normal(4)),
        S(normal(5, 2, 3), normal(3, 3, 4), normal(4), 1),
    ],
    "nn.functional.lp_pool3d": [S(positive(1, 2, 4, 4, 4), 2.0, 2)],
    "nn.functional.max_pool1d_with_indices": [S(normal(2, 3, 6), 2)],
    "nn.functional.max_pool2d_with_indices": [S(normal(2, 3, 6, 5), 2, 1)],
    "nn.functional.max_pool3d_with_indices": [S(normal(2, 3, 4, 4, 4), 2)],
    "nn.functional.adaptive_max_pool1d_with_indices": [S(normal(2, 3, 6), 4)],
    "nn.functional.adaptive_max_pool2d_with_indices": [S(normal(2, 3, 6, 5), (2, 3))],
    "nn.functional.adaptive_max_pool3d_with_indices": [S(normal(2, 3, 4, 4, 4), 3)],
    "nn.functional.fractional_max_pool2d_with_indices": [
        S(normal(2, 3, 6, 5), 2, 3, _random_samples=np.full((2, 3, 2), 0.7), **_image),
    ],
    "nn.functional.fractional_max_pool3d_with_indices": [
        S(normal(2, 3, 5, 6, 5), 2, 3, _random_samples=np.full((2, 3, 3), 0.4), **_image),
    ],
}
