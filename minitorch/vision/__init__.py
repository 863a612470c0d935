"""Pictures: data sets, transforms, grids, networks.  Source: torchvision."""

from minitorch.vision import datasets, transforms, utils

__all__ = ["datasets", "models", "ops", "transforms", "utils"]

#: Imported on first use.
_LAZY = {
    "models",
    "ops",
}


def __getattr__(name):
    if name in _LAZY:
        import importlib

        return importlib.import_module(f"minitorch.vision.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
