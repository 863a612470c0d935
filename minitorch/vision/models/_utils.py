"""Channels rounded to multiples, and the results of layers inside.

Source: torchvision.models._utils.
"""

from __future__ import annotations

from collections import OrderedDict

from minitorch import nn
from minitorch.tensor import Tensor

__all__ = [
    "IntermediateLayerGetter",
    "make_divisible",
]


def make_divisible(v: float, divisor: int, min_value: int | None = None) -> int:
    """``v`` rounded to a multiple of ``divisor``, at most 10% down, and to ``min_value`` at least.

    Source: torchvision.models._utils._make_divisible.
    """
    nearest = int(v + divisor / 2) // divisor * divisor
    rounded = max(divisor if min_value is None else min_value, nearest)
    return rounded + divisor if rounded < 0.9 * v else rounded


_make_divisible = make_divisible  # torchvision's name


class IntermediateLayerGetter(nn.ModuleDict):
    """Runs a model's children one after the other, and returns the results of some of them.

    Args:
        model: its children must stand in the order they are used in.
        return_layers: for the name of a child the name of its result.

    Returns an OrderedDict.  Errors: ValueError for a name that no child has.
    Source: torchvision.models._utils.IntermediateLayerGetter.

    Example::

        >>> import minitorch
        >>> from minitorch.vision.models import resnet18
        >>> getter = IntermediateLayerGetter(resnet18(), {"layer1": "early", "layer3": "late"})
        >>> with minitorch.no_grad():
        ...     out = getter(minitorch.rand(1, 3, 32, 32))
        >>> [(name, tuple(value.shape)) for name, value in out.items()]
        [('early', (1, 64, 8, 8)), ('late', (1, 256, 2, 2))]
    """

    _version = 2

    def __init__(self, model: nn.Module, return_layers: dict[str, str]) -> None:
        children = dict(model.named_children())
        if not set(return_layers) <= set(children):
            raise ValueError("return_layers are not present in model")
        names = list(children)
        # What stands behind the last layer asked for is left out.
        last = max((names.index(name) for name in return_layers), default=len(names) - 1)
        super().__init__({name: children[name] for name in names[: last + 1]})
        self.return_layers = return_layers

    def forward(self, x: Tensor) -> OrderedDict[str, Tensor]:
        results: OrderedDict[str, Tensor] = OrderedDict()
        for name, module in self.items():
            x = module(x)
            if name in self.return_layers:
                results[self.return_layers[name]] = x
        return results
