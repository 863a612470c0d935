"""``torch.linalg``: norms, products and decompositions."""

from __future__ import annotations

from minitorch.ops.decomposition import (
    LinAlgError,
    cholesky,
    det,
    eig,
    eigh,
    eigvals,
    eigvalsh,
    inv,
    lstsq,
    matrix_power,
    matrix_rank,
    multi_dot,
    pinv,
    qr,
    slogdet,
    solve,
    solve_triangular,
    svd,
    svdvals,
)
from minitorch.ops.linalg import linalg_cross as cross
from minitorch.ops.linalg import linalg_norm as norm
from minitorch.ops.linalg import matmul, matrix_norm, vector_norm
from minitorch.ops.matrix_functions import (
    householder_product,
    matrix_exp,
)

__all__ = [
    "LinAlgError",
    "cholesky",
    "cross",
    "det",
    "eig",
    "eigh",
    "eigvals",
    "eigvalsh",
    "householder_product",
    "inv",
    "lstsq",
    "matmul",
    "matrix_exp",
    "matrix_norm",
    "matrix_power",
    "matrix_rank",
    "multi_dot",
    "norm",
    "pinv",
    "qr",
    "slogdet",
    "solve",
    "solve_triangular",
    "svd",
    "svdvals",
    "vector_norm",
]
