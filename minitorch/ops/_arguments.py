"""Checks of arguments that many ops share: a tensor where one is wanted, index values in range."""

from __future__ import annotations

from minitorch.dtypes import type_name
from minitorch.tensor import Tensor

__all__ = ["check_bounds", "first_outside", "require_tensor", "require_zero_dim"]


def require_tensor(value, name: str, argument: str = "input", position: int = 1) -> Tensor:
    """``value`` itself.  Raises TypeError, naming the op and its argument, if it is no tensor."""
    if not isinstance(value, Tensor):
        raise TypeError(
            f"{name}(): argument '{argument}' (position {position}) must be Tensor, not "
            f"{type_name(type(value))}"
        )
    return value


def require_zero_dim(value: Tensor, name: str) -> None:
    """Raises RuntimeError unless the value that the op ``name`` writes is a 0-d tensor."""
    if value.ndim:
        raise RuntimeError(
            f"{name} only supports a 0-dimensional value tensor, but got tensor with {value.ndim} "
            "dimension(s)."
        )


def first_outside(index, low: int, high: int):
    """The first element of an index array that is not in ``range(low, high)``, or None."""
    if not index.size or not (index.min() < low or index.max() >= high):
        return None
    return index[(index < low) | (index >= high)].flat[0]


def check_bounds(index, dim: int, length: int) -> None:
    """Raises RuntimeError unless every element of an index array names one of ``length`` places."""
    wrong = first_outside(index, 0, length)
    if wrong is not None:
        raise RuntimeError(f"index {wrong} is out of bounds for dimension {dim} with size {length}")
