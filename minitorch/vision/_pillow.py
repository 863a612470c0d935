"""Pillow, imported on first use: only pictures need it, not the arrays and tensors made of them."""

import sys
from types import ModuleType
from typing import Any

__all__ = ["is_pil_image", "pillow_image"]


def pillow_image() -> ModuleType:
    """The module ``PIL.Image``.  Raises ImportError where Pillow is not installed."""
    try:
        from PIL import Image
    except ImportError:
        raise ImportError("pictures need the package Pillow: pip install Pillow") from None
    return Image


def is_pil_image(value: Any) -> bool:
    """Whether ``value`` is a Pillow image.  While nobody has imported Pillow, nothing is."""
    image = sys.modules.get("PIL.Image")
    return image is not None and isinstance(value, image.Image)
