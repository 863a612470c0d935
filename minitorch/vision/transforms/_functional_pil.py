"""The transforms of Pillow images, by Pillow."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from minitorch.vision._pillow import is_pil_image, pillow_image
from minitorch.vision.transforms._functional_tensor import border_index

__all__ = [
    "adjust_brightness",
    "adjust_contrast",
    "adjust_gamma",
    "adjust_hue",
    "adjust_saturation",
    "adjust_sharpness",
    "affine",
    "autocontrast",
    "check_image",
    "colour",
    "equalize",
    "invert",
    "pad",
    "perspective",
    "posterize",
    "rotate",
    "solarize",
    "to_grayscale",
]

#: Modes without colours, whose hue cannot be turned.
_COLOURLESS = ("L", "1", "I", "F")


def check_image(img: Any) -> None:
    """Raises TypeError for what is no Pillow image."""
    if not is_pil_image(img):
        raise TypeError(f"img should be PIL Image. Got {type(img)}")


def _operations() -> Any:
    from PIL import ImageOps

    return ImageOps


def _enhanced(name: str, img: Any, factor: float) -> Any:
    check_image(img)
    from PIL import ImageEnhance

    return getattr(ImageEnhance, name)(img).enhance(factor)


# Colours


def adjust_brightness(img: Any, brightness_factor: float) -> Any:
    """Blended with black."""
    return _enhanced("Brightness", img, brightness_factor)


def adjust_contrast(img: Any, contrast_factor: float) -> Any:
    """Blended with the mean of its grey."""
    return _enhanced("Contrast", img, contrast_factor)


def adjust_saturation(img: Any, saturation_factor: float) -> Any:
    """Blended with its grey."""
    return _enhanced("Color", img, saturation_factor)


def adjust_sharpness(img: Any, sharpness_factor: float) -> Any:
    """Blended with a smoothed picture."""
    return _enhanced("Sharpness", img, sharpness_factor)


def adjust_hue(img: Any, hue_factor: float) -> Any:
    """Turned by ``hue_factor`` of the circle of colours, in 255 steps."""
    check_image(img)
    if img.mode in _COLOURLESS:
        return img
    hue, saturation, value = img.convert("HSV").split()
    turned = np.array(hue) + np.int32(hue_factor * 255).astype(np.uint8)  # around the circle
    hue = pillow_image().fromarray(turned)
    return pillow_image().merge("HSV", (hue, saturation, value)).convert(img.mode)


def adjust_gamma(img: Any, gamma: float, gain: float = 1) -> Any:
    """``gain * img ** gamma``."""
    check_image(img)
    if gamma < 0:
        raise ValueError("Gamma should be a non-negative real number")
    table = [int((255 + 1 - 1e-3) * gain * pow(value / 255.0, gamma)) for value in range(256)]
    return img.convert("RGB").point(table * 3).convert(img.mode)


def to_grayscale(img: Any, num_output_channels: int = 1) -> Any:
    """Grey, mode "L", or "RGB" with three equal channels."""
    check_image(img)
    grey = img.convert("L")
    return grey if num_output_channels == 1 else pillow_image().merge("RGB", (grey, grey, grey))


def invert(img: Any) -> Any:
    """White minus the picture."""
    check_image(img)
    return _operations().invert(img)


def posterize(img: Any, bits: int) -> Any:
    """Only the first ``bits`` of each byte."""
    check_image(img)
    return _operations().posterize(img, bits)


def solarize(img: Any, threshold: float) -> Any:
    """Inverted from ``threshold`` on."""
    check_image(img)
    return _operations().solarize(img, threshold)


def autocontrast(img: Any) -> Any:
    """Each channel stretched from black to white."""
    check_image(img)
    return _operations().autocontrast(img)


def equalize(img: Any) -> Any:
    """Each channel with as many pixels of each value as can be."""
    check_image(img)
    return _operations().equalize(img)


# Geometry


def pad(img: Any, widths: Sequence[int], fill: Any, padding_mode: str) -> Any:
    """With a border of (left, top, right, bottom) pixels."""
    check_image(img)
    left, top, right, bottom = widths
    if padding_mode == "constant":
        size = (img.width + left + right, img.height + top + bottom)
        padded = pillow_image().new(img.mode, size, colour(fill, img))
        if img.mode == "P":
            padded.putpalette(img.getpalette())
        padded.paste(img, (left, top))
        return padded
    rows = border_index(img.height, top, bottom, padding_mode)
    columns = border_index(img.width, left, right, padding_mode)
    padded = pillow_image().fromarray(np.asarray(img)[rows[:, None], columns])
    if img.mode == "P":
        padded.putpalette(img.getpalette())
    return padded


def colour(fill: Any, img: Any) -> Any:
    """``fill`` as Pillow wants it: a number for one channel, else a tuple of one per channel."""
    channels = len(img.getbands())
    fill = 0 if fill is None else fill
    if isinstance(fill, (tuple, list)):
        values = tuple(fill) * channels if len(fill) == 1 else tuple(fill)
    else:
        values = (fill,) * channels
    if len(values) != channels:
        raise ValueError(
            "The number of elements in 'fill' does not match the number of channels of the image "
            f"({len(values)} != {channels})"
        )
    if img.mode != "F":
        values = tuple(int(value) for value in values)
    # torch: one number in a sequence stays a tuple.
    return values[0] if channels == 1 and not isinstance(fill, (tuple, list)) else values


def affine(img: Any, matrix: Sequence[float], interpolation: int, fill: Any) -> Any:
    """Read at ``matrix`` (2 rows of 3) times the place."""
    check_image(img)
    method = pillow_image().Transform.AFFINE
    return img.transform(img.size, method, matrix, interpolation, fillcolor=colour(fill, img))


def rotate(img: Any, angle: float, interpolation: int, expand: bool, center: Any, fill: Any) -> Any:
    """Turned by ``angle`` degrees, counter-clockwise."""
    check_image(img)
    return img.rotate(angle, interpolation, expand, center, fillcolor=colour(fill, img))


def perspective(img: Any, coeffs: Sequence[float], interpolation: int, fill: Any) -> Any:
    """Read at the eight coefficients' quotients of linear functions of the place."""
    check_image(img)
    method = pillow_image().Transform.PERSPECTIVE
    return img.transform(img.size, method, coeffs, interpolation, fillcolor=colour(fill, img))
