"""DeepLab V3: "Rethinking atrous convolution for semantic image segmentation".

Source: torchvision.models.segmentation.deeplabv3.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minitorch import nn
from minitorch.ops.joining import cat
from minitorch.tensor import Tensor
from minitorch.vision.models._api import WeightsEnum, builder
from minitorch.vision.models.mobilenetv3 import MobileNet_V3_Large_Weights, mobilenet_v3_large
from minitorch.vision.models.resnet import (
    ResNet50_Weights,
    ResNet101_Weights,
    resnet50,
    resnet101,
)
from minitorch.vision.models.segmentation._utils import (
    SegmentationModel,
    coco,
    convolution,
    mobilenet_stages,
    resized,
)
from minitorch.vision.models.segmentation.fcn import FCNHead, with_resnet

__all__ = [
    "ASPP",
    "ASPPConv",
    "ASPPPooling",
    "DeepLabHead",
    "DeepLabV3",
    "DeepLabV3_MobileNet_V3_Large_Weights",
    "DeepLabV3_ResNet101_Weights",
    "DeepLabV3_ResNet50_Weights",
    "deeplabv3_mobilenet_v3_large",
    "deeplabv3_resnet101",
    "deeplabv3_resnet50",
]


class DeepLabV3(SegmentationModel):
    """Convolutions of several dilations side by side on the features of a backbone.

    Source: torchvision.models.segmentation.DeepLabV3.
    """


class ASPPConv(nn.Sequential):
    """A convolution 3x3 of this dilation.  Source: torchvision.models.segmentation.deeplabv3."""

    def __init__(self, in_channels: int, out_channels: int, dilation: int) -> None:
        layers = convolution(in_channels, out_channels, 3, padding=dilation, dilation=dilation)
        super().__init__(*layers)


class ASPPPooling(nn.Sequential):
    """The mean over the picture, mapped, everywhere the same.

    Source: torchvision.models.segmentation.deeplabv3.ASPPPooling.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(nn.AdaptiveAvgPool2d(1), *convolution(in_channels, out_channels, 1))

    def forward(self, x: Tensor) -> Tensor:
        return resized(super().forward(x), x)


class ASPP(nn.Module):
    """A convolution 1x1, one 3x3 of each dilation, and the mean; joined and mapped.

    Args:
        in_channels: the channels before.
        atrous_rates: the dilations.
        out_channels: the channels of each branch, and after.

    Source: torchvision.models.segmentation.deeplabv3.ASPP.
    """

    def __init__(
        self, in_channels: int, atrous_rates: Sequence[int], out_channels: int = 256
    ) -> None:
        super().__init__()
        self.convs = nn.ModuleList(
            [
                nn.Sequential(*convolution(in_channels, out_channels, 1)),
                *(ASPPConv(in_channels, out_channels, rate) for rate in atrous_rates),
                ASPPPooling(in_channels, out_channels),
            ]
        )
        joined = len(self.convs) * out_channels
        self.project = nn.Sequential(*convolution(joined, out_channels, 1), nn.Dropout(0.5))

    def forward(self, x: Tensor) -> Tensor:
        return self.project(cat([conv(x) for conv in self.convs], dim=1))


class DeepLabHead(nn.Sequential):
    """:class:`ASPP`, a convolution 3x3, one 1x1 to the categories.

    Source: torchvision.models.segmentation.deeplabv3.DeepLabHead.
    """

    def __init__(
        self, in_channels: int, num_classes: int, atrous_rates: Sequence[int] = (12, 24, 36)
    ) -> None:
        super().__init__(
            ASPP(in_channels, atrous_rates),
            *convolution(256, 256, 3, padding=1),
            nn.Conv2d(256, num_classes, 1),
        )


class DeepLabV3_ResNet50_Weights(WeightsEnum):
    """Weights of :func:`deeplabv3_resnet50`."""

    COCO_WITH_VOC_LABELS_V1 = coco(
        "deeplabv3_resnet50_coco-cd0a2569.pth", 42_004_074, (66.4, 92.4), (178.722, 160.515)
    )
    DEFAULT = COCO_WITH_VOC_LABELS_V1


class DeepLabV3_ResNet101_Weights(WeightsEnum):
    """Weights of :func:`deeplabv3_resnet101`."""

    COCO_WITH_VOC_LABELS_V1 = coco(
        "deeplabv3_resnet101_coco-586e9e4e.pth", 60_996_202, (67.4, 92.4), (258.743, 233.217)
    )
    DEFAULT = COCO_WITH_VOC_LABELS_V1


class DeepLabV3_MobileNet_V3_Large_Weights(WeightsEnum):
    """Weights of :func:`deeplabv3_mobilenet_v3_large`."""

    COCO_WITH_VOC_LABELS_V1 = coco(
        "deeplabv3_mobilenet_v3_large-fc3c493d.pth", 11_029_328, (60.3, 91.2), (10.452, 42.301)
    )
    DEFAULT = COCO_WITH_VOC_LABELS_V1


@builder(
    DeepLabV3_ResNet50_Weights, "COCO_WITH_VOC_LABELS_V1", backbone=ResNet50_Weights, aux_loss=True
)
def deeplabv3_resnet50(
    num_classes: int | None = None,
    aux_loss: bool | None = None,
    weights_backbone: WeightsEnum | None = None,
    **kwargs: Any,
) -> SegmentationModel:
    """DeepLab V3 on a ResNet-50.  Source: torchvision.models.segmentation.deeplabv3_resnet50."""
    backbone = resnet50(weights=weights_backbone, replace_stride_with_dilation=[False, True, True])
    return with_resnet(DeepLabV3, DeepLabHead, backbone, num_classes, aux_loss)


@builder(
    DeepLabV3_ResNet101_Weights,
    "COCO_WITH_VOC_LABELS_V1",
    backbone=ResNet101_Weights,
    aux_loss=True,
)
def deeplabv3_resnet101(
    num_classes: int | None = None,
    aux_loss: bool | None = None,
    weights_backbone: WeightsEnum | None = None,
    **kwargs: Any,
) -> SegmentationModel:
    """DeepLab V3 on a ResNet-101.  Source: torchvision.models.segmentation.deeplabv3_resnet101."""
    backbone = resnet101(weights=weights_backbone, replace_stride_with_dilation=[False, True, True])
    return with_resnet(DeepLabV3, DeepLabHead, backbone, num_classes, aux_loss)


@builder(
    DeepLabV3_MobileNet_V3_Large_Weights,
    "COCO_WITH_VOC_LABELS_V1",
    backbone=MobileNet_V3_Large_Weights,
    aux_loss=True,
)
def deeplabv3_mobilenet_v3_large(
    num_classes: int | None = None,
    aux_loss: bool | None = None,
    weights_backbone: WeightsEnum | None = None,
    **kwargs: Any,
) -> SegmentationModel:
    """DeepLab V3 on a MobileNet V3.

    Source: torchvision.models.segmentation.deeplabv3_mobilenet_v3_large.
    """
    count = 21 if num_classes is None else num_classes
    network = mobilenet_v3_large(weights=weights_backbone, dilated=True)
    stages = {"out": -1, "aux": -4} if aux_loss else {"out": -1}
    backbone, channels = mobilenet_stages(network, stages)
    auxiliary = FCNHead(channels[1], count) if aux_loss else None
    return DeepLabV3(backbone, DeepLabHead(channels[0], count), auxiliary)
