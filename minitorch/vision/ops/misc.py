"""Building blocks of networks for pictures.  Source: torchvision.ops.misc."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

from minitorch import nn
from minitorch.ops.creation import ones, zeros
from minitorch.tensor import Tensor

__all__ = [
    "Conv2dNormActivation",
    "Conv3dNormActivation",
    "ConvNormActivation",
    "FrozenBatchNorm2d",
    "MLP",
    "Permute",
    "SqueezeExcitation",
]

_Layer = Callable[..., nn.Module] | None
_Lengths = int | tuple[int, ...]


class FrozenBatchNorm2d(nn.Module):
    """Batch normalization that learns nothing: its statistics and its affine map are buffers.

    ``y = weight (x - running_mean) / sqrt(running_var + eps) + bias``, per channel.

    Args:
        num_features: the number of channels C.
        eps: added to the variance.

    Shape: (N, C, H, W) -> (N, C, H, W).  Source: torchvision.ops.FrozenBatchNorm2d.
    """

    weight: Tensor
    bias: Tensor
    running_mean: Tensor
    running_var: Tensor

    def __init__(self, num_features: int, eps: float = 1e-5) -> None:
        super().__init__()
        self.eps = eps
        self.register_buffer("weight", ones(num_features))
        self.register_buffer("bias", zeros(num_features))
        self.register_buffer("running_mean", zeros(num_features))
        self.register_buffer("running_var", ones(num_features))

    def _load_from_state_dict(self, state_dict, prefix, *args):
        # A BatchNorm2d, whose state this may be, counts its batches.
        state_dict.pop(f"{prefix}num_batches_tracked", None)
        super()._load_from_state_dict(state_dict, prefix, *args)

    def forward(self, x: Tensor) -> Tensor:
        scale = self.weight * (self.running_var + self.eps).rsqrt()
        shift = self.bias - self.running_mean * scale
        return x * scale.reshape(1, -1, 1, 1) + shift.reshape(1, -1, 1, 1)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.weight.shape[0]}, eps={self.eps})"


class ConvNormActivation(nn.Sequential):
    """A convolution, a normalization, an activation; the last two may be left out.

    The base of :class:`Conv2dNormActivation` and :class:`Conv3dNormActivation`, which are to be
    used.  Source: torchvision.ops.misc.ConvNormActivation.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: _Lengths = 3,
        stride: _Lengths = 1,
        padding: _Lengths | str | None = None,
        groups: int = 1,
        norm_layer: _Layer = nn.BatchNorm2d,
        activation_layer: _Layer = nn.ReLU,
        dilation: _Lengths = 1,
        inplace: bool | None = True,
        bias: bool | None = None,
        conv_layer: Callable[..., nn.Module] = nn.Conv2d,
    ) -> None:
        if padding is None:
            kernel_size, dilation, padding = _keeping_the_size(kernel_size, dilation)
        layers = [
            conv_layer(
                in_channels,
                out_channels,
                kernel_size,
                stride,
                padding,
                dilation=dilation,
                groups=groups,
                bias=norm_layer is None if bias is None else bias,
            )
        ]
        if norm_layer is not None:
            layers.append(norm_layer(out_channels))
        if activation_layer is not None:
            layers.append(activation_layer(**_inplace(inplace)))
        super().__init__(*layers)
        self.out_channels = out_channels
        if type(self) is ConvNormActivation:
            warnings.warn(
                "Don't use ConvNormActivation directly, please use Conv2dNormActivation and "
                "Conv3dNormActivation instead.",
                stacklevel=2,
            )


def _keeping_the_size(kernel_size: Any, dilation: Any) -> tuple[Any, Any, Any]:
    """Kernel size and dilation, and the padding that keeps the size where the stride is 1."""
    if isinstance(kernel_size, int) and isinstance(dilation, int):
        return kernel_size, dilation, (kernel_size - 1) // 2 * dilation
    dims = len(kernel_size if isinstance(kernel_size, Sequence) else dilation)
    if isinstance(kernel_size, int):
        kernel_size = (kernel_size,) * dims
    if isinstance(dilation, int):
        dilation = (dilation,) * dims
    padding = tuple((k - 1) // 2 * d for k, d in zip(kernel_size, dilation, strict=True))
    return kernel_size, dilation, padding


def _inplace(inplace: bool | None) -> dict[str, bool]:
    """The argument for layers that may know none."""
    return {} if inplace is None else {"inplace": inplace}


class Conv2dNormActivation(ConvNormActivation):
    """A convolution, a normalization, an activation; the last two may be left out.

    Args:
        in_channels, out_channels: the channels before and after.
        kernel_size, stride, groups, dilation: of the convolution.
        padding: of the convolution; what keeps the size at stride 1 when None.
        norm_layer: makes the normalization from a number of channels.
        activation_layer: makes the activation.
        inplace: an argument for the activation; not given when None.
        bias: whether the convolution has one; without normalization when None.

    Shape: (N, in_channels, H, W) -> (N, out_channels, H', W').
    Source: torchvision.ops.Conv2dNormActivation.

    Example::

        >>> from minitorch.vision.ops import Conv2dNormActivation
        >>> Conv2dNormActivation(3, 8, stride=2, norm_layer=None)
        Conv2dNormActivation(
          (0): Conv2d(3, 8, kernel_size=(3, 3), stride=(2, 2), padding=(1, 1))
          (1): ReLU(inplace=True)
        )
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, int] = 3,
        stride: int | tuple[int, int] = 1,
        padding: int | tuple[int, int] | str | None = None,
        groups: int = 1,
        norm_layer: _Layer = nn.BatchNorm2d,
        activation_layer: _Layer = nn.ReLU,
        dilation: int | tuple[int, int] = 1,
        inplace: bool | None = True,
        bias: bool | None = None,
    ) -> None:
        super().__init__(
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            groups,
            norm_layer,
            activation_layer,
            dilation,
            inplace,
            bias,
            nn.Conv2d,
        )


class Conv3dNormActivation(ConvNormActivation):
    """:class:`Conv2dNormActivation` in three dimensions.

    Shape: (N, in_channels, D, H, W) -> (N, out_channels, D', H', W').
    Source: torchvision.ops.Conv3dNormActivation.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, int, int] = 3,
        stride: int | tuple[int, int, int] = 1,
        padding: int | tuple[int, int, int] | str | None = None,
        groups: int = 1,
        norm_layer: _Layer = nn.BatchNorm3d,
        activation_layer: _Layer = nn.ReLU,
        dilation: int | tuple[int, int, int] = 1,
        inplace: bool | None = True,
        bias: bool | None = None,
    ) -> None:
        super().__init__(
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            groups,
            norm_layer,
            activation_layer,
            dilation,
            inplace,
            bias,
            nn.Conv3d,
        )


class SqueezeExcitation(nn.Module):
    """Weighs the channels by what the whole picture holds: ``x * scale(fc2(act(fc1(mean(x)))))``.

    Args:
        input_channels: the channels C.
        squeeze_channels: the channels between the two maps.
        activation: makes the activation between them.
        scale_activation: makes the one that gives the weights.

    Shape: (N, C, H, W) -> (N, C, H, W).  Source: torchvision.ops.SqueezeExcitation.
    """

    def __init__(
        self,
        input_channels: int,
        squeeze_channels: int,
        activation: Callable[..., nn.Module] = nn.ReLU,
        scale_activation: Callable[..., nn.Module] = nn.Sigmoid,
    ) -> None:
        super().__init__()
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc1 = nn.Conv2d(input_channels, squeeze_channels, 1)
        self.fc2 = nn.Conv2d(squeeze_channels, input_channels, 1)
        self.activation = activation()
        self.scale_activation = scale_activation()

    def forward(self, input: Tensor) -> Tensor:
        squeezed = self.activation(self.fc1(self.avgpool(input)))  # (N, squeeze_channels, 1, 1)
        return self.scale_activation(self.fc2(squeezed)) * input


class MLP(nn.Sequential):
    """Linear maps with activations between them and dropout behind each.

    Args:
        in_channels: the length of the last dimension.
        hidden_channels: the lengths after each map.
        norm_layer: makes a normalization behind each map but the last.
        activation_layer: makes the activations.
        inplace: an argument for activations and dropout; not given when None.
        bias: whether the maps have one.
        dropout: its probability.

    Shape: (*, in_channels) -> (*, hidden_channels[-1]).  Source: torchvision.ops.MLP.
    """

    def __init__(
        self,
        in_channels: int,
        hidden_channels: list[int],
        norm_layer: _Layer = None,
        activation_layer: _Layer = nn.ReLU,
        inplace: bool | None = None,
        bias: bool = True,
        dropout: float = 0.0,
    ) -> None:
        assert activation_layer is not None
        options = _inplace(inplace)
        *inner, last = hidden_channels
        layers: list[nn.Module] = []
        for length in inner:
            layers.append(nn.Linear(in_channels, length, bias=bias))
            if norm_layer is not None:
                layers.append(norm_layer(length))
            layers.append(activation_layer(**options))
            layers.append(nn.Dropout(dropout, **options))
            in_channels = length
        layers.append(nn.Linear(in_channels, last, bias=bias))
        layers.append(nn.Dropout(dropout, **options))
        super().__init__(*layers)


class Permute(nn.Module):
    """The dimensions in another order.

    Args:
        dims: the order.

    Source: torchvision.ops.Permute.
    """

    def __init__(self, dims: list[int]) -> None:
        super().__init__()
        self.dims = dims

    def forward(self, x: Tensor) -> Tensor:
        return x.permute(self.dims)
