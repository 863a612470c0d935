"""LR-ASPP: the small network for segmentation of "Searching for MobileNetV3".

Source: torchvision.models.segmentation.lraspp.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from minitorch import nn
from minitorch.tensor import Tensor
from minitorch.vision.models._api import WeightsEnum, builder
from minitorch.vision.models.mobilenetv3 import MobileNet_V3_Large_Weights, mobilenet_v3_large
from minitorch.vision.models.segmentation._utils import coco, mobilenet_stages, resized

__all__ = [
    "LRASPP",
    "LRASPPHead",
    "LRASPP_MobileNet_V3_Large_Weights",
    "lraspp_mobilenet_v3_large",
]


class LRASPPHead(nn.Module):
    """Late features, weighed by their mean and enlarged, with early ones: classified, and added.

    Args:
        low_channels, high_channels: the channels of the early and the late features.
        num_classes: the number of categories.
        inter_channels: the channels inside.

    Source: torchvision.models.segmentation.lraspp.LRASPPHead.
    """

    def __init__(
        self, low_channels: int, high_channels: int, num_classes: int, inter_channels: int
    ) -> None:
        super().__init__()
        self.cbr = nn.Sequential(
            nn.Conv2d(high_channels, inter_channels, 1, bias=False),
            nn.BatchNorm2d(inter_channels),
            nn.ReLU(inplace=True),
        )
        self.scale = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(high_channels, inter_channels, 1, bias=False),
            nn.Sigmoid(),
        )
        self.low_classifier = nn.Conv2d(low_channels, num_classes, 1)
        self.high_classifier = nn.Conv2d(inter_channels, num_classes, 1)

    def forward(self, input: dict[str, Tensor]) -> Tensor:
        low, high = input["low"], input["high"]
        weighed = resized(self.cbr(high) * self.scale(high), low)
        return self.low_classifier(low) + self.high_classifier(weighed)


class LRASPP(nn.Module):
    """Features of a backbone, classified and enlarged to the picture's size.

    Args:
        backbone: returns "low" and "high".
        low_channels, high_channels, num_classes, inter_channels: of the head.

    Shape: (N, 3, H, W) -> {"out": (N, num_classes, H, W)}.
    Source: torchvision.models.segmentation.LRASPP.
    """

    def __init__(
        self,
        backbone: nn.Module,
        low_channels: int,
        high_channels: int,
        num_classes: int,
        inter_channels: int = 128,
    ) -> None:
        super().__init__()
        self.backbone = backbone
        self.classifier = LRASPPHead(low_channels, high_channels, num_classes, inter_channels)

    def forward(self, input: Tensor) -> OrderedDict[str, Tensor]:
        return OrderedDict(out=resized(self.classifier(self.backbone(input)), input))


class LRASPP_MobileNet_V3_Large_Weights(WeightsEnum):
    """Weights of :func:`lraspp_mobilenet_v3_large`."""

    COCO_WITH_VOC_LABELS_V1 = coco(
        "lraspp_mobilenet_v3_large-d234d4ea.pth", 3_221_538, (57.9, 91.2), (2.086, 12.49)
    )
    DEFAULT = COCO_WITH_VOC_LABELS_V1


@builder(
    LRASPP_MobileNet_V3_Large_Weights,
    "COCO_WITH_VOC_LABELS_V1",
    backbone=MobileNet_V3_Large_Weights,
)
def lraspp_mobilenet_v3_large(
    num_classes: int | None = None,
    weights_backbone: WeightsEnum | None = None,
    aux_loss: bool | None = None,
    **kwargs: Any,
) -> LRASPP:
    """LR-ASPP on a MobileNet V3; NotImplementedError if an auxiliary loss is wanted.

    Source: torchvision.models.segmentation.lraspp_mobilenet_v3_large.
    """
    if aux_loss:
        raise NotImplementedError("This model does not use auxiliary loss")
    network = mobilenet_v3_large(weights=weights_backbone, dilated=True)
    backbone, (low, high) = mobilenet_stages(network, {"low": -4, "high": -1})
    return LRASPP(backbone, low, high, 21 if num_classes is None else num_classes)
