"""Looking at the same elements in another shape: views first, then the shapes that need a copy.

Basic indexing (``x[1]``, ``x[2:5]``), ``select``, ``narrow``, ``split`` and ``unbind`` are all one
operation, ``basic_index``; its adjoint, ``place``, puts parts into zeros.
"""

from __future__ import annotations

import math
import operator
import warnings
from collections.abc import Sequence
from typing import SupportsIndex

import numpy as np

from minitorch import dtypes
from minitorch.autograd.graph import LEGACY_NAMES
from minitorch.autograd.mode import mode
from minitorch.autograd.views import check_writable
from minitorch.backends import is_array
from minitorch.dtypes import from_numpy as dtype_of
from minitorch.memory_format import contiguous_format, empty_array, preserve_format
from minitorch.ops._dims import as_sizes, unique_dims, wrap_dim
from minitorch.ops._op import composite, expand, op, sum_to
from minitorch.ops.conversion import contiguous
from minitorch.ops.elementwise import conj
from minitorch.size import Size
from minitorch.storage import address, owner, strides_in_elements
from minitorch.tensor import Tensor, wrap

__all__ = [
    "METHODS",
    "PROPERTIES",
    "adjoint",
    "alias",
    "as_strided",
    "as_strided_view",
    "atleast_1d",
    "atleast_2d",
    "atleast_3d",
    "basic_index",
    "basic_indexes",
    "broadcast_pair",
    "broadcast_shapes",
    "broadcast_tensors",
    "broadcast_to",
    "chunk",
    "copy_reshaped",
    "diagonal",
    "diagonal_place",
    "dsplit",
    "expand_as",
    "flatten",
    "flip",
    "fliplr",
    "flipud",
    "fold_repeats",
    "fold_windows",
    "hsplit",
    "imag",
    "imaginary_part",
    "meshgrid",
    "movedim",
    "narrow",
    "pack_complex",
    "permute",
    "place",
    "ravel",
    "real",
    "real_part",
    "repeat",
    "reshape",
    "reshape_as",
    "resize_",
    "resize_as_",
    "restride",
    "roll",
    "rot90",
    "select",
    "set_",
    "split",
    "split_with_sizes",
    "squeeze",
    "sum_to_size",
    "swapaxes",
    "swapdims",
    "t",
    "tensor_split",
    "tile",
    "transpose",
    "unbind",
    "unflatten",
    "unfold",
    "unsqueeze",
    "view",
    "view_as",
    "view_as_complex",
    "view_as_real",
    "view_size",
    "vsplit",
]


def _array_of(input):
    return input if is_array(input) else input._array


def _as_strided(xp, array, shape, strides):
    """A writable view of ``array`` with strides in bytes, from its first element."""
    return xp.lib.stride_tricks.as_strided(array, shape, strides)


# --- view and reshape -----------------------------------------------------------------------------


@op(view=True, public=False, method=False, node="ViewBackward0")
def view_size(xp, input, /, size):
    """The same elements, in order, as ``size``: callers know that strides alone can do it."""
    return input.reshape(size)


view_size.vjp(input=lambda g, input_shape: reshape(g, input_shape))


@op(public=False, method=False, node="UnsafeViewBackward0")
def copy_reshaped(xp, input, /, size):
    """A copy of the elements, in order, as ``size``."""
    return input.copy(order="C").reshape(size)


copy_reshaped.vjp(input=lambda g, input_shape: reshape(g, input_shape))


def _inferred(size, numel):
    """``size`` with its -1 replaced, checked against the number of elements."""
    unknown = None
    known = 1
    for at, length in enumerate(size):
        if length == -1:
            if unknown is not None:
                raise RuntimeError("only one dimension can be inferred")
            unknown = at
        elif length < 0:
            raise RuntimeError(
                f"invalid shape dimension {length} at index {at} of shape {list(size)}"
            )
        else:
            known *= length
    if unknown is None:
        if known == numel:
            return size
    elif known and numel % known == 0:
        return (*size[:unknown], numel // known, *size[unknown + 1 :])
    elif not known and not numel:
        raise RuntimeError(
            f"cannot reshape tensor of 0 elements into shape {list(size)} because the unspecified "
            "dimension size "
            "-1 can be any value and is ambiguous"
        )
    raise RuntimeError(f"shape '{list(size)}' is invalid for input of size {numel}")


def _loose(size, named, name, argument="size"):
    """The sizes of ``f(2, 3)``, ``f((2, 3))`` or ``f(size=(2, 3))``, as ints."""
    if named is not None:
        size = (named,)
    if len(size) == 1:
        size = size[0]
    return as_sizes(size, name, argument)


@composite(public=False, method=True)
def view(self: Tensor, *sizes, size=None, dtype: dtypes.dtype | None = None) -> Tensor:
    """The same memory as another shape, ``x.view(2, -1)``, or element type, ``x.view(dtype)``.

    One length may be -1.  Raises RuntimeError where the memory cannot be seen as that shape
    without a copy; ``reshape`` copies then.  Source: torch.Tensor.view.
    """
    if len(sizes) == 1 and isinstance(sizes[0], dtypes.dtype):
        dtype = sizes[0]
    if dtype is not None:
        return _view_dtype(self, dtype)
    if not sizes and size is None or sizes and type(sizes[0]) in (str, float):
        given = ", ".join(type(length).__name__ for length in sizes)
        raise TypeError(
            f"view() received an invalid combination of arguments - got ({given}), but expected "
            "one "
            "of: (torch.dtype dtype) or (tuple of ints size)"
        )
    array = self._array
    wanted = _inferred(_loose(sizes, size, "view"), array.size)
    if not array.flags.c_contiguous and not _can_view(array, wanted):
        raise RuntimeError(
            "view size is not compatible with input tensor's size and stride (at least one "
            "dimension "
            "spans across two contiguous subspaces). Use .reshape(...) instead."
        )
    return view_size(self, wanted)


def _view_dtype(input, dtype):
    """The bytes read as another element type: outside the graph, as in torch."""
    array = input._array
    old, new = array.itemsize, dtype.itemsize
    if not array.ndim and old != new:
        raise RuntimeError(
            f"self.dim() cannot be 0 to view {input.dtype} as {dtype} (different element sizes)"
        )
    if new > old and array.shape[-1] * old % new:
        raise RuntimeError(
            f"self.size(-1) must be divisible by {new // old} to view {input.dtype} as {dtype} "
            "(different element "
            f"sizes), but got {array.shape[-1]}"
        )
    if new != old and array.size and array.shape[-1] > 1 and array.strides[-1] != old:
        raise RuntimeError(
            f"self.stride(-1) must be 1 to view {input.dtype} as {dtype} (different element "
            "sizes), but got "
            f"{array.strides[-1] // old}"
        )
    viewed = wrap(array.view(dtype.numpy))
    viewed._counter = input._counter
    return viewed


@composite
def reshape(input: Tensor, *sizes, shape=None) -> Tensor:
    """The elements, in order, as another shape: a view where the memory allows it, else a copy.

    One length may be -1.  Raises RuntimeError if the number of elements differs.  Source:
    torch.reshape.
    """
    if not sizes and shape is None:
        raise TypeError('reshape() missing 1 required positional arguments: "shape"')
    array = _array_of(input)
    size = _inferred(_loose(sizes, shape, "reshape", "shape"), array.size)
    if array.flags.c_contiguous or _can_view(array, size):
        return view_size(input, size)
    return copy_reshaped(input, size)


def _can_view(array, size):
    """Whether strides alone make ``size`` of ``array``: its runs split at dimensions of it.

    A run is a group of neighbouring dimensions that lie in memory as one dimension would.
    """
    if not array.size:
        return True
    runs, outer_stride = [], None
    for length, stride in zip(reversed(array.shape), reversed(array.strides), strict=True):
        if length == 1:
            continue
        if stride == outer_stride:
            runs[-1] *= length
        else:
            runs.append(length)
        outer_stride = stride * length
    lengths = [length for length in size if length != 1]
    for run in runs:
        while run > 1 and lengths and run % lengths[-1] == 0:
            run //= lengths.pop()
        if run > 1:
            return False
    return True


@composite(public=False, method=True)
def view_as(self: Tensor, other: Tensor) -> Tensor:
    """``view`` as the shape of ``other``.  Source: torch.Tensor.view_as."""
    return view(self, other.shape)


@composite(public=False, method=True)
def reshape_as(self: Tensor, other: Tensor) -> Tensor:
    """``reshape`` to the shape of ``other``.  Source: torch.Tensor.reshape_as."""
    return reshape(self, other.shape)


@composite
def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """Dimensions ``start_dim`` to ``end_dim`` made one: a view where the memory allows it.

    Shape: (a, b, c) -> (a, b * c) for ``start_dim=1``.  Raises RuntimeError if the dims are in the
    wrong order.  Source: torch.flatten.
    """
    shape = input.shape
    start = wrap_dim(start_dim, len(shape), "flatten", "start_dim")
    end = wrap_dim(end_dim, len(shape), "flatten", "end_dim")
    if start > end:
        raise RuntimeError("flatten() has invalid args: start_dim cannot come after end_dim")
    if not shape:
        return reshape(input, (1,))
    if start == end:
        return input
    return reshape(input, (*shape[:start], math.prod(shape[start : end + 1]), *shape[end + 1 :]))


@composite
def ravel(input: Tensor) -> Tensor:
    """All elements in one dimension: a view where the memory allows it.  Source: torch.ravel."""
    return view_size(input if is_array(input) else contiguous(input), (_array_of(input).size,))


@composite
def unflatten(input: Tensor, dim: int, sizes: Sequence[int]) -> Tensor:
    """One dimension split into several, a view.  One of ``sizes`` may be -1.

    Raises RuntimeError if they do not multiply up to its length.  Source: torch.unflatten.
    """
    shape = input.shape
    dim = wrap_dim(dim, len(shape), "unflatten")
    if not sizes:
        raise RuntimeError("unflatten: sizes must be non-empty")
    lengths = as_sizes(sizes, "unflatten", "sizes")
    if lengths.count(-1) > 1:
        raise RuntimeError("unflatten got an unexpected error:\nonly one dimension can be inferred")
    known = math.prod(length for length in lengths if length != -1)
    if -1 in lengths and known and shape[dim] % known == 0:
        lengths = tuple([shape[dim] // known if length == -1 else length for length in lengths])
    if math.prod(lengths) != shape[dim] or -1 in lengths:
        raise RuntimeError(
            f"unflatten: Provided sizes {list(lengths)} don't multiply up to the size of dim {dim} "
            f"({shape[dim]}) in the input tensor"
        )
    return view_size(input, (*shape[:dim], *lengths, *shape[dim + 1 :]))


# --- the order of dimensions ----------------------------------------------------------------------


@op(view=True)
def transpose(xp, input, /, dim0, dim1):
    """Swap two dimensions, a view.  Shape: (a, b) -> (b, a).  Source: torch.transpose."""
    first = wrap_dim(dim0, input.ndim, "transpose", "dim0")
    second = wrap_dim(dim1, input.ndim, "transpose", "dim1")
    return input.swapaxes(first, second) if input.ndim else input[...]


transpose.vjp(input=lambda g, dim0, dim1: transpose(g, dim0, dim1))


@composite
def swapaxes(input: Tensor, axis0: int, axis1: int) -> Tensor:
    """NumPy's name for ``transpose``.  Source: torch.swapaxes."""
    return transpose(input, axis0, axis1)


@composite
def swapdims(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """Another name for ``transpose``.  Source: torch.swapdims."""
    return transpose(input, dim0, dim1)


@op(view=True)
def t(xp, input, /):
    """The transposed matrix, a view; a vector or a number stays.

    Raises RuntimeError beyond 2 dimensions.

    Source: torch.t.
    """
    if input.ndim > 2:
        raise RuntimeError(f"t() expects a tensor with <= 2 dimensions, but self is {input.ndim}D")
    return input.T


t.vjp(input=lambda g: t(g))


@op(view=True, varargs="dims")
def permute(xp, input, /, dims):
    """The dimensions in another order, a view.

    Shape: (a, b, c) -> (c, a, b) for ``dims=(2, 0, 1)``.

    Raises RuntimeError if ``dims`` is no permutation.  Source: torch.permute.
    """
    if len(dims) != input.ndim:
        raise RuntimeError(
            "permute(sparse_coo): number of dimensions in the tensor input does not match the "
            "length of the desired "
            f"ordering of dimensions i.e. input.dim() = {input.ndim} is not equal to len(dims) = "
            f"{len(dims)}"
        )
    order = [wrap_dim(dim, input.ndim, "permute", "dims") for dim in dims]
    if len(set(order)) != len(order):
        raise RuntimeError("permute(): duplicate dims are not allowed.")
    return input.transpose(order)


permute.vjp(input=lambda g, dims: permute(g, _inverse(dims)))


def _inverse(dims):
    count = len(dims)
    places = {dim % count: at for at, dim in enumerate(dims)}
    return tuple([places[dim] for dim in range(count)])


@composite(aliases=("moveaxis",))
def movedim(input: Tensor, source, destination) -> Tensor:
    """Move dimensions to other places, the rest keep their order: a view.

    Source: torch.movedim.
    """
    ndim = input.ndim
    source = (source,) if not isinstance(source, (tuple, list)) else source
    destination = (destination,) if not isinstance(destination, (tuple, list)) else destination
    if len(source) != len(destination):
        raise RuntimeError(
            f"movedim: Invalid source or destination dims: source ({list(source)} dims) should "
            "contain the same "
            f"number of dims as destination ({list(destination)} dims)"
        )
    places = {}
    for argument, dims in (("source", source), ("destination", destination)):
        wrapped = [wrap_dim(dim, ndim, "movedim", argument) for dim in dims]
        if len(set(wrapped)) != len(wrapped):
            raise RuntimeError(f"movedim: repeated dim in `{argument}` ({list(dims)})")
        places[argument] = wrapped
    if not ndim:
        return alias(input)
    rest = iter([dim for dim in range(ndim) if dim not in places["source"]])
    moved = dict(zip(places["destination"], places["source"], strict=True))
    return permute(
        input, tuple([moved[dim] if dim in moved else next(rest) for dim in range(ndim)])
    )


def _reversed_dims(self):
    """The dimensions in reverse order.  Source: torch.Tensor.T."""
    if self.ndim != 2 and self.ndim:
        warnings.warn(
            "The use of `x.T` on tensors of dimension other than 2 to reverse their shape is "
            "deprecated and it will "
            "throw an error in a future release. Consider `x.mT` to transpose batches of matrices "
            "or "
            "`x.permute(*torch.arange(x.ndim - 1, -1, -1))` to reverse the dimensions of a tensor.",
            stacklevel=2,
        )
    return permute(self, tuple(range(self.ndim))[::-1])


def _matrix_transpose(self):
    """The last two dimensions swapped.  Source: torch.Tensor.mT."""
    return _swap_last(self, "tensor.mT")


def _swap_last(self, name):
    if self.ndim == 1:
        raise RuntimeError(
            f"{name} is only supported on matrices or batches of matrices. Got {self.ndim}-D "
            "tensor."
        )
    return transpose(self, -2, -1) if self.ndim else self


def _matrix_conjugate(self):
    """The last two dimensions swapped, conjugated.  Source: torch.Tensor.mH."""
    return conj(_swap_last(self, "tensor.mH"))


def _hermitian(self):
    """The conjugate transpose of a matrix.  Source: torch.Tensor.H."""
    if self.ndim not in (0, 2):
        raise RuntimeError(
            f"tensor.H is only supported on matrices (2-D tensors). Got {self.ndim}-D tensor."
            + (" For batches of matrices, consider using tensor.mH" if self.ndim > 2 else "")
        )
    return conj(_swap_last(self, "tensor.H"))


@composite
def adjoint(input: Tensor) -> Tensor:
    """The last two dimensions swapped, conjugated.  Source: torch.adjoint."""
    return conj(_swap_last(input, "tensor.adjoint()"))


# --- dimensions of length one ---------------------------------------------------------------------


def _squeeze_node(params):
    dim = params["dim"]
    return f"SqueezeBackward{0 if dim is None else 2 if isinstance(dim, (tuple, list)) else 1}"


@op(view=True, node=_squeeze_node)
def squeeze(xp, input, /, dim=None):
    """Without its dimensions of length 1, or those of them that ``dim`` names: a view.

    Source: torch.squeeze.
    """
    if dim is None:
        return (
            input.reshape([length for length in input.shape if length != 1])
            if 1 in input.shape
            else input[...]
        )
    dims = unique_dims(dim, input.ndim, "squeeze")
    gone = tuple([d for d in dims if input.ndim and input.shape[d] == 1])
    return input.squeeze(gone)


squeeze.vjp(input=lambda g, input_shape: reshape(g, input_shape))


@op(view=True)
def unsqueeze(xp, input, /, dim):
    """A dimension of length 1 inserted at ``dim``, a view.

    Shape: (a, b) -> (a, 1, b) for ``dim=1``.

    Source: torch.unsqueeze.
    """
    return xp.expand_dims(input, wrap_dim(dim, input.ndim + 1, "unsqueeze"))


unsqueeze.vjp(input=lambda g, input_shape: reshape(g, input_shape))


def _at_least(tensors, name, raised):
    if len(tensors) == 1:
        if isinstance(tensors[0], Tensor):
            return raised(tensors[0])
        tensors = tensors[0]
    for at, tensor in enumerate(tensors):
        if not isinstance(tensor, Tensor):
            raise TypeError(
                f"{name}(): expected Tensor as element {at}, but got {type(tensor).__name__}"
            )
    return tuple([raised(tensor) for tensor in tensors])


@composite(method=False)
def atleast_1d(*tensors: Tensor):
    """Each tensor with one dimension at least.  Source: torch.atleast_1d."""
    return _at_least(tensors, "atleast_1d", lambda x: x if x.ndim else reshape(x, (1,)))


@composite(method=False)
def atleast_2d(*tensors: Tensor):
    """Each tensor with two dimensions at least, new ones in front.  Source: torch.atleast_2d."""

    def raised(x):
        if x.ndim >= 2:
            return x
        return unsqueeze(x, 0) if x.ndim else reshape(x, (1, 1))

    return _at_least(tensors, "atleast_2d", raised)


@composite(method=False)
def atleast_3d(*tensors: Tensor):
    """Each tensor with three dimensions at least: (a) -> (1, a, 1), (a, b) -> (a, b, 1).

    Source: torch.atleast_3d.
    """

    def raised(x):
        if x.ndim >= 3:
            return x
        if x.ndim == 2:
            return unsqueeze(x, -1)
        return unsqueeze(unsqueeze(x, 0), -1) if x.ndim else reshape(x, (1, 1, 1))

    return _at_least(tensors, "atleast_3d", raised)


# --- broadcasting ---------------------------------------------------------------------------------


@composite(public=False, method=True)
def expand_as(self: Tensor, other: Tensor) -> Tensor:
    """``expand`` to the shape of ``other``.  Source: torch.Tensor.expand_as."""
    return expand(self, other.shape)


@composite(public=False, method=True)
def sum_to_size(self: Tensor, *size) -> Tensor:
    """Summed over what broadcasting from ``size`` would add.  Source: torch.Tensor.sum_to_size."""
    shape = _loose(size, None, "sum_to_size")
    if broadcast_pair(shape, tuple(self.shape)) != tuple(self.shape):
        raise RuntimeError(
            f"size {{{list(shape)}}} is not expandable to size {{{list(self.shape)}}}."
        )
    if self.shape == shape:
        return self
    new = self.ndim - len(shape)
    summed = sum_to(self, (1,) * new + shape)
    return view_size(summed, shape) if new else summed


@composite
def broadcast_to(input: Tensor, *sizes, size=None) -> Tensor:
    """``expand``: dimensions of length 1 repeated without a copy.  Source: torch.broadcast_to."""
    return expand(input, _loose(sizes, size, "broadcast_to"))


@composite(method=False)
def broadcast_tensors(*tensors: Tensor) -> tuple[Tensor, ...]:
    """The tensors expanded to their common shape.  Raises RuntimeError where they do not broadcast.

    Source: torch.broadcast_tensors.
    """
    if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)):
        tensors = tuple(tensors[0])
    shape: tuple = ()
    for tensor in tensors:
        shape = broadcast_pair(shape, tensor.shape)
    return tuple([x if x.shape == shape else expand(x, shape) for x in tensors])


def broadcast_pair(shape: tuple, other: tuple) -> tuple:
    """The common shape of two.  Raises RuntimeError, in torch's words, where there is none."""
    ndim = max(len(shape), len(other))
    padded = (1,) * (ndim - len(shape)) + tuple(shape)
    padded_other = (1,) * (ndim - len(other)) + tuple(other)
    for dim in reversed(range(ndim)):
        a, b = padded[dim], padded_other[dim]
        if a != b and a != 1 and b != 1:
            raise RuntimeError(
                f"The size of tensor a ({a}) must match the size of tensor b ({b}) at "
                f"non-singleton dimension {dim}"
            )
    return tuple([a if b == 1 else b for a, b in zip(padded, padded_other, strict=True)])


@composite(method=False)
def broadcast_shapes(*shapes) -> Size:
    """The common shape of several.  Raises RuntimeError where they do not broadcast.

    Source: torch.broadcast_shapes.
    """
    if not shapes:
        raise IndexError("tuple index out of range")
    tuples = [as_sizes(shape, "broadcast_shapes", "shapes") for shape in shapes]
    common = [1] * max(map(len, tuples))
    for at, shape in enumerate(tuples):
        for back in range(1, len(shape) + 1):
            length = shape[-back]
            if length < 0:
                raise ValueError("Attempting to broadcast a dimension with negative length!")
            if length in (1, common[-back]):
                continue
            if common[-back] != 1:
                raise RuntimeError(
                    f"Attempting to broadcast a dimension of length {length} at {-back}! "
                    "Mismatching argument at "
                    f"index {at} had {shape}; but expected shape should be broadcastable to "
                    f"{common}"
                )
            common[-back] = length
    return Size(common)


@composite(method=False)
def meshgrid(*tensors: Tensor, indexing: str | None = None) -> tuple[Tensor, ...]:
    """The coordinates of a grid: every tensor expanded along the dimensions of the others.

    ``indexing="ij"``: output i varies along dimension i; ``"xy"`` swaps the first two dimensions.
    Shape: (a), (b) -> (a, b), (a, b).  Raises RuntimeError for tensors of more than one dimension
    or of different dtypes.  Source: torch.meshgrid.
    """
    if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)):
        tensors = tuple(tensors[0])
    if not tensors:
        raise RuntimeError("meshgrid expects a non-empty TensorList")
    if indexing is None:
        warnings.warn(
            "torch.meshgrid: in an upcoming release, it will be required to pass the indexing "
            "argument.",
            stacklevel=2,
        )
        indexing = "ij"
    if indexing not in ("ij", "xy"):
        raise RuntimeError(
            f'torch.meshgrid: indexing must be one of "xy" or "ij", but received: {indexing}'
        )
    for tensor in tensors:
        if tensor.ndim > 1:
            raise RuntimeError(
                "torch.meshgrid: Expected 0D or 1D tensor in the tensor list but got: "
                f"{tensor.ndim}D"
            )
        if tensor.dtype is not tensors[0].dtype:
            raise RuntimeError("meshgrid expects all tensors to have the same dtype")
    # The dimension that each tensor varies along.
    dims = list(range(len(tensors)))
    if indexing == "xy":
        dims[:2] = reversed(dims[:2])
    lengths = dict(zip(dims, [tensor.numel() for tensor in tensors], strict=True))
    shape = tuple([lengths[dim] for dim in range(len(tensors))])
    grids = []
    for dim, tensor in zip(dims, tensors, strict=True):
        column = (1,) * dim + (shape[dim],) + (1,) * (len(shape) - dim - 1)
        grids.append(expand(view_size(tensor, column), shape))
    return tuple(grids)


# --- parts: basic indexing ------------------------------------------------------------------------


@op(view=True, public=False, method=False, node=lambda params: params["node"])
def basic_index(xp, input, /, index, node):
    """The view that ints, slices, None and Ellipsis name; ``node`` is its grad_fn's name."""
    return input[index]


basic_index.vjp(input=lambda g, index, input_shape: place([g], (index,), input_shape))


@op(view=True, several=True, public=False, method=False, node=lambda params: params["node"])
def basic_indexes(xp, input, /, indexes, node):
    """Several parts at once."""
    return tuple([input[index] for index in indexes])


def _place_all(g, indexes, input_shape):
    gradients = g if isinstance(g, (list, tuple)) else (g,)
    arrived = [
        (part, index) for part, index in zip(gradients, indexes, strict=True) if part is not None
    ]
    return place([part for part, _ in arrived], tuple([index for _, index in arrived]), input_shape)


basic_indexes.vjp(input=_place_all)


@op(sequence=True, public=False, method=False, node="SliceBackward0")
def place(xp, parts, /, indexes, size):
    """Zeros of ``size`` with each part at its (basic) index: the adjoint of ``basic_index``."""
    placed = xp.zeros(size, parts[0].dtype)
    for part, index in zip(parts, indexes, strict=True):
        placed[index] = part
    return placed


place.vjp_joint(
    lambda g, indexes: tuple([basic_index(g, index, "SliceBackward0") for index in indexes])
)


@op(view=True, public=False)
def alias(xp, input, /):
    """The same elements as another tensor, a view of all of it.  Source: torch's ``x[...]``."""
    return input[...]


alias.vjp(input=lambda g: g)


def _index_at(dim, item):
    return (*(slice(None),) * dim, item, ...)


@composite
def select(input: Tensor, dim: int, index: int) -> Tensor:
    """The slice ``index`` of dimension ``dim``, which disappears: a view.  Source: torch.select."""
    shape = input.shape
    if not shape:
        raise IndexError("select() cannot be applied to a 0-dim tensor.")
    dim = wrap_dim(dim, len(shape), "select")
    index = operator.index(index)
    if not -shape[dim] <= index < shape[dim]:
        raise IndexError(
            f"select(): index {index} out of range for tensor of size {list(shape)} at dimension "
            f"{dim}"
        )
    return basic_index(input, _index_at(dim, index), "SelectBackward0")


@composite
def narrow(input: Tensor, dim: int, start: int, length: int) -> Tensor:
    """``length`` slices of dimension ``dim`` from ``start`` on, a view.

    Raises RuntimeError where they do not lie inside.  Source: torch.narrow.
    """
    shape = input.shape
    if not shape:
        raise RuntimeError("narrow() cannot be applied to a 0-dim tensor.")
    if length < 0:
        raise RuntimeError("narrow(): length must be non-negative.")
    dim = wrap_dim(dim, len(shape), "narrow")
    start, size = operator.index(start), shape[dim]
    if not -size <= start <= size:
        raise IndexError(
            f"start out of range (expected to be in range of [{-size}, {size}], but got {start})"
        )
    start = start + size if start < 0 else start
    if start + length > size:
        raise RuntimeError(f"start ({start}) + length ({length}) exceeds dimension size ({size}).")
    return basic_index(input, _index_at(dim, slice(start, start + length)), "SliceBackward0")


@composite
def unbind(input: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """All slices of dimension ``dim``, which disappears: a tuple of views.

    Source: torch.unbind.
    """
    shape = input.shape
    if not shape:
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
    dim = wrap_dim(dim, len(shape), "unbind")
    indexes = tuple([_index_at(dim, index) for index in range(shape[dim])])
    return basic_indexes(input, indexes, "UnbindBackward0")


def _parts(input, dim, bounds, node):
    """The parts of dimension ``dim`` between neighbouring ``bounds``."""
    indexes = tuple(
        [
            _index_at(dim, slice(low, high))
            for low, high in zip(bounds[:-1], bounds[1:], strict=True)
        ]
    )
    return basic_indexes(input, indexes, node)


def _needs_dims(input, name):
    if not input.ndim:
        raise RuntimeError(f"{name} expects at least a 1-dimensional tensor")


@composite(method=False)
def split(
    tensor: Tensor, split_size_or_sections: int | Sequence[int], dim: int = 0
) -> tuple[Tensor, ...]:
    """Parts of one size along ``dim`` (the last may be smaller), or of the given sizes: views.

    Source: torch.split.
    """
    if not isinstance(split_size_or_sections, SupportsIndex):
        return split_with_sizes(tensor, split_size_or_sections, dim)
    _needs_dims(tensor, "split")
    dim = wrap_dim(dim, tensor.ndim, "split")
    length, size = tensor.shape[dim], operator.index(split_size_or_sections)
    if size < 0:
        raise RuntimeError(f"split expects split_size be non-negative, but got split_size={size}")
    if size == 0 and length:
        raise RuntimeError(
            f"split_size can only be 0 if dimension size is 0, but got dimension size of {length}"
        )
    count = max(-(-length // size), 1) if size else 1
    bounds = [min(at * size, length) for at in range(count + 1)]
    return _parts(tensor, dim, bounds, "SplitBackward0")


def _split_method(
    self: Tensor, split_size: int | Sequence[int], dim: int = 0
) -> tuple[Tensor, ...]:
    """Parts of one size along ``dim`` (the last may be smaller), or of the given sizes: views.

    Source: torch.Tensor.split.
    """
    return split(self, split_size, dim)


@composite
def split_with_sizes(input: Tensor, split_sizes: Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """Parts of the given sizes along ``dim``: views.

    Raises RuntimeError unless they sum to its length.

    Source: torch.split_with_sizes.
    """
    _needs_dims(input, "split")
    dim = wrap_dim(dim, input.ndim, "split_with_sizes")
    lengths = as_sizes(split_sizes, "split_with_sizes", "split_sizes")
    if any(length < 0 for length in lengths):
        raise RuntimeError(
            "split_with_sizes expects split_sizes have only non-negative entries, but got "
            f"split_sizes={list(lengths)}"
        )
    if sum(lengths) != input.shape[dim]:
        raise RuntimeError(
            f"split_with_sizes expects split_sizes to sum exactly to {input.shape[dim]} (input "
            "tensor's size at "
            f"dimension {dim}), but got split_sizes={list(lengths)}"
        )
    bounds = [sum(lengths[:at]) for at in range(len(lengths) + 1)]
    return _parts(input, dim, bounds, "SplitWithSizesBackward0")


@composite
def chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """At most ``chunks`` parts of one size along ``dim`` (the last may be smaller): views.

    Source: torch.chunk.
    """
    _needs_dims(input, "chunk")
    if chunks <= 0:
        raise RuntimeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    dim = wrap_dim(dim, input.ndim, "chunk")
    length = input.shape[dim]
    if not length:
        # torch: an empty dimension gives as many empty chunks as were asked for.
        return _parts(input, dim, [0] * (chunks + 1), "SplitWithSizesBackward0")
    return split(input, -(-length // chunks), dim)


@composite
def tensor_split(
    input: Tensor,
    indices_or_sections: int | Sequence[int] | Tensor | None = None,
    dim: int = 0,
    *,
    indices=None,
    sections=None,
    tensor_indices_or_sections=None,
) -> tuple[Tensor, ...]:
    """Parts of (nearly) one size along ``dim``, or parts that end at given places: views.

    Source: torch.tensor_split.
    """
    given = (indices_or_sections, indices, sections, tensor_indices_or_sections)
    where = next((value for value in given if value is not None), None)
    if isinstance(where, Tensor):
        where = where.tolist()
    if not input.ndim:
        raise RuntimeError(
            "tensor_split expected at least a 1-dimensional tensor, but got a tensor with 0 dims"
        )
    dim = wrap_dim(dim, input.ndim, "tensor_split")
    length = input.shape[dim]
    if isinstance(where, (tuple, list)):
        bounds = [(0, *where)[at] for at in range(len(where) + 1)]
        pairs = list(zip(bounds, (*where, length), strict=True))
    elif isinstance(where, int):
        if where <= 0:
            raise RuntimeError(f"number of sections must be larger than 0, got {where}")
        small, larger = divmod(length, where)
        ends = [at * small + min(at, larger) for at in range(where + 1)]
        pairs = list(zip(ends[:-1], ends[1:], strict=True))
    else:
        raise TypeError(
            "tensor_split() received an invalid combination of arguments - got "
            f"({type(where).__name__}), but "
            "expected one of: (tuple of ints indices, int dim = 0), (Tensor "
            "tensor_indices_or_sections, int dim = 0) "
            "or (int sections, int dim = 0)"
        )
    return tuple(
        [
            basic_index(input, _index_at(dim, slice(low, high)), "SliceBackward0")
            for low, high in pairs
        ]
    )


def _split_at(input, where, dim, name):
    if isinstance(where, int):
        if where <= 0 or input.shape[dim] % where:
            raise RuntimeError(
                f"torch.{name} attempted to split along dimension {dim}, but the size of the "
                "dimension "
                f"{input.shape[dim]} is not divisible by the split_size {where}!"
            )
    return tensor_split(input, where, dim)


def _needs_rank(input, rank, name):
    if input.ndim < rank:
        raise RuntimeError(
            f"torch.{name} requires a tensor with at least {rank} "
            f"dimension{'s' if rank > 1 else ''}, but got a "
            f"tensor with {input.ndim} dimensions!"
        )


@composite
def hsplit(input: Tensor, indices_or_sections: int | Sequence[int]) -> tuple[Tensor, ...]:
    """``tensor_split`` along dimension 1 (0 for a vector), in parts of equal size.

    Source: torch.hsplit.
    """
    _needs_rank(input, 1, "hsplit")
    return _split_at(input, indices_or_sections, 1 if input.ndim > 1 else 0, "hsplit")


@composite
def vsplit(input: Tensor, indices_or_sections: int | Sequence[int]) -> tuple[Tensor, ...]:
    """``tensor_split`` along dimension 0, in parts of equal size.  Source: torch.vsplit."""
    _needs_rank(input, 2, "vsplit")
    return _split_at(input, indices_or_sections, 0, "vsplit")


@composite
def dsplit(input: Tensor, indices_or_sections: int | Sequence[int]) -> tuple[Tensor, ...]:
    """``tensor_split`` along dimension 2, in parts of equal size.  Source: torch.dsplit."""
    _needs_rank(input, 3, "dsplit")
    return _split_at(input, indices_or_sections, 2, "dsplit")


# --- diagonals, windows and other strides ---------------------------------------------------------


@op(view=True)
def diagonal(xp, input, /, offset=0, dim1=0, dim2=1):
    """The diagonal of the matrices in ``dim1`` and ``dim2``, as a last dimension: a view.

    Shape: (a, b, *) -> (*, min(a, b)).  Source: torch.diagonal.
    """
    first, second = wrap_dim(dim1, input.ndim, "diagonal"), wrap_dim(dim2, input.ndim, "diagonal")
    if first == second:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    moved = xp.moveaxis(input, (first, second), (-2, -1))
    moved = moved[..., :, offset:] if offset >= 0 else moved[..., -offset:, :]
    *outer, rows, columns = moved.shape
    *outer_strides, row_stride, column_stride = moved.strides
    return _as_strided(
        xp, moved, (*outer, min(rows, columns)), (*outer_strides, row_stride + column_stride)
    )


diagonal.vjp(
    input=lambda g, input_shape, offset, dim1, dim2: diagonal_place(
        g, input_shape, offset, dim1, dim2
    )
)


@op(public=False, method=False, node="DiagonalBackward0")
def diagonal_place(xp, input, /, size, offset, dim1, dim2):
    """Zeros of ``size`` with ``input`` on a diagonal: the adjoint of ``diagonal``."""
    placed = xp.zeros(size, input.dtype)
    diagonal.op.body(xp, placed, offset, dim1, dim2)[...] = input
    return placed


diagonal_place.vjp(input=lambda g, offset, dim1, dim2: diagonal(g, offset, dim1, dim2))


@op(view=True, public=False, method=True)
def unfold(xp, input, /, dimension, size, step):
    """All windows of ``size`` along ``dimension``, ``step`` apart, in a new last dimension: a view.

    Shape: (n, *) -> ((n - size) // step + 1, *, size).  Source: torch.Tensor.unfold.
    """
    dim = wrap_dim(dimension, input.ndim, "unfold", "dimension")
    shape, strides = (input.shape, input.strides) if input.ndim else ((1,), (input.itemsize,))
    length, stride = shape[dim], strides[dim]
    if size > length:
        raise RuntimeError(
            f"maximum size for tensor at dimension {dim} is {length} but size is {size}"
        )
    if size < 0:
        raise RuntimeError(f"size is {size} but must be >= 0")
    if step <= 0:
        raise RuntimeError(f"step is {step} but must be > 0")
    if not input.ndim:
        return input.reshape(1)[:size]
    windows = (length - size) // step + 1
    return _as_strided(
        xp,
        input,
        (*shape[:dim], windows, *shape[dim + 1 :], size),
        (*strides[:dim], stride * step, *strides[dim + 1 :], stride),
    )


unfold.vjp(
    input=lambda g, input_shape, dimension, size, step: fold_windows(
        g, input_shape, dimension, size, step
    )
)


@op(public=False, method=False, node="UnfoldBackwardBackward0")
def fold_windows(xp, input, /, input_size, dimension, size, step):
    """Windows added up where they overlap: the adjoint of ``unfold``."""
    folded = xp.zeros(input_size, input.dtype)
    if not input_size:
        return folded + input.sum(dtype=input.dtype)
    dim = wrap_dim(dimension, len(input_size))
    windows = input.shape[dim]
    for at in range(size):
        folded[_index_at(dim, slice(at, at + (windows - 1) * step + 1, step))] += input[..., at]
    return folded


fold_windows.vjp(input=lambda g, dimension, size, step: unfold(g, dimension, size, step))


@composite
def as_strided(
    input: Tensor, size: Sequence[int], stride: Sequence[int], storage_offset: int | None = None
) -> Tensor:
    """The storage of ``input`` seen with any shape, strides and offset (in elements): a view.

    Raises RuntimeError where that reaches beyond the storage.  Source: torch.as_strided.
    """
    lengths = as_sizes(size, "as_strided")
    steps = as_sizes(stride, "as_strided", "stride")
    if len(lengths) != len(steps):
        raise RuntimeError("mismatch in length of strides and shape")
    if any(step < 0 for step in steps):
        raise RuntimeError(
            "as_strided: Negative strides are not supported at the moment, got strides: "
            f"{list(steps)}"
        )
    array = _array_of(input)
    origin = _offset(array)
    start = origin if storage_offset is None else operator.index(storage_offset)
    if start < 0:
        raise RuntimeError(f"Tensor: invalid storage offset {start}")
    needed = _extent(lengths, steps)
    available = _memory(array).size
    if needed and start + needed > available:
        raise RuntimeError(
            f"setStorage: sizes {list(lengths)}, strides {list(steps)}, storage offset {start}, "
            "and itemsize "
            f"{array.itemsize} requiring a storage size of {(start + needed) * array.itemsize} "
            "are out of bounds for "
            f"storage of size {available * array.itemsize}"
        )
    geometry = (array.shape, strides_in_elements(array), origin)
    return as_strided_view(input, (lengths, steps, start), geometry)


def _extent(shape, strides):
    """How many elements of memory a geometry spans."""
    if 0 in shape:
        return 0
    return sum((length - 1) * step for length, step in zip(shape, strides, strict=True)) + 1


def _memory(array):
    """All elements of the storage behind ``array``, in memory order."""
    root = owner(array)
    steps = [step // root.itemsize for step in root.strides]
    flat = _as_strided(np, root, (_extent(root.shape, steps),), (root.itemsize,))
    if flat.dtype == array.dtype:
        return flat
    whole = flat.nbytes // array.itemsize * array.itemsize
    return flat.view(np.uint8)[:whole].view(array.dtype)


def _offset(array):
    return (address(array) - address(owner(array))) // array.itemsize if array.size else 0


@op(view=True, public=False, method=False, node="AsStridedBackward0")
def as_strided_view(xp, input, /, target, source):
    """Memory that lies in the geometry ``source``, (shape, strides, offset), seen in ``target``."""
    shape, strides, start = target
    steps = zip(input.shape, strides_in_elements(input), source[1], strict=True)
    if any(length > 1 and have != wanted for length, have, wanted in steps):
        # A gradient laid out unlike the tensor: read through a copy, which takes no writes.
        read = restride.op.body(xp, input, source, target)
        read.flags.writeable = False
        return read
    # As far from the first element, also where the memory is a copy of a part of the storage.
    flat = _memory(input)[_offset(input) + start - source[2] :]
    return _as_strided(xp, flat, shape, [step * input.itemsize for step in strides])


as_strided_view.vjp(input=lambda g, target, source: restride(g, target, source))


@op(public=False, method=False, node="AsStridedBackward0")
def restride(xp, input, /, source, target):
    """Elements added into zeroed memory by the geometry ``source``, and read by ``target``."""
    from_, to = _positions(*source), _positions(*target)
    memory = xp.zeros(max(from_.max(initial=-1), to.max(initial=-1)) + 1, input.dtype)
    xp.add.at(memory, from_, input)
    return memory[to]


restride.vjp(input=lambda g, source, target: restride(g, target, source))


def _positions(shape, strides, offset):
    """For each element of a geometry, its place in the storage."""
    grid = np.full(shape, offset, np.int64)
    for dim, (length, step) in enumerate(zip(shape, strides, strict=True)):
        grid += (np.arange(length) * step).reshape((length,) + (1,) * (len(shape) - dim - 1))
    return grid


# --- real and complex -----------------------------------------------------------------------------


@op(view=True, public=False, method=False, node="SelectBackward0")
def real_part(xp, input, /):
    """The real parts of complex numbers, a view."""
    return input.real


real_part.vjp(input=lambda g: g)


@op(view=True, public=False, method=False, node="SelectBackward0")
def imaginary_part(xp, input, /):
    """The imaginary parts of complex numbers, a view."""
    return input.imag


imaginary_part.vjp(input=lambda g: g * 1j)


@composite(method=False)
def real(input: Tensor) -> Tensor:
    """The real parts, a view; a real tensor itself.  Source: torch.real."""
    return real_part(input) if input.dtype.is_complex else input


@composite(method=False)
def imag(input: Tensor) -> Tensor:
    """The imaginary parts, a view.  Raises RuntimeError for real tensors.  Source: torch.imag."""
    if not input.dtype.is_complex:
        raise RuntimeError("imag is not implemented for tensors with non-complex dtypes.")
    return imaginary_part(input)


@op(view=True, method=False)
def view_as_real(xp, input, /):
    """Complex numbers as pairs in a new last dimension, a view.  Shape: (*) -> (*, 2).

    Source: torch.view_as_real.
    """
    if input.dtype.kind != "c":
        raise RuntimeError("view_as_real is only supported for complex tensors")
    part = input.real
    return _as_strided(xp, part, (*input.shape, 2), (*input.strides, part.itemsize))


view_as_real.vjp(input=lambda g: pack_complex(g))


@op(public=False, method=False, node="ViewAsComplexBackward0")
def pack_complex(xp, input, /):
    """Pairs in the last dimension as complex numbers, a copy."""
    return input[..., 0] + input[..., 1] * 1j


pack_complex.vjp(input=lambda g: view_as_real(g))


@op(view=True, method=False)
def view_as_complex(xp, input, /):
    """Pairs in the last dimension as complex numbers, a view.  Shape: (*, 2) -> (*).

    Raises RuntimeError unless pairs lie side by side.  Source: torch.view_as_complex.
    """
    if input.dtype.kind != "f" or input.itemsize < 4:
        raise RuntimeError(
            "view_as_complex is only supported for half, float and double tensors, but got a "
            "tensor of scalar "
            f"type: {LEGACY_NAMES[dtype_of(input.dtype).name]}"
        )
    if not input.ndim:
        raise RuntimeError("Input tensor must have one or more dimensions")
    if input.shape[-1] != 2:
        raise RuntimeError("Tensor must have a last dimension of size 2")
    if input.strides[-1] != input.itemsize:
        raise RuntimeError("Tensor must have a last dimension with stride 1")
    if any(step % (2 * input.itemsize) for step in input.strides[:-1]):
        raise RuntimeError("Tensor must have a stride divisible by 2 for all but last dimension")
    return input.view("c8" if input.itemsize == 4 else "c16")[..., 0]


view_as_complex.vjp(input=lambda g: view_as_real(g))


# --- shapes that need a copy ----------------------------------------------------------------------


@op(varargs="dims")
def flip(xp, input, /, dims):
    """The order of elements reversed along ``dims``: a copy.  Source: torch.flip."""
    dims = unique_dims(dims, input.ndim, "flip")
    return xp.flip(input, dims if input.ndim else ()).copy(order="K")


flip.vjp(input=lambda g, dims: flip(g, dims))


@composite
def fliplr(input: Tensor) -> Tensor:
    """Columns in reverse order (dimension 1).  Source: torch.fliplr."""
    if input.ndim < 2:
        raise RuntimeError("Input must be >= 2-d.")
    return flip(input, (1,))


@composite
def flipud(input: Tensor) -> Tensor:
    """Rows in reverse order (dimension 0).  Source: torch.flipud."""
    if input.ndim < 1:
        raise RuntimeError("Input must be >= 1-d.")
    return flip(input, (0,))


@op
def roll(xp, input, /, shifts, dims=()):
    """Elements moved on by ``shifts`` along ``dims``, in a circle.

    Without ``dims`` the flattened tensor is rolled.

    Source: torch.roll.
    """
    shifts, dims = as_sizes(shifts, "roll", "shifts"), as_sizes(dims, "roll", "dims")
    input = xp.ascontiguousarray(input) if input.ndim else input
    if not dims and len(shifts) == 1:
        return xp.roll(input, shifts[0])
    if len(shifts) != len(dims):
        raise RuntimeError(
            f"shifts and dimensions must align. shifts: {len(shifts)}, dims:{len(dims)}"
        )
    wrapped = tuple([wrap_dim(dim, input.ndim, "roll") for dim in dims])
    return xp.roll(input, shifts, wrapped)


roll.vjp(input=lambda g, shifts, dims: roll(g, tuple([-s for s in as_sizes(shifts, "roll")]), dims))


@op
def rot90(xp, input, /, k=1, dims=(0, 1)):
    """The plane of two dimensions turned ``k`` times by 90 degrees, the first towards the second.

    Source: torch.rot90.
    """
    if len(dims) != 2:
        raise RuntimeError(f"expected total rotation dims == 2, but got dims = {len(dims)}")
    if input.ndim < 2:
        raise RuntimeError(f"expected total dims >= 2, but got total dims = {input.ndim}")
    first, second = (wrap_dim(dim, input.ndim, "rot90", "dims") for dim in dims)
    if first == second:
        raise RuntimeError(
            f"expected rotation dims to be different, but got dim0 = {dims[0]} and dim1 = {dims[1]}"
        )
    return xp.rot90(input, k, (first, second)).copy(order="K")


rot90.vjp(input=lambda g, k, dims: rot90(g, -k, dims))


@op(public=False, method=True, varargs="repeats")
def repeat(xp, input, /, repeats):
    """The tensor ``repeats[i]`` times along dimension i; new dimensions stand in front: a copy.

    Shape: (a, b) -> (p * a, q * b).  Source: torch.Tensor.repeat.
    """
    repeats = as_sizes(repeats, "repeat", "repeats")
    if len(repeats) < input.ndim:
        raise RuntimeError(
            "Number of dimensions of repeat dims can not be smaller than number of dimensions of "
            "tensor"
        )
    shape = (1,) * (len(repeats) - input.ndim) + input.shape
    result = [count * length for count, length in zip(repeats, shape, strict=True)]
    for length in result:
        if length < 0:
            raise RuntimeError(
                f"Trying to create tensor with negative dimension {length}: {result}"
            )
    return xp.tile(input if input.flags.c_contiguous else input.copy(), repeats)


repeat.vjp(input=lambda g, input_shape, repeats: fold_repeats(g, input_shape, repeats))


@op(public=False, method=False, node="RepeatBackward0")
def fold_repeats(xp, input, /, size, repeats):
    """Repeated parts added up: the adjoint of ``repeat``."""
    shape = (1,) * (len(repeats) - len(size)) + tuple(size)
    pairs = [length for pair in zip(repeats, shape, strict=True) for length in pair]
    folded = input.reshape(pairs).sum(tuple(range(0, len(pairs), 2)), dtype=input.dtype)
    return xp.asarray(folded).reshape(size)


fold_repeats.vjp(input=lambda g, repeats: repeat(g, repeats))


@composite
def tile(input: Tensor, *repeats, dims=None) -> Tensor:
    """``repeat``, with ones assumed in front of too few ``dims``.  Source: torch.tile."""
    counts = _loose(repeats, dims, "tile", "dims")
    return repeat(input, (1,) * (input.ndim - len(counts)) + counts)


# --- changing what a tensor itself looks at -------------------------------------------------------


def _become(tensor, viewed):
    """Let ``tensor`` be what ``viewed``, a view of it, is: the in-place twins of views."""
    if tensor.requires_grad and mode.grad:
        check_writable(tensor)
    tensor._array = viewed._array
    tensor._counter[0] += 1
    if viewed._node is not None:
        tensor._node, tensor._index, tensor._requires_grad = viewed._node, viewed._index, True
    if tensor._view is not None:
        tensor._view = viewed._view
        tensor._view.version = tensor._counter[0]
    return tensor


def _metadata_twin(name, function):
    def twin(self, *args, **kwargs):
        return _become(self, function(self, *args, **kwargs))

    twin.__name__ = twin.__qualname__ = name
    twin.__doc__ = (
        f"In-place twin of :func:`{function.__name__}`: the tensor itself takes the new shape."
    )
    return twin


def resize_(self: Tensor, *size, memory_format=contiguous_format) -> Tensor:
    """The first elements of the storage as another shape; new memory where they are too few.

    Elements beyond the old ones are uninitialised.  Raises RuntimeError for a tensor that requires
    grad. Source: torch.Tensor.resize_.
    """
    if self.requires_grad:
        raise RuntimeError("cannot resize variables that require grad")
    shape = _loose(size, None, "resize_")
    memory = _memory(self._array)[_offset(self._array) :]
    wanted = math.prod(shape)
    if wanted > memory.size:
        grown = np.empty(wanted, memory.dtype)
        grown[: memory.size] = memory
        memory = grown
    reshaped = memory[:wanted].reshape(shape)
    if memory_format not in (contiguous_format, preserve_format):
        reshaped = empty_array(np, shape, memory.dtype, memory_format)
        reshaped[...] = memory[:wanted].reshape(shape)
    self._array = reshaped
    self._counter[0] += 1
    return self


def resize_as_(self: Tensor, the_template: Tensor, memory_format=contiguous_format) -> Tensor:
    """``resize_`` to the shape of another tensor.  Source: torch.Tensor.resize_as_."""
    return resize_(self, the_template.shape, memory_format=memory_format)


def set_(self: Tensor, source: Tensor | None = None) -> Tensor:
    """Look at the memory of ``source`` from now on; without it, at none.

    Storages with offsets and sizes are not available.  Source: torch.Tensor.set_.
    """
    if source is None:
        self._array = np.empty(0, self._array.dtype)
    elif not isinstance(source, Tensor):
        raise NotImplementedError(
            "set_() is available for a tensor as its source, not for storages"
        )
    elif source.dtype is not self.dtype:
        raise RuntimeError(
            f"Could not set tensor of type {source.dtype} to a tensor of type {self.dtype}"
        )
    else:
        self._array, self._counter = source._array, source._counter
    self._counter[0] += 1
    return self


METHODS = {
    "split": _split_method,
    "resize_": resize_,
    "resize_as_": resize_as_,
    "set_": set_,
    **{
        name + "_": _metadata_twin(name + "_", function)
        for name, function in {
            "as_strided": as_strided,
            "squeeze": squeeze,
            "swapaxes": swapaxes,
            "swapdims": swapdims,
            "t": t,
            "transpose": transpose,
            "unsqueeze": unsqueeze,
        }.items()
    },
}

PROPERTIES = {
    "H": _hermitian,
    "T": _reversed_dims,
    "mH": _matrix_conjugate,
    "mT": _matrix_transpose,
}
