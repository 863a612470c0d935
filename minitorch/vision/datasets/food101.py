"""Food-101: photographs of dishes.  Source: torchvision.datasets.food101."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from minitorch.vision.datasets.folder import default_loader
from minitorch.vision.datasets.utils import download_and_extract_archive, verify_str_arg
from minitorch.vision.datasets.vision import VisionDataset

__all__ = ["Food101"]


class Food101(VisionDataset):
    """Dishes of 101 classes, 750 pictures each to train on and 250 to test, up to 512 pixels wide.

    The files lie in ``root/food-101``.  A sample is ``(picture, class)``, an "RGB" image and an
    int, after the transforms.

    Args:
        root: the folder that holds ``food-101``.
        split: "train" or "test".
        transform: applied to each picture.
        target_transform: applied to each class.
        download: fetch and unpack the archive where the folder is absent.
        loader: reads the picture at a path.

    Attributes: ``classes``; ``class_to_idx``.
    Errors: ValueError for another split; RuntimeError where the folder is absent.
    Source: torchvision.datasets.Food101; L. Bossard, M. Guillaumin, L. Van Gool, "Food-101: Mining
    Discriminative Components with Random Forests", 2014.
    """

    _URL = "http://data.vision.ee.ethz.ch/cvl/food-101.tar.gz"
    _MD5 = "85eeb15f3717b99a5da872d97d918f87"

    root: Any

    def __init__(
        self,
        root: str | os.PathLike[str],
        split: str = "train",
        transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None,
        download: bool = False,
        loader: Callable[[str | os.PathLike[str]], Any] = default_loader,
    ) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        self._split = verify_str_arg(split, "split", ("train", "test"))
        self._base_folder = Path(self.root) / "food-101"
        self._meta_folder = self._base_folder / "meta"
        self._images_folder = self._base_folder / "images"
        if download:
            self._download()
        if not self._check_exists():
            raise RuntimeError(
                "Dataset not found. You can use download=True to download it. "
                f"Looked into {self._base_folder}"
            )
        names = json.loads((self._meta_folder / f"{split}.json").read_text())
        self.classes = sorted(names)
        self.class_to_idx = {name: i for i, name in enumerate(self.classes)}
        self._labels = [self.class_to_idx[name] for name, files in names.items() for _ in files]
        self._image_files = [
            self._images_folder.joinpath(*f"{file}.jpg".split("/"))
            for files in names.values()
            for file in files
        ]
        self.loader = loader

    def __len__(self) -> int:
        return len(self._image_files)

    def __getitem__(self, idx: int) -> tuple[Any, Any]:
        return self._transformed(self.loader(self._image_files[idx]), self._labels[idx])

    def extra_repr(self) -> str:
        return f"split={self._split}"

    def _check_exists(self) -> bool:
        return self._meta_folder.is_dir() and self._images_folder.is_dir()

    def _download(self) -> None:
        if not self._check_exists():
            download_and_extract_archive(self._URL, download_root=self.root, md5=self._MD5)
