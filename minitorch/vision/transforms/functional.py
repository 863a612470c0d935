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

from minitorch.dtypes import float32, float64, from_numpy, get_default_dtype, iinfo
from minitorch.nn import functional as F
from minitorch.ops.creation import as_tensor
from minitorch.tensor import Tensor, wrap
from minitorch.vision._pillow import is_pil_image, pillow_image

__all__ = [
    "InterpolationMode",
    "center_crop",
    "check_padding",
    "check_padding_mode",
    "crop",
    "get_dimensions",
    "get_image_num_channels",
    "get_image_size",
    "height_and_width",
    "hflip",
    "interpolation_of_filter",
    "normalize",
    "pad",
    "pil_to_tensor",
    "resize",
    "rgb_to_grayscale",
    "to_grayscale",
    "to_pil_image",
    "to_tensor",
    "vflip",
]


class InterpolationMode(Enum):
    """How ``resize`` reads between pixels.  Source: torchvision.transforms.InterpolationMode."""

    NEAREST = "nearest"
    NEAREST_EXACT = "nearest-exact"
    BILINEAR = "bilinear"
    BICUBIC = "bicubic"
    #: The last three are for Pillow images only.
    BOX = "box"
    HAMMING = "hamming"
    LANCZOS = "lanczos"


#: Pillow's numbers for its resampling filters.
_PILLOW_FILTERS = {
    InterpolationMode.NEAREST: 0,
    InterpolationMode.LANCZOS: 1,
    InterpolationMode.BILINEAR: 2,
    InterpolationMode.BICUBIC: 3,
    InterpolationMode.BOX: 4,
    InterpolationMode.HAMMING: 5,
}
_MODE_OF_FILTER = {number: mode for mode, number in _PILLOW_FILTERS.items()}
_PILLOW_FILTERS[InterpolationMode.NEAREST_EXACT] = 0

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
        _check_image_tensor(img)
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


def _check_image_tensor(img: Tensor) -> None:
    if img.dim() < 2:
        raise TypeError(f"Tensor is not a torch image. Got shape {tuple(img.shape)}")


def _check_pil_image(img: Any) -> None:
    if not is_pil_image(img):
        raise TypeError(f"img should be PIL Image. Got {type(img)}")


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
    mean_tensor, std_tensor = (
        as_tensor(values, dtype=tensor.dtype, device=tensor.device) for values in (mean, std)
    )
    if (std_tensor == 0).any():
        raise ValueError(
            f"std evaluated to zero after conversion to {tensor.dtype}, "
            "leading to division by zero."
        )
    if mean_tensor.dim() == 1:
        mean_tensor = mean_tensor.view(-1, 1, 1)
    if std_tensor.dim() == 1:
        std_tensor = std_tensor.view(-1, 1, 1)
    if inplace:
        return tensor.sub_(mean_tensor).div_(std_tensor)
    return (tensor - mean_tensor) / std_tensor


def rgb_to_grayscale(img: Any, num_output_channels: int = 1) -> Any:
    """A colour picture in grey: ``0.2989 R + 0.587 G + 0.114 B``.

    Shape: (*, 3, H, W) or (*, 1, H, W) -> (*, ``num_output_channels``, H, W).
    Errors: TypeError for another number of channels, ValueError unless 1 or 3 are asked for.
    Source: torchvision.transforms.functional.rgb_to_grayscale.
    """
    if not isinstance(img, Tensor):
        return to_grayscale(img, num_output_channels)
    if img.dim() < 3:
        raise TypeError(
            f"Input image tensor should have at least 3 dimensions, but found {img.dim()}"
        )
    channels = img.size(-3)
    if channels not in (1, 3):
        raise TypeError(
            f"Input image tensor permitted channel values are [1, 3], but found {channels}"
        )
    _check_grey_channels(num_output_channels)
    if channels == 3:
        red, green, blue = img.unbind(-3)
        grey = (0.2989 * red + 0.587 * green + 0.114 * blue).to(img.dtype).unsqueeze(-3)
    else:
        grey = img.clone()
    if num_output_channels == 1:
        return grey
    return grey.expand(*img.shape[:-3], 3, *img.shape[-2:])


def to_grayscale(img: Any, num_output_channels: int = 1) -> Any:
    """A Pillow image in grey, mode "L", or "RGB" with three equal channels.

    Errors: TypeError for anything but a Pillow image, ValueError for another number of channels.
    Source: torchvision.transforms.functional.to_grayscale.
    """
    _check_pil_image(img)
    _check_grey_channels(num_output_channels)
    grey = img.convert("L")
    return grey if num_output_channels == 1 else grey.convert("RGB")


def _check_grey_channels(num_output_channels: int) -> None:
    if num_output_channels not in (1, 3):
        raise ValueError(f"num_output_channels should be either 1 or 3, got {num_output_channels}")


# Geometry


def hflip(img: Any) -> Any:
    """The picture mirrored left to right.  Source: torchvision.transforms.functional.hflip."""
    if isinstance(img, Tensor):
        _check_image_tensor(img)
        return img.flip(-1)
    _check_pil_image(img)
    return img.transpose(pillow_image().Transpose.FLIP_LEFT_RIGHT)


def vflip(img: Any) -> Any:
    """The picture mirrored top to bottom.  Source: torchvision.transforms.functional.vflip."""
    if isinstance(img, Tensor):
        _check_image_tensor(img)
        return img.flip(-2)
    _check_pil_image(img)
    return img.transpose(pillow_image().Transpose.FLIP_TOP_BOTTOM)


def crop(img: Any, top: int, left: int, height: int, width: int) -> Any:
    """The rectangle of ``height`` by ``width`` pixels whose upper left corner is at (top, left).

    What lies outside the picture is 0.
    Shape: (*, H, W) -> (*, height, width).
    Source: torchvision.transforms.functional.crop.
    """
    if not isinstance(img, Tensor):
        _check_pil_image(img)
        return img.crop((left, top, left + width, top + height))
    _, whole_height, whole_width = get_dimensions(img)
    rows, above, below = _overlap(top, height, whole_height)
    columns, before, after = _overlap(left, width, whole_width)
    inside = img[..., rows, columns]
    outside = [before, above, after, below]
    return pad(inside, outside) if any(outside) else inside


def _overlap(start: int, length: int, size: int) -> tuple[slice, int, int]:
    """The part of [start, start + length) inside [0, size), and what is missing on either side."""
    first = min(max(start, 0), size)
    last = min(max(start + length, first), size)
    before = min(max(-start, 0), length)
    return slice(first, last), before, length - before - (last - first)


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
    left, top, right, bottom = _four_widths(padding)
    fill = 0 if fill is None else fill
    if not isinstance(fill, (numbers.Number, tuple, list)):
        raise TypeError(f"Got inappropriate fill arg: {fill!r}")
    check_padding_mode(padding_mode)
    if not isinstance(img, Tensor):
        _check_pil_image(img)
        return _pad_pil(img, (left, top, right, bottom), fill, padding_mode)
    _check_image_tensor(img)
    if padding_mode == "constant":
        if not isinstance(fill, (int, float)):
            raise TypeError(f"Got inappropriate fill arg: {fill!r}; a tensor takes one number")
        return F.pad(img, [left, right, top, bottom], value=float(fill))
    rows = _border_index(img.size(-2), top, bottom, padding_mode)
    columns = _border_index(img.size(-1), left, right, padding_mode)
    return img[..., wrap(rows)[:, None], wrap(columns)]


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


def _border_index(size: int, before: int, after: int, mode: str) -> np.ndarray:
    """For each pixel of a padded row, which pixel of the row of ``size`` it shows."""
    index = np.arange(max(-before, 0), size - max(-after, 0))
    return np.pad(index, (max(before, 0), max(after, 0)), mode=mode)  # type: ignore[call-overload]


def _pad_pil(img: Any, widths: tuple[int, int, int, int], fill: Any, padding_mode: str) -> Any:
    left, top, right, bottom = widths
    if padding_mode == "constant":
        size = (img.width + left + right, img.height + top + bottom)
        padded = pillow_image().new(img.mode, size, _pil_colour(fill, img))
        if img.mode == "P":
            padded.putpalette(img.getpalette())
        padded.paste(img, (left, top))
        return padded
    rows = _border_index(img.height, top, bottom, padding_mode)
    columns = _border_index(img.width, left, right, padding_mode)
    padded = pillow_image().fromarray(np.asarray(img)[rows[:, None], columns])
    if img.mode == "P":
        padded.putpalette(img.getpalette())
    return padded


def _pil_colour(fill: Any, img: Any) -> Any:
    """``fill`` as Pillow wants it: a number for one channel, else a tuple of one per channel."""
    channels = len(img.getbands())
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
    return values[0] if channels == 1 else values


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
    if isinstance(interpolation, int):
        interpolation = interpolation_of_filter(interpolation)
    elif not isinstance(interpolation, InterpolationMode):
        raise TypeError(
            "Argument interpolation should be a InterpolationMode or a corresponding Pillow "
            f"integer constant, got {interpolation!r}"
        )
    _, height, width = get_dimensions(img)
    new_height, new_width = _resized(height, width, size, max_size)
    if (new_height, new_width) == (height, width):
        return img
    if isinstance(img, Tensor):
        return _resize_tensor(img, new_height, new_width, interpolation.value, bool(antialias))
    if antialias is False:
        warnings.warn(
            "Anti-alias option is always applied for PIL Image input. "
            "Argument antialias is ignored.",
            stacklevel=2,
        )
    return img.resize((new_width, new_height), _PILLOW_FILTERS[interpolation])


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


def _resize_tensor(img: Tensor, height: int, width: int, mode: str, antialias: bool) -> Tensor:
    if mode in ("nearest", "nearest-exact"):
        rows, columns = (
            wrap(_nearest_index(old, new, mode))
            for old, new in ((img.size(-2), height), (img.size(-1), width))
        )
        return img[..., rows[:, None], columns]
    if mode not in ("bilinear", "bicubic"):
        raise NotImplementedError(
            f"resize() of a tensor with interpolation {mode!r}; only PIL images have it"
        )
    # Each row and column of the result is a weighted sum of rows and columns: two matrix products.
    dtype = img.dtype if img.dtype in (float32, float64) else float32
    rows, columns = (
        as_tensor(_resize_weights(old, new, mode, antialias), dtype=dtype)
        for old, new in ((img.size(-2), height), (img.size(-1), width))
    )
    resized = rows @ (img.to(dtype) @ columns.t())
    if img.dtype.is_floating_point:
        return resized.to(img.dtype)
    if mode == "bicubic":  # overshoots at sharp edges
        limits = iinfo(img.dtype)
        resized = resized.clamp(limits.min, limits.max)
    return resized.round().to(img.dtype)


def _nearest_index(old: int, new: int, mode: str) -> np.ndarray:
    # torch: the scale is a float32, which decides ties.
    scale = np.float32(old) / np.float32(new)
    offset = np.float32(0.5 if mode == "nearest-exact" else 0)
    index = np.floor((np.arange(new, dtype=np.float32) + offset) * scale).astype(np.int64)
    return np.minimum(index, old - 1)


@functools.lru_cache(maxsize=32)
def _resize_weights(old: int, new: int, mode: str, antialias: bool) -> np.ndarray:
    """The (new, old) matrix whose product with a column of pixels is the resized column."""
    scale = old / new
    # Shrinking with antialias stretches the filter over all the pixels that fall into one.
    stretch = max(scale, 1.0) if antialias else 1.0
    reach = (1 if mode == "bilinear" else 2) * stretch
    weights = np.zeros((new, old))
    for i in range(new):
        centre = scale * (i + 0.5) - 0.5
        if antialias:
            first = max(int(centre - reach + 1), 0)
            last = min(int(centre + reach + 1), old)
            taps = np.arange(first, last)
        else:
            if mode == "bilinear":
                centre = max(centre, 0.0)
            taps = np.arange(math.floor(centre - reach) + 1, math.floor(centre + reach) + 1)
        values = _filter((taps - centre) / stretch, mode, antialias)
        # What would lie outside counts for the pixel at the edge.
        np.add.at(weights[i], np.clip(taps, 0, old - 1), values / values.sum())
    return weights


def _filter(x: np.ndarray, mode: str, antialias: bool) -> np.ndarray:
    x = np.abs(x)
    if mode == "bilinear":
        return np.maximum(1 - x, 0)
    # Keys' cubic convolution.  torch: a = -0.5 with antialias, as Pillow, and -0.75 without.
    a = -0.5 if antialias else -0.75
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = a * (((x - 5) * x + 8) * x - 4)
    return np.where(x < 1, near, np.where(x < 2, far, 0))
