"""Views of a part: basic indexing, ``select``, ``narrow``, ``split`` and ``unbind``.

All are one operation, ``basic_index`` (``basic_indexes`` for several parts at once); its adjoint,
``place``, puts parts into zeros.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import SupportsIndex

from minitorch.ops._dims import as_sizes, wrap_dim
from minitorch.ops._op import composite, op
from minitorch.tensor import Tensor

__all__ = [
    "METHODS",
    "basic_index",
    "basic_indexes",
    "chunk",
    "dsplit",
    "hsplit",
    "index_at",
    "narrow",
    "place",
    "select",
    "split",
    "split_with_sizes",
    "tensor_split",
    "unbind",
    "vsplit",
]


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


def index_at(dim: int, item) -> tuple:
    """The basic index that is ``item``, an int or a slice, in dimension ``dim``."""
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
    return basic_index(input, index_at(dim, index), "SelectBackward0")


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
    return basic_index(input, index_at(dim, slice(start, start + length)), "SliceBackward0")


@composite
def unbind(input: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """All slices of dimension ``dim``, which disappears: a tuple of views.

    Source: torch.unbind.
    """
    shape = input.shape
    if not shape:
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
    dim = wrap_dim(dim, len(shape), "unbind")
    indexes = tuple([index_at(dim, index) for index in range(shape[dim])])
    return basic_indexes(input, indexes, "UnbindBackward0")


def _parts(input, dim, bounds, node):
    """The parts of dimension ``dim`` between neighbouring ``bounds``."""
    indexes = tuple(
        [index_at(dim, slice(low, high)) for low, high in zip(bounds[:-1], bounds[1:], strict=True)]
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
            f"tensor's size at dimension {dim}), but got split_sizes={list(lengths)}"
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
            f"({type(where).__name__}), but expected one of: (tuple of ints indices, int dim = 0), "
            "(Tensor tensor_indices_or_sections, int dim = 0) or (int sections, int dim = 0)"
        )
    return tuple(
        [
            basic_index(input, index_at(dim, slice(low, high)), "SliceBackward0")
            for low, high in pairs
        ]
    )


def _split_at(input, where, dim, name):
    if isinstance(where, int):
        if where <= 0 or input.shape[dim] % where:
            raise RuntimeError(
                f"torch.{name} attempted to split along dimension {dim}, but the size of the "
                f"dimension {input.shape[dim]} is not divisible by the split_size {where}!"
            )
    return tensor_split(input, where, dim)


def _needs_rank(input, rank, name):
    if input.ndim < rank:
        raise RuntimeError(
            f"torch.{name} requires a tensor with at least {rank} "
            f"dimension{'s' if rank > 1 else ''}, but got a tensor with {input.ndim} dimensions!"
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


METHODS = {"split": _split_method}
