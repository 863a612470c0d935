"""CIFAR: small colour pictures of ten or a hundred classes.

The files are pickles of a dictionary with one array of bytes, its labels and file names.  They are
read by a reader of our own that knows arrays, and nothing that could run.
Source: torchvision.datasets.cifar.
"""

import io
import os
import pickle
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minitorch.tensor import Tensor, wrap
from minitorch.vision._pillow import pillow_image
from minitorch.vision.datasets._batching import batch_transform, rows_of
from minitorch.vision.datasets.utils import check_integrity, download_and_extract_archive
from minitorch.vision.datasets.vision import VisionDataset

__all__ = ["CIFAR10", "CIFAR100"]


class CIFAR10(VisionDataset):
    """Objects of ten classes: 50,000 pictures to train on and 10,000 to test, 32 x 32 pixels.

    The files lie in ``root/cifar-10-batches-py``.  A sample is ``(picture, class)``, a Pillow image
    of mode "RGB" and an int, after the transforms.

    Args:
        root: the folder that holds ``cifar-10-batches-py``.
        train: the pictures to train on, else those to test.
        transform: applied to each picture.
        target_transform: applied to each class.
        download: fetch and unpack the archive where files are absent or damaged.

    Attributes: ``data``, a NumPy array of bytes (N, 32, 32, 3); ``targets``, a list of ints;
    ``classes``; ``class_to_idx``.
    Errors: RuntimeError where files are absent or have another MD5; ValueError for a file that
    holds anything but arrays, numbers, strings, lists and dictionaries; ImportError from taking a
    sample without Pillow.
    Source: torchvision.datasets.CIFAR10; A. Krizhevsky, "Learning Multiple Layers of Features from
    Tiny Images", 2009.
    """

    base_folder = "cifar-10-batches-py"
    url = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
    filename = "cifar-10-python.tar.gz"
    tgz_md5 = "c58f30108f718f92721af3b95e74349a"
    #: The files of the pictures to train on, and the MD5 of each.
    train_list = [
        ["data_batch_1", "c99cafc152244af753f735de768cd75f"],
        ["data_batch_2", "d4bba439e000b95fd0a9bffe97cbabec"],
        ["data_batch_3", "54ebc095f3ab1f0389bbae665268c751"],
        ["data_batch_4", "634d18415352ddfa80567beed471001a"],
        ["data_batch_5", "482c414d41f54cd18b22e5b47cb7c3cb"],
    ]
    test_list = [["test_batch", "40351d587109b95175f43aff81a1287e"]]
    #: The file of the names of the classes.
    meta = {
        "filename": "batches.meta",
        "key": "label_names",
        "md5": "5ff9c542aee3614f3951f8cda6e48888",
    }

    root: Any

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
        elif not self._check_integrity():
            raise RuntimeError(
                "Dataset not found or corrupted. You can use download=True to download it. "
                f"Looked into {self._path('')}"
            )
        rows, self.targets = [], []
        for name, _ in self.train_list if train else self.test_list:
            batch = _load(self._path(name))
            rows.append(batch["data"])
            self.targets.extend(batch["labels" if "labels" in batch else "fine_labels"])
        # Each row holds the red pixels, then the green, then the blue ones.
        self.data = np.vstack(rows).reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
        self._load_meta()

    def _path(self, name: str) -> str:
        return os.path.join(self.root, self.base_folder, name)

    def _load_meta(self) -> None:
        path = self._path(self.meta["filename"])
        if not check_integrity(path, self.meta["md5"]):
            raise RuntimeError(
                "Dataset metadata file not found or corrupted. "
                f"You can use download=True to download it. Looked at {path}"
            )
        self.classes = _load(path)[self.meta["key"]]
        self.class_to_idx = {name: i for i, name in enumerate(self.classes)}

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        picture = pillow_image().fromarray(self.data[index])
        return self._transformed(picture, self.targets[index])

    def __len__(self) -> int:
        return len(self.data)

    def _gather(self, indices: Sequence[Any]) -> list[Tensor] | None:
        apply = batch_transform(self.transform)
        rows = rows_of(indices, len(self))
        if apply is None or rows is None or self.target_transform is not None:
            return None
        # Programs may have put something else in their place.
        if not isinstance(self.data, np.ndarray) or self.data.dtype != np.uint8:
            return None
        targets = [self.targets[row] for row in rows]
        if any(type(target) is not int for target in targets):
            return None
        pixels = np.ascontiguousarray(self.data[rows].transpose(0, 3, 1, 2))
        return [apply(wrap(pixels)), wrap(np.array(targets, dtype=np.int64))]

    def _check_integrity(self) -> bool:
        return all(
            check_integrity(self._path(name), md5) for name, md5 in self.train_list + self.test_list
        )

    def download(self) -> None:
        """Fetches and unpacks the archive, unless all files are there.

        Errors: URLError, an OSError, where it cannot be had; RuntimeError for a damaged one.
        """
        if self._check_integrity():
            return
        download_and_extract_archive(self.url, self.root, filename=self.filename, md5=self.tgz_md5)
        if not self._check_integrity():
            raise RuntimeError(
                f"Dataset not found or corrupted. {self.filename} does not hold the right files"
            )

    def extra_repr(self) -> str:
        return f"Split: {'Train' if self.train is True else 'Test'}"


class CIFAR100(CIFAR10):
    """Objects of a hundred classes, in the form of CIFAR10: ``root/cifar-100-python``.

    Source: torchvision.datasets.CIFAR100.
    """

    base_folder = "cifar-100-python"
    url = "https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz"
    filename = "cifar-100-python.tar.gz"
    tgz_md5 = "eb9058c3a382ffc7106e4002c42a8d85"
    train_list = [["train", "16019d7e3df5f24257cddd939b257f8d"]]
    test_list = [["test", "f0ef6b0ae62326f3e7ffdfab6717acfc"]]
    meta = {
        "filename": "meta",
        "key": "fine_label_names",
        "md5": "7973b15100ade9c7d40fb424638fde48",
    }


# Reading pickles without running them

#: What a reader of pickles may raise over one that is damaged.
_DAMAGE = (
    pickle.UnpicklingError,
    AttributeError,
    EOFError,
    IndexError,
    KeyError,
    OverflowError,
    RecursionError,
    TypeError,
)


def _load(path: str) -> Any:
    """What the pickle at ``path`` holds.  Raises ValueError where that is more than plain data."""
    with open(path, "rb") as file:
        content = file.read()
    try:
        return _finished(_PlainReader(io.BytesIO(content), encoding="latin1").load())
    except _DAMAGE as error:
        raise ValueError(f"{path} is no pickle of plain data: {error}") from error


class _PlainReader(pickle.Unpickler):
    """Reads pickles in which every name of a function or class stands for one of the few below."""

    def find_class(self, module: str, name: str) -> Any:
        module = module.replace("numpy.core", "numpy._core")
        if (module, name) == ("numpy._core.multiarray", "_reconstruct"):
            return lambda *_: _Array()
        if (module, name) == ("numpy._core.numeric", "_frombuffer"):
            return lambda data, dtype, shape, order: _Array((1, shape, dtype, order == "F", data))
        if (module, name) == ("numpy", "dtype"):
            return lambda code, *_: _Dtype(code)
        if (module, name) == ("numpy", "ndarray"):
            return object()  # an argument of _reconstruct, which ignores it
        if (module, name) == ("_codecs", "encode"):
            return lambda text, encoding: text.encode("latin1")  # bytes, as protocol 2 has them
        raise pickle.UnpicklingError(f"it names {module}.{name}")


class _Dtype:
    """The element type of an array, in a pickle."""

    def __init__(self, code: str) -> None:
        self.code = code

    def __setstate__(self, state: Any) -> None:
        self.code = str(state[1]).replace("|", "") + self.code


class _Array:
    """The parts of an array, in a pickle."""

    def __init__(self, state: Any = None) -> None:
        self.state = state

    def __setstate__(self, state: Any) -> None:
        self.state = state

    def array(self) -> np.ndarray:
        """The array.  Raises TypeError for one whose elements are not numbers."""
        _, shape, dtype, fortran, data = self.state
        element = np.dtype(dtype.code)
        if element.kind not in "biuf":
            raise TypeError(f"an array of {element}")
        data = data.encode("latin1") if isinstance(data, str) else data
        array = np.frombuffer(data, dtype=element).reshape(shape, order="F" if fortran else "C")
        return array.copy()  # what a pickle gives can be written


def _finished(value: Any) -> Any:
    """``value`` with the arrays in place of their parts.  Raises TypeError for other strangers."""
    if isinstance(value, dict):
        return {_finished(key): _finished(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finished(item) for item in value]
    if isinstance(value, _Array):
        return value.array()
    if value is None or isinstance(value, (bool, int, float, str, bytes)):
        return value
    raise TypeError(f"a {type(value).__name__} inside")
