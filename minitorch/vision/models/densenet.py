"""DenseNet: "Densely connected convolutional networks".  Source: torchvision.models.densenet."""

from __future__ import annotations

import re
from collections import OrderedDict
from typing import Any

from minitorch import nn
from minitorch.ops.joining import cat
from minitorch.tensor import Tensor
from minitorch.utils.checkpoint import checkpoint
from minitorch.vision.models._api import WeightsEnum, builder, imagenet

__all__ = [
    "DenseNet",
    "DenseNet121_Weights",
    "DenseNet161_Weights",
    "DenseNet169_Weights",
    "DenseNet201_Weights",
    "densenet121",
    "densenet161",
    "densenet169",
    "densenet201",
]


class _DenseLayer(nn.Module):
    """``growth_rate`` new channels, from all that were there before, through a narrower layer."""

    def __init__(
        self,
        num_input_features: int,
        growth_rate: int,
        bn_size: int,
        drop_rate: float,
        memory_efficient: bool = False,
    ) -> None:
        super().__init__()
        width = bn_size * growth_rate
        self.norm1 = nn.BatchNorm2d(num_input_features)
        self.relu1 = nn.ReLU(inplace=True)
        self.conv1 = nn.Conv2d(num_input_features, width, kernel_size=1, stride=1, bias=False)
        self.norm2 = nn.BatchNorm2d(width)
        self.relu2 = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(width, growth_rate, 3, stride=1, padding=1, bias=False)
        self.drop_rate = float(drop_rate)
        self.memory_efficient = memory_efficient

    def _narrow(self, *features: Tensor) -> Tensor:
        return self.conv1(self.relu1(self.norm1(cat(features, 1))))

    def forward(self, input: Tensor | list[Tensor]) -> Tensor:
        features = [input] if isinstance(input, Tensor) else input
        if self.memory_efficient and any(feature.requires_grad for feature in features):
            narrow = checkpoint(self._narrow, *features, use_reentrant=False)
        else:
            narrow = self._narrow(*features)
        new = self.conv2(self.relu2(self.norm2(narrow)))
        if self.drop_rate > 0:
            new = nn.functional.dropout(new, p=self.drop_rate, training=self.training)
        return new


class _DenseBlock(nn.ModuleDict):
    """Layers that each get what all before them made, beside the block's input."""

    _version = 2

    def __init__(
        self,
        num_layers: int,
        num_input_features: int,
        bn_size: int,
        growth_rate: int,
        drop_rate: float,
        memory_efficient: bool = False,
    ) -> None:
        super().__init__()
        for i in range(num_layers):
            self[f"denselayer{i + 1}"] = _DenseLayer(
                num_input_features + i * growth_rate,
                growth_rate,
                bn_size,
                drop_rate,
                memory_efficient,
            )

    def forward(self, init_features: Tensor) -> Tensor:
        features = [init_features]
        for layer in self.values():
            features.append(layer(features))
        return cat(features, 1)


class _Transition(nn.Sequential):
    """Between two blocks: fewer channels, half the size."""

    def __init__(self, num_input_features: int, num_output_features: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(num_input_features)
        self.relu = nn.ReLU(inplace=True)
        self.conv = nn.Conv2d(
            num_input_features, num_output_features, kernel_size=1, stride=1, bias=False
        )
        self.pool = nn.AvgPool2d(kernel_size=2, stride=2)


class DenseNet(nn.Module):
    """A convolution 7x7, dense blocks with transitions between them, the mean, a linear map.

    Args:
        growth_rate: the channels that each layer adds.
        block_config: the number of layers in each block.
        num_init_features: the channels after the first convolution.
        bn_size: a layer is ``bn_size * growth_rate`` channels wide inside.
        drop_rate: the probability of dropout after each layer.
        num_classes: the number of categories.
        memory_efficient: compute the joined features again in backward rather than keep them.

    Shape: (N, 3, H, W) -> (N, num_classes), with H, W >= 29.
    Source: torchvision.models.DenseNet.
    """

    def __init__(
        self,
        growth_rate: int = 32,
        block_config: tuple[int, int, int, int] = (6, 12, 24, 16),
        num_init_features: int = 64,
        bn_size: int = 4,
        drop_rate: float = 0,
        num_classes: int = 1000,
        memory_efficient: bool = False,
    ) -> None:
        super().__init__()
        width = num_init_features
        layers: OrderedDict[str, nn.Module] = OrderedDict(
            conv0=nn.Conv2d(3, width, kernel_size=7, stride=2, padding=3, bias=False),
            norm0=nn.BatchNorm2d(width),
            relu0=nn.ReLU(inplace=True),
            pool0=nn.MaxPool2d(kernel_size=3, stride=2, padding=1),
        )
        for i, count in enumerate(block_config, 1):
            layers[f"denseblock{i}"] = _DenseBlock(
                count, width, bn_size, growth_rate, drop_rate, memory_efficient
            )
            width += count * growth_rate
            if i < len(block_config):
                layers[f"transition{i}"] = _Transition(width, width // 2)
                width //= 2
        layers["norm5"] = nn.BatchNorm2d(width)
        self.features = nn.Sequential(layers)
        self.classifier = nn.Linear(width, num_classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight)
            elif isinstance(module, nn.Linear):
                nn.init.zeros_(module.bias)

    def forward(self, x: Tensor) -> Tensor:
        x = nn.functional.relu(self.features(x), inplace=True)
        x = nn.functional.adaptive_avg_pool2d(x, (1, 1))
        return self.classifier(x.flatten(1))


def _load(model: nn.Module, weights: WeightsEnum, progress: bool) -> nn.Module:
    """Load the weights, whose files still name the layers ``norm.1``, ``conv.2``."""
    state = weights.get_state_dict(progress=progress, check_hash=True)
    old = re.compile(r"(denselayer\d+\.(?:norm|relu|conv))\.([12])\.")
    model.load_state_dict({old.sub(r"\1\2.", name): value for name, value in state.items()})
    return model


class DenseNet121_Weights(WeightsEnum):
    """Weights of :func:`densenet121`."""

    IMAGENET1K_V1 = imagenet(
        "densenet121-a639ec97.pth", 7_978_856, (74.434, 91.972), (2.834, 30.845), min_size=29
    )
    DEFAULT = IMAGENET1K_V1


class DenseNet161_Weights(WeightsEnum):
    """Weights of :func:`densenet161`."""

    IMAGENET1K_V1 = imagenet(
        "densenet161-8d451a50.pth", 28_681_000, (77.138, 93.56), (7.728, 110.369), min_size=29
    )
    DEFAULT = IMAGENET1K_V1


class DenseNet169_Weights(WeightsEnum):
    """Weights of :func:`densenet169`."""

    IMAGENET1K_V1 = imagenet(
        "densenet169-b2777c0a.pth", 14_149_480, (75.6, 92.806), (3.36, 54.708), min_size=29
    )
    DEFAULT = IMAGENET1K_V1


class DenseNet201_Weights(WeightsEnum):
    """Weights of :func:`densenet201`."""

    IMAGENET1K_V1 = imagenet(
        "densenet201-c1103571.pth", 20_013_928, (76.896, 93.37), (4.291, 77.373), min_size=29
    )
    DEFAULT = IMAGENET1K_V1


@builder(DenseNet121_Weights, load=_load)
def densenet121(**kwargs: Any) -> DenseNet:
    """DenseNet of 121 layers.  Source: torchvision.models.densenet121."""
    return DenseNet(32, (6, 12, 24, 16), 64, **kwargs)


@builder(DenseNet161_Weights, load=_load)
def densenet161(**kwargs: Any) -> DenseNet:
    """DenseNet of 161 layers.  Source: torchvision.models.densenet161."""
    return DenseNet(48, (6, 12, 36, 24), 96, **kwargs)


@builder(DenseNet169_Weights, load=_load)
def densenet169(**kwargs: Any) -> DenseNet:
    """DenseNet of 169 layers.  Source: torchvision.models.densenet169."""
    return DenseNet(32, (6, 12, 32, 32), 64, **kwargs)


@builder(DenseNet201_Weights, load=_load)
def densenet201(**kwargs: Any) -> DenseNet:
    """DenseNet of 201 layers.  Source: torchvision.models.densenet201."""
    return DenseNet(32, (6, 12, 48, 32), 64, **kwargs)
