"""Pictures as tensors (C, H, W) of bytes, from and to files, by Pillow.

Source: torchvision.io.image.
"""

import io
import os
from enum import Enum
from typing import Any, NoReturn

import numpy as np

from minitorch.device import device as Device
from minitorch.dtypes import uint8
from minitorch.tensor import Tensor, wrap
from minitorch.vision._pillow import pillow_image

__all__ = [
    "ImageReadMode",
    "decode_avif",
    "decode_gif",
    "decode_heic",
    "decode_image",
    "decode_jpeg",
    "decode_png",
    "decode_webp",
    "encode_jpeg",
    "encode_png",
    "read_file",
    "read_image",
    "write_file",
    "write_jpeg",
    "write_png",
]

_Path = str | os.PathLike[str]


class ImageReadMode(Enum):
    """What the channels of a decoded picture shall be.  Source: torchvision.io.ImageReadMode."""

    UNCHANGED = 0
    GRAY = 1
    GRAY_ALPHA = 2
    RGB = 3
    RGB_ALPHA = 4
    RGBA = RGB_ALPHA


# Files


def read_file(path: _Path) -> Tensor:
    """The bytes of a file, uint8 (N,).

    Errors: RuntimeError where there is no such file.
    Source: torchvision.io.read_file.
    """
    try:
        with open(path, "rb") as file:
            return wrap(np.frombuffer(bytearray(file.read()), dtype=np.uint8))
    except OSError as error:
        raise RuntimeError(
            f"read_file: [Errno {error.errno}] {error.strerror}: '{os.fspath(path)}'"
        ) from error


def write_file(filename: _Path, data: Tensor) -> None:
    """Writes bytes, uint8 (N,), to a file.

    Errors: RuntimeError for another tensor, or where the file cannot be written.
    Source: torchvision.io.write_file.
    """
    if data.dtype is not uint8:
        raise RuntimeError(f"write_file: Input tensor dtype should be uint8, got {data.dtype}")
    if data.dim() != 1:
        raise RuntimeError(
            f"write_file: Input data should be a 1-dimensional tensor, got {data.dim()}"
        )
    try:
        with open(filename, "wb") as file:
            file.write(data.numpy().tobytes())
    except OSError as error:
        raise RuntimeError(
            f"write_file: [Errno {error.errno}] {error.strerror}: '{os.fspath(filename)}'"
        ) from error


def read_image(
    path: _Path,
    mode: ImageReadMode | str = ImageReadMode.UNCHANGED,
    apply_exif_orientation: bool = False,
) -> Tensor:
    """The picture in a file; ``decode_image`` takes paths as well.

    Errors: RuntimeError where there is no such file, and those of ``decode_image``.
    Source: torchvision.io.read_image.
    """
    return decode_image(read_file(path), mode, apply_exif_orientation)


# Decoding


def decode_image(
    input: Tensor | _Path,
    mode: ImageReadMode | str = ImageReadMode.UNCHANGED,
    apply_exif_orientation: bool = False,
) -> Tensor:
    """The picture in a JPEG, PNG, GIF or WebP file, or in the bytes of one.

    Args:
        input: a path, or the bytes of a file, uint8 (N,).
        mode: what the channels shall be, a member or its name; GIF is always RGB.
        apply_exif_orientation: turn the picture as the file says; JPEG and PNG.

    Shape: uint8 (C, H, W), of several pictures in a GIF (N, 3, H, W).
    Errors: RuntimeError for what is no such picture; KeyError for another name of a mode;
    NotImplementedError for a PNG of 16 bits.
    Source: torchvision.io.decode_image.
    """
    if not isinstance(input, Tensor):
        input = read_file(input)
    content = _content(input, "decode_image")
    if content.startswith(b"\xff\xd8\xff"):
        return decode_jpeg(input, mode, apply_exif_orientation=apply_exif_orientation)
    if content.startswith(b"\x89PNG"):
        return decode_png(input, mode, apply_exif_orientation)
    if content.startswith((b"GIF89a", b"GIF87a")):
        return decode_gif(input)
    if content[:4] == b"RIFF" and content[8:15] == b"WEBPVP8":
        return decode_webp(input, mode)
    raise RuntimeError(
        "decode_image: Unsupported image file. Only jpeg, png, webp and gif are currently "
        "supported. Its first bytes are " + content[:8].hex(" ")
    )


def decode_png(
    input: Tensor,
    mode: ImageReadMode | str = ImageReadMode.UNCHANGED,
    apply_exif_orientation: bool = False,
) -> Tensor:
    """The picture in the bytes of a PNG file.

    Args:
        input: uint8 (N,).
        mode: what the channels shall be; unchanged, a palette's picture is its numbers.
        apply_exif_orientation: turn the picture as the file says.

    Shape: uint8 (C, H, W).
    Errors: RuntimeError for what is no such picture; NotImplementedError for one of 16 bits, which
    would need uint16.
    Source: torchvision.io.decode_png.
    """
    mode = _mode(mode)
    content = _content(input, "decode_png")
    image = _opened(content, "PNG", "decode_png")
    if content[24:25] == b"\x10":  # the depth, in the first block of every PNG
        raise NotImplementedError("decode_png: a picture of 16 bits needs uint16, which is missing")
    if apply_exif_orientation:
        image = _upright(image)
    if mode is ImageReadMode.UNCHANGED:
        return _channels_first(np.array(image.convert("L") if image.mode == "1" else image))
    if image.mode != "P":  # torch: only a palette's transparency counts, beside a channel
        image.info.pop("transparency", None)
    pixels = np.array(image.convert("RGBA"))
    colours, alpha = pixels[..., :3], pixels[..., 3:]
    if mode in (ImageReadMode.GRAY, ImageReadMode.GRAY_ALPHA):
        colours = _grey(colours)
    if mode in (ImageReadMode.GRAY_ALPHA, ImageReadMode.RGB_ALPHA):
        colours = np.concatenate((colours, alpha), -1)
    return _channels_first(colours)


def _grey(colours: np.ndarray) -> np.ndarray:
    """(H, W, 1) of (H, W, 3), cut off as libpng does: 0.2989 R + 0.587 G + 0.114 B."""
    red, green, blue = (colours[..., i].astype(np.int32) for i in range(3))
    sums = 9794 * red + 19234 * green + 3740 * blue  # in parts of 1 << 15
    grey = np.where((red == green) & (green == blue), red, sums >> 15)
    return grey.astype(np.uint8)[..., None]


def decode_jpeg(
    input: Tensor | list[Tensor],
    mode: ImageReadMode | str = ImageReadMode.UNCHANGED,
    device: Any = "cpu",
    apply_exif_orientation: bool = False,
) -> Any:
    """The picture in the bytes of a JPEG file, or a list of them from a list.

    Args:
        input: uint8 (N,), or a list of such.
        mode: what the channels shall be: unchanged, GRAY or RGB.
        device: "cpu".
        apply_exif_orientation: turn the picture as the file says.

    Shape: uint8 (C, H, W).
    Errors: RuntimeError for what is no such picture, or another mode; ValueError for an empty list;
    NotImplementedError for other devices.
    Source: torchvision.io.decode_jpeg.
    """
    mode = _mode(mode)
    if Device(device).type != "cpu":
        raise NotImplementedError(f"decode_jpeg: decodes on the CPU only, not on {device}")
    if isinstance(input, list):
        if not input:
            raise ValueError("Input list must contain at least one element")
        if not all(isinstance(each, Tensor) for each in input):
            raise ValueError("All elements of the input list must be tensors.")
        return [
            decode_jpeg(each, mode, apply_exif_orientation=apply_exif_orientation) for each in input
        ]
    content = _content(input, "decode_jpeg")
    image = _opened(content, "JPEG", "decode_jpeg")
    if mode in (ImageReadMode.GRAY_ALPHA, ImageReadMode.RGB_ALPHA):
        raise RuntimeError("decode_jpeg: The provided mode is not supported for JPEG files")
    if image.mode == "CMYK":
        image = _from_inks(image, mode)
    elif mode is ImageReadMode.GRAY:
        image.draft("L", image.size)  # the brightness as it stands in the file
    elif mode is ImageReadMode.RGB:
        image = image.convert("RGB")
    return _channels_first(np.array(_upright(image) if apply_exif_orientation else image))


def _from_inks(image: Any, mode: ImageReadMode) -> Any:
    """A picture of four inks, the bytes as they stand in the file, or what they look like."""
    inks = 255 - np.array(image).astype(np.int32)  # Pillow has turned them round
    if mode is ImageReadMode.UNCHANGED:
        return pillow_image().frombytes("CMYK", image.size, inks.astype(np.uint8).tobytes())
    light = inks if "adobe" in image.info else 255 - inks
    colours = (light[..., :3] * light[..., 3:] // 255).astype(np.uint8)
    image = pillow_image().fromarray(colours)
    return image.convert("L") if mode is ImageReadMode.GRAY else image


def decode_gif(input: Tensor) -> Tensor:
    """The picture, or the pictures, in the bytes of a GIF file.

    Shape: uint8 (3, H, W), of several pictures (N, 3, H, W).
    Errors: RuntimeError for what is no such picture.
    Source: torchvision.io.decode_gif.
    """
    image = _opened(_content(input, "decode_gif"), "GIF", "decode_gif")
    frames = []
    for number in range(getattr(image, "n_frames", 1)):
        image.seek(number)
        frames.append(np.array(image.convert("RGB")).transpose(2, 0, 1))
    return wrap(frames[0].copy() if len(frames) == 1 else np.stack(frames))


def decode_webp(input: Tensor, mode: ImageReadMode | str = ImageReadMode.UNCHANGED) -> Tensor:
    """The picture in the bytes of a WebP file, RGB or RGBA; grey is not to be had.

    Shape: uint8 (C, H, W).
    Errors: RuntimeError for what is no such picture.
    Source: torchvision.io.decode_webp.
    """
    mode = _mode(mode)
    image = _opened(_content(input, "decode_webp"), "WEBP", "decode_webp")
    wanted = {ImageReadMode.RGB: "RGB", ImageReadMode.RGB_ALPHA: "RGBA"}.get(mode, image.mode)
    if wanted == "RGB" and image.mode == "RGBA":
        return _channels_first(np.array(image)[..., :3].copy())  # not blended with anything
    return _channels_first(np.array(image.convert(wanted)))


def decode_avif(input: Tensor, mode: ImageReadMode | str = ImageReadMode.UNCHANGED) -> NoReturn:
    """Not there: AVIF needs a decoder of its own.  Raises NotImplementedError."""
    raise NotImplementedError("decode_avif: there is no decoder for AVIF")


def decode_heic(input: Tensor, mode: ImageReadMode | str = ImageReadMode.UNCHANGED) -> NoReturn:
    """Not there: HEIC needs a decoder of its own.  Raises NotImplementedError."""
    raise NotImplementedError("decode_heic: there is no decoder for HEIC")


def _mode(mode: ImageReadMode | str) -> ImageReadMode:
    return ImageReadMode[mode.upper()] if isinstance(mode, str) else mode


def _content(input: Tensor, function: str) -> bytes:
    if input.dtype is not uint8:
        raise RuntimeError(f"{function}: Expected a torch.uint8 tensor, got {input.dtype}")
    if input.dim() != 1 or input.numel() == 0:
        raise RuntimeError(
            f"{function}: Expected a non empty 1-dimensional tensor, got {tuple(input.shape)}"
        )
    return input.numpy().tobytes()


def _opened(content: bytes, format: str, function: str) -> Any:
    """The Pillow image in the bytes of a file.  Raises RuntimeError where there is none."""
    try:
        image = pillow_image().open(io.BytesIO(content), formats=[format])
        if format != "JPEG":  # of which draft() may still choose the form
            image.load()
    except (OSError, SyntaxError, ValueError) as error:
        raise RuntimeError(f"{function}: this is no whole {format} file: {error}") from error
    return image


def _upright(image: Any) -> Any:
    from PIL import ImageOps

    return ImageOps.exif_transpose(image)


def _channels_first(pixels: np.ndarray) -> Tensor:
    pixels = pixels[..., None] if pixels.ndim == 2 else pixels
    return wrap(np.ascontiguousarray(pixels.transpose(2, 0, 1)))


# Encoding


def encode_png(input: Tensor, compression_level: int = 6) -> Tensor:
    """The bytes of a PNG file with a picture, uint8 (1, H, W) or (3, H, W).

    Errors: RuntimeError for another tensor or a level outside 0 ... 9.
    Source: torchvision.io.encode_png.
    """
    if not 0 <= compression_level <= 9:
        raise RuntimeError("encode_png: Compression level should be between 0 and 9")
    return _encoded(input, "encode_png", "PNG", compress_level=compression_level)


def write_png(input: Tensor, filename: _Path, compression_level: int = 6) -> None:
    """Writes a picture, uint8 (1, H, W) or (3, H, W), to a PNG file.

    Errors: RuntimeError for another tensor or a level outside 0 ... 9.
    Source: torchvision.io.write_png.
    """
    write_file(filename, encode_png(input, compression_level))


def encode_jpeg(input: Tensor | list[Tensor], quality: int = 75) -> Any:
    """The bytes of a JPEG file with a picture, uint8 (1, H, W) or (3, H, W); of a list, a list.

    Errors: ValueError for a quality outside 1 ... 100 or an empty list; RuntimeError for another
    tensor.
    Source: torchvision.io.encode_jpeg.
    """
    if quality < 1 or quality > 100:
        raise ValueError("Image quality should be a positive number between 1 and 100")
    if isinstance(input, list):
        if not input:
            raise ValueError("encode_jpeg requires at least one input tensor when a list is passed")
        return [encode_jpeg(image, quality) for image in input]
    return _encoded(input, "encode_jpeg", "JPEG", quality=quality)


def write_jpeg(input: Tensor, filename: _Path, quality: int = 75) -> None:
    """Writes a picture, uint8 (1, H, W) or (3, H, W), to a JPEG file.

    Errors: ValueError for a quality outside 1 ... 100; RuntimeError for another tensor.
    Source: torchvision.io.write_jpeg.
    """
    write_file(filename, encode_jpeg(input, quality))


def _encoded(input: Tensor, function: str, format: str, **options: Any) -> Tensor:
    if input.dtype is not uint8:
        raise RuntimeError(f"{function}: Input tensor dtype should be uint8, got {input.dtype}")
    if input.dim() != 3:
        raise RuntimeError(
            f"{function}: Input data should be a 3-dimensional tensor, got {tuple(input.shape)}"
        )
    if input.size(0) not in (1, 3):
        raise RuntimeError(
            f"{function}: The number of channels should be 1 or 3, got: {input.size(0)}"
        )
    pixels = input.numpy().transpose(1, 2, 0)
    image = pillow_image().fromarray(pixels[..., 0] if input.size(0) == 1 else pixels.copy())
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return wrap(np.frombuffer(bytearray(buffer.getvalue()), dtype=np.uint8))
