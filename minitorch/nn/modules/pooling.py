"""Pooling layers: the maximum, the mean or a norm of each window, in one to three dimensions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minitorch.nn import functional as F
from minitorch.nn.module import Module
from minitorch.ops._dims import repeated
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
    "FractionalMaxPool2d",
    "FractionalMaxPool3d",
    "LPPool1d",
    "LPPool2d",
    "LPPool3d",
    "MaxPool1d",
    "MaxPool2d",
    "MaxPool3d",
    "MaxUnpool1d",
    "MaxUnpool2d",
    "MaxUnpool3d",
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
    return repeated(length, 1)


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


class LPPool3d(_LPPoolNd):
    """The ``norm_type``-norm of each window of voxels.

    Args: as :class:`LPPool1d`, with ints or triples.

    Shape: (N, C, D, H, W) or (C, D, H, W) -> (..., D_out, H_out, W_out), lengths as in
    :class:`LPPool1d`.
    Errors: RuntimeError for sizes that do not fit.  Source: torch.nn.LPPool3d.

    Example::

        >>> import minitorch
        >>> minitorch.nn.LPPool3d(1, 2)(minitorch.ones(1, 2, 2, 2))
        tensor([[[[8.]]]])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.lp_pool3d(
            input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode
        )


# ---- back to where they came from --------------------------------------------------------------


class _MaxUnpoolNd(Module):
    """What the unpoolings share."""

    spatial: int

    def __init__(
        self, kernel_size: _Lengths, stride: _Lengths | None = None, padding: _Lengths = 0
    ) -> None:
        super().__init__()
        stride = kernel_size if stride is None else stride
        self.kernel_size = self._per_dimension(kernel_size)
        self.stride = self._per_dimension(stride)
        self.padding = self._per_dimension(padding)

    def _per_dimension(self, value: _Lengths) -> tuple[int, ...]:
        return repeated(value, self.spatial)

    def forward(
        self, input: Tensor, indices: Tensor, output_size: Sequence[int] | None = None
    ) -> Tensor:
        """Put the maxima back; ``output_size`` picks among lengths that a stride leaves open."""
        unpool = getattr(F, f"max_unpool{self.spatial}d")
        return unpool(input, indices, self.kernel_size, self.stride, self.padding, output_size)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class MaxUnpool1d(_MaxUnpoolNd):
    """Zeros, with every maximum at the index that :class:`MaxPool1d` gave.

    Args:
        kernel_size, stride, padding: as those of the pool.

    Shape: (N, C, L) or (C, L) twice, maxima and indices -> (..., L_out), with
    L_out = (L - 1) stride - 2 padding + kernel_size.
    Errors: RuntimeError for indices out of range.  Source: torch.nn.MaxUnpool1d.

    Example::

        >>> import minitorch
        >>> pool = minitorch.nn.MaxPool1d(2, return_indices=True)
        >>> maxima, indices = pool(minitorch.tensor([[1.0, 2.0, 4.0, 3.0]]))
        >>> minitorch.nn.MaxUnpool1d(2)(maxima, indices)
        tensor([[0., 2., 4., 0.]])
    """

    spatial = 1


class MaxUnpool2d(_MaxUnpoolNd):
    """Zeros, with every maximum at the index that :class:`MaxPool2d` gave.

    Args: as :class:`MaxUnpool1d`, with ints or pairs.

    Shape: (N, C, H, W) or (C, H, W) twice -> (..., H_out, W_out), lengths as in
    :class:`MaxUnpool1d`.  Source: torch.nn.MaxUnpool2d.

    Example::

        >>> import minitorch
        >>> pool = minitorch.nn.MaxPool2d(2, return_indices=True)
        >>> maxima, indices = pool(minitorch.arange(4.0).view(1, 2, 2))
        >>> minitorch.nn.MaxUnpool2d(2)(maxima, indices).tolist()
        [[[0.0, 0.0], [0.0, 3.0]]]
    """

    spatial = 2


class MaxUnpool3d(_MaxUnpoolNd):
    """Zeros, with every maximum at the index that :class:`MaxPool3d` gave.

    Args: as :class:`MaxUnpool1d`, with ints or triples.

    Shape: (N, C, D, H, W) or (C, D, H, W) twice -> (...), lengths as in :class:`MaxUnpool1d`.
    Source: torch.nn.MaxUnpool3d.

    Example::

        >>> import minitorch
        >>> pool = minitorch.nn.MaxPool3d(2, return_indices=True)
        >>> maxima, indices = pool(minitorch.zeros(1, 4, 4, 4))
        >>> minitorch.nn.MaxUnpool3d(2)(maxima, indices).shape
        torch.Size([1, 4, 4, 4])
    """

    spatial = 3


# ---- windows at random places ------------------------------------------------------------------


class _FractionalMaxPoolNd(Module):
    """What the fractional pools share."""

    spatial: int
    _random_samples: Tensor | None

    def __init__(
        self,
        kernel_size: _Lengths,
        output_size: _Lengths | None = None,
        output_ratio: float | tuple[float, ...] | None = None,
        return_indices: bool = False,
        _random_samples: Tensor | None = None,
    ) -> None:
        super().__init__()
        name = type(self).__name__
        if output_size is None and output_ratio is None:
            raise ValueError(
                f"{name} requires specifying either an output size, or a pooling ratio"
            )
        if output_size is not None and output_ratio is not None:
            raise ValueError("only one of output_size and output_ratio may be specified")
        self.kernel_size = self._per_dimension(kernel_size)
        self.return_indices = return_indices
        self.register_buffer("_random_samples", _random_samples)
        self.output_size = self._per_dimension(output_size)
        self.output_ratio = self._per_dimension(output_ratio)
        if output_ratio is not None and not all(0 < ratio < 1 for ratio in self.output_ratio):
            raise ValueError(f"output_ratio must be between 0 and 1 (got {output_ratio})")

    def _per_dimension(self, value: Any) -> Any:
        return (value,) * self.spatial if isinstance(value, (int, float)) else value

    def forward(self, input: Tensor) -> Any:
        pool = getattr(F, f"fractional_max_pool{self.spatial}d")
        return pool(
            input,
            self.kernel_size,
            self.output_size,
            self.output_ratio,
            self.return_indices,
            _random_samples=self._random_samples,
        )


class FractionalMaxPool2d(_FractionalMaxPoolNd):
    """The maxima of windows whose steps are drawn so that as many fit as are wanted.

    Args:
        kernel_size: an int or a pair.
        output_size: how many windows; or give
        output_ratio: the part of the input's size.
        return_indices: also return the index of every maximum in its plane.

    Shape: (N, C, H, W) or (C, H, W) -> (..., H_out, W_out).
    Errors: ValueError for neither or both sizes, RuntimeError for windows that do not fit.
    Source: torch.nn.FractionalMaxPool2d; Graham 2014.

    Example::

        >>> import minitorch
        >>> pool = minitorch.nn.FractionalMaxPool2d(2, output_ratio=(0.6, 0.5))
        >>> pool(minitorch.zeros(1, 10, 10)).shape
        torch.Size([1, 6, 5])
    """

    spatial = 2


class FractionalMaxPool3d(_FractionalMaxPoolNd):
    """:class:`FractionalMaxPool2d` for volumes.

    Args: as :class:`FractionalMaxPool2d`, with ints or triples.

    Shape: (N, C, D, H, W) or (C, D, H, W) -> (..., D_out, H_out, W_out).
    Errors: as :class:`FractionalMaxPool2d`.  Source: torch.nn.FractionalMaxPool3d.

    Example::

        >>> import minitorch
        >>> pool = minitorch.nn.FractionalMaxPool3d(2, output_size=3)
        >>> pool(minitorch.zeros(1, 6, 6, 6)).shape
        torch.Size([1, 3, 3, 3])
    """

    spatial = 3


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
