"""MNIST and the data sets of its form: small grey pictures of ten classes, in IDX files.

An IDX file is a header of big-endian numbers and the bytes of one array: two zero bytes, a byte
for the element type (8: unsigned bytes), one for the number of dimensions, four for each length.
Source: torchvision.datasets.mnist.
"""

import contextlib
import gzip
import hashlib
import http.client
import io
import math
import os
import struct
import urllib.request
import warnings
import zlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minitorch.dtypes import get_default_dtype, int64, uint8
from minitorch.tensor import Tensor, wrap
from minitorch.utils.data.dataset import row_numbers
from minitorch.vision._pillow import pillow_image
from minitorch.vision.datasets.vision import VisionDataset
from minitorch.vision.transforms import Compose, Normalize, ToTensor

__all__ = ["FashionMNIST", "KMNIST", "MNIST", "read_image_file", "read_label_file"]

#: The third byte of an IDX file whose elements are unsigned bytes.
_UNSIGNED_BYTES = 8
#: How long a mirror may stay silent, in seconds.
_TIMEOUT = 30
#: How much of a file is read at once, in bytes.
_PIECE = 1 << 20


class MNIST(VisionDataset):
    """Handwritten digits: 60,000 pictures to train on and 10,000 to test, 28 x 28 grey pixels.

    The files lie in ``root/MNIST/raw``, gzipped or not.  A sample is ``(picture, digit)``, a Pillow
    image of mode "L" and an int, after the transforms.

    Args:
        root: the folder that holds ``MNIST``.
        train: the pictures to train on, else those to test.
        transform: applied to each picture.
        target_transform: applied to each digit.
        download: fetch the files where they are absent.

    Attributes: ``data``, uint8 (N, 28, 28); ``targets``, int64 (N,); ``classes``; ``class_to_idx``.
    Errors: RuntimeError where files are absent or no mirror gives them; ValueError for a damaged
    file; ImportError from taking a sample without Pillow.
    Source: torchvision.datasets.MNIST; Y. LeCun, C. Cortes, C. Burges, "The MNIST database of
    handwritten digits".
    """

    #: Where to download from, in order.
    mirrors = [
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "http://yann.lecun.com/exdb/mnist/",
    ]
    #: The files there, and the MD5 of each.
    resources = [
        ("train-images-idx3-ubyte.gz", "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
        ("train-labels-idx1-ubyte.gz", "d53e105ee54ea40749a09fcbcd1e9432"),
        ("t10k-images-idx3-ubyte.gz", "9fb629c4189551a2d022fa330f9573f3"),
        ("t10k-labels-idx1-ubyte.gz", "ec29112dd5afa0611ce80d1b7f02629c"),
    ]
    classes = [
        "0 - zero",
        "1 - one",
        "2 - two",
        "3 - three",
        "4 - four",
        "5 - five",
        "6 - six",
        "7 - seven",
        "8 - eight",
        "9 - nine",
    ]

    root: str | os.PathLike[str]
    data: Tensor
    targets: Tensor

    def __init__(
        self,
        root: str | os.PathLike[str],
        train: bool = True,
        transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None,
        download: bool = False,
    ) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        self.train = train
        if download:
            self.download()
        if not self._check_exists():
            raise RuntimeError(
                "Dataset not found. You can use download=True to download it. "
                f"Looked for {', '.join(self._file_names())}, plain or .gz, in {self.raw_folder}"
            )
        self.data, self.targets = self._load_data()

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        pixels, target = self.data[index], int(self.targets[index])
        picture = pillow_image().fromarray(pixels.numpy())
        if self.transform is not None:
            picture = self.transform(picture)
        if self.target_transform is not None:
            target = self.target_transform(target)
        return picture, target

    def __len__(self) -> int:
        return len(self.data)

    def _gather(self, indices: Sequence[Any]) -> list[Tensor] | None:
        apply = _batch_transform(self.transform)
        rows = row_numbers(indices)
        if apply is None or rows is None or self.target_transform is not None:
            return None
        # Programs may have put something else in their place.
        if not isinstance(self.targets, Tensor) or self.data.dtype is not uint8:
            return None
        return [apply(self.data[rows]), self.targets[rows].to(int64)]

    @property
    def raw_folder(self) -> str:
        """The folder of the IDX files."""
        return os.path.join(self.root, type(self).__name__, "raw")

    @property
    def class_to_idx(self) -> dict[str, int]:
        """The target of each class."""
        return {name: i for i, name in enumerate(self.classes)}

    @property
    def train_data(self) -> Tensor:
        """The old name of ``data``."""
        warnings.warn("train_data has been renamed data", stacklevel=2)
        return self.data

    @property
    def test_data(self) -> Tensor:
        """The old name of ``data``."""
        warnings.warn("test_data has been renamed data", stacklevel=2)
        return self.data

    @property
    def train_labels(self) -> Tensor:
        """The old name of ``targets``."""
        warnings.warn("train_labels has been renamed targets", stacklevel=2)
        return self.targets

    @property
    def test_labels(self) -> Tensor:
        """The old name of ``targets``."""
        warnings.warn("test_labels has been renamed targets", stacklevel=2)
        return self.targets

    def extra_repr(self) -> str:
        return f"Split: {'Train' if self.train else 'Test'}"

    def download(self) -> None:
        """Fetches the files that are absent, each from the first mirror that has it.

        A file appears under its name only when it is whole and its MD5 is right.

        Errors: RuntimeError where no mirror gives a file, saying what each of them answered.
        """
        os.makedirs(self.raw_folder, exist_ok=True)
        for name, md5 in self.resources:
            if self._find(name.removesuffix(".gz")) is not None:
                continue
            failures = []
            for mirror in self.mirrors:
                try:
                    _download(mirror + name, os.path.join(self.raw_folder, name), md5)
                    break
                except (OSError, http.client.HTTPException) as error:
                    failures.append(f"Tried {mirror}, got:\n{error}\n")
            else:
                raise RuntimeError(f"Error downloading {name}:\n{''.join(failures)}")

    def _file_names(self) -> list[str]:
        return [name.removesuffix(".gz") for name, _ in self.resources]

    def _find(self, name: str) -> str | None:
        """The path of the file ``name``, plain or gzipped, or None."""
        path = os.path.join(self.raw_folder, name)
        return next((p for p in (path, path + ".gz") if os.path.isfile(p)), None)

    def _check_exists(self) -> bool:
        return all(self._find(name) is not None for name in self._file_names())

    def _load_data(self) -> tuple[Tensor, Tensor]:
        prefix = "train" if self.train else "t10k"
        image_path, label_path = (
            str(self._find(f"{prefix}-{kind}-ubyte")) for kind in ("images-idx3", "labels-idx1")
        )
        images, labels = read_image_file(image_path), read_label_file(label_path)
        if len(images) != len(labels):
            raise ValueError(
                f"{len(images)} images in {image_path}, but {len(labels)} labels in {label_path}"
            )
        return images, labels


class FashionMNIST(MNIST):
    """Articles of clothing, in the form of MNIST: ``root/FashionMNIST/raw``.

    Source: torchvision.datasets.FashionMNIST; H. Xiao, K. Rasul, R. Vollgraf, arXiv:1708.07747.
    """

    mirrors = ["http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"]
    resources = [
        ("train-images-idx3-ubyte.gz", "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
        ("train-labels-idx1-ubyte.gz", "25c81989df183df01b3e8a0aad5dffbe"),
        ("t10k-images-idx3-ubyte.gz", "bef4ecab320f06d8554ea6380940ec79"),
        ("t10k-labels-idx1-ubyte.gz", "bb300cfdad3c16e7a12a480ee83cd310"),
    ]
    classes = [
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ]


class KMNIST(MNIST):
    """Cursive Japanese characters, in the form of MNIST: ``root/KMNIST/raw``.

    Source: torchvision.datasets.KMNIST; T. Clanuwat and others, arXiv:1812.01718.
    """

    mirrors = ["http://codh.rois.ac.jp/kmnist/dataset/kmnist/"]
    resources = [
        ("train-images-idx3-ubyte.gz", "bdb82020997e1d708af4cf47b453dcf7"),
        ("train-labels-idx1-ubyte.gz", "e144d726b3acfaa3e44228e80efcd344"),
        ("t10k-images-idx3-ubyte.gz", "5c965bf0a639b31b8f53240b1b52f4d7"),
        ("t10k-labels-idx1-ubyte.gz", "7320c461ea6c1c855c0b718fb2a4b134"),
    ]
    classes = ["o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"]


def read_image_file(path: str | os.PathLike[str]) -> Tensor:
    """The pictures in an IDX file, plain or gzipped.

    Shape: uint8 (N, H, W).
    Errors: ValueError for a file that is no such thing, or cut short, or too long.
    Source: torchvision.datasets.mnist.read_image_file.
    """
    return wrap(_read_idx(path, 3))


def read_label_file(path: str | os.PathLike[str]) -> Tensor:
    """The labels in an IDX file, plain or gzipped.

    Shape: int64 (N,).
    Errors: ValueError for a file that is no such thing, or cut short, or too long.
    Source: torchvision.datasets.mnist.read_label_file.
    """
    return wrap(_read_idx(path, 1).astype(np.int64))


def _read_idx(path: str | os.PathLike[str], dimensions: int) -> np.ndarray:
    """The array of unsigned bytes in the IDX file at ``path``, gzipped where it ends in .gz."""
    path = os.fspath(path)
    try:
        with (gzip.open if path.endswith(".gz") else open)(path, "rb") as file:
            shape = _read_idx_header(file, path, dimensions)
            count = math.prod(shape)
            # In pieces: a header may promise more than memory holds, a gzip file unpack to more.
            content = bytearray()
            while len(content) <= count and (piece := file.read(_PIECE)):
                content += piece
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ValueError(f"{path} is not a whole gzip file: {error}") from error
    if len(content) != count:
        found = "more" if len(content) > count else len(content)
        raise ValueError(f"{path} should hold {count} bytes for shape {shape}, but has {found}")
    return np.frombuffer(content, dtype=np.uint8).reshape(shape)


def _read_idx_header(file: io.BufferedIOBase, path: str, dimensions: int) -> tuple[int, ...]:
    magic = file.read(4)
    expected = bytes((0, 0, _UNSIGNED_BYTES, dimensions))
    if magic != expected:
        raise ValueError(
            f"{path} is not an IDX file of unsigned bytes in {dimensions} dimensions: "
            f"it begins with {magic.hex() or 'nothing'}, expected {expected.hex()}"
        )
    lengths = file.read(4 * dimensions)
    if len(lengths) < 4 * dimensions:
        raise ValueError(f"{path} is cut short in its header")
    return struct.unpack(f">{dimensions}I", lengths)


def _download(url: str, path: str, md5: str) -> None:
    """Fetches ``url`` to ``path``, which appears whole or not at all.

    Raises OSError or HTTPException where that fails.
    """
    request = urllib.request.Request(url, headers={"User-Agent": "minitorch"})
    with urllib.request.urlopen(request, timeout=_TIMEOUT) as response:
        content = response.read()
    found = hashlib.md5(content, usedforsecurity=False).hexdigest()
    if found != md5:
        raise OSError(f"the file has MD5 {found}, expected {md5}")
    partial = f"{path}.{os.getpid()}.part"
    try:
        with open(partial, "wb") as file:
            file.write(content)
        os.replace(partial, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(partial)
        raise


def _batch_transform(transform: Any) -> Callable[[Tensor], Tensor] | None:
    """``transform`` as a function of uint8 pictures (B, H, W), None where it must see each singly.

    ToTensor, alone or composed with Normalize after it, treats every pixel alike and draws nothing,
    so a whole batch can go through at once.
    """
    steps = transform.transforms if type(transform) is Compose else [transform]
    if not steps or type(steps[0]) is not ToTensor:
        return None
    normalizations = steps[1:]
    if any(type(step) is not Normalize for step in normalizations):
        return None

    def apply(pictures: Tensor) -> Tensor:
        batch = pictures.unsqueeze(1).to(get_default_dtype()).div(255)
        for normalize in normalizations:
            batch = normalize(batch)
        return batch

    return apply
