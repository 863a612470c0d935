"""How pictures are prepared for models with trained weights.

Source: torchvision.transforms._presets.
"""

from __future__ import annotations

from typing import Any

from minitorch.nn.module import Module
from minitorch.tensor import Tensor
from minitorch.vision.transforms import functional as F
from minitorch.vision.transforms.functional import InterpolationMode

__all__ = ["ImageClassification", "SemanticSegmentation"]


def _scaled(img: Any) -> Tensor:
    """A picture as numbers 0 ... 1."""
    if not isinstance(img, Tensor):
        img = F.pil_to_tensor(img)
    return F.convert_image_dtype(img)


def _listed(preset: Module, names: tuple[str, ...]) -> str:
    lines = [f"\n    {name}={getattr(preset, name)}" for name in names]
    return f"{type(preset).__name__}({''.join(lines)}\n)"


class ImageClassification(Module):
    """Resize, crop the middle, scale to 0 ... 1, normalize.

    Args:
        crop_size: the side of the crop.
        resize_size: the shorter side before it.
        mean, std: of each channel.
        interpolation, antialias: of the resizing.

    Shape: a picture, (C, H, W) or (N, C, H, W) -> the same with H = W = crop_size.
    Source: torchvision.transforms._presets.ImageClassification.
    """

    def __init__(
        self,
        *,
        crop_size: int,
        resize_size: int = 256,
        mean: tuple[float, ...] = (0.485, 0.456, 0.406),
        std: tuple[float, ...] = (0.229, 0.224, 0.225),
        interpolation: InterpolationMode = InterpolationMode.BILINEAR,
        antialias: bool | None = True,
    ) -> None:
        super().__init__()
        self.crop_size = [crop_size]
        self.resize_size = [resize_size]
        self.mean = list(mean)
        self.std = list(std)
        self.interpolation = interpolation
        self.antialias = antialias

    def forward(self, img: Any) -> Tensor:
        img = F.resize(
            img, self.resize_size, interpolation=self.interpolation, antialias=self.antialias
        )
        img = F.center_crop(img, self.crop_size)
        return F.normalize(_scaled(img), mean=self.mean, std=self.std)

    def describe(self) -> str:
        """What happens to a picture, in words."""
        return (
            "Accepts ``PIL.Image``, batched ``(B, C, H, W)`` and single ``(C, H, W)`` tensors. "
            f"The images are resized to ``resize_size={self.resize_size}`` using "
            f"``interpolation={self.interpolation}``, followed by a central crop of "
            f"``crop_size={self.crop_size}``. Finally the values are first rescaled to "
            f"``[0.0, 1.0]`` and then normalized using ``mean={self.mean}`` and "
            f"``std={self.std}``."
        )

    def __repr__(self) -> str:
        return _listed(self, ("crop_size", "resize_size", "mean", "std", "interpolation"))


class SemanticSegmentation(Module):
    """Resize, scale to 0 ... 1, normalize.

    Args:
        resize_size: the shorter side; no resizing when None.
        mean, std: of each channel.
        interpolation, antialias: of the resizing.

    Shape: a picture, (C, H, W) or (N, C, H, W) -> the same, resized.
    Source: torchvision.transforms._presets.SemanticSegmentation.
    """

    def __init__(
        self,
        *,
        resize_size: int | None,
        mean: tuple[float, ...] = (0.485, 0.456, 0.406),
        std: tuple[float, ...] = (0.229, 0.224, 0.225),
        interpolation: InterpolationMode = InterpolationMode.BILINEAR,
        antialias: bool | None = True,
    ) -> None:
        super().__init__()
        self.resize_size = None if resize_size is None else [resize_size]
        self.mean = list(mean)
        self.std = list(std)
        self.interpolation = interpolation
        self.antialias = antialias

    def forward(self, img: Any) -> Tensor:
        if self.resize_size is not None:
            img = F.resize(
                img, self.resize_size, interpolation=self.interpolation, antialias=self.antialias
            )
        return F.normalize(_scaled(img), mean=self.mean, std=self.std)

    def describe(self) -> str:
        """What happens to a picture, in words."""
        return (
            "Accepts ``PIL.Image``, batched ``(B, C, H, W)`` and single ``(C, H, W)`` tensors. "
            f"The images are resized to ``resize_size={self.resize_size}`` using "
            f"``interpolation={self.interpolation}``. Finally the values are first rescaled to "
            f"``[0.0, 1.0]`` and then normalized using ``mean={self.mean}`` and "
            f"``std={self.std}``."
        )

    def __repr__(self) -> str:
        return _listed(self, ("resize_size", "mean", "std", "interpolation"))
