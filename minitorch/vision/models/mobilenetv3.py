"""MobileNet V3: "Searching for MobileNetV3".  Source: torchvision.models.mobilenetv3."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from minitorch import nn
from minitorch.tensor import Tensor
from minitorch.vision.models._api import WeightsEnum, builder, imagenet
from minitorch.vision.models._utils import make_divisible
from minitorch.vision.models.mobilenetv2 import draw_weights
from minitorch.vision.ops.misc import Conv2dNormActivation, SqueezeExcitation

__all__ = [
    "InvertedResidual",
    "InvertedResidualConfig",
    "MobileNetV3",
    "MobileNet_V3_Large_Weights",
    "MobileNet_V3_Small_Weights",
    "mobilenet_v3_large",
    "mobilenet_v3_small",
]


class InvertedResidualConfig:
    """What one block is like.

    Args:
        input_channels, expanded_channels, out_channels: before, inside, after; ``width_mult``
            multiplies them.
        kernel, stride, dilation: of the convolution inside.
        use_se: whether the channels are weighed.
        activation: "RE" for ReLU, "HS" for Hardswish.

    Source: torchvision.models.mobilenetv3.InvertedResidualConfig.
    """

    def __init__(
        self,
        input_channels: int,
        kernel: int,
        expanded_channels: int,
        out_channels: int,
        use_se: bool,
        activation: str,
        stride: int,
        dilation: int,
        width_mult: float,
    ) -> None:
        self.input_channels = self.adjust_channels(input_channels, width_mult)
        self.kernel = kernel
        self.expanded_channels = self.adjust_channels(expanded_channels, width_mult)
        self.out_channels = self.adjust_channels(out_channels, width_mult)
        self.use_se = use_se
        self.use_hs = activation == "HS"
        self.stride = stride
        self.dilation = dilation

    @staticmethod
    def adjust_channels(channels: int, width_mult: float) -> int:
        """The channels of a wider or narrower network: a multiple of 8."""
        return make_divisible(channels * width_mult, 8)


_squeeze_excitation = functools.partial(SqueezeExcitation, scale_activation=nn.Hardsigmoid)


class InvertedResidual(nn.Module):
    """More channels by 1x1, a convolution in each, weighing them, fewer by 1x1; a residual.

    Args:
        cnf: what it is like.
        norm_layer: makes the normalizations.
        se_layer: makes what weighs the channels.

    Source: torchvision.models.mobilenetv3.InvertedResidual.
    """

    def __init__(
        self,
        cnf: InvertedResidualConfig,
        norm_layer: Callable[..., nn.Module],
        se_layer: Callable[..., nn.Module] = _squeeze_excitation,
    ) -> None:
        super().__init__()
        if not 1 <= cnf.stride <= 2:
            raise ValueError("illegal stride value")
        before, inside, after = cnf.input_channels, cnf.expanded_channels, cnf.out_channels
        activation = nn.Hardswish if cnf.use_hs else nn.ReLU
        shared: dict[str, Any] = {"norm_layer": norm_layer, "activation_layer": activation}
        layers: list[nn.Module] = []
        if inside != before:
            layers.append(Conv2dNormActivation(before, inside, kernel_size=1, **shared))
        layers.append(
            Conv2dNormActivation(
                inside,
                inside,
                kernel_size=cnf.kernel,
                stride=1 if cnf.dilation > 1 else cnf.stride,
                dilation=cnf.dilation,
                groups=inside,
                **shared,
            )
        )
        if cnf.use_se:
            layers.append(se_layer(inside, make_divisible(inside // 4, 8)))
        layers.append(
            Conv2dNormActivation(
                inside, after, kernel_size=1, norm_layer=norm_layer, activation_layer=None
            )
        )
        self.use_res_connect = cnf.stride == 1 and before == after
        self.block = nn.Sequential(*layers)
        self.out_channels = after
        self._is_cn = cnf.stride > 1

    def forward(self, input: Tensor) -> Tensor:
        result = self.block(input)
        if self.use_res_connect:
            result += input
        return result


class MobileNetV3(nn.Module):
    """Inverted residual blocks between a convolution 3x3 and one 1x1, the mean, two linear maps.

    Args:
        inverted_residual_setting: what the blocks are like.
        last_channel: the length between the linear maps.
        num_classes: the number of categories.
        block: makes a block; InvertedResidual when None.
        norm_layer: makes the normalizations; when None BatchNorm2d with eps 0.001, momentum 0.01.
        dropout: its probability before the last linear map.
        **kwargs: are ignored.

    Shape: (N, 3, H, W) -> (N, num_classes).
    Source: torchvision.models.mobilenetv3.MobileNetV3.
    """

    def __init__(
        self,
        inverted_residual_setting: list[InvertedResidualConfig],
        last_channel: int,
        num_classes: int = 1000,
        block: Callable[..., nn.Module] | None = None,
        norm_layer: Callable[..., nn.Module] | None = None,
        dropout: float = 0.2,
        **kwargs: Any,
    ) -> None:
        super().__init__()
        if not inverted_residual_setting:
            raise ValueError("The inverted_residual_setting should not be empty")
        if not isinstance(inverted_residual_setting, Sequence) or not all(
            isinstance(cnf, InvertedResidualConfig) for cnf in inverted_residual_setting
        ):
            raise TypeError("The inverted_residual_setting should be List[InvertedResidualConfig]")
        block = block or InvertedResidual
        norm_layer = norm_layer or functools.partial(nn.BatchNorm2d, eps=0.001, momentum=0.01)
        shared: dict[str, Any] = {"norm_layer": norm_layer, "activation_layer": nn.Hardswish}
        first = inverted_residual_setting[0].input_channels
        last = inverted_residual_setting[-1].out_channels
        self.features = nn.Sequential(
            Conv2dNormActivation(3, first, kernel_size=3, stride=2, **shared),
            *[block(cnf, norm_layer) for cnf in inverted_residual_setting],
            Conv2dNormActivation(last, 6 * last, kernel_size=1, **shared),
        )
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Sequential(
            nn.Linear(6 * last, last_channel),
            nn.Hardswish(inplace=True),
            nn.Dropout(p=dropout, inplace=True),
            nn.Linear(last_channel, num_classes),
        )
        draw_weights(self)

    def _forward_impl(self, x: Tensor) -> Tensor:
        return self.classifier(self.avgpool(self.features(x)).flatten(1))

    def forward(self, x: Tensor) -> Tensor:
        return self._forward_impl(x)


#: The blocks: channels before, kernel, channels inside, after, weighed, activation, stride.  The
#: last three belong to the tail, which may be narrower and dilated.
_LARGE = [
    (16, 3, 16, 16, False, "RE", 1),
    (16, 3, 64, 24, False, "RE", 2),
    (24, 3, 72, 24, False, "RE", 1),
    (24, 5, 72, 40, True, "RE", 2),
    (40, 5, 120, 40, True, "RE", 1),
    (40, 5, 120, 40, True, "RE", 1),
    (40, 3, 240, 80, False, "HS", 2),
    (80, 3, 200, 80, False, "HS", 1),
    (80, 3, 184, 80, False, "HS", 1),
    (80, 3, 184, 80, False, "HS", 1),
    (80, 3, 480, 112, True, "HS", 1),
    (112, 3, 672, 112, True, "HS", 1),
    (112, 5, 672, 160, True, "HS", 2),
    (160, 5, 960, 160, True, "HS", 1),
    (160, 5, 960, 160, True, "HS", 1),
]
_SMALL = [
    (16, 3, 16, 16, True, "RE", 2),
    (16, 3, 72, 24, False, "RE", 2),
    (24, 3, 88, 24, False, "RE", 1),
    (24, 5, 96, 40, True, "HS", 2),
    (40, 5, 240, 40, True, "HS", 1),
    (40, 5, 240, 40, True, "HS", 1),
    (40, 5, 120, 48, True, "HS", 1),
    (48, 5, 144, 48, True, "HS", 1),
    (48, 5, 288, 96, True, "HS", 2),
    (96, 5, 576, 96, True, "HS", 1),
    (96, 5, 576, 96, True, "HS", 1),
]


def _mobilenet_v3(
    table: list[tuple[int, int, int, int, bool, str, int]],
    last_channel: int,
    width_mult: float = 1.0,
    reduced_tail: bool = False,
    dilated: bool = False,
    **kwargs: Any,
) -> MobileNetV3:
    halve = 2 if reduced_tail else 1
    setting = []
    for i, (before, kernel, inside, after, weighed, activation, stride) in enumerate(table):
        tail = i - (len(table) - 3)  # 0, 1 and 2 in the tail
        if tail >= 0:
            after //= halve
        if tail >= 1:
            before, inside = before // halve, inside // halve
        dilation = 2 if dilated and tail >= 0 else 1
        setting.append(
            InvertedResidualConfig(
                before, kernel, inside, after, weighed, activation, stride, dilation, width_mult
            )
        )
    last = InvertedResidualConfig.adjust_channels(last_channel // halve, width_mult)
    return MobileNetV3(setting, last, **kwargs)


class MobileNet_V3_Large_Weights(WeightsEnum):
    """Weights of :func:`mobilenet_v3_large`."""

    IMAGENET1K_V1 = imagenet(
        "mobilenet_v3_large-8738ca79.pth", 5_483_032, (74.042, 91.34), (0.217, 21.114)
    )
    IMAGENET1K_V2 = imagenet(
        "mobilenet_v3_large-5c1a4163.pth",
        5_483_032,
        (75.274, 92.566),
        (0.217, 21.107),
        resize_size=232,
    )
    DEFAULT = IMAGENET1K_V2


class MobileNet_V3_Small_Weights(WeightsEnum):
    """Weights of :func:`mobilenet_v3_small`."""

    IMAGENET1K_V1 = imagenet(
        "mobilenet_v3_small-047dcff4.pth", 2_542_856, (67.668, 87.402), (0.057, 9.829)
    )
    DEFAULT = IMAGENET1K_V1


@builder(MobileNet_V3_Large_Weights)
def mobilenet_v3_large(**kwargs: Any) -> MobileNetV3:
    """The large MobileNet V3.  Source: torchvision.models.mobilenet_v3_large."""
    return _mobilenet_v3(_LARGE, 1280, **kwargs)


@builder(MobileNet_V3_Small_Weights)
def mobilenet_v3_small(**kwargs: Any) -> MobileNetV3:
    """The small MobileNet V3.  Source: torchvision.models.mobilenet_v3_small."""
    return _mobilenet_v3(_SMALL, 1024, **kwargs)
