"""Data sets of pictures.  Source: torchvision.datasets."""

from minitorch.vision.datasets.celeba import CelebA
from minitorch.vision.datasets.cifar import CIFAR10, CIFAR100
from minitorch.vision.datasets.fakedata import FakeData
from minitorch.vision.datasets.flowers102 import Flowers102
from minitorch.vision.datasets.folder import DatasetFolder, ImageFolder
from minitorch.vision.datasets.food101 import Food101
from minitorch.vision.datasets.mnist import EMNIST, KMNIST, MNIST, QMNIST, FashionMNIST
from minitorch.vision.datasets.oxford_iiit_pet import OxfordIIITPet
from minitorch.vision.datasets.stl10 import STL10
from minitorch.vision.datasets.svhn import SVHN
from minitorch.vision.datasets.usps import USPS
from minitorch.vision.datasets.vision import VisionDataset

__all__ = [
    "CIFAR10",
    "CIFAR100",
    "CelebA",
    "DatasetFolder",
    "EMNIST",
    "FakeData",
    "FashionMNIST",
    "Flowers102",
    "Food101",
    "ImageFolder",
    "KMNIST",
    "MNIST",
    "OxfordIIITPet",
    "QMNIST",
    "STL10",
    "SVHN",
    "USPS",
    "VisionDataset",
]
