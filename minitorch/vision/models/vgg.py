"""VGG: "Very deep convolutional networks for large-scale image recognition".

Source: torchvision.models.vgg.
"""

from __future__ import annotations

import math
from typing import Any

from minitorch import nn
from minitorch.tensor import Tensor
from minitorch.vision.models._api import WeightsEnum, builder, imagenet

__all__ = [
    "VGG",
    "VGG11_BN_Weights",
    "VGG11_Weights",
    "VGG13_BN_Weights",
    "VGG13_Weights",
    "VGG16_BN_Weights",
    "VGG16_Weights",
    "VGG19_BN_Weights",
    "VGG19_Weights",
    "cfgs",
    "make_layers",
    "vgg11",
    "vgg11_bn",
    "vgg13",
    "vgg13_bn",
    "vgg16",
    "vgg16_bn",
    "vgg19",
    "vgg19_bn",
]


class VGG(nn.Module):
    """Convolutions 3x3 with poolings between them, then three linear maps.

    Args:
        features: the convolutions, which end in 512 channels.
        num_classes: the number of categories.
        init_weights: draw weights as for ReLU; else the layers' own remain.
        dropout: its probability after the first two linear maps.

    Shape: (N, 3, H, W) -> (N, num_classes), with H, W >= 32.  Source: torchvision.models.VGG.
    """

    def __init__(
        self,
        features: nn.Module,
        num_classes: int = 1000,
        init_weights: bool = True,
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        self.features = features
        self.avgpool = nn.AdaptiveAvgPool2d((7, 7))
        self.classifier = nn.Sequential(
            nn.Linear(512 * 7 * 7, 4096),
            nn.ReLU(True),
            nn.Dropout(p=dropout),
            nn.Linear(4096, 4096),
            nn.ReLU(True),
            nn.Dropout(p=dropout),
            nn.Linear(4096, num_classes),
        )
        if init_weights:
            self._draw_weights()

    def _draw_weights(self) -> None:
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            elif isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, 0, 0.01)
            if isinstance(module, (nn.Conv2d, nn.Linear)) and module.bias is not None:
                nn.init.zeros_(module.bias)

    def forward(self, x: Tensor) -> Tensor:
        x = self.avgpool(self.features(x))  # (N, 512, 7, 7)
        return self.classifier(x.flatten(1))


def make_layers(cfg: list[str | int], batch_norm: bool = False) -> nn.Sequential:
    """The convolutions of a network: for each number one with so many channels, for "M" a pooling.

    Source: torchvision.models.vgg.make_layers.
    """
    layers: list[nn.Module] = []
    channels = 3
    for entry in cfg:
        if isinstance(entry, str):
            layers.append(nn.MaxPool2d(kernel_size=2, stride=2))
            continue
        layers.append(nn.Conv2d(channels, entry, kernel_size=3, padding=1))
        if batch_norm:
            layers.append(nn.BatchNorm2d(entry))
        layers.append(nn.ReLU(inplace=True))
        channels = entry
    return nn.Sequential(*layers)


def _stages(*repeats: int) -> list[str | int]:
    """So many convolutions in each of the five stages, a pooling after each stage."""
    layers: list[str | int] = []
    for channels, count in zip((64, 128, 256, 512, 512), repeats, strict=True):
        layers += [*[channels] * count, "M"]
    return layers


#: The networks, by the letters of the paper.
cfgs: dict[str, list[str | int]] = {
    "A": _stages(1, 1, 2, 2, 2),
    "B": _stages(2, 2, 2, 2, 2),
    "D": _stages(2, 2, 3, 3, 3),
    "E": _stages(2, 2, 4, 4, 4),
}


class VGG11_Weights(WeightsEnum):
    """Weights of :func:`vgg11`."""

    IMAGENET1K_V1 = imagenet(
        "vgg11-8a719046.pth", 132_863_336, (69.02, 88.628), (7.609, 506.84), min_size=32
    )
    DEFAULT = IMAGENET1K_V1


class VGG11_BN_Weights(WeightsEnum):
    """Weights of :func:`vgg11_bn`."""

    IMAGENET1K_V1 = imagenet(
        "vgg11_bn-6002323d.pth", 132_868_840, (70.37, 89.81), (7.609, 506.881), min_size=32
    )
    DEFAULT = IMAGENET1K_V1


class VGG13_Weights(WeightsEnum):
    """Weights of :func:`vgg13`."""

    IMAGENET1K_V1 = imagenet(
        "vgg13-19584684.pth", 133_047_848, (69.928, 89.246), (11.308, 507.545), min_size=32
    )
    DEFAULT = IMAGENET1K_V1


class VGG13_BN_Weights(WeightsEnum):
    """Weights of :func:`vgg13_bn`."""

    IMAGENET1K_V1 = imagenet(
        "vgg13_bn-abd245e5.pth", 133_053_736, (71.586, 90.374), (11.308, 507.59), min_size=32
    )
    DEFAULT = IMAGENET1K_V1


class VGG16_Weights(WeightsEnum):
    """Weights of :func:`vgg16`."""

    IMAGENET1K_V1 = imagenet(
        "vgg16-397923af.pth", 138_357_544, (71.592, 90.382), (15.47, 527.796), min_size=32
    )
    IMAGENET1K_FEATURES = imagenet(
        "vgg16_features-amdegroot-88682ab5.pth",
        138_357_544,
        (math.nan, math.nan),
        (15.47, 527.802),
        min_size=32,
        mean=(0.48235, 0.45882, 0.40784),
        std=(1 / 255, 1 / 255, 1 / 255),
        categories=None,
    )
    DEFAULT = IMAGENET1K_V1


class VGG16_BN_Weights(WeightsEnum):
    """Weights of :func:`vgg16_bn`."""

    IMAGENET1K_V1 = imagenet(
        "vgg16_bn-6c64b313.pth", 138_365_992, (73.36, 91.516), (15.47, 527.866), min_size=32
    )
    DEFAULT = IMAGENET1K_V1


class VGG19_Weights(WeightsEnum):
    """Weights of :func:`vgg19`."""

    IMAGENET1K_V1 = imagenet(
        "vgg19-dcbb9e9d.pth", 143_667_240, (72.376, 90.876), (19.632, 548.051), min_size=32
    )
    DEFAULT = IMAGENET1K_V1


class VGG19_BN_Weights(WeightsEnum):
    """Weights of :func:`vgg19_bn`."""

    IMAGENET1K_V1 = imagenet(
        "vgg19_bn-c79401a0.pth", 143_678_248, (74.218, 91.842), (19.632, 548.143), min_size=32
    )
    DEFAULT = IMAGENET1K_V1


def _vgg(cfg: str, batch_norm: bool, **kwargs: Any) -> VGG:
    return VGG(make_layers(cfgs[cfg], batch_norm), **kwargs)


@builder(VGG11_Weights, init_weights=False)
def vgg11(**kwargs: Any) -> VGG:
    """VGG of 11 layers.  Source: torchvision.models.vgg11."""
    return _vgg("A", False, **kwargs)


@builder(VGG11_BN_Weights, init_weights=False)
def vgg11_bn(**kwargs: Any) -> VGG:
    """VGG of 11 layers, with batch normalization.  Source: torchvision.models.vgg11_bn."""
    return _vgg("A", True, **kwargs)


@builder(VGG13_Weights, init_weights=False)
def vgg13(**kwargs: Any) -> VGG:
    """VGG of 13 layers.  Source: torchvision.models.vgg13."""
    return _vgg("B", False, **kwargs)


@builder(VGG13_BN_Weights, init_weights=False)
def vgg13_bn(**kwargs: Any) -> VGG:
    """VGG of 13 layers, with batch normalization.  Source: torchvision.models.vgg13_bn."""
    return _vgg("B", True, **kwargs)


@builder(VGG16_Weights, init_weights=False)
def vgg16(**kwargs: Any) -> VGG:
    """VGG of 16 layers.  Source: torchvision.models.vgg16."""
    return _vgg("D", False, **kwargs)


@builder(VGG16_BN_Weights, init_weights=False)
def vgg16_bn(**kwargs: Any) -> VGG:
    """VGG of 16 layers, with batch normalization.  Source: torchvision.models.vgg16_bn."""
    return _vgg("D", True, **kwargs)


@builder(VGG19_Weights, init_weights=False)
def vgg19(**kwargs: Any) -> VGG:
    """VGG of 19 layers.  Source: torchvision.models.vgg19."""
    return _vgg("E", False, **kwargs)


@builder(VGG19_BN_Weights, init_weights=False)
def vgg19_bn(**kwargs: Any) -> VGG:
    """VGG of 19 layers, with batch normalization.  Source: torchvision.models.vgg19_bn."""
    return _vgg("E", True, **kwargs)
