"""MNASNet: "Platform-aware neural architecture search for mobile".

Source: torchvision.models.mnasnet.
"""

from __future__ import annotations

import warnings
from typing import Any

from minitorch import nn
from minitorch.tensor import Tensor
from minitorch.vision.models._api import WeightsEnum, builder, imagenet
from minitorch.vision.models._utils import make_divisible

__all__ = [
    "MNASNet",
    "MNASNet0_5_Weights",
    "MNASNet0_75_Weights",
    "MNASNet1_0_Weights",
    "MNASNet1_3_Weights",
    "mnasnet0_5",
    "mnasnet0_75",
    "mnasnet1_0",
    "mnasnet1_3",
]

#: The original counts how much of the old statistics stays.
_MOMENTUM = 1 - 0.9997


def _convolution(
    before: int, after: int, kernel: int, stride: int = 1, groups: int = 1, activated: bool = True
) -> list[nn.Module]:
    layers: list[nn.Module] = [
        nn.Conv2d(before, after, kernel, stride, padding=kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(after, momentum=_MOMENTUM),
    ]
    return [*layers, nn.ReLU(inplace=True)] if activated else layers


class _InvertedResidual(nn.Module):
    """More channels by 1x1, a convolution in each channel, fewer by 1x1; added to the input."""

    def __init__(
        self, in_ch: int, out_ch: int, kernel_size: int, stride: int, expansion_factor: int
    ) -> None:
        super().__init__()
        inside = in_ch * expansion_factor
        self.apply_residual = in_ch == out_ch and stride == 1
        self.layers = nn.Sequential(
            *_convolution(in_ch, inside, 1),
            *_convolution(inside, inside, kernel_size, stride, groups=inside),
            *_convolution(inside, out_ch, 1, activated=False),
        )

    def forward(self, input: Tensor) -> Tensor:
        return self.layers(input) + input if self.apply_residual else self.layers(input)


def _stage(
    before: int, after: int, kernel: int, stride: int, expansion: int, repeats: int
) -> nn.Sequential:
    first = _InvertedResidual(before, after, kernel, stride, expansion)
    others = [_InvertedResidual(after, after, kernel, 1, expansion) for _ in range(repeats - 1)]
    return nn.Sequential(first, *others)


#: The stages: kernel, stride, how many times the channels are more inside, blocks.
_STAGES = [(3, 2, 3, 3), (5, 2, 3, 3), (5, 2, 6, 3), (3, 1, 6, 2), (5, 2, 6, 4), (3, 1, 6, 1)]


def _widths(alpha: float) -> list[int]:
    """The channels of the first two convolutions and of the stages."""
    return [make_divisible(width * alpha, 8) for width in (32, 16, 24, 40, 80, 96, 192, 320)]


def _stem(first: int, second: int) -> list[nn.Module]:
    return [
        *_convolution(3, first, 3, stride=2),
        *_convolution(first, first, 3, groups=first),
        *_convolution(first, second, 1, activated=False),
    ]


class MNASNet(nn.Module):
    """Convolutions, six stages of inverted residual blocks, a convolution 1x1, a linear map.

    Args:
        alpha: multiplies the channels.
        num_classes: the number of categories.
        dropout: its probability before the linear map.

    Shape: (N, 3, H, W) -> (N, num_classes).  Errors: ValueError unless alpha > 0.
    Source: torchvision.models.MNASNet.
    """

    # Of version 1, checkpoints had an unscaled stem.
    _version = 2

    def __init__(self, alpha: float, num_classes: int = 1000, dropout: float = 0.2) -> None:
        super().__init__()
        if alpha <= 0.0:
            raise ValueError(f"alpha should be greater than 0.0 instead of {alpha}")
        self.alpha = alpha
        self.num_classes = num_classes
        first, *widths = _widths(alpha)
        stages = [
            _stage(before, after, *options)
            for before, after, options in zip(widths, widths[1:], _STAGES, strict=False)
        ]
        self.layers = nn.Sequential(
            *_stem(first, widths[0]), *stages, *_convolution(widths[-1], 1280, 1)
        )
        self.classifier = nn.Sequential(
            nn.Dropout(p=dropout, inplace=True), nn.Linear(1280, num_classes)
        )
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            elif isinstance(module, nn.Linear):
                nn.init.kaiming_uniform_(module.weight, mode="fan_out", nonlinearity="sigmoid")
                nn.init.zeros_(module.bias)

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.layers(x).mean([2, 3]))

    def _load_from_state_dict(self, state_dict, prefix, local_metadata, *args):
        version = local_metadata.get("version")
        if version not in (1, 2):
            raise ValueError(f"version should be set to 1 or 2 instead of {version}")
        if version == 1 and self.alpha != 1.0:
            width = _widths(self.alpha)[2]
            for i, layer in enumerate([*_stem(32, 16), _stage(16, width, *_STAGES[0])]):
                self.layers[i] = layer
            self._version = 1
            warnings.warn(
                "A new version of MNASNet model has been implemented. Your checkpoint was saved "
                "using the previous version. This checkpoint will load and work as before, but "
                "you may want to upgrade by training a newer model or transfer learning from an "
                "updated ImageNet checkpoint.",
                stacklevel=2,
            )
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *args)


class MNASNet0_5_Weights(WeightsEnum):
    """Weights of :func:`mnasnet0_5`."""

    IMAGENET1K_V1 = imagenet(
        "mnasnet0.5_top1_67.823-3ffadce67e.pth", 2_218_512, (67.734, 87.49), (0.104, 8.591)
    )
    DEFAULT = IMAGENET1K_V1


class MNASNet0_75_Weights(WeightsEnum):
    """Weights of :func:`mnasnet0_75`."""

    IMAGENET1K_V1 = imagenet(
        "mnasnet0_75-7090bc5f.pth", 3_170_208, (71.18, 90.496), (0.215, 12.303), resize_size=232
    )
    DEFAULT = IMAGENET1K_V1


class MNASNet1_0_Weights(WeightsEnum):
    """Weights of :func:`mnasnet1_0`."""

    IMAGENET1K_V1 = imagenet(
        "mnasnet1.0_top1_73.512-f206786ef8.pth", 4_383_312, (73.456, 91.51), (0.314, 16.915)
    )
    DEFAULT = IMAGENET1K_V1


class MNASNet1_3_Weights(WeightsEnum):
    """Weights of :func:`mnasnet1_3`."""

    IMAGENET1K_V1 = imagenet(
        "mnasnet1_3-a4c69d6f.pth", 6_282_256, (76.506, 93.522), (0.526, 24.246), resize_size=232
    )
    DEFAULT = IMAGENET1K_V1


@builder(MNASNet0_5_Weights)
def mnasnet0_5(**kwargs: Any) -> MNASNet:
    """MNASNet of half the width.  Source: torchvision.models.mnasnet0_5."""
    return MNASNet(0.5, **kwargs)


@builder(MNASNet0_75_Weights)
def mnasnet0_75(**kwargs: Any) -> MNASNet:
    """MNASNet of 0.75 times the width.  Source: torchvision.models.mnasnet0_75."""
    return MNASNet(0.75, **kwargs)


@builder(MNASNet1_0_Weights)
def mnasnet1_0(**kwargs: Any) -> MNASNet:
    """MNASNet.  Source: torchvision.models.mnasnet1_0."""
    return MNASNet(1.0, **kwargs)


@builder(MNASNet1_3_Weights)
def mnasnet1_3(**kwargs: Any) -> MNASNet:
    """MNASNet of 1.3 times the width.  Source: torchvision.models.mnasnet1_3."""
    return MNASNet(1.3, **kwargs)
