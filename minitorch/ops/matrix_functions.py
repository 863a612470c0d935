"""The matrix exponential, and orthogonal matrices as products of reflections."""

from __future__ import annotations

import math

from minitorch import dtypes
from minitorch.ops._arguments import require_tensor
from minitorch.ops._autocast import full_precision
from minitorch.ops._op import composite, named, op
from minitorch.ops.creation import eye, ones
from minitorch.ops.diagonals import tril
from minitorch.ops.joining import cat
from minitorch.ops.linalg import matmul, matrix_h
from minitorch.ops.masking import where
from minitorch.ops.shape import unsqueeze

__all__ = ["geqrf", "householder_product", "matrix_exp"]

# --- the exponential ----------------------------------------------------------------------------

#: The numerator of the Pade approximant of degree 13, and the norm up to which it is exact enough;
#: Higham 2005.
_PADE = [
    64764752532480000.0,
    32382376266240000.0,
    7771770303897600.0,
    1187353796428800.0,
    129060195264000.0,
    10559470521600.0,
    670442572800.0,
    33522128640.0,
    1323241920.0,
    40840800.0,
    960960.0,
    16380.0,
    182.0,
    1.0,
]
_REACH = 5.371920351148152


@op(node="LinalgMatrixExpBackward0")
def matrix_exp(xp, input, /):
    """``I + A + A^2 / 2 + A^3 / 6 + ...`` of square matrices: scaling, Pade, squaring.

    Shape: (*, n, n) -> (*, n, n).  Errors: RuntimeError for matrices that are not square, or of
    integers.  Source: torch.matrix_exp; Higham 2005.
    """
    if input.ndim < 2 or input.shape[-1] != input.shape[-2]:
        raise RuntimeError(
            "linalg.matrix_exp: A must be batches of square matrices, but they have shape "
            f"{list(input.shape)}"
        )
    if input.dtype.kind not in "fcV":
        raise RuntimeError(
            "linalg.matrix_exp: Expected a floating point or complex tensor as input. Got "
            f"{input.dtype}"
        )
    if not input.size:
        return input.copy()
    # float32 would lose digits in the squarings.
    wide = input.astype("complex128" if input.dtype.kind == "c" else "float64")
    norm = xp.abs(wide).sum(-2).max()
    squarings = max(0, math.ceil(math.log2(norm / _REACH))) if 0 < norm < math.inf else 0
    result = _pade(xp, wide / 2.0**squarings)
    for _ in range(squarings):
        result = result @ result
    return result.astype(input.dtype)


def _pade(xp, a):
    b = _PADE
    one = xp.eye(a.shape[-1])
    a2 = a @ a
    a4 = a2 @ a2
    a6 = a4 @ a2
    odd = a6 @ (b[13] * a6 + b[11] * a4 + b[9] * a2) + b[7] * a6 + b[5] * a4 + b[3] * a2
    odd = a @ (odd + b[1] * one)
    even = a6 @ (b[12] * a6 + b[10] * a4 + b[8] * a2)
    even = even + b[6] * a6 + b[4] * a4 + b[2] * a2 + b[0] * one
    return xp.linalg.solve(even - odd, even + odd)


def _matrix_exp_gradient(g, input):
    """The upper right block of ``exp [[A^H, G], [0, A^H]]``; Najfeld and Havel 1995."""
    n = input.shape[-1]
    turned = matrix_h(input)
    block = cat([cat([turned, g], -1), cat([turned * 0, turned], -1)], -2)
    return matrix_exp(block)[..., :n, n:]


matrix_exp.vjp(input=_matrix_exp_gradient)

# --- reflections --------------------------------------------------------------------------------


@full_precision
@op(outputs=("a", "tau"), differentiable=False)
def geqrf(xp, input, /):
    """The QR decomposition as LAPACK leaves it: R above, and below it the reflections that make Q.

    Column ``i`` below the diagonal, with a 1 on it, is the vector ``v`` of the reflection
    ``I - tau_i v v^H``; see :func:`householder_product`.
    Shape: (*, m, n) -> a (*, m, n), tau (*, min(m, n)).
    Errors: RuntimeError for fewer than 2 dimensions.  Source: torch.geqrf.
    """
    if input.ndim < 2:
        raise RuntimeError(
            f"torch.geqrf: input must have at least 2 dimensions, but has shape {list(input.shape)}"
        )
    transposed, tau = xp.linalg.qr(input, mode="raw")
    return xp.ascontiguousarray(transposed.swapaxes(-1, -2)), tau


@composite(home="linalg", method=False)
@full_precision
def householder_product(A, tau, *, out=None):
    """The first n columns of the product of the reflections in ``A``, as geqrf writes them.

    Shape: (*, m, n), (*, k) with m >= n >= k -> (*, m, n).
    Errors: RuntimeError for other shapes.  Source: torch.linalg.householder_product.
    """
    require_tensor(A, "householder_product", "A")
    require_tensor(tau, "householder_product", "tau", 2)
    if A.ndim < 2:
        raise RuntimeError(
            "torch.linalg.householder_product: input must have at least 2 dimensions."
        )
    rows, columns = A.shape[-2:]
    count = tau.shape[-1] if tau.ndim else 0
    if not rows >= columns >= count or tau.shape[:-1] != A.shape[:-2]:
        raise RuntimeError(
            "torch.linalg.householder_product: input.shape[-2] must be greater than or equal to "
            "input.shape[-1], that to tau.shape[-1], and the batches equal, but got "
            f"{list(A.shape)} and {list(tau.shape)}"
        )
    one = eye(rows, columns, dtype=A.dtype, device=A.device)
    below = tril(ones(rows, columns, dtype=dtypes.bool_), -1)
    vectors = where(below, A, one)
    product = one.expand(A.shape)
    for i in reversed(range(count)):
        v = vectors[..., i : i + 1]
        scale = unsqueeze(tau[..., i : i + 1], -1)
        product = product - scale * matmul(v, matmul(matrix_h(v), product))
    product = named(product, "LinalgHouseholderProductBackward0") if count else product.clone()
    if out is None:
        return product
    return out.copy_(product)
