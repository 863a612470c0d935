"""GoogLeNet: "Going deeper with convolutions".  Source: torchvision.models.googlenet."""

from __future__ import annotations

import warnings
from collections import namedtuple
from collections.abc import Callable
from typing import Any

from minitorch import nn
from minitorch.ops.joining import cat
from minitorch.tensor import Tensor
from minitorch.vision.models._api import WeightsEnum, builder, force, imagenet, load

__all__ = [
    "BasicConv2d",
    "GoogLeNet",
    "GoogLeNetOutputs",
    "GoogLeNet_Weights",
    "Inception",
    "InceptionAux",
    "as_inception_normalizes",
    "googlenet",
]

#: What a GoogLeNet with auxiliary classifiers returns in training.
GoogLeNetOutputs = namedtuple("GoogLeNetOutputs", ["logits", "aux_logits2", "aux_logits1"])

_Block = Callable[..., nn.Module]


class BasicConv2d(nn.Module):
    """``relu(bn(conv(x)))``; the convolution has no bias.  Arguments as for ``Conv2d``.

    Source: torchvision.models.googlenet.BasicConv2d.
    """

    def __init__(self, in_channels: int, out_channels: int, **kwargs: Any) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, bias=False, **kwargs)
        self.bn = nn.BatchNorm2d(out_channels, eps=0.001)

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.relu(self.bn(self.conv(x)), inplace=True)


class Inception(nn.Module):
    """Four branches side by side: 1x1, 3x3, a second 3x3, and a pooling.

    Args:
        in_channels: the channels before.
        ch1x1, ch3x3, ch5x5, pool_proj: the channels after, of each branch.
        ch3x3red, ch5x5red: the channels inside, before the convolutions 3x3.
        conv_block: makes a convolution; BasicConv2d when None.

    Source: torchvision.models.googlenet.Inception.
    """

    def __init__(
        self,
        in_channels: int,
        ch1x1: int,
        ch3x3red: int,
        ch3x3: int,
        ch5x5red: int,
        ch5x5: int,
        pool_proj: int,
        conv_block: _Block | None = None,
    ) -> None:
        super().__init__()
        conv = conv_block or BasicConv2d
        self.branch1 = conv(in_channels, ch1x1, kernel_size=1)
        self.branch2 = nn.Sequential(
            conv(in_channels, ch3x3red, kernel_size=1),
            conv(ch3x3red, ch3x3, kernel_size=3, padding=1),
        )
        # torch: the paper has 5x5 here, the trained weights 3x3.
        self.branch3 = nn.Sequential(
            conv(in_channels, ch5x5red, kernel_size=1),
            conv(ch5x5red, ch5x5, kernel_size=3, padding=1),
        )
        self.branch4 = nn.Sequential(
            nn.MaxPool2d(kernel_size=3, stride=1, padding=1, ceil_mode=True),
            conv(in_channels, pool_proj, kernel_size=1),
        )

    def forward(self, x: Tensor) -> Tensor:
        branches = (self.branch1, self.branch2, self.branch3, self.branch4)
        return cat([branch(x) for branch in branches], 1)


class InceptionAux(nn.Module):
    """A classifier inside the network, for training only.

    Args:
        in_channels: the channels before.
        num_classes: the number of categories.
        conv_block: makes the convolution; BasicConv2d when None.
        dropout: its probability before the last linear map.

    Source: torchvision.models.googlenet.InceptionAux.
    """

    def __init__(
        self,
        in_channels: int,
        num_classes: int,
        conv_block: _Block | None = None,
        dropout: float = 0.7,
    ) -> None:
        super().__init__()
        self.conv = (conv_block or BasicConv2d)(in_channels, 128, kernel_size=1)
        self.fc1 = nn.Linear(2048, 1024)
        self.fc2 = nn.Linear(1024, num_classes)
        self.dropout = nn.Dropout(p=dropout)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(nn.functional.adaptive_avg_pool2d(x, (4, 4)))  # (N, 128, 4, 4)
        x = nn.functional.relu(self.fc1(x.flatten(1)), inplace=True)
        return self.fc2(self.dropout(x))


#: The Inception modules: channels before and, as in ``Inception``, of the branches.
_MODULES = {
    "3a": (192, 64, 96, 128, 16, 32, 32),
    "3b": (256, 128, 128, 192, 32, 96, 64),
    "4a": (480, 192, 96, 208, 16, 48, 64),
    "4b": (512, 160, 112, 224, 24, 64, 64),
    "4c": (512, 128, 128, 256, 24, 64, 64),
    "4d": (512, 112, 144, 288, 32, 64, 64),
    "4e": (528, 256, 160, 320, 32, 128, 128),
    "5a": (832, 256, 160, 320, 32, 128, 128),
    "5b": (832, 384, 192, 384, 48, 128, 128),
}


class GoogLeNet(nn.Module):
    """Nine Inception modules, with two classifiers between them in training.

    Args:
        num_classes: the number of categories.
        aux_logits: have the two classifiers.
        transform_input: the input is normalized as for torchvision's other models, the weights
            want it otherwise.
        init_weights: draw weights from a cut normal distribution; also when None, with a warning.
        blocks: makes a convolution, an Inception module, a classifier.
        dropout, dropout_aux: the probabilities in the network and in the classifiers.

    Shape: (N, 3, H, W) -> (N, num_classes), with H, W >= 15.  In training, with classifiers,
    :class:`GoogLeNetOutputs` of three such.  Source: torchvision.models.GoogLeNet.
    """

    def __init__(
        self,
        num_classes: int = 1000,
        aux_logits: bool = True,
        transform_input: bool = False,
        init_weights: bool | None = None,
        blocks: list[_Block] | None = None,
        dropout: float = 0.2,
        dropout_aux: float = 0.7,
    ) -> None:
        super().__init__()
        blocks = blocks or [BasicConv2d, Inception, InceptionAux]
        if len(blocks) != 3:
            raise ValueError(f"blocks length should be 3 instead of {len(blocks)}")
        if init_weights is None:
            warn_of_init("GoogleNet")
        conv, module, classifier = blocks

        self.aux_logits = aux_logits
        self.transform_input = transform_input
        self.conv1 = conv(3, 64, kernel_size=7, stride=2, padding=3)
        self.maxpool1 = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        self.conv2 = conv(64, 64, kernel_size=1)
        self.conv3 = conv(64, 192, kernel_size=3, padding=1)
        for name, channels in _MODULES.items():
            if name[1] == "a":
                kernel = 2 if name == "5a" else 3
                pool = nn.MaxPool2d(kernel, stride=2, ceil_mode=True)
                setattr(self, f"maxpool{int(name[0]) - 1}", pool)
            setattr(self, f"inception{name}", module(*channels))
        self.aux1 = classifier(512, num_classes, dropout=dropout_aux) if aux_logits else None
        self.aux2 = classifier(528, num_classes, dropout=dropout_aux) if aux_logits else None
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.dropout = nn.Dropout(p=dropout)
        self.fc = nn.Linear(1024, num_classes)
        if init_weights is None or init_weights:
            for part in self.modules():
                if isinstance(part, (nn.Conv2d, nn.Linear)):
                    nn.init.trunc_normal_(part.weight, mean=0.0, std=0.01, a=-2, b=2)

    def forward(self, x: Tensor) -> Tensor | GoogLeNetOutputs:
        if self.transform_input:
            x = as_inception_normalizes(x)
        x = self.conv3(self.conv2(self.maxpool1(self.conv1(x))))  # (N, 192, H / 4, W / 4)
        aux1 = aux2 = None
        for name in _MODULES:
            if name[1] == "a":
                x = getattr(self, f"maxpool{int(name[0]) - 1}")(x)
            x = getattr(self, f"inception{name}")(x)
            if name == "4a" and self.training and self.aux1 is not None:
                aux1 = self.aux1(x)
            if name == "4d" and self.training and self.aux2 is not None:
                aux2 = self.aux2(x)
        x = self.fc(self.dropout(self.avgpool(x).flatten(1)))
        return GoogLeNetOutputs(x, aux2, aux1) if self.training and self.aux_logits else x


def warn_of_init(name: str) -> None:
    """torchvision's warning that the default of ``init_weights`` is going to change."""
    warnings.warn(
        f"The default weight initialization of {name} will be changed in future releases of "
        "torchvision. If you wish to keep the old behavior (which leads to long initialization "
        "times due to scipy/scipy#11299), please set init_weights=True.",
        FutureWarning,
        stacklevel=3,
    )


def as_inception_normalizes(x: Tensor) -> Tensor:
    """A picture normalized for ImageNet as one normalized by mean 0.5 and deviation 0.5."""
    channels = []
    for i, (mean, std) in enumerate(((0.485, 0.229), (0.456, 0.224), (0.406, 0.225))):
        channels.append(x[:, i].unsqueeze(1) * (std / 0.5) + (mean - 0.5) / 0.5)
    return cat(channels, 1)


class GoogLeNet_Weights(WeightsEnum):
    """Weights of :func:`googlenet`."""

    IMAGENET1K_V1 = imagenet(
        "googlenet-1378be20.pth", 6_624_904, (69.778, 89.53), (1.498, 49.731), min_size=15
    )
    DEFAULT = IMAGENET1K_V1


@builder(GoogLeNet_Weights)
def googlenet(*, weights: WeightsEnum | None, progress: bool, **kwargs: Any) -> GoogLeNet:
    """GoogLeNet; with weights its classifiers are left out unless ``aux_logits=True``.

    Source: torchvision.models.googlenet.
    """
    if weights is None:
        return GoogLeNet(**kwargs)
    wanted = kwargs.get("aux_logits", False)
    kwargs.setdefault("transform_input", True)
    kwargs["aux_logits"] = True
    force(kwargs, "init_weights", False)
    model = GoogLeNet(**kwargs)
    load(model, weights, progress)
    if wanted:
        warnings.warn(
            "auxiliary heads in the pretrained googlenet model are NOT pretrained, so make sure "
            "to train them",
            stacklevel=3,
        )
    else:
        model.aux_logits = False
        model.aux1 = model.aux2 = None
    return model
