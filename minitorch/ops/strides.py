"""Views that only strides can make: diagonals, windows, real and imaginary parts, ``as_strided``.

The adjoint of each adds what it is given into zeroed memory.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence

import numpy as np

from minitorch.dtypes import from_numpy as dtype_of
from minitorch.ops._autocast import full_precision
from minitorch.ops._dims import as_sizes, wrap_dim
from minitorch.ops._op import array_of, composite, op
from minitorch.ops.parts import index_at
from minitorch.storage import address, owner, strides_in_elements
from minitorch.tensor import Tensor

__all__ = [
    "as_strided",
    "as_strided_view",
    "diagonal",
    "diagonal_place",
    "fold_windows",
    "imag",
    "imaginary_part",
    "memory_of",
    "offset_of",
    "pack_complex",
    "real",
    "real_part",
    "restride",
    "unfold",
    "view_as_complex",
    "view_as_real",
]


def _as_strided(xp, array, shape, strides):
    """A writable view of ``array`` with strides in bytes, from its first element."""
    return xp.lib.stride_tricks.as_strided(array, shape, strides)


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
        folded[index_at(dim, slice(at, at + (windows - 1) * step + 1, step))] += input[..., at]
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
    array = array_of(input)
    origin = offset_of(array)
    start = origin if storage_offset is None else operator.index(storage_offset)
    if start < 0:
        raise RuntimeError(f"Tensor: invalid storage offset {start}")
    needed = _extent(lengths, steps)
    available = memory_of(array).size
    if needed and start + needed > available:
        raise RuntimeError(
            f"setStorage: sizes {list(lengths)}, strides {list(steps)}, storage offset {start}, "
            f"and itemsize {array.itemsize} requiring a storage size of "
            f"{(start + needed) * array.itemsize} are out of bounds for storage of size "
            f"{available * array.itemsize}"
        )
    geometry = (array.shape, strides_in_elements(array), origin)
    return as_strided_view(input, (lengths, steps, start), geometry)


def _extent(shape, strides):
    """How many elements of memory a geometry spans."""
    if 0 in shape:
        return 0
    return sum((length - 1) * step for length, step in zip(shape, strides, strict=True)) + 1


def memory_of(array):
    """All elements of the storage behind ``array``, in memory order."""
    root = owner(array)
    steps = [step // root.itemsize for step in root.strides]
    flat = _as_strided(np, root, (_extent(root.shape, steps),), (root.itemsize,))
    if flat.dtype == array.dtype:
        return flat
    whole = flat.nbytes // array.itemsize * array.itemsize
    return flat.view(np.uint8)[:whole].view(array.dtype)


def offset_of(array) -> int:
    """Where in its storage an array begins, in elements."""
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
    flat = memory_of(input)[offset_of(input) + start - source[2] :]
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


@full_precision
@op(view=True, method=False)
def view_as_complex(xp, input, /):
    """Pairs in the last dimension as complex numbers, a view.  Shape: (*, 2) -> (*).

    Raises RuntimeError unless pairs lie side by side.  Source: torch.view_as_complex.
    """
    if input.dtype.kind != "f" or input.itemsize < 4:
        raise RuntimeError(
            "view_as_complex is only supported for half, float and double tensors, but got a "
            f"tensor of scalar type: {dtype_of(input.dtype).legacy_name}"
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
