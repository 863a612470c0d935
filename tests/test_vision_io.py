"""vision.io: pictures from and to files; vision.utils: drawings.  Beside torchvision if there."""

import io
import warnings

import numpy as np
import pytest

import minitorch as mt
from minitorch import vision
from minitorch.vision import utils
from minitorch.vision.io import ImageReadMode
from minitorch.vision.io import image as image_io

Image = pytest.importorskip("PIL.Image")


@pytest.fixture(scope="module")
def torchvision():
    return pytest.importorskip("torchvision")


def noise(*shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


RGB = Image.fromarray(noise(9, 13, 3))
RGBA = Image.fromarray(noise(9, 13, 4))
TURNED = Image.Exif()
TURNED[0x112] = 6  # the orientation: a quarter


def encoded(image, format, **options):
    """The bytes of a file, as a tensor."""
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return mt.from_numpy(np.frombuffer(bytearray(buffer.getvalue()), dtype=np.uint8))


def pixels_of(image):
    pixels = np.asarray(image)
    return pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "LA", "P"])
def test_png_unchanged(mode):
    image = (RGBA if "A" in mode else RGB).convert(mode)
    decoded = vision.io.decode_image(encoded(image, "PNG"))
    np.testing.assert_array_equal(decoded.numpy(), pixels_of(image))
    decoded.zero_()  # memory of its own


def test_png_modes():
    content = encoded(RGBA, "PNG")
    colours, alpha = pixels_of(RGBA)[:3], pixels_of(RGBA)[3:]
    grey = vision.io.decode_png(content, ImageReadMode.GRAY).numpy()
    exact = np.tensordot([0.2989, 0.587, 0.1141], colours, 1)
    assert grey.shape == (1, 9, 13) and np.abs(grey[0] - exact).max() < 1.01
    for mode, expected in (
        ("RGB", colours),
        ("rgb_alpha", pixels_of(RGBA)),
        ("GRAY_ALPHA", np.concatenate((grey, alpha))),
        (ImageReadMode.RGBA, pixels_of(RGBA)),
    ):
        np.testing.assert_array_equal(vision.io.decode_png(content, mode).numpy(), expected)
    opaque = vision.io.decode_png(encoded(RGB.convert("L"), "PNG"), "RGB_ALPHA")
    assert (opaque[3] == 255).all() and (opaque[0] == opaque[2]).all()
    bits = vision.io.decode_png(encoded(RGB.convert("1"), "PNG"))
    assert set(bits.unique().tolist()) == {0, 255}
    palette = encoded(RGB.quantize(5), "PNG", transparency=2)
    assert set(vision.io.decode_png(palette, "RGB_ALPHA")[3].unique().tolist()) == {0, 255}
    sixteen = encoded(Image.fromarray(np.zeros((2, 2), np.uint16)), "PNG")
    with pytest.raises(NotImplementedError, match="16 bits needs uint16"):
        vision.io.decode_png(sixteen)


def test_jpeg_modes():
    content = encoded(RGB, "JPEG", quality=90)
    decoded = Image.open(io.BytesIO(content.numpy().tobytes()))
    np.testing.assert_array_equal(vision.io.decode_jpeg(content).numpy(), pixels_of(decoded))
    grey = vision.io.decode_jpeg(content, "GRAY")
    assert grey.shape == (1, 9, 13)
    assert np.abs(grey[0].numpy() - np.asarray(decoded.convert("L")).astype(int)).mean() < 1
    again = vision.io.decode_jpeg(encoded(RGB.convert("L"), "JPEG"), ImageReadMode.RGB)
    assert again.shape == (3, 9, 13) and (again[0] == again[1]).all()
    several = vision.io.decode_jpeg([content, content])
    assert len(several) == 2 and (several[0] == several[1]).all()
    inks = encoded(RGB.convert("CMYK"), "JPEG", quality=95)
    assert vision.io.decode_jpeg(inks).shape == (4, 9, 13)
    assert vision.io.decode_jpeg(inks, "GRAY").shape == (1, 9, 13)
    with pytest.raises(RuntimeError, match="mode is not supported for JPEG"):
        vision.io.decode_jpeg(content, "RGB_ALPHA")


@pytest.mark.parametrize("format", ["PNG", "JPEG"])
def test_orientation(format):
    content = encoded(RGB, format, exif=TURNED)
    plain = vision.io.decode_image(content)
    upright = vision.io.decode_image(content, apply_exif_orientation=True)
    np.testing.assert_array_equal(upright.numpy(), np.rot90(plain.numpy(), -1, (1, 2)))


def test_gif_and_webp():
    frames = [RGB.convert("P"), RGB.rotate(180).convert("P")]
    one, two = (
        encoded(frames[0], "GIF"),
        encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]),
    )
    np.testing.assert_array_equal(
        vision.io.decode_image(one).numpy(), pixels_of(frames[0].convert("RGB"))
    )
    assert vision.io.decode_gif(two).shape == (2, 3, 9, 13)
    from PIL import features

    if features.check("webp"):
        content = encoded(RGBA, "WEBP", lossless=True, exact=True)
        np.testing.assert_array_equal(vision.io.decode_image(content).numpy(), pixels_of(RGBA))
        np.testing.assert_array_equal(
            vision.io.decode_image(content, "RGB").numpy(), pixels_of(RGBA)[:3]
        )


@pytest.mark.parametrize("channels", [1, 3])
def test_files(tmp_path, channels):
    picture = mt.from_numpy(noise(channels, 6, 7))
    vision.io.write_png(picture, tmp_path / "a.png")
    assert (vision.io.read_image(tmp_path / "a.png") == picture).all()
    assert (vision.io.decode_image(str(tmp_path / "a.png")) == picture).all()
    vision.io.write_jpeg(picture, str(tmp_path / "a.jpg"), quality=100)
    again = vision.io.read_image(str(tmp_path / "a.jpg"))
    assert again.shape == picture.shape
    smooth = mt.full((channels, 6, 7), 90, dtype=mt.uint8)
    jpeg = vision.io.encode_jpeg([smooth, smooth])
    assert (vision.io.decode_jpeg(jpeg[1]).int() - 90).abs().max() <= 1
    content = vision.io.read_file(tmp_path / "a.png")
    assert content.dtype is mt.uint8 and content.dim() == 1
    vision.io.write_file(tmp_path / "b.png", content)
    assert (tmp_path / "b.png").read_bytes() == (tmp_path / "a.png").read_bytes()


def refused():
    byte = mt.zeros(5, dtype=mt.uint8)
    picture = mt.zeros(3, 4, 5, dtype=mt.uint8)
    v = vision.io
    yield RuntimeError, "No such file or directory: 'absent'", lambda: v.read_image("absent")
    yield (
        RuntimeError,
        "Expected a non empty 1-dimensional tensor",
        lambda: v.decode_image(byte[:0]),
    )
    yield RuntimeError, "Expected a non empty 1-dimensional tensor", lambda: v.decode_png(picture)
    yield RuntimeError, "Expected a torch.uint8 tensor", lambda: v.decode_image(byte.float())
    yield (
        RuntimeError,
        "Unsupported image file. Only jpeg, png, webp and gif are",
        lambda: v.decode_image(byte),
    )
    yield RuntimeError, "no whole PNG file", lambda: v.decode_png(byte)
    yield RuntimeError, "no whole JPEG file", lambda: v.decode_jpeg(byte)
    yield RuntimeError, "no whole GIF file", lambda: v.decode_gif(byte)
    yield RuntimeError, "no whole WEBP file", lambda: v.decode_webp(byte)
    yield RuntimeError, "no whole PNG file", lambda: v.decode_png(encoded(RGB, "PNG")[:-60])
    yield KeyError, "XX", lambda: v.decode_jpeg(byte, "xx")
    yield ValueError, "Input list must contain at least one element", lambda: v.decode_jpeg([])
    yield ValueError, "All elements of the input list must be tensors", lambda: v.decode_jpeg([1])
    yield NotImplementedError, "on the CPU only", lambda: v.decode_jpeg(byte, device="cuda")
    yield RuntimeError, "Input tensor dtype should be uint8", lambda: v.encode_png(picture.float())
    yield (
        RuntimeError,
        "number of channels should be 1 or 3, got: 2",
        lambda: v.encode_png(picture[:2]),
    )
    yield RuntimeError, "should be a 3-dimensional tensor", lambda: v.encode_jpeg(picture[0])
    yield (
        RuntimeError,
        "Compression level should be between 0 and 9",
        lambda: v.encode_png(picture, 10),
    )
    yield (
        ValueError,
        "quality should be a positive number between 1 and 100",
        lambda: v.encode_jpeg(picture, 0),
    )
    yield ValueError, "requires at least one input tensor", lambda: v.encode_jpeg([])
    yield RuntimeError, "dtype should be uint8", lambda: v.write_file("x", picture.float())
    yield RuntimeError, "1-dimensional", lambda: v.write_file("x", picture)
    yield RuntimeError, "No such file or directory", lambda: v.write_file("no/x", byte)
    yield NotImplementedError, "no decoder for AVIF", lambda: v.decode_avif(byte)
    yield NotImplementedError, "no decoder for HEIC", lambda: v.decode_heic(byte)
    yield ValueError, "Invalid backend 'x'", lambda: vision.set_image_backend("x")
    yield NotImplementedError, "accimage", lambda: vision.set_image_backend("accimage")


@pytest.mark.parametrize("case", list(refused()), ids=lambda case: case[1][:30])
def test_refused(case):
    kind, message, call = case
    with pytest.raises(kind, match=message):
        call()


def test_image_backend():
    vision.set_image_backend("PIL")
    assert vision.get_image_backend() == "PIL"


def test_a_list_from_io_without_pillow(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(ImportError, match="pip install Pillow"):
        vision.io.encode_png(mt.zeros(3, 2, 2, dtype=mt.uint8))


@pytest.mark.compare
def test_io_beside_torchvision(torchvision):
    import torch

    theirs = torchvision.io
    if not theirs.image._has_image_ops():
        pytest.skip("torchvision's decoders do not load here")
    files = {
        **{f"png {m}": encoded(RGB.convert(m), "PNG") for m in ("L", "RGB")},
        **{f"png {m}": encoded(RGBA.convert(m), "PNG") for m in ("LA", "RGBA")},
        "png P": encoded(RGB.convert("P"), "PNG", transparency=bytes(range(256))),
        "png RGB key": encoded(RGB, "PNG", transparency=RGB.getpixel((1, 1))),
        "png exif": encoded(RGB, "PNG", exif=TURNED),
        **{f"jpeg {m}": encoded(RGB.convert(m), "JPEG") for m in ("L", "RGB", "CMYK")},
        "jpeg exif": encoded(RGB, "JPEG", exif=TURNED, progressive=True),
        "gif": encoded(RGB, "GIF", save_all=True, append_images=[RGB.rotate(90)]),
        "webp": encoded(RGB, "WEBP"),
        "webp alpha": encoded(RGBA, "WEBP"),
    }
    for name, content in files.items():
        for mode in ImageReadMode:
            for turn in (False, True):
                other = torch.from_numpy(content.numpy().copy())
                try:
                    b = theirs.decode_image(other, theirs.ImageReadMode[mode.name], turn)
                except RuntimeError:
                    with pytest.raises(RuntimeError):
                        vision.io.decode_image(content, mode, turn)
                    continue
                a = vision.io.decode_image(content, mode, turn)
                np.testing.assert_array_equal(a.numpy(), b.numpy(), err_msg=f"{name} {mode}")
    picture = noise(3, 21, 30)
    for quality in (1, 50, 75, 100):
        a = vision.io.encode_jpeg(mt.from_numpy(picture), quality)
        b = theirs.encode_jpeg(torch.from_numpy(picture), quality)
        np.testing.assert_array_equal(a.numpy(), b.numpy())


@pytest.mark.compare
def test_signatures_beside_torchvision(torchvision):
    import inspect

    pairs = [(getattr(vision.io, n), getattr(torchvision.io, n)) for n in torchvision.io.__all__]
    pairs += [(getattr(utils, n), getattr(torchvision.utils, n)) for n in utils.__all__]
    for ours, theirs in pairs:
        assert list(inspect.signature(ours).parameters) == list(
            inspect.signature(theirs).parameters
        ), theirs
    for mode in image_io.ImageReadMode:
        assert torchvision.io.image.ImageReadMode[mode.name].value == mode.value


# --- drawings -------------------------------------------------------------------------------------

BOXES = [[1, 2, 10, 12], [4, 5, 20, 18]]
DRAWINGS = {
    "boxes": lambda u, lib, img: u.draw_bounding_boxes(img, lib.tensor(BOXES)),
    "boxes_floats": lambda u, lib, img: u.draw_bounding_boxes(
        img, lib.tensor(BOXES).float() + 0.6, colors=["red", (1, 2, 3)], width=2
    ),
    "boxes_filled": lambda u, lib, img: u.draw_bounding_boxes(
        img, lib.tensor(BOXES), ["a", "b"], "#10ff20", fill=True
    ),
    "boxes_labels": lambda u, lib, img: u.draw_bounding_boxes(
        img,
        lib.tensor(BOXES),
        ["a", None],
        label_colors="blue",
        label_background_colors=["white", "black"],
        fill_labels=True,
    ),
    "boxes_label_colours": lambda u, lib, img: u.draw_bounding_boxes(
        img, lib.tensor(BOXES), ["x", "y"], label_colors=["blue", "red"]
    ),
    "masks": lambda u, lib, img: u.draw_segmentation_masks(
        img, lib.arange(2 * 24 * 25).view(2, 24, 25) % 7 < 3
    ),
    "masks_one": lambda u, lib, img: u.draw_segmentation_masks(
        img, lib.arange(24 * 25).view(24, 25) % 7 < 3, 0.3, "green"
    ),
    "points": lambda u, lib, img: u.draw_keypoints(
        img, lib.tensor([[[3.0, 4.0], [12.0, 15.0], [20.0, 4.0]]]), [(0, 1), (1, 2)], "red"
    ),
    "points_hidden": lambda u, lib, img: u.draw_keypoints(
        img,
        lib.tensor([[[3, 4], [12, 15], [20, 4]]]),
        [(0, 1), (0, 2)],
        (9, 200, 9),
        radius=3,
        width=1,
        visibility=lib.tensor([[[True], [False], [True]]]),
    ),
}


@pytest.mark.parametrize("name", DRAWINGS)
@pytest.mark.parametrize("floats", [False, True])
def test_drawings(name, floats):
    img = mt.from_numpy(noise(3, 24, 25))
    img = img / 255 if floats else img
    before = img.clone()
    drawn = DRAWINGS[name](utils, mt, img)
    assert drawn.dtype is img.dtype and drawn.shape == img.shape
    assert (img == before).all() and 0.02 < (drawn != img).float().mean() < 0.9


def test_what_boxes_and_masks_paint():
    black = mt.zeros(1, 8, 9, dtype=mt.uint8)
    drawn = utils.draw_bounding_boxes(black, mt.tensor([[1, 2, 5, 6]]), colors=(7, 8, 9))
    outline = np.zeros((8, 9), bool)
    outline[2:7, 1:6] = True
    outline[3:6, 2:5] = False
    for channel, value in enumerate((7, 8, 9)):
        np.testing.assert_array_equal(drawn[channel].numpy(), outline * value)
    masks = mt.zeros(2, 8, 9, dtype=mt.bool)
    masks[0, 0], masks[1, :, 0] = True, True
    painted = utils.draw_segmentation_masks(
        mt.full((3, 8, 9), 100, dtype=mt.uint8), masks, 0.5, [(200, 0, 0), "lime"]
    )
    assert painted[:, 0, 3].tolist() == [150, 50, 50]
    assert painted[:, 3, 0].tolist() == [50, 177, 50] and painted[:, 0, 0].tolist() == [50] * 3


def refused_drawings():
    img, boxes = mt.zeros(3, 8, 9, dtype=mt.uint8), mt.tensor([[1, 2, 5, 6]])
    masks = mt.zeros(1, 8, 9, dtype=mt.bool)
    points = mt.zeros(1, 2, 2)
    u = utils
    yield TypeError, "Tensor expected, got", lambda: u.draw_bounding_boxes(1, boxes)
    yield (
        ValueError,
        "The image dtype must be uint8 or float",
        lambda: u.draw_bounding_boxes(img.int(), boxes),
    )
    yield (
        ValueError,
        "Pass individual images, not batches",
        lambda: u.draw_bounding_boxes(img[None], boxes),
    )
    yield ValueError, "Only grayscale and RGB", lambda: u.draw_bounding_boxes(img[:2], boxes)
    yield ValueError, "Boxes need to be in", lambda: u.draw_bounding_boxes(img, -boxes)
    yield (
        ValueError,
        r"Number of boxes \(1\) and labels \(2\) mismatch",
        lambda: u.draw_bounding_boxes(img, boxes, ["a", "b"]),
    )
    yield (
        ValueError,
        "Number of colors must be equal or larger",
        lambda: u.draw_bounding_boxes(img, boxes, colors=[]),
    )
    yield (
        ValueError,
        "colors must be a tuple or a string",
        lambda: u.draw_bounding_boxes(img, boxes, colors=3),
    )
    yield (
        ValueError,
        "If passed as tuple, colors should be an RGB triplet",
        lambda: u.draw_bounding_boxes(img, boxes, colors=(1, 2)),
    )
    yield TypeError, "The image must be a tensor", lambda: u.draw_segmentation_masks(1, masks)
    yield ValueError, "Pass an RGB image", lambda: u.draw_segmentation_masks(img[:1], masks)
    yield (
        ValueError,
        r"masks must be of shape \(H, W\)",
        lambda: u.draw_segmentation_masks(img, masks[None]),
    )
    yield (
        ValueError,
        "The masks must be of dtype bool",
        lambda: u.draw_segmentation_masks(img, masks.int()),
    )
    yield (
        ValueError,
        "must have the same height and width",
        lambda: u.draw_segmentation_masks(img, masks[:, 1:]),
    )
    yield ValueError, "keypoints must be of shape", lambda: u.draw_keypoints(img, points[0])
    yield (
        ValueError,
        r"visibility must be of shape \(num_instances, K\)",
        lambda: u.draw_keypoints(img, points, visibility=mt.ones(2)),
    )
    yield (
        ValueError,
        "must have the same dimensionality",
        lambda: u.draw_keypoints(img, points, visibility=mt.ones(1, 3)),
    )


@pytest.mark.parametrize("case", list(refused_drawings()), ids=lambda case: case[1][:30])
def test_drawings_refused(case):
    kind, message, call = case
    with pytest.raises(kind, match=message):
        call()


def test_drawings_of_nothing_and_of_more_than_there_is():
    img = mt.zeros(3, 8, 9, dtype=mt.uint8)
    with pytest.warns(UserWarning, match="boxes doesn't contain any box"):
        assert utils.draw_bounding_boxes(img, mt.zeros(0, 4)) is img
    with pytest.warns(UserWarning, match="masks doesn't contain any mask"):
        assert utils.draw_segmentation_masks(img, mt.zeros(0, 8, 9, dtype=mt.bool)) is img
    with pytest.warns(UserWarning, match="'font_size' will be ignored"):
        utils.draw_bounding_boxes(img, mt.tensor([[1, 2, 5, 6]]), font_size=9)
    with pytest.raises(NotImplementedError, match="oriented ones are missing"):
        utils.draw_bounding_boxes(img, mt.zeros(1, 8))


@pytest.mark.compare
@pytest.mark.parametrize("name", DRAWINGS)
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_drawings_beside_torchvision(torchvision, name, dtype):
    import torch

    pixels = noise(3, 24, 25)
    pixels = pixels if dtype == "uint8" else (pixels / 255).astype(dtype)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = DRAWINGS[name](torchvision.utils, torch, torch.from_numpy(pixels.copy()))
    ours = DRAWINGS[name](utils, mt, mt.from_numpy(pixels.copy()))
    np.testing.assert_allclose(
        ours.numpy(), theirs.numpy(), rtol=0, atol=0 if dtype == "uint8" else 1e-6
    )


@pytest.mark.compare
@pytest.mark.parametrize(
    "options",
    [{}, {"nrow": 2, "padding": 3, "pad_value": 0.5}, {"normalize": True, "scale_each": True}],
)
def test_saved_bytes_beside_torchvision(torchvision, options):
    import torch

    values = np.random.default_rng(0).normal(0.5, 0.4, (5, 3, 6, 7)).astype(np.float32)
    for format in ("png", "jpeg", "bmp"):
        ours, theirs = io.BytesIO(), io.BytesIO()
        utils.save_image(mt.from_numpy(values), ours, format=format, **options)
        torchvision.utils.save_image(torch.from_numpy(values), theirs, format=format, **options)
        assert ours.getvalue() == theirs.getvalue()
