"""AlexNet, in the form of "One weird trick for parallelizing convolutional neural networks".

Source: torchvision.models.alexnet.
"""

from __future__ import annotations

from typing import Any

from minitorch import nn
from minitorch.tensor import Tensor
from minitorch.vision.models._api import WeightsEnum, builder, imagenet

__all__ = [
    "AlexNet",
    "AlexNet_Weights",
    "alexnet",
]


class AlexNet(nn.Module):
    """Five convolutions and three linear maps.

    Args:
        num_classes: the number of categories.
        dropout: its probability before the first two linear maps.

    Shape: (N, 3, H, W) -> (N, num_classes), with H, W >= 63.
    Source: torchvision.models.AlexNet.
    """

    def __init__(self, num_classes: int = 1000, dropout: float = 0.5) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 64, kernel_size=11, stride=4, padding=2),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(kernel_size=3, stride=2),
            nn.Conv2d(64, 192, kernel_size=5, padding=2),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(kernel_size=3, stride=2),
            nn.Conv2d(192, 384, kernel_size=3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(384, 256, kernel_size=3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(256, 256, kernel_size=3, padding=1),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(kernel_size=3, stride=2),
        )
        self.avgpool = nn.AdaptiveAvgPool2d((6, 6))
        self.classifier = nn.Sequential(
            nn.Dropout(p=dropout),
            nn.Linear(256 * 6 * 6, 4096),
            nn.ReLU(inplace=True),
            nn.Dropout(p=dropout),
            nn.Linear(4096, 4096),
            nn.ReLU(inplace=True),
            nn.Linear(4096, num_classes),
        )

    def forward(self, x: Tensor) -> Tensor:
        x = self.avgpool(self.features(x))  # (N, 256, 6, 6)
        return self.classifier(x.flatten(1))


class AlexNet_Weights(WeightsEnum):
    """Weights of :func:`alexnet`."""

    IMAGENET1K_V1 = imagenet(
        "alexnet-owt-7be5be79.pth", 61_100_840, (56.522, 79.066), (0.714, 233.087), min_size=63
    )
    DEFAULT = IMAGENET1K_V1


@builder(AlexNet_Weights)
def alexnet(**kwargs: Any) -> AlexNet:
    """AlexNet.  Source: torchvision.models.alexnet."""
    return AlexNet(**kwargs)
