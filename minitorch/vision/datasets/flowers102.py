"""Flowers of 102 kinds.  Source: torchvision.datasets.flowers102."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from minitorch.vision.datasets._matlab import load_mat
from minitorch.vision.datasets.folder import default_loader
from minitorch.vision.datasets.utils import (
    check_integrity,
    download_and_extract_archive,
    download_url,
    verify_str_arg,
)
from minitorch.vision.datasets.vision import VisionDataset

__all__ = ["Flowers102"]


class Flowers102(VisionDataset):
    """Flowers of 102 kinds, 40 to 258 pictures of each.

    The files lie in ``root/flowers-102``.  A sample is ``(picture, kind)``, an "RGB" image and an
    int, after the transforms.

    Args:
        root: the folder that holds ``flowers-102``.
        split: "train", "val" or "test".
        transform: applied to each picture.
        target_transform: applied to each kind.
        download: fetch and unpack the files where they are absent or damaged.
        loader: reads the picture at a path.

    Attributes: ``classes``, the names of the kinds.
    Errors: ValueError for another split; RuntimeError where files are absent or damaged;
    ImportError without SciPy.
    Source: torchvision.datasets.Flowers102; M.-E. Nilsback, A. Zisserman, "Automated Flower
    Classification over a Large Number of Classes", 2008.
    """

    _download_url_prefix = "https://www.robots.ox.ac.uk/~vgg/data/flowers/102/"
    #: The name and MD5 of each file.
    _file_dict = {
        "image": ("102flowers.tgz", "52808999861908f626f3c1f4e79d11fa"),
        "label": ("imagelabels.mat", "e0620be6f572b9609742df49c70aed4d"),
        "setid": ("setid.mat", "a5357ecc9cb78c4bef273ce3793fc85c"),
    }
    _splits_map = {"train": "trnid", "val": "valid", "test": "tstid"}
    classes = [
        "pink primrose",
        "hard-leaved pocket orchid",
        "canterbury bells",
        "sweet pea",
        "english marigold",
        "tiger lily",
        "moon orchid",
        "bird of paradise",
        "monkshood",
        "globe thistle",
        "snapdragon",
        "colt's foot",
        "king protea",
        "spear thistle",
        "yellow iris",
        "globe-flower",
        "purple coneflower",
        "peruvian lily",
        "balloon flower",
        "giant white arum lily",
        "fire lily",
        "pincushion flower",
        "fritillary",
        "red ginger",
        "grape hyacinth",
        "corn poppy",
        "prince of wales feathers",
        "stemless gentian",
        "artichoke",
        "sweet william",
        "carnation",
        "garden phlox",
        "love in the mist",
        "mexican aster",
        "alpine sea holly",
        "ruby-lipped cattleya",
        "cape flower",
        "great masterwort",
        "siam tulip",
        "lenten rose",
        "barbeton daisy",
        "daffodil",
        "sword lily",
        "poinsettia",
        "bolero deep blue",
        "wallflower",
        "marigold",
        "buttercup",
        "oxeye daisy",
        "common dandelion",
        "petunia",
        "wild pansy",
        "primula",
        "sunflower",
        "pelargonium",
        "bishop of llandaff",
        "gaura",
        "geranium",
        "orange dahlia",
        "pink-yellow dahlia?",
        "cautleya spicata",
        "japanese anemone",
        "black-eyed susan",
        "silverbush",
        "californian poppy",
        "osteospermum",
        "spring crocus",
        "bearded iris",
        "windflower",
        "tree poppy",
        "gazania",
        "azalea",
        "water lily",
        "rose",
        "thorn apple",
        "morning glory",
        "passion flower",
        "lotus",
        "toad lily",
        "anthurium",
        "frangipani",
        "clematis",
        "hibiscus",
        "columbine",
        "desert-rose",
        "tree mallow",
        "magnolia",
        "cyclamen",
        "watercress",
        "canna lily",
        "hippeastrum",
        "bee balm",
        "ball moss",
        "foxglove",
        "bougainvillea",
        "camellia",
        "mallow",
        "mexican petunia",
        "bromelia",
        "blanket flower",
        "trumpet creeper",
        "blackberry lily",
    ]

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
        self._split = verify_str_arg(split, "split", ("train", "val", "test"))
        self._base_folder = Path(self.root) / "flowers-102"
        self._images_folder = self._base_folder / "jpg"
        if download:
            self.download()
        if not self._check_integrity():
            raise RuntimeError(
                "Dataset not found or corrupted. You can use download=True to download it. "
                f"Looked into {self._base_folder}"
            )
        sets = load_mat(self._base_folder / self._file_dict["setid"][0], squeeze_me=True)
        labels = load_mat(self._base_folder / self._file_dict["label"][0], squeeze_me=True)
        numbers = sets[self._splits_map[self._split]].tolist()
        kinds = labels["labels"].tolist()  # both count from 1
        self._labels = [kinds[number - 1] - 1 for number in numbers]
        self._image_files = [self._images_folder / f"image_{number:05d}.jpg" for number in numbers]
        self.loader = loader

    def __len__(self) -> int:
        return len(self._image_files)

    def __getitem__(self, idx: int) -> tuple[Any, Any]:
        return self._transformed(self.loader(self._image_files[idx]), self._labels[idx])

    def extra_repr(self) -> str:
        return f"split={self._split}"

    def _check_integrity(self) -> bool:
        tables = [self._file_dict[key] for key in ("label", "setid")]
        return self._images_folder.is_dir() and all(
            check_integrity(self._base_folder / name, md5) for name, md5 in tables
        )

    def download(self) -> None:
        """Fetches and unpacks the files, unless they are there.

        Errors: URLError, an OSError, where one cannot be had; RuntimeError for a damaged one.
        """
        if self._check_integrity():
            return
        name, md5 = self._file_dict["image"]
        download_and_extract_archive(self._download_url_prefix + name, self._base_folder, md5=md5)
        for key in ("label", "setid"):
            name, md5 = self._file_dict[key]
            download_url(self._download_url_prefix + name, self._base_folder, md5=md5)
