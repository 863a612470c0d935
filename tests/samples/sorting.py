"""Samples for minitorch/ops/sorting.py."""

from __future__ import annotations

import math

import numpy as np

from tests.samples.base import Fails, S, boolean, distinct, integers, normal

_matrix = distinct(3, 4)
_cube = distinct(2, 3, 4)
_number = normal()
_empty = normal(0, 3)
_whole = integers(-3, 4, 3, 5)
_holes = np.array([2.0, math.nan, -1.0, math.inf, math.nan, 0.0])
_repeated = np.array([[1, 1, 2], [1, 1, 2], [0, 3, 3]])
_no_gradient = "torch records a node that only raises"

SAMPLES = {
    "sort": [
        S(_matrix),
        S(_cube, 0),
        S(_cube, 1, True),
        S(_cube, dim=-1, descending=True),
        S(_whole, stable=True),
        S(_whole, stable=True, dim=0, descending=True),
        S(_holes, stable=True),
        S(_holes, stable=True, descending=True),
        S(_number),
        S(_empty, 0),
        S(_empty, 1),
        S(boolean(5), stable=True),
        S(normal(4, dtype="float32")),
        Fails(_matrix, 2),
    ],
    "argsort": [
        S(_matrix),
        S(_cube, 0),
        S(_cube, 1, True),
        S(_cube, dim=-1, descending=True),
        S(_whole, stable=True),
        S(_number),
        S(_empty, 0),
        Fails(_matrix, 2),
    ],
    "msort": [S(_matrix), S(distinct(5)), S(_empty)],
    "topk": [
        S(_matrix, 2),
        S(_cube, 2, 1),
        S(_cube, 2, 0, False),
        S(_cube, k=3, dim=-1, largest=False, sorted=True),
        S(_matrix, 0),
        S(_matrix, 4),
        S(_number, 1),
        S(_empty, 2),
        Fails(_matrix, 5),
        Fails(_matrix, -1),
        Fails(_matrix, 1, 2),
        Fails(_matrix, 1.5),
        Fails(_matrix),
    ],
    "kthvalue": [
        S(_matrix, 2),
        S(_cube, 1, 1),
        S(_cube, 2, 0, True),
        S(_cube, k=3, dim=-1, keepdim=True),
        S(_number, 1),
        Fails(_matrix, 5),
        Fails(_matrix, 0),
        Fails(_matrix, 1, 2),
    ],
    "mode": [
        S(_repeated),
        S(_repeated, 0),
        S(_repeated, 1, True),
        S(_repeated.astype("float64"), 1, _grad=False, _why="torch may pick any of equal elements"),
        S(_number),
        Fails(_empty, 0),
        Fails(_matrix, 2),
    ],
    "unique": [
        S(_whole),
        S(_whole, return_inverse=True),
        S(_whole, return_counts=True),
        S(_whole, True, True, True),
        S(_repeated, dim=0),
        S(_repeated, dim=1, return_inverse=True, return_counts=True),
        S(boolean(6)),
        S(np.array([1.5, 0.5, 1.5]), _grad=False, _why=_no_gradient),
        S(np.array([math.nan, 1.0, math.nan]), _grad=False, _why=_no_gradient),
        S(integers(0, 3, 0)),
        Fails(_whole, dim=2),
    ],
    "unique_consecutive": [
        S(_whole),
        S(_repeated, True, True),
        S(_repeated, dim=0),
        S(_repeated, return_inverse=True, return_counts=True, dim=1),
        S(integers(0, 3, 0)),
        S(np.array([math.nan, math.nan, 1.0]), _grad=False, _why=_no_gradient),
    ],
}
