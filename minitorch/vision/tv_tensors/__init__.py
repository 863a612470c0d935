"""Tensors that say what they are: a picture or a mask.  Source: torchvision.tv_tensors.

What is computed with them is a plain tensor again; the transforms of ``transforms.v2`` keep the
kind.
"""

from typing import Any

from minitorch.ops.creation import as_tensor
from minitorch.tensor import Tensor
from minitorch.vision._pillow import is_pil_image
from minitorch.vision.transforms.functional import pil_to_tensor

__all__ = ["Image", "Mask", "TVTensor", "wrap"]


def _of_class(tensor: Tensor, cls: Any) -> Any:
    """``tensor``, over the same memory and in the same graph, as an instance of ``cls``."""
    alias = tensor.view(tensor.shape) if tensor.requires_grad else Tensor.detach(tensor)
    alias.__class__ = cls
    return alias


class TVTensor(Tensor):
    """The base of the kinds.  Source: torchvision.tv_tensors.TVTensor."""

    __slots__ = ()

    def __new__(
        cls, data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool | None = None
    ) -> Any:
        if is_pil_image(data):
            data = pil_to_tensor(data)
        tensor = as_tensor(data, dtype=dtype, device=device)
        result = _of_class(cls._shaped(tensor), cls)
        return result if requires_grad is None else result.requires_grad_(requires_grad)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """All was done in ``__new__``."""

    @classmethod
    def _shaped(cls, tensor: Tensor) -> Tensor:
        return tensor

    # torch: these keep the kind; everything else gives a plain tensor.

    def clone(self, *args: Any, **kwargs: Any) -> Any:
        """A copy of the same kind."""
        return _of_class(super().clone(*args, **kwargs), type(self))

    def detach(self) -> Any:
        """Out of the graph, of the same kind."""
        return _of_class(super().detach(), type(self))

    def to(self, *args: Any, **kwargs: Any) -> Any:
        """Of another type or on another device, of the same kind."""
        return _of_class(super().to(*args, **kwargs), type(self))

    def _named(self, tail: str) -> str:
        """The printed form of a tensor, under the name of the kind."""
        name = type(self).__name__
        text = (
            super()
            .__repr__()
            .removeprefix("tensor(")
            .replace("\n" + " " * 7, "\n" + " " * (len(name) + 1))
        )
        return f"{name}({text[:-1]}{tail}"

    def __repr__(self) -> str:
        return self._named(")")


class Image(TVTensor):
    """A picture, (*, C, H, W).

    Args:
        data: a tensor, a Pillow image, or what ``as_tensor`` takes; (H, W) becomes (1, H, W).
        dtype, device, requires_grad: as for ``tensor``.

    Errors: ValueError for fewer than two dimensions.
    Source: torchvision.tv_tensors.Image.
    """

    __slots__ = ()

    @classmethod
    def _shaped(cls, tensor: Tensor) -> Tensor:
        if tensor.dim() < 2:
            raise ValueError(f"Tensor must be 2D or higher, got {tensor.dim()}D tensor.")
        return tensor.unsqueeze(0) if tensor.dim() == 2 else tensor

    def __repr__(self) -> str:
        return self._named(", )")


class Mask(TVTensor):
    """What each pixel belongs to, (*, H, W): it is moved with a picture, and keeps its values.

    Source: torchvision.tv_tensors.Mask.
    """

    __slots__ = ()


def wrap(wrappee: Tensor, *, like: TVTensor, **kwargs: Any) -> Any:
    """``wrappee`` as a tensor of the kind of ``like``.  Source: torchvision.tv_tensors.wrap."""
    return _of_class(wrappee, type(like))
