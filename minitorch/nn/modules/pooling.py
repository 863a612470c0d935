"""Pooling layers: the maximum, the mean or a norm of each window, in one to three dimensions."""

from __future__ import annotations

from typing import Any

from minitorch.nn import functional as F
from minitorch.nn.module import Module
from minitorch.tensor import Tensor

__all__ = [
    "AdaptiveAvgPool1d",
    "AdaptiveAvgPool2d",
    "AdaptiveAvgPool3d",
    "AdaptiveMaxPool1d",
    "AdaptiveMaxPool2d",
    "AdaptiveMaxPool3d",
    "AvgPool1d",
    "AvgPool2d",
    "AvgPool3d",
    "LPPool1d",
    "LPPool2d",
    "MaxPool1d",
    "MaxPool2d",
    "MaxPool3d",
]

#: A length per spatial dimension, or one for all.
_Lengths = int | tuple[int, ...]


# ---- the maximum -----------------------------------------------------------------------------


class _MaxPoolNd(Module):
    """What the maximum pools share; ``return_indices`` gives the places in the plane as well."""

    def __init__(
        self,
        kernel_size: _Lengths,
        stride: _Lengths | None = None,
        padding: _Lengths = 0,
        dilation: _Lengths = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.dilation = dilation
        self.return_indices = return_indices
        self.ceil_mode = ceil_mode

    def _pool(self, pool: Any, input: Tensor) -> Any:
        return pool(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.dilation,
            ceil_mode=self.ceil_mode,
            return_indices=self.return_indices,
        )

    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, "
            f"dilation={self.dilation}, ceil_mode={self.ceil_mode}"
        )


class MaxPool1d(_MaxPoolNd):
    """``y[n, c, i] = max over k of x[n, c, i stride + k dilation - padding]``.

    Args:
        kernel_size: how many elements a window has.
        stride: how far apart windows begin; None for kernel_size.
        padding: how many elements of minus infinity stand on both sides.
        dilation: how far apart the elements of a window are.
        return_indices: whether to return the places of the maxima as well.
        ceil_mode: whether a last window may reach beyond the end.

    Shape: (N, C, L) or (C, L) -> (..., L_out) with
    L_out = (L + 2 padding - dilation (kernel_size - 1) - 1) // stride + 1.
    Errors: RuntimeError for sizes that do not fit.  Source: torch.nn.MaxPool1d.

    Example::

        >>> import minitorch
        >>> minitorch.nn.MaxPool1d(2)(minitorch.tensor([[1.0, 3.0, 2.0, 0.0]]))
        tensor([[3., 2.]])
    """

    def forward(self, input: Tensor) -> Tensor:
        return self._pool(F.max_pool1d, input)


class MaxPool2d(_MaxPoolNd):
    """The maximum of each window of pixels.

    Args: as :class:`MaxPool1d`, with ints or pairs.

    Shape: (N, C, H, W) or (C, H, W) -> (..., H_out, W_out), lengths as in :class:`MaxPool1d`.
    Errors: RuntimeError for sizes that do not fit.  Source: torch.nn.MaxPool2d.

    Example::

        >>> import minitorch
        >>> minitorch.nn.MaxPool2d(2)(minitorch.arange(16.0).reshape(1, 4, 4))
        tensor([[[ 5.,  7.],
                 [13., 15.]]])
    """

    def forward(self, input: Tensor) -> Tensor:
        return self._pool(F.max_pool2d, input)


class MaxPool3d(_MaxPoolNd):
    """The maximum of each window of voxels.

    Args: as :class:`MaxPool1d`, with ints or triples.

    Shape: (N, C, D, H, W) or (C, D, H, W) -> (..., D_out, H_out, W_out), lengths as in
    :class:`MaxPool1d`.
    Errors: RuntimeError for sizes that do not fit.  Source: torch.nn.MaxPool3d.

    Example::

        >>> import minitorch
        >>> minitorch.nn.MaxPool3d(2)(minitorch.arange(8.0).reshape(1, 2, 2, 2)).flatten()
        tensor([7.])
    """

    def forward(self, input: Tensor) -> Tensor:
        return self._pool(F.max_pool3d, input)


# ---- the mean --------------------------------------------------------------------------------


class _AvgPoolNd(Module):
    """How average pools are printed."""

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AvgPool1d(_AvgPoolNd):
    """``y[n, c, i] = (sum over k of x[n, c, i stride + k - padding]) / kernel_size``.

    Args:
        kernel_size: how many elements a window has.
        stride: how far apart windows begin; None for kernel_size.
        padding: how many zeros stand on both sides.
        ceil_mode: whether a last window may reach beyond the end.
        count_include_pad: whether the zeros count in the mean.

    Shape: (N, C, L) or (C, L) -> (..., L_out) with
    L_out = (L + 2 padding - kernel_size) // stride + 1.
    Errors: RuntimeError for sizes that do not fit.  Source: torch.nn.AvgPool1d.

    Example::

        >>> import minitorch
        >>> minitorch.nn.AvgPool1d(2)(minitorch.tensor([[1.0, 3.0, 2.0, 0.0]]))
        tensor([[2., 1.]])
    """

    def __init__(
        self,
        kernel_size: _Lengths,
        stride: _Lengths | None = None,
        padding: _Lengths = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        super().__init__()
        self.kernel_size = _single(kernel_size)
        self.stride = _single(kernel_size if stride is None else stride)
        self.padding = _single(padding)
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad

    def forward(self, input: Tensor) -> Tensor:
        return F.avg_pool1d(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.ceil_mode,
            self.count_include_pad,
        )


def _single(length: _Lengths) -> tuple[int, ...]:
    return (length,) if isinstance(length, int) else tuple(length)


class AvgPool2d(_AvgPoolNd):
    """The mean of each window of pixels.

    Args: as :class:`AvgPool1d`, with ints or pairs, and
        divisor_override: what to divide the sums by, in place of the number of elements.

    Shape: (N, C, H, W) or (C, H, W) -> (..., H_out, W_out), lengths as in :class:`AvgPool1d`.
    Errors: RuntimeError for sizes that do not fit.  Source: torch.nn.AvgPool2d.

    Example::

        >>> import minitorch
        >>> minitorch.nn.AvgPool2d(2)(minitorch.arange(16.0).reshape(1, 4, 4))
        tensor([[[ 2.5000,  4.5000],
                 [10.5000, 12.5000]]])
    """

    def __init__(
        self,
        kernel_size: _Lengths,
        stride: _Lengths | None = None,
        padding: _Lengths = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad
        self.divisor_override = divisor_override

    def forward(self, input: Tensor) -> Tensor:
        return F.avg_pool2d(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.ceil_mode,
            self.count_include_pad,
            self.divisor_override,
        )


class AvgPool3d(_AvgPoolNd):
    """The mean of each window of voxels.

    Args: as :class:`AvgPool2d`, with ints or triples.

    Shape: (N, C, D, H, W) or (C, D, H, W) -> (..., D_out, H_out, W_out), lengths as in
    :class:`AvgPool1d`.
    Errors: RuntimeError for sizes that do not fit.  Source: torch.nn.AvgPool3d.

    Example::

        >>> import minitorch
        >>> minitorch.nn.AvgPool3d(2)(minitorch.arange(8.0).reshape(1, 2, 2, 2)).flatten()
        tensor([3.5000])
    """

    def __init__(
        self,
        kernel_size: _Lengths,
        stride: _Lengths | None = None,
        padding: _Lengths = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad
        self.divisor_override = divisor_override

    def forward(self, input: Tensor) -> Tensor:
        return F.avg_pool3d(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.ceil_mode,
            self.count_include_pad,
            self.divisor_override,
        )


# ---- a norm ----------------------------------------------------------------------------------


class _LPPoolNd(Module):
    """What the norm pools share."""

    def __init__(
        self,
        norm_type: float,
        kernel_size: _Lengths,
        stride: _Lengths | None = None,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        self.norm_type = norm_type
        self.kernel_size = kernel_size
        self.stride = stride
        self.ceil_mode = ceil_mode

    def extra_repr(self) -> str:
        return (
            f"norm_type={self.norm_type}, kernel_size={self.kernel_size}, stride={self.stride}, "
            f"ceil_mode={self.ceil_mode}"
        )


class LPPool1d(_LPPoolNd):
    """``(sum over the window of x^p) ** (1 / p)``.

    Args:
        norm_type: p; 1 gives the sum.
        kernel_size: how many elements a window has.
        stride: how far apart windows begin; None for kernel_size.
        ceil_mode: whether a last window may reach beyond the end.

    Shape: (N, C, L) or (C, L) -> (..., L_out) with L_out = (L - kernel_size) // stride + 1.
    Errors: RuntimeError for sizes that do not fit.  Source: torch.nn.LPPool1d.

    Example::

        >>> import minitorch
        >>> minitorch.nn.LPPool1d(2, 2)(minitorch.tensor([[3.0, 4.0]]))
        tensor([[5.]])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.lp_pool1d(
            input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode
        )


class LPPool2d(_LPPoolNd):
    """The ``norm_type``-norm of each window of pixels.

    Args: as :class:`LPPool1d`, with ints or pairs.

    Shape: (N, C, H, W) or (C, H, W) -> (..., H_out, W_out), lengths as in :class:`LPPool1d`.
    Errors: RuntimeError for sizes that do not fit.  Source: torch.nn.LPPool2d.

    Example::

        >>> import minitorch
        >>> minitorch.nn.LPPool2d(2, 2)(minitorch.ones(1, 2, 2))
        tensor([[[2.]]])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.lp_pool2d(
            input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode
        )


# ---- as many windows as wanted ---------------------------------------------------------------


class _AdaptiveAvgPoolNd(Module):
    """What the adaptive average pools share."""

    def __init__(self, output_size: int | tuple[int | None, ...] | None) -> None:
        super().__init__()
        self.output_size = output_size

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class _AdaptiveMaxPoolNd(_AdaptiveAvgPoolNd):
    """What the adaptive maximum pools share."""

    def __init__(
        self, output_size: int | tuple[int | None, ...] | None, return_indices: bool = False
    ) -> None:
        super().__init__(output_size)
        self.return_indices = return_indices


class AdaptiveAvgPool1d(_AdaptiveAvgPoolNd):
    """The mean of each of L_out windows, from ``i L // L_out`` to ``ceil((i + 1) L / L_out)``.

    Args:
        output_size: how many windows, here L_out; None for as many as the input's length.

    Shape: (N, C, L) or (C, L) -> (..., L_out).
    Errors: RuntimeError for other dimensions.  Source: torch.nn.AdaptiveAvgPool1d.

    Example::

        >>> import minitorch
        >>> minitorch.nn.AdaptiveAvgPool1d(2)(minitorch.tensor([[1.0, 3.0, 2.0, 0.0]]))
        tensor([[2., 1.]])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.adaptive_avg_pool1d(input, self.output_size)


class AdaptiveAvgPool2d(_AdaptiveAvgPoolNd):
    """The mean of each window of pixels, as many windows as wanted.

    Args: as :class:`AdaptiveAvgPool1d`, with an int or a pair, in which None keeps a length.

    Shape: (N, C, H, W) or (C, H, W) -> (..., H_out, W_out).
    Errors: RuntimeError for other dimensions.  Source: torch.nn.AdaptiveAvgPool2d.

    Example::

        >>> import minitorch
        >>> minitorch.nn.AdaptiveAvgPool2d((None, 7))(minitorch.zeros(1, 64, 10, 9)).shape
        torch.Size([1, 64, 10, 7])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.adaptive_avg_pool2d(input, self.output_size)


class AdaptiveAvgPool3d(_AdaptiveAvgPoolNd):
    """The mean of each window of voxels, as many windows as wanted.

    Args: as :class:`AdaptiveAvgPool1d`, with an int or a triple, in which None keeps a length.

    Shape: (N, C, D, H, W) or (C, D, H, W) -> (..., D_out, H_out, W_out).
    Errors: RuntimeError for other dimensions.  Source: torch.nn.AdaptiveAvgPool3d.

    Example::

        >>> import minitorch
        >>> minitorch.nn.AdaptiveAvgPool3d((5, None, 2))(minitorch.zeros(1, 8, 6, 4, 3)).shape
        torch.Size([1, 8, 5, 4, 2])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.adaptive_avg_pool3d(input, self.output_size)


class AdaptiveMaxPool1d(_AdaptiveMaxPoolNd):
    """The maximum of each of L_out windows, from ``i L // L_out`` to ``ceil((i + 1) L / L_out)``.

    Args:
        output_size: how many windows, here L_out; None for as many as the input's length.
        return_indices: whether to return the places of the maxima as well.

    Shape: (N, C, L) or (C, L) -> (..., L_out).
    Errors: RuntimeError for other dimensions.  Source: torch.nn.AdaptiveMaxPool1d.

    Example::

        >>> import minitorch
        >>> minitorch.nn.AdaptiveMaxPool1d(2)(minitorch.tensor([[1.0, 3.0, 2.0, 0.0]]))
        tensor([[3., 2.]])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.adaptive_max_pool1d(input, self.output_size, self.return_indices)


class AdaptiveMaxPool2d(_AdaptiveMaxPoolNd):
    """The maximum of each window of pixels, as many windows as wanted.

    Args: as :class:`AdaptiveMaxPool1d`, with an int or a pair, in which None keeps a length.

    Shape: (N, C, H, W) or (C, H, W) -> (..., H_out, W_out).
    Errors: RuntimeError for other dimensions.  Source: torch.nn.AdaptiveMaxPool2d.

    Example::

        >>> import minitorch
        >>> minitorch.nn.AdaptiveMaxPool2d((None, 7))(minitorch.zeros(1, 64, 10, 9)).shape
        torch.Size([1, 64, 10, 7])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.adaptive_max_pool2d(input, self.output_size, self.return_indices)


class AdaptiveMaxPool3d(_AdaptiveMaxPoolNd):
    """The maximum of each window of voxels, as many windows as wanted.

    Args: as :class:`AdaptiveMaxPool1d`, with an int or a triple, in which None keeps a length.

    Shape: (N, C, D, H, W) or (C, D, H, W) -> (..., D_out, H_out, W_out).
    Errors: RuntimeError for other dimensions.  Source: torch.nn.AdaptiveMaxPool3d.

    Example::

        >>> import minitorch
        >>> minitorch.nn.AdaptiveMaxPool3d((5, None, 2))(minitorch.zeros(1, 8, 6, 4, 3)).shape
        torch.Size([1, 8, 5, 4, 2])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.adaptive_max_pool3d(input, self.output_size, self.return_indices)
