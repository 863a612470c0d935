"""Sparse tensors in coordinate format (COO), as far as programs on graphs use them.

A ``SparseTensor`` is a tensor of indices and a tensor of values.  The values are an ordinary tensor
in the graph, and everything here is said in ordinary ops on them; so gradients of sparse tensors
need no rule of their own.  An op that meets a sparse tensor asks ``RULES`` what to do, by way of
``_op.layouts``, and raises NotImplementedError where there is none.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minitorch import dtypes
from minitorch.autograd.bridge import bridge
from minitorch.autograd.mode import mode
from minitorch.backends.sparse import SparseArray
from minitorch.memory_format import sparse_coo
from minitorch.ops import _op
from minitorch.ops._dims import as_sizes, wrap_dim
from minitorch.ops._op import REGISTRY, composite, named, op
from minitorch.ops.conversion import as_dtype, to
from minitorch.ops.creation import as_tensor, zeros
from minitorch.ops.elementwise import conjugate, exp, log
from minitorch.ops.indexing import index_put
from minitorch.ops.joining import cat
from minitorch.ops.reduction import sum as total
from minitorch.ops.shape import unsqueeze
from minitorch.ops.slices import index_add, index_select
from minitorch.tensor import Tensor, wrap

__all__ = [
    "METHODS",
    "RULES",
    "SparseTensor",
    "log_softmax",
    "mm",
    "softmax",
    "sparse_coo_tensor",
    "spmm",
    "sum",
    "to_sparse",
]


class SparseTensor(Tensor):
    """A tensor that stores the places where it is not zero, and the values there.

    Made by ``sparse_coo_tensor`` and ``Tensor.to_sparse``.  Source: torch's layout ``sparse_coo``.
    """

    __slots__ = ("_coalesced", "_elements", "_places")

    _array: Any  # a SparseArray
    _places: Tensor
    _elements: Tensor
    _coalesced: bool

    is_sparse = True
    layout = sparse_coo

    def __new__(cls, places: Tensor, elements: Tensor, shape, coalesced=False):
        if _dispatch not in _op.layouts:
            _op.layouts.append(_dispatch)  # not before: until then no op has to look
        self = object.__new__(cls)
        self._array = SparseArray(places._array, elements._array, tuple(shape))
        self._counter = elements._counter
        self._node = self._grad = self._view = None
        self._index = 0
        self._requires_grad = False
        self._places = places
        self._elements = elements
        self._coalesced = coalesced
        return self

    # --- the graph is that of the values ----------------------------------------------------------

    def _edge(self):
        return self._elements._edge()

    @property
    def requires_grad(self) -> bool:
        """Whether ops on the values are recorded."""
        return self._elements.requires_grad

    @requires_grad.setter
    def requires_grad(self, value: bool):
        self._elements.requires_grad = value

    @property
    def is_leaf(self) -> bool:
        """Whether the values were made by the user, not by a recorded op."""
        return self._elements.is_leaf

    @property
    def grad_fn(self):
        """The node that made the values."""
        return self._elements.grad_fn

    @property
    def grad(self) -> Tensor | None:
        """The gradient: sparse, at the places that are stored."""
        gradient = self._elements.grad
        return None if gradient is None else self._with(gradient)

    @grad.setter
    def grad(self, value: Tensor | None):
        self._elements.grad = None if value is None else value.coalesce()._elements

    @property
    def data(self) -> Tensor:
        """The same elements, outside the graph."""
        return self.detach()

    @data.setter
    def data(self, new: Tensor):
        self.copy_(new)

    def detach(self) -> SparseTensor:
        """The same elements, outside the graph."""
        return self._with(self._elements.detach())

    def _with(self, elements) -> SparseTensor:
        """Other values at the same places."""
        return SparseTensor(self._places, elements, self.shape, self._coalesced)

    # --- its parts --------------------------------------------------------------------------------

    def is_coalesced(self) -> bool:
        """Whether each place is stored once, in row-major order, as far as that is known."""
        return self._coalesced

    def _indices(self) -> Tensor:
        return self._places

    def _values(self) -> Tensor:
        return self._elements

    def _nnz(self) -> int:
        return self._places.shape[1]

    def _coalesced_part(self, part, name):
        if not self._coalesced:
            raise RuntimeError(
                f"Cannot get {name} on an uncoalesced tensor, please call .coalesce() first"
            )
        return part

    def indices(self) -> Tensor:
        """The places: (sparse dimensions, stored).  Raises RuntimeError unless coalesced."""
        return self._coalesced_part(self._places, "indices")

    def values(self) -> Tensor:
        """The values: (stored, *dense dimensions).  Raises RuntimeError unless coalesced."""
        return self._coalesced_part(self._elements, "values")

    def sparse_dim(self) -> int:
        """How many dimensions are sparse."""
        return self._places.shape[0]

    def dense_dim(self) -> int:
        """How many dimensions are dense: those of each value."""
        return self._elements.ndim - 1

    def coalesce(self) -> SparseTensor:
        """Each place stored once, in row-major order: values of the same place are added."""
        if self._coalesced:
            return self
        flat = self._flat_places()
        unique, inverse = np.unique(flat, return_inverse=True)
        sparse_shape = self.shape[: self.sparse_dim()]
        places = np.array(np.unravel_index(unique, sparse_shape), np.int64)
        if len(unique) == len(flat):
            elements = index_select(self._elements, 0, wrap(np.argsort(flat)))
        else:
            start = zeros((len(unique), *self._elements.shape[1:]), dtype=self.dtype)
            elements = index_add(start, 0, wrap(inverse), self._elements)
        elements = named(elements, "CoalesceBackward0")
        return SparseTensor(wrap(places.reshape(self.sparse_dim(), -1)), elements, self.shape, True)

    def _flat_places(self):
        sparse_shape = self.shape[: self.sparse_dim()]
        if not sparse_shape:
            return np.zeros(self._nnz(), np.int64)
        return np.ravel_multi_index(tuple(self._places._array), sparse_shape)

    def to_dense(self, dtype=None, *, masked_grad=None) -> Tensor:
        """All elements, zeros included.  Source: torch.Tensor.to_dense."""
        start = zeros(self.shape, dtype=self.dtype)
        places = tuple(self._places.unbind(0))
        dense = (
            index_put(start, places, self._elements, True) if places else (total(self._elements, 0))
        )
        dense = named(dense, "ToDenseBackward0")
        return dense if dtype is None else to(dense, dtype)

    def to_sparse(self, *unused, **options) -> SparseTensor:
        """The tensor itself."""
        return self

    to_sparse_coo = to_sparse

    def sparse_mask(self, mask: SparseTensor) -> SparseTensor:
        """The elements at the places that ``mask`` stores."""
        return self if mask is self else _masked(self.to_dense(), mask)

    # --- other methods ----------------------------------------------------------------------------

    def transpose(self, dim0: int, dim1: int) -> SparseTensor:
        """Two sparse dimensions exchanged."""
        dims = [wrap_dim(dim, self.ndim, "transpose") for dim in (dim0, dim1)]
        if any(dim >= self.sparse_dim() for dim in dims) and dims[0] != dims[1]:
            raise RuntimeError("transpose: transposing dense dimensions is not available")
        order, shape = list(range(self.sparse_dim())), list(self.shape)
        for listed in (order, shape):
            listed[dims[0]], listed[dims[1]] = listed[dims[1]], listed[dims[0]]
        return SparseTensor(wrap(self._places._array[order]), self._elements, shape)

    def t(self) -> SparseTensor:
        """The transposed matrix."""
        return self.transpose(0, 1) if self.ndim == 2 else self

    def index_select(self, dim: int, index: Tensor, *, out: Any = None) -> SparseTensor:
        """The slices of a sparse dimension that ``index`` names, each name once or more often."""
        dim = wrap_dim(dim, self.ndim, "index_select")
        if out is not None or dim >= self.sparse_dim():
            raise NotImplementedError(
                "index_select of a sparse tensor: dense dimensions and out= are not available"
            )
        entry, place = np.nonzero(self._places._array[dim][:, None] == index._array)
        order = np.argsort(place, kind="stable")
        places = self._places._array[:, entry[order]]
        places[dim] = place[order]
        shape = list(self.shape)
        shape[dim] = index.numel()
        elements = index_select(self._elements, 0, wrap(entry[order]))
        return SparseTensor(wrap(places), elements, shape)

    def __getitem__(self, index):
        if not isinstance(index, int):
            raise NotImplementedError("a sparse tensor can be indexed by one int only")
        length = self.shape[0]
        if not -length <= index < length:
            raise IndexError(f"index {index} is out of bounds for dimension 0 with size {length}")
        row = self.index_select(0, wrap(np.array([index % length])))
        return SparseTensor(wrap(row._places._array[1:]), row._elements, self.shape[1:])

    @property
    def nbytes(self) -> int:
        """Not for sparse tensors: RuntimeError."""
        raise RuntimeError(
            "nbytes is not defined for sparse tensors.  If you want the size of the constituent "
            "tensors, add the nbytes of the indices and values."
        )

    def copy_(self, src: Tensor, non_blocking: bool = False) -> SparseTensor:
        """Store what ``src``, a sparse tensor of this shape, stores."""
        if not isinstance(src, SparseTensor):
            raise RuntimeError(
                "copy_() between dense and sparse Tensors is not implemented! Found self type = "
                f"{self.type()} and src type = {src.type()}"
            )
        if src.shape != self.shape:
            raise RuntimeError(f"copy_: shapes {self.shape} and {src.shape} differ")
        self._places, self._elements = src._places, to(src._elements, self.dtype)
        self._coalesced = src._coalesced
        self._array = SparseArray(self._places._array, self._elements._array, tuple(self.shape))
        return self

    def zero_(self) -> SparseTensor:
        """Store nothing any more."""
        return self.copy_(_empty(self.shape, self.sparse_dim(), self.dtype))

    def numpy(self, *, force: bool = False) -> np.ndarray:
        """Not for sparse tensors: TypeError."""
        raise TypeError("can't convert Sparse layout tensor to numpy. Use Tensor.to_dense() first.")

    def type(self, dtype=None, non_blocking=False):
        """The name of the old class, or the values converted."""
        if dtype is None:
            return f"torch.sparse.{self.dtype.legacy_name}Tensor"
        return Tensor.type(self, dtype)

    def is_contiguous(self, memory_format=None) -> bool:
        """Never: there are no strides."""
        return False

    def stride(self, dim: int | None = None):
        """Zeros: there are no strides."""
        return 0 if dim is not None else (0,) * self.ndim

    def __copy__(self):
        return self._with(self._elements)

    def __deepcopy__(self, memo):
        import copy

        return SparseTensor(
            copy.deepcopy(self._places, memo),
            copy.deepcopy(self._elements, memo),
            self.shape,
            self._coalesced,
        )

    def __reduce_ex__(self, protocol):
        return SparseTensor, (self._places, self._elements, tuple(self.shape), self._coalesced)


# --- making them ----------------------------------------------------------------------------------


@op(public=False, method=False, node=lambda params: params["node"])
def stored(xp, input, /, node):
    """The values that a sparse tensor holds, as they are."""
    return input.copy()


stored.vjp(input=lambda g: g)


def sparse_coo_tensor(
    indices,
    values=None,
    size=None,
    *,
    dtype=None,
    device=None,
    pin_memory=False,
    requires_grad: bool = False,
    check_invariants: bool | None = None,
    is_coalesced: bool | None = None,
) -> SparseTensor:
    """A tensor that is zero except for ``values`` at ``indices``.

    Args:
        indices: (sparse dimensions, stored); ``sparse_coo_tensor(size)`` stores nothing.
        values: (stored, *dense dimensions); the values of a place that is named twice add up.
        size: the shape; without it the smallest that has all places.
        is_coalesced: promises that no place is named twice and that they are in order.

    Raises RuntimeError for as many values as there are not places, and for places outside
    ``size``.  Source: torch.sparse_coo_tensor.

    >>> import minitorch
    >>> minitorch.sparse_coo_tensor([[0, 1], [2, 0]], [3.0, 4.0], (2, 3)).to_dense()
    tensor([[0., 0., 3.],
            [4., 0., 0.]])
    """
    if values is None:
        shape = as_sizes(indices, "sparse_coo_tensor")
        return _empty(shape, len(shape), dtype or dtypes.get_default_dtype(), requires_grad)
    places = to(as_tensor(indices), dtypes.int64).detach()
    elements = as_tensor(values)
    if dtype is not None:
        elements = to(elements, as_dtype(dtype, "sparse_coo_tensor"))
    elements = unsqueeze(elements, 0) if not elements.ndim else elements
    if places.ndim != 2:
        raise RuntimeError(f"indices must be sparse_dim x nnz, but got: {list(places.shape)}")
    if places.shape[1] != elements.shape[0]:
        raise RuntimeError(
            f"indices and values must have same nnz, but got nnz from indices: {places.shape[1]}, "
            f"nnz from values: {elements.shape[0]}"
        )
    array = places._array
    if size is None:
        lengths = tuple((array.max(1) + 1).tolist()) if array.size else (0,) * len(array)
        shape = lengths + tuple(elements.shape[1:])
    else:
        shape = as_sizes(size, "sparse_coo_tensor")
        _check_places(array, elements, shape)
    if requires_grad:
        elements = elements.detach().clone().requires_grad_()
    elif elements.requires_grad and mode.grad:
        elements = stored(elements, "SparseCooTensorWithDimsAndTensorsBackward0")
    return SparseTensor(places, elements, shape, bool(is_coalesced))


def _check_places(array, elements, shape):
    dims = len(array) + elements.ndim - 1
    if len(shape) != dims:
        raise RuntimeError(
            f"number of dimensions must be sparse_dim ({len(array)}) + dense_dim "
            f"({elements.ndim - 1}), but got {len(shape)}"
        )
    for dim, row in enumerate(array):
        if row.size and row.min() < 0:
            raise RuntimeError(f"found negative index {row.min()} for dim {dim}")
        if row.size and row.max() >= shape[dim]:
            raise RuntimeError(
                f"size is inconsistent with indices: for dim {dim}, size is {shape[dim]} but found "
                f"index {row.max()}"
            )
    if tuple(elements.shape[1:]) != shape[len(array) :]:
        raise RuntimeError(
            f"values has incorrect size, expected {[elements.shape[0], *shape[len(array) :]]}, got "
            f"{list(elements.shape)}"
        )


def _empty(shape, sparse_dim, dtype, requires_grad=False):
    elements = zeros((0, *shape[sparse_dim:]), dtype=dtype, requires_grad=requires_grad)
    return SparseTensor(wrap(np.empty((sparse_dim, 0), np.int64)), elements, shape, True)


def to_sparse(self: Tensor, sparse_dim: int | None = None, *, layout=None) -> SparseTensor:
    """The elements that are not zero, with their places, coalesced.

    ``sparse_dim``: how many dimensions are sparse (all); the others stay dense.
    Source: torch.Tensor.to_sparse.
    """
    if layout not in (None, sparse_coo):
        raise NotImplementedError(f"to_sparse(layout={layout!r}): only sparse_coo is available")
    count = self.ndim if sparse_dim is None else sparse_dim
    if not 0 <= count <= self.ndim:
        raise RuntimeError(
            f"sparse_dim argument must be in [0,{self.ndim}] range, but {count} given"
        )
    held = self._array != 0
    held = held.any(tuple(range(count, self.ndim))) if count < self.ndim else held
    places = np.array(held.nonzero(), np.int64).reshape(count, -1)
    node = f"ToSparseBackward{int(sparse_dim is None)}"
    return _masked(self, SparseTensor(wrap(places), wrap(places[0]), self.shape, True), node)


def _masked(dense, mask, node="ToSparseBackward0"):
    elements = dense[tuple(mask._places.unbind(0))]
    elements = named(elements, node)
    return SparseTensor(mask._places, elements, dense.shape, mask._coalesced)


def _sparse_mask(self: Tensor, mask: SparseTensor) -> SparseTensor:
    """The elements at the places that a sparse ``mask`` stores.

    Source: torch.Tensor.sparse_mask.
    """
    return _masked(self, mask)


# --- products -------------------------------------------------------------------------------------


@op(public=False, method=False, node=lambda params: params["node"])
def coo_product(xp, values, mat2, /, rows, columns, height, node):
    """The matrix with ``values`` at ``rows`` and ``columns``, times a dense one.

    Shape: (stored), (n, k) -> (height, k).
    """
    order = xp.argsort(rows, kind="stable")
    rows, terms = rows[order], values[order, None] * mat2[columns[order]]  # (stored, k)
    result = xp.zeros((height, mat2.shape[1]), terms.dtype)
    if rows.size:
        starts = xp.flatnonzero(xp.concatenate([[True], rows[1:] != rows[:-1]]))
        result[rows[starts]] = xp.add.reduceat(terms, starts, 0)
    return result


coo_product.vjp(
    values=lambda g, mat2, rows, columns: paired_rows(g, conjugate(mat2), rows, columns),
    mat2=lambda g, values, rows, columns, mat2_shape, node: coo_product(
        conjugate(values), g, columns, rows, mat2_shape[0], node
    ),
)


@op(public=False, method=False)
def paired_rows(xp, input, other, /, rows, columns):
    """The products of rows of two matrices: ``input[rows[i]] @ other[columns[i]]`` for each i.

    Shape: (m, k), (n, k) -> (stored).
    """
    return xp.einsum("ik,ik->i", input[rows], other[columns])


paired_rows.vjp(
    input=lambda g, other, rows, columns, input_shape: coo_product(
        g, conjugate(other), rows, columns, input_shape[0], "MmBackward0"
    ),
    other=lambda g, input, rows, columns, other_shape: coo_product(
        g, conjugate(input), columns, rows, other_shape[0], "MmBackward0"
    ),
)


def _check_product(a, b):
    if a.ndim != 2 or b.ndim != 2:
        raise RuntimeError(f"mm: expected two matrices, but got {a.ndim}-D and {b.ndim}-D tensors")
    if a.shape[1] != b.shape[0]:
        raise RuntimeError(
            f"mat1 and mat2 shapes cannot be multiplied ({a.shape[0]}x{a.shape[1]} and "
            f"{b.shape[0]}x{b.shape[1]})"
        )


def _product(a, b, node="MmBackward0"):
    """``a @ b``, of which at least one is sparse."""
    _check_product(a, b)
    if not isinstance(a, SparseTensor):
        return _product(b.t(), a.mT, node).mT
    if not isinstance(b, SparseTensor):
        rows, columns = a._places._array
        return coo_product(a._elements, b, rows, columns, a.shape[0], node)
    return _sparse_product(a.coalesce(), b.coalesce())


def _sparse_product(a, b):
    """The product of two sparse matrices, sparse: each entry of ``a`` meets a row of ``b``."""
    starts = np.searchsorted(b._places._array[0], np.arange(b.shape[0] + 1))
    columns = a._places._array[1]
    counts = (starts[1:] - starts[:-1])[columns]
    first = np.repeat(np.arange(len(columns)), counts)
    offsets = np.arange(counts.sum()) - np.repeat(counts.cumsum() - counts, counts)
    second = starts[columns][first] + offsets
    places = np.stack([a._places._array[0][first], b._places._array[1][second]])
    elements = index_select(a._elements, 0, wrap(first)) * index_select(
        b._elements, 0, wrap(second)
    )
    return SparseTensor(wrap(places), elements, (a.shape[0], b.shape[1])).coalesce()


def mm(mat1: Tensor, mat2: Tensor) -> Tensor:
    """The product of a sparse matrix and a dense (or sparse) one.  Source: torch.sparse.mm."""
    if not (isinstance(mat1, SparseTensor) or isinstance(mat2, SparseTensor)):
        return REGISTRY["mm"].function(mat1, mat2)
    return _product(mat1, mat2, "SparseAddmmBackward0")


@composite(method=False)
def spmm(input: Tensor, mat2: Tensor) -> Tensor:
    """The product of two matrices, of which the first is sparse.  Source: torch.spmm."""
    return REGISTRY["mm"].function(input, mat2)


# --- reductions -----------------------------------------------------------------------------------


def sum(input: SparseTensor, dim=None, dtype=None) -> Tensor:
    """The sum of all elements, or over dimensions: sparse where sparse dimensions are left.

    Source: torch.sparse.sum.
    """
    if dtype is not None:
        input = to(input, dtype)
    if dim is None:
        return total(input._elements)
    dims = {
        wrap_dim(d, input.ndim, "sum") for d in (dim if isinstance(dim, (tuple, list)) else [dim])
    }
    sparse_dim = input.sparse_dim()
    dense = [d - sparse_dim + 1 for d in dims if d >= sparse_dim]
    elements = total(input._elements, dense) if dense else input._elements
    kept = [d for d in range(sparse_dim) if d not in dims]
    if not kept:
        return total(elements, 0)
    shape = [n for d, n in enumerate(input.shape) if d not in dims]
    summed = SparseTensor(wrap(input._places._array[kept]), elements, shape)
    return summed.coalesce() if len(kept) < sparse_dim else summed


def _groups(input, dim):
    """For each stored value the number of its line along ``dim``, and how many lines there are."""
    if dim >= input.sparse_dim():
        raise NotImplementedError("softmax over dense dimensions of a sparse tensor")
    kept = [d for d in range(input.sparse_dim()) if d != dim]
    shape = [input.shape[d] for d in kept]
    if not kept:
        return np.zeros(input._nnz(), np.int64), 1
    flat = np.ravel_multi_index(tuple(input._places._array[kept]), shape)
    unique, lines = np.unique(flat, return_inverse=True)
    return lines, len(unique)


def _line_softmax(input, dim, dtype, logarithm):
    input = input.coalesce() if dtype is None else to(input, dtype).coalesce()
    lines, count = _groups(input, wrap_dim(dim, input.ndim, "softmax"))
    values = input._elements
    largest = np.full((count, *values.shape[1:]), -np.inf, values._array.dtype)
    np.maximum.at(largest, lines, values._array)
    shifted = values - wrap(largest[lines])
    start = zeros(largest.shape, dtype=input.dtype)
    at = wrap(lines)
    norm = index_select(index_add(start, 0, at, exp(shifted)), 0, at)
    return input._with(shifted - log(norm) if logarithm else exp(shifted) / norm)


def softmax(input: SparseTensor, dim: int, *, dtype=None) -> SparseTensor:
    """Softmax along ``dim`` of the values that are stored: the others count as minus infinity.

    Source: torch.sparse.softmax.
    """
    return _line_softmax(input, dim, dtype, False)


def log_softmax(input: SparseTensor, dim: int, *, dtype=None) -> SparseTensor:
    """The logarithm of :func:`softmax`.  Source: torch.sparse.log_softmax."""
    return _line_softmax(input, dim, dtype, True)


# --- what the ops do with them --------------------------------------------------------------------

#: By the name of an op: what it gives where a sparse tensor is among its inputs.
RULES: dict[str, Callable[..., Any]] = {}


def _rule(*names):
    def register(rule):
        for name in names:
            RULES[name] = rule
        return rule

    return register


@_rule("mm")
def _mm(mat1, mat2):
    return _product(mat1, mat2)


@_rule("mv")
def _mv(input, vec):
    return _product(input, unsqueeze(vec, 1)).squeeze(1)


@_rule("addmm")
def _addmm(input, mat1, mat2, beta=1, alpha=1):
    product = _product(mat1, mat2)
    return (input if beta == 1 else input * beta) + (product if alpha == 1 else product * alpha)


@_rule("add")
def _add(input, other, alpha=1):
    if not isinstance(input, SparseTensor):
        return named(input + other.to_dense() * alpha, "AddBackward0")
    if not isinstance(other, SparseTensor):
        raise RuntimeError("add(sparse, dense) is not supported. Use add(dense, sparse) instead.")
    if input.shape != other.shape:
        raise RuntimeError(
            f"add: expected sizes of 'self' and 'other' to match, but {list(input.shape)} != "
            f"{list(other.shape)}"
        )
    second = other._elements if alpha == 1 else other._elements * alpha
    if input._places is other._places:
        return input._with(input._elements + second)
    both = SparseTensor(
        cat([input._places, other._places], 1), cat([input._elements, second]), input.shape
    )
    return both.coalesce() if input._coalesced and other._coalesced else both


def _sub(input, other, alpha=1):
    return _add(input, other, -alpha)


RULES["sub"] = _sub


@_rule("mul")
def _mul(input, other):
    if not isinstance(input, SparseTensor):
        input, other = other, input
    if isinstance(other, SparseTensor):
        other = other.to_dense()
        return _masked(other, input)._with(input._elements * other[tuple(input._places.unbind(0))])
    if isinstance(other, Tensor) and other.ndim:
        other = other.expand(input.shape)[tuple(input._places.unbind(0))]
    return input._with(input._elements * other)


@_rule("true_divide", "div")
def _div(input, other, rounding_mode=None):
    if not isinstance(input, SparseTensor) or isinstance(other, Tensor) and other.ndim:
        raise NotImplementedError("div: a sparse tensor can be divided by numbers only")
    divided = REGISTRY["true_divide"].function(input._elements, other)
    return input._with(divided)


@_rule("neg", "cast", "cast_copy", "clone")
def _each(input, *, op, **params):
    return input._with(op.function(input._elements, **params))


def _each_coalesced(input, *, op, **params):
    """Functions that keep zero at zero, and are not linear: values of one place go together."""
    return _each(input.coalesce(), op=op, **params)


for _name in (
    *("abs", "asin", "asinh", "atan", "atanh", "ceil", "erf", "expm1", "floor", "log1p", "relu"),
    *("round", "sgn", "sign", "sin", "sinh", "sqrt", "square", "tan", "tanh", "trunc", "isnan"),
):
    RULES[_name] = _each_coalesced


@_rule("pow")
def _pow(input, exponent, *, op):
    if isinstance(exponent, Tensor) or exponent <= 0:
        raise NotImplementedError("pow of a sparse tensor takes a positive number as its exponent")
    input = input.coalesce()
    return input._with(op.function(input._elements, exponent))


@_rule("sum")
def _sum(input, dim=None, keepdim=False, *, dtype=None):
    if keepdim:
        raise NotImplementedError("sum(keepdim=True) of a sparse tensor is not available")
    return sum(input, dim, dtype)


@_rule("zero_")
def _zero(input):
    return input.zero_()


@_rule("transpose")
def _transpose(input, dim0, dim1):
    return input.transpose(dim0, dim1)


@_rule("cat")
def _cat(tensors, dim=0):
    first = tensors[0]
    dim = wrap_dim(dim, first.ndim, "cat")
    if not all(isinstance(x, SparseTensor) for x in tensors) or dim >= first.sparse_dim():
        raise NotImplementedError("cat takes sparse tensors, along a sparse dimension")
    places, offset = [], 0
    for x in tensors:
        moved = x._places._array.copy()
        moved[dim] += offset
        offset += x.shape[dim]
        places.append(wrap(moved))
    shape = list(first.shape)
    shape[dim] = offset
    return SparseTensor(cat(places, 1), cat([x._elements for x in tensors]), shape)


def _dispatch(op, inputs, params):
    """What ``op`` gives where a sparse tensor is among its inputs; else NotImplemented."""
    flat = [*inputs[0], *inputs[1:]] if op.sequence else inputs
    if not any(isinstance(x, SparseTensor) for x in flat):
        return NotImplemented
    rule = RULES.get(op.name)
    if rule is None:
        raise NotImplementedError(
            f"Could not run 'aten::{op.name}' with arguments from the 'SparseCPU' backend."
        )
    if rule in (_each, _each_coalesced, _pow):
        params = {**params, "op": op}
    return rule(*inputs, **op.given(params))


# --- methods of every tensor ----------------------------------------------------------------------


def _of_sparse_only(name, kind="sparse coordinate tensor layout"):
    def method(self, *args, **kwargs):
        raise RuntimeError(f"{name} expected {kind} but got Strided")

    method.__name__ = method.__qualname__ = name
    method.__doc__ = f"Only for sparse tensors: RuntimeError.  Source: torch.Tensor.{name}."
    return method


def _to_dense(self: Tensor, dtype=None, *, masked_grad=None) -> Tensor:
    """The tensor itself, which is dense (in ``dtype``).  Source: torch.Tensor.to_dense."""
    return self if dtype is None else to(self, dtype)


#: What ``_surface`` installs on the Tensor.
METHODS = {
    "coalesce": _of_sparse_only("coalesce"),
    "indices": _of_sparse_only("indices"),
    "is_coalesced": _of_sparse_only("is_coalesced"),
    "sparse_mask": _sparse_mask,
    "to_dense": _to_dense,
    "to_sparse": to_sparse,
    "to_sparse_coo": to_sparse,
    "values": _of_sparse_only("values", "sparse tensor layout"),
}


def _of_array(array):
    """The tensor over a sparse array, such as the gradient of an embedding."""
    return SparseTensor(wrap(array.indices), wrap(array.values), array.shape)


bridge.sparse = _of_array
