"""Elements by a condition: ``where``, ``masked_fill`` and its family, ``nonzero``."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from minitorch.backends import is_array
from minitorch.dtypes import bool_, from_numpy, result_type_of
from minitorch.memory_format import elementwise_order
from minitorch.ops._arguments import require_tensor, require_zero_dim
from minitorch.ops._op import NUMBERS, cast, composite, op, sum_to
from minitorch.ops.creation import number_array, scalar_tensor
from minitorch.ops.elementwise import logical_not, masked_zero
from minitorch.ops.parts import place, unbind
from minitorch.ops.shape import broadcast_pair, reshape, unsqueeze
from minitorch.tensor import Tensor

__all__ = [
    "METHODS",
    "argwhere",
    "chosen",
    "masked_fill",
    "masked_fill_",
    "masked_filled",
    "masked_filled_with",
    "masked_placed",
    "masked_scatter",
    "masked_select",
    "nonzero",
    "nonzero_rows",
    "row_major",
    "where",
]


def row_major(xp, array):
    """The array in row-major order, as torch makes it; NumPy may follow its inputs' layout."""
    return array if array.flags.c_contiguous else xp.ascontiguousarray(array)


@op(public=False, method=False, inplace=True, node="MaskedFillBackward0")
def masked_filled(xp, input, mask, /, value):
    """``input`` with one number where ``mask``."""
    return row_major(xp, xp.where(mask, value, input))


masked_filled.vjp(input=lambda g, mask: masked_zero(g, mask))


@op(public=False, method=False, inplace=True, node="MaskedFillBackward1")
def masked_filled_with(xp, input, mask, value, /):
    """``input`` with the number in a 0-d tensor where ``mask``."""
    return row_major(xp, xp.where(mask, value.astype(input.dtype), input))


masked_filled_with.vjp(
    input=lambda g, mask: masked_zero(g, mask),
    value=lambda g, mask: sum_to(masked_zero(g, logical_not(mask)), ()),
)


def _masked_fill(in_place, input, mask, value):
    require_tensor(mask, "masked_fill", "mask", 2)
    if mask._array.dtype != np.bool_:
        raise RuntimeError(
            "masked_fill_ only supports boolean masks, but got mask with dtype "
            f"{mask.dtype.cpp_name}"
        )
    broadcast_pair(mask.shape, input.shape)
    if isinstance(value, Tensor):
        require_zero_dim(value, "masked_fill_")
        operation, arguments = masked_filled_with, (mask, value)
    else:
        operation, arguments = masked_filled, (mask, number_array(value, input.dtype))
    if in_place:
        return operation.op.call_inplace(input, *arguments)
    return operation(input, *arguments)


def masked_fill_(self: Tensor, mask: Tensor, value: Any) -> Tensor:
    """In-place twin of :func:`masked_fill`.  Source: torch.Tensor.masked_fill_."""
    return _masked_fill(True, self, mask, value)


@composite(inplace=masked_fill_)
def masked_fill(input: Tensor, mask: Tensor, value: Any) -> Tensor:
    """A copy with one number (or the one in a 0-d tensor) where the mask is True.

    Shape: broadcast.

    Raises RuntimeError for a mask that is not bool.  Source: torch.masked_fill.
    """
    if is_array(input):
        return masked_filled(input, mask, value)
    return _masked_fill(False, input, mask, value)


@op
def masked_select(xp, input, mask, /):
    """The elements where the mask is True, as a vector.

    Shape: (*), (*) -> (count), after broadcasting.

    Source: torch.masked_select.
    """
    if mask.dtype.kind != "b":
        raise RuntimeError("masked_select: expected BoolTensor for mask")
    shape = broadcast_pair(input.shape, mask.shape)
    return xp.broadcast_to(input, shape)[xp.broadcast_to(mask, shape)]


masked_select.vjp(input=lambda g, mask, input_shape: masked_placed(g, mask, input_shape))


@op(public=False, method=False, node="MaskedScatterBackward0")
def masked_placed(xp, input, mask, /, size):
    """Zeros with the elements of a vector where ``mask``: the adjoint of ``masked_select``."""
    target = xp.zeros(broadcast_pair(tuple(size), mask.shape), input.dtype)
    target[xp.broadcast_to(mask, target.shape)] = input
    return target


masked_placed.vjp(input=lambda g, mask: masked_select(g, mask))


@op(inplace=True)
def masked_scatter(xp, input, mask, source, /):
    """A copy with the elements of ``source``, in order, where the mask is True.  Shape: broadcast.

    Raises RuntimeError where ``source`` is too short.  Source: torch.masked_scatter.
    """
    if mask.dtype.kind != "b":
        name = from_numpy(mask.dtype).legacy_name
        raise RuntimeError(
            f"masked_scatter_ only supports boolean masks, but got mask with dtype {name}"
        )
    if input.dtype != source.dtype:
        names = [from_numpy(x.dtype).legacy_name for x in (input, source)]
        raise RuntimeError(
            f"masked_scatter: expected self and source to have same dtypes but got{names[0]} and "
            f"{names[1]}"
        )
    shape = broadcast_pair(input.shape, mask.shape)
    target = xp.empty(shape, input.dtype)
    target[...] = input
    where = xp.broadcast_to(mask, shape)
    count = int(xp.count_nonzero(where))
    if source.size < count:
        raise RuntimeError("Number of elements of source < number of ones in mask")
    target[where] = source.reshape(-1)[:count]
    return target


def _masked_scatter_source(g, mask, source_shape):
    chosen = masked_select(g, mask)
    size = int(np.prod(source_shape))
    return reshape(place([chosen], ((slice(0, chosen.shape[0]),),), (size,)), source_shape)


masked_scatter.vjp(input=lambda g, mask: masked_zero(g, mask), source=_masked_scatter_source)


@op(public=False, method=False, node="WhereBackward0")
def chosen(xp, condition, input, other, /):
    """``input`` where the condition holds, else ``other``."""
    return elementwise_order(xp.where(condition, input, other), (condition, input, other))


chosen.vjp(
    input=lambda g, condition: masked_zero(g, logical_not(condition)),
    other=lambda g, condition: masked_zero(g, condition),
)


@composite(method=False)
def where(
    condition: Tensor, input: Any = None, other: Any = None, *, out: Tensor | None = None
) -> Any:
    """``input`` where the condition is True, else ``other``; alone, the places where it is.

    Shape: broadcast.  ``input`` and ``other`` (tensors or numbers) promote.  Raises RuntimeError
    for a condition that is not bool.  Source: torch.where.
    """
    if is_array(condition):
        return chosen(condition, input, other)
    require_tensor(condition, "where", "condition", 1)
    if input is None and other is None:
        return nonzero(condition, as_tuple=True)
    if input is None or other is None:
        raise TypeError("where() takes both 'input' and 'other', or neither")
    if condition._array.dtype == np.uint8:
        warnings.warn(
            "where received a uint8 condition tensor. This behavior is deprecated and will be "
            "removed in a future version of PyTorch. Use a boolean condition instead.",
            stacklevel=2,
        )
        condition = cast(condition, bool_)
    if condition._array.dtype != np.bool_:
        raise RuntimeError(
            "where expected condition to be a boolean tensor, but got a tensor with dtype "
            f"{condition.dtype.legacy_name}"
        )
    input, other = _promoted_pair(input, other)
    broadcast_pair(broadcast_pair(condition.shape, input.shape), other.shape)
    return chosen(condition, input, other, out=out)


def _promoted_pair(first, second):
    tensors, zero_dims, scalars = [], [], []
    for value in (first, second):
        if isinstance(value, Tensor):
            (tensors if value.ndim else zero_dims).append(value.dtype)
        elif isinstance(value, (*NUMBERS, np.generic)):
            scalars.append(type(value.item() if isinstance(value, np.generic) else value))
        else:
            raise TypeError(f"where(): expected tensors or numbers, not {type(value).__name__}")
    common = result_type_of(tuple(tensors), tuple(zero_dims), tuple(scalars))
    return [
        (value if value.dtype is common else cast(value, common))
        if isinstance(value, Tensor)
        else scalar_tensor(value, dtype=common)
        for value in (first, second)
    ]


def _where_method(self: Tensor, condition: Tensor, other: Any) -> Tensor:
    """This tensor where the condition is True, else ``other``.  Source: torch.Tensor.where."""
    return where(condition, self, other)


@op(public=False, method=False, differentiable=False)
def nonzero_rows(xp, input, /):
    """The places of the elements that are not zero, a row for each."""
    if not input.ndim:
        return xp.zeros((int(bool(input)), 0), np.int64)
    return xp.stack(xp.nonzero(input), 0).T


@composite
def nonzero(input: Tensor, *, out: Tensor | None = None, as_tuple: bool = False) -> Any:
    """The places of the elements that are not zero, a row each.

    With ``as_tuple``, an index vector per dimension instead.

    Shape: (*) -> (count, ndim).  Source: torch.nonzero.
    """
    if not as_tuple:
        return nonzero_rows(input, out=out)
    return unbind(nonzero_rows(input if input.ndim else unsqueeze(input, 0)), 1)


@composite
def argwhere(input: Tensor) -> Tensor:
    """The places of the elements that are not zero, a row each.  Source: torch.argwhere."""
    return nonzero_rows(input)


METHODS = {"where": _where_method}
