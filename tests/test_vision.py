"""vision: the MNIST reader on good and bad files, transforms, grids.

Where torchvision is installed, everything is compared with it as well.
"""

import gzip
import hashlib
import io
import itertools
import pathlib
import struct
import sys

import numpy as np
import pytest

import minitorch as mt
from minitorch.utils.data import DataLoader, Subset
from minitorch.vision import datasets, transforms, utils
from minitorch.vision.datasets import MNIST, FashionMNIST
from minitorch.vision.transforms import functional as F

EXAMPLES = pathlib.Path(__file__).parent.parent / "examples" / "data"

Image = pytest.importorskip("PIL.Image")


@pytest.fixture(scope="module")
def torchvision():
    return pytest.importorskip("torchvision")


# --- MNIST ----------------------------------------------------------------------------------------


def idx(array, magic=None):
    """The bytes of an IDX file."""
    header = struct.pack(">I", 0x800 + array.ndim if magic is None else magic)
    return header + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def tiny_images(n, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (n, 4, 3), dtype=np.uint8)


def write_mnist(root, n_train=7, n_test=4, name="MNIST", compress=False):
    """A data set of few small pictures; returns its folder."""
    raw = root / name / "raw"
    raw.mkdir(parents=True)
    for prefix, n in (("train", n_train), ("t10k", n_test)):
        files = {
            "images-idx3": tiny_images(n),
            "labels-idx1": np.arange(n, dtype=np.uint8) % 10,
        }
        for kind, array in files.items():
            path = raw / f"{prefix}-{kind}-ubyte"
            if compress:
                path.with_name(path.name + ".gz").write_bytes(gzip.compress(idx(array)))
            else:
                path.write_bytes(idx(array))
    return raw


@pytest.mark.parametrize("compress", [False, True])
def test_mnist_reads_plain_and_gzipped_files(tmp_path, compress):
    write_mnist(tmp_path, compress=compress)
    train, test = MNIST(tmp_path), MNIST(str(tmp_path), train=False)
    assert (len(train), len(test)) == (7, 4)
    assert train.data.dtype is mt.uint8 and tuple(train.data.shape) == (7, 4, 3)
    assert train.targets.dtype is mt.int64 and train.targets.tolist() == list(range(7))
    np.testing.assert_array_equal(train.data.numpy(), tiny_images(7))
    picture, digit = train[3]
    assert isinstance(picture, Image.Image) and picture.mode == "L" and picture.size == (3, 4)
    np.testing.assert_array_equal(np.asarray(picture), tiny_images(7)[3])
    assert type(digit) is int and digit == 3
    train.data[0] = 0  # the tensors can be written


def test_mnist_prefers_a_plain_file_to_the_archive_beside_it(tmp_path):
    raw = write_mnist(tmp_path)
    for path in list(raw.iterdir()):
        path.with_name(path.name + ".gz").write_bytes(b"")
    assert len(MNIST(tmp_path)) == 7


def test_mnist_transforms_and_names(tmp_path):
    write_mnist(tmp_path)
    dataset = MNIST(tmp_path, transform=lambda img: img.size, target_transform=str)
    assert dataset[2] == ((3, 4), "2")
    assert dataset.class_to_idx["3 - three"] == 3 and len(dataset.classes) == 10
    assert dataset.raw_folder == str(tmp_path / "MNIST" / "raw")
    for old, new in (
        ("train_data", "data"),
        ("test_data", "data"),
        ("train_labels", "targets"),
        ("test_labels", "targets"),
    ):
        with pytest.warns(UserWarning, match=f"{old} has been renamed {new}"):
            assert getattr(dataset, old) is getattr(dataset, new)


def test_mnist_repr(tmp_path):
    write_mnist(tmp_path)
    assert repr(MNIST(tmp_path, train=False)).splitlines() == [
        "Dataset MNIST",
        "    Number of datapoints: 4",
        f"    Root location: {tmp_path}",
        "    Split: Test",
    ]
    steps = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.1307,), (0.3081,))])
    text = repr(MNIST(tmp_path, transform=steps, target_transform=transforms.Lambda(int)))
    assert text.splitlines()[3:] == [
        "    Split: Train",
        "    StandardTransform",
        "Transform: Compose(",
        "               ToTensor()",
        "               Normalize(mean=(0.1307,), std=(0.3081,))",
        "           )",
        "Target transform: Lambda()",
    ]


def test_mnist_is_absent(tmp_path):
    with pytest.raises(RuntimeError, match="Dataset not found. You can use download=True to"):
        MNIST(tmp_path)
    raw = write_mnist(tmp_path)
    (raw / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(RuntimeError, match="Dataset not found"):
        MNIST(tmp_path)


IMAGES, LABELS = tiny_images(7), np.arange(7, dtype=np.uint8)
DAMAGED = {
    "empty": (b"", "begins with nothing"),
    "magic": (b"GIF89a" + b"0" * 99, "begins with 47494638, expected 00000803"),
    "labels for images": (idx(LABELS), "begins with 00000801, expected 00000803"),
    "floats": (idx(IMAGES, 0xD03), "begins with 00000d03"),
    "header cut": (idx(IMAGES)[:10], "cut short in its header"),
    "cut": (idx(IMAGES)[:-1], r"should hold 84 bytes for shape \(7, 4, 3\), but has 83"),
    "no pixels": (idx(IMAGES)[:16], "but has 0"),
    "too long": (idx(IMAGES) + b"\0", "but has more"),
    "huge": (struct.pack(">4I", 0x803, *[2**32 - 1] * 3), "but has 0"),
    "count": (idx(IMAGES[:6]), "6 images in .*, but 7 labels in"),
}


@pytest.mark.parametrize("name", DAMAGED)
@pytest.mark.parametrize("compress", [False, True])
def test_mnist_damaged_file(tmp_path, name, compress):
    raw = write_mnist(tmp_path, compress=compress)
    content, message = DAMAGED[name]
    path = raw / ("train-images-idx3-ubyte" + ".gz" * compress)
    path.write_bytes(gzip.compress(content) if compress else content)
    with pytest.raises(ValueError, match=message) as info:
        MNIST(tmp_path)
    assert str(path) in str(info.value)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda b: b"",
        lambda b: b[:-9],
        lambda b: b"x" + b[1:],
        lambda b: b[:20] + bytes(30) + b[50:],
    ],
)
def test_mnist_damaged_archive(tmp_path, spoil):
    raw = write_mnist(tmp_path, compress=True)
    path = raw / "train-images-idx3-ubyte.gz"
    path.write_bytes(spoil(path.read_bytes()))
    with pytest.raises(ValueError, match="train-images-idx3-ubyte.gz"):
        MNIST(tmp_path)


def mirrored(tmp_path, bad=()):
    """A class of data sets whose mirrors are folders, the first of them empty."""
    source = write_mnist(tmp_path / "mirror", name="X", compress=True)
    (tmp_path / "empty").mkdir()

    class Mirrored(MNIST):
        mirrors = [(tmp_path / "empty").as_uri() + "/", source.as_uri() + "/"]
        resources = [
            (
                name,
                "0" * 32 if name in bad else hashlib.md5((source / name).read_bytes()).hexdigest(),
            )
            for name, _ in MNIST.resources
        ]

    return Mirrored


def test_mnist_download(tmp_path):
    cls = mirrored(tmp_path)
    assert len(cls(tmp_path / "root", download=True)) == 7
    raw = tmp_path / "root" / "Mirrored" / "raw"
    assert sorted(p.name for p in raw.iterdir()) == sorted(name for name, _ in cls.resources)
    cls.mirrors = []  # what is there is not fetched again
    assert len(cls(tmp_path / "root", train=False, download=True)) == 4


def test_mnist_download_fails(tmp_path):
    name = "train-labels-idx1-ubyte.gz"
    cls = mirrored(tmp_path, bad=[name])
    message = f"Error downloading {name}:\nTried file:.*/empty/, got:"
    with pytest.raises(RuntimeError, match=message) as info:
        cls(tmp_path / "root", download=True)
    assert "MD5" in str(info.value)
    raw = tmp_path / "root" / "Mirrored" / "raw"
    # Nothing is left of the bad file.
    assert [p.name for p in raw.iterdir()] == ["train-images-idx3-ubyte.gz"]


def test_mnist_without_pillow(tmp_path, monkeypatch):
    write_mnist(tmp_path)
    dataset = MNIST(tmp_path)
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(ImportError, match="pip install Pillow"):
        dataset[0]


def test_fashion_mnist_has_its_own_folder_and_classes(tmp_path):
    write_mnist(tmp_path, name="FashionMNIST")
    dataset = FashionMNIST(tmp_path)
    assert dataset.classes[9] == "Ankle boot" and repr(dataset).startswith("Dataset FashionMNIST\n")
    assert datasets.KMNIST.class_to_idx.fget(datasets.KMNIST)["wo"] == 9
    digests = [md5 for cls in (MNIST, FashionMNIST, datasets.KMNIST) for _, md5 in cls.resources]
    assert len(set(digests)) == 12 and all(len(bytes.fromhex(md5)) == 16 for md5 in digests)


@pytest.mark.parametrize(
    "transform",
    [
        transforms.ToTensor(),
        transforms.Compose([transforms.ToTensor()]),
        transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.1307,), (0.3081,))]),
        transforms.Compose([transforms.ToTensor(), transforms.Lambda(lambda x: x.flatten())]),
        lambda picture: np.array(picture),
    ],
)
def test_mnist_batches_are_those_of_the_samples(tmp_path, transform):
    write_mnist(tmp_path)
    dataset = MNIST(tmp_path, transform=transform)
    for part in (dataset, Subset(dataset, [5, 2, 2])):
        slow = DataLoader(part, 2, collate_fn=lambda batch: mt.utils.data.default_collate(batch))
        for fast, batch in zip(DataLoader(part, 2), slow, strict=True):
            for x, y in zip(fast, batch, strict=True):
                assert x.dtype == y.dtype and x.shape == y.shape and (x == y).all()


def test_mnist_batches_follow_changed_data(tmp_path):
    write_mnist(tmp_path)
    dataset = MNIST(tmp_path, transform=transforms.ToTensor())
    keep = dataset.targets > 3
    dataset.data, dataset.targets = dataset.data[keep], dataset.targets[keep].tolist()
    pictures, digits = next(iter(DataLoader(dataset, 9)))
    assert tuple(pictures.shape) == (3, 1, 4, 3) and digits.tolist() == [4, 5, 6]
    with pytest.raises(IndexError, match="index 3 is out of bounds"):
        next(iter(DataLoader(dataset, sampler=[3])))


def test_the_real_mnist():
    train, test = MNIST(EXAMPLES), MNIST(EXAMPLES, train=False)
    assert tuple(train.data.shape) == (60000, 28, 28) and tuple(test.data.shape) == (10000, 28, 28)
    pixels = train.data.numpy()
    assert round(float(pixels.mean()) / 255, 4) == 0.1307
    assert round(float(pixels.std()) / 255, 4) == 0.3081
    assert np.bincount(train.targets.numpy()).tolist() == [
        5923,
        6742,
        5958,
        6131,
        5842,
        5421,
        5918,
        6265,
        5851,
        5949,
    ]
    assert test.targets[:5].tolist() == [7, 2, 1, 0, 4]
    assert train[0][1] == 5 and train[0][0].size == (28, 28)


# --- transforms -----------------------------------------------------------------------------------


def picture(mode="RGB", height=7, width=10, seed=0):
    """A Pillow image of noise."""
    values = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(values).convert(mode)


def image_tensor(*shape, dtype="float32", seed=0):
    values = np.random.default_rng(seed).random(shape)
    return mt.from_numpy((values * 255 if dtype == "uint8" else values).astype(dtype))


def test_to_tensor():
    pixels = np.array([[0, 51], [255, 102]], np.uint8)
    expected = pixels.astype(np.float32) / np.float32(255)
    for pic in (pixels, pixels[:, :, None], Image.fromarray(pixels)):
        tensor = F.to_tensor(pic)
        assert tensor.dtype is mt.float32
        np.testing.assert_array_equal(tensor.numpy(), expected[None])
    colours = picture()
    tensor = transforms.ToTensor()(colours)
    assert tuple(tensor.shape) == (3, 7, 10) and tensor.is_contiguous()
    np.testing.assert_array_equal(
        tensor.mul(255).round().numpy().transpose(1, 2, 0), np.asarray(colours)
    )
    assert F.to_tensor(np.ones((2, 3, 4))).dtype is mt.float64  # other types are not scaled
    np.testing.assert_array_equal(F.to_tensor(picture("1")).unique().numpy(), [0, 1])


def test_to_tensor_gives_memory_that_can_be_written():
    for mode in ("L", "RGB", "I", "F", "1"):
        image = picture(mode)
        before = np.array(image)
        for tensor in (F.to_tensor(image), F.pil_to_tensor(image)):
            tensor.zero_()
        np.testing.assert_array_equal(np.asarray(image), before)


@pytest.mark.parametrize("bad", [[[1, 2]], "picture", mt.zeros(2, 2), None])
def test_to_tensor_refuses(bad):
    with pytest.raises(TypeError, match="pic should be PIL Image or ndarray. Got"):
        F.to_tensor(bad)


def test_conversion_errors():
    with pytest.raises(ValueError, match="pic should be 2/3 dimensional. Got 1 dimensions"):
        F.to_tensor(np.zeros(3))
    with pytest.raises(TypeError, match="can't convert np.ndarray"):
        F.to_tensor(np.array([["a"]]))
    with pytest.raises(TypeError, match="pic should be PIL Image. Got"):
        F.pil_to_tensor(np.zeros((2, 2)))
    with pytest.raises(TypeError, match="pic should be Tensor or ndarray. Got"):
        F.to_pil_image(picture())
    with pytest.raises(ValueError, match="pic should be 2/3 dimensional. Got 1 dimensions"):
        F.to_pil_image(mt.zeros(3))
    with pytest.raises(ValueError, match="pic should not have > 4 channels. Got 5 channels"):
        F.to_pil_image(mt.zeros(5, 2, 2))
    with pytest.raises(ValueError, match=r"Incorrect mode \(RGB\) supplied"):
        F.to_pil_image(mt.zeros(2, 2), "RGB")
    with pytest.raises(ValueError, match=r"Only modes \['RGB', 'YCbCr', 'HSV'\] are"):
        F.to_pil_image(mt.zeros(3, 2, 2), "L")
    with pytest.raises(TypeError, match="Input type int64 is not supported"):
        F.to_pil_image(mt.zeros(2, 2, dtype=mt.int64))


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "LA", "I", "F", "CMYK", "HSV", "YCbCr"])
def test_to_pil_image_and_back(mode):
    image = picture(mode)
    back = transforms.ToPILImage(mode)(F.pil_to_tensor(image))
    assert back.mode == mode and back.size == image.size
    np.testing.assert_array_equal(np.asarray(back), np.asarray(image))


def test_normalize():
    tensor = image_tensor(3, 4, 5)
    mean, std = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
    expected = (tensor.numpy() - np.float32(mean).reshape(3, 1, 1)) / np.float32(std).reshape(
        3, 1, 1
    )
    before = tensor.clone()
    np.testing.assert_array_equal(transforms.Normalize(mean, std)(tensor).numpy(), expected)
    assert (tensor == before).all()
    np.testing.assert_array_equal(F.normalize(tensor[None], mean, std)[0].numpy(), expected)
    assert transforms.Normalize(mean, std, inplace=True)(tensor) is tensor
    np.testing.assert_array_equal(tensor.numpy(), expected)


def test_normalize_errors():
    with pytest.raises(TypeError, match="img should be Tensor Image. Got"):
        F.normalize(picture(), [0.5], [0.5])
    with pytest.raises(TypeError, match="Input tensor should be a float tensor. Got torch.uint8"):
        F.normalize(image_tensor(1, 2, 2, dtype="uint8"), [0.5], [0.5])
    with pytest.raises(ValueError, match="Expected tensor to be a tensor image of size"):
        F.normalize(mt.zeros(2, 2), [0.5], [0.5])
    tensor = mt.ones(1, 2, 2)
    with pytest.raises(ValueError, match="std evaluated to zero after conversion to torch.float32"):
        F.normalize(tensor, [0.5], [0.0], inplace=True)
    assert (tensor == 1).all()


def test_normalize_passes_gradients():
    tensor = image_tensor(1, 2, 2).requires_grad_()
    F.normalize(tensor, [0.5], [0.25]).sum().backward()
    assert tensor.grad.flatten().tolist() == [4.0] * 4


REPRS = {
    "ToTensor()": lambda t: t.ToTensor(),
    "PILToTensor()": lambda t: t.PILToTensor(),
    "ToPILImage()": lambda t: t.ToPILImage(),
    "ToPILImage(mode=RGB)": lambda t: t.ToPILImage("RGB"),
    "Lambda()": lambda t: t.Lambda(abs),
    "Normalize(mean=[0.5], std=(0.5,))": lambda t: t.Normalize([0.5], (0.5,)),
    "Resize(size=4, interpolation=bilinear, max_size=None, antialias=True)": lambda t: t.Resize(4),
    "Resize(size=(4, 5), interpolation=bicubic, max_size=None, antialias=False)": lambda t: (
        t.Resize((4, 5), Image.BICUBIC, antialias=False)
    ),
    "CenterCrop(size=(4, 4))": lambda t: t.CenterCrop(4),
    "CenterCrop(size=[4, 5])": lambda t: t.CenterCrop([4, 5]),
    "Pad(padding=2, fill=0, padding_mode=constant)": lambda t: t.Pad(2),
    "RandomCrop(size=(32, 32), padding=4)": lambda t: t.RandomCrop(32, 4),
    "RandomHorizontalFlip(p=0.5)": lambda t: t.RandomHorizontalFlip(),
    "RandomVerticalFlip(p=0.1)": lambda t: t.RandomVerticalFlip(0.1),
    "Grayscale(num_output_channels=3)": lambda t: t.Grayscale(3),
    "Compose(\n    ToTensor()\n    Lambda()\n)": lambda t: t.Compose([t.ToTensor(), t.Lambda(abs)]),
    "RandomApply(\n    p=0.3\n    CenterCrop(size=(2, 2))\n)": lambda t: t.RandomApply(
        [t.CenterCrop(2)], p=0.3
    ),
}


@pytest.mark.parametrize("text", REPRS)
def test_repr(text):
    assert repr(REPRS[text](transforms)) == text


def test_transforms_are_modules_where_torchvisions_are():
    both = mt.nn.Sequential(transforms.CenterCrop(2), transforms.Normalize([0.5], [0.5]))
    assert tuple(both(image_tensor(1, 4, 4)).shape) == (1, 2, 2)


BAD_ARGUMENTS = {
    "lambda": (TypeError, "Argument lambd should be callable, got 'int'", lambda t: t.Lambda(1)),
    "resize type": (TypeError, "Size should be int or sequence. Got", lambda t: t.Resize(1.5)),
    "resize length": (ValueError, "If size is a sequence", lambda t: t.Resize([1, 2, 3])),
    "crop length": (ValueError, "Please provide only two", lambda t: t.CenterCrop([1, 2, 3])),
    "pad type": (TypeError, "Got inappropriate padding arg", lambda t: t.Pad("1")),
    "pad length": (
        ValueError,
        "Padding must be an int or a 1, 2, or 4",
        lambda t: t.Pad([1, 2, 3]),
    ),
    "pad fill": (TypeError, "Got inappropriate fill arg", lambda t: t.Pad(1, fill="1")),
    "pad mode": (
        ValueError,
        "Padding mode should be either",
        lambda t: t.Pad(1, padding_mode="wrap"),
    ),
    "crop too big": (
        ValueError,
        r"Required crop size \(8, 8\) is larger than input image size \(7, 10\)",
        lambda t: t.RandomCrop(8)(picture()),
    ),
    "grey": (
        ValueError,
        "num_output_channels should be either 1 or 3",
        lambda t: t.Grayscale(2)(picture()),
    ),
    "type": (TypeError, "img should be PIL Image. Got", lambda t: t.functional.hflip("x")),
    "dimensions": (TypeError, "Unexpected type", lambda t: t.functional.get_dimensions("x")),
    "interpolation": (
        TypeError,
        "Argument interpolation should be a InterpolationMode",
        lambda t: t.functional.resize(picture(), 3, "bilinear"),
    ),
    "max_size": (
        ValueError,
        "max_size = 3 must be strictly greater",
        lambda t: t.Resize(3, max_size=3)(picture()),
    ),
    "max_size with two": (
        ValueError,
        "max_size should only be passed if size",
        lambda t: t.Resize((3, 4), max_size=9)(picture()),
    ),
    "fill": (
        ValueError,
        "The number of elements in 'fill' does not match",
        lambda t: t.Pad(1, fill=(1, 2))(picture()),
    ),
}


@pytest.mark.parametrize("name", BAD_ARGUMENTS)
def test_bad_arguments(name, request):
    kind, message, call = BAD_ARGUMENTS[name]
    with pytest.raises(kind, match=message):
        call(transforms)


def test_resize_of_a_tensor_in_a_mode_of_pillows():
    with pytest.raises(NotImplementedError, match="interpolation 'lanczos'"):
        transforms.Resize(2, transforms.InterpolationMode.LANCZOS)(mt.zeros(1, 4, 4))


def test_resize_keeps_what_has_the_size_already():
    tensor, image = image_tensor(1, 4, 5), picture()
    assert F.resize(tensor, (4, 5)) is tensor and F.resize(image, 7) is image


@pytest.mark.compare
@pytest.mark.parametrize("antialias", [False, True])
@pytest.mark.parametrize("mode", ["nearest", "nearest-exact", "bilinear", "bicubic"])
def test_resize_beside_torch(mode, antialias):
    torch = pytest.importorskip("torch")
    tensor = image_tensor(2, 3, 7, 10)
    smooth = mode in ("bilinear", "bicubic")
    for size in ((4, 5), (4, 23), (15, 3), (7, 30), (1, 1)):
        theirs = torch.nn.functional.interpolate(
            torch.from_numpy(tensor.numpy()),
            size,
            mode=mode,
            align_corners=False if smooth else None,
            antialias=antialias and smooth,
        )
        ours = F.resize(tensor, size, transforms.InterpolationMode(mode), antialias=antialias)
        assert_pictures_agree(ours, theirs)


def test_resize_passes_gradients():
    tensor = image_tensor(1, 4, 4).requires_grad_()
    F.resize(tensor, (2, 2)).sum().backward()
    assert tensor.grad.sum().item() == pytest.approx(4)


def test_flips_and_crops_agree_on_images_and_tensors():
    image = picture()
    tensor = F.pil_to_tensor(image)
    for function in (
        F.hflip,
        F.vflip,
        lambda img: F.crop(img, 2, 3, 4, 5),
        lambda img: F.crop(img, -2, -1, 20, 6),
        lambda img: F.center_crop(img, 3),
        lambda img: F.center_crop(img, (12, 5)),
        lambda img: F.pad(img, 2),
        lambda img: F.pad(img, (1, 2, 3, 0), 7),
        lambda img: F.pad(img, (1, -2, 3, -1), padding_mode="edge"),
        lambda img: F.pad(img, [3, 1], padding_mode="reflect"),
        lambda img: F.pad(img, [3, 1], padding_mode="symmetric"),
        lambda img: F.resize(img, (5, 14), transforms.InterpolationMode.NEAREST_EXACT),
    ):
        np.testing.assert_array_equal(
            function(tensor).numpy(), F.pil_to_tensor(function(image)).numpy()
        )


def test_random_transforms_draw_what_they_say():
    tensor = image_tensor(1, 6, 6)
    for transform, draw in (
        (transforms.RandomHorizontalFlip(), lambda: mt.rand(1)),
        (transforms.RandomVerticalFlip(), lambda: mt.rand(1)),
        (transforms.RandomApply([transforms.ToPILImage()]), lambda: mt.rand(1)),
        (transforms.RandomCrop(4), lambda: (mt.randint(0, 3, (1,)), mt.randint(0, 3, (1,)))),
        (transforms.RandomCrop(6), lambda: None),
    ):
        mt.manual_seed(3)
        transform(tensor)
        after = mt.rand(4)
        mt.manual_seed(3)
        draw()
        assert (mt.rand(4) == after).all()


def test_random_flip_always_and_never():
    tensor = image_tensor(1, 2, 2)
    assert (transforms.RandomHorizontalFlip(1.0)(tensor) == tensor.flip(-1)).all()
    assert transforms.RandomVerticalFlip(0.0)(tensor) is tensor


def test_random_crop_pads_when_needed():
    assert tuple(transforms.RandomCrop(9, pad_if_needed=True)(mt.zeros(1, 4, 12)).shape) == (
        1,
        9,
        9,
    )


# --- grids and files ------------------------------------------------------------------------------


def test_make_grid():
    images = mt.arange(5.0).view(5, 1, 1, 1).expand(5, 1, 2, 3)
    grid = utils.make_grid(images, nrow=3, padding=1, pad_value=9)
    assert tuple(grid.shape) == (3, 7, 13)
    expected = np.full((7, 13), 9.0)
    for i in range(5):
        top, left = 1 + 3 * (i // 3), 1 + 4 * (i % 3)
        expected[top : top + 2, left : left + 3] = i
    for channel in grid.numpy():
        np.testing.assert_array_equal(channel, expected)
    assert (utils.make_grid(list(images), nrow=3, padding=1, pad_value=9) == grid).all()


def test_make_grid_of_one_picture():
    for shape in ((4, 5), (1, 4, 5), (1, 1, 4, 5), (3, 4, 5)):
        assert tuple(utils.make_grid(mt.zeros(*shape)).shape) == (3, 4, 5)


def test_make_grid_normalizes():
    images = mt.tensor([[0.0, 2.0], [4.0, 8.0]]).view(2, 1, 1, 2)
    before = images.clone()
    together = utils.make_grid(images, padding=0, normalize=True)
    assert together[0].tolist() == [[0.0, 0.25, 0.5, 1.0]]
    singly = utils.make_grid(images, padding=0, normalize=True, scale_each=True)
    assert singly[0].tolist() == [[0.0, 1.0, 0.0, 1.0]]
    ranged = utils.make_grid(images, padding=0, normalize=True, value_range=(2, 4))
    assert ranged[0].tolist() == [[0.0, 0.0, 1.0, 1.0]]
    assert (images == before).all()


def test_make_grid_records_nothing():
    assert not utils.make_grid(mt.zeros(2, 3, 4, 4, requires_grad=True)).requires_grad


def test_make_grid_errors():
    with pytest.raises(TypeError, match="tensor or list of tensors expected, got <class 'tuple'>"):
        utils.make_grid((mt.zeros(1, 2, 2),))
    with pytest.raises(TypeError, match="got a list containing <class 'int'>"):
        utils.make_grid([mt.zeros(1, 2, 2), 1])
    with pytest.raises(TypeError, match="value_range has to be a tuple"):
        utils.make_grid(mt.zeros(2, 1, 2, 2), normalize=True, value_range=[0, 1])


def test_save_image(tmp_path):
    image = mt.tensor([[[0.0, 0.5], [1.0, 2.0]]])
    utils.save_image(image, tmp_path / "one.png")
    pixels = np.asarray(Image.open(tmp_path / "one.png"))
    np.testing.assert_array_equal(pixels, np.array([[0, 128], [255, 255]])[..., None].repeat(3, 2))
    assert image.flatten().tolist() == [0.0, 0.5, 1.0, 2.0]
    buffer = io.BytesIO()
    utils.save_image(mt.zeros(5, 3, 8, 8), buffer, format="png", nrow=2, padding=1)
    assert Image.open(buffer).size == (19, 28)


def test_save_image_without_pillow(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(ImportError, match="pip install Pillow"):
        utils.save_image(mt.zeros(1, 2, 2), tmp_path / "x.png")


# --- beside torchvision ---------------------------------------------------------------------------


def to_numpy(value):
    return np.asarray(value) if isinstance(value, Image.Image) else value.numpy()


def assert_pictures_agree(ours, theirs, steps=0):
    """Integers to within ``steps``; floats to rounding, as sums are taken in another order."""
    a, b = to_numpy(ours), to_numpy(theirs)
    assert a.dtype == b.dtype and a.shape == b.shape
    if a.dtype.kind == "f":
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
    else:
        np.testing.assert_allclose(a.astype(int), b.astype(int), rtol=0, atol=steps)


def beside(torchvision, apply, ours, steps=0):
    """Checks ``apply(transforms, picture)`` against torchvision, for an image or a tensor."""
    import torch

    theirs = ours if isinstance(ours, Image.Image) else torch.from_numpy(ours.numpy().copy())
    results = []
    for lib, module, pic in ((mt, transforms, ours), (torch, torchvision.transforms, theirs)):
        lib.manual_seed(5)
        results.append((apply(module, pic), lib.rand(2).tolist()))
    (a, drawn_a), (b, drawn_b) = results
    assert_pictures_agree(a, b, steps)
    assert drawn_a == drawn_b


GEOMETRY = {
    "center_crop": lambda t, p: t.CenterCrop(5)(p),
    "center_crop_larger": lambda t, p: t.CenterCrop((11, 4))(p),
    "center_crop_all": lambda t, p: t.CenterCrop((13, 13))(p),
    "pad": lambda t, p: t.Pad((1, 2, 3, 4), 7)(p),
    "pad_edge": lambda t, p: t.Pad(3, padding_mode="edge")(p),
    "pad_reflect": lambda t, p: t.Pad((2, 3), padding_mode="reflect")(p),
    "pad_symmetric": lambda t, p: t.Pad((2, 3), padding_mode="symmetric")(p),
    "pad_negative": lambda t, p: t.functional.pad(p, [-1, 2, 1, -2]),
    "hflip": lambda t, p: t.RandomHorizontalFlip()(p),
    "vflip": lambda t, p: t.RandomVerticalFlip(0.9)(p),
    "apply": lambda t, p: t.RandomApply([t.CenterCrop(3), t.Pad(1)], p=0.7)(p),
    "random_crop": lambda t, p: t.RandomCrop(4)(p),
    "random_crop_padded": lambda t, p: t.RandomCrop((5, 6), padding=3, fill=2)(p),
    "random_crop_needed": lambda t, p: t.RandomCrop(12, pad_if_needed=True, padding_mode="edge")(p),
    "crop_outside": lambda t, p: t.functional.crop(p, -3, 4, 5, 20),
    "grey": lambda t, p: t.Grayscale()(p),
    "grey3": lambda t, p: t.Grayscale(3)(p),
    "resize_short": lambda t, p: t.Resize(4)(p),
    "resize_max": lambda t, p: t.Resize(5, max_size=6)(p),
    "resize_up": lambda t, p: t.Resize((15, 17))(p),
    "resize_bicubic": lambda t, p: t.Resize((4, 17), t.InterpolationMode.BICUBIC)(p),
    "resize_nearest": lambda t, p: t.Resize((4, 17), t.InterpolationMode.NEAREST)(p),
}
TENSORS_ONLY = {
    "resize_plain": lambda t, p: t.Resize((4, 17), antialias=False)(p),
    "resize_plain_bicubic": lambda t, p: t.Resize((15, 3), 3, antialias=False)(p),
    "resize_exact": lambda t, p: t.Resize((4, 17), t.InterpolationMode.NEAREST_EXACT)(p),
    "normalize": lambda t, p: t.Normalize([0.1, 0.2, 0.3], [0.4, 0.5, 0.6])(p.float()),
    "to_pil": lambda t, p: t.ToPILImage()(p),
}
PICTURES_ONLY = {
    "to_tensor": lambda t, p: t.ToTensor()(p),
    "pil_to_tensor": lambda t, p: t.PILToTensor()(p),
    "resize_lanczos": lambda t, p: t.Resize((4, 17), t.InterpolationMode.LANCZOS)(p),
    "pad_colours": lambda t, p: t.Pad(1, fill=tuple(range(len(p.getbands()))))(p),
}


@pytest.mark.compare
@pytest.mark.parametrize("name", [*GEOMETRY, *PICTURES_ONLY])
@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA"])
def test_pictures_beside_torchvision(torchvision, name, mode):
    beside(torchvision, (GEOMETRY | PICTURES_ONLY)[name], picture(mode))


@pytest.mark.compare
@pytest.mark.parametrize("mode", ["1", "I", "F", "P", "LA", "CMYK", "YCbCr", "HSV"])
def test_conversion_beside_torchvision(torchvision, mode):
    for apply in (PICTURES_ONLY["to_tensor"], PICTURES_ONLY["pil_to_tensor"]):
        beside(torchvision, apply, picture(mode))


@pytest.mark.compare
@pytest.mark.parametrize("name", [*GEOMETRY, *TENSORS_ONLY])
@pytest.mark.parametrize("dtype", ["float32", "uint8"])
def test_tensors_beside_torchvision(torchvision, name, dtype):
    # A weighted sum of bytes can fall on a half, where its last bit decides how it is rounded.
    steps = 1 if name.startswith("resize") else 0
    ours = image_tensor(3, 7, 10, dtype=dtype)
    beside(torchvision, (GEOMETRY | TENSORS_ONLY)[name], ours, steps)


@pytest.mark.compare
def test_crops_beside_torchvision(torchvision):
    for top, left, height, width in itertools.product((-9, -1, 0, 5), (-2, 3, 11), (1, 9), (2, 14)):
        for pic in (picture(), image_tensor(2, 7, 10)):
            beside(torchvision, lambda t, p: t.functional.crop(p, top, left, height, width), pic)  # noqa: B023


@pytest.mark.compare
def test_errors_beside_torchvision(torchvision):
    for kind, message, call in BAD_ARGUMENTS.values():
        with pytest.raises(kind, match=message):
            call(torchvision.transforms)


@pytest.mark.compare
def test_reprs_beside_torchvision(torchvision):
    for text, make in REPRS.items():
        assert repr(make(torchvision.transforms)) == text


@pytest.mark.compare
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"nrow": 3, "padding": 1, "pad_value": 0.5},
        {"normalize": True},
        {"normalize": True, "scale_each": True, "nrow": 2},
        {"normalize": True, "value_range": (0.2, 0.7)},
    ],
)
@pytest.mark.parametrize("shape", [(5, 3, 4, 6), (7, 1, 3, 3), (1, 1, 3, 3), (3, 4, 5), (4, 5)])
def test_make_grid_beside_torchvision(torchvision, shape, options):
    import torch

    ours = image_tensor(*shape)
    theirs = torchvision.utils.make_grid(torch.from_numpy(ours.numpy()), **options)
    assert_pictures_agree(utils.make_grid(ours, **options), theirs)


@pytest.mark.compare
def test_mnist_beside_torchvision(torchvision, tmp_path):
    write_mnist(tmp_path)
    for cls, train in ((MNIST, True), (MNIST, False)):
        steps = [
            module.Compose([module.ToTensor(), module.Normalize((0.1,), (0.3,))])
            for module in (transforms, torchvision.transforms)
        ]
        ours = cls(tmp_path, train, steps[0])
        theirs = torchvision.datasets.MNIST(tmp_path, train, steps[1])
        assert repr(ours) == repr(theirs) and ours.class_to_idx == theirs.class_to_idx
        for i in range(len(ours)):
            assert_pictures_agree(ours[i][0], theirs[i][0])
            assert ours[i][1] == theirs[i][1]
    for name in ("MNIST", "FashionMNIST", "KMNIST"):
        ours, theirs = getattr(datasets, name), getattr(torchvision.datasets, name)
        assert (ours.mirrors, ours.resources, ours.classes) == (
            theirs.mirrors,
            theirs.resources,
            theirs.classes,
        )
