"""Inception V3: "Rethinking the Inception architecture for computer vision".

Source: torchvision.models.inception.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable
from typing import Any

from minitorch import nn
from minitorch.ops.joining import cat
from minitorch.tensor import Tensor
from minitorch.vision.models._api import WeightsEnum, builder, force, imagenet, load
from minitorch.vision.models.googlenet import BasicConv2d, as_inception_normalizes, warn_of_init

__all__ = [
    "BasicConv2d",
    "Inception3",
    "InceptionA",
    "InceptionAux",
    "InceptionB",
    "InceptionC",
    "InceptionD",
    "InceptionE",
    "InceptionOutputs",
    "Inception_V3_Weights",
    "inception_v3",
]

#: What an Inception V3 with an auxiliary classifier returns in training.
InceptionOutputs = namedtuple("InceptionOutputs", ["logits", "aux_logits"])

_Block = Callable[..., nn.Module]


class _Branches(nn.Module):
    """Convolutions side by side, joined.

    ``_add`` makes the convolutions ``name_1``, ``name_2``, ... of a branch, which ``_run`` applies
    one after the other.
    """

    def __init__(self, conv_block: _Block | None) -> None:
        super().__init__()
        self._conv = conv_block or BasicConv2d

    def _add(self, name: str, channels: int, *layers: tuple[int, Any, int, bool]) -> None:
        """A branch; a layer is its channels, kernel, stride, and whether it keeps the size."""
        for i, (width, kernel, stride, keeps) in enumerate(layers, 1):
            options: dict[str, Any] = {"kernel_size": kernel}
            if stride != 1:
                options["stride"] = stride
            if keeps and kernel != 1:
                pair = isinstance(kernel, tuple)
                options["padding"] = tuple(k // 2 for k in kernel) if pair else kernel // 2
            setattr(self, f"{name}_{i}", self._conv(channels, width, **options))
            channels = width

    def _run(self, name: str, count: int, x: Tensor) -> Tensor:
        for i in range(1, count + 1):
            x = getattr(self, f"{name}_{i}")(x)
        return x


def _averaged(x: Tensor) -> Tensor:
    return nn.functional.avg_pool2d(x, kernel_size=3, stride=1, padding=1)


def _thinned(x: Tensor) -> Tensor:
    return nn.functional.max_pool2d(x, kernel_size=3, stride=2)


class InceptionA(_Branches):
    """Branches 1x1, 5x5, twice 3x3, and a pooling.  (N, C, H, W) -> (N, 224 + pool_features, H, W).

    Args:
        in_channels: the channels before.
        pool_features: those of the pooling branch.
        conv_block: makes a convolution; BasicConv2d when None.

    Source: torchvision.models.inception.InceptionA.
    """

    def __init__(
        self, in_channels: int, pool_features: int, conv_block: _Block | None = None
    ) -> None:
        super().__init__(conv_block)
        self.branch1x1 = self._conv(in_channels, 64, kernel_size=1)
        self._add("branch5x5", in_channels, (48, 1, 1, True), (64, 5, 1, True))
        self._add("branch3x3dbl", in_channels, (64, 1, 1, True), (96, 3, 1, True), (96, 3, 1, True))
        self.branch_pool = self._conv(in_channels, pool_features, kernel_size=1)

    def forward(self, x: Tensor) -> Tensor:
        branches = [
            self.branch1x1(x),
            self._run("branch5x5", 2, x),
            self._run("branch3x3dbl", 3, x),
            self.branch_pool(_averaged(x)),
        ]
        return cat(branches, 1)


class InceptionB(_Branches):
    """Halves the size: branches 3x3, twice 3x3, and a pooling.

    (N, C, H, W) -> (N, C + 480, H / 2, W / 2).

    Args:
        in_channels: the channels before.
        conv_block: makes a convolution; BasicConv2d when None.

    Source: torchvision.models.inception.InceptionB.
    """

    def __init__(self, in_channels: int, conv_block: _Block | None = None) -> None:
        super().__init__(conv_block)
        self.branch3x3 = self._conv(in_channels, 384, kernel_size=3, stride=2)
        self._add(
            "branch3x3dbl", in_channels, (64, 1, 1, True), (96, 3, 1, True), (96, 3, 2, False)
        )

    def forward(self, x: Tensor) -> Tensor:
        return cat([self.branch3x3(x), self._run("branch3x3dbl", 3, x), _thinned(x)], 1)


class InceptionC(_Branches):
    """Branches 1x1, 7x7, twice 7x7, and a pooling; 7x7 is split in 1x7 and 7x1.

    (N, C, H, W) -> (N, 768, H, W).

    Args:
        in_channels: the channels before.
        channels_7x7: those inside.
        conv_block: makes a convolution; BasicConv2d when None.

    Source: torchvision.models.inception.InceptionC.
    """

    def __init__(
        self, in_channels: int, channels_7x7: int, conv_block: _Block | None = None
    ) -> None:
        super().__init__(conv_block)
        inside = channels_7x7
        row, column = (1, 7), (7, 1)
        self.branch1x1 = self._conv(in_channels, 192, kernel_size=1)
        self._add(
            "branch7x7",
            in_channels,
            (inside, 1, 1, True),
            (inside, row, 1, True),
            (192, column, 1, True),
        )
        self._add(
            "branch7x7dbl",
            in_channels,
            (inside, 1, 1, True),
            (inside, column, 1, True),
            (inside, row, 1, True),
            (inside, column, 1, True),
            (192, row, 1, True),
        )
        self.branch_pool = self._conv(in_channels, 192, kernel_size=1)

    def forward(self, x: Tensor) -> Tensor:
        branches = [
            self.branch1x1(x),
            self._run("branch7x7", 3, x),
            self._run("branch7x7dbl", 5, x),
            self.branch_pool(_averaged(x)),
        ]
        return cat(branches, 1)


class InceptionD(_Branches):
    """Halves the size: branches 3x3, 7x7 with 3x3, and a pooling.

    (N, C, H, W) -> (N, C + 512, H / 2, W / 2).

    Args:
        in_channels: the channels before.
        conv_block: makes a convolution; BasicConv2d when None.

    Source: torchvision.models.inception.InceptionD.
    """

    def __init__(self, in_channels: int, conv_block: _Block | None = None) -> None:
        super().__init__(conv_block)
        self._add("branch3x3", in_channels, (192, 1, 1, True), (320, 3, 2, False))
        self._add(
            "branch7x7x3",
            in_channels,
            (192, 1, 1, True),
            (192, (1, 7), 1, True),
            (192, (7, 1), 1, True),
            (192, 3, 2, False),
        )

    def forward(self, x: Tensor) -> Tensor:
        branches = [self._run("branch3x3", 2, x), self._run("branch7x7x3", 4, x), _thinned(x)]
        return cat(branches, 1)


class InceptionE(_Branches):
    """Branches 1x1, 3x3, twice 3x3, and a pooling; the last 3x3 is 1x3 and 3x1 side by side.

    (N, C, H, W) -> (N, 2048, H, W).

    Args:
        in_channels: the channels before.
        conv_block: makes a convolution; BasicConv2d when None.

    Source: torchvision.models.inception.InceptionE.
    """

    def __init__(self, in_channels: int, conv_block: _Block | None = None) -> None:
        super().__init__(conv_block)
        conv = self._conv
        self.branch1x1 = conv(in_channels, 320, kernel_size=1)
        self._add("branch3x3", in_channels, (384, 1, 1, True))
        self.branch3x3_2a = conv(384, 384, kernel_size=(1, 3), padding=(0, 1))
        self.branch3x3_2b = conv(384, 384, kernel_size=(3, 1), padding=(1, 0))
        self._add("branch3x3dbl", in_channels, (448, 1, 1, True), (384, 3, 1, True))
        self.branch3x3dbl_3a = conv(384, 384, kernel_size=(1, 3), padding=(0, 1))
        self.branch3x3dbl_3b = conv(384, 384, kernel_size=(3, 1), padding=(1, 0))
        self.branch_pool = conv(in_channels, 192, kernel_size=1)

    def forward(self, x: Tensor) -> Tensor:
        once = self._run("branch3x3", 1, x)
        twice = self._run("branch3x3dbl", 2, x)
        branches = [
            self.branch1x1(x),
            self.branch3x3_2a(once),
            self.branch3x3_2b(once),
            self.branch3x3dbl_3a(twice),
            self.branch3x3dbl_3b(twice),
            self.branch_pool(_averaged(x)),
        ]
        return cat(branches, 1)


class InceptionAux(nn.Module):
    """A classifier inside the network, for training only.

    Args:
        in_channels: the channels before.
        num_classes: the number of categories.
        conv_block: makes a convolution; BasicConv2d when None.

    Source: torchvision.models.inception.InceptionAux.
    """

    def __init__(
        self, in_channels: int, num_classes: int, conv_block: _Block | None = None
    ) -> None:
        super().__init__()
        conv = conv_block or BasicConv2d
        self.conv0 = conv(in_channels, 128, kernel_size=1)
        self.conv1 = conv(128, 768, kernel_size=5)
        self.conv1.stddev = 0.01
        self.fc = nn.Linear(768, num_classes)
        self.fc.stddev = 0.001

    def forward(self, x: Tensor) -> Tensor:
        x = nn.functional.avg_pool2d(x, kernel_size=5, stride=3)
        x = self.conv1(self.conv0(x))
        x = nn.functional.adaptive_avg_pool2d(x, (1, 1))
        return self.fc(x.flatten(1))


class Inception3(nn.Module):
    """Eleven Inception modules, with a classifier between them in training.

    Args:
        num_classes: the number of categories.
        aux_logits: have the classifier.
        transform_input: the input is normalized as for torchvision's other models, the weights
            want it otherwise.
        inception_blocks: makes a convolution, the modules A to E, the classifier.
        init_weights: draw weights from a cut normal distribution; also when None, with a warning.
        dropout: its probability before the linear map.

    Shape: (N, 3, H, W) -> (N, num_classes), with H, W >= 75.  In training, with the classifier,
    :class:`InceptionOutputs` of two such.  Source: torchvision.models.Inception3.
    """

    def __init__(
        self,
        num_classes: int = 1000,
        aux_logits: bool = True,
        transform_input: bool = False,
        inception_blocks: list[_Block] | None = None,
        init_weights: bool | None = None,
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        blocks = inception_blocks or [
            BasicConv2d,
            InceptionA,
            InceptionB,
            InceptionC,
            InceptionD,
            InceptionE,
            InceptionAux,
        ]
        if len(blocks) != 7:
            raise ValueError(f"length of inception_blocks should be 7 instead of {len(blocks)}")
        if init_weights is None:
            warn_of_init("inception_v3")
        conv, a, b, c, d, e, classifier = blocks

        self.aux_logits = aux_logits
        self.transform_input = transform_input
        self.Conv2d_1a_3x3 = conv(3, 32, kernel_size=3, stride=2)
        self.Conv2d_2a_3x3 = conv(32, 32, kernel_size=3)
        self.Conv2d_2b_3x3 = conv(32, 64, kernel_size=3, padding=1)
        self.maxpool1 = nn.MaxPool2d(kernel_size=3, stride=2)
        self.Conv2d_3b_1x1 = conv(64, 80, kernel_size=1)
        self.Conv2d_4a_3x3 = conv(80, 192, kernel_size=3)
        self.maxpool2 = nn.MaxPool2d(kernel_size=3, stride=2)
        self.Mixed_5b = a(192, pool_features=32)
        self.Mixed_5c = a(256, pool_features=64)
        self.Mixed_5d = a(288, pool_features=64)
        self.Mixed_6a = b(288)
        self.Mixed_6b = c(768, channels_7x7=128)
        self.Mixed_6c = c(768, channels_7x7=160)
        self.Mixed_6d = c(768, channels_7x7=160)
        self.Mixed_6e = c(768, channels_7x7=192)
        self.AuxLogits = classifier(768, num_classes) if aux_logits else None
        self.Mixed_7a = d(768)
        self.Mixed_7b = e(1280)
        self.Mixed_7c = e(2048)
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.dropout = nn.Dropout(p=dropout)
        self.fc = nn.Linear(2048, num_classes)
        if init_weights is None or init_weights:
            for module in self.modules():
                if isinstance(module, (nn.Conv2d, nn.Linear)):
                    std = float(getattr(module, "stddev", 0.1))
                    nn.init.trunc_normal_(module.weight, mean=0.0, std=std, a=-2, b=2)

    def forward(self, x: Tensor) -> Tensor | InceptionOutputs:
        if self.transform_input:
            x = as_inception_normalizes(x)  # (N, 3, 299, 299)
        x = self.Conv2d_2b_3x3(self.Conv2d_2a_3x3(self.Conv2d_1a_3x3(x)))  # (N, 64, 147, 147)
        x = self.Conv2d_4a_3x3(self.Conv2d_3b_1x1(self.maxpool1(x)))  # (N, 192, 71, 71)
        x = self.Mixed_5d(self.Mixed_5c(self.Mixed_5b(self.maxpool2(x))))  # (N, 288, 35, 35)
        x = self.Mixed_6c(self.Mixed_6b(self.Mixed_6a(x)))
        x = self.Mixed_6e(self.Mixed_6d(x))  # (N, 768, 17, 17)
        aux = None
        if self.training and self.AuxLogits is not None:
            aux = self.AuxLogits(x)
        x = self.Mixed_7c(self.Mixed_7b(self.Mixed_7a(x)))  # (N, 2048, 8, 8)
        x = self.fc(self.dropout(self.avgpool(x)).flatten(1))
        return InceptionOutputs(x, aux) if self.training and self.aux_logits else x


class Inception_V3_Weights(WeightsEnum):
    """Weights of :func:`inception_v3`."""

    IMAGENET1K_V1 = imagenet(
        "inception_v3_google-0cc3c7bd.pth",
        27_161_264,
        (77.294, 93.45),
        (5.713, 103.903),
        min_size=75,
        resize_size=342,
        crop_size=299,
    )
    DEFAULT = IMAGENET1K_V1


@builder(Inception_V3_Weights)
def inception_v3(*, weights: WeightsEnum | None, progress: bool, **kwargs: Any) -> Inception3:
    """Inception V3.  Source: torchvision.models.inception_v3."""
    if weights is None:
        return Inception3(**kwargs)
    wanted = kwargs.get("aux_logits", True)
    kwargs.setdefault("transform_input", True)
    kwargs["aux_logits"] = True
    force(kwargs, "init_weights", False)
    model = Inception3(**kwargs)
    load(model, weights, progress)
    if not wanted:
        model.aux_logits = False
        model.AuxLogits = None
    return model
