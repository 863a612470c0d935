"""The transforms of tensors (*, C, H, W), as the formulas they are.

Integers stand for 0 ... the largest of their type, floats for 0.0 ... 1.0.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minitorch.dtypes import (
    dtype as Dtype,
)
from minitorch.dtypes import (
    float32,
    float64,
    get_default_dtype,
    int8,
    int16,
    int32,
    int64,
    uint8,
)
from minitorch.nn import functional as F
from minitorch.ops.creation import linspace, ones, tensor, zeros_like
from minitorch.ops.joining import cat, stack
from minitorch.ops.masking import where
from minitorch.tensor import Tensor, wrap

__all__ = [
    "adjust_brightness",
    "adjust_contrast",
    "adjust_gamma",
    "adjust_hue",
    "adjust_saturation",
    "adjust_sharpness",
    "affine",
    "autocontrast",
    "border_index",
    "check_channels",
    "check_image",
    "convert_image_dtype",
    "crop",
    "elastic_transform",
    "equalize",
    "gaussian_blur",
    "invert",
    "max_value",
    "pad",
    "perspective",
    "posterize",
    "resize",
    "rgb_to_grayscale",
    "rotate",
    "solarize",
]

_LARGEST = {uint8: 255, int8: 127, int16: 2**15 - 1, int32: 2**31 - 1, int64: 2**63 - 1}


# Checks


def check_image(img: Tensor) -> None:
    """Raises TypeError for fewer than two dimensions."""
    if img.dim() < 2:
        raise TypeError(f"Tensor is not a torch image. Got shape {tuple(img.shape)}")


def check_channels(img: Tensor, dimensions: int = 2) -> int:
    """The number of channels.  Raises TypeError unless 1 or 3, or for fewer ``dimensions``."""
    check_image(img)
    if img.dim() < dimensions:
        raise TypeError(
            f"Input image tensor should have at least {dimensions} dimensions, "
            f"but found {img.dim()}"
        )
    channels = 1 if img.dim() == 2 else img.size(-3)
    if channels not in (1, 3):
        raise TypeError(
            f"Input image tensor permitted channel values are [1, 3], but found {channels}"
        )
    return channels


def _check_factor(name: str, factor: float) -> None:
    if factor < 0:
        raise ValueError(f"{name} ({factor}) is not non-negative.")


def _check_bytes(img: Tensor) -> None:
    if img.dtype is not uint8:
        raise TypeError(f"Only torch.uint8 image tensors are supported, but found {img.dtype}")


# Types


def max_value(dtype: Dtype) -> int:
    """What white is: the largest integer of a type, 1 for floats."""
    return _LARGEST.get(dtype, 1)


def _float_of(img: Tensor) -> Dtype:
    return img.dtype if img.is_floating_point() else float32


def convert_image_dtype(image: Tensor, dtype: Dtype = float32) -> Tensor:
    """The values of ``image`` in another type, black and white staying so."""
    if image.dtype is dtype:
        return image
    if image.is_floating_point():
        if dtype.is_floating_point:
            return image.to(dtype)
        if (image.dtype is float32 and dtype in (int32, int64)) or (
            image.dtype is float64 and dtype is int64
        ):
            raise RuntimeError(
                f"The cast from {image.dtype} to {dtype} cannot be performed safely."
            )
        # Each integer gets an equal share of 0.0 ... 1.0.
        return image.mul(max_value(dtype) + 1.0 - 1e-3).to(dtype)
    if dtype.is_floating_point:
        return image.to(dtype) / float(max_value(image.dtype))
    # torch: the limits are floats, which round those of int64.
    have, want = float(max_value(image.dtype)), float(max_value(dtype))
    if have > want:
        return image.div(int((have + 1) // (want + 1)), rounding_mode="floor").to(dtype)
    return image.to(dtype) * int((want + 1) // (have + 1))


def _batched(img: Tensor, dtype: Dtype, apply: Callable[[Tensor], Tensor]) -> Tensor:
    """``apply`` on a batch (N, C, H, W) of floats, whatever ``img`` is, and back."""
    lead, size = img.shape[:-2], img.shape[-2:]
    batch = img if img.dim() == 4 else img.reshape(-1, lead[-1] if lead else 1, *size)
    result = apply(batch.to(dtype))
    if img.dim() != 4:
        result = result.reshape(*lead, *result.shape[-2:])
    if img.dtype is dtype:
        return result
    return (result if img.dtype.is_floating_point else result.round()).to(img.dtype)


# Colours


def rgb_to_grayscale(img: Tensor, num_output_channels: int = 1) -> Tensor:
    """``0.2989 R + 0.587 G + 0.114 B``, once or three times."""
    channels = check_channels(img, 3)
    if channels == 3:
        red, green, blue = img.unbind(-3)
        grey = (0.2989 * red + 0.587 * green + 0.114 * blue).to(img.dtype).unsqueeze(-3)
    else:
        grey = img.clone()
    if num_output_channels == 1:
        return grey
    return grey.expand(*img.shape[:-3], 3, *img.shape[-2:])


def _blend(img: Tensor, other: Tensor, ratio: float) -> Tensor:
    """``ratio`` of ``img`` and the rest of ``other``; beyond 1 it leads away from ``other``."""
    ratio = float(ratio)
    mixed = ratio * img + (1.0 - ratio) * other
    return mixed.clamp(0, max_value(img.dtype)).to(img.dtype)


def adjust_brightness(img: Tensor, brightness_factor: float) -> Tensor:
    """Blended with black."""
    _check_factor("brightness_factor", brightness_factor)
    check_channels(img)
    return _blend(img, zeros_like(img), brightness_factor)


def adjust_contrast(img: Tensor, contrast_factor: float) -> Tensor:
    """Blended with the mean of its grey."""
    _check_factor("contrast_factor", contrast_factor)
    channels = check_channels(img)
    grey = rgb_to_grayscale(img) if channels == 3 else img
    mean = grey.to(_float_of(img)).mean((-3, -2, -1), keepdim=True)
    return _blend(img, mean, contrast_factor)


def adjust_saturation(img: Tensor, saturation_factor: float) -> Tensor:
    """Blended with its grey."""
    _check_factor("saturation_factor", saturation_factor)
    if check_channels(img) == 1:
        return img
    return _blend(img, rgb_to_grayscale(img), saturation_factor)


def adjust_hue(img: Tensor, hue_factor: float) -> Tensor:
    """Turned by ``hue_factor`` of the circle of colours."""
    if check_channels(img) == 1:
        return img
    hue, saturation, value = _hsv_of(convert_image_dtype(img, float32))
    turned = _rgb_of((hue + hue_factor) % 1.0, saturation, value)
    return convert_image_dtype(turned, img.dtype)


def _hsv_of(img: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Hue, saturation and value, each 0 ... 1, of (*, 3, H, W)."""
    red, green, blue = img.unbind(-3)
    most, least = img.amax(-3), img.amin(-3)
    grey = most == least
    spread = most - least
    # Grey has no hue: what would be divided by zero is divided by one.
    saturation = spread / where(grey, 1.0, most)
    divisor = where(grey, 1.0, spread)
    r, g, b = ((most - part) / divisor for part in (red, green, blue))
    sixths = where(most == red, b - g, where(most == green, 2.0 + r - b, 4.0 + g - r))
    return (sixths / 6.0 + 1.0).fmod(1.0), saturation, most


def _rgb_of(hue: Tensor, saturation: Tensor, value: Tensor) -> Tensor:
    """(*, 3, H, W) of hue, saturation and value (*, H, W)."""
    sector = (hue * 6.0).floor()
    within = hue * 6.0 - sector
    low = (value * (1.0 - saturation)).clamp(0.0, 1.0)
    falling = (value * (1.0 - saturation * within)).clamp(0.0, 1.0)
    rising = (value * (1.0 - saturation * (1.0 - within))).clamp(0.0, 1.0)
    number = (sector.to(int32) % 6).unsqueeze(-3).to(int64)
    # The value of each channel in each of the six sectors of the circle.
    red = stack((value, falling, low, low, rising, value), -3)
    green = stack((rising, value, value, falling, low, low), -3)
    blue = stack((low, low, rising, value, value, falling), -3)
    return cat([channel.gather(-3, number) for channel in (red, green, blue)], -3)


def adjust_gamma(img: Tensor, gamma: float, gain: float = 1) -> Tensor:
    """``gain * img ** gamma``."""
    check_channels(img)
    if gamma < 0:
        raise ValueError("Gamma should be a non-negative real number")
    floats = img if img.is_floating_point() else convert_image_dtype(img, float32)
    return convert_image_dtype((gain * floats.pow(gamma)).clamp(0, 1), img.dtype)


def invert(img: Tensor) -> Tensor:
    """White minus the picture."""
    check_channels(img, 3)
    return max_value(img.dtype) - img


def posterize(img: Tensor, bits: int) -> Tensor:
    """Only the first ``bits`` of each byte."""
    if img.dim() >= 3:
        _check_bytes(img)
    check_channels(img, 3)
    return img & -int(2 ** (8 - bits))


def solarize(img: Tensor, threshold: float) -> Tensor:
    """Inverted from ``threshold`` on."""
    check_channels(img, 3)
    if threshold > max_value(img.dtype):
        raise TypeError("Threshold should be less than bound of img.")
    return where(img >= threshold, invert(img), img)


def autocontrast(img: Tensor) -> Tensor:
    """Each channel stretched from black to white."""
    check_channels(img, 3)
    white = max_value(img.dtype)
    low, high = (
        extreme((-2, -1), keepdim=True).to(_float_of(img)) for extreme in (img.amin, img.amax)
    )
    flat = low == high
    scale = white / where(flat, 1.0, high - low)
    scale, low = where(flat, 1.0, scale), where(flat, 0.0, low)
    return ((img - low) * scale).clamp(0, white).to(img.dtype)


def equalize(img: Tensor) -> Tensor:
    """Each channel with as many pixels of each value as can be."""
    if not 3 <= img.dim() <= 4:
        raise TypeError(f"Input image tensor should have 3 or 4 dimensions, but found {img.dim()}")
    _check_bytes(img)
    check_channels(img)
    pixels = img.detach().numpy()
    planes = pixels.reshape(-1, *pixels.shape[-2:])
    return wrap(np.stack([_equalized(plane) for plane in planes]).reshape(pixels.shape))


def _equalized(plane: np.ndarray) -> np.ndarray:
    counts = np.bincount(plane.reshape(-1), minlength=256)
    step = counts[counts != 0][:-1].sum() // 255
    if step == 0:
        return plane
    below = np.concatenate(([0], np.cumsum(counts)[:-1] + step // 2)) // step
    return np.clip(below, 0, 255).astype(np.uint8)[plane]


# Neighbourhoods


def _convolved(img: Tensor, kernel: Tensor) -> Tensor:
    """Each channel of a batch convolved with ``kernel``."""
    channels = img.size(-3)
    return F.conv2d(img, kernel.expand(channels, 1, *kernel.shape), groups=channels)


def _gaussian(size: int, sigma: float, dtype: Dtype) -> Tensor:
    reach = (size - 1) * 0.5
    x = linspace(-reach, reach, size, dtype=dtype)
    weights = (-0.5 * (x / sigma).pow(2)).exp()
    return weights / weights.sum()


def gaussian_blur(img: Tensor, kernel_size: Sequence[int], sigma: Sequence[float]) -> Tensor:
    """Convolved with a Gaussian of (width, height) and their deviations."""
    check_image(img)
    dtype = _float_of(img)
    along, down = (_gaussian(*pair, dtype) for pair in zip(kernel_size, sigma, strict=True))
    kernel = down[:, None] @ along[None, :]
    width, height = (size // 2 for size in kernel_size)
    return _batched(
        img,
        dtype,
        lambda batch: _convolved(
            F.pad(batch, (width, width, height, height), mode="reflect"), kernel
        ),
    )


def adjust_sharpness(img: Tensor, sharpness_factor: float) -> Tensor:
    """Blended with a smoothed picture; the border stays."""
    _check_factor("sharpness_factor", sharpness_factor)
    check_channels(img)
    if img.size(-1) <= 2 or img.size(-2) <= 2:
        return img
    dtype = _float_of(img)
    kernel = ones(3, 3, dtype=dtype)
    kernel[1, 1] = 5.0
    kernel /= kernel.sum()
    smooth = img.clone()
    smooth[..., 1:-1, 1:-1] = _batched(img, dtype, lambda batch: _convolved(batch, kernel))
    return _blend(img, smooth, sharpness_factor)


# Geometry


def crop(img: Tensor, top: int, left: int, height: int, width: int) -> Tensor:
    """A rectangle; what lies outside the picture is 0."""
    check_image(img)
    rows, above, below = _overlap(top, height, img.size(-2))
    columns, before, after = _overlap(left, width, img.size(-1))
    inside = img[..., rows, columns]
    outside = [before, after, above, below]
    return F.pad(inside, outside) if any(outside) else inside


def _overlap(start: int, length: int, size: int) -> tuple[slice, int, int]:
    """The part of [start, start + length) inside [0, size), and what is missing on either side."""
    first = min(max(start, 0), size)
    last = min(max(start + length, first), size)
    before = min(max(-start, 0), length)
    return slice(first, last), before, length - before - (last - first)


def pad(img: Tensor, widths: Sequence[int], fill: Any, padding_mode: str) -> Tensor:
    """With a border of (left, top, right, bottom) pixels."""
    check_image(img)
    left, top, right, bottom = widths
    if padding_mode == "constant":
        if not isinstance(fill, (int, float)):
            raise TypeError(f"Got inappropriate fill arg: {fill!r}; a tensor takes one number")
        return F.pad(img, [left, right, top, bottom], value=float(fill))
    rows = border_index(img.size(-2), top, bottom, padding_mode)
    columns = border_index(img.size(-1), left, right, padding_mode)
    return img[..., wrap(rows)[:, None], wrap(columns)]


def border_index(size: int, before: int, after: int, mode: str) -> np.ndarray:
    """For each pixel of a padded row, which pixel of the row of ``size`` it shows."""
    index = np.arange(max(-before, 0), size - max(-after, 0))
    return np.pad(index, (max(before, 0), max(after, 0)), mode=mode)  # type: ignore[call-overload]


def resize(img: Tensor, height: int, width: int, mode: str, antialias: bool) -> Tensor:
    """At another size."""
    smooth = mode in ("bilinear", "bicubic")
    if not smooth and mode not in ("nearest", "nearest-exact"):
        raise NotImplementedError(
            f"resize() of a tensor with interpolation {mode!r}; only PIL images have it"
        )
    bounded = mode == "bicubic" and img.dtype is uint8  # it overshoots at sharp edges

    def apply(batch: Tensor) -> Tensor:
        resized = F.interpolate(
            batch,
            (height, width),
            mode=mode,
            align_corners=False if smooth else None,
            antialias=antialias and smooth,
        )
        return resized.clamp(0, 255) if bounded else resized

    return _batched(img, img.dtype if img.dtype in (float32, float64) else float32, apply)


def _sampled(img: Tensor, grid: Tensor, mode: str, fill: Any) -> Tensor:
    """The picture read at ``grid`` (1, H, W, 2); what lies outside it is ``fill``."""

    def apply(batch: Tensor) -> Tensor:
        places = grid.expand(batch.size(0), -1, -1, -1)
        if fill is None:
            return F.grid_sample(batch, places, mode, "zeros", align_corners=False)
        # A channel of ones shows how much of each pixel comes from inside.
        marked = cat((batch, ones(batch.size(0), 1, *batch.shape[-2:], dtype=batch.dtype)), 1)
        read = F.grid_sample(marked, places, mode, "zeros", align_corners=False)
        read, inside = read[:, :-1], read[:, -1:]
        colours = list(fill) if isinstance(fill, (tuple, list)) else [float(fill)]
        colour = tensor(colours, dtype=read.dtype).view(1, -1, 1, 1)
        if mode == "nearest":
            return where(inside < 0.5, colour, read)
        return read * inside + (1.0 - inside) * colour

    return _batched(img, grid.dtype, apply)


def _check_sampling(img: Tensor, mode: str, fill: Any) -> None:
    check_image(img)
    channels = 1 if img.dim() == 2 else img.size(-3)
    if isinstance(fill, (tuple, list)) and len(fill) > 1 and len(fill) != channels:
        raise ValueError(
            "The number of elements in 'fill' cannot broadcast to match the number of channels of "
            f"the image ({len(fill)} != {channels})"
        )
    if mode not in ("nearest", "bilinear"):
        raise ValueError(f"Interpolation mode '{mode}' is unsupported with Tensor input")


def _linear(
    rows: Sequence[Sequence[float]],
    divisors: Sequence[float],
    size: tuple[int, int],
    start: tuple[float, float],
    dtype: Dtype,
) -> list[Tensor]:
    """``(a x + b y + c) / divisor`` at each pixel (x, y), for each row (a, b, c).

    The upper left pixel is at ``start``.  Shape: (height, width) each.
    """
    # torch: the places are numbers of the default type first, and the sums go from left to right.
    height, width = size
    x, y = (
        linspace(first, first + length - 1, length, dtype=get_default_dtype()).to(dtype)
        for first, length in zip(start, (width, height), strict=True)
    )
    y = y.unsqueeze(-1)
    results = []
    for row, divisor in zip(rows, divisors, strict=True):
        a, b, c = tensor(list(row), dtype=dtype) / tensor(divisor, dtype=dtype)
        results.append(x * a + y * b + c)
    return results


def affine(img: Tensor, matrix: Sequence[float], mode: str, fill: Any) -> Tensor:
    """Read at ``matrix`` (2 rows of 3) times the place, both from the middle of the picture."""
    return _affine(img, matrix, mode, fill, img.size(-1), img.size(-2))


def rotate(img: Tensor, matrix: Sequence[float], mode: str, expand: bool, fill: Any) -> Tensor:
    """As ``affine``; with ``expand`` onto a canvas that holds all of it."""
    check_image(img)
    height, width = img.shape[-2:]
    if expand:
        width, height = _canvas(matrix, width, height)
    return _affine(img, matrix, mode, fill, width, height)


def _affine(
    img: Tensor, matrix: Sequence[float], mode: str, fill: Any, width: int, height: int
) -> Tensor:
    _check_sampling(img, mode, fill)
    dtype = _float_of(img)
    grid = _linear(
        (matrix[:3], matrix[3:]),
        (0.5 * img.size(-1), 0.5 * img.size(-2)),
        (height, width),
        (-width * 0.5 + 0.5, -height * 0.5 + 0.5),
        dtype,
    )
    return _sampled(img, stack(grid, -1).unsqueeze(0), mode, fill)


def _canvas(matrix: Sequence[float], width: int, height: int) -> tuple[int, int]:
    """The width and height that hold a picture after ``matrix``, as Pillow's."""
    x, y = 0.5 * width, 0.5 * height
    corners = np.array([[-x, -y, 1], [-x, y, 1], [x, y, 1], [x, -y, 1]], dtype=np.float32)
    moved = corners @ np.array(matrix, dtype=np.float32).reshape(2, 3).T
    middle = np.array([x, y], dtype=np.float32)
    step = np.float32(1e-4)  # 1e-15 too much is not yet another pixel
    low, high = (
        np.trunc((extreme + middle) / step) * step for extreme in (moved.min(0), moved.max(0))
    )
    size = np.ceil(high) - np.floor(low)
    return int(size[0]), int(size[1])


def perspective(img: Tensor, coeffs: Sequence[float], mode: str, fill: Any) -> Tensor:
    """Read at ``((a x + b y + c) / (g x + h y + 1), (d x + e y + f) / (g x + h y + 1))``."""
    _check_sampling(img, mode, fill)
    height, width = img.shape[-2:]
    dtype = _float_of(img)
    x, y, below = _linear(
        (coeffs[:3], coeffs[3:6], [*coeffs[6:], 1.0]),
        (0.5 * width, 0.5 * height, 1.0),
        (height, width),
        (0.5, 0.5),
        dtype,
    )
    grid = stack((x / below - 1.0, y / below - 1.0), -1).unsqueeze(0)
    return _sampled(img, grid, mode, fill)


def elastic_transform(img: Tensor, displacement: Tensor, mode: str, fill: Any) -> Tensor:
    """Each pixel read ``displacement`` (1, H, W, 2) away, in halves of the picture's size."""
    check_image(img)
    height, width = img.shape[-2:]
    x, y = (linspace((-size + 1) / size, (size - 1) / size, size) for size in (width, height))
    places = stack((x.expand(height, width), y[:, None].expand(height, width)), -1)
    return _sampled(img, places.unsqueeze(0) + displacement, mode, fill)
