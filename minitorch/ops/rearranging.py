"""The same elements in other places, or several times over: flipped, rolled, turned and repeated.

All are copies: no strides could show them.
"""

from __future__ import annotations

from minitorch.ops._dims import as_sizes, loose_sizes, unique_dims, wrap_dim
from minitorch.ops._op import composite, op
from minitorch.tensor import Tensor

__all__ = [
    "flip",
    "fliplr",
    "flipud",
    "fold_repeats",
    "repeat",
    "roll",
    "rot90",
    "tile",
]


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
    counts = loose_sizes(repeats, dims, "tile", "dims")
    return repeat(input, (1,) * (input.ndim - len(counts)) + counts)
