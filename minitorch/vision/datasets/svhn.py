"""Street View House Numbers.  Source: torchvision.datasets.svhn."""

import os
from collections.abc import Callable
from typing import Any

import numpy as np

from minitorch.vision._pillow import pillow_image
from minitorch.vision.datasets._matlab import load_mat
from minitorch.vision.datasets.utils import check_integrity, download_url, verify_str_arg
from minitorch.vision.datasets.vision import VisionDataset

__all__ = ["SVHN"]


class SVHN(VisionDataset):
    """Digits cut out of photographs of house numbers, 32 x 32 colour pixels.

    The files lie in ``root``.  A sample is ``(picture, digit)``, a Pillow image of mode "RGB" and
    an int, after the transforms.

    Args:
        root: the folder of the files.
        split: "train", "test" or "extra", the easier ones.
        transform: applied to each picture.
        target_transform: applied to each digit.
        download: fetch the file where it is absent or damaged.

    Attributes: ``data``, a NumPy array of bytes (N, 3, 32, 32); ``labels``, int64 (N,).
    Errors: ValueError for another split; RuntimeError where the file is absent or has another MD5;
    ImportError without SciPy.
    Source: torchvision.datasets.SVHN; Y. Netzer and others, "Reading Digits in Natural Images with
    Unsupervised Feature Learning", 2011.
    """

    #: Of each split the address of the file, its name and its MD5.
    split_list = {
        "train": [
            "http://ufldl.stanford.edu/housenumbers/train_32x32.mat",
            "train_32x32.mat",
            "e26dedcc434d2e4c54c9b2d4a06d8373",
        ],
        "test": [
            "http://ufldl.stanford.edu/housenumbers/test_32x32.mat",
            "test_32x32.mat",
            "eb5a983be6a315427106f1b164d9cef3",
        ],
        "extra": [
            "http://ufldl.stanford.edu/housenumbers/extra_32x32.mat",
            "extra_32x32.mat",
            "a93ce644f1a588dc4d68dda5feec44a7",
        ],
    }

    root: Any

    def __init__(
        self,
        root: str | os.PathLike[str],
        split: str = "train",
        transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None,
        download: bool = False,
    ) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        self.split = verify_str_arg(split, "split", self.split_list)
        self.url, self.filename, self.file_md5 = self.split_list[split]
        if download:
            self.download()
        if not self._check_integrity():
            raise RuntimeError(
                "Dataset not found or corrupted. You can use download=True to download it. "
                f"Looked at {os.path.join(self.root, self.filename)}"
            )
        content = load_mat(os.path.join(self.root, self.filename))
        self.data = content["X"].transpose(3, 2, 0, 1)  # (H, W, C, N) -> (N, C, H, W)
        self.labels = content["y"].astype(np.int64).squeeze()
        self.labels[self.labels == 10] = 0  # the file calls the digit 0 so

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        picture = pillow_image().fromarray(self.data[index].transpose(1, 2, 0))
        return self._transformed(picture, int(self.labels[index]))

    def __len__(self) -> int:
        return len(self.data)

    def _check_integrity(self) -> bool:
        return check_integrity(
            os.path.join(self.root, self.filename), self.split_list[self.split][2]
        )

    def download(self) -> None:
        """Fetches the file, unless it is there with the right MD5.

        Errors: URLError, an OSError, where it cannot be had; RuntimeError for a damaged one.
        """
        download_url(self.url, self.root, self.filename, self.split_list[self.split][2])

    def extra_repr(self) -> str:
        return f"Split: {self.split}"
