"""What the augmentations choose from: changes, and how strong they can be."""

import functools
import math
from typing import Any

from minitorch.dtypes import dtype as Dtype
from minitorch.dtypes import finfo, float64, get_default_dtype
from minitorch.ops.creation import arange, full, linspace
from minitorch.ops.random import standard_gamma
from minitorch.tensor import Tensor

__all__ = [
    "Space",
    "changed",
    "colour_space",
    "dirichlet",
    "geometry_space",
    "learnt_space",
    "spaced",
    "tone_space",
]

#: A change's strengths, None where it has but one, and whether it also goes the other way.
Space = dict[str, tuple[list[float] | None, bool]]


def evenly(last: float, count: int) -> list[float]:
    """Numbers from 0 to ``last``, rounded as torch rounds them."""
    return spaced(0.0, last, count, get_default_dtype())


@functools.lru_cache(maxsize=256)
def spaced(first: float, last: float, count: int, dtype: Dtype) -> list[float]:
    return linspace(first, last, count, dtype=dtype).tolist()


@functools.lru_cache(maxsize=32)
def bits_of(most: int, lost: int, count: int) -> list[float]:
    return (most - (arange(count) / ((count - 1) / lost)).round()).tolist()


def colour_space(strongest: float, count: int) -> Space:
    names = ("Brightness", "Color", "Contrast", "Sharpness")
    return {name: (evenly(strongest, count), True) for name in names}


def geometry_space(shear: float, right: float, down: float, angle: float, count: int) -> Space:
    return {
        "ShearX": (evenly(shear, count), True),
        "ShearY": (evenly(shear, count), True),
        "TranslateX": (evenly(right, count), True),
        "TranslateY": (evenly(down, count), True),
        "Rotate": (evenly(angle, count), True),
    }


def tone_space(mostbits_of: int, bits_lost: int, count: int) -> Space:
    return {
        "Posterize": (bits_of(mostbits_of, bits_lost, count), False),
        "Solarize": (spaced(255.0, 0.0, count, get_default_dtype()), False),
        "AutoContrast": (None, False),
        "Equalize": (None, False),
    }


def learnt_space(count: int, height: int, width: int) -> Space:
    """The changes of AutoAugment and RandAugment."""
    return {
        **geometry_space(0.3, 150.0 / 331.0 * width, 150.0 / 331.0 * height, 30.0, count),
        **colour_space(0.9, count),
        **tone_space(8, 4, count),
    }


#: Changes by a factor, and changes without strength: the functions that make them.
_BY_FACTOR = {
    "Brightness": "adjust_brightness",
    "Color": "adjust_saturation",
    "Contrast": "adjust_contrast",
    "Sharpness": "adjust_sharpness",
}
_PLAIN = {"AutoContrast": "autocontrast", "Equalize": "equalize", "Invert": "invert"}


def changed(functional: Any, img: Any, name: str, magnitude: float, mode: Any, fill: Any) -> Any:
    """The picture after the change ``name`` of strength ``magnitude``, made by the functions of the
    module ``functional``.
    """
    if name in ("ShearX", "ShearY"):
        angle = math.degrees(math.atan(magnitude))
        shear = [angle, 0.0] if name == "ShearX" else [0.0, angle]
        return functional.affine(img, 0.0, [0, 0], 1.0, shear, mode, fill, center=[0, 0])
    if name in ("TranslateX", "TranslateY"):
        pixels = int(magnitude)
        translate = [pixels, 0] if name == "TranslateX" else [0, pixels]
        return functional.affine(img, 0.0, translate, 1.0, [0.0, 0.0], mode, fill)
    if name == "Rotate":
        return functional.rotate(img, magnitude, mode, fill=fill)
    if name in _BY_FACTOR:
        return getattr(functional, _BY_FACTOR[name])(img, 1.0 + magnitude)
    if name == "Posterize":
        return functional.posterize(img, int(magnitude))
    if name == "Solarize":
        return functional.solarize(img, magnitude)
    return img if name == "Identity" else getattr(functional, _PLAIN[name])(img)


def dirichlet(rows: int, columns: int, alpha: float) -> Tensor:
    """Rows of positive numbers of sum 1, float32.  Draws: a gamma variable for each number."""
    # torch: drawn in float64, never 0, and rounded at the end.
    gammas = standard_gamma(full((rows, columns), alpha).to(float64))
    gammas = gammas.clamp(min=finfo(float64).tiny)
    return (gammas / gammas.sum(-1, keepdim=True)).float()
