"""Handwritten digits of the US postal service.  Source: torchvision.datasets.usps."""

import bz2
import os
from collections.abc import Callable
from typing import Any

import numpy as np

from minitorch.vision._pillow import pillow_image
from minitorch.vision.datasets.utils import download_url
from minitorch.vision.datasets.vision import VisionDataset

__all__ = ["USPS"]


class USPS(VisionDataset):
    """Handwritten digits: 7,291 pictures to train on and 2,007 to test, 16 x 16 grey pixels.

    The files lie in ``root``, packed, as lines of ``digit + 1, 1:value, 2:value, ...`` with values
    -1 ... 1.  A sample is ``(picture, digit)``, a Pillow image of mode "L" and an int, after the
    transforms.

    Args:
        root: the folder of the files.
        train: the pictures to train on, else those to test.
        transform: applied to each picture.
        target_transform: applied to each digit.
        download: fetch the file where it is absent.

    Attributes: ``data``, a NumPy array of bytes (N, 16, 16); ``targets``, a list of ints.
    Errors: FileNotFoundError where the file is absent; URLError, an OSError, where it cannot be
    had; RuntimeError for a damaged one.
    Source: torchvision.datasets.USPS; J. Hull, "A Database for Handwritten Text Recognition
    Research", 1994.
    """

    #: Of each split the address of the file, its name and its MD5.
    split_list = {
        "train": [
            "https://www.csie.ntu.edu.tw/~cjlin/libsvmtools/datasets/multiclass/usps.bz2",
            "usps.bz2",
            "ec16c51db3855ca6c91edd34d0e9b197",
        ],
        "test": [
            "https://www.csie.ntu.edu.tw/~cjlin/libsvmtools/datasets/multiclass/usps.t.bz2",
            "usps.t.bz2",
            "8ea070ee2aca1ac39742fdd1ef5ed118",
        ],
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
        url, name, md5 = self.split_list["train" if train else "test"]
        path = os.path.join(self.root, name)
        if download and not os.path.exists(path):
            download_url(url, self.root, name, md5=md5)
        with bz2.open(path, "rt") as file:
            lines = [line.split() for line in file]
        values = [[field.split(":")[-1] for field in line[1:]] for line in lines]
        pixels = np.array(values, dtype=np.float32).reshape(-1, 16, 16)
        self.data = ((pixels + 1) / 2 * 255).astype(np.uint8)
        self.targets = [int(line[0]) - 1 for line in lines]

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        return self._transformed(
            pillow_image().fromarray(self.data[index]), int(self.targets[index])
        )

    def __len__(self) -> int:
        return len(self.data)
