"""Pictures: data sets, transforms, grids.  Source: torchvision."""

from minitorch.vision import datasets, transforms, utils

__all__ = ["datasets", "transforms", "utils"]
