"""Leaving out whole branches of a network at random.  Source: torchvision.ops.stochastic_depth."""

from __future__ import annotations

from minitorch import nn
from minitorch.ops.creation import empty
from minitorch.tensor import Tensor

__all__ = [
    "StochasticDepth",
    "stochastic_depth",
]


def stochastic_depth(input: Tensor, p: float, mode: str, training: bool = True) -> Tensor:
    """``input``, or zeros with probability ``p``; what stays is divided by ``1 - p``.

    Args:
        input: (N, *).
        p: the probability.
        mode: "batch" for all samples together, "row" for each on its own.
        training: when False, the input comes back as it is.

    Raises ValueError for a ``p`` outside 0 ... 1 or another mode.
    Source: torchvision.ops.stochastic_depth.
    """
    if not 0.0 <= p <= 1.0:
        raise ValueError(f"drop probability has to be between 0 and 1, but got {p}")
    if mode not in ("batch", "row"):
        raise ValueError(f"mode has to be either 'batch' or 'row', but got {mode}")
    if not training or p == 0.0:
        return input
    rows = input.shape[0] if mode == "row" else 1
    size = [rows] + [1] * (input.dim() - 1)
    noise = empty(size, dtype=input.dtype, device=input.device).bernoulli_(1.0 - p)
    if p < 1.0:
        noise.div_(1.0 - p)
    return input * noise


class StochasticDepth(nn.Module):
    """:func:`stochastic_depth` as a module.

    Args:
        p: the probability.
        mode: "batch" or "row".

    Shape: (N, *) -> (N, *).  Source: torchvision.ops.StochasticDepth.
    """

    def __init__(self, p: float, mode: str) -> None:
        super().__init__()
        self.p = p
        self.mode = mode

    def forward(self, input: Tensor) -> Tensor:
        return stochastic_depth(input, self.p, self.mode, self.training)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p={self.p}, mode={self.mode})"
