"""Samples for minitorch/ops/statistics.py."""

from __future__ import annotations

import functools
import math

import numpy as np

from tests.samples.base import Fails, S, complex_normal, integers, normal, positive

_data = normal(3, 6)
_counts = integers(1, 4, 6)
_weights = positive(6)

_S = functools.partial(S, _grad=False, _why="not differentiable")

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
    "histogram": [
        _S(_data),
        _S(_data, 4),
        _S(_weights.astype("float32"), 3, range=(0.25, 0.75)),
        _S(_data, 3, range=(0.5, 0.5)),
        _S(_data, bins=5, weight=positive(3, 6)),
        _S(_data, 3, density=True, weight=positive(3, 6)),
        _S(_data, np.array([-1.0, 0.0, 0.25, 2.0])),
        _S(_data, np.array([-1.0, 0.0, 0.0, 2.0]), density=True),
        _S(np.array([0.0, 0.5, np.nan, 1.0]), 2, range=(0, 1)),
        _S(np.ones(3), 2),
        _S(np.zeros(0), 3),
        Fails(_data, 0),
        Fails(_data, 2.5),
        Fails(_data, np.array([1.0])),
        Fails(_data, np.array([])),
        Fails(_data, np.array([[0.0, 1.0]])),
        Fails(_data, np.array([0.0, 1.0], "float32")),
        Fails(_data, np.array([0.0, 1.0]), range=(0, 1)),
        Fails(_data, 3, range=(1, 0)),
        Fails(_data, 3, range=(0, math.inf)),
        Fails(_data, 3, range=(0, 1, 2)),
        Fails(_data, 3, weight=_weights),
        Fails(_data, 3, weight=positive(3, 6, dtype="float32")),
        Fails(np.array([1.0, np.nan]), 3),
        Fails(_counts, 3),
    ],
    "histogramdd": [
        _S(normal(5, 2), 3),
        _S(normal(4, 5, 2), [2, 3], range=[-1.0, 1.0, 0.0, 2.0]),
        _S(normal(5, 2), [2, 3], weight=positive(5), density=True),
        _S(normal(5, 2), [np.array([-2.0, 0.0, 2.0]), np.array([-1.0, 0.0, 3.0])]),
        Fails(_weights, [2]),
        Fails(normal(5, 2), [2, 3, 4]),
        Fails(normal(5, 2), [2, 3], range=[0.0, 1.0]),
        Fails(normal(5, 2), 3, weight=positive(4)),
    ],
    "corrcoef": [
        S(_data),
        S(_data[0]),
        S(complex_normal(3, 6)),
        Fails(normal(2, 2, 2)),
    ],
}
