"""Upsampling layers."""

from __future__ import annotations

from minitorch.nn import functional as F
from minitorch.nn.module import Module
from minitorch.tensor import Tensor

__all__ = ["Upsample", "UpsamplingBilinear2d", "UpsamplingNearest2d"]


class Upsample(Module):
    """Interpolates its input to a larger (or smaller) size.

    Args:
        size: the lengths to reach, an int for all.
        scale_factor: or what to multiply the lengths by.
        mode: "nearest", "nearest-exact", "linear", "bilinear", "bicubic" or "trilinear".
        align_corners: whether the corner elements are mapped onto each other.
        recompute_scale_factor: whether positions are computed with the ratio of the whole lengths
            instead of ``scale_factor``.

    Shape: (N, C, L), (N, C, H, W) or (N, C, D, H, W) -> (N, C, *size).
    Errors: ValueError for arguments that do not go together, NotImplementedError for a mode and
    dimensions that do not.  Source: torch.nn.Upsample.

    Example::

        >>> import minitorch
        >>> minitorch.nn.Upsample(scale_factor=2)(minitorch.tensor([[[1.0, 2.0]]]))
        tensor([[[1., 1., 2., 2.]]])
    """

    def __init__(
        self,
        size: int | tuple[int, ...] | None = None,
        scale_factor: float | tuple[float, ...] | None = None,
        mode: str = "nearest",
        align_corners: bool | None = None,
        recompute_scale_factor: bool | None = None,
    ) -> None:
        super().__init__()
        self.name = type(self).__name__
        self.size = size
        if isinstance(scale_factor, tuple):
            self.scale_factor: float | tuple[float, ...] | None = tuple(map(float, scale_factor))
        else:
            self.scale_factor = float(scale_factor) if scale_factor else None
        self.mode = mode
        self.align_corners = align_corners
        self.recompute_scale_factor = recompute_scale_factor

    def forward(self, input: Tensor) -> Tensor:
        return F.interpolate(
            input,
            self.size,
            self.scale_factor,
            self.mode,
            self.align_corners,
            self.recompute_scale_factor,
        )

    def extra_repr(self) -> str:
        if self.scale_factor is not None:
            return f"scale_factor={self.scale_factor!r}, mode={self.mode!r}"
        return f"size={self.size!r}, mode={self.mode!r}"


class UpsamplingNearest2d(Upsample):
    """Upsamples images by repeating pixels.

    Args:
        size: (H_out, W_out), or an int for both.
        scale_factor: or what to multiply the sides by.

    Shape: (N, C, H, W) -> (N, C, H_out, W_out).  Source: torch.nn.UpsamplingNearest2d.

    Example::

        >>> import minitorch
        >>> minitorch.nn.UpsamplingNearest2d(size=2)(minitorch.tensor([[[[5.0]]]])).flatten()
        tensor([5., 5., 5., 5.])
    """

    def __init__(
        self,
        size: int | tuple[int, int] | None = None,
        scale_factor: float | tuple[float, float] | None = None,
    ) -> None:
        super().__init__(size, scale_factor, mode="nearest")


class UpsamplingBilinear2d(Upsample):
    """Upsamples images by straight lines between pixels, the corners staying where they are.

    Args:
        size: (H_out, W_out), or an int for both.
        scale_factor: or what to multiply the sides by.

    Shape: (N, C, H, W) -> (N, C, H_out, W_out).  Source: torch.nn.UpsamplingBilinear2d.

    Example::

        >>> import minitorch
        >>> row = minitorch.tensor([[[[0.0, 2.0]]]])
        >>> minitorch.nn.UpsamplingBilinear2d(size=(1, 3))(row).flatten()
        tensor([0., 1., 2.])
    """

    def __init__(
        self,
        size: int | tuple[int, int] | None = None,
        scale_factor: float | tuple[float, float] | None = None,
    ) -> None:
        super().__init__(size, scale_factor, mode="bilinear", align_corners=True)
