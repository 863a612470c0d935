"""Where values stand: ``searchsorted``, ``bucketize``, ``isin``, ``unravel_index``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minitorch.ops._op import composite, op
from minitorch.ops.creation import scalar_dtype, scalar_tensor
from minitorch.ops.gathering import gather
from minitorch.tensor import Tensor, wrap

__all__ = [
    "among",
    "bucketize",
    "isin",
    "searched",
    "searchsorted",
    "unravel_index",
]


@op(public=False, method=False, differentiable=False)
def searched(xp, sorted_sequence, input, /, right, out_int32):
    """The places where the elements of ``input`` belong in sorted rows."""
    side = "right" if right else "left"
    if sorted_sequence.ndim == 1:
        found = xp.searchsorted(sorted_sequence, input, side)
    else:
        rows = sorted_sequence.reshape(-1, sorted_sequence.shape[-1])
        values = input.reshape(-1, input.shape[-1])
        pairs = zip(rows, values, strict=True)
        found = xp.stack([xp.searchsorted(row, value, side) for row, value in pairs]).reshape(
            input.shape
        )
    return xp.asarray(found).astype(np.int32 if out_int32 else np.int64)


@composite(method=False)
def searchsorted(
    sorted_sequence: Tensor,
    input: Any,
    *,
    out_int32: bool = False,
    right: bool = False,
    side: str | None = None,
    out: Tensor | None = None,
    sorter: Tensor | None = None,
) -> Tensor:
    """Where the elements of ``input`` belong so that (the rows of) a sequence stay sorted.

    ``right`` (``side="right"``) puts equals behind.  Shape: (*, n), (*, k) -> (*, k).
    Raises RuntimeError where the shapes do not fit.  Source: torch.searchsorted.
    """
    if side is not None and side not in ("left", "right"):
        raise RuntimeError(
            f"torch.searchsorted(): side can only be 'left' or 'right' but got {side}"
        )
    if side == "left" and right:
        raise RuntimeError(
            "torch.searchsorted(): side and right can't be set to opposites, got side of left "
            "while right was True"
        )
    values = _as_tensor(input)
    if sorter is not None:
        sorted_sequence = gather(sorted_sequence, -1, sorter)
    rows, shape = sorted_sequence.shape, values.shape
    if len(rows) != 1 and (len(rows) != len(shape) or rows[:-1] != shape[:-1]):
        raise RuntimeError(
            "torch.searchsorted(): boundaries tensor should be 1 dimension or the first N-1 "
            "dimensions of boundaries tensor and input value tensor must match, but we got "
            f"boundaries tensor {list(rows)} and input value tensor {list(shape)}"
        )
    return searched(sorted_sequence, values, right or side == "right", out_int32, out=out)


def _as_tensor(value):
    return value if isinstance(value, Tensor) else scalar_tensor(value, dtype=scalar_dtype(value))


@composite(method=False)
def bucketize(
    input: Any,
    boundaries: Tensor,
    *,
    out_int32: bool = False,
    right: bool = False,
    out: Tensor | None = None,
) -> Tensor:
    """The bucket between sorted ``boundaries`` that each element falls into.  Shape: (*) -> (*).

    Source: torch.bucketize.
    """
    if boundaries.ndim != 1:
        raise RuntimeError(f"boundaries tensor must be 1 dimension, but got dim({boundaries.ndim})")
    return searchsorted(boundaries, input, out_int32=out_int32, right=right, out=out)


@op(public=False, method=False, differentiable=False)
def among(xp, elements, test_elements, /, invert):
    """Whether each element is one of the test elements."""
    return xp.asarray(xp.isin(elements, test_elements, invert=invert))


@composite(method=False)
def isin(
    elements: Any,
    test_elements: Any,
    *,
    assume_unique: bool = False,
    invert: bool = False,
    out: Tensor | None = None,
) -> Tensor:
    """Whether each element is one of ``test_elements``; one of the two may be a number.

    Shape: (*) -> (*) bool.  Source: torch.isin.
    """
    if not isinstance(elements, Tensor) and not isinstance(test_elements, Tensor):
        raise TypeError("isin() received an invalid combination of arguments: one must be a tensor")
    return among(_as_tensor(elements), _as_tensor(test_elements), invert, out=out)


@composite(method=False)
def unravel_index(indices: Tensor, shape: Sequence[int]) -> tuple[Tensor, ...]:
    """Places in a flattened tensor as an index per dimension of ``shape``.

    Raises TypeError for indices that are not integers.  Source: torch.unravel_index.
    """
    if indices._array.dtype.kind not in "iu":
        raise TypeError(f"expected 'indices' to be integer dtype, but got {indices.dtype}")
    lengths = (shape,) if isinstance(shape, int) else tuple(shape)
    rest, found = indices._array, []
    for length in reversed(lengths):
        found.append(wrap(np.asarray(rest % length)))
        rest = rest // length
    return tuple(reversed(found))
