"""Pictures: data sets, transforms, files, grids, networks.  Source: torchvision."""

from minitorch.vision import datasets, io, transforms, utils
from minitorch.vision.version import __version__

__all__ = [
    "__version__",
    "datasets",
    "get_image_backend",
    "io",
    "models",
    "ops",
    "set_image_backend",
    "transforms",
    "tv_tensors",
    "utils",
]

#: Imported on first use.
_LAZY = {
    "models",
    "ops",
    "tv_tensors",
}


def __getattr__(name):
    if name in _LAZY:
        import importlib

        return importlib.import_module(f"minitorch.vision.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def get_image_backend() -> str:
    """The package that loads pictures: "PIL".  Source: torchvision.get_image_backend."""
    return "PIL"


def set_image_backend(backend: str) -> None:
    """Chooses the package that loads pictures; there is one.

    Errors: ValueError for a package that torchvision does not know either; NotImplementedError for
    "accimage".
    Source: torchvision.set_image_backend.
    """
    if backend not in ("PIL", "accimage"):
        raise ValueError(f"Invalid backend '{backend}'. Options are 'PIL' and 'accimage'")
    if backend != "PIL":
        raise NotImplementedError("set_image_backend: accimage is not supported, only PIL")
