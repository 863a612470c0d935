"""Where the pixels go, in ``v2``.

The parameters are those of the transforms of the same name in ``transforms``, which check them and
draw; ``interpolation`` may also be a name, ``fill`` a dictionary of one for each kind of thing,
with "others" for the rest.
"""

from collections.abc import Sequence
from typing import Any

from minitorch.vision.transforms import functional as F1
from minitorch.vision.transforms import transforms as v1
from minitorch.vision.transforms._draws import integer
from minitorch.vision.transforms.functional import InterpolationMode
from minitorch.vision.transforms.v2 import functional as F
from minitorch.vision.transforms.v2._transform import RandomTransform, Transform, size_of
from minitorch.vision.tv_tensors import Mask

__all__ = [
    "CenterCrop",
    "ElasticTransform",
    "FiveCrop",
    "Pad",
    "RandomAffine",
    "RandomCrop",
    "RandomHorizontalFlip",
    "RandomPerspective",
    "RandomResizedCrop",
    "RandomRotation",
    "RandomVerticalFlip",
    "Resize",
    "TenCrop",
]

_Mode = str | InterpolationMode | int


def checked_fills(fill: Any) -> dict[Any, Any]:
    """``fill`` as a dictionary of one for each kind of thing."""
    if isinstance(fill, dict):
        return {kind: checked_fills(value)["others"] for kind, value in fill.items()}
    if fill is not None and not isinstance(fill, (int, float, tuple, list)):
        raise TypeError(
            "Got inappropriate fill arg, only Numbers, tuples, lists and dicts are allowed."
        )
    return {"others": [float(f) for f in fill] if isinstance(fill, (tuple, list)) else fill}


class Filling(Transform):
    """A transform that fills what comes from outside."""

    _fills: dict[Any, Any]

    def _fill_of(self, inpt: Any) -> Any:
        return self._fills.get(type(inpt), self._fills.get("others"))


class RandomHorizontalFlip(RandomTransform):
    """Mirrored left to right with probability ``p``.

    Draws: ``rand(1)``.
    Source: torchvision.transforms.v2.RandomHorizontalFlip.
    """

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return F.horizontal_flip(inpt)


class RandomVerticalFlip(RandomTransform):
    """Mirrored top to bottom with probability ``p``.

    Draws: ``rand(1)``.
    Source: torchvision.transforms.v2.RandomVerticalFlip.
    """

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return F.vertical_flip(inpt)


class Resize(Transform):
    """At another size; ``size`` None makes the longer edge ``max_size``.

    Errors: ValueError for a size that is none.
    Source: torchvision.transforms.v2.Resize.
    """

    def __init__(
        self,
        size: int | Sequence[int] | None,
        interpolation: _Mode = "bilinear",
        max_size: int | None = None,
        antialias: bool | None = True,
    ) -> None:
        super().__init__()
        if size is None:
            if not isinstance(max_size, int):
                raise ValueError(
                    f"max_size must be an integer when size is None, but got {max_size} instead."
                )
        elif not isinstance(size, int) and not (isinstance(size, Sequence) and len(size) in (1, 2)):
            raise ValueError(
                "size can be an integer, a sequence of one or two integers, or None, "
                f"but got {size} instead."
            )
        self.size = [size] if isinstance(size, int) else size if size is None else list(size)
        self.interpolation = interpolation
        self.max_size = max_size
        self.antialias = antialias

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return F.resize(
            inpt,
            self.size,
            interpolation=self.interpolation,
            max_size=self.max_size,
            antialias=self.antialias,
        )


class CenterCrop(Transform):
    """The middle; what is smaller is padded with 0.

    Source: torchvision.transforms.v2.CenterCrop.
    """

    def __init__(self, size: int | Sequence[int]) -> None:
        super().__init__()
        self.size = F1.height_and_width(size)

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return F.center_crop(inpt, self.size)


class RandomResizedCrop(Transform):
    """A rectangle of random place, size and shape, brought to one size.

    Draws: as ``transforms.RandomResizedCrop``.
    Errors: TypeError for ``scale`` or ``ratio`` that are no two numbers.
    Source: torchvision.transforms.v2.RandomResizedCrop.
    """

    get_params = staticmethod(v1.RandomResizedCrop.get_params)

    def __init__(
        self,
        size: int | Sequence[int],
        scale: Sequence[float] = (0.08, 1.0),
        ratio: Sequence[float] = (3.0 / 4.0, 4.0 / 3.0),
        interpolation: _Mode = "bilinear",
        antialias: bool | None = True,
    ) -> None:
        super().__init__()
        for value, name in ((scale, "Scale"), (ratio, "Ratio")):
            if not isinstance(value, Sequence) or len(value) != 2:
                raise TypeError(f"{name} should be a sequence of two floats.")
        checked = v1.RandomResizedCrop(size, scale, ratio)
        self.size = checked.size
        self.scale = scale
        self.ratio = ratio
        self.interpolation = interpolation
        self.antialias = antialias

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        size_of(flat_inputs)
        drawn = self.get_params(flat_inputs[0], self.scale, self.ratio)
        return dict(zip(("top", "left", "height", "width"), drawn, strict=True))

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return F.resized_crop(
            inpt,
            **params,
            size=self.size,
            interpolation=self.interpolation,
            antialias=self.antialias,
        )


class _Crops(Transform):
    """Several crops of a picture; masks are refused."""

    def check_inputs(self, flat_inputs: list[Any]) -> None:
        if any(isinstance(item, Mask) for item in flat_inputs):
            raise TypeError(
                f"BoundingBoxes'es and Mask's are not supported by {type(self).__name__}()"
            )


class FiveCrop(_Crops):
    """The four corners and the middle of the picture, as a tuple of five.

    Source: torchvision.transforms.v2.FiveCrop.
    """

    def __init__(self, size: int | Sequence[int]) -> None:
        super().__init__()
        self.size = F1.height_and_width(size)

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return F.five_crop(inpt, self.size)


class TenCrop(_Crops):
    """``FiveCrop`` of the picture and of its mirror image, as a tuple of ten.

    Source: torchvision.transforms.v2.TenCrop.
    """

    def __init__(self, size: int | Sequence[int], vertical_flip: bool = False) -> None:
        super().__init__()
        self.size = F1.height_and_width(size)
        self.vertical_flip = vertical_flip

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return F.ten_crop(inpt, self.size, self.vertical_flip)


def _check_border(padding: Any, padding_mode: Any) -> None:
    numbers = padding if isinstance(padding, (tuple, list)) else [padding]
    if len(numbers) not in (1, 2, 4) or not all(isinstance(number, int) for number in numbers):
        raise ValueError(
            f"Padding must be an int or a 1, 2, or 4 element of tuple or list, got {padding}."
        )
    F1.check_padding_mode(padding_mode)


class Pad(Filling):
    """With a border.

    Errors: ValueError for a border that is none; TypeError for a ``fill`` that is none.
    Source: torchvision.transforms.v2.Pad.
    """

    def __init__(
        self, padding: int | Sequence[int], fill: Any = 0, padding_mode: str = "constant"
    ) -> None:
        super().__init__()
        _check_border(padding, padding_mode)
        self.padding = padding if isinstance(padding, int) else list(padding)
        self.fill = fill
        self._fills = checked_fills(fill)
        self.padding_mode = padding_mode

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return F.pad(inpt, self.padding, self._fill_of(inpt), self.padding_mode)


class RandomCrop(Filling):
    """A rectangle at a random place.

    Draws: ``randint`` for the top where the picture is higher, and for the left where it is wider.
    Errors: ValueError for a picture smaller than ``size``, or a border that is none.
    Source: torchvision.transforms.v2.RandomCrop.
    """

    get_params = staticmethod(v1.RandomCrop.get_params)

    def __init__(
        self,
        size: int | Sequence[int],
        padding: int | Sequence[int] | None = None,
        pad_if_needed: bool = False,
        fill: Any = 0,
        padding_mode: str = "constant",
    ) -> None:
        super().__init__()
        self.size = F1.height_and_width(size)
        if padding is not None:
            _check_border(padding, padding_mode)
        elif pad_if_needed:
            F1.check_padding_mode(padding_mode)
        self.padding = self._border_of(padding) if padding else None
        self.pad_if_needed = pad_if_needed
        self.fill = fill
        self._fills = checked_fills(fill)
        self.padding_mode = padding_mode

    @staticmethod
    def _border_of(padding: Any) -> list[int]:
        """The widths left, right, above and below."""
        widths = list(padding) if isinstance(padding, (tuple, list)) else [padding]
        left, top, right, bottom = widths * (4 // len(widths))
        return [left, right, top, bottom]

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        _, height, width = size_of(flat_inputs)
        left, right, above, below = self.padding or (0, 0, 0, 0)
        crop_height, crop_width = self.size
        if self.pad_if_needed:
            more = max(crop_height - (height + above + below), 0)
            above, below = above + more, below + more
            more = max(crop_width - (width + left + right), 0)
            left, right = left + more, right + more
        height, width = height + above + below, width + left + right
        if height < crop_height or width < crop_width:
            padded = "padded " if self.padding is not None else ""
            raise ValueError(
                f"Required crop size {(crop_height, crop_width)} is larger than "
                f"{padded}input image size {(height, width)}."
            )
        top = integer(0, height - crop_height + 1) if height > crop_height else 0
        first = integer(0, width - crop_width + 1) if width > crop_width else 0
        return {
            "padding": [left, above, right, below],
            "crop": (top, first, crop_height, crop_width),
            "smaller": height > crop_height or width > crop_width,
        }

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        if any(params["padding"]):
            inpt = F.pad(inpt, params["padding"], self._fill_of(inpt), self.padding_mode)
        return F.crop(inpt, *params["crop"]) if params["smaller"] else inpt


class RandomRotation(Filling):
    """Turned by a random angle.

    Draws: one ``uniform_``.
    Source: torchvision.transforms.v2.RandomRotation.
    """

    get_params = staticmethod(v1.RandomRotation.get_params)

    def __init__(
        self,
        degrees: float | Sequence[float],
        interpolation: _Mode = "nearest",
        expand: bool = False,
        center: Sequence[float] | None = None,
        fill: Any = 0,
    ) -> None:
        super().__init__()
        self.degrees = v1.RandomRotation(degrees, center=center).degrees
        self.interpolation = interpolation
        self.expand = expand
        self.fill = fill
        self._fills = checked_fills(fill)
        self.center = center

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        return {"angle": self.get_params(self.degrees)}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return F.rotate(
            inpt,
            params["angle"],
            interpolation=self.interpolation,
            expand=self.expand,
            center=self.center,
            fill=self._fill_of(inpt),
        )


class RandomAffine(Filling):
    """Turned, moved, scaled and sheared at random, in place.

    Draws: as ``transforms.RandomAffine``.
    Source: torchvision.transforms.v2.RandomAffine.
    """

    get_params = staticmethod(v1.RandomAffine.get_params)

    def __init__(
        self,
        degrees: float | Sequence[float],
        translate: Sequence[float] | None = None,
        scale: Sequence[float] | None = None,
        shear: float | Sequence[float] | None = None,
        interpolation: _Mode = "nearest",
        fill: Any = 0,
        center: Sequence[float] | None = None,
    ) -> None:
        super().__init__()
        checked = v1.RandomAffine(degrees, translate, scale, shear, center=center)
        self.degrees = checked.degrees
        self.translate = translate
        self.scale = scale
        self.shear = checked.shear
        self.interpolation = interpolation
        self.fill = fill
        self._fills = checked_fills(fill)
        self.center = center

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        _, height, width = size_of(flat_inputs)
        drawn = self.get_params(
            self.degrees, self.translate, self.scale, self.shear, [width, height]
        )
        return dict(zip(("angle", "translate", "scale", "shear"), drawn, strict=True))

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return F.affine(
            inpt,
            **params,
            interpolation=self.interpolation,
            fill=self._fill_of(inpt),
            center=self.center,
        )


class RandomPerspective(RandomTransform, Filling):
    """As seen from elsewhere, with probability ``p``.

    Draws: as ``transforms.RandomPerspective``.
    Errors: ValueError for a ``distortion_scale`` outside 0 ... 1.
    Source: torchvision.transforms.v2.RandomPerspective.
    """

    get_params = staticmethod(v1.RandomPerspective.get_params)

    def __init__(
        self,
        distortion_scale: float = 0.5,
        p: float = 0.5,
        interpolation: _Mode = "bilinear",
        fill: Any = 0,
    ) -> None:
        super().__init__(p)
        if not 0 <= distortion_scale <= 1:
            raise ValueError("Argument distortion_scale value should be between 0 and 1")
        self.distortion_scale = distortion_scale
        self.interpolation = interpolation
        self.fill = fill
        self._fills = checked_fills(fill)

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        _, height, width = size_of(flat_inputs)
        before, after = self.get_params(width, height, self.distortion_scale)
        return {"startpoints": before, "endpoints": after}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        fill = self._fill_of(inpt)
        return F.perspective(inpt, **params, interpolation=self.interpolation, fill=fill)


class ElasticTransform(Filling):
    """With each pixel read somewhere near, as through water.

    Draws: as ``transforms.ElasticTransform``.
    Errors: TypeError or ValueError for ``alpha`` or ``sigma`` that are no number or two.
    Source: torchvision.transforms.v2.ElasticTransform.
    """

    get_params = staticmethod(v1.ElasticTransform.get_params)

    def __init__(
        self,
        alpha: float | Sequence[float] = 50.0,
        sigma: float | Sequence[float] = 5.0,
        interpolation: _Mode = "bilinear",
        fill: Any = 0,
    ) -> None:
        super().__init__()
        self.alpha = two_numbers(alpha, "alpha")
        self.sigma = two_numbers(sigma, "sigma")
        self.interpolation = interpolation
        self.fill = fill
        self._fills = checked_fills(fill)

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        _, height, width = size_of(flat_inputs)
        return {"displacement": self.get_params(self.alpha, self.sigma, [height, width])}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        fill = self._fill_of(inpt)
        return F.elastic(inpt, **params, interpolation=self.interpolation, fill=fill)


def two_numbers(value: Any, name: str) -> list[float]:
    """``value``, one number or two, as two.  Raises TypeError or ValueError for anything else."""
    if not isinstance(value, (int, float, Sequence)):
        raise TypeError(f"{name} should be a number or a sequence of numbers. Got {type(value)}")
    numbers = list(value) if isinstance(value, Sequence) else [value]
    if len(numbers) not in (1, 2):
        raise ValueError(f"If {name} is a sequence its length should be 1 or 2. Got {len(numbers)}")
    for number in numbers:
        if not isinstance(number, (int, float)):
            raise ValueError(f"{name} should be a sequence of numbers. Got {type(number)}")
    return [float(numbers[0]), float(numbers[-1])]
