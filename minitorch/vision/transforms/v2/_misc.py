"""Types, values and functions of one's own, in ``v2``."""

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minitorch.dtypes import dtype as Dtype
from minitorch.dtypes import float32
from minitorch.tensor import Tensor
from minitorch.vision._pillow import is_pil_image
from minitorch.vision.transforms import functional as F1
from minitorch.vision.transforms import transforms as v1
from minitorch.vision.transforms._draws import uniform
from minitorch.vision.transforms.v2 import functional as F
from minitorch.vision.transforms.v2._geometry import two_numbers
from minitorch.vision.transforms.v2._transform import Transform
from minitorch.vision.tv_tensors import Image, TVTensor, wrap

__all__ = [
    "ConvertImageDtype",
    "GaussianBlur",
    "GaussianNoise",
    "Identity",
    "Lambda",
    "LinearTransformation",
    "Normalize",
    "PILToTensor",
    "ToDtype",
    "ToImage",
    "ToPILImage",
    "ToPureTensor",
    "ToTensor",
]


class Identity(Transform):
    """Everything as it is.  Source: torchvision.transforms.v2.Identity."""

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return inpt


class Lambda(Transform):
    """A function of each part of the sample that is one of ``types``, or of every part.

    Source: torchvision.transforms.v2.Lambda.
    """

    def __init__(self, lambd: Callable[[Any], Any], *types: type) -> None:
        super().__init__()
        self.lambd = lambd
        self.types = types or (object,)

    def _chosen(self, flat: list[Any]) -> list[bool]:
        return [isinstance(item, self.types) for item in flat]

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return self.lambd(inpt)

    def extra_repr(self) -> str:
        name = getattr(self.lambd, "__name__", None)
        types = f"types={[kind.__name__ for kind in self.types]}"
        return f"{name}, {types}" if name else types


class _OfTensors(Transform):
    """A transform of tensors, which refuses Pillow images."""

    def check_inputs(self, flat_inputs: list[Any]) -> None:
        if any(is_pil_image(item) for item in flat_inputs):
            raise TypeError(f"{type(self).__name__}() does not support PIL images.")


class LinearTransformation(_OfTensors):
    """``(picture as a row - mean_vector) @ transformation_matrix``, for whitening.

    Errors: those of ``transforms.LinearTransformation``; TypeError for Pillow images.
    Source: torchvision.transforms.v2.LinearTransformation.
    """

    def __init__(self, transformation_matrix: Tensor, mean_vector: Tensor) -> None:
        super().__init__()
        v1.LinearTransformation(transformation_matrix, mean_vector)
        self.transformation_matrix = transformation_matrix
        self.mean_vector = mean_vector

    def _accepts(self, item: Any) -> bool:
        return F.is_pure_tensor(item) or isinstance(item, Image)

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        whiten = v1.LinearTransformation(self.transformation_matrix, self.mean_vector)
        result = whiten(inpt)
        return wrap(result, like=inpt) if isinstance(inpt, TVTensor) else result


class Normalize(_OfTensors):
    """``(input - mean) / std``, channel by channel.

    Errors: TypeError for Pillow images and integers; ValueError for a zero in ``std``.
    Source: torchvision.transforms.v2.Normalize.
    """

    def __init__(self, mean: Sequence[float], std: Sequence[float], inplace: bool = False) -> None:
        super().__init__()
        self.mean = list(mean)
        self.std = list(std)
        self.inplace = inplace

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return F.normalize(inpt, self.mean, self.std, self.inplace)


class GaussianBlur(Transform):
    """Blurred by a Gaussian of random width.

    Draws: one ``uniform_``.
    Errors: ValueError for sizes or deviations that are none.
    Source: torchvision.transforms.v2.GaussianBlur.
    """

    get_params = staticmethod(v1.GaussianBlur.get_params)

    def __init__(
        self, kernel_size: int | Sequence[int], sigma: float | Sequence[float] = (0.1, 2.0)
    ) -> None:
        super().__init__()
        self.kernel_size = v1.GaussianBlur(kernel_size).kernel_size
        self.sigma = two_numbers(sigma, "sigma")
        if not 0.0 < self.sigma[0] <= self.sigma[1]:
            raise ValueError(
                f"sigma values should be positive and of the form (min, max). Got {self.sigma}"
            )

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        return {"sigma": [uniform(*self.sigma)] * 2}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return F.gaussian_blur(inpt, self.kernel_size, **params)


class GaussianNoise(Transform):
    """A tensor, uint8 or floats, with noise added; mean and deviation are parts of white.

    Draws: ``randn_like``.
    Errors: ValueError for a negative deviation, other types, and Pillow images.
    Source: torchvision.transforms.v2.GaussianNoise.
    """

    def __init__(self, mean: float = 0.0, sigma: float = 0.1, clip: bool = True) -> None:
        super().__init__()
        self.mean = mean
        self.sigma = sigma
        self.clip = clip

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return F.gaussian_noise(inpt, self.mean, self.sigma, self.clip)


class ToDtype(Transform):
    """Tensors in another type.

    Args:
        dtype: the type of pictures; or a dictionary of one for each kind of tensor, with "others"
            for the rest, and None for what shall stay.
        scale: whether pictures keep black and white.

    Errors: ValueError for another ``dtype``, or a kind that it does not name.
    Source: torchvision.transforms.v2.ToDtype.
    """

    def __init__(self, dtype: Dtype | dict[Any, Dtype | None], scale: bool = False) -> None:
        super().__init__()
        if not isinstance(dtype, (dict, Dtype)):
            raise ValueError(f"dtype must be a dict or a torch.dtype, got {type(dtype)} instead")
        if isinstance(dtype, dict) and Tensor in dtype and Image in dtype:
            warnings.warn(
                "Got `dtype` values for `torch.Tensor` and either `tv_tensors.Image` or "
                "`tv_tensors.Video`. Note that a plain `torch.Tensor` will *not* be transformed by "
                "this (or any other transformation) in case a `tv_tensors.Image` is present.",
                stacklevel=2,
            )
        self.dtype = dtype
        self.scale = scale

    def _accepts(self, item: Any) -> bool:
        return isinstance(item, Tensor)

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        picture = F.is_pure_tensor(inpt) or isinstance(inpt, Image)
        if not isinstance(self.dtype, dict):
            return F.to_dtype(inpt, self.dtype, self.scale) if picture else inpt
        if type(inpt) not in self.dtype and "others" not in self.dtype:
            raise ValueError(
                f"No dtype was specified for type {type(inpt)}. If you only need to convert the "
                "dtype of images or videos, you can just pass e.g. dtype=torch.float32. If you're "
                'passing a dict as dtype, you can use "others" as a catch-all key'
            )
        dtype = self.dtype.get(type(inpt), self.dtype.get("others"))
        if dtype is not None:
            return F.to_dtype(inpt, dtype, self.scale)
        if self.scale and picture:
            warnings.warn(
                "scale was set to True but no dtype was specified for images or videos: "
                "no scaling will be done.",
                stacklevel=2,
            )
        return inpt


class ConvertImageDtype(Transform):
    """Pictures in another type: black and white stay so.

    Source: torchvision.transforms.v2.ConvertImageDtype.
    """

    def __init__(self, dtype: Dtype = float32) -> None:
        super().__init__()
        self.dtype = dtype

    def _accepts(self, item: Any) -> bool:
        return isinstance(item, Tensor)

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return F.to_dtype(inpt, self.dtype, scale=True)


class PILToTensor(Transform):
    """Pillow images as tensors of their own type.

    Source: torchvision.transforms.v2.PILToTensor.
    """

    def _accepts(self, item: Any) -> bool:
        return is_pil_image(item)

    def transform(self, inpt: Any, params: dict[str, Any]) -> Tensor:
        return F.pil_to_tensor(inpt)


class ToImage(Transform):
    """Pillow images, arrays and the first tensor as ``tv_tensors.Image``.

    Source: torchvision.transforms.v2.ToImage.
    """

    def _accepts(self, item: Any) -> bool:
        return F.is_pure_tensor(item) or is_pil_image(item) or isinstance(item, np.ndarray)

    def transform(self, inpt: Any, params: dict[str, Any]) -> Image:
        return F.to_image(inpt)


class ToPILImage(Transform):
    """Tensors and arrays as Pillow images of a ``mode``, which is guessed when None.

    Source: torchvision.transforms.v2.ToPILImage.
    """

    def __init__(self, mode: str | None = None) -> None:
        super().__init__()
        self.mode = mode

    def _accepts(self, item: Any) -> bool:
        return F.is_pure_tensor(item) or isinstance(item, (Image, np.ndarray))

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return F1.to_pil_image(inpt, self.mode)


class ToPureTensor(Transform):
    """``tv_tensors`` as plain tensors.  Source: torchvision.transforms.v2.ToPureTensor."""

    def _accepts(self, item: Any) -> bool:
        return isinstance(item, TVTensor)

    def transform(self, inpt: Any, params: dict[str, Any]) -> Tensor:
        return inpt.view(inpt.shape)


class ToTensor(Transform):
    """Pillow images and arrays as tensors of floats 0.0 ... 1.0; warns that ``ToImage`` and
    ``ToDtype`` do it now.

    Source: torchvision.transforms.v2.ToTensor.
    """

    def __init__(self) -> None:
        warnings.warn(
            "The transform `ToTensor()` is deprecated and will be removed in a future release. "
            "Instead, please use "
            "`v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True)])`."
            "Output is equivalent up to float precision.",
            stacklevel=2,
        )
        super().__init__()

    def _accepts(self, item: Any) -> bool:
        return is_pil_image(item) or isinstance(item, np.ndarray)

    def transform(self, inpt: Any, params: dict[str, Any]) -> Tensor:
        return F1.to_tensor(inpt)
