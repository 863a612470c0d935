"""MNIST and the data sets of its form: small grey pictures of ten classes, in IDX files.

An IDX file is a header of big-endian numbers and the bytes of one array: two zero bytes, a byte
for the element type (8: unsigned bytes), one for the number of dimensions, four for each length.
Source: torchvision.datasets.mnist.
"""

import gzip
import http.client
import io
import lzma
import math
import os
import shutil
import string
import struct
import tempfile
import warnings
import zlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minitorch.dtypes import int64, uint8
from minitorch.tensor import Tensor, wrap
from minitorch.utils.data.dataset import row_numbers
from minitorch.vision._pillow import pillow_image
from minitorch.vision.datasets._batching import batch_transform
from minitorch.vision.datasets.utils import (
    download_and_extract_archive,
    download_url,
    fetch,
    list_files,
    verify_str_arg,
)
from minitorch.vision.datasets.vision import VisionDataset

__all__ = [
    "EMNIST",
    "FashionMNIST",
    "KMNIST",
    "MNIST",
    "QMNIST",
    "read_image_file",
    "read_label_file",
    "read_sn3_pascalvincent_tensor",
]

#: The third byte of an IDX file whose elements are unsigned bytes.
_UNSIGNED_BYTES = 8
#: The element types that the third byte can mean.
_ELEMENTS = {8: "u1", 9: "i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
_NAMES = {_UNSIGNED_BYTES: "unsigned bytes", 12: "integers"}
#: What opens a packed file, by its ending.
_OPENERS: dict[str, Any] = {".gz": gzip.open, ".xz": lzma.open}
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
        return self._transformed(pillow_image().fromarray(pixels.numpy()), target)

    def __len__(self) -> int:
        return len(self.data)

    def _gather(self, indices: Sequence[Any]) -> list[Tensor] | None:
        apply = batch_transform(self.transform)
        rows = row_numbers(indices)
        if apply is None or rows is None or self.target_transform is not None:
            return None
        # Programs may have put something else in their place.
        if not isinstance(self.targets, Tensor) or self.data.dtype is not uint8:
            return None
        return [apply(self.data[rows].unsqueeze(1)), self.targets[rows].to(int64)]

    @property
    def raw_folder(self) -> str:
        """The folder of the IDX files."""
        return os.path.join(self.root, type(self).__name__, "raw")

    @property
    def processed_folder(self) -> str:
        """The folder where old programs keep what they made of the files."""
        return os.path.join(self.root, type(self).__name__, "processed")

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
                    fetch(mirror + name, os.path.join(self.raw_folder, name), md5)
                    break
                except (OSError, http.client.HTTPException) as error:
                    failures.append(f"Tried {mirror}, got:\n{error}\n")
            else:
                raise RuntimeError(f"Error downloading {name}:\n{''.join(failures)}")

    def _file_names(self) -> list[str]:
        return [name.removesuffix(".gz") for name, _ in self.resources]

    def _find(self, name: str) -> str | None:
        """The path of the file ``name``, plain or packed, or None."""
        path = os.path.join(self.raw_folder, name)
        return next((p for p in (path, path + ".gz", path + ".xz") if os.path.isfile(p)), None)

    def _check_exists(self) -> bool:
        return all(self._find(name) is not None for name in self._file_names())

    def _load_data(self) -> tuple[Tensor, Tensor]:
        prefix = "train" if self.train else "t10k"
        return self._read_pair(f"{prefix}-images-idx3-ubyte", f"{prefix}-labels-idx1-ubyte")

    def _read_pair(
        self, images_name: str, labels_name: str, read_labels: Any = None
    ) -> tuple[Tensor, Tensor]:
        """The pictures and the labels in two files, one label to a picture."""
        image_path, label_path = str(self._find(images_name)), str(self._find(labels_name))
        images, labels = read_image_file(image_path), (read_labels or read_label_file)(label_path)
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


_MERGED = set("cijklmopsuvwxyz")
_ALL = set(string.digits + string.ascii_letters)


class EMNIST(MNIST):
    """Handwritten letters and digits, in the form of MNIST: ``root/EMNIST/raw``.

    Args:
        root: the folder that holds ``EMNIST``.
        split: "byclass", 62 classes; "bymerge", 47, where letters whose capitals look alike are
            one; "balanced", as many of each of the 47; "letters", 26 in either case, counted from
            1; "digits"; or "mnist".
        **kwargs: those of ``MNIST``.

    The pictures lie on their side, as in the files.
    Errors: ValueError for another split; those of ``MNIST``.
    Source: torchvision.datasets.EMNIST; G. Cohen and others, arXiv:1702.05373.
    """

    url = "https://biometrics.nist.gov/cs_links/EMNIST/gzip.zip"
    md5 = "58c8d27c78d21e728a6bc7b3cc06412e"
    splits = ("byclass", "bymerge", "balanced", "letters", "digits", "mnist")
    classes_split_dict = {
        "byclass": sorted(_ALL),
        "bymerge": sorted(_ALL - _MERGED),
        "balanced": sorted(_ALL - _MERGED),
        "letters": ["N/A", *string.ascii_lowercase],
        "digits": list(string.digits),
        "mnist": list(string.digits),
    }

    def __init__(self, root: str | os.PathLike[str], split: str, **kwargs: Any) -> None:
        self.split = verify_str_arg(split, "split", self.splits)
        super().__init__(root, **kwargs)
        self.classes = self.classes_split_dict[self.split]

    @property
    def images_file(self) -> str:
        """The path of the unpacked file of the pictures."""
        return os.path.join(self.raw_folder, self._file_names()[0])

    @property
    def labels_file(self) -> str:
        """The path of the unpacked file of the labels."""
        return os.path.join(self.raw_folder, self._file_names()[1])

    def _file_names(self) -> list[str]:
        prefix = f"emnist-{self.split}-{'train' if self.train else 'test'}"
        return [f"{prefix}-images-idx3-ubyte", f"{prefix}-labels-idx1-ubyte"]

    def _load_data(self) -> tuple[Tensor, Tensor]:
        return self._read_pair(*self._file_names())

    def download(self) -> None:
        """Fetches the archive of all splits and unpacks it, unless the files are there.

        Errors: URLError, an OSError, where it cannot be had; RuntimeError for a damaged one.
        """
        if self._check_exists():
            return
        os.makedirs(self.raw_folder, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.raw_folder) as folder:
            download_and_extract_archive(
                self.url, self.raw_folder, extract_root=folder, md5=self.md5
            )
            packed = os.path.join(folder, "gzip")
            for name in list_files(packed, ".gz"):
                shutil.move(os.path.join(packed, name), os.path.join(self.raw_folder, name))


_QMNIST = "https://raw.githubusercontent.com/facebookresearch/qmnist/master/"


class QMNIST(MNIST):
    """MNIST made anew from the original forms, with all 60,000 pictures to test on.

    The files lie in ``root/QMNIST/raw``.

    Args:
        root: the folder that holds ``QMNIST``.
        what: "train"; "test", "test10k", those of MNIST, "test50k", the others; or "nist", all
            digits there are; None takes "train" or "test" as ``train`` says.
        compat: a target is the digit; else the whole row of what is known of the picture.
        train: the pictures to train on, else those to test.
        **kwargs: those of ``MNIST``.

    Attributes: ``data``; ``targets``, int64 (N, 8): digit, source, writer and more.
    Errors: ValueError for another ``what``; those of ``MNIST``.
    Source: torchvision.datasets.QMNIST; C. Yadav, L. Bottou, arXiv:1905.10498.
    """

    subsets = {
        "train": "train",
        "test": "test",
        "test10k": "test",
        "test50k": "test",
        "nist": "nist",
    }
    #: Of each subset the addresses of the pictures and the labels, and the MD5 of each.
    resources: Any = {
        "train": [
            (_QMNIST + "qmnist-train-images-idx3-ubyte.gz", "ed72d4157d28c017586c42bc6afe6370"),
            (_QMNIST + "qmnist-train-labels-idx2-int.gz", "0058f8dd561b90ffdd0f734c6a30e5e4"),
        ],
        "test": [
            (_QMNIST + "qmnist-test-images-idx3-ubyte.gz", "1394631089c404de565df7b7aeaf9412"),
            (_QMNIST + "qmnist-test-labels-idx2-int.gz", "5b5b05890a5e13444e108efe57b788aa"),
        ],
        "nist": [
            (_QMNIST + "xnist-images-idx3-ubyte.xz", "7f124b3b8ab81486c9d8c2749c17f834"),
            (_QMNIST + "xnist-labels-idx2-int.xz", "5ed0e788978e45d4a8bd4b7caec3d79d"),
        ],
    }

    def __init__(
        self,
        root: str | os.PathLike[str],
        what: str | None = None,
        compat: bool = True,
        train: bool = True,
        **kwargs: Any,
    ) -> None:
        if what is None:
            what = "train" if train else "test"
        self.what = verify_str_arg(what, "what", self.subsets)
        self.compat = compat
        super().__init__(root, train, **kwargs)

    @property
    def images_file(self) -> str:
        """The path of the unpacked file of the pictures."""
        return os.path.join(self.raw_folder, self._file_names()[0])

    @property
    def labels_file(self) -> str:
        """The path of the unpacked file of the labels."""
        return os.path.join(self.raw_folder, self._file_names()[1])

    def _file_names(self) -> list[str]:
        addresses = [url for url, _ in self.resources[self.subsets[self.what]]]
        return [os.path.splitext(os.path.basename(url))[0] for url in addresses]

    def _load_data(self) -> tuple[Tensor, Tensor]:
        images_name, labels_name = self._file_names()
        images, labels = self._read_pair(
            images_name,
            labels_name,
            read_labels=lambda path: wrap(_read_idx(path, 2, 12).astype(np.int64)),
        )
        part = {"test10k": slice(10000), "test50k": slice(10000, None)}.get(self.what, slice(None))
        return images[part].clone(), labels[part].clone()

    def download(self) -> None:
        """Fetches the two files of ``what``, unless they are there.

        Errors: URLError, an OSError, where one cannot be had; RuntimeError for a damaged one.
        """
        if not self._check_exists():
            for url, md5 in self.resources[self.subsets[self.what]]:
                download_url(url, self.raw_folder, md5=md5)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        target = self.targets[index]
        picture = pillow_image().fromarray(self.data[index].numpy())
        # torch: a target_transform comes after the choice of the digit, as here.
        return self._transformed(picture, int(target[0]) if self.compat else target)

    def _gather(self, indices: Sequence[Any]) -> list[Tensor] | None:
        batch = super()._gather(indices)
        if batch is not None and self.compat:
            batch[1] = batch[1][:, 0]
        return batch

    def extra_repr(self) -> str:
        return f"Split: {self.what}"


def read_sn3_pascalvincent_tensor(path: str | os.PathLike[str], strict: bool = True) -> Tensor:
    """The array in an IDX file of any type and shape, plain or packed.

    ``strict`` is accepted: a file that is cut short or too long is always refused.
    Errors: ValueError for a file that is no such thing, or cut short, or too long.
    Source: torchvision.datasets.mnist.read_sn3_pascalvincent_tensor.
    """
    array = _read_idx(path)
    return wrap(array.astype(array.dtype.newbyteorder("=")))


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


def _read_idx(
    path: str | os.PathLike[str], dimensions: int | None = None, code: int = _UNSIGNED_BYTES
) -> np.ndarray:
    """The array in the IDX file at ``path``, packed where its name says so.

    It has so many ``dimensions`` and elements of type ``code``, or any where ``dimensions`` is
    None.
    """
    path = os.fspath(path)
    try:
        with _OPENERS.get(os.path.splitext(path)[1], open)(path, "rb") as file:
            shape, element = _read_idx_header(file, path, dimensions, code)
            count = math.prod(shape) * element.itemsize
            # In pieces: a header may promise more than memory holds, a gzip file unpack to more.
            content = bytearray()
            while len(content) <= count and (piece := file.read(_PIECE)):
                content += piece
    except (EOFError, gzip.BadGzipFile, zlib.error, lzma.LZMAError) as error:
        raise ValueError(f"{path} is not a whole packed file: {error}") from error
    if len(content) != count:
        found = "more" if len(content) > count else len(content)
        raise ValueError(f"{path} should hold {count} bytes for shape {shape}, but has {found}")
    return np.frombuffer(content, dtype=element).reshape(shape)


def _read_idx_header(
    file: io.BufferedIOBase, path: str, dimensions: int | None, code: int
) -> tuple[tuple[int, ...], np.dtype]:
    """The shape and the element type that an IDX file begins with."""
    magic = file.read(4)
    if dimensions is None and len(magic) == 4 and 1 <= magic[3] <= 3:
        code, dimensions = magic[2], magic[3]
    expected = bytes((0, 0, code, dimensions or 1))
    if magic != expected or code not in _ELEMENTS:
        raise ValueError(
            f"{path} is not an IDX file"
            + (f" of {_NAMES[code]} in {dimensions} dimensions" if code in _NAMES else "")
            + f": it begins with {magic.hex() or 'nothing'}, expected {expected.hex()}"
        )
    rank = expected[3]
    lengths = file.read(4 * rank)
    if len(lengths) < 4 * rank:
        raise ValueError(f"{path} is cut short in its header")
    return struct.unpack(f">{rank}I", lengths), np.dtype(_ELEMENTS[code])
