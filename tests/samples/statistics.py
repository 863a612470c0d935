"""Samples for minitorch/ops/statistics.py."""

from __future__ import annotations

import numpy as np

from tests.samples.base import Fails, S, complex_normal, integers, normal, positive

_data = normal(3, 6)
_counts = integers(1, 4, 6)
_weights = positive(6)

SAMPLES = {
    "cov": [
        S(_data),
        S(_data, correction=0),
        S(_data[0]),
        S(integers(0, 9, 3, 6)),
        S(complex_normal(3, 6)),
        S(_data, fweights=_counts),
        S(_data, aweights=_weights),
        S(_data, correction=2, fweights=_counts, aweights=_weights),
        Fails(normal(2, 2, 2)),
        Fails(_data > 0),
        Fails(_data, fweights=_weights),
        Fails(_data, aweights=_counts),
        Fails(_data, fweights=_counts[:2]),
        Fails(_data, aweights=-_weights),
        Fails(_data, fweights=np.ones((1, 6), np.int64)),
    ],
    "corrcoef": [
        S(_data),
        S(_data[0]),
        S(complex_normal(3, 6)),
        Fails(normal(2, 2, 2)),
    ],
}
