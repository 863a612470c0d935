"""Products of matrices and vectors, norms, and what ``torch.linalg`` adds to them."""

from __future__ import annotations

import math

import numpy as np

from minitorch import dtypes
from minitorch.ops._arguments import require_tensor
from minitorch.ops._autocast import full_precision, lower_precision, own_precision
from minitorch.ops._dims import reduced_dims
from minitorch.ops._op import composite, named, op, wide
from minitorch.ops.elementwise import abs, add, conjugate, masked_zero, mul, pow, sgn
from minitorch.ops.reduction import spread, sum, tied_gradient
from minitorch.tensor import Tensor

__all__ = [
    "addbmm",
    "addmm",
    "addmv",
    "addr",
    "baddbmm",
    "bilinear",
    "bmm",
    "cdist",
    "chain_matmul",
    "cross",
    "dist",
    "dot",
    "einsum",
    "inner",
    "kron",
    "linear",
    "matmul",
    "mm",
    "mv",
    "norm",
    "outer",
    "tensordot",
    "trace",
    "vdot",
]

# --- products -------------------------------------------------------------------------------------


def _check_dtypes(*arrays):
    for array in arrays[1:]:
        if array is not None and array.dtype != arrays[0].dtype:
            first, other = (dtypes.from_numpy(a.dtype) for a in (arrays[0], array))
            raise RuntimeError(
                f"expected m1 and m2 to have the same dtype, but got: {first.cpp_name} != "
                f"{other.cpp_name}"
            )


def _legacy_name(array):
    return dtypes.from_numpy(array.dtype).legacy_name


def _check_batch_dtypes(batch1, batch2):
    if batch1.dtype != batch2.dtype:
        raise RuntimeError(
            f"expected scalar type {_legacy_name(batch1)} but found {_legacy_name(batch2)}"
        )


def _check_vector_dtypes(input, mat, vec):
    if not input.dtype == mat.dtype == vec.dtype:
        raise RuntimeError(
            f"addmv input tensors must have the same dtype, but got {_legacy_name(input)}, "
            f"{_legacy_name(mat)}, and {_legacy_name(vec)}"
        )


def _check_sum_dtypes(input, mat1, mat2):
    """Of ``input + mat1 @ mat2``."""
    for name, array in (("self", input), ("mat1", mat1)):
        if array.dtype != mat2.dtype:
            raise RuntimeError(
                f"{name} and mat2 must have the same dtype, but got {_legacy_name(array)} and "
                f"{_legacy_name(mat2)}"
            )


@op(public=False, method=False, view=True, node="TransposeBackward0")
def matrix_t(xp, input, /):
    """The last two dimensions swapped: what gradients of products need."""
    return input.swapaxes(-1, -2)


matrix_t.vjp(input=lambda g: matrix_t(g))


def matrix_h(matrix):
    """The conjugate transposes of matrices."""
    return matrix_t(conjugate(matrix))


@lower_precision
@op
def mm(xp, input, mat2, /):
    """The product of two matrices.  Shape: (n, k), (k, m) -> (n, m).  Source: torch.mm."""
    for name, array in (("self", input), ("mat2", mat2)):
        if array.ndim != 2:
            raise RuntimeError(f"{name} must be a matrix")
    if input.shape[1] != mat2.shape[0]:
        raise RuntimeError(
            f"mat1 and mat2 shapes cannot be multiplied ({input.shape[0]}x{input.shape[1]} and "
            f"{mat2.shape[0]}x{mat2.shape[1]})"
        )
    _check_dtypes(input, mat2)
    return xp.matmul(input, mat2, order="C")


mm.vjp(input=lambda g, mat2: mm(g, matrix_h(mat2)), mat2=lambda g, input: mm(matrix_h(input), g))


@lower_precision
@op
def bmm(xp, input, mat2, /):
    """The products of two batches of matrices.

    Shape: (b, n, k), (b, k, m) -> (b, n, m).  Source: torch.bmm.
    """
    if input.ndim != 3:
        raise RuntimeError("batch1 must be a 3D tensor")
    if mat2.ndim != 3:
        raise RuntimeError("batch2 must be a 3D tensor")
    if input.shape[0] != mat2.shape[0] or input.shape[2] != mat2.shape[1]:
        b, _, k = input.shape
        raise RuntimeError(
            f"Expected size for first two dimensions of batch2 tensor to be: [{b}, {k}] but got: "
            f"[{mat2.shape[0]}, {mat2.shape[1]}]."
        )
    _check_batch_dtypes(input, mat2)
    return xp.matmul(input, mat2, order="C")


bmm.vjp(input=lambda g, mat2: bmm(g, matrix_h(mat2)), mat2=lambda g, input: bmm(matrix_h(input), g))


@op
def mv(xp, input, vec, /):
    """The product of a matrix and a vector.  Shape: (n, k), (k) -> (n).  Source: torch.mv."""
    if input.ndim != 2 or vec.ndim != 1:
        raise RuntimeError(
            f"vector + matrix @ vector expected, got {vec.ndim}, {input.ndim}, {vec.ndim}"
        )
    if input.shape[1] != vec.shape[0]:
        raise RuntimeError(
            f"size mismatch, got input ({input.shape[0]}), mat "
            f"({input.shape[0]}x{input.shape[1]}), vec ({vec.shape[0]})"
        )
    _check_vector_dtypes(vec, input, vec)
    return xp.matmul(input, vec, order="C")


mv.vjp(
    input=lambda g, vec: outer_product(g, conjugate(vec)),
    vec=lambda g, input: mv(matrix_h(input), g),
)


@op(public=False, method=False, node="MulBackward0")
def outer_product(xp, input, vec2, /):
    """Every product of two vectors' elements.  Shape: (n), (m) -> (n, m)."""
    return xp.multiply.outer(input, vec2)


outer_product.vjp(
    input=lambda g, vec2: mv(g, conjugate(vec2)),
    vec2=lambda g, input: mv(matrix_t(g), conjugate(input)),
)


@op
def dot(xp, input, tensor, /):
    """The inner product of two vectors.  Shape: (n), (n) -> ().  Source: torch.dot."""
    if input.ndim != 1 or tensor.ndim != 1:
        raise RuntimeError(f"1D tensors expected, but got {input.ndim}D and {tensor.ndim}D tensors")
    if input.shape != tensor.shape:
        raise RuntimeError(
            f"inconsistent tensor size, expected tensor [{input.shape[0]}] and src "
            f"[{tensor.shape[0]}] to have the same number of elements, but got {input.shape[0]} "
            f"and {tensor.shape[0]} elements respectively"
        )
    if input.dtype != tensor.dtype:
        raise RuntimeError(
            "dot : expected both vectors to have same dtype, but found "
            f"{dtypes.from_numpy(input.dtype).legacy_name} and "
            f"{dtypes.from_numpy(tensor.dtype).legacy_name}"
        )
    return xp.asarray(xp.matmul(input, tensor, order="C"))


dot.vjp(input=lambda g, tensor: g * conjugate(tensor), tensor=lambda g, input: g * conjugate(input))


@composite
def vdot(input, other, *, out=None):
    """The inner product with ``input`` conjugated.  Shape: (n), (n) -> ().  Source: torch.vdot."""
    return named(dot(conjugate(input), other, out=out), "VdotBackward0")


@op(public=False, method=False, node="UnsafeViewBackward0")
def matmul_batched(xp, input, other, /):
    """The matrix products over broadcast leading dimensions.

    Shape: (*, n, k), (*, k, m) -> (*, n, m).
    """
    if other.ndim == 2 and input.flags.c_contiguous:
        # One large product instead of many small ones.
        rows = input.reshape(math.prod(input.shape[:-1]), input.shape[-1])
        flat = xp.matmul(rows, other, order="C")
        return flat.reshape(*input.shape[:-1], other.shape[-1])
    return xp.matmul(input, other, order="C")


matmul_batched.vjp(
    input=lambda g, other: matmul_batched(g, matrix_h(other)),
    other=lambda g, input, other_shape: _batched_other_gradient(g, input, other_shape),
)


def _batched_other_gradient(g, input, other_shape):
    if len(other_shape) == 2:
        return mm(matrix_h(flat_rows(input)), flat_rows(g))
    return matmul_batched(matrix_h(input), g)


@op(public=False, method=False, node="ViewBackward0")
def flat_rows(xp, input, /):
    """All leading dimensions merged.  Shape: (*, k) -> (n, k)."""
    return input.reshape(math.prod(input.shape[:-1]), input.shape[-1])


flat_rows.vjp(input=lambda g, input_shape: unflat_rows(g, input_shape))


@op(public=False, method=False, node="ViewBackward0")
def unflat_rows(xp, input, /, shape):
    """The inverse of :func:`flat_rows`."""
    return input.reshape(shape)


unflat_rows.vjp(input=lambda g: flat_rows(g))


@composite
@lower_precision
def matmul(input, other, *, out=None):
    """The product of matrices, vectors, or batches of matrices whose leading dimensions broadcast.

    Shape: (k), (k) -> (); (n, k), (k) -> (n); (k), (k, m) -> (m); (*, n, k), (*, k, m) -> (*, n,
        m).
    Raises RuntimeError for shapes or dtypes that do not fit.  Source: torch.matmul.
    """
    for position, (name, value) in enumerate((("input", input), ("other", other)), 1):
        require_tensor(value, "matmul", name, position)
    result = _matmul(input, other)
    return result if out is None else out.copy_(result)


def _matmul(input, other):
    n, m = input._array.ndim, other._array.ndim
    if n == 2 and m == 2:
        return mm(input, other)
    if not n or not m:
        raise RuntimeError(
            f"both arguments to matmul need to be at least 1D, but they are {n}D and {m}D"
        )
    if n == 1 and m == 1:
        return dot(input, other)
    if n == 2 and m == 1:
        return mv(input, other)
    if m == 1:
        _check_vector_dtypes(other._array, input._array, other._array)
    elif m == 2:
        _check_dtypes(input._array, other._array)
    else:
        _check_batch_dtypes(input._array, other._array)
    if n == 1:
        row = _checked_batched(input.unsqueeze(0), other).squeeze(-2)
        return named(row, "SqueezeBackward4" if m == 2 else "UnsafeViewBackward0")
    if m == 1:
        column = _checked_batched(input, other.unsqueeze(1)).squeeze(-1)
        return named(column, "UnsafeViewBackward0")
    return _checked_batched(input, other)


def _checked_batched(input, other):
    a, b = input._array.shape, other._array.shape
    if len(a) == 2 and len(b) == 2:
        return mm(input, other)
    for back in range(3, min(len(a), len(b)) + 1):
        if a[-back] != b[-back] and 1 not in (a[-back], b[-back]):
            raise RuntimeError(
                f"The size of tensor a ({a[-back]}) must match the size of tensor b ({b[-back]}) "
                f"at non-singleton dimension {max(len(a), len(b)) - back}"
            )
    if a[-1] != b[-2]:
        if len(b) == 2:
            rows = math.prod(a[:-1])
            raise RuntimeError(
                f"mat1 and mat2 shapes cannot be multiplied ({rows}x{a[-1]} and {b[0]}x{b[1]})"
            )
        batch = np.broadcast_shapes(a[:-2], b[:-2])
        count = math.prod(batch)
        raise RuntimeError(
            f"Expected size for first two dimensions of batch2 tensor to be: [{count}, {a[-1]}] "
            f"but got: [{count}, {b[-2]}]."
        )
    return matmul_batched(input, other)


@op(
    public=False,
    method=False,
    node=lambda params: params["origin"],
    edges=("bias", "input", "weight"),
)
def linear_rows(xp, input, weight, bias=None, /, origin="AddmmBackward0"):
    """``input @ weight.T + bias`` on the last dimension.  Shape: (*, k), (m, k), (m) -> (*, m)."""
    rows = input if input.ndim == 2 else input.reshape(-1, input.shape[-1])
    out = xp.matmul(rows, weight.T, order="C")
    if bias is not None:
        out += bias
    return out if input.ndim == 2 else out.reshape(*input.shape[:-1], weight.shape[0])


linear_rows.vjp(
    input=lambda g, weight: linear_rows(g, matrix_t(weight)),
    weight=lambda g, input: mm(matrix_t(flat_rows(g)), flat_rows(input)),
    bias=lambda g: sum(flat_rows(g), 0),
)


@lower_precision
def linear(input, weight, bias=None):
    """``input @ weight.T + bias``.

    Shape: (*, in_features), (out_features, in_features) or (in_features), (out_features) -> (*,
        out_features).
    Raises RuntimeError for shapes or dtypes that do not fit.  Source: torch.nn.functional.linear.
    """
    for position, (name, value) in enumerate((("input", input), ("weight", weight)), 1):
        require_tensor(value, "linear", name, position)
    x, w = input._array, weight._array
    if not x.ndim or w.ndim != 2 or x.dtype.kind == "c":
        # Rare forms, by their meaning.
        result = matmul(input, weight.t()) if w.ndim == 2 else matmul(input, weight)
        if bias is None:
            return result
        return named(result + bias, "AddmmBackward0" if x.ndim == 2 else "AddBackward0")
    if x.shape[-1] != w.shape[1]:
        raise RuntimeError(
            f"mat1 and mat2 shapes cannot be multiplied ({math.prod(x.shape[:-1])}x{x.shape[-1]} "
            f"and {w.shape[1]}x{w.shape[0]})"
        )
    if bias is None:
        _check_dtypes(x, w)
    else:
        _check_sum_dtypes(bias._array, x, w)
    if bias is not None and bias._array.shape not in ((w.shape[0],), (1,), ()):
        raise RuntimeError(
            f"The expanded size of the tensor ({w.shape[0]}) must match the existing size "
            f"({bias._array.shape[0]}) at non-singleton dimension 1."
        )
    if x.ndim == 1:
        row = linear_rows(input.unsqueeze(0), weight, bias, "ViewBackward0").squeeze(0)
        return named(row, "SqueezeBackward4" if bias is None else "ViewBackward0")
    if x.ndim == 2:
        return linear_rows(input, weight, bias, "MmBackward0" if bias is None else "AddmmBackward0")
    return linear_rows(
        input, weight, bias, "UnsafeViewBackward0" if bias is None else "ViewBackward0"
    )


@own_precision
def bilinear(input1, input2, weight, bias=None):
    """``y_k = x1^T W_k x2 + b_k``.

    Shape: (*, I), (*, J), (K, I, J), (K) -> (*, K).
    Raises RuntimeError for shapes and dtypes that do not fit.  Source:
    torch.nn.functional.bilinear.
    """
    _check_bilinear(input1, input2, weight, bias)
    outputs, first, second = weight.shape
    batch = input1.shape[:-1]
    mapped = matmul(
        input1.reshape(-1, first), weight.permute(1, 0, 2).reshape(first, outputs * second)
    )
    mapped = mapped.reshape(-1, outputs, second)  # x1^T W_k, for all k
    result = bmm(mapped, input2.reshape(-1, second, 1)).view(*batch, outputs)
    return result if bias is None else result + bias


def _check_bilinear(input1, input2, weight, bias):
    if input1.ndim != input2.ndim:
        raise RuntimeError(
            f"bilinear(): input dimensions do not match: got {input1.ndim} and {input2.ndim}"
        )
    for dim, (one, other) in enumerate(zip(input1.shape[:-1], input2.shape[:-1], strict=True)):
        if one != other:
            raise RuntimeError(
                f"bilinear(): input batch dimensions do not match at dim {dim}: got {one} and "
                f"{other}"
            )
    named_tensors = {"input1": input1, "input2": input2, "weight": weight, "bias": bias}
    types = {name: t.dtype for name, t in named_tensors.items() if t is not None}
    if len(set(types.values())) > 1:
        found = ", ".join(f"{name}: {dtype.cpp_name}" for name, dtype in types.items())
        raise RuntimeError(f"All tensors must have the same dtype, got {found}")
    for number, input in ((1, input1), (2, input2)):
        if input.shape[-1] != weight.shape[number]:
            raise RuntimeError(
                f"bilinear(): input{number} size does not match weight size: got "
                f"{input.shape[-1]} but expected {weight.shape[number]}"
            )
    if bias is not None and bias.shape[0] != weight.shape[0]:
        raise RuntimeError(
            f"bilinear(): bias size does not match weight size: got {bias.shape[0]} but expected "
            f"{weight.shape[0]}"
        )


@composite(
    inplace=lambda self, mat1, mat2, *, beta=1, alpha=1: self.copy_(
        addmm(self, mat1, mat2, beta=beta, alpha=alpha)
    )
)
@lower_precision
@wide
def addmm(input, mat1, mat2, *, beta=1, alpha=1, out=None):
    """``beta * input + alpha * (mat1 @ mat2)``.

    Shape: broadcast to (n, m).  Source: torch.addmm.
    """
    _check_sum_dtypes(input._array, mat1._array, mat2._array)
    return named(_scaled_sum(input, mm(mat1, mat2), beta, alpha, out), "AddmmBackward0")


@composite(
    inplace=lambda self, mat, vec, *, beta=1, alpha=1: self.copy_(
        addmv(self, mat, vec, beta=beta, alpha=alpha)
    )
)
@wide
def addmv(input, mat, vec, *, beta=1, alpha=1, out=None):
    """``beta * input + alpha * (mat @ vec)``.  Shape: broadcast to (n).  Source: torch.addmv."""
    _check_vector_dtypes(input._array, mat._array, vec._array)
    return named(_scaled_sum(input, mv(mat, vec), beta, alpha, out), "AddmvBackward0")


@composite(
    inplace=lambda self, vec1, vec2, *, beta=1, alpha=1: self.copy_(
        addr(self, vec1, vec2, beta=beta, alpha=alpha)
    )
)
def addr(input, vec1, vec2, *, beta=1, alpha=1, out=None):
    """``beta * input + alpha * outer(vec1, vec2)``.

    Shape: broadcast to (n, m).  Source: torch.addr.
    """
    return named(_scaled_sum(input, outer(vec1, vec2), beta, alpha, out), "AddrBackward0")


@composite(
    inplace=lambda self, batch1, batch2, *, beta=1, alpha=1: self.copy_(
        baddbmm(self, batch1, batch2, beta=beta, alpha=alpha)
    )
)
@lower_precision
@wide
def baddbmm(input, batch1, batch2, *, beta=1, alpha=1, out=None):
    """``beta * input + alpha * bmm(batch1, batch2)``.

    Shape: broadcast to (b, n, m).  Source: torch.baddbmm.
    """
    if input.dtype != batch1.dtype:
        raise RuntimeError(
            f"Input dtypes must be the same, got: input {input.dtype.cpp_name}, batch1: "
            f"{batch1.dtype.cpp_name}, batch2: {batch2.dtype.cpp_name}"
        )
    return named(_scaled_sum(input, bmm(batch1, batch2), beta, alpha, out), "BaddbmmBackward0")


@composite(
    inplace=lambda self, batch1, batch2, *, beta=1, alpha=1: self.copy_(
        addbmm(self, batch1, batch2, beta=beta, alpha=alpha)
    )
)
@lower_precision
@wide
def addbmm(input, batch1, batch2, *, beta=1, alpha=1, out=None):
    """``beta * input + alpha * sum(bmm(batch1, batch2))``.

    Shape: broadcast to (n, m).  Source: torch.addbmm.
    """
    _check_sum_dtypes(input._array, batch1._array, batch2._array)
    return named(
        _scaled_sum(input, sum(bmm(batch1, batch2), 0, dtype=batch1.dtype), beta, alpha, out),
        "AddbmmBackward0",
    )


def _scaled_sum(input, product, beta, alpha, out):
    if product.dtype.rank < 2:
        beta, alpha = int(beta), int(alpha)  # torch: cut to integers
    if alpha != 1:
        product = mul(product, alpha)
    # torch: with beta 0 the input is not even read, so its nan does not spread.
    if beta == 0:
        result = product
    else:
        result = add(product, input if beta == 1 else mul(input, beta))
    if result.shape != product.shape:
        raise RuntimeError(
            f"The expanded size of the tensor must match: input {list(input.shape)} does not "
            f"broadcast to {list(product.shape)}"
        )
    return result if out is None else out.copy_(result)


@composite(aliases=("ger",))
def outer(input, vec2, *, out=None):
    """Every product of two vectors' elements.  Shape: (n), (m) -> (n, m).  Source: torch.outer."""
    for name, value in (("self", input), ("vec2", vec2)):
        if value.ndim != 1:
            raise RuntimeError(f"outer: Expected 1-D argument {name}, but got {value.ndim}-D")
    result = mul(input.unsqueeze(1), vec2)
    return result if out is None else out.copy_(result)


@composite
def inner(input, other, *, out=None):
    """The dot products over the last dimension.

    Shape: (*n, k), (*m, k) -> (*n, *m).  Source: torch.inner.
    """
    if not input.ndim or not other.ndim:
        return mul(input, other)
    return tensordot(input, other, dims=([-1], [-1]))


@composite(method=False)
def tensordot(a, b, dims=2, out=None):
    """The sum of products over ``dims``: a number of dimensions, or a list of them for each side.

    Source: torch.tensordot.
    """
    if isinstance(dims, Tensor):
        dims = dims.tolist()
    if isinstance(dims, int):
        if dims < 0:
            raise RuntimeError(f"tensordot expects dims >= 0, but got dims={dims}")
        over_a, over_b = list(range(a.ndim - dims, a.ndim)), list(range(dims))
    else:
        over_a, over_b = (
            list(reduced_dims(d, t.ndim, "tensordot")) for d, t in zip(dims, (a, b), strict=True)
        )
    kept_a = [d for d in range(a.ndim) if d not in over_a]
    kept_b = [d for d in range(b.ndim) if d not in over_b]
    for d, e in zip(over_a, over_b, strict=True):
        if a.shape[d] != b.shape[e]:
            raise RuntimeError(
                f"contracted dimensions need to match, but first has size {a.shape[d]} in dim "
                f"{d} and second has size {b.shape[e]} in dim {e}"
            )
    if a.dtype != b.dtype:
        raise RuntimeError("both inputs should have same dtype")
    inner_size = math.prod(a.shape[d] for d in over_a)
    left = a.permute(*kept_a, *over_a).reshape(-1, inner_size) if a.ndim else a.reshape(1, 1)
    right = b.permute(*over_b, *kept_b).reshape(inner_size, -1) if b.ndim else b.reshape(1, 1)
    result = mm(left, right).reshape([a.shape[d] for d in kept_a] + [b.shape[d] for d in kept_b])
    return result if out is None else out.copy_(result)


@composite(method=False)
def chain_matmul(*matrices, out=None):
    """The product of several matrices, from left to right.  Source: torch.chain_matmul."""
    for number, matrix in enumerate(matrices):
        if matrix.dtype != matrices[0].dtype:
            raise RuntimeError(
                "multi_dot(): all tensors must have be the same dtype but tensor 0 is "
                f"{matrices[0].dtype.cpp_name} and tensor {number} {matrix.dtype.cpp_name}"
            )
    product = matrices[0].clone() if len(matrices) == 1 else matrices[0]
    for matrix in matrices[1:]:
        product = mm(product, matrix)
    return named(product, "ViewBackward0") if len(matrices) > 1 else product


@composite
def kron(input, other, *, out=None):
    """The Kronecker product.  Shape: (n...), (m...) -> (n * m...).  Source: torch.kron."""
    ndim = max(input.ndim, other.ndim)
    a = input.reshape((1,) * (ndim - input.ndim) + tuple(input.shape))
    b = other.reshape((1,) * (ndim - other.ndim) + tuple(other.shape))
    for dim in range(ndim):
        a, b = a.unsqueeze(2 * dim + 1), b.unsqueeze(2 * dim)
    shape = [a.shape[2 * dim] * b.shape[2 * dim + 1] for dim in range(ndim)]
    return named(mul(a, b).reshape(shape), "UnsafeViewBackward0")


@full_precision
@op
def trace(xp, input, /):
    """The sum of the diagonal.  Shape: (n, m) -> ().  Source: torch.trace."""
    if input.ndim != 2:
        raise RuntimeError(f"trace: expected a matrix, but got {input.ndim}-D tensor")
    total = xp.trace(input)
    return (
        xp.asarray(total, "int64") if input.dtype.kind in "biu" else xp.asarray(total, input.dtype)
    )


trace.vjp(input=lambda g, input_shape: on_diagonal(g, input_shape))


@op(public=False, method=False)
def on_diagonal(xp, input, /, shape):
    """Zeros of ``shape`` with the scalar ``input`` along the diagonal: the adjoint of
    :func:`trace`.
    """
    return xp.eye(*shape, dtype=input.dtype) * input


on_diagonal.vjp(input=lambda g: trace(g))


@composite
def cross(input, other, dim=None, *, out=None):
    """The cross product of 3-vectors along ``dim`` (default: the first of length 3).

    Source: torch.cross.
    """
    if dim is None:
        dim = next((d for d, n in enumerate(input.shape) if n == 3), None)
        if dim is None:
            raise RuntimeError("no dimension of size 3 in input")
    return linalg_cross(input, other, dim=dim, out=out)


def linalg_cross(input, other, *, dim=-1, out=None):
    """The cross product of 3-vectors along ``dim``.

    Shape: broadcast.  Source: torch.linalg.cross.
    """
    from minitorch.ops.joining import stack

    if input.ndim != other.ndim:
        raise RuntimeError("linalg.cross: inputs must have the same number of dimensions.")
    if input.shape[dim] != 3 or other.shape[dim] != 3:
        raise RuntimeError(
            f"linalg.cross: inputs dimension {dim} must have length 3. Got {input.shape[dim]} "
            f"and {other.shape[dim]}"
        )
    a, b = input.unbind(dim), other.unbind(dim)
    result = stack(
        [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]], dim
    )
    result = named(result, "LinalgCrossBackward0")
    return result if out is None else out.copy_(result)


# --- einsum ---------------------------------------------------------------------------------------


@composite(method=False)
def einsum(equation: str, *operands):
    """The sum of products that ``equation`` (``"ij,jk->ik"``) describes.

    Labels are letters, ``...`` stands for the leading dimensions, repeated labels take diagonals;
    also ``einsum(tensor, [labels], ..., [labels])``.  Pairs are contracted from left to right by
    batched matrix products.  Raises RuntimeError for an equation that does not fit.  Source:
    torch.einsum.
    """
    if not isinstance(equation, str):
        equation, operands = _from_sublists((equation, *operands))
    if len(operands) == 1 and isinstance(operands[0], (tuple, list)):
        operands = tuple(operands[0])
    inputs, output = _parse_equation(equation, operands)
    terms = [
        _single_labels(tensor, labels) for tensor, labels in zip(operands, inputs, strict=True)
    ]
    # torch: labels keep this order all the way, which shows in the memory of the result.
    summed = sorted({label for labels in inputs for label in labels if label not in output})
    rank = {label: place for place, label in enumerate([*output, *summed])}
    if len(terms) == 2 and _comes_first(terms[1][1], terms[0][1], output):
        terms.reverse()
    while len(terms) > 1:
        (a, a_labels), (b, b_labels), *rest = terms
        needed = set(output).union(*(labels for _, labels in rest))
        terms = [_contract(a, a_labels, b, b_labels, needed, rank), *rest]
    tensor, labels = terms[0]
    if len(operands) == 1:
        # torch: permuted in any case, and summed then.
        permuted = tensor.permute([labels.index(label) for label in rank])
        return sum(permuted, list(range(len(output), tensor.ndim))) if summed else permuted
    gone = [d for d, label in enumerate(labels) if label not in output]
    if gone:
        tensor = sum(tensor, gone)
        labels = [label for label in labels if label in output]
    order = [labels.index(label) for label in output]
    if order == list(range(tensor.ndim)):
        return tensor
    permuted = tensor.permute(order)
    multiplied = tensor._node is not None and tensor._node.name() == "MulBackward0"
    return named(permuted, "MulBackward0" if multiplied else "ViewBackward0")


def _comes_first(labels, others, output):
    """Whether the output has the own labels of one operand before all those of the other, which
    something is summed with: torch exchanges the two then.
    """
    own = [output.index(x) for x in labels if x in output and x not in others]
    rest = [output.index(x) for x in others if x in output and x not in labels]
    summed = any(x in others and x not in output for x in labels)
    return bool(own and rest and summed) and max(own) < min(rest)


def _from_sublists(arguments):
    def letters(labels):
        return "".join("..." if label is Ellipsis else chr(ord("a") + label) for label in labels)

    pairs = len(arguments) // 2
    operands = [arguments[2 * i] for i in range(pairs)]
    equation = ",".join(letters(arguments[2 * i + 1]) for i in range(pairs))
    if len(arguments) % 2:
        equation += "->" + letters(arguments[-1])
    return equation, operands


def _parse_equation(equation, operands):
    """The labels of each operand and of the output, as lists; ``...`` becomes one label per
    dimension.
    """
    left, arrow, right = equation.replace(" ", "").partition("->")
    terms = left.split(",")
    if len(terms) != len(operands):
        more = "more" if len(terms) < len(operands) else "fewer"
        raise RuntimeError(
            f"einsum(): {more} operands were provided than specified in the equation"
        )
    widest, inputs = 0, []
    for i, (term, tensor) in enumerate(zip(terms, operands, strict=True)):
        named = len(term.replace("...", ""))
        hidden = tensor.ndim - named if "..." in term else 0
        if named + hidden != tensor.ndim or hidden < 0:
            raise RuntimeError(
                f"einsum(): the number of subscripts in the equation ({named}) does not match "
                f"the number of dimensions ({tensor.ndim}) for operand {i} and no ellipsis was "
                "given"
            )
        widest = max(widest, hidden)
        inputs.append((term, hidden))

    def expanded(term, hidden):
        before, dots, after = term.partition("...")
        middle = [f"...{k}" for k in range(hidden, 0, -1)] if dots else []
        return [*before, *middle, *after]

    lists = [expanded(term, hidden) for term, hidden in inputs]
    if arrow:
        output = expanded(right, widest)
    else:
        flat = [label for labels in lists for label in labels]
        named = sorted(label for label in set(flat) if len(label) == 1 and flat.count(label) == 1)
        output = [f"...{k}" for k in range(widest, 0, -1)] + named
    for label in output:
        if not any(label in labels for labels in lists):
            raise RuntimeError(
                f"einsum(): output subscript {label} does not appear in the equation for any "
                "input operand"
            )
        if output.count(label) > 1:
            raise RuntimeError(
                f"einsum(): output subscript {label} appears more than once in the output"
            )
    return lists, output


def _single_labels(tensor, labels):
    """A repeated label within one operand takes the diagonal."""
    labels = list(labels)
    for label in dict.fromkeys(labels):
        while labels.count(label) > 1:
            first = labels.index(label)
            second = labels.index(label, first + 1)
            if tensor.shape[first] != tensor.shape[second]:
                raise RuntimeError(
                    f"einsum(): subscript {label} is repeated for operand but the sizes don't "
                    f"match, {tensor.shape[second]} != {tensor.shape[first]}"
                )
            tensor = tensor.diagonal(0, first, second)
            del labels[second], labels[first]
            labels.append(label)
    return tensor, labels


def _contract(a, a_labels, b, b_labels, needed, rank):
    """Two operands as one: labels that nothing else needs are summed, by a batched product.

    ``rank`` is the order of the labels.
    """
    a_only = [x for x in a_labels if x not in b_labels]
    b_only = [x for x in b_labels if x not in a_labels]
    for tensor, own in ((0, a_only), (1, b_only)):
        gone = [x for x in own if x not in needed]
        if gone and tensor == 0:
            a = sum(a, [a_labels.index(x) for x in gone])
            a_labels = [x for x in a_labels if x not in gone]
        elif gone:
            b = sum(b, [b_labels.index(x) for x in gone])
            b_labels = [x for x in b_labels if x not in gone]
    rows = sorted([x for x in a_labels if x not in b_labels], key=rank.get)
    columns = sorted([x for x in b_labels if x not in a_labels], key=rank.get)
    shared = [x for x in a_labels if x in b_labels]
    sizes_a, sizes_b = (
        dict(zip(a_labels, a.shape, strict=True)),
        dict(zip(b_labels, b.shape, strict=True)),
    )
    for x in shared:
        if sizes_a[x] != sizes_b[x] and 1 not in (sizes_a[x], sizes_b[x]):
            raise RuntimeError(
                f"einsum(): subscript {x} has size {sizes_b[x]} for operand 1 which does not "
                f"broadcast with previously seen size {sizes_a[x]}"
            )
    size = {x: max(sizes_a.get(x, 1), sizes_b.get(x, 1)) for x in {*a_labels, *b_labels}}
    batch = sorted([x for x in shared if x in needed], key=rank.get)
    inside = [x for x in shared if x not in needed]
    if not inside:
        # Nothing to sum: an elementwise product of aligned operands.
        labels = sorted([*batch, *rows, *columns], key=rank.get)
        return mul(_aligned(a, a_labels, labels), _aligned(b, b_labels, labels)), labels

    def grouped(tensor, labels, *groups):
        order = [x for group in groups for x in group]
        tensor = tensor.permute([labels.index(x) for x in order]) if order else tensor
        tensor = tensor.expand([size[x] for x in order]) if order else tensor
        return tensor.reshape([math.prod(size[x] for x in group) for group in groups])

    product = bmm(
        grouped(a, a_labels, batch, rows, inside), grouped(b, b_labels, batch, inside, columns)
    )
    labels = [*batch, *rows, *columns]
    return product.reshape([size[x] for x in labels]), labels


def _aligned(tensor, labels, target):
    present = [x for x in target if x in labels]
    tensor = tensor.permute([labels.index(x) for x in present]) if present else tensor
    for position, x in enumerate(target):
        if x not in labels:
            tensor = tensor.unsqueeze(position)
    return tensor


# --- norms and distances --------------------------------------------------------------------------


@op(public=False, method=False, node="LinalgVectorNormBackward0")
def vector_norm_op(xp, input, /, ord=2, dim=None, keepdim=False):
    """The ``ord``-norm over ``dim``."""
    axes = reduced_dims(dim, input.ndim)
    size = xp.absolute(input)
    if ord == 2:
        result = xp.sqrt(xp.sum(size * size, axes, keepdims=bool(keepdim)))
    elif ord == 1:
        result = xp.sum(size, axes, keepdims=bool(keepdim))
    elif ord == 0:
        result = xp.sum(size != 0, axes, keepdims=bool(keepdim), dtype=size.dtype)
    elif ord == math.inf:
        result = xp.max(size, axes, keepdims=bool(keepdim), initial=0)
    elif ord == -math.inf:
        result = xp.min(size, axes, keepdims=bool(keepdim))
    else:
        result = xp.sum(size**ord, axes, keepdims=bool(keepdim)) ** (1 / ord)
    return xp.asarray(result, order="C").astype(size.dtype, copy=False)


vector_norm_op.vjp(
    input=lambda g, input, out, input_shape, ord, dim, keepdim: _norm_gradient(
        g, input, out, input_shape, ord, dim, keepdim
    )
)


def _norm_gradient(g, input, out, shape, ord, dim, keepdim):
    if ord == 0:
        return input * 0
    if ord in (math.inf, -math.inf):
        return tied_gradient(g, abs(input), out, shape, dim, keepdim) * sgn(input)
    whole = spread(out, shape, dim, keepdim)
    g = spread(g, shape, dim, keepdim)
    if ord == 1:
        return g * sgn(input)
    if ord == 2:
        return masked_zero(g * (input / whole), whole == 0)
    slope = sgn(input) * pow(abs(input), ord - 1) / pow(whole, ord - 1)
    at_zero = (whole == 0) | (input == 0) if ord < 2 else whole == 0
    return g * masked_zero(slope, at_zero)


def vector_norm(x, ord=2, dim=None, keepdim=False, *, dtype=None, out=None):
    """The ``ord``-norm of all elements or over ``dim``.  Source: torch.linalg.vector_norm."""
    if dtype is not None:
        x = x.to(dtype)
    if x.dtype.rank < 2:
        raise RuntimeError(
            "linalg.vector_norm: Expected a floating point or complex tensor as input. Got "
            f"{x.dtype.legacy_name}"
        )
    return vector_norm_op(x, float(ord), dim, keepdim, out=out)


def matrix_norm(A, ord="fro", dim=(-2, -1), keepdim=False, *, dtype=None, out=None):
    """The norm of matrices: "fro", "nuc", 1, -1, 2, -2, inf, -inf.

    Source: torch.linalg.matrix_norm.
    """
    if dtype is not None:
        A = A.to(dtype)
    if A.ndim < 2:
        raise RuntimeError(
            "linalg.matrix_norm: The input tensor A must have at least 2 dimensions."
        )
    rows, columns = reduced_dims(tuple(dim), A.ndim)
    if ord == "fro":
        return vector_norm(A, 2, (rows, columns), keepdim, out=out)
    if ord in (1, -1, math.inf, -math.inf):
        along, across = (rows, columns) if ord in (1, -1) else (columns, rows)
        sums = sum(abs(A), along, True)
        extreme = sums.amax if ord > 0 else sums.amin
        result = extreme(across, True)
        return result if keepdim else result.squeeze((rows, columns))
    if ord in ("nuc", 2, -2):
        from minitorch.ops.decomposition import svdvals

        values = svdvals(A.movedim((rows, columns), (-2, -1)))
        result = (
            sum(values, -1) if ord == "nuc" else values.amax(-1) if ord == 2 else values.amin(-1)
        )
        return (
            result.unsqueeze(min(rows, columns)).unsqueeze(max(rows, columns))
            if keepdim
            else result
        )
    raise RuntimeError(f"linalg.matrix_norm: Order {ord} not supported.")


def linalg_norm(A, ord=None, dim=None, keepdim=False, *, out=None, dtype=None):
    """A vector or matrix norm, as ``ord`` and ``dim`` say.  Source: torch.linalg.norm."""
    if ord is not None and dim is None and A.ndim > 2:
        raise RuntimeError(
            "linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. "
            f"Got {A.ndim}D."
        )
    if ord is None:
        return vector_norm(A, 2, dim, keepdim, dtype=dtype, out=out)
    if (
        isinstance(dim, int)
        or (dim is not None and len(dim) == 1)
        or (dim is None and A.ndim == 1 and not isinstance(ord, str))
    ):
        return vector_norm(A, ord, dim, keepdim, dtype=dtype, out=out)
    return matrix_norm(A, ord, (-2, -1) if dim is None else dim, keepdim, dtype=dtype, out=out)


@composite
def norm(input, p="fro", dim=None, keepdim=False, out=None, dtype=None):
    """The ``p``-norm of all elements or over ``dim``; "fro" is the 2-norm.  Source: torch.norm."""
    if dtype is not None:
        input = input.to(dtype)
    if p == "nuc":
        return matrix_norm(input, "nuc", (-2, -1) if dim is None else dim, keepdim)
    if input.dtype.rank < 2:
        raise RuntimeError(
            "linalg.vector_norm: Expected a floating point or complex tensor as input. Got "
            f"{input.dtype.legacy_name}"
        )
    return vector_norm_op(input, 2.0 if p in ("fro", None) else float(p), dim, keepdim, out=out)


@composite
def dist(input, other, p=2):
    """The ``p``-norm of ``input - other``.  Shape: broadcast -> ().  Source: torch.dist."""
    return named(norm(input - other, p), "DistBackward0")


@composite(method=False)
@full_precision
def cdist(x1, x2, p=2.0, compute_mode="use_mm_for_euclid_dist_if_necessary"):
    """The ``p``-norm distances between rows.

    Shape: (*, n, k), (*, m, k) -> (*, n, m).  Source: torch.cdist.
    """
    for name, x in (("X1", x1), ("X2", x2)):
        if x.ndim < 2:
            raise RuntimeError(f"cdist only supports at least 2D tensors, {name} got: {x.ndim}D")
    if x1.shape[-1] != x2.shape[-1]:
        raise RuntimeError(
            f"X1 and X2 must have the same number of columns. X1: {x1.shape[-1]} X2: {x2.shape[-1]}"
        )
    return named(vector_norm(x1.unsqueeze(-2) - x2.unsqueeze(-3), p, -1), "CdistBackward0")
