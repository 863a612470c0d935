"""Cats and dogs of 37 breeds.  Source: torchvision.datasets.oxford_iiit_pet."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from minitorch.vision._pillow import open_image
from minitorch.vision.datasets.utils import download_and_extract_archive, verify_str_arg
from minitorch.vision.datasets.vision import VisionDataset

__all__ = ["OxfordIIITPet"]


class OxfordIIITPet(VisionDataset):
    """Cats and dogs of 37 breeds, 200 pictures of each, with outlines.

    The files lie in ``root/oxford-iiit-pet``.  A sample is ``(picture, target)``, after the
    transforms.

    Args:
        root: the folder that holds ``oxford-iiit-pet``.
        split: "trainval" or "test".
        target_types: what the target is, or a sequence of these: "category", the breed;
            "binary-category", 0 for cats and 1 for dogs; "segmentation", an image of 1 (pet),
            2 (background) and 3 (edge).  An empty sequence makes the target None.
        transforms: applied to picture and target together.
        transform: applied to each picture.
        target_transform: applied to each target.
        download: fetch and unpack the archives where the folders are absent.

    Attributes: ``classes``; ``class_to_idx``; ``bin_classes``; ``bin_class_to_idx``.
    Errors: ValueError for another split or target type; RuntimeError where the folders are absent.
    Source: torchvision.datasets.OxfordIIITPet; O. Parkhi and others, "Cats and Dogs", 2012.
    """

    _RESOURCES = (
        (
            "https://www.robots.ox.ac.uk/~vgg/data/pets/data/images.tar.gz",
            "5c4f3ee8e5d25df40f4fd59a7f44e54c",
        ),
        (
            "https://www.robots.ox.ac.uk/~vgg/data/pets/data/annotations.tar.gz",
            "95a8c909bbe2e81eed6a22bccdf3f68f",
        ),
    )
    _VALID_TARGET_TYPES = ("category", "binary-category", "segmentation")

    root: Any

    def __init__(
        self,
        root: str | os.PathLike[str],
        split: str = "trainval",
        target_types: Sequence[str] | str = "category",
        transforms: Callable[[Any, Any], tuple[Any, Any]] | None = None,
        transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None,
        download: bool = False,
    ) -> None:
        self._split = verify_str_arg(split, "split", ("trainval", "test"))
        kinds = [target_types] if isinstance(target_types, str) else target_types
        self._target_types = [
            verify_str_arg(kind, "target_types", self._VALID_TARGET_TYPES) for kind in kinds
        ]
        super().__init__(root, transforms, transform, target_transform)
        self._base_folder = Path(self.root) / "oxford-iiit-pet"
        self._images_folder = self._base_folder / "images"
        self._anns_folder = self._base_folder / "annotations"
        self._segs_folder = self._anns_folder / "trimaps"
        if download:
            self._download()
        if not self._check_exists():
            raise RuntimeError(
                "Dataset not found. You can use download=True to download it. "
                f"Looked into {self._base_folder}"
            )
        lines = (self._anns_folder / f"{self._split}.txt").read_text().splitlines()
        rows = [line.split() for line in lines]  # name, breed from 1, animal from 1, and a number
        names = [row[0] for row in rows]
        self._labels = [int(row[1]) - 1 for row in rows]
        self._bin_labels = [int(row[2]) - 1 for row in rows]
        breeds = {
            (label, name.rsplit("_", 1)[0]) for name, label in zip(names, self._labels, strict=True)
        }
        self.bin_classes = ["Cat", "Dog"]
        self.classes = [
            " ".join(word.title() for word in breed.split("_")) for _, breed in sorted(breeds)
        ]
        self.bin_class_to_idx = {name: i for i, name in enumerate(self.bin_classes)}
        self.class_to_idx = {name: i for i, name in enumerate(self.classes)}
        self._images = [self._images_folder / f"{name}.jpg" for name in names]
        self._segs = [self._segs_folder / f"{name}.png" for name in names]

    def __len__(self) -> int:
        return len(self._images)

    def __getitem__(self, idx: int) -> tuple[Any, Any]:
        picture = open_image(self._images[idx]).convert("RGB")
        targets = [self._target(kind, idx) for kind in self._target_types]
        target: Any = tuple(targets) if len(targets) > 1 else (targets or [None])[0]
        if self.transforms is not None:
            picture, target = self.transforms(picture, target)
        return picture, target

    def _target(self, kind: str, idx: int) -> Any:
        if kind == "segmentation":
            return open_image(self._segs[idx])
        return (self._labels if kind == "category" else self._bin_labels)[idx]

    def _check_exists(self) -> bool:
        return self._images_folder.is_dir() and self._anns_folder.is_dir()

    def _download(self) -> None:
        if self._check_exists():
            return
        for url, md5 in self._RESOURCES:
            download_and_extract_archive(url, download_root=self._base_folder, md5=md5)
