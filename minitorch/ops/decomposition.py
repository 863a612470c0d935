"""Solving, inverting and decomposing matrices (``torch.linalg``), in batches."""

from __future__ import annotations

import numpy as np

from minitorch.dtypes import finfo, from_numpy
from minitorch.ops._autocast import full_precision
from minitorch.ops._op import composite, named, op
from minitorch.ops.elementwise import _is_complex, abs, conjugate, log, masked_zero
from minitorch.ops.linalg import matmul, matmul_batched, matrix_h, matrix_t
from minitorch.ops.reduction import prod, spread, sum
from minitorch.return_types import return_type
from minitorch.tensor import Tensor

__all__ = [
    "LinAlgError",
    "cholesky",
    "det",
    "eig",
    "eigh",
    "eigvals",
    "eigvalsh",
    "inv",
    "inverse",
    "logdet",
    "lstsq",
    "matrix_power",
    "matrix_rank",
    "multi_dot",
    "pinv",
    "pinverse",
    "qr",
    "slogdet",
    "solve",
    "solve_triangular",
    "svd",
    "svdvals",
]


def _check_matrix(name, array):
    if array.ndim < 2:
        raise RuntimeError(f"linalg.{name}: The input tensor A must have at least 2 dimensions.")
    if array.dtype.kind in "biu":
        raise RuntimeError(
            f"linalg.{name}: Expected a floating point or complex tensor as input. Got "
            f"{from_numpy(array.dtype).legacy_name}"
        )


def _check_square(name, array):
    _check_matrix(name, array)
    if array.shape[-1] != array.shape[-2]:
        raise RuntimeError(
            f"linalg.{name}: A must be batches of square matrices, but they are "
            f"{array.shape[-2]} by {array.shape[-1]} matrices"
        )


class LinAlgError(RuntimeError):
    """A matrix that cannot be decomposed or inverted.  Source: ``torch.linalg.LinAlgError``."""


def _product(*matrices):
    result = matrices[0]
    for matrix in matrices[1:]:
        result = matmul_batched(result, matrix)
    return result


# --- inverse and systems --------------------------------------------------------------------------


@full_precision
@op(name="linalg_inv", public=False, method=False, node="LinalgInvExBackward0")
def inv(xp, A, /):
    """The inverse.

    Shape: (*, n, n) -> (*, n, n).  Raises RuntimeError if singular.  Source: torch.linalg.inv.
    """
    _check_square("inv", A)
    try:
        return xp.linalg.inv(A)
    except np.linalg.LinAlgError:
        raise LinAlgError(
            "linalg.inv: The diagonal element is zero, the inversion could not be completed "
            "because the input matrix is singular."
        ) from None


inv.vjp(A=lambda g, out: -_product(matrix_h(out), g, matrix_h(out)))


@composite
@full_precision
def inverse(input, *, out=None):
    """:func:`minitorch.linalg.inv`.  Source: torch.inverse."""
    return inv(input, out=out)


@op(name="linalg_solve", public=False, method=False, node="LinalgSolveExBackward0")
def _solve_matrix(xp, A, B, /):
    """X with A X = B."""
    try:
        return xp.linalg.solve(A, B)
    except np.linalg.LinAlgError:
        raise LinAlgError(
            "torch.linalg.solve: The solver failed because the input matrix is singular."
        ) from None


_solve_matrix.vjp(
    A=lambda g, A, out: -_product(_solve_matrix(matrix_h(A), g), matrix_h(out)),
    B=lambda g, A: _solve_matrix(matrix_h(A), g),
)


@full_precision
def solve(A, B, *, left=True, out=None):
    """X with ``A X = B`` (or ``X A = B`` with ``left=False``); B may be a vector.

    Shape: (*, n, n), (*, n, k) or (*, n) -> as B.  Raises RuntimeError if singular.  Source:
        torch.linalg.solve.
    """
    _check_square("solve", A._array)
    if B.shape[(0 if B.ndim == 1 else -2) if left else -1] != A.shape[-1] and tuple(
        B.shape
    ) != tuple(A.shape[:-1]):
        raise RuntimeError(
            "linalg.solve: Incompatible shapes of A and B for the equation "
            f"{'AX = B' if left else 'XA = B'} ({A.shape[-2]}x{A.shape[-1]} and "
            f"{'x'.join(map(str, B.shape[-2:]))})"
        )
    vector = B.ndim == 1 or (B.ndim == A.ndim - 1 and tuple(B.shape) == tuple(A.shape[:-1]))
    if not left:
        result = solve(A.mT, B if vector else B.mT)
        result = result if vector else result.mT
    else:
        matrix = B.unsqueeze(-1) if vector else B
        result = _solve_matrix(A, matrix)
        result = result.squeeze(-1) if vector else result
    return result if out is None else out.copy_(result)


def solve_triangular(A, B, *, upper, left=True, unitriangular=False, out=None):
    """:func:`solve` for a triangular ``A``; the other triangle is not read.

    Source: torch.linalg.solve_triangular.
    """
    triangle = A.triu() if upper else A.tril()
    if unitriangular:
        from minitorch.ops.creation import eye

        triangle = (A.triu(1) if upper else A.tril(-1)) + eye(
            A.shape[-1], dtype=A.dtype, device=A.device
        )
    return solve(triangle, B, left=left, out=out)


@op(name="linalg_det", public=False, method=False, node="LinalgDetBackward0")
def _det(xp, A, /):
    """The determinant."""
    _check_square("det", A)
    return xp.asarray(xp.linalg.det(A))


_det.vjp(A=lambda g, A, out: _det_gradient(g, A, out))


def _det_gradient(g, A, out):
    # By Jacobi's formula, det(A) inv(A)^H; a singular matrix needs its cofactors, here from the
    # SVD.
    array = A._array if isinstance(A, Tensor) else A
    outer = spread(g * conjugate(out), array.shape, (-2, -1), False)
    if np.all(np.linalg.cond(array) < 1 / np.finfo(array.dtype).eps):
        return outer * matrix_h(inv(A))
    if isinstance(A, Tensor):
        u, s, vh = svd(A, full_matrices=False)
        others = _products_of_others(s)
        phase = _det(u) * _det(vh)
        cofactors = matmul(u * (others * phase.unsqueeze(-1)).unsqueeze(-2), vh)
        return spread(g, array.shape, (-2, -1), False) * cofactors
    u, s, vh = np.linalg.svd(array)
    others = np.stack([np.prod(np.delete(s, i, -1), -1) for i in range(s.shape[-1])], -1)
    phase = np.conj(np.linalg.det(u) * np.linalg.det(vh))
    cofactors = (u * (others * phase[..., None])[..., None, :]) @ vh
    return np.expand_dims(g, (-2, -1)) * cofactors.astype(array.dtype)


def _products_of_others(s):
    from minitorch.ops.joining import cat, stack

    n = s.shape[-1]
    parts = [
        prod(cat([s.narrow(-1, 0, i), s.narrow(-1, i + 1, n - i - 1)], -1), -1) for i in range(n)
    ]
    return stack(parts, -1)


@composite(name="det")
def det(A, *, out=None):
    """The determinant.  Shape: (*, n, n) -> (*).  Source: torch.linalg.det."""
    return _det(A, out=out)


@op(
    name="linalg_slogdet",
    public=False,
    method=False,
    outputs=("sign", "logabsdet"),
    node="LinalgSlogdetBackward0",
)
def _slogdet(xp, A, /):
    """The sign and the logarithm of the size of the determinant."""
    _check_square("slogdet", A)
    sign, size = xp.linalg.slogdet(A)
    return xp.asarray(sign), xp.asarray(size)


def _slogdet_gradient(g, A, outs, A_shape):
    of_sign, of_size = g
    total = 0 if of_size is None else of_size
    if of_sign is not None and _is_complex(outs[0]):
        # The sign turns with the imaginary part of d log(det).
        turn = conjugate(outs[0]) * of_sign
        total = total + (turn - conjugate(turn)) * 0.5
    elif of_size is None:
        return None
    return spread(total, A_shape, (-2, -1), False) * matrix_h(inv(A))


_slogdet.vjp(A=_slogdet_gradient)


@composite(name="slogdet")
def slogdet(A, *, out=None):
    """(sign, log |det|).  Shape: (*, n, n) -> (*), (*).  Source: torch.linalg.slogdet."""
    return _slogdet(A, out=out)


@composite
def logdet(input):
    """The logarithm of the determinant; nan if that is negative.  Source: torch.logdet."""
    sign, size = _slogdet(input)
    return named(log(sign) + size, "WhereBackward0")


# --- decompositions -------------------------------------------------------------------------------


@op(name="linalg_cholesky", public=False, method=False, node="LinalgCholeskyExBackward0")
def _cholesky(xp, A, /):
    """The lower triangle L with A = L L^H."""
    _check_square("cholesky", A)
    try:
        return xp.linalg.cholesky(A)
    except np.linalg.LinAlgError:
        raise LinAlgError(
            "linalg.cholesky: The factorization could not be completed because the input is not "
            "positive-definite."
        ) from None


@op(public=False, method=False)
def half_lower(xp, input, /):
    """The lower triangle with its diagonal halved."""
    return xp.tril(input) * (1 - 0.5 * xp.eye(input.shape[-1], dtype=input.real.dtype))


@op(public=False, method=False)
def lower(xp, input, /):
    """The lower triangle."""
    return xp.tril(input)


half_lower.vjp(input=lambda g: half_lower(g))
lower.vjp(input=lambda g: lower(g))


def _cholesky_gradient(g, out):
    middle = half_lower(_product(matrix_h(out), lower(g)))
    inside = _solve_matrix(matrix_h(out), middle)
    half = matrix_h(_solve_matrix(matrix_h(out), matrix_h(inside)))
    return (half + matrix_h(half)) * 0.5


_cholesky.vjp(A=_cholesky_gradient)


@full_precision
def cholesky(A, *, upper=False, out=None):
    """The triangle L with ``A = L L^H`` (or its adjoint with ``upper``).

    Shape: (*, n, n) -> (*, n, n).  Raises RuntimeError unless positive definite.  Source:
        torch.linalg.cholesky.
    """
    factor = _cholesky(A)
    factor = factor.mH if upper else factor
    return factor if out is None else out.copy_(factor)


@op(name="linalg_qr", public=False, method=False, outputs=("Q", "R"), node="LinalgQrBackward0")
def _qr(xp, A, /, mode="reduced"):
    """A = Q R."""
    _check_matrix("qr", A)
    if mode not in ("reduced", "complete"):
        raise RuntimeError(
            f"qr received unrecognized mode '{mode}' but expected one of 'reduced' (default), "
            "'r', or 'complete'"
        )
    return tuple(xp.linalg.qr(A, mode))


@op(public=False, method=False)
def upper(xp, input, /):
    """The upper triangle."""
    return xp.triu(input)


upper.vjp(input=lambda g: upper(g))


def _qr_gradient(g, outs, A_shape, mode):
    q, r = outs
    m, n = A_shape[-2:]
    if mode == "complete" and m > n or m < n:
        raise NotImplementedError(
            "the gradient of qr needs mode='reduced' and at least as many rows as columns"
        )
    of_q, of_r = g
    inside = 0
    if of_r is not None:
        inside = inside + _product(r, matrix_h(of_r))
    if of_q is not None:
        inside = inside - _product(matrix_h(of_q), q)
    # The lower triangle, mirrored to a Hermitian matrix.
    low = half_lower(inside)
    mirrored = low + matrix_h(low)
    total = _product(q, mirrored)
    if of_q is not None:
        total = total + of_q
    return matrix_h(_solve_matrix(r, matrix_h(total)))


_qr.vjp(A=_qr_gradient)
_qr.op.result = return_type("linalg_qr", ("Q", "R"))


@composite(name="qr")
@full_precision
def qr(A, mode="reduced", *, out=None):
    """A = Q R, Q with orthonormal columns, R upper triangular.

    ``mode``: "reduced", "complete", or "r" (an empty Q).  Shape: (*, m, n) -> (*, m, k), (*, k, n).
    Source: torch.linalg.qr.
    """
    if isinstance(mode, bool):  # torch.qr(some=True)
        mode = "reduced" if mode else "complete"
    if mode == "r":
        return _qr(A)._replace(Q=A.new_empty(0))
    return _qr(A, mode, out=out)


@op(
    name="linalg_svd",
    public=False,
    method=False,
    outputs=("U", "S", "Vh"),
    node="LinalgSvdBackward0",
)
def _svd(xp, A, /, full_matrices=True):
    """A = U diag(S) Vh."""
    _check_matrix("svd", A)
    return tuple(xp.linalg.svd(A, full_matrices))


def _svd_gradient(g, outs, A_shape, full_matrices):
    u, s, vh = outs
    of_u, of_s, of_vh = g
    m, n = A_shape[-2:]
    if full_matrices and m != n and (of_u is not None or of_vh is not None):
        raise NotImplementedError("the gradient of svd for U or Vh needs full_matrices=False")
    k = min(m, n)
    u, vh = first_columns(u, k), matrix_t(first_columns(matrix_t(vh), k))
    row, column = insert_last(s), matrix_t(insert_last(s))  # (k, 1), (1, k)
    inside = 0
    if of_s is not None:
        inside = inside + on_diagonal_of(of_s)
    if of_u is not None or of_vh is not None:
        gap = column * column - row * row
        equal = gap == 0
        gap = masked_zero(1 / (gap + equal), equal)
        if of_u is not None:
            x = _product(matrix_h(u), of_u)
            inside = inside + ((x - matrix_h(x)) * gap) * column
        if of_vh is not None:
            y = _product(vh, matrix_h(of_vh))
            inside = inside + row * ((y - matrix_h(y)) * gap)
    total = _product(u, inside, vh)
    if of_u is not None and m > k:
        part = of_u / column
        total = total + _product(part - _product(u, matrix_h(u), part), vh)
    if of_vh is not None and n > k:
        part = of_vh / row
        total = total + _product(u, part - _product(part, matrix_h(vh), vh))
    return total


_svd.vjp(A=_svd_gradient)


@op(public=False, method=False)
def first_columns(xp, input, /, count):
    """The first ``count`` columns."""
    return xp.array(input[..., :count])


@op(public=False, method=False)
def widen_columns(xp, input, /, count):
    """Zero columns added up to ``count``: the adjoint of :func:`first_columns`."""
    result = xp.zeros((*input.shape[:-1], count), input.dtype)
    result[..., : input.shape[-1]] = input
    return result


first_columns.vjp(input=lambda g, input_shape: widen_columns(g, input_shape[-1]))
widen_columns.vjp(input=lambda g, input_shape: first_columns(g, input_shape[-1]))


@op(public=False, method=False)
def insert_last(xp, input, /):
    """A last dimension of length 1."""
    return xp.array(input[..., None])


insert_last.vjp(input=lambda g: sum(g, -1))


@op(public=False, method=False)
def on_diagonal_of(xp, input, /):
    """Square matrices with ``input`` on their diagonals."""
    return input[..., None] * xp.eye(input.shape[-1], dtype=input.dtype)


@op(public=False, method=False)
def diagonal_of(xp, input, /):
    """The diagonals of matrices."""
    return xp.array(xp.diagonal(input, axis1=-2, axis2=-1))


on_diagonal_of.vjp(input=lambda g: diagonal_of(g))
diagonal_of.vjp(input=lambda g: on_diagonal_of(g))


@full_precision
def svd(A, full_matrices=True, *, driver=None, out=None):
    """A = U diag(S) Vh, S falling.

    Shape: (*, m, n) -> (*, m, k), (*, k), (*, k, n).  Source: torch.linalg.svd.
    """
    return _svd(A, full_matrices, out=out)


@full_precision
def svdvals(A, *, driver=None, out=None):
    """The singular values, falling.  Shape: (*, m, n) -> (*, k).  Source: torch.linalg.svdvals."""
    return _svd(A, False).S


_svd_type = return_type("svd", ("U", "S", "V"))


@composite(name="svd")
def old_svd(input, some=True, compute_uv=True, *, out=None):
    """A = U diag(S) V^H, with V itself.  Source: torch.svd."""
    u, s, vh = _svd(input, not some)
    return _svd_type(u, s, vh.mH)


@op(
    name="linalg_eigh",
    public=False,
    method=False,
    outputs=("eigenvalues", "eigenvectors"),
    node="LinalgEighBackward0",
)
def _eigh(xp, A, /, UPLO="L"):
    """A = Q diag(w) Q^H for Hermitian A."""
    _check_square("eigh", A)
    return tuple(xp.linalg.eigh(A, UPLO))


def _eigh_gradient(g, outs):
    w, q = outs
    of_w, of_q = g
    inside = 0
    if of_w is not None:
        inside = inside + on_diagonal_of(of_w)
    if of_q is not None:
        gap = matrix_t(insert_last(w)) - insert_last(w)
        equal = gap == 0
        turn = _product(matrix_h(q), of_q)
        inside = inside + masked_zero((turn - matrix_h(turn)) * 0.5 / (gap + equal), equal)
    return _product(q, inside, matrix_h(q))


_eigh.vjp(A=_eigh_gradient)


@full_precision
def eigh(A, UPLO="L", *, out=None):
    """(eigenvalues, eigenvectors) of Hermitian matrices, values rising.

    Source: torch.linalg.eigh.
    """
    return _eigh(A, UPLO, out=out)


@full_precision
def eigvalsh(A, UPLO="L", *, out=None):
    """The eigenvalues of Hermitian matrices, rising.  Source: torch.linalg.eigvalsh."""
    return _eigh(A, UPLO).eigenvalues


@op(
    name="linalg_eig",
    public=False,
    method=False,
    outputs=("eigenvalues", "eigenvectors"),
    differentiable=False,
)
def _eig(xp, A, /):
    """A V = V diag(w), complex."""
    _check_square("eig", A)
    w, v = xp.linalg.eig(A)
    kind = "complex64" if A.dtype.name in ("float32", "complex64") else "complex128"
    return w.astype(kind), v.astype(kind)


@full_precision
def eig(A, *, out=None):
    """(eigenvalues, eigenvectors), complex.

    Raises NotImplementedError for gradients.  Source: torch.linalg.eig.
    """
    if A.requires_grad:
        raise NotImplementedError(
            "linalg.eig has no gradient here; eigh has, for Hermitian matrices"
        )
    return _eig(A, out=out)


@full_precision
def eigvals(A, *, out=None):
    """The eigenvalues, complex.  Source: torch.linalg.eigvals."""
    return eig(A).eigenvalues


# --- built on these -------------------------------------------------------------------------------


@composite
@full_precision
def pinverse(input, rcond=1e-15):
    """:func:`minitorch.linalg.pinv`.  Source: torch.pinverse."""
    return pinv(input, rtol=rcond)


def pinv(A, *, atol=None, rtol=None, hermitian=False, out=None):
    """The pseudo-inverse, from the SVD.

    Shape: (*, m, n) -> (*, n, m).  Source: torch.linalg.pinv.
    """
    u, s, vh = _svd(A, False)
    limit = _cutoff(A, s, atol, rtol)
    inverse_s = masked_zero(1 / (s + (s <= limit)), s <= limit)
    result = named(matmul(vh.mH * inverse_s.unsqueeze(-2), u.mH), "LinalgPinvBackward0")
    return result if out is None else out.copy_(result)


def _cutoff(A, s, atol, rtol):
    if rtol is None:
        rtol = 0.0 if atol is not None else finfo(A.dtype).eps * max(A.shape[-2:])
    largest = s.detach().amax(-1, True)
    return (largest * rtol).clamp(min=0.0 if atol is None else atol)


@full_precision
def matrix_rank(A, *, tol=None, atol=None, rtol=None, hermitian=False, out=None):
    """The number of singular values above the tolerance.  Source: torch.linalg.matrix_rank."""
    s = svdvals(A.detach())
    return (s > _cutoff(A, s, tol if tol is not None else atol, rtol)).sum(-1)


@composite
def matrix_power(A, n, *, out=None):
    """The matrix to an integer power, negative ones of the inverse.

    Source: torch.linalg.matrix_power.
    """
    if A.ndim < 2 or A.shape[-1] != A.shape[-2]:
        _check_square("matrix_power", A._array)
    if n < 0:
        return matrix_power(inv(A), -n)
    from minitorch.ops.creation import eye

    if n == 0:
        return eye(A.shape[-1], dtype=A.dtype, device=A.device).expand_as(A).clone()
    if n == 1:
        return A.clone()
    result, square = None, A
    while n:
        if n & 1:
            result = square if result is None else matmul(result, square)
        n >>= 1
        square = matmul(square, square) if n else square
    return result


def multi_dot(tensors, *, out=None):
    """The product of several matrices, in the cheapest order.  Source: torch.linalg.multi_dot."""
    if len(tensors) < 2:
        raise RuntimeError(f"multi_dot(): expected at least 2 tensors but got {len(tensors)}")
    for number, tensor in enumerate(tensors):
        if tensor.dtype != tensors[0].dtype:
            raise RuntimeError(
                "multi_dot(): all tensors must have be the same dtype but tensor 0 is "
                f"{tensors[0].dtype.cpp_name} and tensor {number} {tensor.dtype.cpp_name}"
            )
    sizes = [(t.shape[0] if t.ndim == 2 else 1) for t in tensors[:1]] + [
        t.shape[-1] for t in tensors
    ]
    best, cut = {}, {}
    for length in range(1, len(tensors) + 1):
        for i in range(len(tensors) - length + 1):
            j = i + length - 1
            choices = [
                (best[i, k] + best[k + 1, j] + sizes[i] * sizes[k + 1] * sizes[j + 1], k)
                for k in range(i, j)
            ]
            best[i, j], cut[i, j] = min(choices) if choices else (0, None)

    def product(i, j):
        return tensors[i] if i == j else matmul(product(i, cut[i, j]), product(cut[i, j] + 1, j))

    return named(product(0, len(tensors) - 1), "ViewBackward0")


_lstsq_type = return_type("linalg_lstsq", ("solution", "residuals", "rank", "singular_values"))


@full_precision
def lstsq(A, B, rcond=None, *, driver=None):
    """X that minimises |A X - B|, with residuals, rank and singular values.

    Source: torch.linalg.lstsq.
    """
    driver = driver or "gelsy"
    solution = named(matmul(pinv(A, rtol=rcond), B), "LinalgLstsqBackward0")
    rank = matrix_rank(A, rtol=rcond)
    residuals = singular_values = A.new_empty(0, dtype=A.dtype.to_real())
    # torch: its default driver, gelsy, gives neither residuals nor singular values.
    if driver != "gelsy" and A.shape[-2] > A.shape[-1] and bool((rank == A.shape[-1]).all()):
        residuals = (abs(matmul(A, solution) - B) ** 2).sum(-2)
    if driver in ("gelsd", "gelss"):
        singular_values = svdvals(A.detach())
    return _lstsq_type(solution, residuals, rank, singular_values)
