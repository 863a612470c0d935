"""Several transforms as one, in ``v2``."""

from collections.abc import Callable, Sequence
from typing import Any

from minitorch.nn.modules.container import ModuleList
from minitorch.ops.creation import tensor
from minitorch.ops.random import multinomial, randperm
from minitorch.vision.transforms._draws import chance
from minitorch.vision.transforms.v2._transform import Transform

__all__ = ["Compose", "RandomApply", "RandomChoice", "RandomOrder"]


class _Several(Transform):
    """Transforms to be made one after the other, each on what the one before gave."""

    def __init__(self, transforms: Sequence[Callable[..., Any]]) -> None:
        super().__init__()
        if not isinstance(transforms, (Sequence, ModuleList)):
            raise TypeError("Argument transforms should be a sequence of callables")
        if not transforms:
            raise ValueError("Pass at least one transform")
        self.transforms = transforms

    def _through(self, order: Any, inputs: tuple[Any, ...]) -> Any:
        outputs: Any = inputs if len(inputs) > 1 else inputs[0]
        for i in order:
            outputs = (
                self.transforms[i](*outputs) if len(inputs) > 1 else self.transforms[i](outputs)
            )
        return outputs


class Compose(_Several):
    """One transform after the other.

    Errors: TypeError or ValueError for ``transforms`` that are no sequence, or none.
    Source: torchvision.transforms.v2.Compose.
    """

    def forward(self, *inputs: Any) -> Any:
        return self._through(range(len(self.transforms)), inputs)

    def extra_repr(self) -> str:
        return "\n".join(f"    {transform}" for transform in self.transforms)


class RandomApply(_Several):
    """All of ``transforms``, one after the other, with probability ``p``; else none of them.

    Draws: ``rand(1)``.
    Errors: those of ``Compose``; ValueError for a ``p`` outside 0 ... 1.
    Source: torchvision.transforms.v2.RandomApply.
    """

    def __init__(self, transforms: Sequence[Callable[..., Any]], p: float = 0.5) -> None:
        super().__init__(transforms)
        if not 0.0 <= p <= 1.0:
            raise ValueError("`p` should be a floating point value in the interval [0.0, 1.0].")
        self.p = p

    def forward(self, *inputs: Any) -> Any:
        return self._through(range(len(self.transforms)) if chance(self.p) else (), inputs)

    def extra_repr(self) -> str:
        return "\n".join(f"    {transform}" for transform in self.transforms)


class RandomChoice(_Several):
    """One of ``transforms``, drawn with the weights ``p``, or equal ones.

    Draws: ``multinomial`` of one.
    Errors: those of ``Compose``; ValueError for another number of weights.
    Source: torchvision.transforms.v2.RandomChoice.
    """

    def __init__(
        self, transforms: Sequence[Callable[..., Any]], p: Sequence[float] | None = None
    ) -> None:
        super().__init__(transforms)
        weights = [1] * len(transforms) if p is None else list(p)
        if len(weights) != len(transforms):
            raise ValueError(
                "Length of p doesn't match the number of transforms: "
                f"{len(weights)} != {len(transforms)}"
            )
        self.p = [weight / sum(weights) for weight in weights]

    def forward(self, *inputs: Any) -> Any:
        return self._through([int(multinomial(tensor(self.p), 1).item())], inputs)


class RandomOrder(_Several):
    """All of ``transforms``, in random order.

    Draws: ``randperm``.
    Errors: those of ``Compose``.
    Source: torchvision.transforms.v2.RandomOrder.
    """

    def forward(self, *inputs: Any) -> Any:
        return self._through(randperm(len(self.transforms)).tolist(), inputs)
