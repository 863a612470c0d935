"""What the pixels show, in ``v2``; masks stay as they are."""

import warnings
from collections.abc import Sequence
from typing import Any

from minitorch.ops.creation import empty
from minitorch.ops.random import randperm
from minitorch.vision.transforms import transforms as v1
from minitorch.vision.transforms.v2 import functional as F
from minitorch.vision.transforms.v2._transform import RandomTransform, Transform, size_of
from minitorch.vision.tv_tensors import Mask

__all__ = [
    "ColorJitter",
    "Grayscale",
    "RGB",
    "RandomAdjustSharpness",
    "RandomAutocontrast",
    "RandomChannelPermutation",
    "RandomEqualize",
    "RandomErasing",
    "RandomGrayscale",
    "RandomInvert",
    "RandomPosterize",
    "RandomSolarize",
]


class Grayscale(Transform):
    """In grey, of 1 or 3 channels.  Source: torchvision.transforms.v2.Grayscale."""

    def __init__(self, num_output_channels: int = 1) -> None:
        super().__init__()
        self.num_output_channels = num_output_channels

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return F.rgb_to_grayscale(inpt, num_output_channels=self.num_output_channels)


class RandomGrayscale(RandomTransform):
    """In grey, of as many channels, with probability ``p``.

    Draws: ``rand(1)``.
    Source: torchvision.transforms.v2.RandomGrayscale.
    """

    def __init__(self, p: float = 0.1) -> None:
        super().__init__(p)

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        return {"num_output_channels": size_of(flat_inputs)[0]}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return F.rgb_to_grayscale(inpt, **params)


class RGB(Transform):
    """With three channels, equal ones of a grey picture.

    Source: torchvision.transforms.v2.RGB.
    """

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return F.grayscale_to_rgb(inpt)


class ColorJitter(Transform):
    """Brightness, contrast, saturation and hue changed, in random order.

    Draws: as ``transforms.ColorJitter``.
    Source: torchvision.transforms.v2.ColorJitter.
    """

    get_params = staticmethod(v1.ColorJitter.get_params)

    def __init__(
        self,
        brightness: float | Sequence[float] | None = None,
        contrast: float | Sequence[float] | None = None,
        saturation: float | Sequence[float] | None = None,
        hue: float | Sequence[float] | None = None,
    ) -> None:
        super().__init__()
        checked = v1.ColorJitter(brightness or 0, contrast or 0, saturation or 0, hue or 0)
        self.brightness = checked.brightness
        self.contrast = checked.contrast
        self.saturation = checked.saturation
        self.hue = checked.hue

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        order, *factors = self.get_params(self.brightness, self.contrast, self.saturation, self.hue)
        return {"order": order.tolist(), "factors": factors}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        changes = (F.adjust_brightness, F.adjust_contrast, F.adjust_saturation, F.adjust_hue)
        for i in params["order"]:
            factor = params["factors"][i]
            if factor is not None:
                inpt = changes[i](inpt, factor)
        return inpt


class RandomChannelPermutation(Transform):
    """With the channels in random order.

    Draws: ``randperm``.
    Source: torchvision.transforms.v2.RandomChannelPermutation.
    """

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        return {"permutation": randperm(size_of(flat_inputs)[0]).tolist()}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return F.permute_channels(inpt, **params)


class RandomInvert(RandomTransform):
    """The negative, with probability ``p``.

    Draws: ``rand(1)``.
    Source: torchvision.transforms.v2.RandomInvert.
    """

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return F.invert(inpt)


class RandomPosterize(RandomTransform):
    """Only the first ``bits`` of each byte, with probability ``p``.

    Draws: ``rand(1)``.
    Source: torchvision.transforms.v2.RandomPosterize.
    """

    def __init__(self, bits: int, p: float = 0.5) -> None:
        super().__init__(p)
        self.bits = bits

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return F.posterize(inpt, self.bits)


class RandomSolarize(RandomTransform):
    """Inverted from ``threshold`` on, with probability ``p``.

    Draws: ``rand(1)``.
    Source: torchvision.transforms.v2.RandomSolarize.
    """

    def __init__(self, threshold: float, p: float = 0.5) -> None:
        super().__init__(p)
        self.threshold = threshold

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return F.solarize(inpt, self.threshold)


class RandomAdjustSharpness(RandomTransform):
    """Blurred (factor 0) or sharper (above 1), with probability ``p``.

    Draws: ``rand(1)``.
    Source: torchvision.transforms.v2.RandomAdjustSharpness.
    """

    def __init__(self, sharpness_factor: float, p: float = 0.5) -> None:
        super().__init__(p)
        self.sharpness_factor = sharpness_factor

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return F.adjust_sharpness(inpt, self.sharpness_factor)


class RandomAutocontrast(RandomTransform):
    """Each channel stretched from black to white, with probability ``p``.

    Draws: ``rand(1)``.
    Source: torchvision.transforms.v2.RandomAutocontrast.
    """

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return F.autocontrast(inpt)


class RandomEqualize(RandomTransform):
    """About as many pixels of each value, with probability ``p``.

    Draws: ``rand(1)``.
    Source: torchvision.transforms.v2.RandomEqualize.
    """

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return F.equalize(inpt)


class RandomErasing(RandomTransform):
    """A random rectangle painted over, with probability ``p``.

    Draws: as ``transforms.RandomErasing``.
    Errors: those of ``transforms.RandomErasing``.
    Source: torchvision.transforms.v2.RandomErasing.
    """

    get_params = staticmethod(v1.RandomErasing.get_params)

    def __init__(
        self,
        p: float = 0.5,
        scale: Sequence[float] = (0.02, 0.33),
        ratio: Sequence[float] = (0.3, 3.3),
        value: Any = 0.0,
        inplace: bool = False,
    ) -> None:
        super().__init__(p)
        v1.RandomErasing(p, scale, ratio, value)
        self.scale = scale
        self.ratio = ratio
        values = value if isinstance(value, (tuple, list)) else [value]
        self.value = None if isinstance(value, str) else [float(each) for each in values]
        self.inplace = inplace

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        channels, height, width = size_of(flat_inputs)
        if self.value is not None and len(self.value) not in (1, channels):
            raise ValueError(
                "If value is a sequence, it should have either a single value or "
                f"{channels} (number of inpt channels)"
            )
        canvas = empty(channels, height, width)
        drawn = self.get_params(canvas, self.scale, self.ratio, self.value)
        if drawn[4] is canvas:  # no rectangle fitted
            return {}
        return dict(zip("ijhwv", drawn, strict=True))

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        if params and isinstance(inpt, Mask):
            warnings.warn(
                f"{type(self).__name__}() is currently passing through inputs of type "
                f"tv_tensors.{type(inpt).__name__}. This will likely change in the future.",
                stacklevel=2,
            )
        return F.erase(inpt, **params, inplace=self.inplace) if params else inpt
