"""Samples for minitorch/ops/matrix_functions.py, and for norm_except_dim."""

from __future__ import annotations

import numpy as np

from tests.samples.base import Fails, S, complex_normal, integers, normal

_tall = normal(5, 3)
_reflections, _taus = (
    np.ascontiguousarray(part.swapaxes(-1, -2)) if part.ndim > 2 else part
    for part in np.linalg.qr(normal(2, 5, 3), mode="raw")
)

SAMPLES = {
    "matrix_exp": [
        S(normal(3, 3)),
        S(normal(2, 2, 2) * 4),
        S(normal(4, 4) * 20, _tolerance=1e-7, _why="a condition of thousands"),
        S(normal(1, 1)),
        S(np.zeros((3, 3))),
        S(complex_normal(3, 3)),
        S(normal(3, 3, dtype="float32")),
        S(normal(0, 0)),
        Fails(normal(2, 3)),
        Fails(normal(3)),
        Fails(integers(0, 3, 2, 2)),
    ],
    "geqrf": [
        S(_tall, _grad=False, _why="torch raises at the call of backward"),
        S(normal(2, 3, 4), _grad=False, _why="torch raises at the call of backward"),
        S(complex_normal(3, 3), _grad=False, _why="torch raises at the call of backward"),
        S(normal(4, 2, dtype="float32"), _grad=False, _why="torch raises at backward"),
        Fails(normal(3)),
    ],
    "linalg.householder_product": [
        S(_reflections, _taus),
        S(_reflections[0], _taus[0, :2]),
        S(normal(3, 3), normal(3)),
        S(complex_normal(4, 2), complex_normal(2)),
        Fails(normal(2, 3), normal(2)),
        Fails(normal(3, 2), normal(3)),
        Fails(normal(3), normal(3)),
    ],
    "norm_except_dim": [
        S(_tall),
        S(_tall, 2, 1),
        S(_tall, dim=-1),
        S(normal(2, 3, 4), 2, 1),
        S(normal(2, 3, 4), 1, 2),
        Fails(_tall, 2, 2),
    ],
}
