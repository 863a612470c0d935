"""Augmentations that were learnt or drawn: a few changes out of a list, of random strength.

Source: torchvision.transforms.autoaugment.
"""

from enum import Enum
from typing import Any

from minitorch.nn.module import Module
from minitorch.ops.random import rand, randint
from minitorch.tensor import Tensor
from minitorch.vision.transforms import functional as F
from minitorch.vision.transforms._augmentations import (
    Space,
    changed,
    colour_space,
    dirichlet,
    geometry_space,
    learnt_space,
    tone_space,
)
from minitorch.vision.transforms._draws import integer
from minitorch.vision.transforms.functional import InterpolationMode

__all__ = ["AugMix", "AutoAugment", "AutoAugmentPolicy", "RandAugment", "TrivialAugmentWide"]


class AutoAugmentPolicy(Enum):
    """The data sets that policies were learnt on.

    Source: torchvision.transforms.AutoAugmentPolicy.
    """

    IMAGENET = "imagenet"
    CIFAR10 = "cifar10"
    SVHN = "svhn"


#: Of each policy its pairs of changes: the name, how likely it is made, and which strength.
_POLICIES: dict[AutoAugmentPolicy, Any] = {
    AutoAugmentPolicy.IMAGENET: [
        (("Posterize", 0.4, 8), ("Rotate", 0.6, 9)),
        (("Solarize", 0.6, 5), ("AutoContrast", 0.6, None)),
        (("Equalize", 0.8, None), ("Equalize", 0.6, None)),
        (("Posterize", 0.6, 7), ("Posterize", 0.6, 6)),
        (("Equalize", 0.4, None), ("Solarize", 0.2, 4)),
        (("Equalize", 0.4, None), ("Rotate", 0.8, 8)),
        (("Solarize", 0.6, 3), ("Equalize", 0.6, None)),
        (("Posterize", 0.8, 5), ("Equalize", 1.0, None)),
        (("Rotate", 0.2, 3), ("Solarize", 0.6, 8)),
        (("Equalize", 0.6, None), ("Posterize", 0.4, 6)),
        (("Rotate", 0.8, 8), ("Color", 0.4, 0)),
        (("Rotate", 0.4, 9), ("Equalize", 0.6, None)),
        (("Equalize", 0.0, None), ("Equalize", 0.8, None)),
        (("Invert", 0.6, None), ("Equalize", 1.0, None)),
        (("Color", 0.6, 4), ("Contrast", 1.0, 8)),
        (("Rotate", 0.8, 8), ("Color", 1.0, 2)),
        (("Color", 0.8, 8), ("Solarize", 0.8, 7)),
        (("Sharpness", 0.4, 7), ("Invert", 0.6, None)),
        (("ShearX", 0.6, 5), ("Equalize", 1.0, None)),
        (("Color", 0.4, 0), ("Equalize", 0.6, None)),
        (("Equalize", 0.4, None), ("Solarize", 0.2, 4)),
        (("Solarize", 0.6, 5), ("AutoContrast", 0.6, None)),
        (("Invert", 0.6, None), ("Equalize", 1.0, None)),
        (("Color", 0.6, 4), ("Contrast", 1.0, 8)),
        (("Equalize", 0.8, None), ("Equalize", 0.6, None)),
    ],
    AutoAugmentPolicy.CIFAR10: [
        (("Invert", 0.1, None), ("Contrast", 0.2, 6)),
        (("Rotate", 0.7, 2), ("TranslateX", 0.3, 9)),
        (("Sharpness", 0.8, 1), ("Sharpness", 0.9, 3)),
        (("ShearY", 0.5, 8), ("TranslateY", 0.7, 9)),
        (("AutoContrast", 0.5, None), ("Equalize", 0.9, None)),
        (("ShearY", 0.2, 7), ("Posterize", 0.3, 7)),
        (("Color", 0.4, 3), ("Brightness", 0.6, 7)),
        (("Sharpness", 0.3, 9), ("Brightness", 0.7, 9)),
        (("Equalize", 0.6, None), ("Equalize", 0.5, None)),
        (("Contrast", 0.6, 7), ("Sharpness", 0.6, 5)),
        (("Color", 0.7, 7), ("TranslateX", 0.5, 8)),
        (("Equalize", 0.3, None), ("AutoContrast", 0.4, None)),
        (("TranslateY", 0.4, 3), ("Sharpness", 0.2, 6)),
        (("Brightness", 0.9, 6), ("Color", 0.2, 8)),
        (("Solarize", 0.5, 2), ("Invert", 0.0, None)),
        (("Equalize", 0.2, None), ("AutoContrast", 0.6, None)),
        (("Equalize", 0.2, None), ("Equalize", 0.6, None)),
        (("Color", 0.9, 9), ("Equalize", 0.6, None)),
        (("AutoContrast", 0.8, None), ("Solarize", 0.2, 8)),
        (("Brightness", 0.1, 3), ("Color", 0.7, 0)),
        (("Solarize", 0.4, 5), ("AutoContrast", 0.9, None)),
        (("TranslateY", 0.9, 9), ("TranslateY", 0.7, 9)),
        (("AutoContrast", 0.9, None), ("Solarize", 0.8, 3)),
        (("Equalize", 0.8, None), ("Invert", 0.1, None)),
        (("TranslateY", 0.7, 9), ("AutoContrast", 0.9, None)),
    ],
    AutoAugmentPolicy.SVHN: [
        (("ShearX", 0.9, 4), ("Invert", 0.2, None)),
        (("ShearY", 0.9, 8), ("Invert", 0.7, None)),
        (("Equalize", 0.6, None), ("Solarize", 0.6, 6)),
        (("Invert", 0.9, None), ("Equalize", 0.6, None)),
        (("Equalize", 0.6, None), ("Rotate", 0.9, 3)),
        (("ShearX", 0.9, 4), ("AutoContrast", 0.8, None)),
        (("ShearY", 0.9, 8), ("Invert", 0.4, None)),
        (("ShearY", 0.9, 5), ("Solarize", 0.2, 6)),
        (("Invert", 0.9, None), ("AutoContrast", 0.8, None)),
        (("Equalize", 0.6, None), ("Rotate", 0.9, 3)),
        (("ShearX", 0.9, 4), ("Solarize", 0.3, 3)),
        (("ShearY", 0.8, 8), ("Invert", 0.7, None)),
        (("Equalize", 0.9, None), ("TranslateY", 0.6, 6)),
        (("Invert", 0.9, None), ("Equalize", 0.6, None)),
        (("Contrast", 0.3, 3), ("Rotate", 0.8, 4)),
        (("Invert", 0.8, None), ("TranslateY", 0.0, 2)),
        (("ShearY", 0.7, 6), ("Solarize", 0.4, 8)),
        (("Invert", 0.6, None), ("Rotate", 0.8, 4)),
        (("ShearY", 0.3, 7), ("TranslateX", 0.9, 3)),
        (("ShearX", 0.1, 6), ("Invert", 0.6, None)),
        (("Solarize", 0.7, 2), ("TranslateY", 0.6, 7)),
        (("ShearY", 0.8, 4), ("Invert", 0.8, None)),
        (("ShearX", 0.7, 9), ("TranslateY", 0.8, 3)),
        (("ShearY", 0.8, 5), ("AutoContrast", 0.7, None)),
        (("ShearX", 0.7, 2), ("Invert", 0.1, None)),
    ],
}


class AutoAugment(Module):
    """Two changes of a pair that was learnt, each with its probability and strength.

    Args:
        policy: the data set that the 25 pairs were learnt on.
        interpolation: how to read between pixels.
        fill: the value of what comes from outside, or one per channel; 0 when None.

    A tensor must be uint8.
    Draws: ``randint`` of the pair, ``rand(2)`` against the probabilities, ``randint(2, (2,))`` for
    the signs.
    Errors: ValueError for another ``policy``.
    Source: torchvision.transforms.AutoAugment; E. Cubuk and others, arXiv:1805.09501.
    """

    def __init__(
        self,
        policy: AutoAugmentPolicy = AutoAugmentPolicy.IMAGENET,
        interpolation: InterpolationMode = InterpolationMode.NEAREST,
        fill: Any = None,
    ) -> None:
        super().__init__()
        if policy not in _POLICIES:
            raise ValueError(f"The provided policy {policy} is not recognized.")
        self.policy = policy
        self.interpolation = interpolation
        self.fill = fill
        self.policies = _POLICIES[policy]

    @staticmethod
    def get_params(transform_num: int) -> tuple[int, Tensor, Tensor]:
        """Draws (number of the pair, two numbers for the probabilities, two signs)."""
        return integer(0, transform_num), rand(2), randint(2, (2,))

    def forward(self, img: Any) -> Any:
        fill = F.fill_per_channel(img, self.fill)
        _, height, width = F.get_dimensions(img)
        pair, chances, signs = self.get_params(len(self.policies))
        space: Space = {**learnt_space(10, height, width), "Invert": (None, False)}
        for i, (name, probability, strength) in enumerate(self.policies[pair]):
            if chances[i] <= probability:
                magnitudes, signed = space[name]
                magnitude = 0.0
                if strength is not None and magnitudes is not None:
                    magnitude = magnitudes[strength]
                if signed and signs[i] == 0:
                    magnitude = -magnitude
                img = changed(F, img, name, magnitude, self.interpolation, fill)
        return img

    def __repr__(self) -> str:
        return f"{type(self).__name__}(policy={self.policy}, fill={self.fill})"


class RandAugment(Module):
    """A few changes out of fourteen, all of one strength.

    Args:
        num_ops: how many, one after the other.
        magnitude: which strength, 0 ... ``num_magnitude_bins`` - 1.
        num_magnitude_bins: how many strengths there are.
        interpolation: how to read between pixels.
        fill: the value of what comes from outside, or one per channel; 0 when None.

    A tensor must be uint8.
    Draws: for each change ``randint`` of its number, and ``randint(2, (1,))`` where it has a sign.
    Source: torchvision.transforms.RandAugment; E. Cubuk and others, arXiv:1909.13719.
    """

    def __init__(
        self,
        num_ops: int = 2,
        magnitude: int = 9,
        num_magnitude_bins: int = 31,
        interpolation: InterpolationMode = InterpolationMode.NEAREST,
        fill: Any = None,
    ) -> None:
        super().__init__()
        self.num_ops = num_ops
        self.magnitude = magnitude
        self.num_magnitude_bins = num_magnitude_bins
        self.interpolation = interpolation
        self.fill = fill

    def forward(self, img: Any) -> Any:
        fill = F.fill_per_channel(img, self.fill)
        _, height, width = F.get_dimensions(img)
        space: Space = {
            "Identity": (None, False),
            **learnt_space(self.num_magnitude_bins, height, width),
        }
        names = list(space)
        for _ in range(self.num_ops):
            name = names[integer(0, len(names))]
            magnitudes, signed = space[name]
            magnitude = 0.0 if magnitudes is None else magnitudes[self.magnitude]
            if signed and integer(0, 2):
                magnitude = -magnitude
            img = changed(F, img, name, magnitude, self.interpolation, fill)
        return img

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(num_ops={self.num_ops}, magnitude={self.magnitude}, "
            f"num_magnitude_bins={self.num_magnitude_bins}, interpolation={self.interpolation}, "
            f"fill={self.fill})"
        )


class TrivialAugmentWide(Module):
    """One change out of fourteen, of random strength, up to strong ones.

    Args:
        num_magnitude_bins: how many strengths there are.
        interpolation: how to read between pixels.
        fill: the value of what comes from outside, or one per channel; 0 when None.

    A tensor must be uint8.
    Draws: ``randint`` of the change, of its strength if it has any, and ``randint(2, (1,))`` where
    it has a sign.
    Source: torchvision.transforms.TrivialAugmentWide; S. Mueller, F. Hutter, arXiv:2103.10158.
    """

    def __init__(
        self,
        num_magnitude_bins: int = 31,
        interpolation: InterpolationMode = InterpolationMode.NEAREST,
        fill: Any = None,
    ) -> None:
        super().__init__()
        self.num_magnitude_bins = num_magnitude_bins
        self.interpolation = interpolation
        self.fill = fill

    def forward(self, img: Any) -> Any:
        fill = F.fill_per_channel(img, self.fill)
        count = self.num_magnitude_bins
        space: Space = {
            "Identity": (None, False),
            **geometry_space(0.99, 32.0, 32.0, 135.0, count),
            **colour_space(0.99, count),
            **tone_space(8, 6, count),
        }
        names = list(space)
        name = names[integer(0, len(names))]
        magnitudes, signed = space[name]
        magnitude = 0.0 if magnitudes is None else magnitudes[integer(0, len(magnitudes))]
        if signed and integer(0, 2):
            magnitude = -magnitude
        return changed(F, img, name, magnitude, self.interpolation, fill)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(num_magnitude_bins={self.num_magnitude_bins}, "
            f"interpolation={self.interpolation}, fill={self.fill})"
        )


class AugMix(Module):
    """A mixture of the picture and of several changed ones.

    Args:
        severity: how strong the changes are, 1 ... 10.
        mixture_width: how many changed pictures.
        chain_depth: how many changes each has; drawn from 1, 2 and 3 where not positive.
        alpha: how even the weights of the mixture are.
        all_ops: change colours too.
        interpolation: how to read between pixels.
        fill: the value of what comes from outside, or one per channel; 0 when None.

    A tensor must be uint8.
    Draws: a Dirichlet variable of 2 and one of ``mixture_width``; then for each picture ``randint``
    of its depth, and for each change of its number, strength and sign.
    Errors: ValueError for a severity outside 1 ... 10.
    Source: torchvision.transforms.AugMix; D. Hendrycks and others, arXiv:1912.02781.
    """

    _PARAMETER_MAX = 10

    def __init__(
        self,
        severity: int = 3,
        mixture_width: int = 3,
        chain_depth: int = -1,
        alpha: float = 1.0,
        all_ops: bool = True,
        interpolation: InterpolationMode = InterpolationMode.BILINEAR,
        fill: Any = None,
    ) -> None:
        super().__init__()
        if not 1 <= severity <= self._PARAMETER_MAX:
            raise ValueError(
                f"The severity must be between [1, {self._PARAMETER_MAX}]. Got {severity} instead."
            )
        self.severity = severity
        self.mixture_width = mixture_width
        self.chain_depth = chain_depth
        self.alpha = alpha
        self.all_ops = all_ops
        self.interpolation = interpolation
        self.fill = fill

    def forward(self, orig_img: Any) -> Any:
        fill = F.fill_per_channel(orig_img, self.fill)
        img = orig_img if isinstance(orig_img, Tensor) else F.pil_to_tensor(orig_img)
        batch = img.view(*[1] * max(4 - img.dim(), 0), *img.shape)
        height, width = img.shape[-2:]
        count = self._PARAMETER_MAX
        space: Space = {
            **geometry_space(0.3, width / 3.0, height / 3.0, 30.0, count),
            **tone_space(4, 4, count),
            **(colour_space(0.9, count) if self.all_ops else {}),
        }
        pictures, ones = len(batch), [1] * (batch.dim() - 1)
        kept = dirichlet(pictures, 2, self.alpha)
        weights = dirichlet(pictures, self.mixture_width, self.alpha) * kept[:, 1:]
        mixture = kept[:, 0].view(pictures, *ones) * batch
        for i in range(self.mixture_width):
            mixture += weights[:, i].view(pictures, *ones) * self._chain(batch, space, fill)
        result = mixture.view(img.shape).to(img.dtype)
        return result if isinstance(orig_img, Tensor) else F.to_pil_image(result)

    def _chain(self, img: Tensor, space: Space, fill: Any) -> Tensor:
        """The pictures after a few changes."""
        names = list(space)
        depth = self.chain_depth if self.chain_depth > 0 else integer(1, 4)
        for _ in range(depth):
            name = names[integer(0, len(names))]
            magnitudes, signed = space[name]
            magnitude = 0.0 if magnitudes is None else magnitudes[integer(0, self.severity)]
            if signed and integer(0, 2):
                magnitude = -magnitude
            img = changed(F, img, name, magnitude, self.interpolation, fill)
        return img

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(severity={self.severity}, "
            f"mixture_width={self.mixture_width}, chain_depth={self.chain_depth}, "
            f"alpha={self.alpha}, all_ops={self.all_ops}, interpolation={self.interpolation}, "
            f"fill={self.fill})"
        )
