"""Convolution layers in one, two and three dimensions, and their transposes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from minitorch.nn import functional as F
from minitorch.nn import init
from minitorch.nn.module import Module
from minitorch.nn.modules.lazy import LazyModuleMixin
from minitorch.nn.parameter import Parameter, UninitializedParameter
from minitorch.ops._dims import repeated
from minitorch.ops.creation import empty
from minitorch.tensor import Tensor

__all__ = [
    "Conv1d",
    "Conv2d",
    "Conv3d",
    "ConvTranspose1d",
    "ConvTranspose2d",
    "ConvTranspose3d",
    "LazyConv1d",
    "LazyConv2d",
    "LazyConv3d",
    "LazyConvTranspose1d",
    "LazyConvTranspose2d",
    "LazyConvTranspose3d",
]

_PADDING_MODES = ("zeros", "reflect", "replicate", "circular")

#: A length per spatial dimension, or one for all.
_Lengths = int | tuple[int, ...]


def _repeated(value: _Lengths, spatial: int) -> tuple[int, ...]:
    return repeated(value, spatial)


class _ConvNd(Module):
    """What all convolutions share: the checks, the parameters and how they are printed."""

    spatial: int
    transposed = False

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: _Lengths,
        stride: _Lengths,
        padding: _Lengths | str,
        dilation: _Lengths,
        output_padding: _Lengths,
        groups: int,
        bias: bool,
        padding_mode: str,
        device: Any,
        dtype: Any,
    ) -> None:
        super().__init__()
        if groups <= 0:
            raise ValueError("groups must be a positive integer")
        if in_channels % groups:
            raise ValueError("in_channels must be divisible by groups")
        if out_channels % groups:
            raise ValueError("out_channels must be divisible by groups")
        if padding_mode not in _PADDING_MODES:
            raise ValueError(
                f"padding_mode must be one of {set(_PADDING_MODES)}, "
                f"but got padding_mode='{padding_mode}'"
            )
        spatial = self.spatial
        stride = _repeated(stride, spatial)
        if isinstance(padding, str):
            if padding not in ("same", "valid"):
                raise ValueError(
                    f"Invalid padding string {padding!r}, should be one of {{'same', 'valid'}}"
                )
            if padding == "same" and any(s != 1 for s in stride):
                raise ValueError("padding='same' is not supported for strided convolutions")
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = _repeated(kernel_size, spatial)
        self.stride = stride
        self.padding = padding if isinstance(padding, str) else _repeated(padding, spatial)
        self.dilation = _repeated(dilation, spatial)
        self.output_padding = _repeated(output_padding, spatial)
        self.groups = groups
        self.padding_mode = padding_mode
        self.weight = Parameter(empty(self._weight_shape(), device=device, dtype=dtype))
        if bias:
            self.bias = Parameter(empty(out_channels, device=device, dtype=dtype))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def __getstate__(self) -> dict[str, Any]:
        # torch: its modules have these as attributes, and need them in a file that it reads.
        border = self._border()
        attributes = {"transposed": self.transposed, "_reversed_padding_repeated_twice": border}
        return {**self.__dict__, **attributes}

    def _weight_shape(self) -> tuple[int, ...]:
        channels, others = self.out_channels, self.in_channels
        if self.transposed:
            channels, others = others, channels
        return channels, others // self.groups, *self.kernel_size

    def reset_parameters(self) -> None:
        """Draw new values."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            fan_in, _ = init._calculate_fan_in_and_fan_out(self.weight)
            bound = 1 / math.sqrt(fan_in) if fan_in else 0
            init.uniform_(self.bias, -bound, bound)

    def _border(self) -> list[int]:
        """The widths for ``F.pad`` that the padding asks for, last dimension first."""
        if self.padding == "valid":
            return [0, 0] * self.spatial
        if self.padding == "same":
            totals = [d * (k - 1) for d, k in zip(self.dilation, self.kernel_size, strict=True)]
            return [n for total in reversed(totals) for n in (total // 2, total - total // 2)]
        widths = [int(p) for p in self.padding]
        return [p for p in reversed(widths) for _ in range(2)]

    def extra_repr(self) -> str:
        text = f"{self.in_channels}, {self.out_channels}"
        text += f", kernel_size={self.kernel_size}, stride={self.stride}"
        ones, zeros = (1,) * self.spatial, (0,) * self.spatial
        if self.padding != zeros:
            text += f", padding={self.padding}"
        if self.dilation != ones:
            text += f", dilation={self.dilation}"
        if self.output_padding != zeros:
            text += f", output_padding={self.output_padding}"
        if self.groups != 1:
            text += f", groups={self.groups}"
        if self.bias is None:
            text += ", bias=False"
        if self.padding_mode != "zeros":
            text += f", padding_mode={self.padding_mode}"
        return text


class _Convolution(_ConvNd):
    """A forward convolution of any number of dimensions."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: _Lengths,
        stride: _Lengths = 1,
        padding: _Lengths | str = 0,
        dilation: _Lengths = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            dilation,
            0,
            groups,
            bias,
            padding_mode,
            device,
            dtype,
        )

    def forward(self, input: Tensor) -> Tensor:
        return self._conv_forward(input, self.weight, self.bias)

    def _conv_forward(self, input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        convolve = getattr(F, f"conv{self.spatial}d")
        padding: _Lengths | str = self.padding
        if self.padding_mode != "zeros":
            input, padding = F.pad(input, self._border(), mode=self.padding_mode), 0
        return convolve(input, weight, bias, self.stride, padding, self.dilation, self.groups)


class Conv1d(_Convolution):
    """``y[n, o, t] = b[o] + sum over c, k of w[o, c, k] x[n, c, t stride + k dilation - padding]``.

    Args:
        in_channels, out_channels: C and O.
        kernel_size, stride, dilation: ints or 1-tuples.
        padding: int, 1-tuple, "same" or "valid".
        groups: the channels are divided into so many independent groups.
        bias: whether there is a ``b``.
        padding_mode: "zeros", "reflect", "replicate" or "circular".

    Shape: (N, C, L) or (C, L) -> (N, O, L_out) or (O, L_out), with
    L_out = (L + 2 padding - dilation (kernel_size - 1) - 1) // stride + 1;
    weight (O, C / groups, kernel_size), bias (O), uniform in +-1 / sqrt(C / groups kernel_size).
    Errors: ValueError for arguments, RuntimeError for an input that do not fit.
    Source: torch.nn.Conv1d.

    Example::

        >>> import minitorch
        >>> minitorch.nn.Conv1d(16, 33, 3, stride=2)(minitorch.zeros(20, 16, 50)).shape
        torch.Size([20, 33, 24])
    """

    spatial = 1


class Conv2d(_Convolution):
    """``y[n, o] = b[o] + sum over c of w[o, c] * x[n, c]``, a cross-correlation over images.

    Args: as :class:`Conv1d`, with ints or pairs.

    Shape: (N, C, H, W) or (C, H, W) -> (N, O, H_out, W_out) or (O, H_out, W_out), lengths as in
    :class:`Conv1d`; weight (O, C / groups, KH, KW).  Source: torch.nn.Conv2d.

    Example::

        >>> import minitorch
        >>> minitorch.nn.Conv2d(3, 8, 3, padding=1)(minitorch.zeros(2, 3, 32, 32)).shape
        torch.Size([2, 8, 32, 32])
    """

    spatial = 2


class Conv3d(_Convolution):
    """A cross-correlation over volumes.

    Args: as :class:`Conv1d`, with ints or triples.

    Shape: (N, C, D, H, W) or (C, D, H, W) -> (N, O, D_out, H_out, W_out);
    weight (O, C / groups, KD, KH, KW).
    Source: torch.nn.Conv3d.

    Example::

        >>> import minitorch
        >>> minitorch.nn.Conv3d(1, 2, 2)(minitorch.zeros(1, 1, 3, 3, 3)).shape
        torch.Size([1, 2, 2, 2, 2])
    """

    spatial = 3


class _Transposed(_ConvNd):
    """A transposed convolution of any number of dimensions."""

    transposed = True

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: _Lengths,
        stride: _Lengths = 1,
        padding: _Lengths = 0,
        output_padding: _Lengths = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: _Lengths = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        if padding_mode != "zeros":
            raise ValueError(f'Only "zeros" padding mode is supported for {type(self).__name__}')
        super().__init__(
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            dilation,
            output_padding,
            groups,
            bias,
            padding_mode,
            device,
            dtype,
        )

    def forward(self, input: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        """Upsample; ``output_size`` picks among the lengths that a stride leaves open."""
        convolve = getattr(F, f"conv_transpose{self.spatial}d")
        output_padding = (
            self.output_padding if output_size is None else self._to_reach(input, output_size)
        )
        return convolve(
            input,
            self.weight,
            self.bias,
            self.stride,
            self.padding,
            output_padding,
            self.groups,
            self.dilation,
        )

    def _to_reach(self, input: Tensor, output_size: Sequence[int]) -> tuple[int, ...]:
        """The output padding that gives ``output_size``, the batch and channels maybe in front."""
        spatial = self.spatial
        output_size = list(output_size)
        if len(output_size) == input.ndim:
            output_size = output_size[-spatial:]
        if len(output_size) != spatial:
            raise ValueError(
                f"{type(self).__name__}: for {input.ndim}D input, output_size must have "
                f"{spatial} or {input.ndim} elements (got {len(output_size)})"
            )
        extra = []
        for wanted, n, s, p, d, k in zip(
            output_size,
            input.shape[-spatial:],
            self.stride,
            self.padding,
            self.dilation,
            self.kernel_size,
            strict=True,
        ):
            least = (n - 1) * s - 2 * p + d * (k - 1) + 1
            if not least <= wanted < least + s:
                raise ValueError(
                    f"requested an output size of {output_size}, but valid sizes range from "
                    f"{least} to {least + s - 1} (for an input of {list(input.shape[-spatial:])})"
                )
            extra.append(wanted - least)
        return tuple(extra)


class ConvTranspose1d(_Transposed):
    """The transpose (gradient) of :class:`Conv1d`, from its output's shape back to its input's.

    Args: as :class:`Conv1d`, and ``output_padding``, added to one side of the output.

    Shape: (N, C, L) or (C, L) -> (N, O, L_out), with
    L_out = (L - 1) stride - 2 padding + dilation (kernel_size - 1) + output_padding + 1;
    weight (C, O / groups, kernel_size).  Source: torch.nn.ConvTranspose1d.

    Example::

        >>> import minitorch
        >>> minitorch.nn.ConvTranspose1d(4, 2, 3, stride=2)(minitorch.zeros(1, 4, 5)).shape
        torch.Size([1, 2, 11])
    """

    spatial = 1


class ConvTranspose2d(_Transposed):
    """The transpose (gradient) of :class:`Conv2d`.

    Args: as :class:`ConvTranspose1d`, with ints or pairs.

    Shape: (N, C, H, W) or (C, H, W) -> (N, O, H_out, W_out), lengths as in
    :class:`ConvTranspose1d`; weight (C, O / groups, KH, KW).  Source: torch.nn.ConvTranspose2d.

    Example::

        >>> import minitorch
        >>> layer = minitorch.nn.ConvTranspose2d(16, 8, 4, stride=2, padding=1)
        >>> layer(minitorch.zeros(1, 16, 7, 7)).shape
        torch.Size([1, 8, 14, 14])
    """

    spatial = 2


class ConvTranspose3d(_Transposed):
    """The transpose (gradient) of :class:`Conv3d`.

    Args: as :class:`ConvTranspose1d`, with ints or triples.

    Shape: (N, C, D, H, W) or (C, D, H, W) -> (N, O, D_out, H_out, W_out).
    Source: torch.nn.ConvTranspose3d.

    Example::

        >>> import minitorch
        >>> minitorch.nn.ConvTranspose3d(2, 1, 2)(minitorch.zeros(1, 2, 2, 2, 2)).shape
        torch.Size([1, 1, 3, 3, 3])
    """

    spatial = 3


# --- lazy layers ----------------------------------------------------------------------------------


class _LazyConvNd(LazyModuleMixin):
    """Takes ``in_channels`` from the first input."""

    weight: Any
    bias: Any

    def _leave_open(self: Any, out_channels: int, bias: bool, device: Any, dtype: Any) -> None:
        self.weight = UninitializedParameter(device=device, dtype=dtype)
        self.out_channels = out_channels
        if bias:
            self.bias = UninitializedParameter(device=device, dtype=dtype)

    def reset_parameters(self: Any) -> None:
        """Draw new values, where there is a place for them."""
        if not self.has_uninitialized_params() and self.in_channels != 0:
            super().reset_parameters()  # type: ignore[misc]

    def initialize_parameters(self: Any, input: Tensor, *args: Any, **kwargs: Any) -> None:
        """Make the parameters for the channels of the first input."""
        if not self.has_uninitialized_params():
            return
        channels = self._channels_of(input)
        if channels % self.groups:
            raise ValueError("in_channels must be divisible by groups")
        self.in_channels = channels
        self.weight.materialize(self._weight_shape())
        if self.bias is not None:
            self.bias.materialize((self.out_channels,))
        self.reset_parameters()

    def _channels_of(self: Any, input: Tensor) -> int:
        low, high = self.spatial + 1, self.spatial + 2
        if input.dim() not in (low, high):
            raise RuntimeError(
                f"Expected {low}D (unbatched) or {high}D (batched) input to "
                f"{type(self).__name__}, but got input of size: {input.shape}"
            )
        return input.shape[-low]


class _LazyConvolution(_LazyConvNd, _Convolution):
    """A forward convolution whose ``in_channels`` are open."""

    def __init__(
        self,
        out_channels: int,
        kernel_size: _Lengths,
        stride: _Lengths = 1,
        padding: _Lengths | str = 0,
        dilation: _Lengths = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            0, 0, kernel_size, stride, padding, dilation, groups, False, padding_mode, device, dtype
        )
        self._leave_open(out_channels, bias, device, dtype)


class _LazyTransposed(_LazyConvNd, _Transposed):
    """A transposed convolution whose ``in_channels`` are open."""

    def __init__(
        self,
        out_channels: int,
        kernel_size: _Lengths,
        stride: _Lengths = 1,
        padding: _Lengths = 0,
        output_padding: _Lengths = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: _Lengths = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            0,
            0,
            kernel_size,
            stride,
            padding,
            output_padding,
            groups,
            False,
            dilation,
            padding_mode,
            device,
            dtype,
        )
        self._leave_open(out_channels, bias, device, dtype)


class LazyConv1d(_LazyConvolution, Conv1d):
    """A :class:`Conv1d` that takes ``in_channels`` from its first input.

    Args: as :class:`Conv1d`, without ``in_channels``.

    Shape: (N, C, L) or (C, L) -> as :class:`Conv1d`.
    Errors: RuntimeError for a first input of other dimensions, ValueError for channels that
    ``groups`` does not divide.  Source: torch.nn.LazyConv1d.

    Example::

        >>> import minitorch
        >>> layer = minitorch.nn.LazyConv1d(8, 3)
        >>> layer(minitorch.zeros(2, 3, 9)).shape[:2], layer.in_channels
        (torch.Size([2, 8]), 3)
    """

    cls_to_become = Conv1d


class LazyConv2d(_LazyConvolution, Conv2d):
    """A :class:`Conv2d` that takes ``in_channels`` from its first input.

    Args: as :class:`Conv2d`, without ``in_channels``.

    Shape: (N, C, H, W) or (C, H, W) -> as :class:`Conv2d`.
    Errors: RuntimeError for a first input of other dimensions, ValueError for channels that
    ``groups`` does not divide.  Source: torch.nn.LazyConv2d.

    Example::

        >>> import minitorch
        >>> layer = minitorch.nn.LazyConv2d(8, 3)
        >>> layer(minitorch.zeros(2, 3, 9, 9)).shape[:2], layer.in_channels
        (torch.Size([2, 8]), 3)
    """

    cls_to_become = Conv2d


class LazyConv3d(_LazyConvolution, Conv3d):
    """A :class:`Conv3d` that takes ``in_channels`` from its first input.

    Args: as :class:`Conv3d`, without ``in_channels``.

    Shape: (N, C, D, H, W) or (C, D, H, W) -> as :class:`Conv3d`.
    Errors: RuntimeError for a first input of other dimensions, ValueError for channels that
    ``groups`` does not divide.  Source: torch.nn.LazyConv3d.

    Example::

        >>> import minitorch
        >>> layer = minitorch.nn.LazyConv3d(8, 3)
        >>> layer(minitorch.zeros(2, 3, 5, 5, 5)).shape[:2], layer.in_channels
        (torch.Size([2, 8]), 3)
    """

    cls_to_become = Conv3d


class LazyConvTranspose1d(_LazyTransposed, ConvTranspose1d):
    """A :class:`ConvTranspose1d` that takes ``in_channels`` from its first input.

    Args: as :class:`ConvTranspose1d`, without ``in_channels``.

    Shape: (N, C, L) or (C, L) -> as :class:`ConvTranspose1d`.
    Errors: RuntimeError for a first input of other dimensions, ValueError for channels that
    ``groups`` does not divide.  Source: torch.nn.LazyConvTranspose1d.

    Example::

        >>> import minitorch
        >>> layer = minitorch.nn.LazyConvTranspose1d(8, 3)
        >>> layer(minitorch.zeros(2, 3, 9)).shape[:2], layer.in_channels
        (torch.Size([2, 8]), 3)
    """

    cls_to_become = ConvTranspose1d


class LazyConvTranspose2d(_LazyTransposed, ConvTranspose2d):
    """A :class:`ConvTranspose2d` that takes ``in_channels`` from its first input.

    Args: as :class:`ConvTranspose2d`, without ``in_channels``.

    Shape: (N, C, H, W) or (C, H, W) -> as :class:`ConvTranspose2d`.
    Errors: RuntimeError for a first input of other dimensions, ValueError for channels that
    ``groups`` does not divide.  Source: torch.nn.LazyConvTranspose2d.

    Example::

        >>> import minitorch
        >>> layer = minitorch.nn.LazyConvTranspose2d(8, 3)
        >>> layer(minitorch.zeros(2, 3, 9, 9)).shape[:2], layer.in_channels
        (torch.Size([2, 8]), 3)
    """

    cls_to_become = ConvTranspose2d


class LazyConvTranspose3d(_LazyTransposed, ConvTranspose3d):
    """A :class:`ConvTranspose3d` that takes ``in_channels`` from its first input.

    Args: as :class:`ConvTranspose3d`, without ``in_channels``.

    Shape: (N, C, D, H, W) or (C, D, H, W) -> as :class:`ConvTranspose3d`.
    Errors: RuntimeError for a first input of other dimensions, ValueError for channels that
    ``groups`` does not divide.  Source: torch.nn.LazyConvTranspose3d.

    Example::

        >>> import minitorch
        >>> layer = minitorch.nn.LazyConvTranspose3d(8, 3)
        >>> layer(minitorch.zeros(2, 3, 5, 5, 5)).shape[:2], layer.in_channels
        (torch.Size([2, 8]), 3)
    """

    cls_to_become = ConvTranspose3d
