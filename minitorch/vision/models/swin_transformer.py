"""Swin Transformer and its second version.  Source: torchvision.models.swin_transformer.

"Swin Transformer: hierarchical vision transformer using shifted windows", "Swin Transformer V2:
scaling up capacity and resolution".
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable
from typing import Any

from minitorch import nn
from minitorch.autograd.mode import no_grad
from minitorch.nn import functional as F
from minitorch.ops.creation import arange, ones, zeros
from minitorch.ops.joining import cat, stack
from minitorch.ops.rearranging import roll
from minitorch.tensor import Tensor
from minitorch.vision.models._api import WeightsEnum, builder, imagenet
from minitorch.vision.ops.misc import MLP, Permute
from minitorch.vision.ops.stochastic_depth import StochasticDepth

__all__ = [
    "PatchMerging",
    "PatchMergingV2",
    "ShiftedWindowAttention",
    "ShiftedWindowAttentionV2",
    "SwinTransformer",
    "SwinTransformerBlock",
    "SwinTransformerBlockV2",
    "Swin_B_Weights",
    "Swin_S_Weights",
    "Swin_T_Weights",
    "Swin_V2_B_Weights",
    "Swin_V2_S_Weights",
    "Swin_V2_T_Weights",
    "shifted_window_attention",
    "swin_b",
    "swin_s",
    "swin_t",
    "swin_v2_b",
    "swin_v2_s",
    "swin_v2_t",
]

_Layer = Callable[..., nn.Module]


class PatchMerging(nn.Module):
    """Four neighbours as one vector: joined, normalized, mapped.

    Args:
        dim: the length C.
        norm_layer: makes the normalization.

    Shape: (*, H, W, C) -> (*, H / 2, W / 2, 2 C).
    Source: torchvision.models.swin_transformer.PatchMerging.
    """

    def __init__(self, dim: int, norm_layer: _Layer = nn.LayerNorm) -> None:
        super().__init__()
        self.dim = dim
        self.reduction = nn.Linear(4 * dim, 2 * dim, bias=False)
        self.norm = norm_layer(4 * dim)

    def forward(self, x: Tensor) -> Tensor:
        return self.reduction(self.norm(_neighbours(x)))


class PatchMergingV2(nn.Module):
    """As :class:`PatchMerging`, but mapped before it is normalized.

    Args:
        dim: the length C.
        norm_layer: makes the normalization.

    Source: torchvision.models.swin_transformer.PatchMergingV2.
    """

    def __init__(self, dim: int, norm_layer: _Layer = nn.LayerNorm) -> None:
        super().__init__()
        self.dim = dim
        self.reduction = nn.Linear(4 * dim, 2 * dim, bias=False)
        self.norm = norm_layer(2 * dim)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(self.reduction(_neighbours(x)))


def _neighbours(x: Tensor) -> Tensor:
    """(*, H, W, C) -> (*, H / 2, W / 2, 4 C), with zeros beyond an odd edge."""
    height, width = x.shape[-3:-1]
    x = F.pad(x, (0, 0, 0, width % 2, 0, height % 2))
    corners = [x[..., i::2, j::2, :] for j in (0, 1) for i in (0, 1)]
    return cat(corners, -1)


def _windows(x: Tensor, window: list[int]) -> Tensor:
    """Cut into windows: (B, H, W, C) -> (B * windows, positions, C)."""
    batch, height, width, channels = x.shape
    x = x.view(batch, height // window[0], window[0], width // window[1], window[1], channels)
    return x.permute(0, 1, 3, 2, 4, 5).reshape(-1, window[0] * window[1], channels)


def _joined(x: Tensor, window: list[int], height: int, width: int) -> Tensor:
    """The reverse of :func:`_windows`."""
    rows, columns = height // window[0], width // window[1]
    x = x.view(-1, rows, columns, window[0], window[1], x.shape[-1])
    return x.permute(0, 1, 3, 2, 4, 5).reshape(-1, height, width, x.shape[-1])


def _strangers(x: Tensor, window: list[int], shift: list[int]) -> Tensor:
    """-100 where two positions of a window were no neighbours before the shift, else 0.

    Shape: (windows, positions, positions).
    """
    height, width = x.shape[1:3]
    regions = x.new_zeros((1, height, width, 1))
    bands = [
        (slice(0, -w), slice(-w, -s), slice(-s, None)) for w, s in zip(window, shift, strict=True)
    ]
    for region, (rows, columns) in enumerate(itertools.product(*bands)):
        regions[:, rows, columns] = region
    of = _windows(regions, window).squeeze(-1)  # (windows, positions)
    difference = of.unsqueeze(1) - of.unsqueeze(2)
    return difference.masked_fill(difference != 0, -100.0)


def shifted_window_attention(
    input: Tensor,
    qkv_weight: Tensor,
    proj_weight: Tensor,
    relative_position_bias: Tensor,
    window_size: list[int],
    num_heads: int,
    shift_size: list[int],
    attention_dropout: float = 0.0,
    dropout: float = 0.0,
    qkv_bias: Tensor | None = None,
    proj_bias: Tensor | None = None,
    logit_scale: Tensor | None = None,
    training: bool = True,
) -> Tensor:
    """Attention inside windows, of a picture that is shifted before.

    Args:
        input: (B, H, W, C).
        qkv_weight, qkv_bias: make queries, keys and values at once: (3 C, C), (3 C).
        proj_weight, proj_bias: the last linear map: (C, C), (C).
        relative_position_bias: is added before the softmax: (1, heads, positions, positions).
        window_size: height and width of a window.
        num_heads: the number of heads; divides C.
        shift_size: how far the picture is shifted; not where one window holds all of it.
        attention_dropout, dropout: probabilities, of the attention and of the result.
        logit_scale: logarithm of the factors of cosine attention, (heads, 1, 1); scaled products
            when None.
        training: whether dropout happens.

    Shape: (B, H, W, C) -> (B, H, W, C).
    Source: torchvision.models.swin_transformer.shifted_window_attention.
    """
    height, width, channels = input.shape[1:]
    missing = [-n % w for n, w in zip((height, width), window_size, strict=True)]
    x = F.pad(input, (0, 0, 0, missing[1], 0, missing[0]))
    padded = x.shape[1:3]
    shift = [0 if w >= n else s for w, n, s in zip(window_size, padded, shift_size, strict=True)]
    if any(shift):
        x = roll(x, (-shift[0], -shift[1]), (1, 2))
    windows = _windows(x, window_size)  # (B * windows, positions, C)
    count, positions = windows.shape[:2]
    if logit_scale is not None and qkv_bias is not None:
        # The keys of cosine attention have no bias.
        qkv_bias = qkv_bias.clone()
        qkv_bias[channels : 2 * channels].zero_()
    qkv = F.linear(windows, qkv_weight, qkv_bias)
    qkv = qkv.reshape(count, positions, 3, num_heads, channels // num_heads)
    q, k, v = qkv.permute(2, 0, 3, 1, 4)  # each (B * windows, heads, positions, C / heads)
    if logit_scale is not None:
        scores = F.normalize(q, dim=-1) @ F.normalize(k, dim=-1).transpose(-2, -1)
        scores = scores * logit_scale.clamp(max=math.log(100.0)).exp()
    else:
        scores = q * (channels // num_heads) ** -0.5 @ k.transpose(-2, -1)
    scores = scores + relative_position_bias
    if any(shift):
        apart = _strangers(x, window_size, shift)
        scores = scores.view(-1, len(apart), num_heads, positions, positions)
        scores = (scores + apart.unsqueeze(1)).view(-1, num_heads, positions, positions)
    weights = F.dropout(F.softmax(scores, dim=-1), p=attention_dropout, training=training)
    result = (weights @ v).transpose(1, 2).reshape(count, positions, channels)
    result = F.dropout(F.linear(result, proj_weight, proj_bias), p=dropout, training=training)
    result = _joined(result, window_size, *padded)
    if any(shift):
        result = roll(result, (shift[0], shift[1]), (1, 2))
    return result[:, :height, :width].contiguous()


class ShiftedWindowAttention(nn.Module):
    """:func:`shifted_window_attention` as a module, with a learned bias for every distance.

    Args:
        dim: the length C.
        window_size, shift_size: height and width.
        num_heads: the number of heads.
        qkv_bias, proj_bias: whether the linear maps have one.
        attention_dropout, dropout: probabilities.

    Shape: (B, H, W, C) -> (B, H, W, C).
    Source: torchvision.models.swin_transformer.ShiftedWindowAttention.
    """

    relative_position_index: Tensor

    def __init__(
        self,
        dim: int,
        window_size: list[int],
        shift_size: list[int],
        num_heads: int,
        qkv_bias: bool = True,
        proj_bias: bool = True,
        attention_dropout: float = 0.0,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        if len(window_size) != 2 or len(shift_size) != 2:
            raise ValueError("window_size and shift_size must be of length 2")
        self.window_size = window_size
        self.shift_size = shift_size
        self.num_heads = num_heads
        self.attention_dropout = attention_dropout
        self.dropout = dropout
        self.qkv = nn.Linear(dim, dim * 3, bias=qkv_bias)
        self.proj = nn.Linear(dim, dim, bias=proj_bias)
        self.define_relative_position_bias_table()
        self.define_relative_position_index()

    def define_relative_position_bias_table(self) -> None:
        """A row of numbers, one per head, for every distance in a window."""
        height, width = self.window_size
        table = zeros((2 * height - 1) * (2 * width - 1), self.num_heads)
        self.relative_position_bias_table = nn.Parameter(table)
        nn.init.trunc_normal_(self.relative_position_bias_table, std=0.02)

    def define_relative_position_index(self) -> None:
        """For each pair of positions the row that belongs to their distance."""
        height, width = self.window_size
        y = arange(height).repeat_interleave(width)
        x = arange(width).repeat(height)
        dy = y[:, None] - y[None, :] + height - 1
        dx = x[:, None] - x[None, :] + width - 1
        self.register_buffer("relative_position_index", (dy * (2 * width - 1) + dx).flatten())

    def _biases_from(self, table: Tensor) -> Tensor:
        """(rows, heads) -> (1, heads, positions, positions)."""
        positions = self.window_size[0] * self.window_size[1]
        biases = table[self.relative_position_index].view(positions, positions, -1)
        return biases.permute(2, 0, 1).contiguous().unsqueeze(0)

    def get_relative_position_bias(self) -> Tensor:
        """What is added to the scores: (1, heads, positions, positions)."""
        return self._biases_from(self.relative_position_bias_table)

    def _attend(self, x: Tensor, logit_scale: Tensor | None) -> Tensor:
        return shifted_window_attention(
            x,
            self.qkv.weight,
            self.proj.weight,
            self.get_relative_position_bias(),
            self.window_size,
            self.num_heads,
            self.shift_size,
            self.attention_dropout,
            self.dropout,
            self.qkv.bias,
            self.proj.bias,
            logit_scale,
            self.training,
        )

    def forward(self, x: Tensor) -> Tensor:
        return self._attend(x, None)


class ShiftedWindowAttentionV2(ShiftedWindowAttention):
    """Cosine attention, whose biases a small network makes from the distances.

    Arguments and shape as for :class:`ShiftedWindowAttention`.
    Source: torchvision.models.swin_transformer.ShiftedWindowAttentionV2.
    """

    relative_coords_table: Tensor

    def __init__(
        self,
        dim: int,
        window_size: list[int],
        shift_size: list[int],
        num_heads: int,
        qkv_bias: bool = True,
        proj_bias: bool = True,
        attention_dropout: float = 0.0,
        dropout: float = 0.0,
    ) -> None:
        super().__init__(
            dim,
            window_size,
            shift_size,
            num_heads,
            qkv_bias,
            proj_bias,
            attention_dropout,
            dropout,
        )
        self.logit_scale = nn.Parameter((10 * ones(num_heads, 1, 1)).log())
        self.cpb_mlp = nn.Sequential(
            nn.Linear(2, 512, bias=True),
            nn.ReLU(inplace=True),
            nn.Linear(512, num_heads, bias=False),
        )
        if qkv_bias:
            with no_grad():
                self.qkv.bias[dim : 2 * dim].zero_()

    def define_relative_position_bias_table(self) -> None:
        """The distances themselves, on a logarithmic scale: (1, 2 H - 1, 2 W - 1, 2)."""
        height, width = self.window_size
        y = arange(1.0 - height, height)[:, None].expand(-1, 2 * width - 1) / (height - 1)
        x = arange(1.0 - width, width)[None, :].expand(2 * height - 1, -1) / (width - 1)
        distances = stack([y, x], dim=-1).unsqueeze(0) * 8
        scaled = distances.sign() * (distances.abs() + 1.0).log2() / 3.0
        self.register_buffer("relative_coords_table", scaled)

    def get_relative_position_bias(self) -> Tensor:
        """What is added to the scores: (1, heads, positions, positions)."""
        table = self.cpb_mlp(self.relative_coords_table).view(-1, self.num_heads)
        return 16 * self._biases_from(table).sigmoid()

    def forward(self, x: Tensor) -> Tensor:
        return self._attend(x, self.logit_scale)


class SwinTransformerBlock(nn.Module):
    """Attention in windows, then two linear maps, each behind a normalization; both residual.

    Args:
        dim: the length C.
        num_heads, window_size, shift_size, dropout, attention_dropout: of the attention.
        mlp_ratio: the length inside the linear maps, as a multiple of ``dim``.
        stochastic_depth_prob: how often either is left out in training.
        norm_layer, attn_layer: make the parts.

    Shape: (B, H, W, C) -> (B, H, W, C).
    Source: torchvision.models.swin_transformer.SwinTransformerBlock.
    """

    def __init__(
        self,
        dim: int,
        num_heads: int,
        window_size: list[int],
        shift_size: list[int],
        mlp_ratio: float = 4.0,
        dropout: float = 0.0,
        attention_dropout: float = 0.0,
        stochastic_depth_prob: float = 0.0,
        norm_layer: _Layer = nn.LayerNorm,
        attn_layer: _Layer = ShiftedWindowAttention,
    ) -> None:
        super().__init__()
        self.norm1 = norm_layer(dim)
        self.attn = attn_layer(
            dim,
            window_size,
            shift_size,
            num_heads,
            attention_dropout=attention_dropout,
            dropout=dropout,
        )
        self.stochastic_depth = StochasticDepth(stochastic_depth_prob, "row")
        self.norm2 = norm_layer(dim)
        inside = int(dim * mlp_ratio)
        self.mlp = MLP(dim, [inside, dim], activation_layer=nn.GELU, dropout=dropout)
        for module in self.mlp.modules():
            if isinstance(module, nn.Linear):
                nn.init.xavier_uniform_(module.weight)
                nn.init.normal_(module.bias, std=1e-6)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.stochastic_depth(self.attn(self.norm1(x)))
        return x + self.stochastic_depth(self.mlp(self.norm2(x)))


class SwinTransformerBlockV2(SwinTransformerBlock):
    """As :class:`SwinTransformerBlock`, normalized after attention and maps instead of before.

    Source: torchvision.models.swin_transformer.SwinTransformerBlockV2.
    """

    def __init__(
        self,
        dim: int,
        num_heads: int,
        window_size: list[int],
        shift_size: list[int],
        mlp_ratio: float = 4.0,
        dropout: float = 0.0,
        attention_dropout: float = 0.0,
        stochastic_depth_prob: float = 0.0,
        norm_layer: _Layer = nn.LayerNorm,
        attn_layer: _Layer = ShiftedWindowAttentionV2,
    ) -> None:
        super().__init__(
            dim,
            num_heads,
            window_size,
            shift_size,
            mlp_ratio,
            dropout,
            attention_dropout,
            stochastic_depth_prob,
            norm_layer,
            attn_layer,
        )

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.stochastic_depth(self.norm1(self.attn(x)))
        return x + self.stochastic_depth(self.norm2(self.mlp(x)))


class SwinTransformer(nn.Module):
    """Patches, then stages of blocks with mergings between them, the mean, a linear map.

    Args:
        patch_size: height and width of a patch.
        embed_dim: the length of its vector; it doubles from stage to stage.
        depths, num_heads: the blocks of each stage and their heads.
        window_size: height and width of a window; every other block shifts by half of it.
        mlp_ratio, dropout, attention_dropout: of a block.
        stochastic_depth_prob: how often the last block is left out; earlier ones less often.
        num_classes: the number of categories.
        norm_layer, block, downsample_layer: make the parts; LayerNorm, SwinTransformerBlock,
            PatchMerging by default.

    Shape: (N, 3, H, W) -> (N, num_classes).  Source: torchvision.models.SwinTransformer.
    """

    def __init__(
        self,
        patch_size: list[int],
        embed_dim: int,
        depths: list[int],
        num_heads: list[int],
        window_size: list[int],
        mlp_ratio: float = 4.0,
        dropout: float = 0.0,
        attention_dropout: float = 0.0,
        stochastic_depth_prob: float = 0.1,
        num_classes: int = 1000,
        norm_layer: _Layer | None = None,
        block: _Layer | None = None,
        downsample_layer: _Layer = PatchMerging,
    ) -> None:
        super().__init__()
        self.num_classes = num_classes
        block = block or SwinTransformerBlock
        norm_layer = norm_layer or functools.partial(nn.LayerNorm, eps=1e-5)
        size = (patch_size[0], patch_size[1])
        layers: list[nn.Module] = [
            nn.Sequential(
                nn.Conv2d(3, embed_dim, kernel_size=size, stride=size),
                Permute([0, 2, 3, 1]),
                norm_layer(embed_dim),
            )
        ]
        dim, made = embed_dim, 0
        for stage, (depth, heads) in enumerate(zip(depths, num_heads, strict=True)):
            if stage:
                layers.append(downsample_layer(dim, norm_layer))
                dim *= 2
            blocks = []
            for i in range(depth):
                blocks.append(
                    block(
                        dim,
                        heads,
                        window_size=window_size,
                        shift_size=[w // 2 if i % 2 else 0 for w in window_size],
                        mlp_ratio=mlp_ratio,
                        dropout=dropout,
                        attention_dropout=attention_dropout,
                        stochastic_depth_prob=stochastic_depth_prob * made / (sum(depths) - 1),
                        norm_layer=norm_layer,
                    )
                )
                made += 1
            layers.append(nn.Sequential(*blocks))
        self.features = nn.Sequential(*layers)
        self.norm = norm_layer(dim)
        self.permute = Permute([0, 3, 1, 2])
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.flatten = nn.Flatten(1)
        self.head = nn.Linear(dim, num_classes)
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.02)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def forward(self, x: Tensor) -> Tensor:
        x = self.permute(self.norm(self.features(x)))  # (N, C, H', W')
        return self.head(self.flatten(self.avgpool(x)))


#: For each size the first length, the blocks of the stages, the heads of the first stage.
_SIZES = {"t": (96, [2, 2, 6, 2], 3), "s": (96, [2, 2, 18, 2], 3), "b": (128, [2, 2, 18, 2], 4)}
#: How often blocks are left out.
_DEPTHS = {"t": 0.2, "s": 0.3, "b": 0.5}


def _swin(size: str, window: int, **kwargs: Any) -> SwinTransformer:
    width, depths, heads = _SIZES[size]
    return SwinTransformer(
        patch_size=[4, 4],
        embed_dim=width,
        depths=depths,
        num_heads=[heads, 2 * heads, 4 * heads, 8 * heads],
        window_size=[window, window],
        stochastic_depth_prob=_DEPTHS[size],
        **kwargs,
    )


def _swin_v2(size: str, **kwargs: Any) -> SwinTransformer:
    parts = {"block": SwinTransformerBlockV2, "downsample_layer": PatchMergingV2}
    return _swin(size, 8, **parts, **kwargs)


class Swin_T_Weights(WeightsEnum):
    """Weights of :func:`swin_t`."""

    IMAGENET1K_V1 = imagenet(
        "swin_t-704ceda3.pth",
        28_288_354,
        (81.474, 95.776),
        (4.491, 108.19),
        min_size=224,
        resize_size=232,
        bicubic=True,
    )
    DEFAULT = IMAGENET1K_V1


class Swin_S_Weights(WeightsEnum):
    """Weights of :func:`swin_s`."""

    IMAGENET1K_V1 = imagenet(
        "swin_s-5e29d889.pth",
        49_606_258,
        (83.196, 96.36),
        (8.741, 189.786),
        min_size=224,
        resize_size=246,
        bicubic=True,
    )
    DEFAULT = IMAGENET1K_V1


class Swin_B_Weights(WeightsEnum):
    """Weights of :func:`swin_b`."""

    IMAGENET1K_V1 = imagenet(
        "swin_b-68c6b09e.pth",
        87_768_224,
        (83.582, 96.64),
        (15.431, 335.364),
        min_size=224,
        resize_size=238,
        bicubic=True,
    )
    DEFAULT = IMAGENET1K_V1


class Swin_V2_T_Weights(WeightsEnum):
    """Weights of :func:`swin_v2_t`."""

    IMAGENET1K_V1 = imagenet(
        "swin_v2_t-b137f0e2.pth",
        28_351_570,
        (82.072, 96.132),
        (5.94, 108.626),
        min_size=256,
        resize_size=260,
        crop_size=256,
        bicubic=True,
    )
    DEFAULT = IMAGENET1K_V1


class Swin_V2_S_Weights(WeightsEnum):
    """Weights of :func:`swin_v2_s`."""

    IMAGENET1K_V1 = imagenet(
        "swin_v2_s-637d8ceb.pth",
        49_737_442,
        (83.712, 96.816),
        (11.546, 190.675),
        min_size=256,
        resize_size=260,
        crop_size=256,
        bicubic=True,
    )
    DEFAULT = IMAGENET1K_V1


class Swin_V2_B_Weights(WeightsEnum):
    """Weights of :func:`swin_v2_b`."""

    IMAGENET1K_V1 = imagenet(
        "swin_v2_b-781e5279.pth",
        87_930_848,
        (84.112, 96.864),
        (20.325, 336.372),
        min_size=256,
        resize_size=272,
        crop_size=256,
        bicubic=True,
    )
    DEFAULT = IMAGENET1K_V1


@builder(Swin_T_Weights)
def swin_t(**kwargs: Any) -> SwinTransformer:
    """The tiny Swin Transformer.  Source: torchvision.models.swin_t."""
    return _swin("t", 7, **kwargs)


@builder(Swin_S_Weights)
def swin_s(**kwargs: Any) -> SwinTransformer:
    """The small Swin Transformer.  Source: torchvision.models.swin_s."""
    return _swin("s", 7, **kwargs)


@builder(Swin_B_Weights)
def swin_b(**kwargs: Any) -> SwinTransformer:
    """The base Swin Transformer.  Source: torchvision.models.swin_b."""
    return _swin("b", 7, **kwargs)


@builder(Swin_V2_T_Weights)
def swin_v2_t(**kwargs: Any) -> SwinTransformer:
    """The tiny Swin Transformer V2.  Source: torchvision.models.swin_v2_t."""
    return _swin_v2("t", **kwargs)


@builder(Swin_V2_S_Weights)
def swin_v2_s(**kwargs: Any) -> SwinTransformer:
    """The small Swin Transformer V2.  Source: torchvision.models.swin_v2_s."""
    return _swin_v2("s", **kwargs)


@builder(Swin_V2_B_Weights)
def swin_v2_b(**kwargs: Any) -> SwinTransformer:
    """The base Swin Transformer V2.  Source: torchvision.models.swin_v2_b."""
    return _swin_v2("b", **kwargs)
