"""A loss for rare objects.  Source: torchvision.ops.focal_loss."""

from __future__ import annotations

from minitorch.nn import functional as F
from minitorch.tensor import Tensor

__all__ = ["reduced", "sigmoid_focal_loss"]


def sigmoid_focal_loss(
    inputs: Tensor,
    targets: Tensor,
    alpha: float = 0.25,
    gamma: float = 2,
    reduction: str = "none",
) -> Tensor:
    """Binary cross entropy in which what is certain already counts less.

    ``alpha_t (1 - p_t)^gamma BCE``, with ``p_t`` the probability given to the truth, and
    ``alpha_t`` alpha where the target is 1 and ``1 - alpha`` where it is 0.

    Args:
        inputs: logits.
        targets: 0 or 1, of the same shape.
        alpha: the weight of the ones; no weights when -1.
        gamma: how much less.
        reduction: "none", "mean" or "sum".

    Raises ValueError for another alpha or reduction.
    Source: torchvision.ops.sigmoid_focal_loss.
    """
    if not 0 <= alpha <= 1 and alpha != -1:
        raise ValueError(
            f"Invalid alpha value: {alpha}. alpha must be in the range [0,1] or -1 for ignore."
        )
    p = inputs.sigmoid()
    p_t = p * targets + (1 - p) * (1 - targets)
    entropy = F.binary_cross_entropy_with_logits(inputs, targets, reduction="none")
    loss = entropy * (1 - p_t) ** gamma
    if alpha >= 0:
        loss = (alpha * targets + (1 - alpha) * (1 - targets)) * loss
    return reduced(loss, reduction)


def reduced(loss: Tensor, reduction: str) -> Tensor:
    """The losses as they are, their mean or their sum.  Raises ValueError for another word."""
    if reduction == "none":
        return loss
    if reduction == "mean":
        return loss.mean() if loss.numel() else loss.sum()
    if reduction == "sum":
        return loss.sum()
    raise ValueError(
        f"Invalid Value for arg 'reduction': '{reduction} \n Supported reduction modes: 'none', "
        "'mean', 'sum'"
    )
