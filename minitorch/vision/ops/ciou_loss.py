"""A loss of boxes by overlap, distance and proportions.  Source: torchvision.ops.ciou_loss."""

from __future__ import annotations

import math

from minitorch.autograd.mode import no_grad
from minitorch.tensor import Tensor
from minitorch.vision.ops.diou_loss import distance_and_iou
from minitorch.vision.ops.focal_loss import reduced
from minitorch.vision.ops.giou_loss import floating

__all__ = ["complete_box_iou_loss"]


def complete_box_iou_loss(
    boxes1: Tensor, boxes2: Tensor, reduction: str = "none", eps: float = 1e-7
) -> Tensor:
    """``1 - CIoU``, box by box: middles and proportions are drawn together.

    Args:
        boxes1, boxes2: (*, 4), as (x1, y1, x2, y2).
        reduction: "none", "mean" or "sum".
        eps: added to the denominator of the proportions' weight.

    Source: torchvision.ops.complete_box_iou_loss.
    """
    boxes1, boxes2 = floating(boxes1), floating(boxes2)
    loss, iou = distance_and_iou(boxes1, boxes2, 1e-7)
    sides = [boxes[..., 2:] - boxes[..., :2] for boxes in (boxes1, boxes2)]
    angles = [(side[..., 0] / side[..., 1]).atan() for side in sides]
    v = 4 / math.pi**2 * (angles[1] - angles[0]) ** 2
    with no_grad():
        alpha = v / (1 - iou + v + eps)
    return reduced(loss + alpha * v, reduction)
