"""ConvNeXt: "A ConvNet for the 2020s".  Source: torchvision.models.convnext."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from minitorch import nn
from minitorch.ops.creation import ones
from minitorch.tensor import Tensor
from minitorch.vision.models._api import WeightsEnum, builder, imagenet
from minitorch.vision.ops.misc import Conv2dNormActivation, Permute
from minitorch.vision.ops.stochastic_depth import StochasticDepth

__all__ = [
    "CNBlock",
    "CNBlockConfig",
    "ConvNeXt",
    "ConvNeXt_Base_Weights",
    "ConvNeXt_Large_Weights",
    "ConvNeXt_Small_Weights",
    "ConvNeXt_Tiny_Weights",
    "LayerNorm2d",
    "convnext_base",
    "convnext_large",
    "convnext_small",
    "convnext_tiny",
]

_Layer = Callable[..., nn.Module]


class LayerNorm2d(nn.LayerNorm):
    """Layer normalization over the channels of a picture.  (N, C, H, W) -> (N, C, H, W).

    Source: torchvision.models.convnext.LayerNorm2d.
    """

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class CNBlock(nn.Module):
    """A convolution 7x7 in each channel, then two linear maps over the channels; a residual.

    Args:
        dim: the channels.
        layer_scale: what the learned factors of the channels begin with.
        stochastic_depth_prob: how often it is left out in training.
        norm_layer: makes the normalization; LayerNorm with eps 1e-6 when None.

    Shape: (N, dim, H, W) -> (N, dim, H, W).  Source: torchvision.models.convnext.CNBlock.
    """

    def __init__(
        self,
        dim: int,
        layer_scale: float,
        stochastic_depth_prob: float,
        norm_layer: _Layer | None = None,
    ) -> None:
        super().__init__()
        norm_layer = norm_layer or functools.partial(nn.LayerNorm, eps=1e-6)
        self.block = nn.Sequential(
            nn.Conv2d(dim, dim, kernel_size=7, padding=3, groups=dim, bias=True),
            Permute([0, 2, 3, 1]),
            norm_layer(dim),
            nn.Linear(dim, 4 * dim, bias=True),
            nn.GELU(),
            nn.Linear(4 * dim, dim, bias=True),
            Permute([0, 3, 1, 2]),
        )
        self.layer_scale = nn.Parameter(ones(dim, 1, 1) * layer_scale)
        self.stochastic_depth = StochasticDepth(stochastic_depth_prob, "row")

    def forward(self, input: Tensor) -> Tensor:
        result = self.stochastic_depth(self.layer_scale * self.block(input))
        result += input
        return result


class CNBlockConfig:
    """A stage: its channels, the channels it is followed by (None behind the last), its blocks.

    Source: torchvision.models.convnext.CNBlockConfig.
    """

    def __init__(self, input_channels: int, out_channels: int | None, num_layers: int) -> None:
        self.input_channels = input_channels
        self.out_channels = out_channels
        self.num_layers = num_layers

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={value}" for name, value in vars(self).items())
        return f"{type(self).__name__}({fields})"


class ConvNeXt(nn.Module):
    """A convolution 4x4, stages with convolutions 2x2 between them, the mean, a linear map.

    Args:
        block_setting: the stages.
        stochastic_depth_prob: how often the last block is left out; earlier ones less often.
        layer_scale: what the learned factors of the channels begin with.
        num_classes: the number of categories.
        block: makes a block; CNBlock when None.
        norm_layer: makes the other normalizations; LayerNorm2d with eps 1e-6 when None.
        **kwargs: are ignored.

    Shape: (N, 3, H, W) -> (N, num_classes), with H, W >= 32.
    Source: torchvision.models.ConvNeXt.
    """

    def __init__(
        self,
        block_setting: list[CNBlockConfig],
        stochastic_depth_prob: float = 0.0,
        layer_scale: float = 1e-6,
        num_classes: int = 1000,
        block: _Layer | None = None,
        norm_layer: _Layer | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__()
        if not block_setting:
            raise ValueError("The block_setting should not be empty")
        if not isinstance(block_setting, Sequence) or not all(
            isinstance(cnf, CNBlockConfig) for cnf in block_setting
        ):
            raise TypeError("The block_setting should be List[CNBlockConfig]")
        block = block or CNBlock
        norm_layer = norm_layer or functools.partial(LayerNorm2d, eps=1e-6)
        layers: list[nn.Module] = [
            Conv2dNormActivation(
                3,
                block_setting[0].input_channels,
                kernel_size=4,
                stride=4,
                padding=0,
                norm_layer=norm_layer,
                activation_layer=None,
                bias=True,
            )
        ]
        total = sum(cnf.num_layers for cnf in block_setting)
        made = 0
        for cnf in block_setting:
            stage = []
            for _ in range(cnf.num_layers):
                depth = stochastic_depth_prob * made / (total - 1.0)
                stage.append(block(cnf.input_channels, layer_scale, depth))
                made += 1
            layers.append(nn.Sequential(*stage))
            if cnf.out_channels is not None:
                layers.append(
                    nn.Sequential(
                        norm_layer(cnf.input_channels),
                        nn.Conv2d(cnf.input_channels, cnf.out_channels, kernel_size=2, stride=2),
                    )
                )
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        last = block_setting[-1].out_channels or block_setting[-1].input_channels
        self.classifier = nn.Sequential(
            norm_layer(last), nn.Flatten(1), nn.Linear(last, num_classes)
        )
        for module in self.modules():
            if isinstance(module, (nn.Conv2d, nn.Linear)):
                nn.init.trunc_normal_(module.weight, std=0.02)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def _forward_impl(self, x: Tensor) -> Tensor:
        return self.classifier(self.avgpool(self.features(x)))

    def forward(self, x: Tensor) -> Tensor:
        return self._forward_impl(x)


def _convnext(width: int, blocks: int, depth: float, **kwargs: Any) -> ConvNeXt:
    """Four stages, each twice as wide; ``blocks`` are those of the third, the others have three."""
    setting = [
        CNBlockConfig(width, 2 * width, 3),
        CNBlockConfig(2 * width, 4 * width, 3),
        CNBlockConfig(4 * width, 8 * width, blocks),
        CNBlockConfig(8 * width, None, 3),
    ]
    return ConvNeXt(setting, kwargs.pop("stochastic_depth_prob", depth), **kwargs)


class ConvNeXt_Tiny_Weights(WeightsEnum):
    """Weights of :func:`convnext_tiny`."""

    IMAGENET1K_V1 = imagenet(
        "convnext_tiny-983f1562.pth",
        28_589_128,
        (82.52, 96.146),
        (4.456, 109.119),
        min_size=32,
        resize_size=236,
    )
    DEFAULT = IMAGENET1K_V1


class ConvNeXt_Small_Weights(WeightsEnum):
    """Weights of :func:`convnext_small`."""

    IMAGENET1K_V1 = imagenet(
        "convnext_small-0c510722.pth",
        50_223_688,
        (83.616, 96.65),
        (8.684, 191.703),
        min_size=32,
        resize_size=230,
    )
    DEFAULT = IMAGENET1K_V1


class ConvNeXt_Base_Weights(WeightsEnum):
    """Weights of :func:`convnext_base`."""

    IMAGENET1K_V1 = imagenet(
        "convnext_base-6075fbad.pth",
        88_591_464,
        (84.062, 96.87),
        (15.355, 338.064),
        min_size=32,
        resize_size=232,
    )
    DEFAULT = IMAGENET1K_V1


class ConvNeXt_Large_Weights(WeightsEnum):
    """Weights of :func:`convnext_large`."""

    IMAGENET1K_V1 = imagenet(
        "convnext_large-ea097f82.pth",
        197_767_336,
        (84.414, 96.976),
        (34.361, 754.537),
        min_size=32,
        resize_size=232,
    )
    DEFAULT = IMAGENET1K_V1


@builder(ConvNeXt_Tiny_Weights)
def convnext_tiny(**kwargs: Any) -> ConvNeXt:
    """The tiny ConvNeXt.  Source: torchvision.models.convnext_tiny."""
    return _convnext(96, 9, 0.1, **kwargs)


@builder(ConvNeXt_Small_Weights)
def convnext_small(**kwargs: Any) -> ConvNeXt:
    """The small ConvNeXt.  Source: torchvision.models.convnext_small."""
    return _convnext(96, 27, 0.4, **kwargs)


@builder(ConvNeXt_Base_Weights)
def convnext_base(**kwargs: Any) -> ConvNeXt:
    """The base ConvNeXt.  Source: torchvision.models.convnext_base."""
    return _convnext(128, 27, 0.5, **kwargs)


@builder(ConvNeXt_Large_Weights)
def convnext_large(**kwargs: Any) -> ConvNeXt:
    """The large ConvNeXt.  Source: torchvision.models.convnext_large."""
    return _convnext(192, 27, 0.5, **kwargs)
