"""A loss of boxes by overlap and distance.  Source: torchvision.ops.diou_loss."""

from __future__ import annotations

from minitorch.tensor import Tensor
from minitorch.vision.ops.focal_loss import reduced
from minitorch.vision.ops.giou_loss import around, floating, overlap

__all__ = ["distance_and_iou", "distance_box_iou_loss"]


def distance_and_iou(boxes1: Tensor, boxes2: Tensor, eps: float) -> tuple[Tensor, Tensor]:
    """``1 - DIoU`` and IoU, box by box."""
    inter, union = overlap(boxes1, boxes2)
    iou = inter / (union + eps)
    diagonal = (around(boxes1, boxes2) ** 2).sum(-1) + eps
    apart = (boxes1[..., 2:] + boxes1[..., :2]) / 2 - (boxes2[..., 2:] + boxes2[..., :2]) / 2
    return 1 - iou + (apart**2).sum(-1) / diagonal, iou


def distance_box_iou_loss(
    boxes1: Tensor, boxes2: Tensor, reduction: str = "none", eps: float = 1e-7
) -> Tensor:
    """``1 - DIoU``, box by box: the middles are drawn together.

    Args:
        boxes1, boxes2: (*, 4), as (x1, y1, x2, y2).
        reduction: "none", "mean" or "sum".
        eps: added to denominators.

    Source: torchvision.ops.distance_box_iou_loss.
    """
    loss, _ = distance_and_iou(floating(boxes1), floating(boxes2), eps)
    return reduced(loss, reduction)
