"""The version of what stands for torchvision: minitorch's own.  Source: torchvision.version."""

from minitorch.version import __version__, cuda

__all__ = ["__version__", "cuda"]
