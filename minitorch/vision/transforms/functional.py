"""What the transforms do, as functions of one picture.

A picture is a Pillow image or a tensor (*, C, H, W); conversions also take NumPy arrays (H, W) or
(H, W, C).  The result is of the kind that went in, unless the function converts.
Source: torchvision.transforms.functional.
"""

import functools
import math
import numbers
import warnings
from collections.abc import Sequence
from enum import Enum
from typing import Any

import numpy as np

from minitorch.dtypes import dtype as Dtype
from minitorch.dtypes import float32, from_numpy, get_default_dtype
from minitorch.ops.creation import as_tensor
from minitorch.tensor import Tensor, wrap
from minitorch.vision._pillow import is_pil_image, pillow_image
from minitorch.vision.transforms import _functional_pil as F_pil
from minitorch.vision.transforms import _functional_tensor as F_t

__all__ = [
    "InterpolationMode",
    "adjust_brightness",
    "adjust_contrast",
    "adjust_gamma",
    "adjust_hue",
    "adjust_saturation",
    "adjust_sharpness",
    "affine",
    "autocontrast",
    "center_crop",
    "check_padding",
    "check_padding_mode",
    "convert_image_dtype",
    "crop",
    "elastic_transform",
    "equalize",
    "erase",
    "fill_per_channel",
    "five_crop",
    "gaussian_blur",
    "get_dimensions",
    "get_image_num_channels",
    "get_image_size",
    "height_and_width",
    "hflip",
    "interpolation_of_filter",
    "invert",
    "normalize",
    "pad",
    "perspective",
    "pil_modes_mapping",
    "pil_to_tensor",
    "posterize",
    "resize",
    "resized_crop",
    "rgb_to_grayscale",
    "rotate",
    "solarize",
    "ten_crop",
    "to_grayscale",
    "to_pil_image",
    "to_tensor",
    "vflip",
]


class InterpolationMode(Enum):
    """How a transform reads between pixels.  Source: torchvision.transforms.InterpolationMode."""

    NEAREST = "nearest"
    NEAREST_EXACT = "nearest-exact"
    BILINEAR = "bilinear"
    BICUBIC = "bicubic"
    #: The last three are for Pillow images only.
    BOX = "box"
    HAMMING = "hamming"
    LANCZOS = "lanczos"


#: Pillow's numbers for its resampling filters.
pil_modes_mapping = {
    InterpolationMode.NEAREST: 0,
    InterpolationMode.BILINEAR: 2,
    InterpolationMode.BICUBIC: 3,
    InterpolationMode.NEAREST_EXACT: 0,
    InterpolationMode.BOX: 4,
    InterpolationMode.HAMMING: 5,
    InterpolationMode.LANCZOS: 1,
}
_MODE_OF_FILTER = {
    number: mode
    for mode, number in pil_modes_mapping.items()
    if mode is not InterpolationMode.NEAREST_EXACT
}

_PADDING_MODES = ("constant", "edge", "reflect", "symmetric")

#: The array type of the Pillow modes that are not made of bytes.
_WIDE_MODES = {"I": np.int32, "I;16": np.int16, "F": np.float32}


# Asking a picture about itself


def get_dimensions(img: Any) -> list[int]:
    """``[channels, height, width]`` of a picture.

    Errors: TypeError for what is neither a Pillow image nor a tensor of two or more dimensions.
    Source: torchvision.transforms.functional.get_dimensions.
    """
    if isinstance(img, Tensor):
        F_t.check_image(img)
        return [1 if img.dim() == 2 else img.size(-3), img.size(-2), img.size(-1)]
    if is_pil_image(img):
        return [len(img.getbands()), img.height, img.width]
    raise TypeError(f"Unexpected type {type(img)}")


def get_image_size(img: Any) -> list[int]:
    """``[width, height]``.  Source: torchvision.transforms.functional.get_image_size."""
    _, height, width = get_dimensions(img)
    return [width, height]


def get_image_num_channels(img: Any) -> int:
    """The number of channels.  Source: torchvision.transforms.functional.get_image_num_channels."""
    return get_dimensions(img)[0]


def fill_per_channel(img: Any, fill: Any) -> Any:
    """``fill`` as a tensor takes it, one float per channel; as it is for an image, or None."""
    channels, _, _ = get_dimensions(img)
    if fill is None or not isinstance(img, Tensor):
        return fill
    return [float(fill)] * channels if isinstance(fill, (int, float)) else [float(f) for f in fill]


# From pictures to tensors and back


def to_tensor(pic: Any) -> Tensor:
    """A picture as a tensor; bytes 0 ... 255 become floats 0.0 ... 1.0, other types stay.

    Shape: Pillow image or array (H, W) or (H, W, C) -> (C, H, W).
    Errors: TypeError for anything else, ValueError for an array of other dimensions.
    Source: torchvision.transforms.functional.to_tensor.
    """
    if is_pil_image(pic):
        pixels = _channels_last(np.array(pic, dtype=_WIDE_MODES.get(pic.mode, np.uint8)))
        if pic.mode == "1":
            pixels *= np.uint8(255)
    elif isinstance(pic, np.ndarray):
        if pic.ndim not in (2, 3):
            raise ValueError(f"pic should be 2/3 dimensional. Got {pic.ndim} dimensions.")
        from_numpy(pic.dtype)  # raises where tensors have no such type
        pixels = _channels_last(pic)
    else:
        raise TypeError(f"pic should be PIL Image or ndarray. Got {type(pic)}")
    pixels = np.ascontiguousarray(pixels.transpose(2, 0, 1))
    if pixels.dtype != np.uint8:
        return wrap(pixels)
    float_dtype = get_default_dtype().numpy
    return wrap(pixels.astype(float_dtype) / float_dtype.type(255))


def pil_to_tensor(pic: Any) -> Tensor:
    """A Pillow image as a tensor of the same values and type.

    Shape: (C, H, W).
    Errors: TypeError for anything but a Pillow image, or one of 16-bit pixels.
    Source: torchvision.transforms.functional.pil_to_tensor.
    """
    if not is_pil_image(pic):
        raise TypeError(f"pic should be PIL Image. Got {type(pic)}")
    pixels = np.array(pic)
    from_numpy(pixels.dtype)  # raises where tensors have no such type
    return wrap(_channels_last(pixels).transpose(2, 0, 1))


def _channels_last(pixels: np.ndarray) -> np.ndarray:
    return pixels if pixels.ndim == 3 else pixels[:, :, None]


#: For a number of channels, the Pillow modes to choose from; the first is the default.
_MODES_OF_CHANNELS = {
    2: ["LA"],
    3: ["RGB", "YCbCr", "HSV"],
    4: ["RGBA", "CMYK", "RGBX"],
}
#: For a single channel the mode follows from the type.
_MODE_OF_DTYPE = {np.uint8: "L", np.int16: "I;16", np.int32: "I", np.float32: "F"}


def to_pil_image(pic: Any, mode: str | None = None) -> Any:
    """A tensor or array as a Pillow image; floats 0.0 ... 1.0 become bytes, except for mode "F".

    Args:
        pic: tensor (C, H, W) or (H, W), or array (H, W, C) or (H, W), of up to four channels.
        mode: Pillow's name of the meaning of the channels; guessed when None: RGB for three, LA for
            two, RGBA for four, and by the type for one.

    Errors: TypeError for another kind of ``pic`` or element type; ValueError for other dimensions
    or a mode that does not fit.
    Source: torchvision.transforms.functional.to_pil_image.
    """
    if isinstance(pic, Tensor):
        pixels = pic.detach().numpy()
        pixels = pixels.transpose(1, 2, 0) if pixels.ndim == 3 else pixels
    elif isinstance(pic, np.ndarray):
        pixels = pic
    else:
        raise TypeError(f"pic should be Tensor or ndarray. Got {type(pic)}.")
    if pixels.ndim not in (2, 3):
        raise ValueError(f"pic should be 2/3 dimensional. Got {pixels.ndim} dimensions.")
    pixels = _channels_last(pixels)
    channels = pixels.shape[2]
    if channels > 4:
        raise ValueError(f"pic should not have > 4 channels. Got {channels} channels.")
    if np.issubdtype(pixels.dtype, np.floating) and mode != "F":
        pixels = (pixels * 255).astype(np.uint8)
    mode = _mode_for(pixels, mode)
    if channels == 1:
        pixels = pixels[:, :, 0]
    height, width = pixels.shape[:2]
    return pillow_image().frombytes(mode, (width, height), np.ascontiguousarray(pixels).tobytes())


def _mode_for(pixels: np.ndarray, mode: str | None) -> str:
    channels = pixels.shape[2]
    if channels == 1:
        expected = _MODE_OF_DTYPE.get(pixels.dtype.type)
        if mode is not None and mode != expected:
            raise ValueError(
                f"Incorrect mode ({mode}) supplied for input type {pixels.dtype}. "
                f"Should be {expected}"
            )
        mode = expected
    else:
        permitted = _MODES_OF_CHANNELS[channels]
        if mode is not None and mode not in permitted:
            raise ValueError(
                f"Only modes {permitted} are supported for {channels}D inputs, got {mode}"
            )
        if mode is None and pixels.dtype == np.uint8:
            mode = permitted[0]
    if mode is None:
        raise TypeError(f"Input type {pixels.dtype} is not supported")
    return mode


def convert_image_dtype(image: Tensor, dtype: Dtype = float32) -> Tensor:
    """The values of a tensor in another type: what was black or white stays so.

    Integers stand for 0 ... the largest of their type, floats for 0.0 ... 1.0.
    Errors: TypeError for anything but a tensor; RuntimeError for a type that holds more digits than
    the floats have.
    Source: torchvision.transforms.functional.convert_image_dtype.

    >>> import minitorch
    >>> convert_image_dtype(minitorch.tensor([0, 51, 255], dtype=minitorch.uint8))
    tensor([0.0000, 0.2000, 1.0000])
    """
    if not isinstance(image, Tensor):
        raise TypeError("Input img should be Tensor Image")
    return F_t.convert_image_dtype(image, dtype)


# Values


def normalize(
    tensor: Tensor, mean: Sequence[float], std: Sequence[float], inplace: bool = False
) -> Tensor:
    """``(tensor - mean) / std``, channel by channel.

    Shape: (*, C, H, W) -> same; ``mean`` and ``std`` hold C numbers, or one for all.
    Errors: TypeError for anything but a floating point tensor; ValueError for fewer than three
    dimensions or a zero in ``std``.
    Source: torchvision.transforms.functional.normalize.
    """
    if not isinstance(tensor, Tensor):
        raise TypeError(f"img should be Tensor Image. Got {type(tensor)}")
    if not tensor.is_floating_point():
        raise TypeError(f"Input tensor should be a float tensor. Got {tensor.dtype}.")
    if tensor.dim() < 3:
        raise ValueError(
            "Expected tensor to be a tensor image of size (..., C, H, W). "
            f"Got tensor.size() = {tensor.size()}"
        )
    try:
        mean_tensor, std_tensor = _statistics(tuple(mean), tuple(std), tensor.dtype)
    except TypeError:  # one number, or tensors
        mean_tensor, std_tensor = _as_statistics(mean, std, tensor.dtype)
    if inplace:
        return tensor.sub_(mean_tensor).div_(std_tensor)
    return (tensor - mean_tensor) / std_tensor


def _as_statistics(mean: Any, std: Any, dtype: Dtype) -> tuple[Tensor, Tensor]:
    """``mean`` and ``std`` as tensors that go with (C, H, W)."""
    mean_tensor, std_tensor = (as_tensor(values, dtype=dtype) for values in (mean, std))
    if (std_tensor == 0).any():
        raise ValueError(
            f"std evaluated to zero after conversion to {dtype}, leading to division by zero."
        )
    if mean_tensor.dim() == 1:
        mean_tensor = mean_tensor.view(-1, 1, 1)
    if std_tensor.dim() == 1:
        std_tensor = std_tensor.view(-1, 1, 1)
    return mean_tensor, std_tensor


@functools.lru_cache(maxsize=32)
def _statistics(
    mean: tuple[float, ...], std: tuple[float, ...], dtype: Dtype
) -> tuple[Tensor, Tensor]:
    # Programs normalize picture after picture with the same few numbers.
    if not all(type(value) in (int, float) for value in (*mean, *std)):
        raise TypeError("not plain numbers")
    return _as_statistics(mean, std, dtype)


def _interpolation(value: Any) -> InterpolationMode:
    """``value`` as a mode, from Pillow's number as well."""
    if isinstance(value, int):
        return interpolation_of_filter(value)
    if not isinstance(value, InterpolationMode):
        raise TypeError(
            "Argument interpolation should be a InterpolationMode or a corresponding Pillow "
            f"integer constant, got {value!r}"
        )
    return value


def rgb_to_grayscale(img: Any, num_output_channels: int = 1) -> Any:
    """A colour picture in grey: ``0.2989 R + 0.587 G + 0.114 B``.

    Shape: (*, 3, H, W) or (*, 1, H, W) -> (*, ``num_output_channels``, H, W).
    Errors: TypeError for another number of channels, ValueError unless 1 or 3 are asked for.
    Source: torchvision.transforms.functional.rgb_to_grayscale.
    """
    if isinstance(img, Tensor):
        F_t.check_channels(img, 3)
        _check_grey_channels(num_output_channels)
        return F_t.rgb_to_grayscale(img, num_output_channels)
    F_pil.check_image(img)
    _check_grey_channels(num_output_channels)
    return F_pil.to_grayscale(img, num_output_channels)


def to_grayscale(img: Any, num_output_channels: int = 1) -> Any:
    """A Pillow image in grey, mode "L", or "RGB" with three equal channels.

    Errors: TypeError for anything but a Pillow image, ValueError for another number of channels.
    Source: torchvision.transforms.functional.to_grayscale.
    """
    if not is_pil_image(img):
        raise TypeError(f"Input should be PIL Image. Got {type(img)}")
    _check_grey_channels(num_output_channels)
    return F_pil.to_grayscale(img, num_output_channels)


def _check_grey_channels(num_output_channels: int) -> None:
    if num_output_channels not in (1, 3):
        raise ValueError(f"num_output_channels should be either 1 or 3, got {num_output_channels}")


def adjust_brightness(img: Any, brightness_factor: float) -> Any:
    """The picture lighter or darker: 0 makes it black, 1 leaves it, 2 doubles.

    Errors: ValueError for a negative factor of a tensor, TypeError unless it has 1 or 3 channels.
    Source: torchvision.transforms.functional.adjust_brightness.
    """
    return _of_kind(img).adjust_brightness(img, brightness_factor)


def adjust_contrast(img: Any, contrast_factor: float) -> Any:
    """The picture with more or less contrast: 0 makes it one grey, 1 leaves it.

    Errors: ValueError for a negative factor of a tensor, TypeError unless it has 1 or 3 channels.
    Source: torchvision.transforms.functional.adjust_contrast.
    """
    return _of_kind(img).adjust_contrast(img, contrast_factor)


def adjust_saturation(img: Any, saturation_factor: float) -> Any:
    """The picture more or less colourful: 0 makes it grey, 1 leaves it.

    Errors: ValueError for a negative factor of a tensor, TypeError unless it has 1 or 3 channels.
    Source: torchvision.transforms.functional.adjust_saturation.
    """
    return _of_kind(img).adjust_saturation(img, saturation_factor)


def adjust_hue(img: Any, hue_factor: float) -> Any:
    """The colours turned around their circle, by -0.5 ... 0.5 of it; 0 leaves them.

    Errors: ValueError for another factor, TypeError unless a tensor has 1 or 3 channels.
    Source: torchvision.transforms.functional.adjust_hue.
    """
    if not -0.5 <= hue_factor <= 0.5:
        raise ValueError(f"hue_factor ({hue_factor}) is not in [-0.5, 0.5].")
    return _of_kind(img).adjust_hue(img, hue_factor)


def adjust_gamma(img: Any, gamma: float, gain: float = 1) -> Any:
    """``gain * img ** gamma`` of values 0 ... 1: above 1 shadows darken, below they lighten.

    Errors: ValueError for a negative ``gamma``, TypeError unless a tensor has 1 or 3 channels.
    Source: torchvision.transforms.functional.adjust_gamma.
    """
    return _of_kind(img).adjust_gamma(img, gamma, gain)


def adjust_sharpness(img: Any, sharpness_factor: float) -> Any:
    """The picture blurred, as it is, or sharper: 0, 1 and 2.

    Errors: ValueError for a negative factor of a tensor, TypeError unless it has 1 or 3 channels.
    Source: torchvision.transforms.functional.adjust_sharpness.
    """
    return _of_kind(img).adjust_sharpness(img, sharpness_factor)


def invert(img: Any) -> Any:
    """The negative of a picture.

    Errors: TypeError unless a tensor has 1 or 3 channels.
    Source: torchvision.transforms.functional.invert.
    """
    return _of_kind(img).invert(img)


def posterize(img: Any, bits: int) -> Any:
    """The picture with only the first ``bits`` of each byte.

    Errors: ValueError unless 0 ... 8; TypeError unless a tensor is uint8, of 1 or 3 channels.
    Source: torchvision.transforms.functional.posterize.
    """
    if not 0 <= bits <= 8:
        # torch: its words, a slip of the pen included.
        raise ValueError(f"The number if bits should be between 0 and 8. Got {bits}")
    return _of_kind(img).posterize(img, bits)


def solarize(img: Any, threshold: float) -> Any:
    """The picture with the values from ``threshold`` on inverted.

    Errors: TypeError unless a tensor has 1 or 3 channels, and for a threshold beyond white.
    Source: torchvision.transforms.functional.solarize.
    """
    return _of_kind(img).solarize(img, threshold)


def autocontrast(img: Any) -> Any:
    """The picture with each channel stretched from black to white.

    Errors: TypeError unless a tensor has 1 or 3 channels.
    Source: torchvision.transforms.functional.autocontrast.
    """
    return _of_kind(img).autocontrast(img)


def equalize(img: Any) -> Any:
    """The picture with about as many pixels of each value, channel by channel.

    Errors: TypeError unless a tensor is uint8, of 1 or 3 channels.
    Source: torchvision.transforms.functional.equalize.
    """
    return _of_kind(img).equalize(img)


def _of_kind(img: Any) -> Any:
    """The module for what ``img`` is; that for images refuses what is neither."""
    return F_t if isinstance(img, Tensor) else F_pil


def gaussian_blur(
    img: Any, kernel_size: int | Sequence[int], sigma: float | Sequence[float] | None = None
) -> Any:
    """The picture blurred by a Gaussian.

    Args:
        img: the picture.
        kernel_size: how many pixels it reaches over, odd; one number or (width, height).
        sigma: its standard deviation, one number or (x, y); ``0.15 * kernel_size + 0.35`` when
            None.

    Shape: (*, C, H, W) -> same.
    Errors: TypeError or ValueError for sizes and deviations that are none.
    Source: torchvision.transforms.functional.gaussian_blur.
    """
    if not isinstance(kernel_size, (int, list, tuple)):
        raise TypeError(
            f"kernel_size should be int or a sequence of integers. Got {type(kernel_size)}"
        )
    sizes = [kernel_size] * 2 if isinstance(kernel_size, int) else list(kernel_size)
    if len(sizes) != 2:
        raise ValueError(f"If kernel_size is a sequence its length should be 2. Got {len(sizes)}")
    if any(size % 2 == 0 or size < 0 for size in sizes):
        raise ValueError(f"kernel_size should have odd and positive integers. Got {sizes}")
    if sigma is None:
        sigma = [size * 0.15 + 0.35 for size in sizes]
    if not isinstance(sigma, (int, float, list, tuple)):
        raise TypeError(f"sigma should be either float or sequence of floats. Got {type(sigma)}")
    sigmas = [float(sigma)] if isinstance(sigma, (int, float)) else list(sigma)
    sigmas = sigmas * 2 if len(sigmas) == 1 else sigmas
    if len(sigmas) != 2:
        raise ValueError(f"If sigma is a sequence, its length should be 2. Got {len(sigmas)}")
    if any(value <= 0.0 for value in sigmas):
        raise ValueError(f"sigma should have positive values. Got {sigmas}")
    return _by_tensor(img, lambda pixels: F_t.gaussian_blur(pixels, sizes, sigmas))


def _by_tensor(img: Any, apply: Any) -> Any:
    """``apply`` to a tensor, or to an image by way of one."""
    if isinstance(img, Tensor):
        return apply(img)
    if not is_pil_image(img):
        raise TypeError(f"img should be PIL Image or Tensor. Got {type(img)}")
    return to_pil_image(apply(pil_to_tensor(img)), img.mode)


def erase(img: Tensor, i: int, j: int, h: int, w: int, v: Any, inplace: bool = False) -> Tensor:
    """A tensor with the values ``v`` in the rectangle of ``h`` by ``w`` pixels at (``i``, ``j``).

    Errors: TypeError for anything but a tensor.
    Source: torchvision.transforms.functional.erase.
    """
    if not isinstance(img, Tensor):
        raise TypeError(f"img should be Tensor Image. Got {type(img)}")
    F_t.check_image(img)
    if not inplace:
        img = img.clone()
    img[..., i : i + h, j : j + w] = v
    return img


# Geometry


def hflip(img: Any) -> Any:
    """The picture mirrored left to right.  Source: torchvision.transforms.functional.hflip."""
    if isinstance(img, Tensor):
        F_t.check_image(img)
        return img.flip(-1)
    F_pil.check_image(img)
    return img.transpose(pillow_image().Transpose.FLIP_LEFT_RIGHT)


def vflip(img: Any) -> Any:
    """The picture mirrored top to bottom.  Source: torchvision.transforms.functional.vflip."""
    if isinstance(img, Tensor):
        F_t.check_image(img)
        return img.flip(-2)
    F_pil.check_image(img)
    return img.transpose(pillow_image().Transpose.FLIP_TOP_BOTTOM)


def crop(img: Any, top: int, left: int, height: int, width: int) -> Any:
    """The rectangle of ``height`` by ``width`` pixels whose upper left corner is at (top, left).

    What lies outside the picture is 0.
    Shape: (*, H, W) -> (*, height, width).
    Source: torchvision.transforms.functional.crop.
    """
    if isinstance(img, Tensor):
        return F_t.crop(img, top, left, height, width)
    F_pil.check_image(img)
    return img.crop((left, top, left + width, top + height))


def center_crop(img: Any, output_size: int | Sequence[int]) -> Any:
    """The middle of the picture; a smaller one is first padded with 0.

    Args:
        img: the picture.
        output_size: ``(height, width)``, or one number for both.

    Shape: (*, H, W) -> (*, height, width).
    Source: torchvision.transforms.functional.center_crop.
    """
    crop_height, crop_width = height_and_width(output_size)
    _, height, width = get_dimensions(img)
    if crop_height > height or crop_width > width:
        missing_height, missing_width = max(crop_height - height, 0), max(crop_width - width, 0)
        img = pad(
            img,
            [
                missing_width // 2,
                missing_height // 2,
                (missing_width + 1) // 2,
                (missing_height + 1) // 2,
            ],
        )
        _, height, width = get_dimensions(img)
    top, left = round((height - crop_height) / 2), round((width - crop_width) / 2)
    return crop(img, top, left, crop_height, crop_width)


def height_and_width(size: Any) -> Any:
    """``size`` as two numbers: one stands for both.  Raises ValueError for three and more."""
    if isinstance(size, numbers.Number):
        return int(size), int(size)  # type: ignore[call-overload]
    if len(size) == 1:
        return size[0], size[0]
    if len(size) != 2:
        raise ValueError(f"Please provide only two dimensions (h, w) for size, got {size}")
    return size


def pad(
    img: Any,
    padding: int | Sequence[int],
    fill: float | Sequence[float] | None = 0,
    padding_mode: str = "constant",
) -> Any:
    """The picture with a border around it.

    Args:
        img: the picture.
        padding: the width of the border; two numbers are (left and right, top and bottom), four are
            (left, top, right, bottom).  A negative width cuts off.
        fill: the value of a constant border; for a Pillow image also one value per channel.
        padding_mode: "constant"; "edge" repeats the outermost pixel; "reflect" mirrors at it;
            "symmetric" mirrors and repeats it.

    Shape: (*, H, W) -> (*, H + top + bottom, W + left + right).
    Errors: TypeError for arguments of another type; ValueError for another number of widths,
    another mode, or a ``fill`` that does not fit the channels.
    Source: torchvision.transforms.functional.pad.
    """
    widths = _four_widths(padding)
    fill = 0 if fill is None else fill
    if not isinstance(fill, (numbers.Number, tuple, list)):
        raise TypeError(f"Got inappropriate fill arg: {fill!r}")
    check_padding_mode(padding_mode)
    return _of_kind(img).pad(img, widths, fill, padding_mode)


def check_padding(padding: Any) -> None:
    """Raises TypeError or ValueError unless ``padding`` is a number or 1, 2 or 4 of them."""
    if not isinstance(padding, (numbers.Number, tuple, list)):
        raise TypeError(f"Got inappropriate padding arg: {padding!r}")
    if isinstance(padding, (tuple, list)) and len(padding) not in (1, 2, 4):
        raise ValueError(
            "Padding must be an int or a 1, 2, or 4 element tuple, "
            f"not a {len(padding)} element tuple"
        )


def check_padding_mode(padding_mode: Any) -> None:
    """Raises TypeError or ValueError unless ``padding_mode`` is the name of one."""
    if not isinstance(padding_mode, str):
        raise TypeError(f"Got inappropriate padding_mode arg: {padding_mode!r}")
    if padding_mode not in _PADDING_MODES:
        raise ValueError(
            "Padding mode should be either constant, edge, reflect or symmetric, "
            f"got {padding_mode!r}"
        )


def _four_widths(padding: Any) -> tuple[int, int, int, int]:
    check_padding(padding)
    widths = tuple(padding) if isinstance(padding, (tuple, list)) else (padding,)
    left, top, right, bottom = widths * (4 // len(widths))
    return left, top, right, bottom


def resize(
    img: Any,
    size: int | Sequence[int],
    interpolation: InterpolationMode | int = InterpolationMode.BILINEAR,
    max_size: int | None = None,
    antialias: bool | None = True,
) -> Any:
    """The picture at another size.

    Args:
        img: the picture.
        size: ``(height, width)``; or one number for the shorter edge, keeping the proportions.
        interpolation: how to read between pixels; also Pillow's number of a filter.
        max_size: with one number, the most that the longer edge may have; the shorter gives way.
        antialias: whether bilinear and bicubic average over all pixels that fall into one when they
            shrink a tensor.  Pillow always does.

    Shape: (*, H, W) -> (*, height, width).
    Errors: TypeError where ``interpolation`` is none; ValueError for a size or ``max_size`` that
    makes no sense; NotImplementedError for a tensor with one of the modes that only Pillow has.
    Source: torchvision.transforms.functional.resize.
    """
    interpolation = _interpolation(interpolation)
    _, height, width = get_dimensions(img)
    new_height, new_width = _resized(height, width, size, max_size)
    if (new_height, new_width) == (height, width):
        return img
    if isinstance(img, Tensor):
        return F_t.resize(img, new_height, new_width, interpolation.value, bool(antialias))
    if antialias is False:
        warnings.warn(
            "Anti-alias option is always applied for PIL Image input. "
            "Argument antialias is ignored.",
            stacklevel=2,
        )
    return img.resize((new_width, new_height), pil_modes_mapping[interpolation])


def interpolation_of_filter(number: int) -> InterpolationMode:
    """The mode that Pillow calls by ``number``.  Raises ValueError where there is none."""
    if number not in _MODE_OF_FILTER:
        known = sorted(_MODE_OF_FILTER)
        raise ValueError(f"Pillow has no filter {number}, expected one of {known}")
    return _MODE_OF_FILTER[number]


def _resized(
    height: int, width: int, size: int | Sequence[int], max_size: int | None
) -> tuple[int, int]:
    """The height and width that ``size`` and ``max_size`` ask for."""
    sizes = [size] if isinstance(size, int) else list(size)
    if len(sizes) not in (1, 2):
        raise ValueError(
            "Size must be an int or a 1 or 2 element tuple/list, "
            f"not a {len(sizes)} element tuple/list"
        )
    if len(sizes) == 2:
        if max_size is not None:
            raise ValueError(
                "max_size should only be passed if size specifies the length of the smaller edge, "
                "i.e. size should be an int or a sequence of length 1"
            )
        return sizes[0], sizes[1]
    short, long = sorted((height, width))
    new_short, new_long = sizes[0], int(sizes[0] * long / short)
    if max_size is not None:
        if max_size <= new_short:
            raise ValueError(
                f"max_size = {max_size} must be strictly greater than the requested "
                f"size for the smaller edge size = {size}"
            )
        if new_long > max_size:
            new_short, new_long = int(max_size * new_short / new_long), max_size
    return (new_long, new_short) if width <= height else (new_short, new_long)


def resized_crop(
    img: Any,
    top: int,
    left: int,
    height: int,
    width: int,
    size: int | Sequence[int],
    interpolation: InterpolationMode | int = InterpolationMode.BILINEAR,
    antialias: bool | None = True,
) -> Any:
    """``crop``, then ``resize``.  Source: torchvision.transforms.functional.resized_crop."""
    img = crop(img, top, left, height, width)
    return resize(img, size, interpolation, antialias=antialias)


def five_crop(img: Any, size: int | Sequence[int]) -> tuple[Any, Any, Any, Any, Any]:
    """The four corners and the middle: upper left, upper right, lower left, lower right, centre.

    Args:
        img: the picture.
        size: ``(height, width)``, or one number for both.

    Errors: ValueError for a picture smaller than that.
    Source: torchvision.transforms.functional.five_crop.
    """
    crop_height, crop_width = height_and_width(size)
    _, height, width = get_dimensions(img)
    if crop_height > height or crop_width > width:
        raise ValueError(
            f"Requested crop size {(crop_height, crop_width)} is bigger than input size "
            f"{(height, width)}"
        )
    down, right = height - crop_height, width - crop_width
    corners = [
        crop(img, top, left, crop_height, crop_width) for top in (0, down) for left in (0, right)
    ]
    upper_left, upper_right, lower_left, lower_right = corners
    middle = center_crop(img, [crop_height, crop_width])
    return upper_left, upper_right, lower_left, lower_right, middle


def ten_crop(img: Any, size: int | Sequence[int], vertical_flip: bool = False) -> tuple[Any, ...]:
    """``five_crop`` of the picture, and of the picture mirrored.

    Args:
        img: the picture.
        size: ``(height, width)``, or one number for both.
        vertical_flip: mirrored top to bottom, else left to right.

    Errors: ValueError for a picture smaller than that.
    Source: torchvision.transforms.functional.ten_crop.
    """
    mirrored = vflip(img) if vertical_flip else hflip(img)
    return five_crop(img, size) + five_crop(mirrored, size)


def rotate(
    img: Any,
    angle: float,
    interpolation: InterpolationMode | int = InterpolationMode.NEAREST,
    expand: bool = False,
    center: Sequence[float] | None = None,
    fill: float | Sequence[float] | None = None,
) -> Any:
    """The picture turned counter-clockwise.

    Args:
        img: the picture.
        angle: in degrees.
        interpolation: how to read between pixels; tensors know "nearest" and "bilinear".
        expand: make the picture large enough to hold all of it; this supposes the middle as centre.
        center: (x, y) of the point to turn around, in pixels from the upper left; the middle when
            None.
        fill: the value of what comes from outside, or one per channel; 0 when None.

    Shape: (*, C, H, W) -> same, or larger with ``expand``.
    Errors: TypeError or ValueError for arguments that are none of these.
    Source: torchvision.transforms.functional.rotate.
    """
    mode = _interpolation(interpolation)
    _check_angle_and_center(angle, center)
    if not isinstance(img, Tensor):
        return F_pil.rotate(img, angle, pil_modes_mapping[mode], expand, center, fill)
    # torch: a positive angle turns the other way than in affine().
    matrix = _inverse_affine(_from_middle(img, center), -angle, (0.0, 0.0), 1.0, (0.0, 0.0))
    return F_t.rotate(img, matrix, mode.value, expand, fill)


def affine(
    img: Any,
    angle: float,
    translate: Sequence[float],
    scale: float,
    shear: float | Sequence[float],
    interpolation: InterpolationMode | int = InterpolationMode.NEAREST,
    fill: float | Sequence[float] | None = None,
    center: Sequence[float] | None = None,
) -> Any:
    """The picture turned, moved, scaled and sheared, in place.

    Args:
        img: the picture.
        angle: in degrees, clockwise.
        translate: how far to move it right and down, in pixels.
        scale: how much larger, above 0.
        shear: the angle along x, or those along x and y, in degrees.
        interpolation: how to read between pixels; tensors know "nearest" and "bilinear".
        fill: the value of what comes from outside, or one per channel; 0 when None.
        center: (x, y) of the point that is turned and scaled around; the middle when None.

    Shape: (*, C, H, W) -> same.
    Errors: TypeError or ValueError for arguments that are none of these.
    Source: torchvision.transforms.functional.affine.
    """
    mode = _interpolation(interpolation)
    _check_angle_and_center(angle, center)
    if not isinstance(translate, (list, tuple)):
        raise TypeError("Argument translate should be a sequence")
    if len(translate) != 2:
        raise ValueError("Argument translate should be a sequence of length 2")
    if scale <= 0.0:
        raise ValueError("Argument scale should be positive")
    if not isinstance(shear, (numbers.Number, list, tuple)):
        raise TypeError("Shear should be either a single value or a sequence of two values")
    shears = list(shear) if isinstance(shear, (list, tuple)) else [shear, 0.0]
    shears = shears * 2 if len(shears) == 1 else shears
    if len(shears) != 2:
        raise ValueError(f"Shear should be a sequence containing two values. Got {shears}")
    if isinstance(img, Tensor):
        matrix = _inverse_affine(_from_middle(img, center), angle, translate, scale, shears)
        return F_t.affine(img, matrix, mode.value, fill)
    _, height, width = get_dimensions(img)
    middle = [width * 0.5, height * 0.5] if center is None else center
    matrix = _inverse_affine(middle, angle, translate, scale, shears)
    return F_pil.affine(img, matrix, pil_modes_mapping[mode], fill)


def _check_angle_and_center(angle: Any, center: Any) -> None:
    if not isinstance(angle, (int, float)):
        raise TypeError("Argument angle should be int or float")
    if center is not None and not isinstance(center, (list, tuple)):
        raise TypeError("Argument center should be a sequence")


def _from_middle(img: Tensor, center: Sequence[float] | None) -> tuple[float, float]:
    """``center`` in pixels from the middle of the picture."""
    if center is None:
        return 0.0, 0.0
    return center[0] - img.size(-1) * 0.5, center[1] - img.size(-2) * 0.5


def _inverse_affine(
    center: Sequence[float],
    angle: float,
    translate: Sequence[float],
    scale: float,
    shear: Sequence[Any],
) -> list[float]:
    """Two rows of three: where each point of the result is read.

    The transform is ``T C R S Hy Hx C^-1``: move by ``translate``, and around ``center`` turn,
    scale and shear, ``Hx = [[1, -tan x], [0, 1]]`` and ``Hy = [[1, 0], [-tan y, 1]]``.  The
    determinant of ``R Hy Hx`` is 1, so its inverse needs no division.
    """
    turn, x, y = math.radians(angle), math.radians(shear[0]), math.radians(shear[1])
    a = math.cos(turn - y) / math.cos(y)
    b = -math.cos(turn - y) * math.tan(x) / math.cos(y) - math.sin(turn)
    c = math.sin(turn - y) / math.cos(y)
    d = -math.sin(turn - y) * math.tan(x) / math.cos(y) + math.cos(turn)
    rows = [[value / scale for value in row] for row in ((d, -b, 0.0), (-c, a, 0.0))]
    back = [-center[0] - translate[0], -center[1] - translate[1]]
    for row, middle in zip(rows, center, strict=True):
        row[2] += row[0] * back[0] + row[1] * back[1]
        row[2] += middle
    return rows[0] + rows[1]


def perspective(
    img: Any,
    startpoints: Sequence[Sequence[int]],
    endpoints: Sequence[Sequence[int]],
    interpolation: InterpolationMode | int = InterpolationMode.BILINEAR,
    fill: float | Sequence[float] | None = None,
) -> Any:
    """The picture as seen from elsewhere: four corners are moved.

    Args:
        img: the picture.
        startpoints: (x, y) of the upper left, upper right, lower right and lower left corner.
        endpoints: where these go.
        interpolation: how to read between pixels; tensors know "nearest" and "bilinear".
        fill: the value of what comes from outside, or one per channel; 0 when None.

    Shape: (*, C, H, W) -> same.
    Errors: ValueError unless there are four points; TypeError for another ``interpolation``.
    Source: torchvision.transforms.functional.perspective.
    """
    coeffs = _perspective_coefficients(startpoints, endpoints)
    mode = _interpolation(interpolation)
    if isinstance(img, Tensor):
        return F_t.perspective(img, coeffs, mode.value, fill)
    return F_pil.perspective(img, coeffs, pil_modes_mapping[mode], fill)


def _perspective_coefficients(startpoints: Any, endpoints: Any) -> list[float]:
    """The eight numbers of the map that takes ``endpoints`` to ``startpoints``."""
    if len(startpoints) != 4 or len(endpoints) != 4:
        raise ValueError(
            f"Please provide exactly four corners, got {len(startpoints)} startpoints and "
            f"{len(endpoints)} endpoints."
        )
    rows = []
    for (x, y), (u, v) in zip(endpoints, startpoints, strict=True):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y])
    wanted = np.array(startpoints, dtype=np.float64).reshape(8)
    solution = np.linalg.lstsq(np.array(rows, dtype=np.float64), wanted, rcond=None)[0]
    return solution.astype(np.float32).tolist()  # torch: rounded to single precision


def elastic_transform(
    img: Any,
    displacement: Tensor,
    interpolation: InterpolationMode | int = InterpolationMode.BILINEAR,
    fill: float | Sequence[float] | None = None,
) -> Any:
    """The picture with each pixel read somewhere near.

    Args:
        img: the picture.
        displacement: how far away, (1, H, W, 2) of x and y in halves of width and height.
        interpolation: how to read between pixels, "nearest" or "bilinear".
        fill: the value of what comes from outside, or one per channel; 0 when None.

    Shape: (*, C, H, W) -> same.
    Errors: TypeError unless ``displacement`` is a tensor, ValueError for another shape.
    Source: torchvision.transforms.functional.elastic_transform.
    """
    mode = _interpolation(interpolation)
    if not isinstance(displacement, Tensor):
        raise TypeError("Argument displacement should be a Tensor")
    _, height, width = get_dimensions(img)
    expected = (1, height, width, 2)
    if tuple(displacement.shape) != expected:
        raise ValueError(
            f"Argument displacement shape should be {expected}, but given {displacement.shape}"
        )
    return _by_tensor(
        img, lambda pixels: F_t.elastic_transform(pixels, displacement, mode.value, fill)
    )
