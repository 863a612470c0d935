"""EfficientNet and EfficientNet V2.  Source: torchvision.models.efficientnet.

"EfficientNet: rethinking model scaling for convolutional neural networks", "EfficientNetV2: smaller
models and faster training".
"""

from __future__ import annotations

import copy
import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from minitorch import nn
from minitorch.tensor import Tensor
from minitorch.vision.models._api import WeightsEnum, builder, imagenet
from minitorch.vision.models._utils import make_divisible
from minitorch.vision.ops.misc import Conv2dNormActivation, SqueezeExcitation
from minitorch.vision.ops.stochastic_depth import StochasticDepth

__all__ = [
    "EfficientNet",
    "EfficientNet_B0_Weights",
    "EfficientNet_B1_Weights",
    "EfficientNet_B2_Weights",
    "EfficientNet_B3_Weights",
    "EfficientNet_B4_Weights",
    "EfficientNet_B5_Weights",
    "EfficientNet_B6_Weights",
    "EfficientNet_B7_Weights",
    "EfficientNet_V2_L_Weights",
    "EfficientNet_V2_M_Weights",
    "EfficientNet_V2_S_Weights",
    "FusedMBConv",
    "FusedMBConvConfig",
    "MBConv",
    "MBConvConfig",
    "efficientnet_b0",
    "efficientnet_b1",
    "efficientnet_b2",
    "efficientnet_b3",
    "efficientnet_b4",
    "efficientnet_b5",
    "efficientnet_b6",
    "efficientnet_b7",
    "efficientnet_v2_l",
    "efficientnet_v2_m",
    "efficientnet_v2_s",
]

_Layer = Callable[..., nn.Module]


@dataclass
class _StageConfig:
    """What the blocks of a stage are like."""

    expand_ratio: float
    kernel: int
    stride: int
    input_channels: int
    out_channels: int
    num_layers: int
    block: _Layer

    @staticmethod
    def adjust_channels(channels: int, width_mult: float, min_value: int | None = None) -> int:
        """The channels of a wider network: a multiple of 8."""
        return make_divisible(channels * width_mult, 8, min_value)


class MBConvConfig(_StageConfig):
    """What the blocks of a stage are like.

    Args:
        expand_ratio: how many times the channels are more inside.
        kernel: of the convolution in each channel.
        stride: of the first block.
        input_channels, out_channels: before and after; ``width_mult`` multiplies them.
        num_layers: the number of blocks; ``depth_mult`` multiplies it.
        block: makes a block; MBConv when None.

    Source: torchvision.models.efficientnet.MBConvConfig.
    """

    def __init__(
        self,
        expand_ratio: float,
        kernel: int,
        stride: int,
        input_channels: int,
        out_channels: int,
        num_layers: int,
        width_mult: float = 1.0,
        depth_mult: float = 1.0,
        block: _Layer | None = None,
    ) -> None:
        super().__init__(
            expand_ratio,
            kernel,
            stride,
            self.adjust_channels(input_channels, width_mult),
            self.adjust_channels(out_channels, width_mult),
            self.adjust_depth(num_layers, depth_mult),
            block or MBConv,
        )

    @staticmethod
    def adjust_depth(num_layers: int, depth_mult: float) -> int:
        """The number of blocks of a deeper network."""
        return math.ceil(num_layers * depth_mult)


class FusedMBConvConfig(_StageConfig):
    """As :class:`MBConvConfig`, for :class:`FusedMBConv`.

    Source: torchvision.models.efficientnet.FusedMBConvConfig.
    """

    def __init__(
        self,
        expand_ratio: float,
        kernel: int,
        stride: int,
        input_channels: int,
        out_channels: int,
        num_layers: int,
        block: _Layer | None = None,
    ) -> None:
        super().__init__(
            expand_ratio,
            kernel,
            stride,
            input_channels,
            out_channels,
            num_layers,
            block or FusedMBConv,
        )


class _Residual(nn.Module):
    """Layers, added to the input where its shape is theirs; left out at random in training."""

    def __init__(
        self, cnf: _StageConfig, layers: list[nn.Module], stochastic_depth_prob: float
    ) -> None:
        super().__init__()
        if not 1 <= cnf.stride <= 2:
            raise ValueError("illegal stride value")
        self.use_res_connect = cnf.stride == 1 and cnf.input_channels == cnf.out_channels
        self.block = nn.Sequential(*layers)
        self.stochastic_depth = StochasticDepth(stochastic_depth_prob, "row")
        self.out_channels = cnf.out_channels

    def forward(self, input: Tensor) -> Tensor:
        result = self.block(input)
        if self.use_res_connect:
            result = self.stochastic_depth(result)
            result += input
        return result


class MBConv(_Residual):
    """More channels by 1x1, a convolution in each, weighing them, fewer by 1x1; a residual.

    Args:
        cnf: what it is like.
        stochastic_depth_prob: how often it is left out in training.
        norm_layer: makes the normalizations.
        se_layer: makes what weighs the channels.

    Source: torchvision.models.efficientnet.MBConv.
    """

    def __init__(
        self,
        cnf: MBConvConfig,
        stochastic_depth_prob: float,
        norm_layer: _Layer,
        se_layer: _Layer = SqueezeExcitation,
    ) -> None:
        before, after = cnf.input_channels, cnf.out_channels
        inside = cnf.adjust_channels(before, cnf.expand_ratio)
        shared: dict[str, Any] = {"norm_layer": norm_layer, "activation_layer": nn.SiLU}
        layers: list[nn.Module] = []
        if inside != before:
            layers.append(Conv2dNormActivation(before, inside, kernel_size=1, **shared))
        layers.append(
            Conv2dNormActivation(
                inside,
                inside,
                kernel_size=cnf.kernel,
                stride=cnf.stride,
                groups=inside,
                **shared,
            )
        )
        squeezed = max(1, before // 4)
        layers.append(
            se_layer(inside, squeezed, activation=functools.partial(nn.SiLU, inplace=True))
        )
        layers.append(
            Conv2dNormActivation(
                inside, after, kernel_size=1, norm_layer=norm_layer, activation_layer=None
            )
        )
        super().__init__(cnf, layers, stochastic_depth_prob)


class FusedMBConv(_Residual):
    """As :class:`MBConv` with one convolution over all channels for the first two.

    Args:
        cnf: what it is like.
        stochastic_depth_prob: how often it is left out in training.
        norm_layer: makes the normalizations.

    Source: torchvision.models.efficientnet.FusedMBConv.
    """

    def __init__(
        self, cnf: FusedMBConvConfig, stochastic_depth_prob: float, norm_layer: _Layer
    ) -> None:
        before, after = cnf.input_channels, cnf.out_channels
        inside = cnf.adjust_channels(before, cnf.expand_ratio)
        shared: dict[str, Any] = {
            "kernel_size": cnf.kernel,
            "stride": cnf.stride,
            "norm_layer": norm_layer,
        }
        layers: list[nn.Module]
        if inside == before:
            layers = [Conv2dNormActivation(before, after, activation_layer=nn.SiLU, **shared)]
        else:
            layers = [
                Conv2dNormActivation(before, inside, activation_layer=nn.SiLU, **shared),
                Conv2dNormActivation(
                    inside, after, kernel_size=1, norm_layer=norm_layer, activation_layer=None
                ),
            ]
        super().__init__(cnf, layers, stochastic_depth_prob)


class EfficientNet(nn.Module):
    """Stages of blocks between a convolution 3x3 and one 1x1, the mean, a linear map.

    Args:
        inverted_residual_setting: what the stages are like.
        dropout: its probability before the linear map.
        stochastic_depth_prob: how often the last block is left out; earlier ones less often.
        num_classes: the number of categories.
        norm_layer: makes the normalizations; BatchNorm2d when None.
        last_channel: the channels after the last convolution; four times those before when None.

    Shape: (N, 3, H, W) -> (N, num_classes).  Source: torchvision.models.EfficientNet.
    """

    def __init__(
        self,
        inverted_residual_setting: Sequence[MBConvConfig | FusedMBConvConfig],
        dropout: float,
        stochastic_depth_prob: float = 0.2,
        num_classes: int = 1000,
        norm_layer: _Layer | None = None,
        last_channel: int | None = None,
    ) -> None:
        super().__init__()
        setting = inverted_residual_setting
        if not setting:
            raise ValueError("The inverted_residual_setting should not be empty")
        if not isinstance(setting, Sequence) or not all(
            isinstance(cnf, _StageConfig) for cnf in setting
        ):
            raise TypeError("The inverted_residual_setting should be List[MBConvConfig]")
        norm_layer = norm_layer or nn.BatchNorm2d
        shared: dict[str, Any] = {"norm_layer": norm_layer, "activation_layer": nn.SiLU}
        first, last = setting[0].input_channels, setting[-1].out_channels
        layers: list[nn.Module] = [Conv2dNormActivation(3, first, stride=2, **shared)]
        total = sum(cnf.num_layers for cnf in setting)
        made = 0
        for cnf in setting:
            stage: list[nn.Module] = []
            for _ in range(cnf.num_layers):
                here = copy.copy(cnf)
                if stage:
                    here.input_channels = here.out_channels
                    here.stride = 1
                depth = stochastic_depth_prob * float(made) / total
                stage.append(here.block(here, depth, norm_layer))
                made += 1
            layers.append(nn.Sequential(*stage))
        width = 4 * last if last_channel is None else last_channel
        layers.append(Conv2dNormActivation(last, width, kernel_size=1, **shared))
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Sequential(
            nn.Dropout(p=dropout, inplace=True), nn.Linear(width, num_classes)
        )
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out")
            elif isinstance(module, nn.Linear):
                bound = 1.0 / math.sqrt(module.out_features)
                nn.init.uniform_(module.weight, -bound, bound)
            else:
                continue
            if module.bias is not None:
                nn.init.zeros_(module.bias)

    def _forward_impl(self, x: Tensor) -> Tensor:
        return self.classifier(self.avgpool(self.features(x)).flatten(1))

    def forward(self, x: Tensor) -> Tensor:
        return self._forward_impl(x)


#: The stages of B0, which the others widen and deepen: expansion, kernel, stride, channels before
#: and after, blocks.
_B = [
    (1, 3, 1, 32, 16, 1),
    (6, 3, 2, 16, 24, 2),
    (6, 5, 2, 24, 40, 2),
    (6, 3, 2, 40, 80, 3),
    (6, 5, 1, 80, 112, 3),
    (6, 5, 2, 112, 192, 4),
    (6, 3, 1, 192, 320, 1),
]
#: The stages of V2; the first three are fused.
_V2 = {
    "s": [
        (1, 3, 1, 24, 24, 2),
        (4, 3, 2, 24, 48, 4),
        (4, 3, 2, 48, 64, 4),
        (4, 3, 2, 64, 128, 6),
        (6, 3, 1, 128, 160, 9),
        (6, 3, 2, 160, 256, 15),
    ],
    "m": [
        (1, 3, 1, 24, 24, 3),
        (4, 3, 2, 24, 48, 5),
        (4, 3, 2, 48, 80, 5),
        (4, 3, 2, 80, 160, 7),
        (6, 3, 1, 160, 176, 14),
        (6, 3, 2, 176, 304, 18),
        (6, 3, 1, 304, 512, 5),
    ],
    "l": [
        (1, 3, 1, 32, 32, 4),
        (4, 3, 2, 32, 64, 7),
        (4, 3, 2, 64, 96, 7),
        (4, 3, 2, 96, 192, 10),
        (6, 3, 1, 192, 224, 19),
        (6, 3, 2, 224, 384, 25),
        (6, 3, 1, 384, 640, 7),
    ],
}

#: The larger networks of the first version, and the second version, normalize otherwise.
_norm_large = functools.partial(nn.BatchNorm2d, eps=0.001, momentum=0.01)
_norm_v2 = functools.partial(nn.BatchNorm2d, eps=1e-03)


def _b(width_mult: float, depth_mult: float, usual: float, **kwargs: Any) -> EfficientNet:
    setting = [MBConvConfig(*row, width_mult=width_mult, depth_mult=depth_mult) for row in _B]
    return EfficientNet(setting, dropout=kwargs.pop("dropout", usual), **kwargs)


def _v2(size: str, usual: float, **kwargs: Any) -> EfficientNet:
    setting: list[MBConvConfig | FusedMBConvConfig] = []
    for i, row in enumerate(_V2[size]):
        setting.append(FusedMBConvConfig(*row) if i < 3 else MBConvConfig(*row))
    dropout = kwargs.pop("dropout", usual)
    return EfficientNet(setting, dropout, last_channel=1280, norm_layer=_norm_v2, **kwargs)


class EfficientNet_B0_Weights(WeightsEnum):
    """Weights of :func:`efficientnet_b0`."""

    IMAGENET1K_V1 = imagenet(
        "efficientnet_b0_rwightman-7f5810bc.pth",
        5_288_548,
        (77.692, 93.532),
        (0.386, 20.451),
        bicubic=True,
    )
    DEFAULT = IMAGENET1K_V1


class EfficientNet_B1_Weights(WeightsEnum):
    """Weights of :func:`efficientnet_b1`."""

    IMAGENET1K_V1 = imagenet(
        "efficientnet_b1_rwightman-bac287d4.pth",
        7_794_184,
        (78.642, 94.186),
        (0.687, 30.134),
        crop_size=240,
        bicubic=True,
    )
    IMAGENET1K_V2 = imagenet(
        "efficientnet_b1-c27df63c.pth",
        7_794_184,
        (79.838, 94.934),
        (0.687, 30.136),
        resize_size=255,
        crop_size=240,
    )
    DEFAULT = IMAGENET1K_V2


class EfficientNet_B2_Weights(WeightsEnum):
    """Weights of :func:`efficientnet_b2`."""

    IMAGENET1K_V1 = imagenet(
        "efficientnet_b2_rwightman-c35c1473.pth",
        9_109_994,
        (80.608, 95.31),
        (1.088, 35.174),
        resize_size=288,
        crop_size=288,
        bicubic=True,
    )
    DEFAULT = IMAGENET1K_V1


class EfficientNet_B3_Weights(WeightsEnum):
    """Weights of :func:`efficientnet_b3`."""

    IMAGENET1K_V1 = imagenet(
        "efficientnet_b3_rwightman-b3899882.pth",
        12_233_232,
        (82.008, 96.054),
        (1.827, 47.184),
        resize_size=320,
        crop_size=300,
        bicubic=True,
    )
    DEFAULT = IMAGENET1K_V1


class EfficientNet_B4_Weights(WeightsEnum):
    """Weights of :func:`efficientnet_b4`."""

    IMAGENET1K_V1 = imagenet(
        "efficientnet_b4_rwightman-23ab8bcd.pth",
        19_341_616,
        (83.384, 96.594),
        (4.394, 74.489),
        resize_size=384,
        crop_size=380,
        bicubic=True,
    )
    DEFAULT = IMAGENET1K_V1


class EfficientNet_B5_Weights(WeightsEnum):
    """Weights of :func:`efficientnet_b5`."""

    IMAGENET1K_V1 = imagenet(
        "efficientnet_b5_lukemelas-1a07897c.pth",
        30_389_784,
        (83.444, 96.628),
        (10.266, 116.864),
        resize_size=456,
        crop_size=456,
        bicubic=True,
    )
    DEFAULT = IMAGENET1K_V1


class EfficientNet_B6_Weights(WeightsEnum):
    """Weights of :func:`efficientnet_b6`."""

    IMAGENET1K_V1 = imagenet(
        "efficientnet_b6_lukemelas-24a108a5.pth",
        43_040_704,
        (84.008, 96.916),
        (19.068, 165.362),
        resize_size=528,
        crop_size=528,
        bicubic=True,
    )
    DEFAULT = IMAGENET1K_V1


class EfficientNet_B7_Weights(WeightsEnum):
    """Weights of :func:`efficientnet_b7`."""

    IMAGENET1K_V1 = imagenet(
        "efficientnet_b7_lukemelas-c5b4e57e.pth",
        66_347_960,
        (84.122, 96.908),
        (37.746, 254.675),
        resize_size=600,
        crop_size=600,
        bicubic=True,
    )
    DEFAULT = IMAGENET1K_V1


class EfficientNet_V2_S_Weights(WeightsEnum):
    """Weights of :func:`efficientnet_v2_s`."""

    IMAGENET1K_V1 = imagenet(
        "efficientnet_v2_s-dd5fe13b.pth",
        21_458_488,
        (84.228, 96.878),
        (8.366, 82.704),
        min_size=33,
        resize_size=384,
        crop_size=384,
    )
    DEFAULT = IMAGENET1K_V1


class EfficientNet_V2_M_Weights(WeightsEnum):
    """Weights of :func:`efficientnet_v2_m`."""

    IMAGENET1K_V1 = imagenet(
        "efficientnet_v2_m-dc08266a.pth",
        54_139_356,
        (85.112, 97.156),
        (24.582, 208.01),
        min_size=33,
        resize_size=480,
        crop_size=480,
    )
    DEFAULT = IMAGENET1K_V1


class EfficientNet_V2_L_Weights(WeightsEnum):
    """Weights of :func:`efficientnet_v2_l`."""

    IMAGENET1K_V1 = imagenet(
        "efficientnet_v2_l-59c71312.pth",
        118_515_272,
        (85.808, 97.788),
        (56.08, 454.573),
        min_size=33,
        resize_size=480,
        crop_size=480,
        bicubic=True,
        mean=(0.5, 0.5, 0.5),
        std=(0.5, 0.5, 0.5),
    )
    DEFAULT = IMAGENET1K_V1


@builder(EfficientNet_B0_Weights)
def efficientnet_b0(**kwargs: Any) -> EfficientNet:
    """EfficientNet B0.  Source: torchvision.models.efficientnet_b0."""
    return _b(1.0, 1.0, 0.2, **kwargs)


@builder(EfficientNet_B1_Weights)
def efficientnet_b1(**kwargs: Any) -> EfficientNet:
    """EfficientNet B1.  Source: torchvision.models.efficientnet_b1."""
    return _b(1.0, 1.1, 0.2, **kwargs)


@builder(EfficientNet_B2_Weights)
def efficientnet_b2(**kwargs: Any) -> EfficientNet:
    """EfficientNet B2.  Source: torchvision.models.efficientnet_b2."""
    return _b(1.1, 1.2, 0.3, **kwargs)


@builder(EfficientNet_B3_Weights)
def efficientnet_b3(**kwargs: Any) -> EfficientNet:
    """EfficientNet B3.  Source: torchvision.models.efficientnet_b3."""
    return _b(1.2, 1.4, 0.3, **kwargs)


@builder(EfficientNet_B4_Weights)
def efficientnet_b4(**kwargs: Any) -> EfficientNet:
    """EfficientNet B4.  Source: torchvision.models.efficientnet_b4."""
    return _b(1.4, 1.8, 0.4, **kwargs)


@builder(EfficientNet_B5_Weights)
def efficientnet_b5(**kwargs: Any) -> EfficientNet:
    """EfficientNet B5.  Source: torchvision.models.efficientnet_b5."""
    return _b(1.6, 2.2, 0.4, norm_layer=_norm_large, **kwargs)


@builder(EfficientNet_B6_Weights)
def efficientnet_b6(**kwargs: Any) -> EfficientNet:
    """EfficientNet B6.  Source: torchvision.models.efficientnet_b6."""
    return _b(1.8, 2.6, 0.5, norm_layer=_norm_large, **kwargs)


@builder(EfficientNet_B7_Weights)
def efficientnet_b7(**kwargs: Any) -> EfficientNet:
    """EfficientNet B7.  Source: torchvision.models.efficientnet_b7."""
    return _b(2.0, 3.1, 0.5, norm_layer=_norm_large, **kwargs)


@builder(EfficientNet_V2_S_Weights)
def efficientnet_v2_s(**kwargs: Any) -> EfficientNet:
    """The small EfficientNet V2.  Source: torchvision.models.efficientnet_v2_s."""
    return _v2("s", 0.2, **kwargs)


@builder(EfficientNet_V2_M_Weights)
def efficientnet_v2_m(**kwargs: Any) -> EfficientNet:
    """The medium EfficientNet V2.  Source: torchvision.models.efficientnet_v2_m."""
    return _v2("m", 0.3, **kwargs)


@builder(EfficientNet_V2_L_Weights)
def efficientnet_v2_l(**kwargs: Any) -> EfficientNet:
    """The large EfficientNet V2.  Source: torchvision.models.efficientnet_v2_l."""
    return _v2("l", 0.4, **kwargs)
