"""Finding objects: EdgeBoxes proposals, boxes as network targets, precision by COCO's rules."""

from __future__ import annotations

import contextlib
import io
import math
from collections.abc import Sequence

import cv2
import numpy as np
import torch
from torch import Tensor

from fashret_utils.data.augment import constant

# Fast R-CNN's scaling of box offsets, so that they are about as large as class scores.
_OFFSET_SCALE = (10.0, 10.0, 5.0, 5.0)
_LARGEST = math.log(1000 / 16)  # of the predicted logarithm of a side's ratio


def edge_map(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Thin gradient edges, in place of the learnt edges that EdgeBoxes was published with.

    **Arguments**: `picture` - uint8 (3, H, W).

    **Returns** strength float32 (H, W) from 0 to 1, and direction of the edge's normal float32
    (H, W), 0 to pi.
    """
    smooth = cv2.GaussianBlur(np.ascontiguousarray(picture.transpose(1, 2, 0)), (0, 0), 1.0)
    dx, dy = (cv2.Sobel(smooth, cv2.CV_32F, *order) for order in ((1, 0), (0, 1)))  # (H, W, 3)
    size = np.hypot(dx, dy)
    channel = size.argmax(axis=2)[..., None]  # of the strongest gradient
    dx, dy, size = (np.take_along_axis(a, channel, axis=2)[..., 0] for a in (dx, dy, size))
    angle = np.arctan2(dy, dx) % np.pi
    # An edge is where no neighbour across it is stronger.
    step = np.round(angle / (np.pi / 4)).astype(int) % 4
    padded = np.pad(size, 1)
    peak = np.zeros(size.shape, bool)
    for number, (down, right) in enumerate(((0, 1), (1, 1), (1, 0), (1, -1))):
        height, width = size.shape
        ahead = padded[1 + down : 1 + down + height, 1 + right : 1 + right + width]
        behind = padded[1 - down : 1 - down + height, 1 - right : 1 - right + width]
        peak |= (step == number) & (size >= ahead) & (size >= behind)
    strength = np.where(peak, size, 0) / max(float(size.max()), 1e-6)
    return strength.astype(np.float32), angle.astype(np.float32)


def edge_boxes(picture: np.ndarray, count: int = 200, smallest: float = 0.005) -> np.ndarray:
    """Boxes that hold whole contours, the best first (Zitnick and Dollar 2014, Edge Boxes).

    **Arguments**: `picture` - uint8 (3, H, W); `count` - at most how many; `smallest` - area of the
    smallest box, as a part of the picture's.

    **Returns** float32 (n, 4), x1 y1 x2 y2 in pixels.
    """
    strength, angle = edge_map(picture)
    finder = cv2.ximgproc.createEdgeBoxes()
    finder.setMaxBoxes(count)
    finder.setMinBoxArea(smallest * strength.size)
    finder.setMinScore(0.001)
    boxes = finder.getBoundingBoxes(strength, angle)[0]
    boxes = np.asarray(boxes, np.float32).reshape(-1, 4)
    boxes[:, 2:] += boxes[:, :2]  # from corner and size to two corners
    return boxes


def proposal_recall(
    proposals: Sequence[np.ndarray], truths: Sequence[np.ndarray], threshold: float
) -> float:
    """Part of the true boxes that some proposal overlaps by at least `threshold` (IoU)."""
    best = [
        overlaps(truth, boxes).max(axis=1)
        for truth, boxes in zip(truths, proposals, strict=True)
        if len(truth)
    ]
    return float((np.concatenate(best) >= threshold).mean())


def overlaps(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Intersection over union of all pairs of boxes: (n, 4), (m, 4) -> (n, m); (n, 1) for m = 0."""
    if not len(b):
        return np.zeros((len(a), 1))
    corner = np.maximum(a[:, None, :2], b[None, :, :2])
    opposite = np.minimum(a[:, None, 2:], b[None, :, 2:])
    common = np.clip(opposite - corner, 0, None).prod(axis=2)  # (n, m)
    areas = [(boxes[:, 2:] - boxes[:, :2]).prod(axis=1) for boxes in (a, b)]
    return common / np.maximum(areas[0][:, None] + areas[1] - common, 1e-9)


def encode(boxes: Tensor, truths: Tensor) -> Tensor:
    """Offsets from proposals to true boxes, (n, 4) (Girshick et al. 2014, R-CNN, Appendix C)."""
    centre, size = _centres(boxes)
    true_centre, true_size = _centres(truths)
    offsets = torch.cat([(true_centre - centre) / size, (true_size / size).log()], dim=1)
    return offsets * constant(_OFFSET_SCALE, offsets).to(offsets.dtype)


def decode(boxes: Tensor, offsets: Tensor) -> Tensor:
    """Boxes that offsets lead to from proposals, (n, 4): the inverse of `encode`."""
    centre, size = _centres(boxes)
    offsets = offsets / constant(_OFFSET_SCALE, offsets).to(offsets.dtype)
    centre = centre + offsets[:, :2] * size
    size = size * offsets[:, 2:].clamp(max=_LARGEST).exp()
    return torch.cat([centre - size / 2, centre + size / 2], dim=1)


def average_precision(
    found: Sequence[tuple[np.ndarray, np.ndarray]],
    truths: Sequence[np.ndarray],
    thresholds: Sequence[float] = (0.5, 0.7),
) -> dict[float, float]:
    """Average precision of one class by COCO's evaluator (pycocotools), at most 100 a picture.

    **Arguments**: `found` - for each picture boxes (n, 4) and scores (n,); `truths` - boxes (m, 4);
    `thresholds` - overlaps (IoU) from which a box counts as found.

    **Returns** threshold -> AP, a fraction.
    """
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    def corner_and_size(box: np.ndarray) -> list[float]:
        return [*map(float, box[:2]), *map(float, box[2:] - box[:2])]

    pairs = [(image, box) for image, boxes in enumerate(truths) for box in boxes]
    truth = COCO()
    truth.dataset = {
        "info": {},
        "images": [{"id": image} for image in range(len(truths))],
        "categories": [{"id": 1}],
        "annotations": [
            {
                "id": number,
                "image_id": image,
                "category_id": 1,
                "iscrowd": 0,
                "bbox": corner_and_size(box),
                "area": float((box[2:] - box[:2]).prod()),
            }
            for number, (image, box) in enumerate(pairs, start=1)
        ],
    }
    answers = [
        {"image_id": i, "category_id": 1, "bbox": corner_and_size(box), "score": float(score)}
        for i, (boxes, scores) in enumerate(found)
        for box, score in zip(boxes, scores, strict=True)
    ]
    if not answers:
        return dict.fromkeys(thresholds, 0.0)
    with contextlib.redirect_stdout(io.StringIO()):  # it prints its progress
        truth.createIndex()
        evaluator = COCOeval(truth, truth.loadRes(answers), "bbox")
        evaluator.params.iouThrs = np.array(thresholds)
        evaluator.evaluate()
        evaluator.accumulate()
    # (thresholds, recalls, classes, areas, most boxes a picture): all areas, 100 boxes
    precision = evaluator.eval["precision"][:, :, 0, 0, -1]
    return {t: float(row.mean()) for t, row in zip(thresholds, precision, strict=True)}


def _centres(boxes: Tensor) -> tuple[Tensor, Tensor]:
    size = (boxes[:, 2:] - boxes[:, :2]).clamp(min=1.0)
    return (boxes[:, :2] + boxes[:, 2:]) / 2, size
