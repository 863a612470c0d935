"""Vision Transformer: "An image is worth 16x16 words".

Source: torchvision.models.vision_transformer.
"""

from __future__ import annotations

import functools
import math
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, NamedTuple

from minitorch import nn
from minitorch.ops.creation import empty, zeros
from minitorch.ops.joining import cat
from minitorch.tensor import Tensor
from minitorch.vision.models._api import WeightsEnum, builder, force, imagenet, load
from minitorch.vision.ops.misc import MLP, Conv2dNormActivation

__all__ = [
    "ConvStemConfig",
    "Encoder",
    "EncoderBlock",
    "MLPBlock",
    "ViT_B_16_Weights",
    "ViT_B_32_Weights",
    "ViT_H_14_Weights",
    "ViT_L_16_Weights",
    "ViT_L_32_Weights",
    "VisionTransformer",
    "interpolate_embeddings",
    "vit_b_16",
    "vit_b_32",
    "vit_h_14",
    "vit_l_16",
    "vit_l_32",
]

_Layer = Callable[..., nn.Module]
_layer_norm = functools.partial(nn.LayerNorm, eps=1e-6)


class ConvStemConfig(NamedTuple):
    """A convolution before the encoder.  Source: torchvision.models.vision_transformer."""

    out_channels: int
    kernel_size: int
    stride: int
    norm_layer: _Layer = nn.BatchNorm2d
    activation_layer: _Layer = nn.ReLU


class MLPBlock(MLP):
    """Two linear maps with GELU between them.

    Args:
        in_dim, mlp_dim: the lengths outside and inside.
        dropout: its probability after each map.

    Source: torchvision.models.vision_transformer.MLPBlock.
    """

    # Of version 1, the maps were named linear_1 and linear_2.
    _version = 2

    def __init__(self, in_dim: int, mlp_dim: int, dropout: float) -> None:
        super().__init__(in_dim, [mlp_dim, in_dim], activation_layer=nn.GELU, dropout=dropout)
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.xavier_uniform_(module.weight)
                nn.init.normal_(module.bias, std=1e-6)

    def _load_from_state_dict(self, state_dict, prefix, local_metadata, *args):
        if (local_metadata.get("version") or 1) < 2:
            for old, new in (("linear_1", "0"), ("linear_2", "3")):
                for name in ("weight", "bias"):
                    if f"{prefix}{old}.{name}" in state_dict:
                        value = state_dict.pop(f"{prefix}{old}.{name}")
                        state_dict[f"{prefix}{new}.{name}"] = value
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *args)


class EncoderBlock(nn.Module):
    """Attention, then two linear maps, each behind a normalization and added to what it got.

    Args:
        num_heads: of the attention.
        hidden_dim, mlp_dim: the lengths of a patch's vector outside and inside.
        dropout, attention_dropout: probabilities.
        norm_layer: makes the normalizations.

    Shape: (N, L, hidden_dim) -> (N, L, hidden_dim).
    Source: torchvision.models.vision_transformer.EncoderBlock.
    """

    def __init__(
        self,
        num_heads: int,
        hidden_dim: int,
        mlp_dim: int,
        dropout: float,
        attention_dropout: float,
        norm_layer: _Layer = _layer_norm,
    ) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.ln_1 = norm_layer(hidden_dim)
        self.self_attention = nn.MultiheadAttention(
            hidden_dim, num_heads, dropout=attention_dropout, batch_first=True
        )
        self.dropout = nn.Dropout(dropout)
        self.ln_2 = norm_layer(hidden_dim)
        self.mlp = MLPBlock(hidden_dim, mlp_dim, dropout)

    def forward(self, input: Tensor) -> Tensor:
        _check_sequence(input)
        x = self.ln_1(input)
        x, _ = self.self_attention(x, x, x, need_weights=False)
        x = self.dropout(x) + input
        return x + self.mlp(self.ln_2(x))


def _check_sequence(input: Tensor) -> None:
    if input.dim() != 3:
        raise AssertionError(f"Expected (batch_size, seq_length, hidden_dim) got {input.shape}")


class Encoder(nn.Module):
    """Learned positions are added, then the blocks follow, and a normalization.

    Args:
        seq_length: the number of vectors.
        num_layers: the number of blocks.
        num_heads, hidden_dim, mlp_dim, dropout, attention_dropout, norm_layer: of a block.

    Shape: (N, seq_length, hidden_dim) -> (N, seq_length, hidden_dim).
    Source: torchvision.models.vision_transformer.Encoder.
    """

    def __init__(
        self,
        seq_length: int,
        num_layers: int,
        num_heads: int,
        hidden_dim: int,
        mlp_dim: int,
        dropout: float,
        attention_dropout: float,
        norm_layer: _Layer = _layer_norm,
    ) -> None:
        super().__init__()
        self.pos_embedding = nn.Parameter(empty(1, seq_length, hidden_dim).normal_(std=0.02))
        self.dropout = nn.Dropout(dropout)
        layers = OrderedDict()
        for i in range(num_layers):
            layers[f"encoder_layer_{i}"] = EncoderBlock(
                num_heads, hidden_dim, mlp_dim, dropout, attention_dropout, norm_layer
            )
        self.layers = nn.Sequential(layers)
        self.ln = norm_layer(hidden_dim)

    def forward(self, input: Tensor) -> Tensor:
        _check_sequence(input)
        return self.ln(self.layers(self.dropout(input + self.pos_embedding)))


class VisionTransformer(nn.Module):
    """A picture as a sequence of patches, behind a vector that will hold its category.

    Args:
        image_size: the side of the pictures.
        patch_size: that of a patch; divides it.
        num_layers, num_heads, hidden_dim, mlp_dim, dropout, attention_dropout, norm_layer: of the
            encoder.
        num_classes: the number of categories.
        representation_size: the length of a hidden layer before the last; there is none when None.
        conv_stem_configs: convolutions that take the place of the cutting into patches.

    Shape: (N, 3, image_size, image_size) -> (N, num_classes).
    Source: torchvision.models.VisionTransformer.
    """

    def __init__(
        self,
        image_size: int,
        patch_size: int,
        num_layers: int,
        num_heads: int,
        hidden_dim: int,
        mlp_dim: int,
        dropout: float = 0.0,
        attention_dropout: float = 0.0,
        num_classes: int = 1000,
        representation_size: int | None = None,
        norm_layer: _Layer = _layer_norm,
        conv_stem_configs: list[ConvStemConfig] | None = None,
    ) -> None:
        super().__init__()
        if image_size % patch_size:
            raise AssertionError("Input shape indivisible by patch size!")
        self.image_size = image_size
        self.patch_size = patch_size
        self.hidden_dim = hidden_dim
        self.mlp_dim = mlp_dim
        self.attention_dropout = attention_dropout
        self.dropout = dropout
        self.num_classes = num_classes
        self.representation_size = representation_size
        self.norm_layer = norm_layer
        self.conv_proj: nn.Module
        if conv_stem_configs is None:
            self.conv_proj = nn.Conv2d(3, hidden_dim, kernel_size=patch_size, stride=patch_size)
        else:
            self.conv_proj = _stem(conv_stem_configs, hidden_dim)
        self.class_token = nn.Parameter(zeros(1, 1, hidden_dim))
        self.seq_length = (image_size // patch_size) ** 2 + 1
        self.encoder = Encoder(
            self.seq_length,
            num_layers,
            num_heads,
            hidden_dim,
            mlp_dim,
            dropout,
            attention_dropout,
            norm_layer,
        )
        heads: OrderedDict[str, nn.Module] = OrderedDict()
        if representation_size is not None:
            heads["pre_logits"] = nn.Linear(hidden_dim, representation_size)
            heads["act"] = nn.Tanh()
        heads["head"] = nn.Linear(representation_size or hidden_dim, num_classes)
        self.heads = nn.Sequential(heads)
        self._draw_weights()

    def _draw_weights(self) -> None:
        if isinstance(self.conv_proj, nn.Conv2d):
            fan_in = self.conv_proj.weight[0].numel()
            nn.init.trunc_normal_(self.conv_proj.weight, std=math.sqrt(1 / fan_in))
            nn.init.zeros_(self.conv_proj.bias)
        else:
            last = self.conv_proj.conv_last
            nn.init.normal_(last.weight, mean=0.0, std=math.sqrt(2.0 / last.out_channels))
            nn.init.zeros_(last.bias)
        if self.representation_size is not None:
            hidden = self.heads.pre_logits
            nn.init.trunc_normal_(hidden.weight, std=math.sqrt(1 / hidden.in_features))
            nn.init.zeros_(hidden.bias)
        nn.init.zeros_(self.heads.head.weight)
        nn.init.zeros_(self.heads.head.bias)

    def _process_input(self, x: Tensor) -> Tensor:
        """The patches: (N, 3, H, W) -> (N, patches, hidden_dim)."""
        for name, size in zip(("height", "width"), x.shape[2:], strict=True):
            if size != self.image_size:
                raise AssertionError(
                    f"Wrong image {name}! Expected {self.image_size} but got {size}!"
                )
        return self.conv_proj(x).flatten(2).permute(0, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self._process_input(x)
        x = cat([self.class_token.expand(x.shape[0], -1, -1), x], dim=1)
        return self.heads(self.encoder(x)[:, 0])


def _stem(configs: list[ConvStemConfig], hidden_dim: int) -> nn.Sequential:
    """Convolutions, and one 1x1 to the encoder's channels."""
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    channels = 3
    for i, config in enumerate(configs):
        layers[f"conv_bn_relu_{i}"] = Conv2dNormActivation(
            channels,
            config.out_channels,
            kernel_size=config.kernel_size,
            stride=config.stride,
            norm_layer=config.norm_layer,
            activation_layer=config.activation_layer,
        )
        channels = config.out_channels
    layers["conv_last"] = nn.Conv2d(channels, hidden_dim, kernel_size=1)
    return nn.Sequential(layers)


def interpolate_embeddings(
    image_size: int,
    patch_size: int,
    model_state: OrderedDict[str, Tensor],
    interpolation_mode: str = "bicubic",
    reset_heads: bool = False,
) -> OrderedDict[str, Tensor]:
    """The state of a model for pictures of another size: its positions are interpolated.

    Args:
        image_size, patch_size: of the new model.
        model_state: the state of the old one; the new positions are entered in it.
        interpolation_mode: as for ``nn.functional.interpolate``.
        reset_heads: leave out the state of the heads where the size changes.

    Raises ValueError unless the old positions are a square.
    Source: torchvision.models.vision_transformer.interpolate_embeddings.
    """
    positions = model_state["encoder.pos_embedding"]
    count, length, width = positions.shape
    if count != 1:
        raise ValueError(f"Unexpected position embedding shape: {positions.shape}")
    side = image_size // patch_size
    if side**2 + 1 == length:
        return model_state
    old_side = math.isqrt(length - 1)
    if old_side**2 != length - 1:
        raise ValueError(
            "seq_length is not a perfect square! Instead got seq_length_1d * seq_length_1d = "
            f"{old_side**2} and seq_length = {length - 1}"
        )
    token, grid = positions[:, :1], positions[:, 1:]
    grid = grid.permute(0, 2, 1).reshape(1, width, old_side, old_side)
    grid = nn.functional.interpolate(grid, size=side, mode=interpolation_mode, align_corners=True)
    grid = grid.reshape(1, width, side**2).permute(0, 2, 1)
    model_state["encoder.pos_embedding"] = cat([token, grid], dim=1)
    if reset_heads:
        kept = {name: v for name, v in model_state.items() if not name.startswith("heads")}
        return OrderedDict(kept)
    return model_state


class ViT_B_16_Weights(WeightsEnum):
    """Weights of :func:`vit_b_16`."""

    IMAGENET1K_V1 = imagenet(
        "vit_b_16-c867db91.pth", 86_567_656, (81.072, 95.318), (17.564, 330.285), min_size=224
    )
    IMAGENET1K_SWAG_E2E_V1 = imagenet(
        "vit_b_16_swag-9ac1b537.pth",
        86_859_496,
        (85.304, 97.65),
        (55.484, 331.398),
        min_size=384,
        resize_size=384,
        crop_size=384,
        bicubic=True,
    )
    IMAGENET1K_SWAG_LINEAR_V1 = imagenet(
        "vit_b_16_lc_swag-4e70ced5.pth",
        86_567_656,
        (81.886, 96.18),
        (17.564, 330.285),
        min_size=224,
        resize_size=224,
        bicubic=True,
    )
    DEFAULT = IMAGENET1K_V1


class ViT_B_32_Weights(WeightsEnum):
    """Weights of :func:`vit_b_32`."""

    IMAGENET1K_V1 = imagenet(
        "vit_b_32-d86f8d99.pth", 88_224_232, (75.912, 92.466), (4.409, 336.604), min_size=224
    )
    DEFAULT = IMAGENET1K_V1


class ViT_L_16_Weights(WeightsEnum):
    """Weights of :func:`vit_l_16`."""

    IMAGENET1K_V1 = imagenet(
        "vit_l_16-852ce7e3.pth",
        304_326_632,
        (79.662, 94.638),
        (61.555, 1161.023),
        min_size=224,
        resize_size=242,
    )
    IMAGENET1K_SWAG_E2E_V1 = imagenet(
        "vit_l_16_swag-4f3808c9.pth",
        305_174_504,
        (88.064, 98.512),
        (361.986, 1164.258),
        min_size=512,
        resize_size=512,
        crop_size=512,
        bicubic=True,
    )
    IMAGENET1K_SWAG_LINEAR_V1 = imagenet(
        "vit_l_16_lc_swag-4d563306.pth",
        304_326_632,
        (85.146, 97.422),
        (61.555, 1161.023),
        min_size=224,
        resize_size=224,
        bicubic=True,
    )
    DEFAULT = IMAGENET1K_V1


class ViT_L_32_Weights(WeightsEnum):
    """Weights of :func:`vit_l_32`."""

    IMAGENET1K_V1 = imagenet(
        "vit_l_32-c7638314.pth", 306_535_400, (76.972, 93.07), (15.378, 1169.449), min_size=224
    )
    DEFAULT = IMAGENET1K_V1


class ViT_H_14_Weights(WeightsEnum):
    """Weights of :func:`vit_h_14`."""

    IMAGENET1K_SWAG_E2E_V1 = imagenet(
        "vit_h_14_swag-80465313.pth",
        633_470_440,
        (88.552, 98.694),
        (1016.717, 2416.643),
        min_size=518,
        resize_size=518,
        crop_size=518,
        bicubic=True,
    )
    IMAGENET1K_SWAG_LINEAR_V1 = imagenet(
        "vit_h_14_lc_swag-c1eb923e.pth",
        632_045_800,
        (85.708, 97.73),
        (167.295, 2411.209),
        min_size=224,
        resize_size=224,
        bicubic=True,
    )
    DEFAULT = IMAGENET1K_SWAG_E2E_V1


def _vision_transformer(
    patch_size: int, size: str, weights: WeightsEnum | None, progress: bool, **kwargs: Any
) -> VisionTransformer:
    if weights is not None:
        force(kwargs, "image_size", weights.meta["min_size"][0])
    image_size = kwargs.pop("image_size", 224)
    model = VisionTransformer(image_size, patch_size, *_SIZES[size], **kwargs)
    if weights is not None:
        load(model, weights, progress)
    return model


#: Blocks, heads, and the lengths of a vector outside and inside.
_SIZES = {
    "base": (12, 12, 768, 3072),
    "large": (24, 16, 1024, 4096),
    "huge": (32, 16, 1280, 5120),
}


@builder(ViT_B_16_Weights)
def vit_b_16(*, weights: WeightsEnum | None, progress: bool, **kwargs: Any) -> VisionTransformer:
    """The base Vision Transformer on patches 16x16.  Source: torchvision.models.vit_b_16."""
    return _vision_transformer(16, "base", weights, progress, **kwargs)


@builder(ViT_B_32_Weights)
def vit_b_32(*, weights: WeightsEnum | None, progress: bool, **kwargs: Any) -> VisionTransformer:
    """The base Vision Transformer on patches 32x32.  Source: torchvision.models.vit_b_32."""
    return _vision_transformer(32, "base", weights, progress, **kwargs)


@builder(ViT_L_16_Weights)
def vit_l_16(*, weights: WeightsEnum | None, progress: bool, **kwargs: Any) -> VisionTransformer:
    """The large Vision Transformer on patches 16x16.  Source: torchvision.models.vit_l_16."""
    return _vision_transformer(16, "large", weights, progress, **kwargs)


@builder(ViT_L_32_Weights)
def vit_l_32(*, weights: WeightsEnum | None, progress: bool, **kwargs: Any) -> VisionTransformer:
    """The large Vision Transformer on patches 32x32.  Source: torchvision.models.vit_l_32."""
    return _vision_transformer(32, "large", weights, progress, **kwargs)


@builder(ViT_H_14_Weights, legacy=None)
def vit_h_14(*, weights: WeightsEnum | None, progress: bool, **kwargs: Any) -> VisionTransformer:
    """The huge Vision Transformer on patches 14x14.  Source: torchvision.models.vit_h_14."""
    return _vision_transformer(14, "huge", weights, progress, **kwargs)
