"""Learnt and drawn augmentations, and mixtures of pictures, in ``v2``."""

import math
from typing import Any

from minitorch.distributions import Beta
from minitorch.nn.functional import one_hot
from minitorch.ops.creation import arange, tensor
from minitorch.tensor import Tensor
from minitorch.utils._pytree import tree_flatten, tree_unflatten
from minitorch.vision._pillow import is_pil_image
from minitorch.vision.transforms import autoaugment as v1
from minitorch.vision.transforms._augmentations import (
    Space,
    changed,
    colour_space,
    dirichlet,
    geometry_space,
    learnt_space,
    spaced,
)
from minitorch.vision.transforms._draws import chance, integer
from minitorch.vision.transforms._functional_tensor import max_value
from minitorch.vision.transforms.autoaugment import AutoAugmentPolicy
from minitorch.vision.transforms.functional import InterpolationMode
from minitorch.vision.transforms.v2 import functional as F
from minitorch.vision.transforms.v2._geometry import Filling, checked_fills
from minitorch.vision.transforms.v2._transform import Transform, size_of
from minitorch.vision.tv_tensors import Image, Mask, TVTensor, wrap

__all__ = ["AugMix", "AutoAugment", "CutMix", "MixUp", "RandAugment", "TrivialAugmentWide"]

_Mode = str | InterpolationMode | int


def _tones(most_bits: int, bits_lost: int, count: int) -> Space:
    # torch: rounded after the difference, and a threshold as part of white, unlike ``transforms``.
    bits = (most_bits - arange(count) / ((count - 1) / bits_lost)).round()
    return {
        "Posterize": (bits.tolist(), False),
        "Solarize": (spaced(1.0, 0.0, count, bits.dtype), False),
        "AutoContrast": (None, False),
        "Equalize": (None, False),
    }


class _Augmentation(Filling):
    """Changes of the one picture of a sample."""

    def __init__(self, interpolation: _Mode, fill: Any) -> None:
        super().__init__()
        self.interpolation = interpolation
        self.fill = fill
        self._fills = checked_fills(fill)

    def forward(self, *inputs: Any) -> Any:
        flat, spec = tree_flatten(inputs if len(inputs) > 1 else inputs[0])
        for item in flat:
            if isinstance(item, Mask):
                raise TypeError(
                    f"Inputs of type {type(item).__name__} are not supported by "
                    f"{type(self).__name__}()"
                )
        places = [i for i, take in enumerate(self._chosen(flat)) if take]
        if not places:
            raise TypeError("Found no image in the sample.")
        if len(places) > 1:
            raise TypeError(
                "Auto augment transformations are only properly defined for a single image or "
                f"video, but found {len(places)}."
            )
        flat[places[0]] = self.transform(flat[places[0]], {})
        return tree_unflatten(flat, spec)

    def _changed(self, img: Any, space: Space, name: str, strength: Any) -> Any:
        """The picture after a change; ``strength`` gives the number of one, when asked."""
        magnitudes, signed = space[name]
        magnitude = 0.0 if magnitudes is None else magnitudes[strength()]
        if magnitudes is not None and signed and chance(0.5, or_equal=True):
            magnitude = -magnitude
        if name == "Solarize":
            magnitude *= max_value(img.dtype) if isinstance(img, Tensor) else 255.0
        return changed(F, img, name, magnitude, self.interpolation, self._fill_of(img))


class AutoAugment(_Augmentation):
    """Two changes of a pair that was learnt, each with its probability and strength.

    Draws: ``randint`` of the pair; for each change ``rand`` against its probability, and for its
    sign.
    Errors: ValueError for another ``policy``; TypeError for a sample of no picture, or several.
    Source: torchvision.transforms.v2.AutoAugment.
    """

    get_params = staticmethod(v1.AutoAugment.get_params)

    def __init__(
        self,
        policy: AutoAugmentPolicy = AutoAugmentPolicy.IMAGENET,
        interpolation: _Mode = "nearest",
        fill: Any = None,
    ) -> None:
        super().__init__(interpolation, fill)
        self.policy = policy
        self._policies = v1.AutoAugment(policy).policies

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        height, width = F.get_size(inpt)
        space = {**learnt_space(10, height, width), **_tones(8, 4, 10), "Invert": (None, False)}
        for name, probability, strength in self._policies[integer(0, len(self._policies))]:
            if chance(probability, or_equal=True):
                inpt = self._changed(inpt, space, name, lambda: strength)  # noqa: B023
        return inpt


class RandAugment(_Augmentation):
    """A few changes out of fourteen, all of one strength.

    Draws: for each change ``randint`` of its number, and ``rand`` for its sign.
    Errors: ValueError for a negative ``num_ops``; TypeError for a sample of no picture, or several.
    Source: torchvision.transforms.v2.RandAugment.
    """

    def __init__(
        self,
        num_ops: int = 2,
        magnitude: int = 9,
        num_magnitude_bins: int = 31,
        interpolation: _Mode = "nearest",
        fill: Any = None,
    ) -> None:
        super().__init__(interpolation, fill)
        if not isinstance(num_ops, int) or num_ops < 0:
            raise ValueError(
                f"num_ops should be a non-negative integer, but got {num_ops} instead."
            )
        self.num_ops = num_ops
        self.magnitude = magnitude
        self.num_magnitude_bins = num_magnitude_bins

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        height, width = F.get_size(inpt)
        count = self.num_magnitude_bins
        space: Space = {
            "Identity": (None, False),
            **learnt_space(count, height, width),
            **_tones(8, 4, count),
        }
        names = list(space)
        for _ in range(self.num_ops):
            name = names[integer(0, len(names))]
            inpt = self._changed(inpt, space, name, lambda: self.magnitude)
        return inpt


class TrivialAugmentWide(_Augmentation):
    """One change out of fourteen, of random strength, up to strong ones.

    Draws: ``randint`` of the change and of its strength, and ``rand`` for its sign.
    Errors: TypeError for a sample of no picture, or several.
    Source: torchvision.transforms.v2.TrivialAugmentWide.
    """

    def __init__(
        self, num_magnitude_bins: int = 31, interpolation: _Mode = "nearest", fill: Any = None
    ) -> None:
        super().__init__(interpolation, fill)
        self.num_magnitude_bins = num_magnitude_bins

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        count = self.num_magnitude_bins
        space: Space = {
            "Identity": (None, False),
            **geometry_space(0.99, 32.0, 32.0, 135.0, count),
            **colour_space(0.99, count),
            **_tones(8, 6, count),
        }
        names = list(space)
        name = names[integer(0, len(names))]
        return self._changed(inpt, space, name, lambda: integer(0, count))


class AugMix(_Augmentation):
    """A mixture of the picture and of several changed ones.

    Draws: a Dirichlet variable of 2 and one of ``mixture_width``; then for each picture ``randint``
    of its depth, and for each change of its number and strength, and ``rand`` for its sign.
    Errors: ValueError for a severity outside 1 ... 10; TypeError for a sample of no picture, or
    several.
    Source: torchvision.transforms.v2.AugMix.
    """

    def __init__(
        self,
        severity: int = 3,
        mixture_width: int = 3,
        chain_depth: int = -1,
        alpha: float = 1.0,
        all_ops: bool = True,
        interpolation: _Mode = "bilinear",
        fill: Any = None,
    ) -> None:
        super().__init__(interpolation, fill)
        v1.AugMix(severity)
        self.severity = severity
        self.mixture_width = mixture_width
        self.chain_depth = chain_depth
        self.alpha = alpha
        self.all_ops = all_ops

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        img = inpt if isinstance(inpt, Tensor) else F.pil_to_tensor(inpt)
        height, width = img.shape[-2:]
        space: Space = {
            **geometry_space(0.3, width / 3.0, height / 3.0, 30.0, 10),
            **_tones(4, 4, 10),
            **(colour_space(0.9, 10) if self.all_ops else {}),
        }
        names = list(space)
        batch = img.reshape(*[1] * max(4 - img.dim(), 0), *img.shape)
        pictures, ones = len(batch), [1] * (batch.dim() - 1)
        kept = dirichlet(pictures, 2, self.alpha)
        weights = dirichlet(pictures, self.mixture_width, self.alpha) * kept[:, 1:]
        mixture = kept[:, 0].view(pictures, *ones) * batch
        for i in range(self.mixture_width):
            part = batch
            for _ in range(self.chain_depth if self.chain_depth > 0 else integer(1, 4)):
                name = names[integer(0, len(names))]
                part = self._changed(part, space, name, lambda: integer(0, self.severity))
            mixture += weights[:, i].view(pictures, *ones) * part
        result = mixture.reshape(img.shape).to(img.dtype)
        if not isinstance(inpt, Tensor):
            return F.to_pil_image(result)
        return wrap(result, like=inpt) if isinstance(inpt, TVTensor) else result


class _Mixing(Transform):
    """Each picture of a batch mixed with the one before, and their labels as well."""

    def __init__(
        self, *, alpha: float = 1.0, num_classes: int | None = None, labels_getter: Any = "default"
    ) -> None:
        super().__init__()
        self.alpha = float(alpha)
        self._distribution = Beta(tensor([self.alpha]), tensor([self.alpha]))
        self.num_classes = num_classes
        if labels_getter not in ("default", None) and not callable(labels_getter):
            raise ValueError(
                "labels_getter should either be 'default', a callable, or None, "
                f"but got {labels_getter}."
            )
        self._labels_getter = labels_getter

    def forward(self, *inputs: Any) -> Any:
        sample = inputs if len(inputs) > 1 else inputs[0]
        flat, spec = tree_flatten(sample)
        if any(is_pil_image(item) or isinstance(item, Mask) for item in flat):
            raise ValueError(
                f"{type(self).__name__}() does not support PIL images, bounding boxes, keypoints "
                "and masks."
            )
        labels = self._labels_of(sample)
        self._check_labels(labels)
        chosen = [
            take and item is not labels for item, take in zip(flat, self._chosen(flat), strict=True)
        ]
        pictures = [item for item, take in zip(flat, chosen, strict=True) if take]
        for picture in pictures:
            self._check_batch(picture, len(labels))
        params = self.make_params(pictures)
        results = [
            self._mixed_labels(item, params["weight"])
            if item is labels
            else self.transform(item, params)
            if take
            else item
            for item, take in zip(flat, chosen, strict=True)
        ]
        return tree_unflatten(results, spec)

    def _labels_of(self, sample: Any) -> Any:
        """Where the labels are: second of a pair, or under "labels" or the like."""
        if self._labels_getter is None:
            return None
        if self._labels_getter != "default":
            return self._labels_getter(sample)
        part = sample[1] if isinstance(sample, (tuple, list)) else sample
        if F.is_pure_tensor(part):
            return part
        if not isinstance(part, dict):
            raise ValueError(
                "When using the default labels_getter, the input passed to forward must be a "
                "dictionary or a two-tuple whose second item is a dictionary or a tensor, "
                f"but got {part} instead."
            )
        names = [key for key in part if key.lower() == "labels"]
        names += [key for key in part if "label" in key.lower()]
        if not names:
            raise ValueError(
                "Could not infer where the labels are in the sample. Try passing a callable as the "
                "labels_getter parameter?"
            )
        return part[names[0]]

    def _check_labels(self, labels: Any) -> None:
        if not isinstance(labels, Tensor):
            raise ValueError(f"The labels must be a tensor, but got {type(labels)} instead.")
        if labels.dim() not in (1, 2):
            raise ValueError(
                "labels should be index based with shape (batch_size,) or probability based with "
                f"shape (batch_size, num_classes), but got a tensor of shape {labels.shape} "
                "instead."
            )
        if labels.dim() == 2 and self.num_classes not in (None, labels.shape[-1]):
            raise ValueError(
                "When passing 2D labels, the number of elements in last dimension must match "
                f"num_classes: {labels.shape[-1]} != {self.num_classes}. "
                "You can Leave num_classes to None."
            )
        if labels.dim() == 1 and self.num_classes is None:
            raise ValueError("num_classes must be passed if the labels are index-based (1D)")

    @staticmethod
    def _check_batch(picture: Tensor, count: int) -> None:
        if picture.dim() != 4:
            raise ValueError(
                f"Expected a batched input with 4 dims, but got {picture.dim()} dimensions instead."
            )
        if len(picture) != count:
            raise ValueError(
                "The batch size of the image or video does not match the batch size of the labels: "
                f"{len(picture)} != {count}."
            )

    def _mixed_labels(self, labels: Tensor, weight: float) -> Tensor:
        if labels.dim() == 1:
            labels = one_hot(labels, self.num_classes)
        labels = labels if labels.is_floating_point() else labels.float()
        return labels.roll(1, 0).mul_(1.0 - weight).add_(labels.mul(weight))


class MixUp(_Mixing):
    """Each picture of a batch blended with the one before, and their labels as much.

    Args:
        alpha: of the Beta distribution that the weight is drawn from.
        num_classes: how many classes there are, for labels that are numbers.
        labels_getter: a function that finds the labels in a sample.

    It takes a batch, ``MixUp(num_classes=10)(pictures, labels)``; labels become (B, num_classes).
    Draws: a Beta variable.
    Errors: ValueError for labels or pictures that do not fit.
    Source: torchvision.transforms.v2.MixUp; H. Zhang and others, arXiv:1710.09412.
    """

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        return {"weight": self._distribution.sample().item()}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        weight = params["weight"]
        mixed = inpt.roll(1, 0).mul_(1.0 - weight).add_(inpt.mul(weight))
        return wrap(mixed, like=inpt) if isinstance(inpt, Image) else mixed


class CutMix(_Mixing):
    """Each picture of a batch with a rectangle of the one before, and their labels by area.

    Args: those of ``MixUp``.

    Draws: a Beta variable, then ``randint`` of the middle's x and y.
    Errors: ValueError for labels or pictures that do not fit.
    Source: torchvision.transforms.v2.CutMix; S. Yun and others, arXiv:1905.04899.
    """

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        share = self._distribution.sample().item()
        _, height, width = size_of(flat_inputs)
        x, y = integer(0, width), integer(0, height)
        half = 0.5 * math.sqrt(1.0 - share)
        reach_x, reach_y = int(half * width), int(half * height)
        left, right = max(x - reach_x, 0), min(x + reach_x, width)
        top, bottom = max(y - reach_y, 0), min(y + reach_y, height)
        area = (right - left) * (bottom - top)
        return {"box": (left, top, right, bottom), "weight": 1.0 - area / (width * height)}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        left, top, right, bottom = params["box"]
        mixed = inpt.clone()
        mixed[..., top:bottom, left:right] = inpt.roll(1, 0)[..., top:bottom, left:right]
        return wrap(mixed, like=inpt) if isinstance(inpt, Image) else mixed
