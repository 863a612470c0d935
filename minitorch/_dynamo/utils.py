"""The tracer's counters, which stay empty, and a comparison.  Source: torch._dynamo.utils."""

from __future__ import annotations

import collections

from minitorch.ops.elementwise import allclose
from minitorch.tensor import Tensor

counters: collections.defaultdict = collections.defaultdict(collections.Counter)


def same(ref, res, tol=1e-4, equal_nan=False, **kwargs) -> bool:
    """Whether two results agree: tensors by ``allclose``, containers part by part."""
    if isinstance(ref, (list, tuple)):
        return len(ref) == len(res) and all(
            same(one, other, tol, equal_nan) for one, other in zip(ref, res, strict=True)
        )
    if isinstance(ref, dict):
        return ref.keys() == res.keys() and all(
            same(ref[key], res[key], tol, equal_nan) for key in ref
        )
    if isinstance(ref, Tensor):
        return ref.shape == res.shape and allclose(
            ref, res.to(ref.dtype), rtol=tol, atol=tol, equal_nan=equal_nan
        )
    return ref == res
