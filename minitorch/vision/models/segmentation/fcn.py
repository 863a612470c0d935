"""FCN: "Fully convolutional networks for semantic segmentation".

Source: torchvision.models.segmentation.fcn.
"""

from __future__ import annotations

from typing import Any

from minitorch import nn
from minitorch.vision.models._api import WeightsEnum, builder
from minitorch.vision.models._utils import IntermediateLayerGetter
from minitorch.vision.models.resnet import (
    ResNet,
    ResNet50_Weights,
    ResNet101_Weights,
    resnet50,
    resnet101,
)
from minitorch.vision.models.segmentation._utils import SegmentationModel, coco, convolution

__all__ = [
    "FCN",
    "FCNHead",
    "FCN_ResNet101_Weights",
    "FCN_ResNet50_Weights",
    "fcn_resnet101",
    "fcn_resnet50",
    "with_resnet",
]


class FCN(SegmentationModel):
    """Two convolutions on the features of a backbone.

    Source: torchvision.models.segmentation.FCN.
    """


class FCNHead(nn.Sequential):
    """A convolution 3x3 to a quarter of the channels, dropout, one 1x1 to the categories.

    Source: torchvision.models.segmentation.fcn.FCNHead.
    """

    def __init__(self, in_channels: int, channels: int) -> None:
        inside = in_channels // 4
        super().__init__(
            *convolution(in_channels, inside, 3, padding=1),
            nn.Dropout(0.1),
            nn.Conv2d(inside, channels, 1),
        )


def with_resnet(
    model: type[SegmentationModel],
    head: Any,
    backbone: ResNet,
    num_classes: int | None,
    aux_loss: bool | None,
) -> SegmentationModel:
    """A model on a ResNet: its head on the last stage, for training an FCNHead on the third."""
    count = 21 if num_classes is None else num_classes
    layers = {"layer3": "aux", "layer4": "out"} if aux_loss else {"layer4": "out"}
    features = IntermediateLayerGetter(backbone, layers)
    auxiliary = FCNHead(1024, count) if aux_loss else None
    return model(features, head(2048, count), auxiliary)


class FCN_ResNet50_Weights(WeightsEnum):
    """Weights of :func:`fcn_resnet50`."""

    COCO_WITH_VOC_LABELS_V1 = coco(
        "fcn_resnet50_coco-1167a1af.pth", 35_322_218, (60.5, 91.4), (152.717, 135.009)
    )
    DEFAULT = COCO_WITH_VOC_LABELS_V1


class FCN_ResNet101_Weights(WeightsEnum):
    """Weights of :func:`fcn_resnet101`."""

    COCO_WITH_VOC_LABELS_V1 = coco(
        "fcn_resnet101_coco-7ecb50ca.pth", 54_314_346, (63.7, 91.9), (232.738, 207.711)
    )
    DEFAULT = COCO_WITH_VOC_LABELS_V1


@builder(FCN_ResNet50_Weights, "COCO_WITH_VOC_LABELS_V1", backbone=ResNet50_Weights, aux_loss=True)
def fcn_resnet50(
    num_classes: int | None = None,
    aux_loss: bool | None = None,
    weights_backbone: WeightsEnum | None = None,
    **kwargs: Any,
) -> SegmentationModel:
    """FCN on a ResNet-50.  Source: torchvision.models.segmentation.fcn_resnet50."""
    backbone = resnet50(weights=weights_backbone, replace_stride_with_dilation=[False, True, True])
    return with_resnet(FCN, FCNHead, backbone, num_classes, aux_loss)


@builder(
    FCN_ResNet101_Weights, "COCO_WITH_VOC_LABELS_V1", backbone=ResNet101_Weights, aux_loss=True
)
def fcn_resnet101(
    num_classes: int | None = None,
    aux_loss: bool | None = None,
    weights_backbone: WeightsEnum | None = None,
    **kwargs: Any,
) -> SegmentationModel:
    """FCN on a ResNet-101.  Source: torchvision.models.segmentation.fcn_resnet101."""
    backbone = resnet101(weights=weights_backbone, replace_stride_with_dilation=[False, True, True])
    return with_resnet(FCN, FCNHead, backbone, num_classes, aux_loss)
