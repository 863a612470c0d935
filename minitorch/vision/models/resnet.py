"""ResNet, ResNeXt and Wide ResNet.  Source: torchvision.models.resnet.

"Deep residual learning for image recognition", "Aggregated residual transformations for deep neural
networks", "Wide residual networks".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minitorch import nn
from minitorch.tensor import Tensor
from minitorch.vision.models._api import WeightsEnum, builder, force, imagenet

__all__ = [
    "BasicBlock",
    "Bottleneck",
    "ResNeXt101_32X8D_Weights",
    "ResNeXt101_64X4D_Weights",
    "ResNeXt50_32X4D_Weights",
    "ResNet",
    "ResNet101_Weights",
    "ResNet152_Weights",
    "ResNet18_Weights",
    "ResNet34_Weights",
    "ResNet50_Weights",
    "Wide_ResNet101_2_Weights",
    "Wide_ResNet50_2_Weights",
    "conv1x1",
    "conv3x3",
    "resnet101",
    "resnet152",
    "resnet18",
    "resnet34",
    "resnet50",
    "resnext101_32x8d",
    "resnext101_64x4d",
    "resnext50_32x4d",
    "wide_resnet101_2",
    "wide_resnet50_2",
]

_Norm = Callable[..., nn.Module] | None


def conv3x3(
    in_planes: int, out_planes: int, stride: int = 1, groups: int = 1, dilation: int = 1
) -> nn.Conv2d:
    """A convolution 3x3 that keeps the size, without bias.

    Source: torchvision.models.resnet.conv3x3.
    """
    return nn.Conv2d(
        in_planes,
        out_planes,
        kernel_size=3,
        stride=stride,
        padding=dilation,
        groups=groups,
        bias=False,
        dilation=dilation,
    )


def conv1x1(in_planes: int, out_planes: int, stride: int = 1) -> nn.Conv2d:
    """A convolution 1x1 without bias.  Source: torchvision.models.resnet.conv1x1."""
    return nn.Conv2d(in_planes, out_planes, kernel_size=1, stride=stride, bias=False)


class BasicBlock(nn.Module):
    """``relu(x + bn2(conv2(relu(bn1(conv1(x))))))``, two convolutions 3x3.

    Args:
        inplanes, planes: the channels before and after.
        stride: of the first convolution.
        downsample: brings ``x`` to the shape of the result.
        groups, base_width, dilation: must be 1, 64 and 1.
        norm_layer: makes the normalizations; BatchNorm2d when None.

    Shape: (N, inplanes, H, W) -> (N, planes, H / stride, W / stride).
    Source: torchvision.models.resnet.BasicBlock.
    """

    expansion = 1

    def __init__(
        self,
        inplanes: int,
        planes: int,
        stride: int = 1,
        downsample: nn.Module | None = None,
        groups: int = 1,
        base_width: int = 64,
        dilation: int = 1,
        norm_layer: _Norm = None,
    ) -> None:
        super().__init__()
        norm_layer = norm_layer or nn.BatchNorm2d
        if groups != 1 or base_width != 64:
            raise ValueError("BasicBlock only supports groups=1 and base_width=64")
        if dilation > 1:
            raise NotImplementedError("Dilation > 1 not supported in BasicBlock")
        self.conv1 = conv3x3(inplanes, planes, stride)
        self.bn1 = norm_layer(planes)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = conv3x3(planes, planes)
        self.bn2 = norm_layer(planes)
        self.downsample = downsample
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        out += x if self.downsample is None else self.downsample(x)
        return self.relu(out)


class Bottleneck(nn.Module):
    """Like :class:`BasicBlock` with three convolutions: 1x1 to fewer channels, 3x3, 1x1 to more.

    The stride is that of the middle one, as in "ResNet v1.5".

    Args:
        inplanes: the channels before.
        planes: the channels inside, a quarter of those after.
        stride, groups, dilation: of the convolution 3x3.
        downsample: brings ``x`` to the shape of the result.
        base_width: the channels inside are ``planes * base_width / 64`` for each group.
        norm_layer: makes the normalizations; BatchNorm2d when None.

    Shape: (N, inplanes, H, W) -> (N, 4 planes, H / stride, W / stride).
    Source: torchvision.models.resnet.Bottleneck.
    """

    expansion = 4

    def __init__(
        self,
        inplanes: int,
        planes: int,
        stride: int = 1,
        downsample: nn.Module | None = None,
        groups: int = 1,
        base_width: int = 64,
        dilation: int = 1,
        norm_layer: _Norm = None,
    ) -> None:
        super().__init__()
        norm_layer = norm_layer or nn.BatchNorm2d
        width = int(planes * (base_width / 64.0)) * groups
        self.conv1 = conv1x1(inplanes, width)
        self.bn1 = norm_layer(width)
        self.conv2 = conv3x3(width, width, stride, groups, dilation)
        self.bn2 = norm_layer(width)
        self.conv3 = conv1x1(width, planes * self.expansion)
        self.bn3 = norm_layer(planes * self.expansion)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = downsample
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.relu(self.bn2(self.conv2(out)))
        out = self.bn3(self.conv3(out))
        out += x if self.downsample is None else self.downsample(x)
        return self.relu(out)


class ResNet(nn.Module):
    """A convolution 7x7, four stages of residual blocks, the mean over the picture, a linear map.

    Args:
        block: BasicBlock or Bottleneck.
        layers: how many blocks each stage has.
        num_classes: the number of categories.
        zero_init_residual: let every block begin as the identity.
        groups, width_per_group: of the convolutions 3x3 (ResNeXt, Wide ResNet).
        replace_stride_with_dilation: for stages 2, 3 and 4, whether they dilate their convolutions
            where they would halve the size.
        norm_layer: makes the normalizations; BatchNorm2d when None.

    Shape: (N, 3, H, W) -> (N, num_classes).  Source: torchvision.models.ResNet.
    """

    def __init__(
        self,
        block: type[BasicBlock | Bottleneck],
        layers: list[int],
        num_classes: int = 1000,
        zero_init_residual: bool = False,
        groups: int = 1,
        width_per_group: int = 64,
        replace_stride_with_dilation: list[bool] | None = None,
        norm_layer: _Norm = None,
    ) -> None:
        super().__init__()
        dilate = replace_stride_with_dilation or [False, False, False]
        if len(dilate) != 3:
            raise ValueError(
                "replace_stride_with_dilation should be None or a 3-element tuple, got "
                f"{replace_stride_with_dilation}"
            )
        self._norm_layer = norm_layer or nn.BatchNorm2d
        self.inplanes = 64
        self.dilation = 1
        self.groups = groups
        self.base_width = width_per_group
        self.conv1 = nn.Conv2d(3, 64, kernel_size=7, stride=2, padding=3, bias=False)
        self.bn1 = self._norm_layer(64)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
        self.layer1 = self._make_layer(block, 64, layers[0])
        self.layer2 = self._make_layer(block, 128, layers[1], stride=2, dilate=dilate[0])
        self.layer3 = self._make_layer(block, 256, layers[2], stride=2, dilate=dilate[1])
        self.layer4 = self._make_layer(block, 512, layers[3], stride=2, dilate=dilate[2])
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(512 * block.expansion, num_classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        if zero_init_residual:
            for module in self.modules():
                if isinstance(module, Bottleneck):
                    nn.init.zeros_(module.bn3.weight)
                elif isinstance(module, BasicBlock):
                    nn.init.zeros_(module.bn2.weight)

    def _make_layer(
        self,
        block: type[BasicBlock | Bottleneck],
        planes: int,
        blocks: int,
        stride: int = 1,
        dilate: bool = False,
    ) -> nn.Sequential:
        """A stage; only its first block changes size and channels."""
        norm_layer = self._norm_layer
        dilation = self.dilation
        if dilate:
            self.dilation *= stride
            stride = 1
        width = planes * block.expansion
        downsample = None
        if stride != 1 or self.inplanes != width:
            downsample = nn.Sequential(conv1x1(self.inplanes, width, stride), norm_layer(width))
        same = (self.groups, self.base_width)
        stage = [block(self.inplanes, planes, stride, downsample, *same, dilation, norm_layer)]
        self.inplanes = width
        for _ in range(1, blocks):
            stage.append(block(width, planes, 1, None, *same, self.dilation, norm_layer))
        return nn.Sequential(*stage)

    def _forward_impl(self, x: Tensor) -> Tensor:
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))  # (N, 64, H / 4, W / 4)
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))  # (N, width, H / 32, W / 32)
        return self.fc(self.avgpool(x).flatten(1))

    def forward(self, x: Tensor) -> Tensor:
        return self._forward_impl(x)


class ResNet18_Weights(WeightsEnum):
    """Weights of :func:`resnet18`."""

    IMAGENET1K_V1 = imagenet("resnet18-f37072fd.pth", 11_689_512, (69.758, 89.078), (1.814, 44.661))
    DEFAULT = IMAGENET1K_V1


class ResNet34_Weights(WeightsEnum):
    """Weights of :func:`resnet34`."""

    IMAGENET1K_V1 = imagenet("resnet34-b627a593.pth", 21_797_672, (73.314, 91.42), (3.664, 83.275))
    DEFAULT = IMAGENET1K_V1


class ResNet50_Weights(WeightsEnum):
    """Weights of :func:`resnet50`."""

    IMAGENET1K_V1 = imagenet("resnet50-0676ba61.pth", 25_557_032, (76.13, 92.862), (4.089, 97.781))
    IMAGENET1K_V2 = imagenet(
        "resnet50-11ad3fa6.pth", 25_557_032, (80.858, 95.434), (4.089, 97.79), resize_size=232
    )
    DEFAULT = IMAGENET1K_V2


class ResNet101_Weights(WeightsEnum):
    """Weights of :func:`resnet101`."""

    IMAGENET1K_V1 = imagenet(
        "resnet101-63fe2227.pth", 44_549_160, (77.374, 93.546), (7.801, 170.511)
    )
    IMAGENET1K_V2 = imagenet(
        "resnet101-cd907fc2.pth", 44_549_160, (81.886, 95.78), (7.801, 170.53), resize_size=232
    )
    DEFAULT = IMAGENET1K_V2


class ResNet152_Weights(WeightsEnum):
    """Weights of :func:`resnet152`."""

    IMAGENET1K_V1 = imagenet(
        "resnet152-394f9c45.pth", 60_192_808, (78.312, 94.046), (11.514, 230.434)
    )
    IMAGENET1K_V2 = imagenet(
        "resnet152-f82ba261.pth", 60_192_808, (82.284, 96.002), (11.514, 230.474), resize_size=232
    )
    DEFAULT = IMAGENET1K_V2


class ResNeXt50_32X4D_Weights(WeightsEnum):
    """Weights of :func:`resnext50_32x4d`."""

    IMAGENET1K_V1 = imagenet(
        "resnext50_32x4d-7cdf4587.pth", 25_028_904, (77.618, 93.698), (4.23, 95.789)
    )
    IMAGENET1K_V2 = imagenet(
        "resnext50_32x4d-1a0047aa.pth", 25_028_904, (81.198, 95.34), (4.23, 95.833), resize_size=232
    )
    DEFAULT = IMAGENET1K_V2


class ResNeXt101_32X8D_Weights(WeightsEnum):
    """Weights of :func:`resnext101_32x8d`."""

    IMAGENET1K_V1 = imagenet(
        "resnext101_32x8d-8ba56ff5.pth", 88_791_336, (79.312, 94.526), (16.414, 339.586)
    )
    IMAGENET1K_V2 = imagenet(
        "resnext101_32x8d-110c445d.pth",
        88_791_336,
        (82.834, 96.228),
        (16.414, 339.673),
        resize_size=232,
    )
    DEFAULT = IMAGENET1K_V2


class ResNeXt101_64X4D_Weights(WeightsEnum):
    """Weights of :func:`resnext101_64x4d`."""

    IMAGENET1K_V1 = imagenet(
        "resnext101_64x4d-173b62eb.pth",
        83_455_272,
        (83.246, 96.454),
        (15.46, 319.318),
        resize_size=232,
    )
    DEFAULT = IMAGENET1K_V1


class Wide_ResNet50_2_Weights(WeightsEnum):
    """Weights of :func:`wide_resnet50_2`."""

    IMAGENET1K_V1 = imagenet(
        "wide_resnet50_2-95faca4d.pth", 68_883_240, (78.468, 94.086), (11.398, 131.82)
    )
    IMAGENET1K_V2 = imagenet(
        "wide_resnet50_2-9ba9bcbe.pth",
        68_883_240,
        (81.602, 95.758),
        (11.398, 263.124),
        resize_size=232,
    )
    DEFAULT = IMAGENET1K_V2


class Wide_ResNet101_2_Weights(WeightsEnum):
    """Weights of :func:`wide_resnet101_2`."""

    IMAGENET1K_V1 = imagenet(
        "wide_resnet101_2-32ee1156.pth", 126_886_696, (78.848, 94.284), (22.753, 242.896)
    )
    IMAGENET1K_V2 = imagenet(
        "wide_resnet101_2-d733dc28.pth",
        126_886_696,
        (82.51, 96.02),
        (22.753, 484.747),
        resize_size=232,
    )
    DEFAULT = IMAGENET1K_V2


def _grouped(layers: list[int], kwargs: dict[str, Any], **shape: int) -> ResNet:
    """A ResNet whose groups and width are given by its name."""
    for name, value in shape.items():
        force(kwargs, name, value)
    return ResNet(Bottleneck, layers, **kwargs)


@builder(ResNet18_Weights)
def resnet18(**kwargs: Any) -> ResNet:
    """ResNet of 18 layers.  Source: torchvision.models.resnet18."""
    return ResNet(BasicBlock, [2, 2, 2, 2], **kwargs)


@builder(ResNet34_Weights)
def resnet34(**kwargs: Any) -> ResNet:
    """ResNet of 34 layers.  Source: torchvision.models.resnet34."""
    return ResNet(BasicBlock, [3, 4, 6, 3], **kwargs)


@builder(ResNet50_Weights)
def resnet50(**kwargs: Any) -> ResNet:
    """ResNet of 50 layers.  Source: torchvision.models.resnet50."""
    return ResNet(Bottleneck, [3, 4, 6, 3], **kwargs)


@builder(ResNet101_Weights)
def resnet101(**kwargs: Any) -> ResNet:
    """ResNet of 101 layers.  Source: torchvision.models.resnet101."""
    return ResNet(Bottleneck, [3, 4, 23, 3], **kwargs)


@builder(ResNet152_Weights)
def resnet152(**kwargs: Any) -> ResNet:
    """ResNet of 152 layers.  Source: torchvision.models.resnet152."""
    return ResNet(Bottleneck, [3, 8, 36, 3], **kwargs)


@builder(ResNeXt50_32X4D_Weights)
def resnext50_32x4d(**kwargs: Any) -> ResNet:
    """ResNeXt of 50 layers, 32 groups of 4.  Source: torchvision.models.resnext50_32x4d."""
    return _grouped([3, 4, 6, 3], kwargs, groups=32, width_per_group=4)


@builder(ResNeXt101_32X8D_Weights)
def resnext101_32x8d(**kwargs: Any) -> ResNet:
    """ResNeXt of 101 layers, 32 groups of 8.  Source: torchvision.models.resnext101_32x8d."""
    return _grouped([3, 4, 23, 3], kwargs, groups=32, width_per_group=8)


@builder(ResNeXt101_64X4D_Weights)
def resnext101_64x4d(**kwargs: Any) -> ResNet:
    """ResNeXt of 101 layers, 64 groups of 4.  Source: torchvision.models.resnext101_64x4d."""
    return _grouped([3, 4, 23, 3], kwargs, groups=64, width_per_group=4)


@builder(Wide_ResNet50_2_Weights)
def wide_resnet50_2(**kwargs: Any) -> ResNet:
    """ResNet of 50 layers, twice as wide inside.  Source: torchvision.models.wide_resnet50_2."""
    return _grouped([3, 4, 6, 3], kwargs, width_per_group=128)


@builder(Wide_ResNet101_2_Weights)
def wide_resnet101_2(**kwargs: Any) -> ResNet:
    """ResNet of 101 layers, twice as wide inside.  Source: torchvision.models.wide_resnet101_2."""
    return _grouped([3, 4, 23, 3], kwargs, width_per_group=128)
