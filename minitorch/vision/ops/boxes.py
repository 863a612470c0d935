"""Boxes: areas, overlaps, conversions, and which of many to keep.

A box is (x1, y1, x2, y2), the left upper and the right lower corner, where nothing else is said.
Source: torchvision.ops.boxes.
"""

from __future__ import annotations

import math

import numpy as np

from minitorch.autograd.mode import no_grad
from minitorch.dtypes import float32, float64, int32, int64
from minitorch.ops.creation import empty, from_numpy, tensor, zeros
from minitorch.ops.elementwise import cos, maximum, minimum, sin
from minitorch.ops.joining import stack
from minitorch.tensor import Tensor

__all__ = [
    "batched_nms",
    "box_area",
    "box_convert",
    "box_iou",
    "clip_boxes_to_image",
    "complete_box_iou",
    "distance_box_iou",
    "generalized_box_iou",
    "masks_to_boxes",
    "nms",
    "remove_small_boxes",
]

_UPRIGHT = ("xyxy", "xywh", "cxcywh")
_ROTATED = ("cxcywhr", "xywhr", "xyxyxyxy")


# --- which to keep --------------------------------------------------------------------------------


def nms(boxes: Tensor, scores: Tensor, iou_threshold: float) -> Tensor:
    """Non-maximum suppression: of boxes that overlap, the one with the highest score.

    Args:
        boxes: (N, 4).
        scores: (N).
        iou_threshold: of how much overlap on a box is dropped.

    Returns the indices of those kept, highest score first: int64 (K).
    Raises RuntimeError for other shapes.  Source: torchvision.ops.nms.

    Example::

        >>> import minitorch
        >>> boxes = minitorch.tensor([[0.0, 0, 9, 9], [0, 0, 10, 10], [20, 20, 30, 30]])
        >>> nms(boxes, minitorch.tensor([0.5, 0.9, 0.3]), 0.5)
        tensor([1, 2])
    """
    if boxes.dim() != 2:
        raise RuntimeError(f"boxes should be a 2d tensor, got {boxes.dim()}D")
    if boxes.shape[1] != 4:
        raise RuntimeError(f"boxes should have 4 elements in dimension 1, got {boxes.shape[1]}")
    if scores.dim() != 1:
        raise RuntimeError(f"scores should be a 1d tensor, got {scores.dim()}D")
    if boxes.shape[0] != scores.shape[0]:
        raise RuntimeError(
            "boxes and scores should have same number of elements in dimension 0, got "
            f"{boxes.shape[0]} and {scores.shape[0]}"
        )
    x1, y1, x2, y2 = boxes.detach().numpy().T
    areas = (x2 - x1) * (y2 - y1)
    # The sort is stable: of equal scores the first box comes first.
    waiting = np.argsort(-scores.detach().numpy(), kind="stable")
    kept = []
    while waiting.size:
        best, waiting = waiting[0], waiting[1:]
        kept.append(best)
        width = np.minimum(x2[best], x2[waiting]) - np.maximum(x1[best], x1[waiting])
        height = np.minimum(y2[best], y2[waiting]) - np.maximum(y1[best], y1[waiting])
        inter = width.clip(0) * height.clip(0)
        with np.errstate(invalid="ignore"):  # two empty boxes have no overlap
            overlap = inter / (areas[best] + areas[waiting] - inter)
        waiting = waiting[~(overlap > iou_threshold)]
    return tensor(np.array(kept, dtype=np.int64))


def batched_nms(boxes: Tensor, scores: Tensor, idxs: Tensor, iou_threshold: float) -> Tensor:
    """:func:`nms` in each category by itself.

    Args:
        boxes: (N, 4).
        scores, idxs: (N); ``idxs`` says which category a box belongs to.
        iou_threshold: of how much overlap on a box is dropped.

    Returns the indices of those kept, highest score first.  Source: torchvision.ops.batched_nms.
    """
    if not boxes.numel():
        return empty(0, dtype=int64)
    kept = [
        members[nms(boxes[members], scores[members], iou_threshold)].numpy()
        for category in idxs.unique()
        for members in [(idxs == category).nonzero().flatten()]
    ]
    indices = np.sort(np.concatenate(kept))
    order = np.argsort(-scores.detach().numpy()[indices], kind="stable")
    return from_numpy(indices[order])


def remove_small_boxes(boxes: Tensor, min_size: float) -> Tensor:
    """The indices of the boxes (N, 4) whose sides are both ``min_size`` at least.

    Source: torchvision.ops.remove_small_boxes.
    """
    sides = boxes[..., 2:] - boxes[..., :2]
    return (sides >= min_size).all(-1).nonzero()[:, 0]


def clip_boxes_to_image(boxes: Tensor, size: tuple[int, int]) -> Tensor:
    """The parts of the boxes (*, 4) inside a picture of this height and width.

    Source: torchvision.ops.clip_boxes_to_image.
    """
    height, width = size
    x = boxes[..., 0::2].clamp(min=0, max=width)
    y = boxes[..., 1::2].clamp(min=0, max=height)
    return stack((x, y), dim=boxes.dim()).reshape(boxes.shape)


def masks_to_boxes(masks: Tensor) -> Tensor:
    """The smallest boxes around what is not zero: (N, H, W) -> (N, 4); zeros around nothing.

    The right lower corner is the last pixel inside.  Source: torchvision.ops.masks_to_boxes.
    """
    if not masks.numel():
        return zeros((0, 4))
    filled = masks.detach().numpy() != 0
    boxes = np.zeros((len(filled), 4), np.float32)
    for box, mask in zip(boxes, filled, strict=True):
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        if rows.size:
            box[:] = columns[0], rows[0], columns[-1], rows[-1]
    return from_numpy(boxes)


# --- forms ----------------------------------------------------------------------------------------


def box_convert(boxes: Tensor, in_fmt: str, out_fmt: str) -> Tensor:
    """The boxes in another form.

    Forms: "xyxy", two corners; "xywh", the left upper corner, width and height; "cxcywh", the
    middle, width and height; and turned by an angle in degrees, counter-clockwise, "xywhr",
    "cxcywhr" and, all four corners, "xyxyxyxy".

    Args:
        boxes: (*, 4), (*, 5) or (*, 8).
        in_fmt, out_fmt: the forms before and after.

    Raises ValueError for another form, NotImplementedError between upright boxes and turned ones.
    Source: torchvision.ops.box_convert.
    """
    known = (*_UPRIGHT, *_ROTATED)
    text = "Unsupported Bounding Box Conversions for given in_fmt"
    if in_fmt not in known or out_fmt not in known:
        raise ValueError(f"{text} {in_fmt} and out_fmt {out_fmt}")
    if in_fmt == out_fmt:
        return boxes.clone()
    if in_fmt in _UPRIGHT and out_fmt in _UPRIGHT:
        corners = boxes if in_fmt == "xyxy" else _corners_of(boxes, in_fmt)
        return corners if out_fmt == "xyxy" else _from_corners(corners, out_fmt)
    if in_fmt in _ROTATED and out_fmt in _ROTATED:
        turned = boxes if in_fmt == "xywhr" else _turned_of(boxes, in_fmt)
        result = turned if out_fmt == "xywhr" else _from_turned(turned, out_fmt)
        if boxes.is_floating_point():
            return result
        return result.round().to(boxes.dtype)
    raise NotImplementedError(f"{text} {in_fmt} and out_fmt {out_fmt}")


def _corners_of(boxes: Tensor, fmt: str) -> Tensor:
    x, y, w, h = boxes.unbind(-1)
    if fmt == "xywh":
        return stack((x, y, x + w, y + h), dim=-1)
    return stack((x - 0.5 * w, y - 0.5 * h, x + 0.5 * w, y + 0.5 * h), dim=-1)


def _from_corners(corners: Tensor, fmt: str) -> Tensor:
    x1, y1, x2, y2 = corners.unbind(-1)
    if fmt == "xywh":
        return stack((x1, y1, x2 - x1, y2 - y1), dim=-1)
    return stack(((x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1), dim=-1)


def _turned_of(boxes: Tensor, fmt: str) -> Tensor:
    """ "xywhr" of "cxcywhr" or "xyxyxyxy"."""
    if fmt == "cxcywhr":
        cx, cy, w, h, r = boxes.unbind(-1)
        c, s = _direction(r)
        return stack((cx - w / 2 * c - h / 2 * s, cy - h / 2 * c + w / 2 * s, w, h, r), dim=-1)
    x1, y1, x2, y2, x3, y3, _, _ = boxes.unbind(-1)
    w = ((x2 - x1) ** 2 + (y1 - y2) ** 2).sqrt()
    h = ((x3 - x2) ** 2 + (y3 - y2) ** 2).sqrt()
    r = (y1 - y2).atan2(x2 - x1) * 180 / math.pi
    return stack((x1, y1, w, h, r), dim=-1)


def _from_turned(boxes: Tensor, fmt: str) -> Tensor:
    """ "cxcywhr" or "xyxyxyxy" of "xywhr"."""
    x, y, w, h, r = boxes.unbind(-1)
    c, s = _direction(r)
    if fmt == "cxcywhr":
        return stack((x + w / 2 * c + h / 2 * s, y - w / 2 * s + h / 2 * c, w, h, r), dim=-1)
    right, up = w * c, w * s
    x2, y2 = x + right, y - up
    corners = (x, y, x2, y2, x2 + h * s, y2 + h * c, x + h * s, y + h * c)
    return stack(corners, dim=-1)


def _direction(degrees: Tensor) -> tuple[Tensor, Tensor]:
    angle = degrees * math.pi / 180.0
    return cos(angle), sin(angle)


# --- areas and overlaps ---------------------------------------------------------------------------


def _wide(x: Tensor) -> Tensor:
    """In a type whose products do not overflow."""
    if x.is_floating_point():
        return x if x.dtype in (float32, float64) else x.float()
    return x if x.dtype in (int32, int64) else x.int()


def box_area(boxes: Tensor, fmt: str = "xyxy") -> Tensor:
    """The areas of boxes: (*, 4) -> (*).

    Raises ValueError for a form other than "xyxy", "xywh" and "cxcywh".
    Source: torchvision.ops.box_area.
    """
    if fmt not in _UPRIGHT:
        raise ValueError(f"Unsupported Bounding Box area for given format {fmt}")
    boxes = _wide(boxes)
    sides = boxes[..., 2:] - boxes[..., :2] if fmt == "xyxy" else boxes[..., 2:]
    return sides[..., 0] * sides[..., 1]


def _overlap(boxes1: Tensor, boxes2: Tensor) -> tuple[Tensor, Tensor]:
    """Of every pair what they share, and what they cover: (*, N, M) each."""
    one, other = boxes1[..., :, None, :], boxes2[..., None, :, :]
    sides = minimum(one[..., 2:], other[..., 2:]) - maximum(one[..., :2], other[..., :2])
    sides = _wide(sides).clamp(min=0)
    inter = sides[..., 0] * sides[..., 1]
    return inter, box_area(boxes1)[..., None] + box_area(boxes2)[..., None, :] - inter


def _around(boxes1: Tensor, boxes2: Tensor) -> Tensor:
    """Of every pair the sides of the smallest box around both: (*, N, M, 2)."""
    one, other = boxes1[..., :, None, :], boxes2[..., None, :, :]
    sides = maximum(one[..., 2:], other[..., 2:]) - minimum(one[..., :2], other[..., :2])
    return _wide(sides).clamp(min=0)


def box_iou(boxes1: Tensor, boxes2: Tensor, fmt: str = "xyxy") -> Tensor:
    """Of every pair of boxes the area that both cover over the area that either covers.

    Shape: (*, N, 4), (*, M, 4) -> (*, N, M).
    Raises ValueError for an unknown form, NotImplementedError for turned boxes.
    Source: torchvision.ops.box_iou.
    """
    if fmt in _ROTATED:
        raise NotImplementedError(f"box_iou of boxes in the form {fmt!r}")
    if fmt not in _UPRIGHT:
        raise ValueError(
            f"Unsupported format '{fmt}'. Supported axis-aligned formats: {_UPRIGHT}. Supported "
            f"rotated formats: {_ROTATED}."
        )
    if fmt != "xyxy":
        boxes1, boxes2 = (box_convert(boxes, fmt, "xyxy") for boxes in (boxes1, boxes2))
    inter, union = _overlap(boxes1, boxes2)
    return inter / union


def generalized_box_iou(boxes1: Tensor, boxes2: Tensor) -> Tensor:
    """:func:`box_iou` less the part of the box around both that neither covers.

    Shape: (*, N, 4), (*, M, 4) -> (*, N, M).  Source: torchvision.ops.generalized_box_iou.
    """
    inter, union = _overlap(boxes1, boxes2)
    sides = _around(boxes1, boxes2)
    around = sides[..., 0] * sides[..., 1]
    return inter / union - (around - union) / around


def distance_box_iou(boxes1: Tensor, boxes2: Tensor, eps: float = 1e-7) -> Tensor:
    """:func:`box_iou` less the squared distance of the middles over that of the box around.

    Shape: (*, N, 4), (*, M, 4) -> (*, N, M).  Source: torchvision.ops.distance_box_iou.
    """
    boxes1, boxes2 = _wide(boxes1), _wide(boxes2)
    diagonal = (_around(boxes1, boxes2) ** 2).sum(-1) + eps
    middles = [(boxes[..., :2] + boxes[..., 2:]) / 2 for boxes in (boxes1, boxes2)]
    apart = _wide(middles[0][..., :, None, :] - middles[1][..., None, :, :])
    return box_iou(boxes1, boxes2) - (apart**2).sum(-1) / diagonal


def complete_box_iou(boxes1: Tensor, boxes2: Tensor, eps: float = 1e-7) -> Tensor:
    """:func:`distance_box_iou` less a term for different proportions of width and height.

    Shape: (*, N, 4), (*, M, 4) -> (*, N, M).  Source: torchvision.ops.complete_box_iou.
    """
    boxes1, boxes2 = _wide(boxes1), _wide(boxes2)
    sides = [boxes[..., 2:] - boxes[..., :2] for boxes in (boxes1, boxes2)]
    angles = [(side[..., 0] / side[..., 1]).atan() for side in sides]
    v = 4 / math.pi**2 * (angles[0][..., :, None] - angles[1][..., None, :]) ** 2
    with no_grad():
        alpha = v / (1 - box_iou(boxes1, boxes2) + v + eps)
    return distance_box_iou(boxes1, boxes2, eps) - alpha * v
