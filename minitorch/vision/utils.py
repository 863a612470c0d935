"""Many pictures in one, and one picture in a file.  Source: torchvision.utils."""

import math
import os
from typing import IO, Any

from minitorch.autograd.mode import no_grad
from minitorch.dtypes import uint8
from minitorch.ops.joining import cat, stack
from minitorch.tensor import Tensor
from minitorch.vision._pillow import pillow_image

__all__ = ["make_grid", "save_image"]


@no_grad()
def make_grid(
    tensor: Tensor | list[Tensor],
    nrow: int = 8,
    padding: int = 2,
    normalize: bool = False,
    value_range: tuple[float, float] | None = None,
    scale_each: bool = False,
    pad_value: float = 0.0,
) -> Tensor:
    """Pictures side by side in rows.

    Args:
        tensor: a batch (B, C, H, W), or a list of pictures of one size; one channel becomes three.
        nrow: pictures per row.
        padding: pixels between the pictures and around them.
        normalize: stretch the values to 0 ... 1.
        value_range: which (low, high) become 0 and 1; those of the pictures when None.
        scale_each: stretch each picture by its own range.
        pad_value: the value between the pictures.

    Shape: (B, C, H, W) -> (C, rows * (H + padding) + padding, columns * (W + padding) + padding);
    a single picture comes back without a border.
    Errors: TypeError for what is no tensor or list of tensors, a ``value_range`` that is no tuple.
    Source: torchvision.utils.make_grid.

    >>> import minitorch
    >>> make_grid(minitorch.ones(5, 1, 28, 28), nrow=3).shape
    torch.Size([3, 62, 92])
    """
    images = _as_batch(tensor)
    if normalize:
        images = _stretched(images, value_range, scale_each)
    count, channels = images.size(0), images.size(1)
    if count == 1:
        return images.squeeze(0)
    columns = min(nrow, count)
    rows = math.ceil(count / columns)
    height, width = images.size(2) + padding, images.size(3) + padding
    grid = images.new_full(
        (channels, rows * height + padding, columns * width + padding), pad_value
    )
    for i, image in enumerate(images):
        top, left = i // columns * height + padding, i % columns * width + padding
        grid[:, top : top + image.size(1), left : left + image.size(2)] = image
    return grid


def _as_batch(tensor: Any) -> Tensor:
    """(B, C, H, W) of a batch, a list of pictures or a single one; grey becomes three channels."""
    if isinstance(tensor, list):
        for image in tensor:
            if not isinstance(image, Tensor):
                raise TypeError(
                    f"tensor or list of tensors expected, got a list containing {type(image)}"
                )
        tensor = stack(tensor, 0)
    elif not isinstance(tensor, Tensor):
        raise TypeError(f"tensor or list of tensors expected, got {type(tensor)}")
    if tensor.dim() == 2:
        tensor = tensor.unsqueeze(0)
    if tensor.dim() == 3:
        tensor = tensor.unsqueeze(0)
    if tensor.dim() == 4 and tensor.size(1) == 1:
        tensor = cat((tensor, tensor, tensor), 1)
    return tensor


def _stretched(images: Tensor, value_range: Any, scale_each: bool) -> Tensor:
    if value_range is not None and not isinstance(value_range, tuple):
        raise TypeError(
            "value_range has to be a tuple (min, max) if specified. min and max are numbers, "
            f"got {value_range!r}"
        )
    images = images.clone()
    for part in images if scale_each else [images]:
        low, high = value_range or (part.min().item(), part.max().item())
        part.clamp_(low, high).sub_(low).div_(max(high - low, 1e-5))
    return images


def save_image(
    tensor: Tensor | list[Tensor],
    fp: str | os.PathLike[str] | IO[bytes],
    format: str | None = None,
    **kwargs: Any,
) -> None:
    """Writes pictures to a file, several as a grid.

    Args:
        tensor: one picture, a batch or a list, of values 0 ... 1; others are cut off.
        fp: a path or an open file.
        format: Pillow's name of the format; taken from the path's ending when None.
        **kwargs: as for ``make_grid``.

    Errors: ImportError without Pillow; those of ``make_grid`` and of Pillow's ``save``.
    Source: torchvision.utils.save_image.
    """
    image = pillow_image()
    grid = make_grid(tensor, **kwargs)
    # torch: half a step is added so that cutting off to bytes rounds.
    pixels = grid.mul(255).add_(0.5).clamp_(0, 255).permute(1, 2, 0).to("cpu", uint8)
    image.fromarray(pixels.numpy()).save(fp, format=format)
