"""``torch.sparse``: sparse matrices in coordinate format, their products, sums and softmax."""

from __future__ import annotations

from minitorch import dtypes
from minitorch.ops.linalg import addmm
from minitorch.ops.sparse import SparseTensor, log_softmax, mm, softmax, sparse_coo_tensor, sum

__all__ = [
    "DoubleTensor",
    "FloatTensor",
    "IntTensor",
    "LongTensor",
    "SparseTensor",
    "addmm",
    "log_softmax",
    "mm",
    "softmax",
    "sum",
]


def _legacy(name, dtype):
    def make(indices=None, values=None, size=None):
        if indices is None:
            return sparse_coo_tensor((0,), dtype=dtype)
        if values is None:
            return sparse_coo_tensor(indices, dtype=dtype)
        if values.dtype is not dtype:
            raise TypeError(f"expected values of {dtype} (got {values.dtype})")
        return sparse_coo_tensor(indices, values, size)

    make.__name__ = make.__qualname__ = name
    make.__doc__ = (
        f"A sparse tensor of {dtype}: the old form of ``sparse_coo_tensor``.\n\n"
        f"    Source: torch.sparse.{name}.\n    "
    )
    return make


DoubleTensor = _legacy("DoubleTensor", dtypes.float64)
FloatTensor = _legacy("FloatTensor", dtypes.float32)
IntTensor = _legacy("IntTensor", dtypes.int32)
LongTensor = _legacy("LongTensor", dtypes.int64)
