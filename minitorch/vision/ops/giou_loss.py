"""A loss of boxes by overlap and the box around both.  Source: torchvision.ops.giou_loss."""

from __future__ import annotations

from minitorch.dtypes import float32, float64
from minitorch.ops.elementwise import maximum, minimum
from minitorch.tensor import Tensor
from minitorch.vision.ops.focal_loss import reduced

__all__ = ["around", "floating", "generalized_box_iou_loss", "overlap"]


def floating(boxes: Tensor) -> Tensor:
    """The boxes in float32 or float64."""
    return boxes if boxes.dtype in (float32, float64) else boxes.float()


def overlap(boxes1: Tensor, boxes2: Tensor) -> tuple[Tensor, Tensor]:
    """Box by box what both share, and what they cover: (*) each."""
    sides = minimum(boxes1[..., 2:], boxes2[..., 2:]) - maximum(boxes1[..., :2], boxes2[..., :2])
    # Boxes that do not meet have no gradient here.
    meet = (sides > 0).all(-1)
    inter = (sides[..., 0] * sides[..., 1]).where(meet, sides.new_zeros(()))
    areas = [(b[..., 2] - b[..., 0]) * (b[..., 3] - b[..., 1]) for b in (boxes1, boxes2)]
    return inter, areas[0] + areas[1] - inter


def around(boxes1: Tensor, boxes2: Tensor) -> Tensor:
    """Box by box the sides of the smallest box around both: (*, 2)."""
    return maximum(boxes1[..., 2:], boxes2[..., 2:]) - minimum(boxes1[..., :2], boxes2[..., :2])


def generalized_box_iou_loss(
    boxes1: Tensor, boxes2: Tensor, reduction: str = "none", eps: float = 1e-7
) -> Tensor:
    """``1 - GIoU``, box by box: boxes that do not meet are drawn together.

    Args:
        boxes1, boxes2: (*, 4), as (x1, y1, x2, y2).
        reduction: "none", "mean" or "sum".
        eps: added to denominators.

    Source: torchvision.ops.generalized_box_iou_loss.
    """
    boxes1, boxes2 = floating(boxes1), floating(boxes2)
    inter, union = overlap(boxes1, boxes2)
    sides = around(boxes1, boxes2)
    area = sides[..., 0] * sides[..., 1]
    giou = inter / (union + eps) - (area - union) / (area + eps)
    return reduced(1 - giou, reduction)
