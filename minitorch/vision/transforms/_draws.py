"""Single random numbers from the default generator: what ``rand(1)``, ``uniform_`` and ``randint``
draw, without making tensors of them.
"""

import numpy as np

from minitorch import random
from minitorch.dtypes import get_default_dtype
from minitorch.ops.creation import empty
from minitorch.ops.random import randint

__all__ = ["chance", "integer", "uniform"]


def chance(p: float, or_equal: bool = False) -> bool:
    """True with probability ``p``: whether ``rand(1) < p`` (or ``<=``), in the default type."""
    number = np.empty(1, get_default_dtype().numpy)
    random.fill_uniform(number)
    bound = number.dtype.type(p)
    return bool(number[0] <= bound if or_equal else number[0] < bound)


def uniform(low: float, high: float) -> float:
    """A number from ``low`` to ``high``: ``empty(1).uniform_(low, high)``.  Raises as that does."""
    if not low <= high:
        return empty(1).uniform_(low, high).item()
    number = np.empty(1, get_default_dtype().numpy)
    random.fill_uniform(number, float(low), float(high))
    return float(number[0])


def integer(low: int, high: int) -> int:
    """An integer from ``low`` to ``high - 1``: ``randint(low, high, (1,))``.  Raises as it does."""
    if not low < high:
        return int(randint(low, high, (1,)).item())
    number = np.empty(1, np.int64)
    random.fill_random_between(number, low, high)
    return int(number[0])
