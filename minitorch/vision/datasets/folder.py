"""Pictures in folders, one folder per class.  Source: torchvision.datasets.folder."""

import os
from collections.abc import Callable
from typing import Any

from minitorch.vision._pillow import open_image
from minitorch.vision.datasets.vision import VisionDataset

__all__ = [
    "DatasetFolder",
    "IMG_EXTENSIONS",
    "ImageFolder",
    "default_loader",
    "find_classes",
    "has_file_allowed_extension",
    "is_image_file",
    "make_dataset",
    "pil_loader",
]

_Path = str | os.PathLike[str]

#: The endings of pictures' names.
IMG_EXTENSIONS = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")


def has_file_allowed_extension(filename: str, extensions: str | tuple[str, ...]) -> bool:
    """Whether a name, in any case, ends in one of ``extensions``, which are in lower case.

    Source: torchvision.datasets.folder.has_file_allowed_extension.
    """
    return filename.lower().endswith(
        extensions if isinstance(extensions, str) else tuple(extensions)
    )


def is_image_file(filename: str) -> bool:
    """Whether a name has the ending of a picture's.

    Source: torchvision.datasets.folder.is_image_file.
    """
    return has_file_allowed_extension(filename, IMG_EXTENSIONS)


def find_classes(directory: _Path) -> tuple[list[str], dict[str, int]]:
    """The names of the folders in ``directory``, sorted, and the number of each.

    Errors: FileNotFoundError where there is none.
    Source: torchvision.datasets.folder.find_classes.
    """
    with os.scandir(directory) as entries:
        classes = sorted(entry.name for entry in entries if entry.is_dir())
    if not classes:
        raise FileNotFoundError(f"Couldn't find any class folder in {directory}.")
    return classes, {name: i for i, name in enumerate(classes)}


def make_dataset(
    directory: _Path,
    class_to_idx: dict[str, int] | None = None,
    extensions: str | tuple[str, ...] | None = None,
    is_valid_file: Callable[[str], bool] | None = None,
    allow_empty: bool = False,
) -> list[tuple[str, int]]:
    """The files under the folders of the classes: ``(path, number of the class)``, sorted.

    Args:
        directory: the folder that holds those of the classes.
        class_to_idx: the number of each class; that of ``find_classes`` when None.
        extensions: the endings of the names to take.
        is_valid_file: says of a path whether to take it; this or ``extensions``, not both.
        allow_empty: a class may have no file.

    Errors: ValueError for both or none of the two, or no class; FileNotFoundError for a class
    without a file.
    Source: torchvision.datasets.folder.make_dataset.
    """
    directory = os.path.expanduser(directory)
    if class_to_idx is None:
        class_to_idx = find_classes(directory)[1]
    elif not class_to_idx:
        raise ValueError("'class_to_index' must have at least one entry to collect any samples.")
    if (extensions is None) == (is_valid_file is None):
        raise ValueError(
            "Both extensions and is_valid_file cannot be None or not None at the same time"
        )
    samples: list[tuple[str, int]] = []
    empty = []
    for name in sorted(class_to_idx):
        known = len(samples)
        for folder, _, files in sorted(os.walk(os.path.join(directory, name), followlinks=True)):
            for path in (os.path.join(folder, file) for file in sorted(files)):
                if (
                    is_valid_file(path)
                    if is_valid_file is not None
                    else has_file_allowed_extension(path, extensions or ())
                ):
                    samples.append((path, class_to_idx[name]))
        if len(samples) == known:
            empty.append(name)
    if empty and not allow_empty:
        message = f"Found no valid file for the classes {', '.join(empty)}. "
        if extensions is not None:
            listed = extensions if isinstance(extensions, str) else ", ".join(extensions)
            message += f"Supported extensions are: {listed}"
        raise FileNotFoundError(message)
    return samples


def pil_loader(path: _Path) -> Any:
    """The picture in a file as an "RGB" image.  Source: torchvision.datasets.folder.pil_loader."""
    return open_image(path).convert("RGB")


def default_loader(path: _Path) -> Any:
    """The picture in a file as an "RGB" image of Pillow, the only image backend.

    Source: torchvision.datasets.folder.default_loader.
    """
    return pil_loader(path)


class DatasetFolder(VisionDataset):
    """Files of any kind, one folder per class: ``root/class/.../file``.

    A sample is ``(loader(path), number of the class)``, after the transforms.

    Args:
        root: the folder that holds those of the classes.
        loader: reads the file at a path.
        extensions: the endings of the names to take.
        transform: applied to what was loaded.
        target_transform: applied to the number.
        is_valid_file: says of a path whether to take it; this or ``extensions``, not both.
        allow_empty: a class may have no file.

    Attributes: ``classes``, the sorted names; ``class_to_idx``; ``samples``, pairs of path and
    number; ``targets``, the numbers.
    Errors: FileNotFoundError where there is no class, or one without a file; ValueError as
    ``make_dataset``.
    Source: torchvision.datasets.DatasetFolder.
    """

    root: Any

    def __init__(
        self,
        root: _Path,
        loader: Callable[[str], Any],
        extensions: tuple[str, ...] | None = None,
        transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None,
        is_valid_file: Callable[[str], bool] | None = None,
        allow_empty: bool = False,
    ) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        self.classes, self.class_to_idx = self.find_classes(self.root)
        self.samples = self.make_dataset(
            self.root,
            class_to_idx=self.class_to_idx,
            extensions=extensions,
            is_valid_file=is_valid_file,
            allow_empty=allow_empty,
        )
        self.loader = loader
        self.extensions = extensions
        self.targets = [target for _, target in self.samples]

    @staticmethod
    def make_dataset(
        directory: _Path,
        class_to_idx: dict[str, int],
        extensions: tuple[str, ...] | None = None,
        is_valid_file: Callable[[str], bool] | None = None,
        allow_empty: bool = False,
    ) -> list[tuple[str, int]]:
        """The samples; a subclass may find them in its own way."""
        if class_to_idx is None:
            raise ValueError("The class_to_idx parameter cannot be None.")
        return make_dataset(directory, class_to_idx, extensions, is_valid_file, allow_empty)

    def find_classes(self, directory: _Path) -> tuple[list[str], dict[str, int]]:
        """The classes and their numbers; a subclass may find them in its own way."""
        return find_classes(directory)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        path, target = self.samples[index]
        return self._transformed(self.loader(path), target)

    def __len__(self) -> int:
        return len(self.samples)


class ImageFolder(DatasetFolder):
    """Pictures, one folder per class: ``root/dog/1.png``, ``root/cat/more/2.jpg``.

    A sample is ``(picture, number of the class)``, an "RGB" image and an int, after the
    transforms.

    Args:
        root: the folder that holds those of the classes.
        transform: applied to each picture.
        target_transform: applied to the number.
        loader: reads the file at a path.
        is_valid_file: says of a path whether to take it; None takes names that end as pictures'.
        allow_empty: a class may have no file.

    Attributes: those of ``DatasetFolder``; ``imgs``, the same as ``samples``.
    Errors: FileNotFoundError where there is no class, or one without a picture; ImportError from
    taking a sample without Pillow.
    Source: torchvision.datasets.ImageFolder.
    """

    def __init__(
        self,
        root: _Path,
        transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None,
        loader: Callable[[str], Any] = default_loader,
        is_valid_file: Callable[[str], bool] | None = None,
        allow_empty: bool = False,
    ) -> None:
        super().__init__(
            root,
            loader,
            IMG_EXTENSIONS if is_valid_file is None else None,
            transform=transform,
            target_transform=target_transform,
            is_valid_file=is_valid_file,
            allow_empty=allow_empty,
        )
        self.imgs = self.samples
