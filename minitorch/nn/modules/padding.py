"""Padding layers: borders of a constant, or taken from the input, in one to three dimensions."""

from __future__ import annotations

from minitorch.nn import functional as F
from minitorch.nn.module import Module
from minitorch.ops._dims import repeated
from minitorch.tensor import Tensor

__all__ = [
    "CircularPad1d",
    "CircularPad2d",
    "CircularPad3d",
    "ConstantPad1d",
    "ConstantPad2d",
    "ConstantPad3d",
    "ReflectionPad1d",
    "ReflectionPad2d",
    "ReflectionPad3d",
    "ReplicationPad1d",
    "ReplicationPad2d",
    "ReplicationPad3d",
    "ZeroPad1d",
    "ZeroPad2d",
    "ZeroPad3d",
]


class _PadNd(Module):
    """What all paddings share: their widths, last dimension first, and how they are printed."""

    spatial: int
    mode = "constant"

    def __init__(self, padding: int | tuple[int, ...]) -> None:
        super().__init__()
        widths = 2 * self.spatial
        self.padding = repeated(padding, widths)

    def forward(self, input: Tensor) -> Tensor:
        return F.pad(input, self.padding, self.mode)

    def extra_repr(self) -> str:
        return str(self.padding)


class _ConstantPadNd(_PadNd):
    """A border of one value."""

    def __init__(self, padding: int | tuple[int, ...], value: float) -> None:
        super().__init__(padding)
        self.value = value

    def forward(self, input: Tensor) -> Tensor:
        return F.pad(input, self.padding, "constant", self.value)

    def extra_repr(self) -> str:
        return f"padding={self.padding}, value={self.value}"


class _ZeroPadNd(_ConstantPadNd):
    """A border of zeros."""

    def __init__(self, padding: int | tuple[int, ...]) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        return str(self.padding)


class _ReflectionPadNd(_PadNd):
    """A border that mirrors the input."""

    mode = "reflect"


class _ReplicationPadNd(_PadNd):
    """A border that repeats the input's."""

    mode = "replicate"


class _CircularPadNd(_PadNd):
    """A border taken from the other end of the input."""

    mode = "circular"


class CircularPad1d(_CircularPadNd):
    """A sequence continued with what stands at its other end.

    Args:
        padding: (left, right), or one width for both.

    Shape: (N, C, L) or (C, L) -> (..., left + L + right).
    Errors: RuntimeError for widths above the input's lengths.
    Source: torch.nn.CircularPad1d.

    Example::

        >>> import minitorch
        >>> minitorch.nn.CircularPad1d((2, 1))(minitorch.tensor([[1.0, 2.0, 3.0]])).tolist()
        [[2.0, 3.0, 1.0, 2.0, 3.0, 1.0]]
    """

    spatial = 1


class CircularPad2d(_CircularPadNd):
    """An image continued with what stands at its other end.

    Args:
        padding: (left, right, top, bottom), or one width for all.

    Shape: (N, C, H, W) or (C, H, W) -> (..., H_out, W_out).
    Errors: RuntimeError for widths above the input's lengths.
    Source: torch.nn.CircularPad2d.

    Example::

        >>> import minitorch
        >>> minitorch.nn.CircularPad2d(1)(minitorch.zeros(1, 3, 3)).shape
        torch.Size([1, 5, 5])
    """

    spatial = 2


class CircularPad3d(_CircularPadNd):
    """A volume continued with what stands at its other end.

    Args:
        padding: (left, right, top, bottom, front, back), or one width for all.

    Shape: (N, C, D, H, W) or (C, D, H, W) -> (..., D_out, H_out, W_out).
    Errors: RuntimeError for widths above the input's lengths.
    Source: torch.nn.CircularPad3d.

    Example::

        >>> import minitorch
        >>> minitorch.nn.CircularPad3d(1)(minitorch.zeros(1, 3, 3, 3)).shape
        torch.Size([1, 5, 5, 5])
    """

    spatial = 3


class ConstantPad1d(_ConstantPadNd):
    """``value`` around a sequence.

    Args:
        padding: (left, right), or one width for both; negative widths crop.
        value: what the border is made of.

    Shape: (N, C, L) or (C, L) -> (..., left + L + right).
    Source: torch.nn.ConstantPad1d.

    Example::

        >>> import minitorch
        >>> minitorch.nn.ConstantPad1d((2, 1), 7.0)(minitorch.tensor([[1.0, 2.0, 3.0]])).tolist()
        [[7.0, 7.0, 1.0, 2.0, 3.0, 7.0]]
    """

    spatial = 1


class ConstantPad2d(_ConstantPadNd):
    """``value`` around an image.

    Args:
        padding: (left, right, top, bottom), or one width for all.
        value: what the border is made of.

    Shape: (N, C, H, W) or (C, H, W) -> (..., H_out, W_out).
    Source: torch.nn.ConstantPad2d.

    Example::

        >>> import minitorch
        >>> minitorch.nn.ConstantPad2d(1, 7.0)(minitorch.zeros(1, 3, 3)).shape
        torch.Size([1, 5, 5])
    """

    spatial = 2


class ConstantPad3d(_ConstantPadNd):
    """``value`` around a volume.

    Args:
        padding: (left, right, top, bottom, front, back), or one width for all.
        value: what the border is made of.

    Shape: (N, C, D, H, W) or (C, D, H, W) -> (..., D_out, H_out, W_out).
    Source: torch.nn.ConstantPad3d.

    Example::

        >>> import minitorch
        >>> minitorch.nn.ConstantPad3d(1, 7.0)(minitorch.zeros(1, 3, 3, 3)).shape
        torch.Size([1, 5, 5, 5])
    """

    spatial = 3


class ReflectionPad1d(_ReflectionPadNd):
    """A sequence mirrored at its borders, whose own elements are not repeated.

    Args:
        padding: (left, right), or one width for both.

    Shape: (N, C, L) or (C, L) -> (..., left + L + right).
    Errors: RuntimeError for widths not below the input's lengths.
    Source: torch.nn.ReflectionPad1d.

    Example::

        >>> import minitorch
        >>> minitorch.nn.ReflectionPad1d((2, 1))(minitorch.tensor([[1.0, 2.0, 3.0]])).tolist()
        [[3.0, 2.0, 1.0, 2.0, 3.0, 2.0]]
    """

    spatial = 1


class ReflectionPad2d(_ReflectionPadNd):
    """An image mirrored at its borders, whose own elements are not repeated.

    Args:
        padding: (left, right, top, bottom), or one width for all.

    Shape: (N, C, H, W) or (C, H, W) -> (..., H_out, W_out).
    Errors: RuntimeError for widths not below the input's lengths.
    Source: torch.nn.ReflectionPad2d.

    Example::

        >>> import minitorch
        >>> minitorch.nn.ReflectionPad2d(1)(minitorch.zeros(1, 3, 3)).shape
        torch.Size([1, 5, 5])
    """

    spatial = 2


class ReflectionPad3d(_ReflectionPadNd):
    """A volume mirrored at its borders, whose own elements are not repeated.

    Args:
        padding: (left, right, top, bottom, front, back), or one width for all.

    Shape: (N, C, D, H, W) or (C, D, H, W) -> (..., D_out, H_out, W_out).
    Errors: RuntimeError for widths not below the input's lengths.
    Source: torch.nn.ReflectionPad3d.

    Example::

        >>> import minitorch
        >>> minitorch.nn.ReflectionPad3d(1)(minitorch.zeros(1, 3, 3, 3)).shape
        torch.Size([1, 5, 5, 5])
    """

    spatial = 3


class ReplicationPad1d(_ReplicationPadNd):
    """A sequence continued with the elements at its borders.

    Args:
        padding: (left, right), or one width for both.

    Shape: (N, C, L) or (C, L) -> (..., left + L + right).
    Source: torch.nn.ReplicationPad1d.

    Example::

        >>> import minitorch
        >>> minitorch.nn.ReplicationPad1d((2, 1))(minitorch.tensor([[1.0, 2.0, 3.0]])).tolist()
        [[1.0, 1.0, 1.0, 2.0, 3.0, 3.0]]
    """

    spatial = 1


class ReplicationPad2d(_ReplicationPadNd):
    """An image continued with the elements at its borders.

    Args:
        padding: (left, right, top, bottom), or one width for all.

    Shape: (N, C, H, W) or (C, H, W) -> (..., H_out, W_out).
    Source: torch.nn.ReplicationPad2d.

    Example::

        >>> import minitorch
        >>> minitorch.nn.ReplicationPad2d(1)(minitorch.zeros(1, 3, 3)).shape
        torch.Size([1, 5, 5])
    """

    spatial = 2


class ReplicationPad3d(_ReplicationPadNd):
    """A volume continued with the elements at its borders.

    Args:
        padding: (left, right, top, bottom, front, back), or one width for all.

    Shape: (N, C, D, H, W) or (C, D, H, W) -> (..., D_out, H_out, W_out).
    Source: torch.nn.ReplicationPad3d.

    Example::

        >>> import minitorch
        >>> minitorch.nn.ReplicationPad3d(1)(minitorch.zeros(1, 3, 3, 3)).shape
        torch.Size([1, 5, 5, 5])
    """

    spatial = 3


class ZeroPad1d(_ZeroPadNd):
    """Zeros around a sequence.

    Args:
        padding: (left, right), or one width for both; negative widths crop.

    Shape: (N, C, L) or (C, L) -> (..., left + L + right).
    Source: torch.nn.ZeroPad1d.

    Example::

        >>> import minitorch
        >>> minitorch.nn.ZeroPad1d((2, 1))(minitorch.tensor([[1.0, 2.0, 3.0]])).tolist()
        [[0.0, 0.0, 1.0, 2.0, 3.0, 0.0]]
    """

    spatial = 1


class ZeroPad2d(_ZeroPadNd):
    """Zeros around an image.

    Args:
        padding: (left, right, top, bottom), or one width for all.

    Shape: (N, C, H, W) or (C, H, W) -> (..., H_out, W_out).
    Source: torch.nn.ZeroPad2d.

    Example::

        >>> import minitorch
        >>> minitorch.nn.ZeroPad2d(1)(minitorch.zeros(1, 3, 3)).shape
        torch.Size([1, 5, 5])
    """

    spatial = 2


class ZeroPad3d(_ZeroPadNd):
    """Zeros around a volume.

    Args:
        padding: (left, right, top, bottom, front, back), or one width for all.

    Shape: (N, C, D, H, W) or (C, D, H, W) -> (..., D_out, H_out, W_out).
    Source: torch.nn.ZeroPad3d.

    Example::

        >>> import minitorch
        >>> minitorch.nn.ZeroPad3d(1)(minitorch.zeros(1, 3, 3, 3)).shape
        torch.Size([1, 5, 5, 5])
    """

    spatial = 3
