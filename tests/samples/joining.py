"""Samples for minitorch/ops/joining.py."""

from __future__ import annotations

from tests.samples.base import Fails, S, boolean, integers, normal

_vector = normal(4)
_matrix = normal(3, 4)
_cube = normal(2, 3, 4)
_number = normal()

SAMPLES = {
    "cat": [
        S([_matrix, normal(2, 4)]),
        S([_cube, normal(2, 1, 4), normal(2, 5, 4)], 1),
        S([_cube, normal(2, 3, 2)], -1),
        S([_vector]),
        S([_vector, normal(0)]),
        S([_matrix, normal(0)], 1),
        S([normal(0, 4), _matrix]),
        S([_vector, integers(0, 9, 3)]),
        S([boolean(2), integers(0, 9, 3, dtype="uint8")]),
        S([normal(2, dtype="float32"), _vector]),
        S(tensors=[_vector, _vector], dim=0),
        S([_matrix, _matrix], axis=1),
        Fails([]),
        Fails([_matrix, _vector]),
        Fails([_matrix, normal(3, 5)]),
        Fails([_number]),
        Fails([_matrix], 2),
        Fails(_matrix),
        Fails([_matrix, 1]),
    ],
    "concat": [S([_vector, _vector])],
    "concatenate": [S([_matrix, _matrix], 1)],
    "stack": [
        S([_vector, normal(4)]),
        S([_matrix, normal(3, 4)], 1),
        S([_matrix, normal(3, 4)], -1),
        S([_number, normal()]),
        S([normal(0), normal(0)]),
        S([_vector, integers(0, 9, 4)]),
        S([_vector, _vector], axis=1),
        Fails([]),
        Fails([_vector, _matrix]),
        Fails([_vector], 2),
        Fails(_matrix),
    ],
    "hstack": [S([_vector, normal(2)]), S([_cube, _cube]), S([_number, normal()]), Fails([])],
    "vstack": [
        S([_vector, normal(4)]),
        S([_matrix, _vector]),
        S([_number, normal()]),
        Fails(_vector),
    ],
    "row_stack": [S([_vector, normal(4)])],
    "dstack": [S([_vector, normal(4)]), S([_matrix, _matrix]), S([_number, normal()])],
    "column_stack": [S([_vector, normal(4)]), S([_vector, normal(4, 2)]), S([_number, normal()])],
    "block_diag": [
        S(_matrix, normal(2, 2)),
        S(_vector, _matrix, _number),
        S(_matrix, integers(0, 9, 2, 2)),
        S(),
        Fails(_cube),
    ],
    "cartesian_prod": [
        S(_vector, normal(3)),
        S(_vector),
        S(_vector, normal(2), normal(3)),
        Fails(_matrix),
    ],
    "combinations": [
        S(_vector),
        S(_vector, 3),
        S(_vector, r=2, with_replacement=True),
        S(_vector, 1),
        S(_vector, 5),
        S(_vector, 0, _grad=False, _why="an empty result has no graph"),
        Fails(_matrix),
        Fails(_vector, -1),
    ],
}
