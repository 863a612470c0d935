"""``make_tensor``: random tensors of any type and layout, for tests."""

from __future__ import annotations

import math
import warnings

from minitorch import dtypes
from minitorch.dtypes import finfo, iinfo
from minitorch.memory_format import memory_format as MemoryFormat
from minitorch.ops.creation import empty
from minitorch.ops.random import randint
from minitorch.ops.strides import view_as_real
from minitorch.tensor import Tensor

__all__ = ["make_tensor"]


def make_tensor(
    *shape: int | list[int] | tuple[int, ...],
    dtype: dtypes.dtype,
    device,
    low: float | None = None,
    high: float | None = None,
    requires_grad: bool = False,
    noncontiguous: bool = False,
    exclude_zero: bool = False,
    memory_format: MemoryFormat | None = None,
) -> Tensor:
    """Random values from ``[low, high)``.

    Args:
        shape: the lengths, as one argument or several.
        dtype, device: of what, and where.
        low, high: by default [-9, 9) for floating and complex types, [-9, 10) for integers, [0, 10)
            for uint8 and [0, 2) for bool.
        requires_grad: whether it takes part in autograd.
        noncontiguous: with gaps between the elements.
        exclude_zero: zeros become the smallest positive number.
        memory_format: the order in memory.

    Raises ValueError for bounds that leave no value and for combinations that there are not.
    Source: torch.testing.make_tensor.

    Example::

        >>> import minitorch
        >>> x = minitorch.testing.make_tensor(2, 3, dtype=minitorch.float32, device="cpu", low=0)
        >>> bool((x >= 0).all())
        True
    """
    sizes: tuple = tuple(shape)
    if len(sizes) == 1 and not isinstance(sizes[0], int):
        sizes = tuple(sizes[0])
    wanted = sizes
    exact = not (dtype.is_floating_point or dtype.is_complex)
    if noncontiguous and memory_format is not None:
        raise ValueError(
            "The parameters `noncontiguous` and `memory_format` are mutually exclusive, but got "
            f"noncontiguous={noncontiguous} and memory_format={memory_format}"
        )
    if requires_grad and exact:
        raise ValueError(
            "`requires_grad=True` is not supported for boolean and integral dtypes, but got "
            f"dtype={dtype}"
        )
    if noncontiguous and math.prod(sizes) > 1 and sizes:
        sizes = (*sizes[:-1], 2 * sizes[-1])  # every second one will be taken
    low, high = _bounds(low, high, dtype)
    if exact:
        result = randint(math.ceil(low), math.ceil(high), sizes, dtype=dtype, device=device)
    else:
        result = empty(sizes, dtype=dtype, device=device)
        _fill_uniform(view_as_real(result) if dtype.is_complex else result, low, high)
    if sizes != wanted:
        result = result[..., 1::2]
    elif memory_format is not None:
        result = result.clone(memory_format=memory_format)
    if exclude_zero:
        smallest = 1 if exact else finfo(dtype).tiny
        result[result == 0] = smallest
    if requires_grad:
        result.requires_grad_()
    return result


def _bounds(low, high, dtype):
    """The bounds with their defaults, within what the type can hold."""
    if dtype is dtypes.bool_:
        least, limit, defaults = 0, 2, (0, 2)
    elif dtype.is_floating_point or dtype.is_complex:
        limit = finfo(dtype).max
        least, defaults = -limit, (-9, 9)
    else:
        least = iinfo(dtype).min
        limit = iinfo(dtype).max + (dtype is not dtypes.int64)
        defaults = (0, 10) if dtype is dtypes.uint8 else (-9, 10)
    low = defaults[0] if low is None else low
    high = defaults[1] if high is None else high
    if low != low or high != high:
        raise ValueError(f"`low` and `high` cannot be NaN, but got low={low!r} and high={high!r}")
    if low == high and (dtype.is_floating_point or dtype.is_complex):
        warnings.warn(
            "Passing `low==high` to `torch.testing.make_tensor` for floating or complex types is "
            "deprecated since 2.1 and will be removed in 2.3. Use `torch.full(...)` instead.",
            FutureWarning,
            stacklevel=4,
        )
    elif low >= high:
        raise ValueError(f"`low` must be less than `high`, but got {low} >= {high}")
    elif high < least or low >= limit:
        raise ValueError(
            f"The value interval specified by `low` and `high` is [{low}, {high}), but {dtype} "
            f"only supports [{least}, {limit})"
        )
    return min(max(low, least), limit), min(max(high, least), limit)


def _fill_uniform(tensor, low, high):
    if high - low >= finfo(tensor.dtype).max:
        tensor.uniform_(low / 2, high / 2).mul_(2)  # the width itself would not fit
    elif low == high:
        tensor.fill_(low)
    else:
        tensor.uniform_(low, high)
