"""What the transforms of ``v2`` have in common: they take samples of any shape."""

import enum
from typing import Any

from minitorch.nn.module import Module
from minitorch.tensor import Tensor
from minitorch.utils._pytree import tree_flatten, tree_unflatten
from minitorch.vision._pillow import is_pil_image
from minitorch.vision.transforms._draws import chance
from minitorch.vision.transforms.v2.functional import get_dimensions, is_pure_tensor
from minitorch.vision.tv_tensors import Image, Mask

__all__ = ["RandomTransform", "Transform", "size_of"]


class Transform(Module):
    """The base of the transforms: pictures, masks, and lists and dictionaries that hold them.

    All pictures and masks of a sample are transformed alike.  A tensor of no kind is a picture if
    it is the first one, and the sample holds no ``tv_tensors.Image`` and no Pillow image; other
    tensors, and everything else, stay as they are.  A subclass defines ``transform``, and
    ``make_params`` if it draws.
    Source: torchvision.transforms.v2.Transform.
    """

    def __init__(self) -> None:
        super().__init__()

    def check_inputs(self, flat_inputs: list[Any]) -> None:
        """Raises for a sample that cannot be transformed."""

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        """Draws what is the same for the whole sample."""
        return {}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """One picture or mask of the sample, transformed."""
        raise NotImplementedError(f"{type(self).__name__} defines no transform()")

    def forward(self, *inputs: Any) -> Any:
        sample = inputs if len(inputs) > 1 else inputs[0]
        flat, spec = tree_flatten(sample)
        self.check_inputs(flat)
        if not self._wanted():
            return sample
        chosen = self._chosen(flat)
        params = self.make_params([item for item, take in zip(flat, chosen, strict=True) if take])
        results = [
            self.transform(item, params) if take else item
            for item, take in zip(flat, chosen, strict=True)
        ]
        return tree_unflatten(results, spec)

    def _wanted(self) -> bool:
        """Whether this sample is transformed at all; may draw."""
        return True

    def _accepts(self, item: Any) -> bool:
        """Whether it is a kind of thing that this transform changes."""
        return isinstance(item, Tensor) or is_pil_image(item)

    def _chosen(self, flat: list[Any]) -> list[bool]:
        pure = not any(isinstance(item, Image) or is_pil_image(item) for item in flat)
        chosen = []
        for item in flat:
            take = self._accepts(item)
            if take and is_pure_tensor(item):
                take, pure = pure, False  # the first one only
            chosen.append(take)
        return chosen

    def extra_repr(self) -> str:
        shown = (bool, int, float, str, tuple, list, enum.Enum)
        return ", ".join(
            f"{name}={value}"
            for name, value in self.__dict__.items()
            if not name.startswith("_") and name != "training" and isinstance(value, shown)
        )


class RandomTransform(Transform):
    """A transform that is made with probability ``p``, which one ``rand(1)`` decides."""

    def __init__(self, p: float = 0.5) -> None:
        if not 0.0 <= p <= 1.0:
            raise ValueError("`p` should be a floating point value in the interval [0.0, 1.0].")
        super().__init__()
        self.p = p

    def _wanted(self) -> bool:
        return chance(self.p)


def size_of(flat_inputs: list[Any]) -> tuple[int, int, int]:
    """(channels, height, width) of the pictures of a sample, or of its masks where it has none.

    Raises TypeError where there is neither, ValueError where their sizes differ.
    """
    things = [item for item in flat_inputs if isinstance(item, Tensor) or is_pil_image(item)]
    if not things:
        raise TypeError("No image, video, mask, bounding box of keypoint was found in the sample")
    sizes = [(isinstance(item, Mask), get_dimensions(item)) for item in things]
    if len({tuple(size[1:]) for _, size in sizes}) > 1:
        found = sorted({tuple(size[1:]) for _, size in sizes})
        raise ValueError(f"Found multiple HxW dimensions in the sample: {found}")
    channels, height, width = min(sizes)[1]  # pictures first
    return channels, height, width
