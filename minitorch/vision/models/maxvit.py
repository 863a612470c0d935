"""MaxViT: "Multi-axis vision transformer".  Source: torchvision.models.maxvit."""

from __future__ import annotations

import functools
import math
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np

from minitorch import nn
from minitorch.ops.creation import arange, empty
from minitorch.tensor import Tensor
from minitorch.vision.models._api import WeightsEnum, builder, imagenet
from minitorch.vision.ops.misc import Conv2dNormActivation, SqueezeExcitation
from minitorch.vision.ops.stochastic_depth import StochasticDepth

__all__ = [
    "MBConv",
    "MaxVit",
    "MaxVitBlock",
    "MaxVitLayer",
    "MaxVit_T_Weights",
    "PartitionAttentionLayer",
    "RelativePositionalMultiHeadAttention",
    "SwapAxes",
    "WindowDepartition",
    "WindowPartition",
    "maxvit_t",
]

_Layer = Callable[..., nn.Module]


def _halved(size: tuple[int, int]) -> tuple[int, int]:
    """The size after a convolution 3x3 of stride 2."""
    return (size[0] - 1) // 2 + 1, (size[1] - 1) // 2 + 1


class MBConv(nn.Module):
    """More channels by 1x1, a convolution in each, weighing them, fewer by 1x1; a residual.

    Args:
        in_channels, out_channels: the channels before and after.
        expansion_ratio, squeeze_ratio: the channels inside, and those that weigh them, as multiples
            of ``out_channels``.
        stride: 1 or 2.
        activation_layer, norm_layer: make the parts.
        p_stochastic_dropout: how often it is left out in training.

    Source: torchvision.models.maxvit.MBConv.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        expansion_ratio: float,
        squeeze_ratio: float,
        stride: int,
        activation_layer: _Layer,
        norm_layer: _Layer,
        p_stochastic_dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.proj: nn.Module = nn.Identity()
        if stride != 1 or in_channels != out_channels:
            pool = [nn.AvgPool2d(kernel_size=3, stride=2, padding=1)] if stride == 2 else []
            self.proj = nn.Sequential(*pool, nn.Conv2d(in_channels, out_channels, 1, bias=True))
        inside = int(out_channels * expansion_ratio)
        shared: dict[str, Any] = {
            "activation_layer": activation_layer,
            "norm_layer": norm_layer,
            "inplace": None,
        }
        self.stochastic_depth: nn.Module = nn.Identity()
        if p_stochastic_dropout:
            self.stochastic_depth = StochasticDepth(p_stochastic_dropout, mode="row")
        self.layers = nn.Sequential(
            OrderedDict(
                pre_norm=norm_layer(in_channels),
                conv_a=Conv2dNormActivation(in_channels, inside, kernel_size=1, **shared),
                conv_b=Conv2dNormActivation(inside, inside, 3, stride, groups=inside, **shared),
                squeeze_excitation=SqueezeExcitation(
                    inside, int(out_channels * squeeze_ratio), activation=nn.SiLU
                ),
                conv_c=nn.Conv2d(inside, out_channels, kernel_size=1, bias=True),
            )
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.proj(x) + self.stochastic_depth(self.layers(x))


class RelativePositionalMultiHeadAttention(nn.Module):
    """Attention in groups of positions that make a square, with a bias for every distance.

    Args:
        feat_dim: the length D of a vector.
        head_dim: that of a head; divides it.
        max_seq_len: the number P of positions in a group.

    Shape: (B, groups, P, D) -> (B, groups, P, D).
    Source: torchvision.models.maxvit.RelativePositionalMultiHeadAttention.
    """

    relative_position_index: Tensor

    def __init__(self, feat_dim: int, head_dim: int, max_seq_len: int) -> None:
        super().__init__()
        if feat_dim % head_dim:
            raise ValueError(f"feat_dim: {feat_dim} must be divisible by head_dim: {head_dim}")
        self.n_heads = feat_dim // head_dim
        self.head_dim = head_dim
        self.size = math.isqrt(max_seq_len)
        self.max_seq_len = max_seq_len
        self.to_qkv = nn.Linear(feat_dim, feat_dim * 3)
        # torch: of all features, not of those of a head.
        self.scale_factor = feat_dim**-0.5
        self.merge = nn.Linear(feat_dim, feat_dim)
        self.relative_position_bias_table = nn.Parameter(
            empty((2 * self.size - 1) ** 2, self.n_heads)
        )
        y = arange(self.size).repeat_interleave(self.size)
        x = arange(self.size).repeat(self.size)
        dy, dx = (v[:, None] - v[None, :] + self.size - 1 for v in (y, x))
        self.register_buffer("relative_position_index", dy * (2 * self.size - 1) + dx)
        nn.init.trunc_normal_(self.relative_position_bias_table, std=0.02)

    def get_relative_positional_bias(self) -> Tensor:
        """What is added to the scores: (1, heads, P, P)."""
        biases = self.relative_position_bias_table[self.relative_position_index]
        return biases.permute(2, 0, 1).contiguous().unsqueeze(0)

    def forward(self, x: Tensor) -> Tensor:
        shape = (*x.shape[:3], self.n_heads, self.head_dim)
        q, k, v = (part.reshape(shape).transpose(2, 3) for part in self.to_qkv(x).chunk(3, dim=-1))
        scores = q @ (k * self.scale_factor).transpose(-2, -1)  # (B, groups, heads, P, P)
        weights = nn.functional.softmax(scores + self.get_relative_positional_bias(), dim=-1)
        return self.merge((weights @ v).transpose(2, 3).reshape(x.shape))


class SwapAxes(nn.Module):
    """``swapaxes`` as a module.  Source: torchvision.models.maxvit.SwapAxes."""

    def __init__(self, a: int, b: int) -> None:
        super().__init__()
        self.a = a
        self.b = b

    def forward(self, x: Tensor) -> Tensor:
        return x.swapaxes(self.a, self.b)


class WindowPartition(nn.Module):
    """Cuts into windows of side p: (B, C, H, W) -> (B, windows, p * p, C).

    Source: torchvision.models.maxvit.WindowPartition.
    """

    def forward(self, x: Tensor, p: int) -> Tensor:
        batch, channels, height, width = x.shape
        x = x.reshape(batch, channels, height // p, p, width // p, p)
        return x.permute(0, 2, 4, 3, 5, 1).reshape(batch, -1, p * p, channels)


class WindowDepartition(nn.Module):
    """The reverse of :class:`WindowPartition`.

    Source: torchvision.models.maxvit.WindowDepartition.
    """

    def forward(self, x: Tensor, p: int, h_partitions: int, w_partitions: int) -> Tensor:
        batch, _, _, channels = x.shape
        x = x.reshape(batch, h_partitions, w_partitions, p, p, channels)
        x = x.permute(0, 5, 1, 3, 2, 4)
        return x.reshape(batch, channels, h_partitions * p, w_partitions * p)


class PartitionAttentionLayer(nn.Module):
    """Attention in windows, or in grids of positions far apart, then two linear maps; residual.

    Args:
        in_channels: the channels C.
        head_dim: the length of a head.
        partition_size: the side of a window, or of a grid.
        partition_type: "window" or "grid".
        grid_size: height and width of the picture.
        mlp_ratio: the length inside the linear maps, as a multiple of C.
        activation_layer, norm_layer: make the parts.
        attention_dropout, mlp_dropout, p_stochastic_dropout: probabilities.

    Shape: (B, C, H, W) -> (B, C, H, W).
    Source: torchvision.models.maxvit.PartitionAttentionLayer.
    """

    def __init__(
        self,
        in_channels: int,
        head_dim: int,
        partition_size: int,
        partition_type: str,
        grid_size: tuple[int, int],
        mlp_ratio: int,
        activation_layer: _Layer,
        norm_layer: _Layer,
        attention_dropout: float,
        mlp_dropout: float,
        p_stochastic_dropout: float,
    ) -> None:
        super().__init__()
        if partition_type not in ("grid", "window"):
            raise ValueError("partition_type must be either 'grid' or 'window'")
        grid = partition_type == "grid"
        self.n_heads = in_channels // head_dim
        self.head_dim = head_dim
        self.n_partitions = grid_size[0] // partition_size
        self.partition_type = partition_type
        self.grid_size = grid_size
        # A grid is made of the n-th positions of all windows.
        self.p, self.g = partition_size, self.n_partitions
        if grid:
            self.p, self.g = self.g, self.p
        self.partition_op = WindowPartition()
        self.departition_op = WindowDepartition()
        self.partition_swap = SwapAxes(-2, -3) if grid else nn.Identity()
        self.departition_swap = SwapAxes(-2, -3) if grid else nn.Identity()
        self.attn_layer = nn.Sequential(
            norm_layer(in_channels),
            RelativePositionalMultiHeadAttention(in_channels, head_dim, partition_size**2),
            nn.Dropout(attention_dropout),
        )
        self.mlp_layer = nn.Sequential(
            nn.LayerNorm(in_channels),
            nn.Linear(in_channels, in_channels * mlp_ratio),
            activation_layer(),
            nn.Linear(in_channels * mlp_ratio, in_channels),
            nn.Dropout(mlp_dropout),
        )
        self.stochastic_dropout = StochasticDepth(p_stochastic_dropout, mode="row")

    def forward(self, x: Tensor) -> Tensor:
        height, width = self.grid_size
        if height % self.p or width % self.p:
            raise AssertionError(
                "Grid size must be divisible by partition size. Got grid size of "
                f"{self.grid_size} and partition size of {self.p}"
            )
        x = self.partition_swap(self.partition_op(x, self.p))  # (B, groups, positions, C)
        x = x + self.stochastic_dropout(self.attn_layer(x))
        x = x + self.stochastic_dropout(self.mlp_layer(x))
        x = self.departition_swap(x)
        return self.departition_op(x, self.p, height // self.p, width // self.p)


class MaxVitLayer(nn.Module):
    """A convolution block, then attention in windows and in grids.

    Arguments as for :class:`MBConv` and :class:`PartitionAttentionLayer`.
    Source: torchvision.models.maxvit.MaxVitLayer.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        squeeze_ratio: float,
        expansion_ratio: float,
        stride: int,
        norm_layer: _Layer,
        activation_layer: _Layer,
        head_dim: int,
        mlp_ratio: int,
        mlp_dropout: float,
        attention_dropout: float,
        p_stochastic_dropout: float,
        partition_size: int,
        grid_size: tuple[int, int],
    ) -> None:
        super().__init__()

        def attention(kind):
            return PartitionAttentionLayer(
                out_channels,
                head_dim,
                partition_size,
                kind,
                grid_size,
                mlp_ratio,
                activation_layer,
                nn.LayerNorm,
                attention_dropout,
                mlp_dropout,
                p_stochastic_dropout,
            )

        convolution = MBConv(
            in_channels,
            out_channels,
            expansion_ratio,
            squeeze_ratio,
            stride,
            activation_layer,
            norm_layer,
            p_stochastic_dropout,
        )
        self.layers = nn.Sequential(
            OrderedDict(
                MBconv=convolution,
                window_attention=attention("window"),
                grid_attention=attention("grid"),
            )
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


class MaxVitBlock(nn.Module):
    """Layers of one width; the first halves the size.

    Args:
        in_channels, out_channels: the channels before and after.
        input_grid_size: height and width before.
        n_layers: the number of layers.
        p_stochastic: for each of them, how often it is left out in training.

    The other arguments are those of :class:`MaxVitLayer`.
    Source: torchvision.models.maxvit.MaxVitBlock.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        squeeze_ratio: float,
        expansion_ratio: float,
        norm_layer: _Layer,
        activation_layer: _Layer,
        head_dim: int,
        mlp_ratio: int,
        mlp_dropout: float,
        attention_dropout: float,
        partition_size: int,
        input_grid_size: tuple[int, int],
        n_layers: int,
        p_stochastic: list[float],
    ) -> None:
        super().__init__()
        if len(p_stochastic) != n_layers:
            raise ValueError(
                f"p_stochastic must have length n_layers={n_layers}, got "
                f"p_stochastic={p_stochastic}."
            )
        self.layers = nn.ModuleList()
        self.grid_size = _halved(input_grid_size)
        for i, probability in enumerate(p_stochastic):
            self.layers.append(
                MaxVitLayer(
                    out_channels if i else in_channels,
                    out_channels,
                    squeeze_ratio,
                    expansion_ratio,
                    1 if i else 2,
                    norm_layer,
                    activation_layer,
                    head_dim,
                    mlp_ratio,
                    mlp_dropout,
                    attention_dropout,
                    probability,
                    partition_size,
                    self.grid_size,
                )
            )

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x)
        return x


class MaxVit(nn.Module):
    """Two convolutions, blocks of convolutions and attention, the mean, two linear maps.

    Args:
        input_size: height and width of the pictures.
        stem_channels: the channels after the first convolutions.
        partition_size: the side of windows and grids; divides the size of every block.
        block_channels, block_layers: of each block.
        head_dim, squeeze_ratio, expansion_ratio, mlp_ratio, mlp_dropout, attention_dropout: of a
            layer.
        stochastic_depth_prob: how often the last layer is left out; earlier ones less often.
        norm_layer: makes normalizations; when None BatchNorm2d with eps 0.001, momentum 0.01.
        activation_layer: makes activations.
        num_classes: the number of categories.

    Shape: (N, 3, H, W) -> (N, num_classes).  Source: torchvision.models.MaxVit.
    """

    def __init__(
        self,
        input_size: tuple[int, int],
        stem_channels: int,
        partition_size: int,
        block_channels: list[int],
        block_layers: list[int],
        head_dim: int,
        stochastic_depth_prob: float,
        norm_layer: _Layer | None = None,
        activation_layer: _Layer = nn.GELU,
        squeeze_ratio: float = 0.25,
        expansion_ratio: float = 4,
        mlp_ratio: int = 4,
        mlp_dropout: float = 0.0,
        attention_dropout: float = 0.0,
        num_classes: int = 1000,
    ) -> None:
        super().__init__()
        norm_layer = norm_layer or functools.partial(nn.BatchNorm2d, eps=1e-3, momentum=0.01)
        sizes = [_halved(input_size)]
        for _ in block_channels:
            sizes.append(_halved(sizes[-1]))
        for i, size in enumerate(sizes[1:]):
            if size[0] % partition_size or size[1] % partition_size:
                raise ValueError(
                    f"Input size {size} of block {i} is not divisible by partition size "
                    f"{partition_size}. Consider changing the partition size or the input size.\n"
                    f"Current configuration yields the following block input sizes: {sizes[1:]}."
                )
        self.stem = nn.Sequential(
            Conv2dNormActivation(
                3,
                stem_channels,
                3,
                stride=2,
                norm_layer=norm_layer,
                activation_layer=activation_layer,
                bias=False,
                inplace=None,
            ),
            Conv2dNormActivation(
                stem_channels, stem_channels, 3, norm_layer=None, activation_layer=None, bias=True
            ),
        )
        self.partition_size = partition_size
        self.blocks = nn.ModuleList()
        depths = np.linspace(0, stochastic_depth_prob, sum(block_layers)).tolist()
        channels = stem_channels
        for width, count, size in zip(block_channels, block_layers, sizes, strict=False):
            self.blocks.append(
                MaxVitBlock(
                    channels,
                    width,
                    squeeze_ratio,
                    expansion_ratio,
                    norm_layer,
                    activation_layer,
                    head_dim,
                    mlp_ratio,
                    mlp_dropout,
                    attention_dropout,
                    partition_size,
                    size,
                    count,
                    depths[:count],
                )
            )
            channels, depths = width, depths[count:]
        self.classifier = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.LayerNorm(channels),
            nn.Linear(channels, channels),
            nn.Tanh(),
            nn.Linear(channels, num_classes, bias=False),
        )
        for module in self.modules():
            if isinstance(module, (nn.Conv2d, nn.Linear)):
                nn.init.normal_(module.weight, std=0.02)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        for block in self.blocks:
            x = block(x)
        return self.classifier(x)


class MaxVit_T_Weights(WeightsEnum):
    """Weights of :func:`maxvit_t`."""

    IMAGENET1K_V1 = imagenet(
        "maxvit_t-bc5ab103.pth",
        30_919_624,
        (83.7, 96.722),
        (5.558, 118.769),
        min_size=224,
        resize_size=224,
        bicubic=True,
    )
    DEFAULT = IMAGENET1K_V1


@builder(MaxVit_T_Weights, input_size=(224, 224))
def maxvit_t(input_size: tuple[int, int] = (224, 224), **kwargs: Any) -> MaxVit:
    """The tiny MaxViT.  Source: torchvision.models.maxvit_t."""
    return MaxVit(
        input_size,
        stem_channels=64,
        partition_size=7,
        block_channels=[64, 128, 256, 512],
        block_layers=[2, 2, 5, 2],
        head_dim=32,
        stochastic_depth_prob=0.2,
        **kwargs,
    )
