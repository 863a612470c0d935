"""Transforms: callables from picture to picture, made once and applied to each sample.

The random ones draw from the default generator what torchvision draws, so a seed gives the same
crops and flips.  Source: torchvision.transforms.
"""

import functools
import math
import numbers
import random
import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from minitorch.dtypes import dtype as Dtype
from minitorch.dtypes import float32, get_default_dtype
from minitorch.nn.module import Module
from minitorch.ops.creation import empty, tensor
from minitorch.ops.joining import cat
from minitorch.ops.random import rand, randperm
from minitorch.tensor import Tensor
from minitorch.vision.transforms import functional as F
from minitorch.vision.transforms._draws import chance, integer, uniform
from minitorch.vision.transforms.functional import InterpolationMode

__all__ = [
    "CenterCrop",
    "ColorJitter",
    "Compose",
    "ConvertImageDtype",
    "ElasticTransform",
    "FiveCrop",
    "GaussianBlur",
    "Grayscale",
    "InterpolationMode",
    "Lambda",
    "LinearTransformation",
    "Normalize",
    "PILToTensor",
    "Pad",
    "RandomAdjustSharpness",
    "RandomAffine",
    "RandomApply",
    "RandomAutocontrast",
    "RandomChoice",
    "RandomCrop",
    "RandomEqualize",
    "RandomErasing",
    "RandomGrayscale",
    "RandomHorizontalFlip",
    "RandomInvert",
    "RandomOrder",
    "RandomPerspective",
    "RandomPosterize",
    "RandomResizedCrop",
    "RandomRotation",
    "RandomSolarize",
    "RandomVerticalFlip",
    "Resize",
    "TenCrop",
    "ToPILImage",
    "ToTensor",
]


class Compose:
    """One transform after the other.

    Source: torchvision.transforms.Compose.

    >>> Compose([ToTensor(), Normalize((0.5,), (0.5,))])
    Compose(
        ToTensor()
        Normalize(mean=(0.5,), std=(0.5,))
    )
    """

    def __init__(self, transforms: Sequence[Callable[[Any], Any]]) -> None:
        self.transforms = transforms

    def __call__(self, img: Any) -> Any:
        for transform in self.transforms:
            img = transform(img)
        return img

    def __repr__(self) -> str:
        return _repr_of_list(self, self.transforms)


class ToTensor:
    """A Pillow image or (H, W, C) array as a (C, H, W) tensor; bytes become floats 0.0 ... 1.0.

    Errors: TypeError for anything else.
    Source: torchvision.transforms.ToTensor.

    >>> import numpy as np
    >>> ToTensor()(np.array([[0, 255]], dtype=np.uint8))
    tensor([[[0., 1.]]])
    """

    def __call__(self, pic: Any) -> Tensor:
        return F.to_tensor(pic)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class PILToTensor:
    """A Pillow image as a (C, H, W) tensor of its own type, unscaled.

    Errors: TypeError for anything but a Pillow image.
    Source: torchvision.transforms.PILToTensor.
    """

    def __call__(self, pic: Any) -> Tensor:
        return F.pil_to_tensor(pic)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class ConvertImageDtype(Module):
    """A tensor's values in another type: what was black or white stays so.

    Errors: TypeError for anything but a tensor; RuntimeError for a type that holds more digits than
    the floats have.
    Source: torchvision.transforms.ConvertImageDtype.

    >>> import minitorch
    >>> ConvertImageDtype(minitorch.uint8)(minitorch.tensor([[0.0, 1.0]]))
    tensor([[  0, 255]], dtype=torch.uint8)
    """

    def __init__(self, dtype: Dtype) -> None:
        super().__init__()
        self.dtype = dtype

    def forward(self, image: Tensor) -> Tensor:
        return F.convert_image_dtype(image, self.dtype)


class ToPILImage:
    """A (C, H, W) tensor or (H, W, C) array as a Pillow image.

    Args:
        mode: Pillow's name of what the channels mean; guessed when None.

    Errors: TypeError or ValueError for what has no such image.
    Source: torchvision.transforms.ToPILImage.
    """

    def __init__(self, mode: str | None = None) -> None:
        self.mode = mode

    def __call__(self, pic: Any) -> Any:
        return F.to_pil_image(pic, self.mode)

    def __repr__(self) -> str:
        mode = "" if self.mode is None else f"mode={self.mode}"
        return f"{type(self).__name__}({mode})"


class Lambda:
    """A function as a transform.

    Errors: TypeError for what cannot be called.
    Source: torchvision.transforms.Lambda.
    """

    def __init__(self, lambd: Callable[[Any], Any]) -> None:
        if not callable(lambd):
            raise TypeError(f"Argument lambd should be callable, got {type(lambd).__name__!r}")
        self.lambd = lambd

    def __call__(self, img: Any) -> Any:
        return self.lambd(img)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class Normalize(Module):
    """``(input - mean) / std``, channel by channel.

    Args:
        mean: one number per channel, or one for all.
        std: the same.
        inplace: overwrite the input.

    Shape: (*, C, H, W) -> same.
    Errors: TypeError for anything but a floating point tensor, ValueError for a zero in ``std``.
    Source: torchvision.transforms.Normalize.

    >>> import minitorch
    >>> Normalize([0.5], [0.25])(minitorch.tensor([[[0.0, 1.0]]]))
    tensor([[[-2.,  2.]]])
    """

    def __init__(self, mean: Any, std: Any, inplace: bool = False) -> None:
        super().__init__()
        self.mean = mean
        self.std = std
        self.inplace = inplace

    def forward(self, tensor: Tensor) -> Tensor:
        return F.normalize(tensor, self.mean, self.std, self.inplace)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(mean={self.mean}, std={self.std})"


class Resize(Module):
    """The picture at another size.

    Args:
        size: ``(height, width)``; or one number for the shorter edge, keeping the proportions.
        interpolation: how to read between pixels.
        max_size: with one number, the most that the longer edge may have.
        antialias: average over the pixels that fall into one when a tensor shrinks; Pillow always
            does.

    Shape: (*, H, W) -> (*, height, width).
    Errors: TypeError or ValueError for a size that is none.
    Source: torchvision.transforms.Resize.

    >>> import minitorch
    >>> Resize((2, 3))(minitorch.zeros(1, 8, 8)).shape
    torch.Size([1, 2, 3])
    """

    def __init__(
        self,
        size: int | Sequence[int],
        interpolation: InterpolationMode | int = InterpolationMode.BILINEAR,
        max_size: int | None = None,
        antialias: bool | None = True,
    ) -> None:
        super().__init__()
        if not isinstance(size, (int, Sequence)):
            raise TypeError(f"Size should be int or sequence. Got {type(size)}")
        if isinstance(size, Sequence) and len(size) not in (1, 2):
            raise ValueError(f"If size is a sequence, it should have 1 or 2 values, got {size}")
        if isinstance(interpolation, int):
            interpolation = F.interpolation_of_filter(interpolation)
        self.size = size
        self.interpolation = interpolation
        self.max_size = max_size
        self.antialias = antialias

    def forward(self, img: Any) -> Any:
        return F.resize(img, self.size, self.interpolation, self.max_size, self.antialias)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(size={self.size}, interpolation={self.interpolation.value}, "
            f"max_size={self.max_size}, antialias={self.antialias})"
        )


class CenterCrop(Module):
    """The middle of the picture; a smaller one is padded with 0.

    Args:
        size: ``(height, width)``, or one number for both.

    Shape: (*, H, W) -> (*, height, width).
    Errors: ValueError for more than two numbers.
    Source: torchvision.transforms.CenterCrop.

    >>> import minitorch
    >>> CenterCrop(2)(minitorch.arange(16).view(1, 4, 4))
    tensor([[[ 5,  6],
             [ 9, 10]]])
    """

    def __init__(self, size: int | Sequence[int]) -> None:
        super().__init__()
        self.size = F.height_and_width(size)

    def forward(self, img: Any) -> Any:
        return F.center_crop(img, self.size)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(size={self.size})"


class Pad(Module):
    """The picture with a border.

    Args:
        padding: the width of the border; or (left and right, top and bottom); or (left, top, right,
            bottom).
        fill: the value of a constant border; for a Pillow image also one value per channel.
        padding_mode: "constant", "edge", "reflect" or "symmetric".

    Shape: (*, H, W) -> (*, H + top + bottom, W + left + right).
    Errors: TypeError or ValueError for arguments that are none of these.
    Source: torchvision.transforms.Pad.

    >>> import minitorch
    >>> Pad((1, 0), padding_mode="reflect")(minitorch.arange(4).view(1, 2, 2))
    tensor([[[1, 0, 1, 0],
             [3, 2, 3, 2]]])
    """

    def __init__(
        self,
        padding: int | Sequence[int],
        fill: float | Sequence[float] = 0,
        padding_mode: str = "constant",
    ) -> None:
        super().__init__()
        F.check_padding(padding)
        if not isinstance(fill, (numbers.Number, tuple, list)):
            raise TypeError(f"Got inappropriate fill arg: {fill!r}")
        F.check_padding_mode(padding_mode)
        self.padding = padding
        self.fill = fill
        self.padding_mode = padding_mode

    def forward(self, img: Any) -> Any:
        return F.pad(img, self.padding, self.fill, self.padding_mode)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(padding={self.padding}, fill={self.fill}, "
            f"padding_mode={self.padding_mode})"
        )


class Grayscale(Module):
    """The picture in grey.

    Args:
        num_output_channels: 1, or 3 for three equal channels.

    Shape: (*, 3, H, W) -> (*, num_output_channels, H, W).
    Errors: ValueError, when applied, unless 1 or 3 channels are asked for.
    Source: torchvision.transforms.Grayscale.
    """

    def __init__(self, num_output_channels: int = 1) -> None:
        super().__init__()
        self.num_output_channels = num_output_channels

    def forward(self, img: Any) -> Any:
        return F.rgb_to_grayscale(img, num_output_channels=self.num_output_channels)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(num_output_channels={self.num_output_channels})"


class RandomApply(Module):
    """All of ``transforms``, one after the other, with probability ``p``; else none of them.

    Draws: ``rand(1)``.
    Source: torchvision.transforms.RandomApply.
    """

    def __init__(self, transforms: Sequence[Callable[[Any], Any]], p: float = 0.5) -> None:
        super().__init__()
        self.transforms = transforms
        self.p = p

    def forward(self, img: Any) -> Any:
        if not chance(self.p, or_equal=True):
            return img
        for transform in self.transforms:
            img = transform(img)
        return img

    def __repr__(self) -> str:
        return _repr_of_list(self, [f"p={self.p}", *self.transforms])


class RandomCrop(Module):
    """A rectangle of the picture, at a random place.

    Args:
        size: ``(height, width)``, or one number for both.
        padding: a border to put around the picture first, as for ``Pad``.
        pad_if_needed: widen a picture smaller than ``size`` on both sides until it is not.
        fill: the value of a constant border.
        padding_mode: the kind of border, as for ``Pad``.

    Draws: ``randint(0, height left over + 1, (1,))``, then the same for the width; nothing where
    the picture has ``size`` already.
    Shape: (*, H, W) -> (*, height, width).
    Errors: ValueError for a picture smaller than ``size``.
    Source: torchvision.transforms.RandomCrop.
    """

    def __init__(
        self,
        size: int | Sequence[int],
        padding: int | Sequence[int] | None = None,
        pad_if_needed: bool = False,
        fill: float | Sequence[float] = 0,
        padding_mode: str = "constant",
    ) -> None:
        super().__init__()
        self.size = tuple(F.height_and_width(size))
        self.padding = padding
        self.pad_if_needed = pad_if_needed
        self.fill = fill
        self.padding_mode = padding_mode

    @staticmethod
    def get_params(img: Any, output_size: tuple[int, int]) -> tuple[int, int, int, int]:
        """Draws ``(top, left, height, width)`` of a crop of ``output_size``."""
        _, height, width = F.get_dimensions(img)
        crop_height, crop_width = output_size
        if height < crop_height or width < crop_width:
            raise ValueError(
                f"Required crop size {(crop_height, crop_width)} is larger than input image size "
                f"{(height, width)}"
            )
        if (height, width) == (crop_height, crop_width):
            return 0, 0, height, width
        top = integer(0, height - crop_height + 1)
        left = integer(0, width - crop_width + 1)
        return top, left, crop_height, crop_width

    def forward(self, img: Any) -> Any:
        if self.padding is not None:
            img = F.pad(img, self.padding, self.fill, self.padding_mode)
        if self.pad_if_needed:
            _, height, width = F.get_dimensions(img)
            if width < self.size[1]:
                img = F.pad(img, [self.size[1] - width, 0], self.fill, self.padding_mode)
            if height < self.size[0]:
                img = F.pad(img, [0, self.size[0] - height], self.fill, self.padding_mode)
        return F.crop(img, *self.get_params(img, self.size))

    def __repr__(self) -> str:
        return f"{type(self).__name__}(size={self.size}, padding={self.padding})"


class RandomHorizontalFlip(Module):
    """The picture mirrored left to right with probability ``p``.

    Draws: ``rand(1)``.
    Source: torchvision.transforms.RandomHorizontalFlip.
    """

    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        self.p = p

    def forward(self, img: Any) -> Any:
        return F.hflip(img) if chance(self.p) else img

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p={self.p})"


class RandomVerticalFlip(Module):
    """The picture mirrored top to bottom with probability ``p``.

    Draws: ``rand(1)``.
    Source: torchvision.transforms.RandomVerticalFlip.
    """

    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        self.p = p

    def forward(self, img: Any) -> Any:
        return F.vflip(img) if chance(self.p) else img

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p={self.p})"


class RandomChoice:
    """One of ``transforms``, drawn with the weights ``p``, or equal ones.

    Draws from Python's own ``random``, one ``random.choices``, as torchvision does.
    Errors: TypeError for ``transforms`` or ``p`` that are no sequence.
    Source: torchvision.transforms.RandomChoice.
    """

    def __init__(
        self, transforms: Sequence[Callable[[Any], Any]], p: Sequence[float] | None = None
    ) -> None:
        _check_is_sequence(transforms, "transforms")
        if p is not None:
            _check_is_sequence(p, "p")
        self.transforms = transforms
        self.p = p

    def __call__(self, *args: Any) -> Any:
        return random.choices(self.transforms, weights=self.p)[0](*args)

    def __repr__(self) -> str:
        return f"{_repr_of_list(self, self.transforms)}(p={self.p})"


class RandomOrder:
    """All of ``transforms``, in random order.

    Draws from Python's own ``random``, one ``random.shuffle``, as torchvision does.
    Errors: TypeError for ``transforms`` that are no sequence.
    Source: torchvision.transforms.RandomOrder.
    """

    def __init__(self, transforms: Sequence[Callable[[Any], Any]]) -> None:
        _check_is_sequence(transforms, "transforms")
        self.transforms = transforms

    def __call__(self, img: Any) -> Any:
        order = list(range(len(self.transforms)))
        random.shuffle(order)
        for i in order:
            img = self.transforms[i](img)
        return img

    def __repr__(self) -> str:
        return _repr_of_list(self, self.transforms)


class RandomResizedCrop(Module):
    """A rectangle of random place, size and shape, brought to one size.

    Args:
        size: ``(height, width)`` of the result, or one number for both.
        scale: the smallest and largest part of the area to take.
        ratio: the smallest and largest width over height.
        interpolation: how to read between pixels.
        antialias: as for ``Resize``.

    Draws: up to ten times ``uniform_`` of the area and of the logarithm of the shape, until the
    rectangle fits; then ``randint`` for its top and its left.
    Shape: (*, H, W) -> (*, height, width).
    Errors: TypeError for ``scale`` or ``ratio`` that are no sequence.
    Source: torchvision.transforms.RandomResizedCrop.
    """

    def __init__(
        self,
        size: int | Sequence[int],
        scale: Sequence[float] = (0.08, 1.0),
        ratio: Sequence[float] = (3.0 / 4.0, 4.0 / 3.0),
        interpolation: InterpolationMode | int = InterpolationMode.BILINEAR,
        antialias: bool | None = True,
    ) -> None:
        super().__init__()
        self.size = F.height_and_width(size)
        _check_ranges(scale, ratio)
        self.interpolation = _mode_of(interpolation)
        self.antialias = antialias
        self.scale = scale
        self.ratio = ratio

    @staticmethod
    def get_params(
        img: Any, scale: Sequence[float], ratio: Sequence[float]
    ) -> tuple[int, int, int, int]:
        """Draws ``(top, left, height, width)`` of a crop."""
        _, height, width = F.get_dimensions(img)
        for _ in range(10):
            crop_width, crop_height = _draw_sides(height * width, scale, ratio)
            if 0 < crop_width <= width and 0 < crop_height <= height:
                top = integer(0, height - crop_height + 1)
                left = integer(0, width - crop_width + 1)
                return top, left, crop_height, crop_width
        # None fitted: the largest in the middle that has an allowed shape.
        crop_height, crop_width = height, width
        if width / height < min(ratio):
            crop_height = round(width / min(ratio))
        elif width / height > max(ratio):
            crop_width = round(height * max(ratio))
        return (height - crop_height) // 2, (width - crop_width) // 2, crop_height, crop_width

    def forward(self, img: Any) -> Any:
        crop = self.get_params(img, self.scale, self.ratio)
        return F.resized_crop(img, *crop, self.size, self.interpolation, antialias=self.antialias)

    def __repr__(self) -> str:
        scale, ratio = (
            tuple(round(value, 4) for value in values) for values in (self.scale, self.ratio)
        )
        return (
            f"{type(self).__name__}(size={self.size}, scale={scale}, ratio={ratio}, "
            f"interpolation={self.interpolation.value}, antialias={self.antialias})"
        )


class FiveCrop(Module):
    """The four corners and the middle of the picture, as a tuple of five.

    Args:
        size: ``(height, width)``, or one number for both.

    Errors: ValueError for a picture smaller than that.
    Source: torchvision.transforms.FiveCrop.
    """

    def __init__(self, size: int | Sequence[int]) -> None:
        super().__init__()
        self.size = F.height_and_width(size)

    def forward(self, img: Any) -> tuple[Any, ...]:
        return F.five_crop(img, self.size)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(size={self.size})"


class TenCrop(Module):
    """The four corners and the middle of the picture and of its mirror image, as a tuple of ten.

    Args:
        size: ``(height, width)``, or one number for both.
        vertical_flip: mirrored top to bottom, else left to right.

    Errors: ValueError for a picture smaller than that.
    Source: torchvision.transforms.TenCrop.
    """

    def __init__(self, size: int | Sequence[int], vertical_flip: bool = False) -> None:
        super().__init__()
        self.size = F.height_and_width(size)
        self.vertical_flip = vertical_flip

    def forward(self, img: Any) -> tuple[Any, ...]:
        return F.ten_crop(img, self.size, self.vertical_flip)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(size={self.size}, vertical_flip={self.vertical_flip})"


class LinearTransformation(Module):
    """``(picture as a row - mean_vector) @ transformation_matrix``, for whitening.

    Args:
        transformation_matrix: (D, D), D = channels * height * width.
        mean_vector: (D,).

    Shape: (*, C, H, W) -> same.
    Errors: ValueError for shapes or types that do not fit.
    Source: torchvision.transforms.LinearTransformation.
    """

    def __init__(self, transformation_matrix: Tensor, mean_vector: Tensor) -> None:
        super().__init__()
        shape = tuple(transformation_matrix.size())
        if shape[0] != shape[1]:
            raise ValueError(
                f"transformation_matrix should be square. Got {shape} rectangular matrix."
            )
        if mean_vector.size(0) != shape[0]:
            raise ValueError(
                f"mean_vector should have the same length {mean_vector.size(0)}"
                f" as any one of the dimensions of the transformation_matrix [{shape}]"
            )
        if transformation_matrix.dtype != mean_vector.dtype:
            raise ValueError(
                "Input tensors should have the same dtype. "
                f"Got {transformation_matrix.dtype} and {mean_vector.dtype}"
            )
        self.transformation_matrix = transformation_matrix
        self.mean_vector = mean_vector

    def forward(self, tensor: Tensor) -> Tensor:
        channels, height, width = tensor.shape[-3:]
        length = len(self.transformation_matrix)
        if channels * height * width != length:
            raise ValueError(
                "Input tensor and transformation matrix have incompatible shape."
                f"[{channels} x {height} x {width}] != {length}"
            )
        rows = tensor.view(-1, length) - self.mean_vector
        return rows.mm(self.transformation_matrix.to(rows.dtype)).view(tensor.shape)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(transformation_matrix={self.transformation_matrix.tolist()}, "
            f"mean_vector={self.mean_vector.tolist()})"
        )


class ColorJitter(Module):
    """The picture's brightness, contrast, saturation and hue changed, in random order.

    Args:
        brightness, contrast, saturation: a factor from 1 - x to 1 + x, or from (low, high).
        hue: a turn from -x to x, or from (low, high), within -0.5 ... 0.5.

    Draws: ``randperm(4)``, then one ``uniform_`` for each of the four that is not 0.
    Errors: TypeError or ValueError for ranges that are none.
    Source: torchvision.transforms.ColorJitter.
    """

    def __init__(
        self,
        brightness: float | Sequence[float] = 0,
        contrast: float | Sequence[float] = 0,
        saturation: float | Sequence[float] = 0,
        hue: float | Sequence[float] = 0,
    ) -> None:
        super().__init__()
        self.brightness = _jitter_range(brightness, "brightness")
        self.contrast = _jitter_range(contrast, "contrast")
        self.saturation = _jitter_range(saturation, "saturation")
        self.hue = _jitter_range(hue, "hue", middle=0, bound=(-0.5, 0.5))

    @staticmethod
    def get_params(
        brightness: Sequence[float] | None,
        contrast: Sequence[float] | None,
        saturation: Sequence[float] | None,
        hue: Sequence[float] | None,
    ) -> tuple[Tensor, float | None, float | None, float | None, float | None]:
        """Draws the order of the four changes, and what each is; None for one that is not made."""
        order = randperm(4)
        drawn = [
            None if values is None else uniform(*values)
            for values in (brightness, contrast, saturation, hue)
        ]
        return order, *drawn  # type: ignore[return-value]

    def forward(self, img: Any) -> Any:
        order, *factors = self.get_params(self.brightness, self.contrast, self.saturation, self.hue)
        changes = (F.adjust_brightness, F.adjust_contrast, F.adjust_saturation, F.adjust_hue)
        for i in order.tolist():
            factor = factors[i]
            if factor is not None:
                img = changes[i](img, factor)
        return img

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(brightness={self.brightness}, contrast={self.contrast}, "
            f"saturation={self.saturation}, hue={self.hue})"
        )


def _jitter_range(
    value: Any, name: str, middle: float = 1, bound: tuple[float, float] = (0, math.inf)
) -> tuple[float, float] | None:
    """The range that ``value`` says, None for one that changes nothing."""
    if isinstance(value, numbers.Number):
        if value < 0:  # type: ignore[operator]
            raise ValueError(f"If {name} is a single number, it must be non negative.")
        low, high = middle - float(value), middle + float(value)  # type: ignore[arg-type]
        if bound[0] == 0:
            low = max(low, 0.0)
    elif isinstance(value, (tuple, list)) and len(value) == 2:
        low, high = float(value[0]), float(value[1])
    else:
        raise TypeError(f"{name} should be a single number or a list/tuple with length 2.")
    if not bound[0] <= low <= high <= bound[1]:
        raise ValueError(f"{name} values should be between {bound}, but got {[low, high]}.")
    return None if low == high == middle else (low, high)


class RandomRotation(Module):
    """The picture turned by a random angle.

    Args:
        degrees: (lowest, highest), or one number for -x to x, counter-clockwise.
        interpolation: how to read between pixels.
        expand: make the picture large enough to hold all of it.
        center: (x, y) of the point to turn around; the middle when None.
        fill: the value of what comes from outside, or one per channel.

    Draws: one ``uniform_``.
    Errors: TypeError or ValueError for arguments that are none of these.
    Source: torchvision.transforms.RandomRotation.
    """

    def __init__(
        self,
        degrees: float | Sequence[float],
        interpolation: InterpolationMode | int = InterpolationMode.NEAREST,
        expand: bool = False,
        center: Sequence[float] | None = None,
        fill: Any = 0,
    ) -> None:
        super().__init__()
        self.interpolation = _mode_of(interpolation)
        self.degrees = _angle_range(degrees, "degrees")
        if center is not None:
            _check_length(center, "center", 2)
        self.center = center
        self.expand = expand
        self.fill = _checked_fill(fill)

    @staticmethod
    def get_params(degrees: Sequence[float]) -> float:
        """Draws the angle."""
        return uniform(degrees[0], degrees[1])

    def forward(self, img: Any) -> Any:
        fill = F.fill_per_channel(img, self.fill)
        angle = self.get_params(self.degrees)
        return F.rotate(img, angle, self.interpolation, self.expand, self.center, fill)

    def __repr__(self) -> str:
        center = "" if self.center is None else f", center={self.center}"
        return (
            f"{type(self).__name__}(degrees={self.degrees}, "
            f"interpolation={self.interpolation.value}, expand={self.expand}{center}, "
            f"fill={self.fill})"
        )


class RandomAffine(Module):
    """The picture turned, moved, scaled and sheared at random, in place.

    Args:
        degrees: (lowest, highest) angle, or one number for -x to x, clockwise.
        translate: the most to move it, right or left and up or down, as parts of width and height.
        scale: (smallest, largest) factor.
        shear: (lowest, highest) angle along x, or four numbers for x and y, or one for -x to x.
        interpolation: how to read between pixels.
        fill: the value of what comes from outside, or one per channel.
        center: (x, y) of the point to turn around; the middle when None.

    Draws: one ``uniform_`` each for the angle, both ways if ``translate``, ``scale`` and ``shear``.
    Errors: TypeError or ValueError for arguments that are none of these.
    Source: torchvision.transforms.RandomAffine.
    """

    def __init__(
        self,
        degrees: float | Sequence[float],
        translate: Sequence[float] | None = None,
        scale: Sequence[float] | None = None,
        shear: float | Sequence[float] | None = None,
        interpolation: InterpolationMode | int = InterpolationMode.NEAREST,
        fill: Any = 0,
        center: Sequence[float] | None = None,
    ) -> None:
        super().__init__()
        self.interpolation = _mode_of(interpolation)
        self.degrees = _angle_range(degrees, "degrees")
        if translate is not None:
            _check_length(translate, "translate", 2)
            if not all(0.0 <= value <= 1.0 for value in translate):
                raise ValueError("translation values should be between 0 and 1")
        self.translate = translate
        if scale is not None:
            _check_length(scale, "scale", 2)
            if any(value <= 0 for value in scale):
                raise ValueError("scale values should be positive")
        self.scale = scale
        self.shear = None if shear is None else _angle_range(shear, "shear", 2, 4)
        self.fill = _checked_fill(fill)
        if center is not None:
            _check_length(center, "center", 2)
        self.center = center

    @staticmethod
    def get_params(
        degrees: Sequence[float],
        translate: Sequence[float] | None,
        scale_ranges: Sequence[float] | None,
        shears: Sequence[float] | None,
        img_size: Sequence[int],
    ) -> tuple[float, tuple[int, int], float, tuple[float, float]]:
        """Draws (angle, (right, down), factor, (x, y)) for a picture of (width, height)."""
        angle = uniform(degrees[0], degrees[1])
        right = down = 0
        if translate is not None:
            widest, highest = (
                float(part * size) for part, size in zip(translate, img_size, strict=False)
            )
            right = round(uniform(-widest, widest))
            down = round(uniform(-highest, highest))
        scale = 1.0 if scale_ranges is None else uniform(scale_ranges[0], scale_ranges[1])
        x = y = 0.0
        if shears is not None:
            x = uniform(shears[0], shears[1])
            if len(shears) == 4:
                y = uniform(shears[2], shears[3])
        return angle, (right, down), scale, (x, y)

    def forward(self, img: Any) -> Any:
        fill = F.fill_per_channel(img, self.fill)
        _, height, width = F.get_dimensions(img)
        drawn = self.get_params(
            self.degrees, self.translate, self.scale, self.shear, [width, height]
        )
        return F.affine(
            img, *drawn, interpolation=self.interpolation, fill=fill, center=self.center
        )

    def __repr__(self) -> str:
        shown = [f"degrees={self.degrees}"]
        for name in ("translate", "scale", "shear"):
            if getattr(self, name) is not None:
                shown.append(f"{name}={getattr(self, name)}")
        if self.interpolation is not InterpolationMode.NEAREST:
            shown.append(f"interpolation={self.interpolation.value}")
        if self.fill != 0:
            shown.append(f"fill={self.fill}")
        if self.center is not None:
            shown.append(f"center={self.center}")
        return f"{type(self).__name__}({', '.join(shown)})"


class RandomPerspective(Module):
    """The picture as seen from elsewhere, with probability ``p``.

    Args:
        distortion_scale: how far the corners move at most, 0 ... 1 of half the size.
        p: how likely it is to be done.
        interpolation: how to read between pixels.
        fill: the value of what comes from outside, or one per channel.

    Draws: ``rand(1)``, then ``randint`` of x and of y for the upper left, upper right, lower right
    and lower left corner.
    Errors: TypeError for a ``fill`` that is none.
    Source: torchvision.transforms.RandomPerspective.
    """

    def __init__(
        self,
        distortion_scale: float = 0.5,
        p: float = 0.5,
        interpolation: InterpolationMode | int = InterpolationMode.BILINEAR,
        fill: Any = 0,
    ) -> None:
        super().__init__()
        self.p = p
        self.interpolation = _mode_of(interpolation)
        self.distortion_scale = distortion_scale
        self.fill = _checked_fill(fill)

    @staticmethod
    def get_params(
        width: int, height: int, distortion_scale: float
    ) -> tuple[list[list[int]], list[list[int]]]:
        """Draws where the corners go: four points [x, y] of before, and four of after."""
        right, down = (int(distortion_scale * (size // 2)) for size in (width, height))
        left_side, right_side = (0, right + 1), (width - right - 1, width)
        top, bottom = (0, down + 1), (height - down - 1, height)
        corners = (left_side, top), (right_side, top), (right_side, bottom), (left_side, bottom)
        after = [[integer(*bounds) for bounds in corner] for corner in corners]
        before = [[0, 0], [width - 1, 0], [width - 1, height - 1], [0, height - 1]]
        return before, after

    def forward(self, img: Any) -> Any:
        fill = F.fill_per_channel(img, self.fill)
        _, height, width = F.get_dimensions(img)
        if not chance(self.p):
            return img
        before, after = self.get_params(width, height, self.distortion_scale)
        return F.perspective(img, before, after, self.interpolation, fill)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p={self.p})"


class RandomGrayscale(Module):
    """The picture in grey, with as many channels, with probability ``p``.

    Draws: ``rand(1)``.
    Source: torchvision.transforms.RandomGrayscale.
    """

    def __init__(self, p: float = 0.1) -> None:
        super().__init__()
        self.p = p

    def forward(self, img: Any) -> Any:
        channels, _, _ = F.get_dimensions(img)
        return F.rgb_to_grayscale(img, num_output_channels=channels) if chance(self.p) else img

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p={self.p})"


class RandomErasing(Module):
    """A tensor with a random rectangle painted over, with probability ``p``.

    Args:
        p: how likely it is to be done.
        scale: the smallest and largest part of the area.
        ratio: the smallest and largest height over width.
        value: what to paint: a number, one per channel, or "random" for noise.
        inplace: overwrite the input.

    Draws: ``rand(1)``; up to ten times ``uniform_`` of the area and of the logarithm of the shape,
    until the rectangle fits; noise if asked for; ``randint`` for its top and its left.
    Shape: (*, C, H, W) -> same.
    Errors: TypeError or ValueError for arguments that are none of these.
    Source: torchvision.transforms.RandomErasing; Z. Zhong and others, arXiv:1708.04896.
    """

    def __init__(
        self,
        p: float = 0.5,
        scale: Sequence[float] = (0.02, 0.33),
        ratio: Sequence[float] = (0.3, 3.3),
        value: Any = 0,
        inplace: bool = False,
    ) -> None:
        super().__init__()
        if not isinstance(value, (numbers.Number, str, tuple, list)):
            raise TypeError("Argument value should be either a number or str or a sequence")
        if isinstance(value, str) and value != "random":
            raise ValueError("If value is str, it should be 'random'")
        _check_ranges(scale, ratio)
        if scale[0] < 0 or scale[1] > 1:
            raise ValueError("Scale should be between 0 and 1")
        if p < 0 or p > 1:
            raise ValueError("Random erasing probability should be between 0 and 1")
        self.p = p
        self.scale = scale
        self.ratio = ratio
        self.value = value
        self.inplace = inplace

    @staticmethod
    def get_params(
        img: Tensor,
        scale: Sequence[float],
        ratio: Sequence[float],
        value: Sequence[float] | None = None,
    ) -> tuple[int, int, int, int, Tensor]:
        """Draws (top, left, height, width, values); the whole picture where no rectangle fits."""
        channels, height, width = img.shape[-3:]
        for _ in range(10):
            # torch: the shape is height over width here, width over height in RandomResizedCrop.
            down, right = _draw_sides(height * width, scale, ratio)
            if not (down < height and right < width):
                continue
            if value is None:
                paint = empty(channels, down, right, dtype=float32).normal_()
            else:
                paint = tensor(value)[:, None, None]
            top = integer(0, height - down + 1)
            left = integer(0, width - right + 1)
            return top, left, down, right, paint
        return 0, 0, height, width, img

    def forward(self, img: Tensor) -> Tensor:
        if not chance(self.p):
            return img
        value: Any = self.value
        if isinstance(value, str):
            value = None
        elif isinstance(value, (int, float)):
            value = [float(value)]
        else:
            value = [float(part) for part in value]
        if value is not None and len(value) not in (1, img.shape[-3]):
            raise ValueError(
                "If value is a sequence, it should have either a single value or "
                f"{img.shape[-3]} (number of input channels)"
            )
        return F.erase(img, *self.get_params(img, self.scale, self.ratio, value), self.inplace)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(p={self.p}, scale={self.scale}, ratio={self.ratio}, "
            f"value={self.value}, inplace={self.inplace})"
        )


class GaussianBlur(Module):
    """The picture blurred by a Gaussian of random width.

    Args:
        kernel_size: how many pixels it reaches over, odd; one number or (width, height).
        sigma: (least, most) standard deviation, or the one.

    Draws: one ``uniform_``.
    Errors: ValueError for sizes or deviations that are none.
    Source: torchvision.transforms.GaussianBlur.
    """

    def __init__(
        self, kernel_size: int | Sequence[int], sigma: float | Sequence[float] = (0.1, 2.0)
    ) -> None:
        super().__init__()
        if isinstance(kernel_size, Sequence) and len(kernel_size) not in (1, 2):
            raise ValueError("Kernel size should be a tuple/list of two integers")
        self.kernel_size = F.height_and_width(kernel_size)
        if any(size <= 0 or size % 2 == 0 for size in self.kernel_size):
            raise ValueError("Kernel size value should be an odd and positive number.")
        if isinstance(sigma, numbers.Number):
            if sigma <= 0:  # type: ignore[operator]
                raise ValueError("If sigma is a single number, it must be positive.")
            sigma = (sigma, sigma)  # type: ignore[assignment]
        elif not isinstance(sigma, Sequence) or len(sigma) != 2:
            raise ValueError("sigma should be a single number or a list/tuple with length 2.")
        elif not 0.0 < sigma[0] <= sigma[1]:
            raise ValueError("sigma values should be positive and of the form (min, max).")
        self.sigma: Any = sigma

    @staticmethod
    def get_params(sigma_min: float, sigma_max: float) -> float:
        """Draws the standard deviation."""
        return uniform(sigma_min, sigma_max)

    def forward(self, img: Any) -> Any:
        sigma = self.get_params(self.sigma[0], self.sigma[1])
        return F.gaussian_blur(img, self.kernel_size, [sigma, sigma])

    def __repr__(self) -> str:
        return f"{type(self).__name__}(kernel_size={self.kernel_size}, sigma={self.sigma})"


class _WithProbability(Module):
    """A change that is made with probability ``p``, which one ``rand(1)`` decides."""

    p: float

    def forward(self, img: Any) -> Any:
        return self._changed(img) if chance(self.p) else img

    def _changed(self, img: Any) -> Any:
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p={self.p})"


class RandomInvert(_WithProbability):
    """The negative of the picture, with probability ``p``.

    Draws: ``rand(1)``.
    Source: torchvision.transforms.RandomInvert.
    """

    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        self.p = p

    def _changed(self, img: Any) -> Any:
        return F.invert(img)


class RandomPosterize(_WithProbability):
    """The picture with only the first ``bits`` of each byte, with probability ``p``.

    Draws: ``rand(1)``.
    Source: torchvision.transforms.RandomPosterize.
    """

    def __init__(self, bits: int, p: float = 0.5) -> None:
        super().__init__()
        self.bits = bits
        self.p = p

    def _changed(self, img: Any) -> Any:
        return F.posterize(img, self.bits)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(bits={self.bits},p={self.p})"


class RandomSolarize(_WithProbability):
    """The picture with the values from ``threshold`` on inverted, with probability ``p``.

    Draws: ``rand(1)``.
    Source: torchvision.transforms.RandomSolarize.
    """

    def __init__(self, threshold: float, p: float = 0.5) -> None:
        super().__init__()
        self.threshold = threshold
        self.p = p

    def _changed(self, img: Any) -> Any:
        return F.solarize(img, self.threshold)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(threshold={self.threshold},p={self.p})"


class RandomAdjustSharpness(_WithProbability):
    """The picture blurred (factor 0) or sharper (above 1), with probability ``p``.

    Draws: ``rand(1)``.
    Source: torchvision.transforms.RandomAdjustSharpness.
    """

    def __init__(self, sharpness_factor: float, p: float = 0.5) -> None:
        super().__init__()
        self.sharpness_factor = sharpness_factor
        self.p = p

    def _changed(self, img: Any) -> Any:
        return F.adjust_sharpness(img, self.sharpness_factor)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(sharpness_factor={self.sharpness_factor},p={self.p})"


class RandomAutocontrast(_WithProbability):
    """The picture with each channel stretched from black to white, with probability ``p``.

    Draws: ``rand(1)``.
    Source: torchvision.transforms.RandomAutocontrast.
    """

    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        self.p = p

    def _changed(self, img: Any) -> Any:
        return F.autocontrast(img)


class RandomEqualize(_WithProbability):
    """The picture with about as many pixels of each value, with probability ``p``.

    Draws: ``rand(1)``.
    Source: torchvision.transforms.RandomEqualize.
    """

    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        self.p = p

    def _changed(self, img: Any) -> Any:
        return F.equalize(img)


class ElasticTransform(Module):
    """The picture with each pixel read somewhere near, as through water.

    Args:
        alpha: how far, in pixels; one float or (x, y).
        sigma: how smooth; one float or (x, y).
        interpolation: how to read between pixels.
        fill: the value of what comes from outside, or one per channel.

    Draws: ``rand(1, 1, height, width)`` for x, then for y.
    Errors: TypeError or ValueError for arguments that are none of these.
    Source: torchvision.transforms.ElasticTransform.
    """

    def __init__(
        self,
        alpha: float | Sequence[float] = 50.0,
        sigma: float | Sequence[float] = 5.0,
        interpolation: InterpolationMode | int = InterpolationMode.BILINEAR,
        fill: Any = 0,
    ) -> None:
        super().__init__()
        self.alpha = _two_floats(alpha, "alpha")
        self.sigma = _two_floats(sigma, "sigma")
        self.interpolation = _mode_of(interpolation)
        if not isinstance(fill, (int, float, list, tuple)):
            raise TypeError(
                f"fill should be int or float or a list or tuple of them. Got {type(fill)}"
            )
        values = fill if isinstance(fill, (list, tuple)) else [fill]
        self.fill = [float(value) for value in values]

    @staticmethod
    def get_params(alpha: Sequence[float], sigma: Sequence[float], size: Sequence[int]) -> Tensor:
        """Draws the displacement (1, height, width, 2) for a picture of (height, width)."""
        height, width = size
        parts = []
        for reach, smoothness, length in zip(alpha, sigma, (width, height), strict=False):
            noise = rand(1, 1, height, width) * 2 - 1
            if smoothness > 0.0:
                kernel_size = int(8 * smoothness + 1) | 1  # odd
                noise = F.gaussian_blur(noise, [kernel_size, kernel_size], list(sigma))
            parts.append(noise * reach / length)
        return cat(parts, 1).permute(0, 2, 3, 1)

    def forward(self, tensor: Any) -> Any:
        _, height, width = F.get_dimensions(tensor)
        displacement = self.get_params(self.alpha, self.sigma, [height, width])
        return F.elastic_transform(tensor, displacement, self.interpolation, self.fill)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(alpha={self.alpha}, sigma={self.sigma}, "
            f"interpolation={self.interpolation}, fill={self.fill})"
        )


def _two_floats(value: Any, name: str) -> Any:
    """``value``, one float or two, as two."""
    if isinstance(value, float):
        return [value, value]
    if not isinstance(value, Sequence):
        raise TypeError(f"{name} should be float or a sequence of floats. Got {type(value)}")
    if len(value) != 2:
        raise ValueError(f"If {name} is a sequence its length should be 2. Got {len(value)}")
    for element in value:
        if not isinstance(element, float):
            raise TypeError(f"{name} should be a sequence of floats. Got {type(element)}")
    return value


# What the random transforms share


@functools.lru_cache(maxsize=32)
def _logarithms(values: tuple[float, ...], dtype: Dtype) -> tuple[float, float]:
    low, high = tensor(values, dtype=dtype).log().tolist()
    return low, high


def _draw_sides(area: int, scale: Sequence[float], ratio: Sequence[float]) -> tuple[int, int]:
    """Draws the sides of a rectangle with part of an area; the first over the second is in
    ``ratio``.
    """
    part = area * uniform(scale[0], scale[1])
    # torch: logarithm and exponential are taken in the default type.
    low, high = _logarithms(tuple(ratio), get_default_dtype())
    shape = tensor([uniform(low, high)]).exp().item()
    return round(math.sqrt(part * shape)), round(math.sqrt(part / shape))


def _mode_of(interpolation: Any) -> InterpolationMode:
    if isinstance(interpolation, int):
        return F.interpolation_of_filter(interpolation)
    return interpolation


def _check_is_sequence(value: Any, name: str) -> None:
    if not isinstance(value, Sequence):
        raise TypeError(f"Argument {name} should be a sequence")


def _check_length(value: Any, name: str, *lengths: int) -> None:
    wanted = " or ".join(map(str, lengths))
    if not isinstance(value, Sequence):
        raise TypeError(f"{name} should be a sequence of length {wanted}.")
    if len(value) not in lengths:
        raise ValueError(f"{name} should be a sequence of length {wanted}.")


def _check_ranges(scale: Any, ratio: Any) -> None:
    for value, name in ((scale, "Scale"), (ratio, "Ratio")):
        if not isinstance(value, Sequence):
            raise TypeError(f"{name} should be a sequence")
    if scale[0] > scale[1] or ratio[0] > ratio[1]:
        warnings.warn("Scale and ratio should be of kind (min, max)", stacklevel=3)


def _angle_range(value: Any, name: str, *lengths: int) -> list[float]:
    """The range of angles that ``value`` says; one number stands for both ways."""
    if isinstance(value, numbers.Number):
        if value < 0:  # type: ignore[operator]
            raise ValueError(f"If {name} is a single number, it must be positive.")
        return [-float(value), float(value)]  # type: ignore[arg-type]
    _check_length(value, name, *(lengths or (2,)))
    return [float(angle) for angle in value]


def _checked_fill(fill: Any) -> Any:
    if fill is None:
        return 0
    if not isinstance(fill, (Sequence, numbers.Number)):
        raise TypeError("Fill should be either a sequence or a number.")
    return fill


def _repr_of_list(transform: Any, lines: Iterable[Any]) -> str:
    """The name of ``transform`` around ``lines``, each indented."""
    # torch: of a line that holds several, the rest is not indented.
    return f"{type(transform).__name__}(" + "".join(f"\n    {line}" for line in lines) + "\n)"
