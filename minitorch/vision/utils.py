"""Many pictures in one, one in a file, and drawings on top.  Source: torchvision.utils."""

import math
import os
import warnings
from collections.abc import Sequence
from typing import IO, Any

import numpy as np

from minitorch.autograd.mode import no_grad
from minitorch.dtypes import bool_, int64, uint8
from minitorch.ops.creation import tensor as as_new_tensor
from minitorch.ops.joining import cat, stack
from minitorch.tensor import Tensor
from minitorch.vision._pillow import pillow_image
from minitorch.vision.transforms.functional import (
    convert_image_dtype,
    pil_to_tensor,
    to_pil_image,
)

__all__ = [
    "draw_bounding_boxes",
    "draw_keypoints",
    "draw_segmentation_masks",
    "make_grid",
    "save_image",
]


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


# Drawing

#: A colour: its name, "#rrggbb", or three numbers 0 ... 255.
_Colour = str | tuple[int, int, int]


@no_grad()
def draw_bounding_boxes(
    image: Tensor,
    boxes: Tensor,
    labels: list[str] | None = None,
    colors: list[_Colour] | _Colour | None = None,
    fill: bool | None = False,
    width: int = 1,
    font: str | None = None,
    font_size: int | None = None,
    label_colors: list[_Colour] | _Colour | None = None,
    label_background_colors: list[_Colour] | _Colour | None = None,
    fill_labels: bool = False,
) -> Tensor:
    """A picture with boxes, which may have names.

    Args:
        image: (3, H, W) or (1, H, W), bytes or floats 0 ... 1.
        boxes: (N, 4) of (left, top, right, bottom) in pixels.
        labels: a name for each box.
        colors: one colour for all, or a list of one for each; all different when None.
        fill: colour the inside, mostly transparent.
        width: of the lines, in pixels.
        font: a TrueType font's file; Pillow's own when None.
        font_size: in points, 10 when None; only with ``font``.
        label_colors: of the names; those of the boxes when None.
        label_background_colors: behind the names, with ``fill_labels``.
        fill_labels: put the names on coloured ground.

    Shape: (3, H, W), of the same type.
    Errors: TypeError or ValueError for arguments that are none of these; NotImplementedError for
    boxes of 8 numbers.
    Source: torchvision.utils.draw_bounding_boxes.
    """
    from PIL import ImageDraw, ImageFont

    if not isinstance(image, Tensor):
        raise TypeError(f"Tensor expected, got {type(image)}")
    _check_drawable(image)
    if image.size(0) not in (1, 3):
        raise ValueError("Only grayscale and RGB images are supported")
    if boxes.shape[-1] != 4:
        raise NotImplementedError(
            "draw_bounding_boxes: boxes need 4 numbers; oriented ones are missing"
        )
    if (boxes[:, 0] > boxes[:, 2]).any() or (boxes[:, 1] > boxes[:, 3]).any():
        raise ValueError(
            "Boxes need to be in (xmin, ymin, xmax, ymax) format. "
            "Use torchvision.ops.box_convert to convert them"
        )
    count = boxes.shape[0]
    if count == 0:
        warnings.warn("boxes doesn't contain any box. No box was drawn", stacklevel=2)
        return image
    if labels is not None and len(labels) != count:
        raise ValueError(
            f"Number of boxes ({count}) and labels ({len(labels)}) mismatch. "
            "Please specify labels for each box."
        )
    outlines = _colours(colors, count)
    texts = outlines
    if label_colors or fill_labels:
        texts = _colours(label_colors or "black", count)
    grounds = outlines
    if fill_labels and label_background_colors:
        grounds = _colours(label_background_colors, count)
    if font is not None:
        letters: Any = ImageFont.truetype(font=font, size=font_size or 10)
    else:
        if font_size is not None:
            warnings.warn(
                "Argument 'font_size' will be ignored since 'font' is not set.", stacklevel=2
            )
        letters = ImageFont.load_default()

    canvas = to_pil_image(convert_image_dtype(image.expand(3, -1, -1), uint8))
    draw = ImageDraw.Draw(canvas, "RGBA") if fill else ImageDraw.Draw(canvas)
    for i, (left, top, right, bottom) in enumerate(boxes.to(int64).tolist()):
        inside = (*outlines[i], 100) if fill else None
        draw.rectangle((left, top, right, bottom), width=width, outline=outlines[i], fill=inside)
        if labels is None or labels[i] is None:
            continue
        place = (left + width + 1, top + width + 1)
        if fill_labels:
            x0, y0, x1, y1 = draw.textbbox(place, labels[i], font=letters)
            draw.rectangle((x0 - 1, y0 - 1, x1 + 1, y1 + 1), fill=grounds[i])
        draw.text(place, labels[i], fill=texts[i], font=letters)
    return convert_image_dtype(pil_to_tensor(canvas), image.dtype)


@no_grad()
def draw_segmentation_masks(
    image: Tensor,
    masks: Tensor,
    alpha: float = 0.8,
    colors: list[_Colour] | _Colour | None = None,
) -> Tensor:
    """A picture with regions coloured; where several lie over each other it is black.

    Args:
        image: (3, H, W), bytes or floats 0 ... 1.
        masks: bool (N, H, W) or (H, W).
        alpha: how much of the colour, 0 ... 1.
        colors: one colour for all, or a list of one for each; all different when None.

    Shape: (3, H, W), of the same type.
    Errors: TypeError or ValueError for arguments that are none of these.
    Source: torchvision.utils.draw_segmentation_masks.
    """
    _check_rgb(image)
    if masks.dim() == 2:
        masks = masks.unsqueeze(0)
    if masks.dim() != 3:
        raise ValueError("masks must be of shape (H, W) or (batch_size, H, W)")
    if masks.dtype is not bool_:
        raise ValueError(f"The masks must be of dtype bool. Got {masks.dtype}")
    if masks.shape[-2:] != image.shape[-2:]:
        raise ValueError("The image and the masks must have the same height and width")
    if len(masks) == 0:
        warnings.warn("masks doesn't contain any mask. No mask was drawn", stacklevel=2)
        return image
    painted = image.detach().clone()
    for mask, colour in zip(masks, _colours(colors, len(masks)), strict=False):
        values = [part / 255 for part in colour] if image.is_floating_point() else colour
        painted[:, mask] = as_new_tensor(values, dtype=image.dtype)[:, None]
    painted[:, masks.sum(0) > 1] = 0
    return (image * (1 - alpha) + painted * alpha).to(image.dtype)


@no_grad()
def draw_keypoints(
    image: Tensor,
    keypoints: Tensor,
    connectivity: list[tuple[int, int]] | None = None,
    colors: _Colour | None = None,
    radius: int = 2,
    width: int = 3,
    visibility: Tensor | None = None,
) -> Tensor:
    """A picture with points, which may be joined by lines.

    Args:
        image: (3, H, W), bytes or floats 0 ... 1.
        keypoints: (N, K, 2) of (x, y) in pixels: K points of each of N things.
        connectivity: which points of a thing to join.
        colors: of the points; white when None.
        radius: of the points, in pixels.
        width: of the lines, in pixels.
        visibility: bool (N, K) or (N, K, 1), which points to draw; all when None.

    Shape: (3, H, W), of the same type.
    Errors: TypeError or ValueError for arguments that are none of these.
    Source: torchvision.utils.draw_keypoints.
    """
    from PIL import ImageDraw

    _check_rgb(image)
    if keypoints.dim() != 3:
        raise ValueError("keypoints must be of shape (num_instances, K, 2)")
    shown = np.ones(tuple(keypoints.shape[:2]), dtype=bool)
    if visibility is not None:
        if visibility.dim() == 3:
            visibility = visibility.squeeze(-1)
        if visibility.dim() != 2:
            raise ValueError(
                f"visibility must be of shape (num_instances, K). Got ndim={visibility.dim()}"
            )
        if visibility.shape != keypoints.shape[:2]:
            raise ValueError(
                "keypoints and visibility must have the same dimensionality for num_instances and "
                f"K. Got visibility.shape={visibility.shape} and keypoints.shape={keypoints.shape}"
            )
        shown = visibility.bool().numpy()
    canvas = to_pil_image(convert_image_dtype(image, uint8))
    draw = ImageDraw.Draw(canvas)
    for points, visible in zip(keypoints.to(int64).tolist(), shown, strict=True):
        for (x, y), drawn in zip(points, visible, strict=True):
            if drawn:
                bounds = [x - radius, y - radius, x + radius, y + radius]
                draw.ellipse(bounds, fill=colors, outline=None, width=0)
        for first, second in connectivity or ():
            if visible[first] and visible[second]:
                draw.line((tuple(points[first]), tuple(points[second])), width=width)
    return convert_image_dtype(pil_to_tensor(canvas), image.dtype)


def _check_drawable(image: Tensor) -> None:
    if image.dtype is not uint8 and not image.is_floating_point():
        raise ValueError(f"The image dtype must be uint8 or float, got {image.dtype}")
    if image.dim() != 3:
        raise ValueError("Pass individual images, not batches")


def _check_rgb(image: Any) -> None:
    if not isinstance(image, Tensor):
        raise TypeError(f"The image must be a tensor, got {type(image)}")
    _check_drawable(image)
    if image.size(0) != 3:
        raise ValueError("Pass an RGB image. Other Image formats are not supported")


def _colours(colors: Any, count: int) -> Sequence[tuple[int, ...]]:
    """``count`` colours of three numbers 0 ... 255, or more."""
    from PIL import ImageColor

    if colors is None:  # far apart, and always the same
        steps = (2**25 - 1, 2**15 - 1, 2**21 - 1)
        colors = [tuple(i * step % 255 for step in steps) for i in range(count)]
    elif isinstance(colors, list):
        if len(colors) < count:
            raise ValueError(
                "Number of colors must be equal or larger than the number of objects, "
                f"but got {len(colors)} < {count}."
            )
    elif not isinstance(colors, (tuple, str)):
        raise ValueError(
            f"colors must be a tuple or a string, or a list thereof, but got {colors}."
        )
    elif isinstance(colors, tuple) and len(colors) != 3:
        raise ValueError(f"If passed as tuple, colors should be an RGB triplet, but got {colors}.")
    else:
        colors = [colors] * count
    return [ImageColor.getrgb(each) if isinstance(each, str) else each for each in colors]
