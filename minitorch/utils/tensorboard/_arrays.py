"""What users hand over, as arrays; pictures as (height, width, channels) and as PNG."""

import io
import math
from typing import Any

import numpy as np

from minitorch.dtypes import bfloat16, float16
from minitorch.tensor import Tensor

__all__ = ["as_array", "as_bytes", "as_hwc", "grid", "png", "rendered", "video_frames"]


def as_array(x: Any) -> np.ndarray:
    """A tensor, array or number as an array of at least one dimension.

    Raises NotImplementedError for anything else.  # torch: lists included
    """
    if isinstance(x, np.ndarray):
        return x
    if np.isscalar(x):
        return np.array([x])
    if isinstance(x, Tensor):
        # NumPy has no bfloat16 of its own.
        return (x.to(float16) if x.dtype == bfloat16 else x).detach().numpy()
    raise NotImplementedError(f"Got {type(x)}, but numpy array or torch tensor are expected.")


def as_bytes(array: np.ndarray) -> np.ndarray:
    """Values 0 ... 1, or bytes already, as bytes; what lies outside is cut off."""
    scale = 1 if array.dtype == np.uint8 else 255
    return (array.astype(np.float32) * scale).clip(0, 255).astype(np.uint8)


def as_hwc(array: np.ndarray, dataformats: str) -> np.ndarray:
    """A picture, or a batch as one picture, in the order height, width, channels.

    ``dataformats`` says what the dimensions are: "CHW", "HW", "NHWC"...
    """
    if len(set(dataformats)) != len(dataformats):
        raise AssertionError(
            f"You can not use the same dimension shorthand twice. input_format: {dataformats}"
        )
    if array.ndim != len(dataformats):
        raise AssertionError(
            "size of input tensor and input format are different. "
            f"tensor shape: {array.shape}, input_format: {dataformats}"
        )
    order = {4: "NCHW", 3: "HWC", 2: "HW"}.get(len(dataformats), "")
    if sorted(dataformats.upper()) != sorted(order):
        raise ValueError(f"dataformats must be an order of NCHW, CHW or HW, got {dataformats!r}")
    array = array.transpose([dataformats.upper().index(letter) for letter in order])
    if order == "NCHW":
        return grid(array).transpose(1, 2, 0)
    if order == "HW":
        array = array[:, :, None]
    return array.repeat(3, axis=2) if array.shape[2] == 1 else array


def grid(images: np.ndarray, columns: int = 8) -> np.ndarray:
    """Pictures side by side, black where there are none left: (N, C, H, W) -> (3, rows H, cols W).

    One channel becomes three.
    """
    if images.ndim == 4 and images.shape[1] == 1:
        images = images.repeat(3, axis=1)
    if images.ndim != 4 or images.shape[1] != 3:
        raise AssertionError("Input should be a 4D numpy array with 3 channels")
    count, channels, height, width = images.shape
    columns = min(count, columns)
    rows = math.ceil(count / columns)
    cells = np.zeros((rows * columns, channels, height, width), images.dtype)
    cells[:count] = images
    cells = cells.reshape(rows, columns, channels, height, width)
    return cells.transpose(2, 0, 3, 1, 4).reshape(channels, rows * height, columns * width)


def png(
    pixels: np.ndarray,
    rescale: float = 1,
    boxes: np.ndarray | None = None,
    labels: list[str] | None = None,
) -> bytes:
    """A picture (height, width, channels) as a PNG file, with boxes drawn on it, then rescaled."""
    try:
        from PIL import Image
    except ImportError:
        raise ImportError("pictures need the package Pillow: pip install Pillow") from None
    image = Image.fromarray(pixels)
    for i, box in enumerate(() if boxes is None else boxes):
        _draw_box(image, box, labels[i] if labels else None)
    height, width = pixels.shape[:2]
    size = (int(width * rescale), int(height * rescale))
    file = io.BytesIO()
    image.resize(size, Image.Resampling.LANCZOS).save(file, format="PNG")
    return file.getvalue()


def _draw_box(image: Any, box: np.ndarray, label: str | None) -> None:
    """A red frame (left, top, right, bottom), and its label in the lower left corner."""
    from PIL import ImageDraw, ImageFont

    left, top, right, bottom = box.tolist()
    draw = ImageDraw.Draw(image)
    corners = [(left, top), (left, bottom), (right, bottom), (right, top), (left, top)]
    draw.line(corners, width=2, fill="Red")
    if not label:
        return
    font = ImageFont.load_default()
    x1, y1, x2, y2 = font.getbbox(label)
    width, height = x2 - x1, y2 - y1
    margin = math.ceil(0.05 * height)
    draw.rectangle([(left, bottom - height - 2 * margin), (left + width, bottom)], fill="Red")
    draw.text((left + margin, bottom - height - margin), label, fill="black", font=font)


def rendered(figure: Any, close: bool) -> np.ndarray:
    """A matplotlib figure as pixels (3, height, width).  Closes it, if asked to."""
    from matplotlib import pyplot
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())[:, :, :3].transpose(2, 0, 1).copy()
    if close:
        pyplot.close(figure)
    return pixels


def video_frames(videos: np.ndarray) -> np.ndarray:
    """Videos side by side: (N, time, C, H, W) -> (time, rows H, columns W, C) bytes.

    As many cells as the next power of two; rows are at most as many as columns.
    """
    if videos.ndim != 5:
        raise ValueError(f"videos have 5 dimensions (N, T, C, H, W), got {videos.ndim}")
    count, time, channels, height, width = videos.shape
    total = 1 << (count - 1).bit_length()
    rows = 1 << (count.bit_length() - 1) // 2
    cells = np.zeros((total, *videos.shape[1:]), np.uint8)
    cells[:count] = as_bytes(videos)
    cells = cells.reshape(rows, total // rows, time, channels, height, width)
    cells = cells.transpose(2, 0, 4, 1, 5, 3)  # (time, rows, H, columns, W, C)
    return cells.reshape(time, rows * height, -1, channels)
