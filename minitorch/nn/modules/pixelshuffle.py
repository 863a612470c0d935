"""Channels turned into pixels, and back."""

from __future__ import annotations

from minitorch.nn import functional as F
from minitorch.nn.module import Module
from minitorch.tensor import Tensor

__all__ = ["PixelShuffle", "PixelUnshuffle"]


class PixelShuffle(Module):
    """Every r * r channels become the r x r pixels in place of one.

    Args:
        upscale_factor: r.

    Shape: (*, C r^2, H, W) -> (*, C, H r, W r).
    Errors: RuntimeError for fewer than 3 dimensions or channels that r^2 does not divide.
    Source: torch.nn.PixelShuffle; Shi et al. 2016.

    Example::

        >>> import minitorch
        >>> minitorch.nn.PixelShuffle(2)(minitorch.arange(4.0).reshape(1, 4, 1, 1))
        tensor([[[[0., 1.],
                  [2., 3.]]]])
    """

    def __init__(self, upscale_factor: int) -> None:
        super().__init__()
        self.upscale_factor = upscale_factor

    def forward(self, input: Tensor) -> Tensor:
        return F.pixel_shuffle(input, self.upscale_factor)

    def extra_repr(self) -> str:
        return f"upscale_factor={self.upscale_factor}"


class PixelUnshuffle(Module):
    """Every r x r pixels become r * r channels of one: the inverse of :class:`PixelShuffle`.

    Args:
        downscale_factor: r.

    Shape: (*, C, H r, W r) -> (*, C r^2, H, W).
    Errors: RuntimeError for fewer than 3 dimensions or sides that r does not divide.
    Source: torch.nn.PixelUnshuffle; Shi et al. 2016.

    Example::

        >>> import minitorch
        >>> minitorch.nn.PixelUnshuffle(2)(minitorch.arange(4.0).reshape(1, 1, 2, 2)).flatten()
        tensor([0., 1., 2., 3.])
    """

    def __init__(self, downscale_factor: int) -> None:
        super().__init__()
        self.downscale_factor = downscale_factor

    def forward(self, input: Tensor) -> Tensor:
        return F.pixel_unshuffle(input, self.downscale_factor)

    def extra_repr(self) -> str:
        return f"downscale_factor={self.downscale_factor}"
