"""Whole batches at once, for the data sets that hold their pictures in one array."""

from collections.abc import Callable, Sequence
from typing import Any

from minitorch.dtypes import get_default_dtype
from minitorch.tensor import Tensor
from minitorch.utils.data.dataset import row_numbers
from minitorch.vision.transforms import Compose, Normalize, ToTensor

__all__ = ["batch_transform", "rows_of"]


def batch_transform(transform: Any) -> Callable[[Tensor], Tensor] | None:
    """``transform`` as a function of uint8 pictures (B, C, H, W), None where it must see each
    singly.

    ToTensor, alone or composed with Normalize after it, treats every pixel alike and draws nothing,
    so a whole batch can go through at once.
    """
    steps = transform.transforms if type(transform) is Compose else [transform]
    if not steps or type(steps[0]) is not ToTensor:
        return None
    normalizations = steps[1:]
    if any(type(step) is not Normalize for step in normalizations):
        return None

    def apply(pictures: Tensor) -> Tensor:
        batch = pictures.to(get_default_dtype()).div(255)
        for normalize in normalizations:
            batch = normalize(batch)
        return batch

    return apply


def rows_of(indices: Sequence[Any], length: int) -> list[int] | None:
    """``indices`` as ints from 0 to ``length``, None where the data set must look at them."""
    rows = row_numbers(indices)
    if rows is None:
        return None
    numbers = [int(row) for row in rows]
    return numbers if all(0 <= row < length for row in numbers) else None
