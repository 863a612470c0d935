"""The weights of convolutions laid out with the channels last."""

from __future__ import annotations

from typing import Any, TypeVar

from minitorch.nn.module import Module
from minitorch.nn.modules.conv import Conv2d, Conv3d, ConvTranspose2d, ConvTranspose3d

__all__ = ["convert_conv2d_weight_memory_format", "convert_conv3d_weight_memory_format"]

_Module = TypeVar("_Module", bound=Module)


def _convert(module: Module, kinds: tuple[type, ...], memory_format: Any) -> None:
    for submodule in module.modules():
        if isinstance(submodule, kinds):
            weight: Any = submodule.weight
            weight.data = weight.detach().clone(memory_format=memory_format)


def convert_conv2d_weight_memory_format(module: _Module, memory_format: Any) -> _Module:
    """Lay out the weights of all two-dimensional convolutions in ``module`` anew.

    Args:
        memory_format: such as ``minitorch.channels_last``.

    Returns: ``module``.  Source: torch.nn.utils.convert_conv2d_weight_memory_format.
    """
    _convert(module, (Conv2d, ConvTranspose2d), memory_format)
    return module


def convert_conv3d_weight_memory_format(module: _Module, memory_format: Any) -> _Module:
    """Lay out the weights of all three-dimensional convolutions in ``module`` anew.

    Args:
        memory_format: such as ``minitorch.channels_last_3d``.

    Returns: ``module``.  Source: torch.nn.utils.convert_conv3d_weight_memory_format.
    """
    _convert(module, (Conv3d, ConvTranspose3d), memory_format)
    return module
