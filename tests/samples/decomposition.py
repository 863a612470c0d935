"""Samples for minitorch/ops/decomposition.py.

Decompositions are unique only up to signs (phases); gradients are compared where the result is.
"""

from __future__ import annotations

import numpy as np

from tests.samples.base import Fails, S, complex_normal, normal

_eye = np.eye(3)
_square = normal(3, 3) + 3 * _eye
_batch = normal(2, 3, 3) + 3 * _eye
_tall = normal(4, 3)
_wide = normal(3, 4)
_vector = normal(3)
_complex = complex_normal(3, 3) + 3 * _eye
_definite = _square @ _square.T + _eye
_definite_batch = _batch @ _batch.swapaxes(-1, -2) + _eye
_symmetric = _square + _square.T
_singular = np.ones((3, 3))
_single = (normal(3, 3) + 3 * _eye).astype("float32")
_upper = np.triu(_square)
_lower = np.tril(_square)
_whole = np.array([[2, 1], [1, 1]])
_gauge = "the gradient of a vector that is fixed only up to its sign"

_inverses = [
    S(_square),
    S(_batch),
    S(_complex),
    S(_single, _tolerance=1e-4, _why="float32"),
    S(normal(0, 0)),
    Fails(_singular),
    Fails(_tall),
    Fails(_vector),
    Fails(_whole),
]
_determinants = [
    S(_square),
    S(_batch),
    S(_complex, _second=False, _why="compared for real matrices"),
    S(_single, _tolerance=1e-4, _why="float32"),
    Fails(_tall),
    Fails(_vector),
]

SAMPLES = {
    "linalg.inv": _inverses,
    "inverse": _inverses,
    "linalg.solve": [
        S(_square, _vector),
        S(_square, _tall[:3]),
        S(_batch, normal(2, 3, 2)),
        S(_batch, normal(2, 3)),
        S(_square, normal(2, 3), left=False),
        S(_batch, normal(3, 2)),
        S(_complex, complex_normal(3, 2)),
        Fails(_singular, _vector),
        Fails(_square, normal(4)),
        Fails(_tall, _vector),
    ],
    "linalg.solve_triangular": [
        S(_upper, normal(3, 2), upper=True),
        S(_lower, normal(3, 2), upper=False),
        S(_lower, normal(2, 3), upper=False, left=False),
        S(_square, normal(3, 2), upper=True, unitriangular=True),
        Fails(_tall, normal(4, 2), upper=True),
    ],
    "linalg.det": [*_determinants, S(_singular, _second=False, _why="singular")],
    "det": _determinants,
    "linalg.slogdet": _determinants,
    "slogdet": _determinants,
    "logdet": [S(_definite), S(_definite_batch), Fails(_tall)],
    "linalg.cholesky": [
        S(_definite),
        S(_definite_batch),
        S(_definite, upper=True),
        S(_complex @ _complex.conj().T + _eye, _grad=False, _why="a free phase"),
        Fails(-_definite),
        Fails(_tall),
    ],
    "linalg.qr": [
        S(_square),
        S(_tall),
        S(_batch),
        S(_wide, _grad=False, _why="no gradient here, see docs/divergences.md"),
        S(_tall, mode="complete", _grad=False, _why="no gradient in torch"),
        S(_tall, mode="r", _grad=False, _why="no gradient in torch"),
        Fails(_tall, mode="x"),
        Fails(_vector),
    ],
    "qr": [S(_square), S(_tall), S(_tall, False, _grad=False, _why="no gradient in torch")],
    "linalg.svd": [
        S(_square, _grad=False, _why=_gauge),
        S(_tall, full_matrices=False, _grad=False, _why=_gauge),
        S(_wide, _grad=False, _why=_gauge),
        Fails(_vector),
    ],
    "svd": [S(_tall, _grad=False, _why=_gauge), S(_wide, some=False, _grad=False, _why=_gauge)],
    "linalg.svdvals": [
        S(_square),
        S(_tall),
        S(_wide),
        S(_batch),
        S(_complex, _second=False, _why="real only"),
    ],
    "linalg.eigh": [
        S(_symmetric, _grad=False, _why=_gauge),
        S(_symmetric, UPLO="U", _grad=False, _why=_gauge),
        Fails(_tall),
    ],
    "linalg.eigvalsh": [S(_symmetric), S(_definite_batch), S(_symmetric, "U")],
    "linalg.eig": [
        S(_definite, _grad=False, _why="no gradient here, see docs/divergences.md"),
        Fails(_tall),
    ],
    "linalg.eigvals": [S(_definite, _grad=False, _why="no gradient here, see docs/divergences.md")],
    "linalg.pinv": [
        S(_square),
        S(_tall),
        S(_wide),
        S(_batch),
        S(_singular, _grad=False, _why="not smooth where the rank changes"),
        S(_tall, rtol=0.5, _grad=False, _why="not smooth where the rank changes"),
        Fails(_vector),
    ],
    "pinverse": [S(_square), S(_tall)],
    "linalg.matrix_rank": [
        S(_square),
        S(_singular),
        S(_batch),
        S(_tall, atol=1.0),
        S(_tall, tol=9.0),
    ],
    "linalg.matrix_power": [
        S(_square, 3),
        S(_batch, 2),
        S(_square, 0, _grad=False, _why="constant"),
        S(_square, 1),
        S(_square, -2),
        Fails(_tall, 2),
    ],
    "matrix_power": [S(_square, 5)],
    "linalg.multi_dot": [
        S([_wide, _tall, normal(3, 5)]),
        S([_vector, _wide, normal(4)]),
        S([_tall, normal(3, 2)]),
        Fails([_tall]),
        Fails([_tall, _tall]),
    ],
    "linalg.lstsq": [
        S(_tall, normal(4, 2), _grad=False, _why="compared in the solution", _tolerance=1e-7),
    ],
}
