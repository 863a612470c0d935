"""torch's address of the functions that it writes in Python.  Source: torch.functional."""

from minitorch.ops.joining import block_diag, cartesian_prod
from minitorch.ops.linalg import cdist, chain_matmul, einsum, norm, tensordot
from minitorch.ops.parts import split
from minitorch.ops.searching import unravel_index
from minitorch.ops.shape import (
    atleast_1d,
    atleast_2d,
    atleast_3d,
    broadcast_shapes,
    broadcast_tensors,
    meshgrid,
)
from minitorch.ops.sorting import unique, unique_consecutive

__all__ = [
    "atleast_1d",
    "atleast_2d",
    "atleast_3d",
    "block_diag",
    "broadcast_shapes",
    "broadcast_tensors",
    "cartesian_prod",
    "cdist",
    "chain_matmul",
    "einsum",
    "meshgrid",
    "norm",
    "split",
    "tensordot",
    "unique",
    "unique_consecutive",
    "unravel_index",
]
