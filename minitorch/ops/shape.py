"""The same elements in another shape: the sizes and the order of dimensions, and broadcasting.

All of them are views where the memory allows it.  Views of a part stand in ``parts``, views that
only strides can make in ``strides``, and in-place twins (``x.t_()``) in ``inplace_views``.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence

from minitorch import dtypes
from minitorch.backends import is_array
from minitorch.ops._dims import as_sizes, loose_sizes, unique_dims, wrap_dim
from minitorch.ops._op import array_of, composite, expand, op, sum_to
from minitorch.ops.conversion import contiguous
from minitorch.ops.elementwise import conj
from minitorch.size import Size
from minitorch.tensor import Tensor, wrap

__all__ = [
    "PROPERTIES",
    "adjoint",
    "alias",
    "atleast_1d",
    "atleast_2d",
    "atleast_3d",
    "broadcast_pair",
    "broadcast_shapes",
    "broadcast_tensors",
    "broadcast_to",
    "copy_reshaped",
    "expand_as",
    "flatten",
    "meshgrid",
    "movedim",
    "permute",
    "ravel",
    "reshape",
    "reshape_as",
    "squeeze",
    "sum_to_size",
    "swapaxes",
    "swapdims",
    "t",
    "transpose",
    "unflatten",
    "unsqueeze",
    "view",
    "view_as",
    "view_size",
]


# --- view and reshape -----------------------------------------------------------------------------


@op(view=True, public=False, method=False, node="ViewBackward0")
def view_size(xp, input, /, size):
    """The same elements, in order, as ``size``: callers know that strides alone can do it."""
    return input.reshape(size)


view_size.vjp(input=lambda g, input_shape: reshape(g, input_shape))


@op(view=True, public=False)
def alias(xp, input, /):
    """The same elements as another tensor, a view of all of it.  Source: torch's ``x[...]``."""
    return input[...]


alias.vjp(input=lambda g: g)


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
            "dimension size -1 can be any value and is ambiguous"
        )
    raise RuntimeError(f"shape '{list(size)}' is invalid for input of size {numel}")


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
            "one of: (torch.dtype dtype) or (tuple of ints size)"
        )
    array = self._array
    wanted = _inferred(loose_sizes(sizes, size, "view"), array.size)
    if not array.flags.c_contiguous and not _can_view(array, wanted):
        raise RuntimeError(
            "view size is not compatible with input tensor's size and stride (at least one "
            "dimension spans across two contiguous subspaces). Use .reshape(...) instead."
        )
    return view_size(self, wanted)


def _view_dtype(input, dtype):
    """The bytes read as another element type: outside the graph, as in torch."""
    array = input._array
    old, new = array.itemsize, dtype.itemsize
    if not array.ndim and old != new:
        raise RuntimeError(
            f"self.dim() cannot be 0 to view {input.dtype.legacy_name} as {dtype.legacy_name} "
            "(different element sizes)"
        )
    if new > old and array.shape[-1] * old % new:
        raise RuntimeError(
            f"self.size(-1) must be divisible by {new // old} to view {input.dtype.legacy_name} as "
            f"{dtype.legacy_name} (different element sizes), but got {array.shape[-1]}"
        )
    if new != old and array.size and array.shape[-1] > 1 and array.strides[-1] != old:
        raise RuntimeError(
            f"self.stride(-1) must be 1 to view {input.dtype.legacy_name} as {dtype.legacy_name} "
            f"(different element sizes), but got {array.strides[-1] // old}"
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
    array = array_of(input)
    size = _inferred(loose_sizes(sizes, shape, "reshape", "shape"), array.size)
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
    return view_size(input if is_array(input) else contiguous(input), (array_of(input).size,))


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
            f"length of the desired ordering of dimensions i.e. input.dim() = {input.ndim} is not "
            f"equal to len(dims) = {len(dims)}"
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
            f"contain the same number of dims as destination ({list(destination)} dims)"
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
            "deprecated and it will throw an error in a future release. Consider `x.mT` to "
            "transpose batches of matrices or `x.permute(*torch.arange(x.ndim - 1, -1, -1))` to "
            "reverse the dimensions of a tensor.",
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
    shape = loose_sizes(size, None, "sum_to_size")
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
    return expand(input, loose_sizes(sizes, size, "broadcast_to"))


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
                    f"Mismatching argument at index {at} had {shape}; but expected shape should be "
                    f"broadcastable to {common}"
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


PROPERTIES = {
    "H": _hermitian,
    "T": _reversed_dims,
    "mH": _matrix_conjugate,
    "mT": _matrix_transpose,
}
