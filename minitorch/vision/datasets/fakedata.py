"""Pictures of noise, to try a program on.  Source: torchvision.datasets.fakedata."""

from collections.abc import Callable
from typing import Any

from minitorch.ops.random import randint, randn
from minitorch.random import get_rng_state, manual_seed, set_rng_state
from minitorch.vision.datasets.vision import VisionDataset
from minitorch.vision.transforms.functional import to_pil_image

__all__ = ["FakeData"]


class FakeData(VisionDataset):
    """Pictures of noise with random classes; the same ones at every look.

    Args:
        size: how many.
        image_size: (channels, height, width).
        num_classes: how many classes.
        transform: applied to each picture, a Pillow image.
        target_transform: applied to each class, a tensor of one int64, and gives one.
        random_offset: added to the index, which is the seed of a sample.

    Draws: nothing; the default generator comes back as it was.
    Errors: IndexError from ``size`` on; ImportError from taking a sample without Pillow.
    Source: torchvision.datasets.FakeData.
    """

    def __init__(
        self,
        size: int = 1000,
        image_size: tuple[int, int, int] = (3, 224, 224),
        num_classes: int = 10,
        transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None,
        random_offset: int = 0,
    ) -> None:
        super().__init__(transform=transform, target_transform=target_transform)
        self.size = size
        self.num_classes = num_classes
        self.image_size = image_size
        self.random_offset = random_offset

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        if index >= len(self):
            raise IndexError(f"{type(self).__name__} index out of range")
        state = get_rng_state()
        manual_seed(index + self.random_offset)
        try:
            noise = randn(*self.image_size)
            target = randint(0, self.num_classes, (1,))[0]
        finally:
            set_rng_state(state)
        picture, target = self._transformed(to_pil_image(noise), target)
        return picture, target.item()

    def __len__(self) -> int:
        return self.size
