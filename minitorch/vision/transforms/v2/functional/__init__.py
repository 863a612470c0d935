"""The functional forms of the transforms of ``v2``: those of ``transforms.functional``, which keep
the kind of a ``tv_tensors.Image`` and move a ``tv_tensors.Mask`` without changing its values.

Source: torchvision.transforms.v2.functional.
"""

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minitorch.dtypes import dtype as Dtype
from minitorch.dtypes import float32, int16, uint8
from minitorch.ops.creation import from_numpy, ones, tensor
from minitorch.ops.masking import where
from minitorch.ops.random import randn_like
from minitorch.tensor import Tensor
from minitorch.vision._pillow import is_pil_image
from minitorch.vision.transforms import functional as F
from minitorch.vision.transforms.functional import InterpolationMode
from minitorch.vision.tv_tensors import Image, Mask, TVTensor, wrap

__all__ = [
    "adjust_brightness",
    "adjust_contrast",
    "adjust_gamma",
    "adjust_hue",
    "adjust_saturation",
    "adjust_sharpness",
    "affine",
    "autocontrast",
    "center_crop",
    "convert_image_dtype",
    "crop",
    "elastic",
    "elastic_transform",
    "equalize",
    "erase",
    "five_crop",
    "gaussian_blur",
    "gaussian_noise",
    "get_dimensions",
    "get_image_size",
    "get_num_channels",
    "get_size",
    "grayscale_to_rgb",
    "hflip",
    "horizontal_flip",
    "invert",
    "is_pure_tensor",
    "normalize",
    "pad",
    "permute_channels",
    "perspective",
    "pil_to_tensor",
    "posterize",
    "resize",
    "resized_crop",
    "rgb_to_grayscale",
    "rotate",
    "solarize",
    "ten_crop",
    "to_dtype",
    "to_grayscale",
    "to_image",
    "to_pil_image",
    "to_tensor",
    "vertical_flip",
    "vflip",
]

_Function = Callable[..., Any]


def is_pure_tensor(inpt: Any) -> bool:
    """Whether this is a tensor of no kind.

    Source: torchvision.transforms.v2.functional.is_pure_tensor.
    """
    return isinstance(inpt, Tensor) and not isinstance(inpt, TVTensor)


def _like(inpt: Any, result: Any) -> Any:
    """``result`` of the kind of ``inpt``, where that has one."""
    if not isinstance(inpt, TVTensor):
        return result
    if isinstance(result, tuple):
        return tuple(_like(inpt, each) for each in result)
    return wrap(result, like=inpt) if isinstance(result, Tensor) else result


def _colours(function: _Function) -> _Function:
    """A function of values: it leaves masks alone and keeps the kind of pictures."""

    @functools.wraps(function)
    def call(inpt: Any, *args: Any, **kwargs: Any) -> Any:
        return inpt if isinstance(inpt, Mask) else _like(inpt, function(inpt, *args, **kwargs))

    return call


def _geometry(function: _Function) -> _Function:
    """A function of places: it keeps the kind, and reads masks without mixing their values."""
    signature = inspect.signature(function)
    reads = "interpolation" in signature.parameters

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        given = signature.bind(*args, **kwargs).arguments
        inpt = next(iter(given.values()))
        if reads and isinstance(inpt, Mask):
            given["interpolation"] = InterpolationMode.NEAREST
        elif isinstance(given.get("interpolation"), str):
            given["interpolation"] = InterpolationMode(given["interpolation"])
        return _like(inpt, function(**given))

    return call


adjust_brightness = _colours(F.adjust_brightness)
adjust_contrast = _colours(F.adjust_contrast)
adjust_gamma = _colours(F.adjust_gamma)
adjust_hue = _colours(F.adjust_hue)
adjust_saturation = _colours(F.adjust_saturation)
adjust_sharpness = _colours(F.adjust_sharpness)
autocontrast = _colours(F.autocontrast)
gaussian_blur = _colours(F.gaussian_blur)
invert = _colours(F.invert)
normalize = _colours(F.normalize)
rgb_to_grayscale = _colours(F.rgb_to_grayscale)
solarize = _colours(F.solarize)
five_crop = _colours(F.five_crop)
ten_crop = _colours(F.ten_crop)

center_crop = _geometry(F.center_crop)
crop = _geometry(F.crop)
horizontal_flip = hflip = _geometry(F.hflip)
vertical_flip = vflip = _geometry(F.vflip)

convert_image_dtype = F.convert_image_dtype
get_dimensions = F.get_dimensions
get_image_size = F.get_image_size
get_num_channels = F.get_image_num_channels
pil_to_tensor = F.pil_to_tensor
to_grayscale = F.to_grayscale
to_pil_image = F.to_pil_image
to_tensor = F.to_tensor


def get_size(inpt: Any) -> list[int]:
    """``[height, width]``.  Source: torchvision.transforms.v2.functional.get_size."""
    return F.get_dimensions(inpt)[1:]


# Types


def to_image(inpt: Any) -> Image:
    """A tensor, Pillow image or array (H, W) or (H, W, C) as a ``tv_tensors.Image``.

    Errors: TypeError for anything else.
    Source: torchvision.transforms.v2.functional.to_image.
    """
    if isinstance(inpt, np.ndarray):
        pixels = inpt[..., None] if inpt.ndim == 2 else inpt
        inpt = from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1)))
    elif is_pil_image(inpt):
        inpt = F.pil_to_tensor(inpt)
    elif not isinstance(inpt, Tensor):
        raise TypeError(
            "Input can either be a pure Tensor, a numpy array, or a PIL image, "
            f"but got {type(inpt)} instead."
        )
    return Image(inpt)


def to_dtype(inpt: Any, dtype: Dtype = float32, scale: bool = False) -> Any:
    """A tensor in another type; with ``scale`` black and white stay so.

    Errors: TypeError for anything but a tensor; RuntimeError for a type that holds more digits than
    the floats have.
    Source: torchvision.transforms.v2.functional.to_dtype.
    """
    if not isinstance(inpt, Tensor):
        raise TypeError(f"to_dtype() takes tensors, got {type(inpt)}")
    if not scale or isinstance(inpt, Mask):
        return _like(inpt, inpt.to(dtype))
    return _like(inpt, F.convert_image_dtype(inpt, dtype))


# Values


@_colours
def equalize(inpt: Any) -> Any:
    """About as many pixels of each value; floats are counted in 256 steps.

    Source: torchvision.transforms.v2.functional.equalize.
    """
    if isinstance(inpt, Tensor) and inpt.dtype is not uint8:
        counted = F.equalize(F.convert_image_dtype(inpt, uint8))
        return F.convert_image_dtype(counted, inpt.dtype)
    return F.equalize(inpt)


@_colours
def posterize(inpt: Any, bits: int) -> Any:
    """Only the first ``bits`` of each byte, or as many steps of floats.

    Source: torchvision.transforms.v2.functional.posterize.
    """
    if isinstance(inpt, Tensor) and inpt.is_floating_point():
        steps = 2**bits
        return (inpt * steps).floor().clamp(0, steps - 1) * (1.0 / steps)
    return F.posterize(inpt, bits)


@_colours
def erase(inpt: Any, i: int, j: int, h: int, w: int, v: Any, inplace: bool = False) -> Any:
    """The values ``v`` in the rectangle of ``h`` by ``w`` pixels at (``i``, ``j``).

    Source: torchvision.transforms.v2.functional.erase.
    """
    if is_pil_image(inpt):
        pixels = F.erase(F.pil_to_tensor(inpt), i, j, h, w, v, inplace=True)
        return F.to_pil_image(pixels, inpt.mode)
    return F.erase(inpt, i, j, h, w, v, inplace)


@_colours
def grayscale_to_rgb(inpt: Any) -> Any:
    """A grey picture with three equal channels; one of three stays.

    Source: torchvision.transforms.v2.functional.grayscale_to_rgb.
    """
    if isinstance(inpt, Tensor):
        return inpt if inpt.size(-3) == 3 else F.rgb_to_grayscale(inpt, 3)
    return inpt.convert("RGB")


@_colours
def gaussian_noise(
    inpt: Tensor, mean: float = 0.0, sigma: float = 0.1, clip: bool = True
) -> Tensor:
    """A tensor, uint8 or floats, with noise added; mean and deviation are parts of white.

    Draws: ``randn_like``.
    Errors: ValueError for a negative deviation, other types, and Pillow images.
    Source: torchvision.transforms.v2.functional.gaussian_noise.
    """
    if not isinstance(inpt, Tensor):
        raise ValueError("Gaussian Noise is not implemented for PIL images.")
    if sigma < 0:
        raise ValueError(f"sigma shouldn't be negative. Got {sigma}")
    if inpt.is_floating_point():
        noisy = inpt + (mean + randn_like(inpt) * sigma)
        return noisy.clamp(0, 1) if clip else noisy
    if inpt.dtype is not uint8:
        raise ValueError(
            f"Input tensor is expected to be in uint8 or float dtype, got dtype={inpt.dtype}"
        )
    noise = (mean * 255) + randn_like(inpt, dtype=float32) * (sigma * 255)
    noisy = inpt + noise.to(int16)
    return (noisy.clamp(0, 255) if clip else noisy).to(uint8)


@_colours
def permute_channels(inpt: Any, permutation: Sequence[int]) -> Any:
    """The picture with its channels in another order.

    Source: torchvision.transforms.v2.functional.permute_channels.
    """
    order = [int(channel) for channel in permutation]
    if isinstance(inpt, Tensor):
        return inpt[..., order, :, :]
    return F.to_pil_image(F.pil_to_tensor(inpt)[order], inpt.mode)


# Geometry


@_geometry
def resize(
    inpt: Any,
    size: int | Sequence[int] | None,
    interpolation: Any = InterpolationMode.BILINEAR,
    max_size: int | None = None,
    antialias: bool | None = True,
) -> Any:
    """The picture at another size; ``size`` None makes the longer edge ``max_size``.

    Source: torchvision.transforms.v2.functional.resize.
    """
    if size is None:
        if not isinstance(max_size, int):
            raise ValueError(
                f"max_size must be an integer when size is None, but got {max_size} instead."
            )
        height, width = get_size(inpt)
        short = int(max_size * min(height, width) / max(height, width))
        size = (max_size, short) if height >= width else (short, max_size)
        max_size = None
    elif not isinstance(size, int) and len(size) == 1:
        size = size[0]
    antialias = None if is_pil_image(inpt) else antialias
    return F.resize(inpt, size, interpolation, max_size, antialias)


@_geometry
def resized_crop(
    inpt: Any,
    top: int,
    left: int,
    height: int,
    width: int,
    size: int | Sequence[int],
    interpolation: Any = InterpolationMode.BILINEAR,
    antialias: bool | None = True,
) -> Any:
    """``crop``, then ``resize``.

    Source: torchvision.transforms.v2.functional.resized_crop.
    """
    part = crop(inpt, top, left, height, width)
    return resize(part, size, interpolation=interpolation, antialias=antialias)


@_geometry
def pad(
    inpt: Any,
    padding: int | Sequence[int],
    fill: Any = None,
    padding_mode: str = "constant",
) -> Any:
    """The picture with a border; ``fill`` may be one number per channel.

    Source: torchvision.transforms.v2.functional.pad.
    """
    padding = list(padding) if isinstance(padding, Sequence) else padding
    if not isinstance(inpt, Tensor) or not isinstance(fill, (list, tuple)):
        return F.pad(inpt, padding, 0 if fill is None else fill, padding_mode)
    if padding_mode != "constant":
        return F.pad(inpt, padding, 0, padding_mode)
    inside = F.pad(ones(1, *inpt.shape[-2:]), padding) > 0
    colour = tensor(list(fill), dtype=inpt.dtype).view(-1, 1, 1)
    return where(inside, F.pad(inpt, padding), colour)


@_geometry
def rotate(
    inpt: Any,
    angle: float,
    interpolation: Any = InterpolationMode.NEAREST,
    expand: bool = False,
    center: Sequence[float] | None = None,
    fill: Any = None,
) -> Any:
    """The picture turned.  Source: torchvision.transforms.v2.functional.rotate."""
    return F.rotate(inpt, angle, interpolation, expand, center, fill)


@_geometry
def affine(
    inpt: Any,
    angle: float,
    translate: Sequence[float],
    scale: float,
    shear: Any,
    interpolation: Any = InterpolationMode.NEAREST,
    fill: Any = None,
    center: Sequence[float] | None = None,
) -> Any:
    """The picture turned, moved, scaled and sheared.

    Source: torchvision.transforms.v2.functional.affine.
    """
    return F.affine(inpt, angle, translate, scale, shear, interpolation, fill, center)


@_geometry
def perspective(
    inpt: Any,
    startpoints: Sequence[Sequence[int]],
    endpoints: Sequence[Sequence[int]],
    interpolation: Any = InterpolationMode.BILINEAR,
    fill: Any = None,
) -> Any:
    """The picture as seen from elsewhere.

    Source: torchvision.transforms.v2.functional.perspective.
    """
    return F.perspective(inpt, startpoints, endpoints, interpolation, fill)


@_geometry
def elastic(
    inpt: Any,
    displacement: Tensor,
    interpolation: Any = InterpolationMode.BILINEAR,
    fill: Any = None,
) -> Any:
    """The picture with each pixel read somewhere near.

    Source: torchvision.transforms.v2.functional.elastic.
    """
    return F.elastic_transform(inpt, displacement, interpolation, fill)


elastic_transform = elastic
