"""Leaving out whole squares of features.  Source: torchvision.ops.drop_block."""

from __future__ import annotations

import math

from minitorch import nn
from minitorch.nn import functional as F
from minitorch.ops.creation import empty
from minitorch.tensor import Tensor

__all__ = ["DropBlock2d", "DropBlock3d", "drop_block2d", "drop_block3d"]


def _drop(
    input: Tensor, p: float, block_size: int, inplace: bool, eps: float, training: bool, dims: int
) -> Tensor:
    if not 0.0 <= p <= 1.0:
        raise ValueError(f"drop probability has to be between 0 and 1, but got {p}.")
    if input.dim() != dims + 2:
        raise ValueError(f"input should be {dims + 2} dimensional. Got {input.dim()} dimensions.")
    if not training or p == 0.0:
        return input
    size = input.shape[2:]
    block_size = min(block_size, *size)
    if block_size % 2 == 0:
        raise ValueError(f"block size should be odd. Got {block_size} which is even.")
    # Blocks begin where they fit as a whole; so many that a share p is left out.
    starts = [n - block_size + 1 for n in size]
    gamma = p * math.prod(size) / (block_size**dims * math.prod(starts))
    noise = empty((*input.shape[:2], *starts), dtype=input.dtype).bernoulli_(gamma)
    noise = F.pad(noise, [block_size // 2] * (2 * dims), value=0)
    spread = F.max_pool2d if dims == 2 else F.max_pool3d
    kept = 1 - spread(noise, block_size, stride=1, padding=block_size // 2)
    scale = kept.numel() / (eps + kept.sum())
    if inplace:
        return input.mul_(kept).mul_(scale)
    return input * kept * scale


def drop_block2d(
    input: Tensor,
    p: float,
    block_size: int,
    inplace: bool = False,
    eps: float = 1e-06,
    training: bool = True,
) -> Tensor:
    """Features with zeros in squares at random places; the others are scaled up.

    Args:
        input: (N, C, H, W).
        p: the share that is left out, about.
        block_size: the side of a square; odd.
        inplace: write into the input.
        eps: keeps the scale finite.
        training: when False, the input comes back as it is.

    Raises ValueError for another p, block size or shape.  Source: torchvision.ops.drop_block2d.
    """
    return _drop(input, p, block_size, inplace, eps, training, 2)


def drop_block3d(
    input: Tensor,
    p: float,
    block_size: int,
    inplace: bool = False,
    eps: float = 1e-06,
    training: bool = True,
) -> Tensor:
    """:func:`drop_block2d` with cubes in (N, C, D, H, W).  Source: torchvision.ops.drop_block3d."""
    return _drop(input, p, block_size, inplace, eps, training, 3)


class DropBlock2d(nn.Module):
    """:func:`drop_block2d` as a module.  Source: torchvision.ops.DropBlock2d."""

    def __init__(
        self, p: float, block_size: int, inplace: bool = False, eps: float = 1e-06
    ) -> None:
        super().__init__()
        self.p = p
        self.block_size = block_size
        self.inplace = inplace
        self.eps = eps

    def forward(self, input: Tensor) -> Tensor:
        return drop_block2d(input, self.p, self.block_size, self.inplace, self.eps, self.training)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(p={self.p}, block_size={self.block_size}, "
            f"inplace={self.inplace})"
        )


class DropBlock3d(DropBlock2d):
    """:func:`drop_block3d` as a module.  Source: torchvision.ops.DropBlock3d."""

    def forward(self, input: Tensor) -> Tensor:
        return drop_block3d(input, self.p, self.block_size, self.inplace, self.eps, self.training)
