"""What the networks for segmentation share.  Source: torchvision.models.segmentation._utils."""

from __future__ import annotations

import functools
from collections import OrderedDict
from typing import Any

from minitorch import nn
from minitorch.tensor import Tensor
from minitorch.vision.models._api import Weights
from minitorch.vision.models._utils import IntermediateLayerGetter
from minitorch.vision.models.mobilenetv3 import MobileNetV3
from minitorch.vision.transforms._presets import SemanticSegmentation

__all__ = ["SegmentationModel", "coco", "convolution", "mobilenet_stages", "resized"]

_VOC_CATEGORIES = """
__background__ aeroplane bicycle bird boat bottle bus car cat chair cow diningtable dog horse
motorbike person pottedplant sheep sofa train tvmonitor
"""


def coco(
    file: str, num_params: int, accuracy: tuple[float, float], cost: tuple[float, float]
) -> Weights:
    """Weights trained on COCO with the 21 categories of Pascal VOC.

    Args:
        file: the name of the file.
        num_params: how many numbers they are.
        accuracy: in percent, the mean overlap of the regions and how many pixels are right.
        cost: billions of operations for a picture, and megabytes of the file.
    """
    meta = {
        "categories": _VOC_CATEGORIES.split(),
        "min_size": (1, 1),
        "num_params": num_params,
        "_metrics": {"COCO-val2017-VOC-labels": {"miou": accuracy[0], "pixel_acc": accuracy[1]}},
        "_ops": cost[0],
        "_file_size": cost[1],
    }
    transforms = functools.partial(SemanticSegmentation, resize_size=520)
    return Weights(f"https://download.pytorch.org/models/{file}", transforms, meta)


class SegmentationModel(nn.Module):
    """Features of a backbone, classified and enlarged to the picture's size.

    Args:
        backbone: returns "out" and, for the auxiliary classifier, "aux".
        classifier: features -> a value per category.
        aux_classifier: another one, on earlier features, or None.

    Shape: (N, 3, H, W) -> {"out": (N, categories, H, W)}, and "aux" of the same shape.
    Source: torchvision.models.segmentation._utils._SimpleSegmentationModel.
    """

    def __init__(
        self,
        backbone: nn.Module,
        classifier: nn.Module,
        aux_classifier: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self.backbone = backbone
        self.classifier = classifier
        self.aux_classifier = aux_classifier

    def forward(self, x: Tensor) -> OrderedDict[str, Tensor]:
        features = self.backbone(x)
        result = OrderedDict(out=resized(self.classifier(features["out"]), x))
        if self.aux_classifier is not None:
            result["aux"] = resized(self.aux_classifier(features["aux"]), x)
        return result


def resized(x: Tensor, like: Tensor) -> Tensor:
    """``x`` in the height and width of another."""
    size = like.shape[-2:]
    return nn.functional.interpolate(x, size=size, mode="bilinear", align_corners=False)


def convolution(before: int, after: int, kernel: int, **options: Any) -> list[nn.Module]:
    """A convolution without bias, normalized and activated."""
    conv = nn.Conv2d(before, after, kernel, bias=False, **options)
    return [conv, nn.BatchNorm2d(after), nn.ReLU()]


def mobilenet_stages(model: MobileNetV3, names: dict[str, int]) -> tuple[nn.Module, list[int]]:
    """The features of a MobileNet as a backbone, and the channels of its results.

    ``names`` says for each result which stage it is of; a stage begins where the size is halved.
    """
    features = model.features
    halving = [i for i, block in enumerate(features) if getattr(block, "_is_cn", False)]
    stages = [0, *halving, len(features) - 1]
    layers = {str(stages[stage]): name for name, stage in names.items()}
    channels = [features[stages[stage]].out_channels for stage in names.values()]
    return IntermediateLayerGetter(features, layers), channels
