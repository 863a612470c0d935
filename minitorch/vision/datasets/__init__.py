"""Data sets of pictures.  Source: torchvision.datasets."""

from minitorch.vision.datasets.mnist import KMNIST, MNIST, FashionMNIST
from minitorch.vision.datasets.vision import VisionDataset

__all__ = ["FashionMNIST", "KMNIST", "MNIST", "VisionDataset"]
