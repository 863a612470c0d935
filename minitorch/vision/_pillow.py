"""Pillow, imported on first use: only pictures need it, not the arrays and tensors made of them."""

import os
import sys
from types import ModuleType
from typing import Any

__all__ = ["is_pil_image", "open_image", "pillow_image"]


def pillow_image() -> ModuleType:
    """The module ``PIL.Image``.  Raises ImportError where Pillow is not installed."""
    try:
        from PIL import Image
    except ImportError:
        raise ImportError("pictures need the package Pillow: pip install Pillow") from None
    return Image


def open_image(path: str | os.PathLike[str]) -> Any:
    """The Pillow image in a file, read to its end: the file is closed again."""
    with open(path, "rb") as file:
        image = pillow_image().open(file)
        image.load()
    return image


def is_pil_image(value: Any) -> bool:
    """Whether ``value`` is a Pillow image.  While nobody has imported Pillow, nothing is."""
    image = sys.modules.get("PIL.Image")
    return image is not None and isinstance(value, image.Image)
