"""CelebA: faces of celebrities with attributes.  Source: torchvision.datasets.celeba."""

import os
from collections.abc import Callable
from typing import Any, NamedTuple

from minitorch.ops.creation import tensor
from minitorch.tensor import Tensor
from minitorch.vision._pillow import open_image
from minitorch.vision.datasets.utils import (
    check_integrity,
    download_file_from_google_drive,
    extract_archive,
    verify_str_arg,
)
from minitorch.vision.datasets.vision import VisionDataset

__all__ = ["CSV", "CelebA"]


class CSV(NamedTuple):
    """A table of CelebA: the names of its columns and rows, and its numbers, int64."""

    header: list[str]
    index: list[str]  # type: ignore[assignment]
    data: Tensor


class CelebA(VisionDataset):
    """202,599 faces of 10,177 people, aligned, 178 x 218 pixels.

    The files lie in ``root/celeba``.  A sample is ``(picture, target)``, after the transforms.

    Args:
        root: the folder that holds ``celeba``.
        split: "train", "valid", "test" or "all".
        target_type: what the target is, or a list of these: "attr", 40 attributes of 0 and 1;
            "identity", the number of the person; "bbox", (x, y, width, height) in the picture
            before it was aligned; "landmarks", x and y of eyes, nose and corners of the mouth.  An
            empty list makes the target None.
        transform: applied to each picture.
        target_transform: applied to each target.
        download: fetch the files from Google Drive, with the package gdown.

    Attributes: ``filename``, a list; ``identity``, ``bbox``, ``landmarks_align`` and ``attr``,
    int64 tensors of one row per picture; ``attr_names``.
    Errors: ValueError for another split, or a ``target_type`` that is none; RuntimeError where
    files are absent or damaged.
    Source: torchvision.datasets.CelebA; Z. Liu and others, "Deep Learning Face Attributes in the
    Wild", 2015.
    """

    base_folder = "celeba"
    #: The number at Google Drive, MD5 and name of each file.
    file_list = [
        (
            "0B7EVK8r0v71pZjFTYXZWM3FlRnM",
            "00d2c5bc6d35e252742224ab0c1e8fcb",
            "img_align_celeba.zip",
        ),
        (
            "0B7EVK8r0v71pblRyaVFSWGxPY0U",
            "75e246fa4810816ffd6ee81facbd244c",
            "list_attr_celeba.txt",
        ),
        (
            "1_ee_0u7vcNLOfNLegJRHmolfH5ICW-XS",
            "32bd1bd63d3c78cd57e08160ec5ed1e2",
            "identity_CelebA.txt",
        ),
        (
            "0B7EVK8r0v71pbThiMVRxWXZ4dU0",
            "00566efa6fedff7a56946cd1c10f1c16",
            "list_bbox_celeba.txt",
        ),
        (
            "0B7EVK8r0v71pd0FJY3Blby1HUTQ",
            "cc24ecafdb5b50baae59b03474781f8c",
            "list_landmarks_align_celeba.txt",
        ),
        (
            "0B7EVK8r0v71pY0NSMzRuSXJEVkk",
            "d32c9cbf5e040fd4025c592c306e6668",
            "list_eval_partition.txt",
        ),
    ]

    root: Any

    def __init__(
        self,
        root: str | os.PathLike[str],
        split: str = "train",
        target_type: list[str] | str = "attr",
        transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None,
        download: bool = False,
    ) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        self.split = split
        self.target_type = target_type if isinstance(target_type, list) else [target_type]
        if not self.target_type and target_transform is not None:
            raise RuntimeError("target_transform is specified but target_type is empty")
        if download:
            self.download()
        if not self._check_integrity():
            raise RuntimeError(
                "Dataset not found or corrupted. You can use download=True to download it. "
                f"Looked into {self._path('')}"
            )
        lowered = split.lower() if isinstance(split, str) else split
        number = ("train", "valid", "test", "all").index(
            verify_str_arg(lowered, "split", ("train", "valid", "test", "all"))
        )
        splits = self._load_csv("list_eval_partition.txt")
        identity = self._load_csv("identity_CelebA.txt")
        bbox = self._load_csv("list_bbox_celeba.txt", header=1)
        landmarks = self._load_csv("list_landmarks_align_celeba.txt", header=1)
        attributes = self._load_csv("list_attr_celeba.txt", header=1)
        rows = [i for i, part in enumerate(splits.data[:, 0].tolist()) if number in (part, 3)]
        self.filename = [splits.index[row] for row in rows]
        self.identity = identity.data[rows]
        self.bbox = bbox.data[rows]
        self.landmarks_align = landmarks.data[rows]
        self.attr = (attributes.data[rows] + 1) // 2  # from -1 and 1 to 0 and 1
        self.attr_names = attributes.header

    def _path(self, name: str) -> str:
        return os.path.join(self.root, self.base_folder, name)

    def _load_csv(self, filename: str, header: int | None = None) -> CSV:
        with open(self._path(filename)) as file:
            # torch: the header keeps the empty column that the space at its end makes.
            lines = [line.rstrip("\n") for line in file]
        names: list[str] = []
        if header is not None:
            names = [name for name in lines[header].split(" ")]
            lines = lines[header + 1 :]
        rows = [line.split() for line in lines]
        return CSV(
            names, [row[0] for row in rows], tensor([[int(x) for x in row[1:]] for row in rows])
        )

    def _check_integrity(self) -> bool:
        tables = [(md5, name) for _, md5, name in self.file_list if not name.endswith(".zip")]
        # Whoever has unpacked the pictures may have deleted the archive.
        return all(
            check_integrity(self._path(name), md5) for md5, name in tables
        ) and os.path.isdir(self._path("img_align_celeba"))

    def download(self) -> None:
        """Fetches and unpacks the files, unless they are there.

        Errors: RuntimeError without the package gdown, or for a damaged file.
        """
        if self._check_integrity():
            return
        for number, md5, name in self.file_list:
            download_file_from_google_drive(number, self._path(""), name, md5)
        extract_archive(self._path("img_align_celeba.zip"))

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        picture = open_image(self._path(os.path.join("img_align_celeba", self.filename[index])))
        targets = [self._target(kind, index) for kind in self.target_type]
        if self.transform is not None:
            picture = self.transform(picture)
        if not targets:
            return picture, None
        target = tuple(targets) if len(targets) > 1 else targets[0]
        if self.target_transform is not None:
            target = self.target_transform(target)
        return picture, target

    def _target(self, kind: str, index: int) -> Tensor:
        if kind == "identity":
            return self.identity[index, 0]
        tables = {"attr": self.attr, "bbox": self.bbox, "landmarks": self.landmarks_align}
        if kind not in tables:
            raise ValueError(f'Target type "{kind}" is not recognized.')
        return tables[kind][index, :]

    def __len__(self) -> int:
        return len(self.attr)

    def extra_repr(self) -> str:
        return f"Target type: {self.target_type}\nSplit: {self.split}"
