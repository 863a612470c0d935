"""Transforms: callables from picture to picture, made once and applied to each sample.

The random ones draw from the default generator what torchvision draws, so a seed gives the same
crops and flips.  Source: torchvision.transforms.
"""

import numbers
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from minitorch.nn.module import Module
from minitorch.ops.random import rand, randint
from minitorch.tensor import Tensor
from minitorch.vision.transforms import functional as F
from minitorch.vision.transforms.functional import InterpolationMode

__all__ = [
    "CenterCrop",
    "Compose",
    "Grayscale",
    "Lambda",
    "Normalize",
    "PILToTensor",
    "Pad",
    "RandomApply",
    "RandomCrop",
    "RandomHorizontalFlip",
    "RandomVerticalFlip",
    "Resize",
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
        if self.p < rand(1):
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
        top = int(randint(0, height - crop_height + 1, (1,)).item())
        left = int(randint(0, width - crop_width + 1, (1,)).item())
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
        return F.hflip(img) if rand(1) < self.p else img

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
        return F.vflip(img) if rand(1) < self.p else img

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p={self.p})"


def _repr_of_list(transform: Any, lines: Iterable[Any]) -> str:
    """The name of ``transform`` around ``lines``, each indented."""
    # torch: of a line that holds several, the rest is not indented.
    return f"{type(transform).__name__}(" + "".join(f"\n    {line}" for line in lines) + "\n)"
