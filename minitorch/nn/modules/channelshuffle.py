"""Channels of several groups in turns."""

from __future__ import annotations

from minitorch.nn import functional as F
from minitorch.nn.module import Module
from minitorch.tensor import Tensor

__all__ = ["ChannelShuffle"]


class ChannelShuffle(Module):
    """The channels of ``groups`` groups in turns, so that grouped convolutions mix them.

    Args:
        groups: how many groups the channels stand in.

    Shape: (N, C, *) -> (N, C, *).
    Errors: RuntimeError for channels that ``groups`` does not divide.
    Source: torch.nn.ChannelShuffle; Zhang et al. 2018.

    Example::

        >>> import minitorch
        >>> channels = minitorch.arange(4.0).view(1, 4, 1)
        >>> minitorch.nn.ChannelShuffle(2)(channels).flatten().tolist()
        [0.0, 2.0, 1.0, 3.0]
    """

    def __init__(self, groups: int) -> None:
        super().__init__()
        self.groups = groups

    def forward(self, input: Tensor) -> Tensor:
        return F.channel_shuffle(input, self.groups)

    def extra_repr(self) -> str:
        return f"groups={self.groups}"
