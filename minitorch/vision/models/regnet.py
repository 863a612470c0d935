"""RegNet: "Designing network design spaces".  Source: torchvision.models.regnet."""

from __future__ import annotations

import functools
import math
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from minitorch import nn
from minitorch.tensor import Tensor
from minitorch.vision.models._api import WeightsEnum, builder, imagenet
from minitorch.vision.models._utils import make_divisible
from minitorch.vision.ops.misc import Conv2dNormActivation, SqueezeExcitation

__all__ = [
    "AnyStage",
    "BlockParams",
    "BottleneckTransform",
    "RegNet",
    "RegNet_X_16GF_Weights",
    "RegNet_X_1_6GF_Weights",
    "RegNet_X_32GF_Weights",
    "RegNet_X_3_2GF_Weights",
    "RegNet_X_400MF_Weights",
    "RegNet_X_800MF_Weights",
    "RegNet_X_8GF_Weights",
    "RegNet_Y_128GF_Weights",
    "RegNet_Y_16GF_Weights",
    "RegNet_Y_1_6GF_Weights",
    "RegNet_Y_32GF_Weights",
    "RegNet_Y_3_2GF_Weights",
    "RegNet_Y_400MF_Weights",
    "RegNet_Y_800MF_Weights",
    "RegNet_Y_8GF_Weights",
    "ResBottleneckBlock",
    "SimpleStemIN",
    "regnet_x_16gf",
    "regnet_x_1_6gf",
    "regnet_x_32gf",
    "regnet_x_3_2gf",
    "regnet_x_400mf",
    "regnet_x_800mf",
    "regnet_x_8gf",
    "regnet_y_128gf",
    "regnet_y_16gf",
    "regnet_y_1_6gf",
    "regnet_y_32gf",
    "regnet_y_3_2gf",
    "regnet_y_400mf",
    "regnet_y_800mf",
    "regnet_y_8gf",
]

_Layer = Callable[..., nn.Module]


class SimpleStemIN(Conv2dNormActivation):
    """The first convolution, 3x3 with stride 2.  Source: torchvision.models.regnet."""

    def __init__(
        self, width_in: int, width_out: int, norm_layer: _Layer, activation_layer: _Layer
    ) -> None:
        super().__init__(
            width_in,
            width_out,
            kernel_size=3,
            stride=2,
            norm_layer=norm_layer,
            activation_layer=activation_layer,
        )


class BottleneckTransform(nn.Sequential):
    """Convolutions 1x1, 3x3 in groups, 1x1; the channels may be weighed before the last.

    Args:
        width_in, width_out: the channels before and after.
        stride: of the middle one.
        norm_layer, activation_layer: make the others.
        group_width: the channels of a group.
        bottleneck_multiplier: the channels inside, as a multiple of ``width_out``.
        se_ratio: the channels that weigh the others, as a multiple of ``width_in``; none when None.

    Source: torchvision.models.regnet.BottleneckTransform.
    """

    def __init__(
        self,
        width_in: int,
        width_out: int,
        stride: int,
        norm_layer: _Layer,
        activation_layer: _Layer,
        group_width: int,
        bottleneck_multiplier: float,
        se_ratio: float | None,
    ) -> None:
        inside = int(round(width_out * bottleneck_multiplier))
        shared: dict[str, Any] = {"norm_layer": norm_layer, "activation_layer": activation_layer}
        layers: OrderedDict[str, nn.Module] = OrderedDict()
        layers["a"] = Conv2dNormActivation(width_in, inside, kernel_size=1, **shared)
        layers["b"] = Conv2dNormActivation(
            inside, inside, kernel_size=3, stride=stride, groups=inside // group_width, **shared
        )
        if se_ratio:
            squeezed = int(round(se_ratio * width_in))
            layers["se"] = SqueezeExcitation(inside, squeezed, activation=activation_layer)
        layers["c"] = Conv2dNormActivation(
            inside, width_out, kernel_size=1, norm_layer=norm_layer, activation_layer=None
        )
        super().__init__(layers)


class ResBottleneckBlock(nn.Module):
    """:class:`BottleneckTransform`, added to the input or to a linear map of it.

    Source: torchvision.models.regnet.ResBottleneckBlock.
    """

    def __init__(
        self,
        width_in: int,
        width_out: int,
        stride: int,
        norm_layer: _Layer,
        activation_layer: _Layer,
        group_width: int = 1,
        bottleneck_multiplier: float = 1.0,
        se_ratio: float | None = None,
    ) -> None:
        super().__init__()
        self.proj = None
        if width_in != width_out or stride != 1:
            self.proj = Conv2dNormActivation(
                width_in,
                width_out,
                kernel_size=1,
                stride=stride,
                norm_layer=norm_layer,
                activation_layer=None,
            )
        self.f = BottleneckTransform(
            width_in,
            width_out,
            stride,
            norm_layer,
            activation_layer,
            group_width,
            bottleneck_multiplier,
            se_ratio,
        )
        self.activation = activation_layer(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        straight = x if self.proj is None else self.proj(x)
        return self.activation(straight + self.f(x))


class AnyStage(nn.Sequential):
    """Blocks of one width; the first one changes width and size.

    Source: torchvision.models.regnet.AnyStage.
    """

    def __init__(
        self,
        width_in: int,
        width_out: int,
        stride: int,
        depth: int,
        block_constructor: _Layer,
        norm_layer: _Layer,
        activation_layer: _Layer,
        group_width: int,
        bottleneck_multiplier: float,
        se_ratio: float | None = None,
        stage_index: int = 0,
    ) -> None:
        super().__init__()
        for i in range(depth):
            block = block_constructor(
                width_out if i else width_in,
                width_out,
                1 if i else stride,
                norm_layer,
                activation_layer,
                group_width,
                bottleneck_multiplier,
                se_ratio,
            )
            self.add_module(f"block{stage_index}-{i}", block)


class BlockParams:
    """What the stages are like: a list with a value for each, and one ``se_ratio`` for all.

    Source: torchvision.models.regnet.BlockParams.
    """

    def __init__(
        self,
        depths: list[int],
        widths: list[int],
        group_widths: list[int],
        bottleneck_multipliers: list[float],
        strides: list[int],
        se_ratio: float | None = None,
    ) -> None:
        self.depths = depths
        self.widths = widths
        self.group_widths = group_widths
        self.bottleneck_multipliers = bottleneck_multipliers
        self.strides = strides
        self.se_ratio = se_ratio

    @classmethod
    def from_init_params(
        cls,
        depth: int,
        w_0: int,
        w_a: float,
        w_m: float,
        group_width: int,
        bottleneck_multiplier: float = 1.0,
        se_ratio: float | None = None,
        **kwargs: Any,
    ) -> BlockParams:
        """The stages of a network whose width grows steadily from block to block.

        Block ``i`` would be ``w_0 + w_a i`` wide; it becomes ``w_0 w_m^k`` for the nearest ``k``,
        as a multiple of 8, and blocks of one width make a stage.

        Args:
            depth: the number of blocks.
            w_0, w_a, w_m: as above.
            group_width, bottleneck_multiplier, se_ratio: of all stages.
            **kwargs: are ignored.

        Raises ValueError for a width that does not grow, or begins with no multiple of 8.
        """
        if w_a < 0 or w_0 <= 0 or w_m <= 1 or w_0 % 8:
            raise ValueError("Invalid RegNet settings")
        steady = np.arange(depth, dtype=np.float32) * np.float32(w_a) + w_0
        exponents = np.round(np.log(steady / w_0) / math.log(w_m))
        rounded = np.round(w_0 * np.power(w_m, exponents) / 8) * 8
        unique, depths = np.unique(rounded.astype(int), return_counts=True)
        widths, groups = [], []
        for width in unique.tolist():
            # The width inside must be a multiple of a group's.
            inside = int(width * bottleneck_multiplier)
            group = min(group_width, inside)
            widths.append(int(make_divisible(inside, group) / bottleneck_multiplier))
            groups.append(group)
        count = len(widths)
        return cls(
            depths=depths.tolist(),
            widths=widths,
            group_widths=groups,
            bottleneck_multipliers=[bottleneck_multiplier] * count,
            strides=[2] * count,
            se_ratio=se_ratio,
        )

    def _get_expanded_params(self) -> Iterator[tuple[int, int, int, int, float]]:
        """For each stage width, stride, depth, group width, bottleneck."""
        return zip(
            self.widths,
            self.strides,
            self.depths,
            self.group_widths,
            self.bottleneck_multipliers,
            strict=True,
        )


class RegNet(nn.Module):
    """A convolution, stages of residual blocks, the mean, a linear map.

    Args:
        block_params: what the stages are like.
        num_classes: the number of categories.
        stem_width: the channels after the first convolution.
        stem_type, block_type, norm_layer, activation: make the parts; SimpleStemIN,
            ResBottleneckBlock, BatchNorm2d, ReLU when None.

    Shape: (N, 3, H, W) -> (N, num_classes).  Source: torchvision.models.RegNet.
    """

    def __init__(
        self,
        block_params: BlockParams,
        num_classes: int = 1000,
        stem_width: int = 32,
        stem_type: _Layer | None = None,
        block_type: _Layer | None = None,
        norm_layer: _Layer | None = None,
        activation: _Layer | None = None,
    ) -> None:
        super().__init__()
        norm_layer = norm_layer or nn.BatchNorm2d
        activation = activation or nn.ReLU
        self.stem = (stem_type or SimpleStemIN)(3, stem_width, norm_layer, activation)
        width = stem_width
        stages = OrderedDict()
        for i, (after, stride, depth, group, bottleneck) in enumerate(
            block_params._get_expanded_params(), 1
        ):
            stages[f"block{i}"] = AnyStage(
                width,
                after,
                stride,
                depth,
                block_type or ResBottleneckBlock,
                norm_layer,
                activation,
                group,
                bottleneck,
                block_params.se_ratio,
                stage_index=i,
            )
            width = after
        self.trunk_output = nn.Sequential(stages)
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(width, num_classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                fan_out = module.kernel_size[0] * module.kernel_size[1] * module.out_channels
                nn.init.normal_(module.weight, mean=0.0, std=math.sqrt(2.0 / fan_out))
            elif isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, mean=0.0, std=0.01)
                nn.init.zeros_(module.bias)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.avgpool(self.trunk_output(self.stem(x))).flatten(1))


#: For each network depth, w_0, w_a, w_m, group_width; those named y weigh their channels.
_NETWORKS = {
    "y_400mf": (16, 48, 27.89, 2.09, 8),
    "y_800mf": (14, 56, 38.84, 2.4, 16),
    "y_1_6gf": (27, 48, 20.71, 2.65, 24),
    "y_3_2gf": (21, 80, 42.63, 2.66, 24),
    "y_8gf": (17, 192, 76.82, 2.19, 56),
    "y_16gf": (18, 200, 106.23, 2.48, 112),
    "y_32gf": (20, 232, 115.89, 2.53, 232),
    "y_128gf": (27, 456, 160.83, 2.52, 264),
    "x_400mf": (22, 24, 24.48, 2.54, 16),
    "x_800mf": (16, 56, 35.73, 2.28, 16),
    "x_1_6gf": (18, 80, 34.01, 2.25, 24),
    "x_3_2gf": (25, 88, 26.31, 2.25, 48),
    "x_8gf": (23, 80, 49.56, 2.88, 120),
    "x_16gf": (22, 216, 55.59, 2.1, 128),
    "x_32gf": (23, 320, 69.86, 2.0, 168),
}


def _regnet(name: str, **kwargs: Any) -> RegNet:
    ratio = 0.25 if name[0] == "y" else None
    params = BlockParams.from_init_params(*_NETWORKS[name], se_ratio=ratio, **kwargs)
    usual = functools.partial(nn.BatchNorm2d, eps=1e-05, momentum=0.1)
    return RegNet(params, norm_layer=kwargs.pop("norm_layer", usual), **kwargs)


class RegNet_Y_400MF_Weights(WeightsEnum):
    """Weights of :func:`regnet_y_400mf`."""

    IMAGENET1K_V1 = imagenet(
        "regnet_y_400mf-c65dace8.pth", 4_344_144, (74.046, 91.716), (0.402, 16.806)
    )
    IMAGENET1K_V2 = imagenet(
        "regnet_y_400mf-e6988f5f.pth", 4_344_144, (75.804, 92.742), (0.402, 16.806), resize_size=232
    )
    DEFAULT = IMAGENET1K_V2


class RegNet_Y_800MF_Weights(WeightsEnum):
    """Weights of :func:`regnet_y_800mf`."""

    IMAGENET1K_V1 = imagenet(
        "regnet_y_800mf-1b27b58c.pth", 6_432_512, (76.42, 93.136), (0.834, 24.774)
    )
    IMAGENET1K_V2 = imagenet(
        "regnet_y_800mf-58fc7688.pth", 6_432_512, (78.828, 94.502), (0.834, 24.774), resize_size=232
    )
    DEFAULT = IMAGENET1K_V2


class RegNet_Y_1_6GF_Weights(WeightsEnum):
    """Weights of :func:`regnet_y_1_6gf`."""

    IMAGENET1K_V1 = imagenet(
        "regnet_y_1_6gf-b11a554e.pth", 11_202_430, (77.95, 93.966), (1.612, 43.152)
    )
    IMAGENET1K_V2 = imagenet(
        "regnet_y_1_6gf-0d7bc02a.pth",
        11_202_430,
        (80.876, 95.444),
        (1.612, 43.152),
        resize_size=232,
    )
    DEFAULT = IMAGENET1K_V2


class RegNet_Y_3_2GF_Weights(WeightsEnum):
    """Weights of :func:`regnet_y_3_2gf`."""

    IMAGENET1K_V1 = imagenet(
        "regnet_y_3_2gf-b5a9779c.pth", 19_436_338, (78.948, 94.576), (3.176, 74.567)
    )
    IMAGENET1K_V2 = imagenet(
        "regnet_y_3_2gf-9180c971.pth",
        19_436_338,
        (81.982, 95.972),
        (3.176, 74.567),
        resize_size=232,
    )
    DEFAULT = IMAGENET1K_V2


class RegNet_Y_8GF_Weights(WeightsEnum):
    """Weights of :func:`regnet_y_8gf`."""

    IMAGENET1K_V1 = imagenet(
        "regnet_y_8gf-d0d0e4a8.pth", 39_381_472, (80.032, 95.048), (8.473, 150.701)
    )
    IMAGENET1K_V2 = imagenet(
        "regnet_y_8gf-dc2b1b54.pth", 39_381_472, (82.828, 96.33), (8.473, 150.701), resize_size=232
    )
    DEFAULT = IMAGENET1K_V2


class RegNet_Y_16GF_Weights(WeightsEnum):
    """Weights of :func:`regnet_y_16gf`."""

    IMAGENET1K_V1 = imagenet(
        "regnet_y_16gf-9e6ed7dd.pth", 83_590_140, (80.424, 95.24), (15.912, 319.49)
    )
    IMAGENET1K_V2 = imagenet(
        "regnet_y_16gf-3e4a00f9.pth",
        83_590_140,
        (82.886, 96.328),
        (15.912, 319.49),
        resize_size=232,
    )
    IMAGENET1K_SWAG_E2E_V1 = imagenet(
        "regnet_y_16gf_swag-43afe44d.pth",
        83_590_140,
        (86.012, 98.054),
        (46.735, 319.49),
        resize_size=384,
        crop_size=384,
        bicubic=True,
    )
    IMAGENET1K_SWAG_LINEAR_V1 = imagenet(
        "regnet_y_16gf_lc_swag-f3ec0043.pth",
        83_590_140,
        (83.976, 97.244),
        (15.912, 319.49),
        resize_size=224,
        bicubic=True,
    )
    DEFAULT = IMAGENET1K_V2


class RegNet_Y_32GF_Weights(WeightsEnum):
    """Weights of :func:`regnet_y_32gf`."""

    IMAGENET1K_V1 = imagenet(
        "regnet_y_32gf-4dee3f7a.pth", 145_046_770, (80.878, 95.34), (32.28, 554.076)
    )
    IMAGENET1K_V2 = imagenet(
        "regnet_y_32gf-8db6d4b5.pth",
        145_046_770,
        (83.368, 96.498),
        (32.28, 554.076),
        resize_size=232,
    )
    IMAGENET1K_SWAG_E2E_V1 = imagenet(
        "regnet_y_32gf_swag-04fdfa75.pth",
        145_046_770,
        (86.838, 98.362),
        (94.826, 554.076),
        resize_size=384,
        crop_size=384,
        bicubic=True,
    )
    IMAGENET1K_SWAG_LINEAR_V1 = imagenet(
        "regnet_y_32gf_lc_swag-e1583746.pth",
        145_046_770,
        (84.622, 97.48),
        (32.28, 554.076),
        resize_size=224,
        bicubic=True,
    )
    DEFAULT = IMAGENET1K_V2


class RegNet_Y_128GF_Weights(WeightsEnum):
    """Weights of :func:`regnet_y_128gf`."""

    IMAGENET1K_SWAG_E2E_V1 = imagenet(
        "regnet_y_128gf_swag-c8ce3e52.pth",
        644_812_894,
        (88.228, 98.682),
        (374.57, 2461.564),
        resize_size=384,
        crop_size=384,
        bicubic=True,
    )
    IMAGENET1K_SWAG_LINEAR_V1 = imagenet(
        "regnet_y_128gf_lc_swag-cbe8ce12.pth",
        644_812_894,
        (86.068, 97.844),
        (127.518, 2461.564),
        resize_size=224,
        bicubic=True,
    )
    DEFAULT = IMAGENET1K_SWAG_E2E_V1


class RegNet_X_400MF_Weights(WeightsEnum):
    """Weights of :func:`regnet_x_400mf`."""

    IMAGENET1K_V1 = imagenet(
        "regnet_x_400mf-adf1edd5.pth", 5_495_976, (72.834, 90.95), (0.414, 21.258)
    )
    IMAGENET1K_V2 = imagenet(
        "regnet_x_400mf-62229a5f.pth", 5_495_976, (74.864, 92.322), (0.414, 21.257), resize_size=232
    )
    DEFAULT = IMAGENET1K_V2


class RegNet_X_800MF_Weights(WeightsEnum):
    """Weights of :func:`regnet_x_800mf`."""

    IMAGENET1K_V1 = imagenet(
        "regnet_x_800mf-ad17e45c.pth", 7_259_656, (75.212, 92.348), (0.8, 27.945)
    )
    IMAGENET1K_V2 = imagenet(
        "regnet_x_800mf-94a99ebd.pth", 7_259_656, (77.522, 93.826), (0.8, 27.945), resize_size=232
    )
    DEFAULT = IMAGENET1K_V2


class RegNet_X_1_6GF_Weights(WeightsEnum):
    """Weights of :func:`regnet_x_1_6gf`."""

    IMAGENET1K_V1 = imagenet(
        "regnet_x_1_6gf-e3633e7f.pth", 9_190_136, (77.04, 93.44), (1.603, 35.339)
    )
    IMAGENET1K_V2 = imagenet(
        "regnet_x_1_6gf-a12f2b72.pth", 9_190_136, (79.668, 94.922), (1.603, 35.339), resize_size=232
    )
    DEFAULT = IMAGENET1K_V2


class RegNet_X_3_2GF_Weights(WeightsEnum):
    """Weights of :func:`regnet_x_3_2gf`."""

    IMAGENET1K_V1 = imagenet(
        "regnet_x_3_2gf-f342aeae.pth", 15_296_552, (78.364, 93.992), (3.177, 58.756)
    )
    IMAGENET1K_V2 = imagenet(
        "regnet_x_3_2gf-7071aa85.pth", 15_296_552, (81.196, 95.43), (3.177, 58.756), resize_size=232
    )
    DEFAULT = IMAGENET1K_V2


class RegNet_X_8GF_Weights(WeightsEnum):
    """Weights of :func:`regnet_x_8gf`."""

    IMAGENET1K_V1 = imagenet(
        "regnet_x_8gf-03ceed89.pth", 39_572_648, (79.344, 94.686), (7.995, 151.456)
    )
    IMAGENET1K_V2 = imagenet(
        "regnet_x_8gf-2b70d774.pth", 39_572_648, (81.682, 95.678), (7.995, 151.456), resize_size=232
    )
    DEFAULT = IMAGENET1K_V2


class RegNet_X_16GF_Weights(WeightsEnum):
    """Weights of :func:`regnet_x_16gf`."""

    IMAGENET1K_V1 = imagenet(
        "regnet_x_16gf-2007eb11.pth", 54_278_536, (80.058, 94.944), (15.941, 207.627)
    )
    IMAGENET1K_V2 = imagenet(
        "regnet_x_16gf-ba3796d7.pth",
        54_278_536,
        (82.716, 96.196),
        (15.941, 207.627),
        resize_size=232,
    )
    DEFAULT = IMAGENET1K_V2


class RegNet_X_32GF_Weights(WeightsEnum):
    """Weights of :func:`regnet_x_32gf`."""

    IMAGENET1K_V1 = imagenet(
        "regnet_x_32gf-9d47f8d0.pth", 107_811_560, (80.622, 95.248), (31.736, 412.039)
    )
    IMAGENET1K_V2 = imagenet(
        "regnet_x_32gf-6eb8fdc6.pth",
        107_811_560,
        (83.014, 96.288),
        (31.736, 412.039),
        resize_size=232,
    )
    DEFAULT = IMAGENET1K_V2


@builder(RegNet_Y_400MF_Weights)
def regnet_y_400mf(**kwargs: Any) -> RegNet:
    """RegNet Y of 400 million operations.  Source: torchvision.models.regnet_y_400mf."""
    return _regnet("y_400mf", **kwargs)


@builder(RegNet_Y_800MF_Weights)
def regnet_y_800mf(**kwargs: Any) -> RegNet:
    """RegNet Y of 800 million operations.  Source: torchvision.models.regnet_y_800mf."""
    return _regnet("y_800mf", **kwargs)


@builder(RegNet_Y_1_6GF_Weights)
def regnet_y_1_6gf(**kwargs: Any) -> RegNet:
    """RegNet Y of 1.6 billion operations.  Source: torchvision.models.regnet_y_1_6gf."""
    return _regnet("y_1_6gf", **kwargs)


@builder(RegNet_Y_3_2GF_Weights)
def regnet_y_3_2gf(**kwargs: Any) -> RegNet:
    """RegNet Y of 3.2 billion operations.  Source: torchvision.models.regnet_y_3_2gf."""
    return _regnet("y_3_2gf", **kwargs)


@builder(RegNet_Y_8GF_Weights)
def regnet_y_8gf(**kwargs: Any) -> RegNet:
    """RegNet Y of 8 billion operations.  Source: torchvision.models.regnet_y_8gf."""
    return _regnet("y_8gf", **kwargs)


@builder(RegNet_Y_16GF_Weights)
def regnet_y_16gf(**kwargs: Any) -> RegNet:
    """RegNet Y of 16 billion operations.  Source: torchvision.models.regnet_y_16gf."""
    return _regnet("y_16gf", **kwargs)


@builder(RegNet_Y_32GF_Weights)
def regnet_y_32gf(**kwargs: Any) -> RegNet:
    """RegNet Y of 32 billion operations.  Source: torchvision.models.regnet_y_32gf."""
    return _regnet("y_32gf", **kwargs)


@builder(RegNet_Y_128GF_Weights, legacy=None)
def regnet_y_128gf(**kwargs: Any) -> RegNet:
    """RegNet Y of 128 billion operations.  Source: torchvision.models.regnet_y_128gf."""
    return _regnet("y_128gf", **kwargs)


@builder(RegNet_X_400MF_Weights)
def regnet_x_400mf(**kwargs: Any) -> RegNet:
    """RegNet X of 400 million operations.  Source: torchvision.models.regnet_x_400mf."""
    return _regnet("x_400mf", **kwargs)


@builder(RegNet_X_800MF_Weights)
def regnet_x_800mf(**kwargs: Any) -> RegNet:
    """RegNet X of 800 million operations.  Source: torchvision.models.regnet_x_800mf."""
    return _regnet("x_800mf", **kwargs)


@builder(RegNet_X_1_6GF_Weights)
def regnet_x_1_6gf(**kwargs: Any) -> RegNet:
    """RegNet X of 1.6 billion operations.  Source: torchvision.models.regnet_x_1_6gf."""
    return _regnet("x_1_6gf", **kwargs)


@builder(RegNet_X_3_2GF_Weights)
def regnet_x_3_2gf(**kwargs: Any) -> RegNet:
    """RegNet X of 3.2 billion operations.  Source: torchvision.models.regnet_x_3_2gf."""
    return _regnet("x_3_2gf", **kwargs)


@builder(RegNet_X_8GF_Weights)
def regnet_x_8gf(**kwargs: Any) -> RegNet:
    """RegNet X of 8 billion operations.  Source: torchvision.models.regnet_x_8gf."""
    return _regnet("x_8gf", **kwargs)


@builder(RegNet_X_16GF_Weights)
def regnet_x_16gf(**kwargs: Any) -> RegNet:
    """RegNet X of 16 billion operations.  Source: torchvision.models.regnet_x_16gf."""
    return _regnet("x_16gf", **kwargs)


@builder(RegNet_X_32GF_Weights)
def regnet_x_32gf(**kwargs: Any) -> RegNet:
    """RegNet X of 32 billion operations.  Source: torchvision.models.regnet_x_32gf."""
    return _regnet("x_32gf", **kwargs)
