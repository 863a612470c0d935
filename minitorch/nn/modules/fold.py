"""Images cut into patches, and patches added up to images."""

from __future__ import annotations

from minitorch.nn import functional as F
from minitorch.nn.module import Module
from minitorch.tensor import Tensor

__all__ = ["Fold", "Unfold"]

#: A length per spatial dimension, or one for both.
_Lengths = int | tuple[int, ...]


class Fold(Module):
    """Adds every column up where its patch stands: the adjoint of :class:`Unfold`.

    Args:
        output_size: H and W of the images.
        kernel_size, dilation, padding, stride: the patches, as for a convolution.

    Shape: (N, C * KH * KW, P) or (C * KH * KW, P) -> (N, C, H, W) or (C, H, W), where P is the
    number of places of the kernel.  Errors: RuntimeError for sizes that do not fit.
    Source: torch.nn.Fold.

    Example::

        >>> import minitorch
        >>> patches = minitorch.ones(1, 4, 4)
        >>> minitorch.nn.Fold((3, 3), 2)(patches)[0, 0].tolist()
        [[1.0, 2.0, 1.0], [2.0, 4.0, 2.0], [1.0, 2.0, 1.0]]
    """

    def __init__(
        self,
        output_size: _Lengths,
        kernel_size: _Lengths,
        dilation: _Lengths = 1,
        padding: _Lengths = 0,
        stride: _Lengths = 1,
    ) -> None:
        super().__init__()
        self.output_size = output_size
        self.kernel_size = kernel_size
        self.dilation = dilation
        self.padding = padding
        self.stride = stride

    def forward(self, input: Tensor) -> Tensor:
        return F.fold(
            input, self.output_size, self.kernel_size, self.dilation, self.padding, self.stride
        )

    def extra_repr(self) -> str:
        return (
            f"output_size={self.output_size}, kernel_size={self.kernel_size}, "
            f"dilation={self.dilation}, padding={self.padding}, stride={self.stride}"
        )


class Unfold(Module):
    """The patches of images as columns.

    Args:
        kernel_size, dilation, padding, stride: the patches, as for a convolution.

    Shape: (N, C, H, W) or (C, H, W) -> (N, C * KH * KW, P) or (C * KH * KW, P), where P is the
    number of places of the kernel.  Errors: RuntimeError for sizes that do not fit.
    Source: torch.nn.Unfold.

    Example::

        >>> import minitorch
        >>> minitorch.nn.Unfold(2)(minitorch.arange(6.0).view(1, 2, 3)).T.tolist()
        [[0.0, 1.0, 3.0, 4.0], [1.0, 2.0, 4.0, 5.0]]
    """

    def __init__(
        self,
        kernel_size: _Lengths,
        dilation: _Lengths = 1,
        padding: _Lengths = 0,
        stride: _Lengths = 1,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.dilation = dilation
        self.padding = padding
        self.stride = stride

    def forward(self, input: Tensor) -> Tensor:
        return F.unfold(input, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_size}, dilation={self.dilation}, padding={self.padding}, "
            f"stride={self.stride}"
        )
