"""MobileNet V2: "Inverted residuals and linear bottlenecks".

Source: torchvision.models.mobilenetv2.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minitorch import nn
from minitorch.tensor import Tensor
from minitorch.vision.models._api import WeightsEnum, builder, imagenet
from minitorch.vision.models._utils import make_divisible
from minitorch.vision.ops.misc import Conv2dNormActivation

__all__ = [
    "InvertedResidual",
    "MobileNetV2",
    "MobileNet_V2_Weights",
    "draw_weights",
    "mobilenet_v2",
]

_Norm = Callable[..., nn.Module] | None


class InvertedResidual(nn.Module):
    """More channels by 1x1, a convolution 3x3 in each channel, fewer by 1x1; added to the input.

    Args:
        inp, oup: the channels before and after.
        stride: 1 or 2.
        expand_ratio: how many times the channels are more inside.
        norm_layer: makes the normalizations; BatchNorm2d when None.

    Shape: (N, inp, H, W) -> (N, oup, H / stride, W / stride).
    Source: torchvision.models.mobilenetv2.InvertedResidual.
    """

    def __init__(
        self, inp: int, oup: int, stride: int, expand_ratio: int, norm_layer: _Norm = None
    ) -> None:
        super().__init__()
        if stride not in (1, 2):
            raise ValueError(f"stride should be 1 or 2 instead of {stride}")
        norm_layer = norm_layer or nn.BatchNorm2d
        hidden = int(round(inp * expand_ratio))
        shared: dict[str, Any] = {"norm_layer": norm_layer, "activation_layer": nn.ReLU6}
        layers: list[nn.Module] = []
        if expand_ratio != 1:
            layers.append(Conv2dNormActivation(inp, hidden, kernel_size=1, **shared))
        layers += [
            Conv2dNormActivation(hidden, hidden, stride=stride, groups=hidden, **shared),
            nn.Conv2d(hidden, oup, 1, 1, 0, bias=False),
            norm_layer(oup),
        ]
        self.stride = stride
        self.use_res_connect = stride == 1 and inp == oup
        self.conv = nn.Sequential(*layers)
        self.out_channels = oup
        self._is_cn = stride > 1

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv(x) if self.use_res_connect else self.conv(x)


class MobileNetV2(nn.Module):
    """Inverted residual blocks between a convolution 3x3 and one 1x1, the mean, a linear map.

    Args:
        num_classes: the number of categories.
        width_mult: multiplies the channels.
        inverted_residual_setting: for each stage how many times the channels are more inside, the
            channels, the number of blocks and the stride; the paper's when None.
        round_nearest: what the channels are multiples of.
        block: makes a block; InvertedResidual when None.
        norm_layer: makes the normalizations; BatchNorm2d when None.
        dropout: its probability before the linear map.

    Shape: (N, 3, H, W) -> (N, num_classes).  Source: torchvision.models.MobileNetV2.
    """

    def __init__(
        self,
        num_classes: int = 1000,
        width_mult: float = 1.0,
        inverted_residual_setting: list[list[int]] | None = None,
        round_nearest: int = 8,
        block: Callable[..., nn.Module] | None = None,
        norm_layer: _Norm = None,
        dropout: float = 0.2,
    ) -> None:
        super().__init__()
        block = block or InvertedResidual
        norm_layer = norm_layer or nn.BatchNorm2d
        setting = inverted_residual_setting
        if setting is None:
            setting = [
                # expansion, channels, blocks, stride
                [1, 16, 1, 1],
                [6, 24, 2, 2],
                [6, 32, 3, 2],
                [6, 64, 4, 2],
                [6, 96, 3, 1],
                [6, 160, 3, 2],
                [6, 320, 1, 1],
            ]
        if not setting or len(setting[0]) != 4:
            raise ValueError(
                f"inverted_residual_setting should be non-empty or a 4-element list, got {setting}"
            )
        shared: dict[str, Any] = {"norm_layer": norm_layer, "activation_layer": nn.ReLU6}
        channels = make_divisible(32 * width_mult, round_nearest)
        self.last_channel = make_divisible(1280 * max(1.0, width_mult), round_nearest)
        features: list[nn.Module] = [Conv2dNormActivation(3, channels, stride=2, **shared)]
        for expansion, width, blocks, stride in setting:
            width = make_divisible(width * width_mult, round_nearest)
            for i in range(blocks):
                step = stride if i == 0 else 1
                features.append(
                    block(channels, width, step, expand_ratio=expansion, norm_layer=norm_layer)
                )
                channels = width
        features.append(Conv2dNormActivation(channels, self.last_channel, kernel_size=1, **shared))
        self.features = nn.Sequential(*features)
        self.classifier = nn.Sequential(
            nn.Dropout(p=dropout), nn.Linear(self.last_channel, num_classes)
        )
        draw_weights(self)

    def _forward_impl(self, x: Tensor) -> Tensor:
        x = self.features(x)  # (N, last_channel, H / 32, W / 32)
        x = nn.functional.adaptive_avg_pool2d(x, (1, 1))
        return self.classifier(x.flatten(1))

    def forward(self, x: Tensor) -> Tensor:
        return self._forward_impl(x)


def draw_weights(model: nn.Module) -> None:
    """Draw the convolutions' weights as for ReLU, those of linear maps from N(0, 0.01^2)."""
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out")
        elif isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, 0, 0.01)
        else:
            continue
        if module.bias is not None:
            nn.init.zeros_(module.bias)


class MobileNet_V2_Weights(WeightsEnum):
    """Weights of :func:`mobilenet_v2`."""

    IMAGENET1K_V1 = imagenet(
        "mobilenet_v2-b0353104.pth", 3_504_872, (71.878, 90.286), (0.301, 13.555)
    )
    IMAGENET1K_V2 = imagenet(
        "mobilenet_v2-7ebf99e0.pth", 3_504_872, (72.154, 90.822), (0.301, 13.598), resize_size=232
    )
    DEFAULT = IMAGENET1K_V2


@builder(MobileNet_V2_Weights)
def mobilenet_v2(**kwargs: Any) -> MobileNetV2:
    """MobileNet V2.  Source: torchvision.models.mobilenet_v2."""
    return MobileNetV2(**kwargs)
