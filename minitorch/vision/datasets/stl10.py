"""STL-10: objects of ten classes, few of them labelled.  Source: torchvision.datasets.stl10."""

import os
from collections.abc import Callable
from typing import Any

import numpy as np

from minitorch.vision._pillow import pillow_image
from minitorch.vision.datasets.utils import (
    check_integrity,
    download_and_extract_archive,
    verify_str_arg,
)
from minitorch.vision.datasets.vision import VisionDataset

__all__ = ["STL10"]

_SIDE = 96  # pixels


class STL10(VisionDataset):
    """Objects of ten classes, 96 x 96 colour pixels: 5,000 to train on, 8,000 to test, 100,000
    without a class.

    The files lie in ``root/stl10_binary``.  A sample is ``(picture, class)``, a Pillow image of
    mode "RGB" and an int, -1 for no class, after the transforms.

    Args:
        root: the folder that holds ``stl10_binary``.
        split: "train", "test", "unlabeled" or "train+unlabeled".
        folds: which of the ten sets of 1,000 pictures to train on, 0 ... 9; all when None.
        transform: applied to each picture.
        target_transform: applied to each class.
        download: fetch and unpack the archive where files are absent or damaged.

    Attributes: ``data``, a NumPy array of bytes (N, 3, 96, 96); ``labels``, (N,); ``classes``.
    Errors: ValueError for another split or fold; RuntimeError where files are absent or have
    another MD5.
    Source: torchvision.datasets.STL10; A. Coates, H. Lee, A. Ng, "An Analysis of Single-Layer
    Networks in Unsupervised Feature Learning", 2011.
    """

    base_folder = "stl10_binary"
    url = "http://ai.stanford.edu/~acoates/stl10/stl10_binary.tar.gz"
    filename = "stl10_binary.tar.gz"
    tgz_md5 = "91f7769df0f17e558f3565bffb0c7dfb"
    class_names_file = "class_names.txt"
    folds_list_file = "fold_indices.txt"
    train_list = [
        ["train_X.bin", "918c2871b30a85fa023e0c44e0bee87f"],
        ["train_y.bin", "5a34089d4802c674881badbb80307741"],
        ["unlabeled_X.bin", "5242ba1fed5e4be9e1e742405eb56ca4"],
    ]
    test_list = [
        ["test_X.bin", "7f263ba9f9e0b06b93213547f721ac82"],
        ["test_y.bin", "36f9794fa4beb8a2c72628de14fa638e"],
    ]
    splits = ("train", "train+unlabeled", "unlabeled", "test")

    root: Any

    def __init__(
        self,
        root: str | os.PathLike[str],
        split: str = "train",
        folds: int | None = None,
        transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None,
        download: bool = False,
    ) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        self.split = verify_str_arg(split, "split", self.splits)
        self.folds = self._verify_folds(folds)
        if download:
            self.download()
        if not self._check_integrity():
            raise RuntimeError(
                "Dataset not found or corrupted. You can use download=True to download it. "
                f"Looked into {self._path('')}"
            )
        parts = []
        if split == "test":
            parts.append((self._pictures("test_X.bin"), self._bytes("test_y.bin") - 1))
        if split.startswith("train"):
            data, labels = self._pictures("train_X.bin"), self._bytes("train_y.bin") - 1
            rows = self._fold()
            parts.append((data[rows], labels[rows]))
        if split.endswith("unlabeled"):
            data = self._pictures("unlabeled_X.bin")
            parts.append((data, np.full(len(data), -1)))
        self.data, self.labels = (
            part[0] if len(part) == 1 else np.concatenate(part) for part in zip(*parts, strict=True)
        )
        names = self._path(self.class_names_file)
        if os.path.isfile(names):
            with open(names) as file:
                self.classes = file.read().splitlines()

    @staticmethod
    def _verify_folds(folds: int | None) -> int | None:
        if folds is None or (isinstance(folds, int) and folds in range(10)):
            return folds
        if isinstance(folds, int):
            raise ValueError(
                f"Value for argument folds should be in the range [0, 10), but got {folds}."
            )
        raise ValueError(
            f"Expected type None or int for argument folds, but got type {type(folds)}."
        )

    def _path(self, name: str) -> str:
        return os.path.join(self.root, self.base_folder, name)

    def _bytes(self, name: str) -> np.ndarray:
        return np.fromfile(self._path(name), dtype=np.uint8)

    def _pictures(self, name: str) -> np.ndarray:
        # The file goes down the columns: (N, C, W, H) -> (N, C, H, W).
        return self._bytes(name).reshape(-1, 3, _SIDE, _SIDE).transpose(0, 1, 3, 2)

    def _fold(self) -> Any:
        """The numbers of the pictures of the fold; all of them where none is asked for."""
        if self.folds is None:
            return slice(None)
        with open(self._path(self.folds_list_file)) as file:
            return np.array(file.read().splitlines()[self.folds].split(), dtype=np.int64)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        picture = pillow_image().fromarray(self.data[index].transpose(1, 2, 0))
        return self._transformed(picture, int(self.labels[index]))

    def __len__(self) -> int:
        return len(self.data)

    def _check_integrity(self) -> bool:
        return all(
            check_integrity(self._path(name), md5) for name, md5 in self.train_list + self.test_list
        )

    def download(self) -> None:
        """Fetches and unpacks the archive, unless all files are there.

        Errors: URLError, an OSError, where it cannot be had; RuntimeError for a damaged one.
        """
        if not self._check_integrity():
            download_and_extract_archive(
                self.url, self.root, filename=self.filename, md5=self.tgz_md5
            )

    def extra_repr(self) -> str:
        return f"Split: {self.split}"
