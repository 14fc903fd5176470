"""Detectors of shoes: trained on whole pictures, measured, and the boxes that they find."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from fashret_utils.data.catalog import Catalog
from fashret_utils.models import seeded, trunk
from fashret_utils.models.detection import detectors, fast_rcnn, geometry
from fashret_utils.training.run import Run
from fashret_utils.wardrobe.shoes.boxes import shoe_boxes

SIDE = 96  # pixels: of the whole pictures that shoes are found in
KINDS = {  # loss, and answers
    "fast_rcnn": (fast_rcnn.detection_loss, fast_rcnn.find_shoes),
    "faster_rcnn": (detectors.faster_rcnn_loss, detectors.faster_rcnn_answers),
}


def train(
    run: Run, kind: str, whole: Catalog, *, frame: int, items: int, hidden: int, steps: int
) -> nn.Module:
    """Train a detector on maps of the frozen trunk.

    **Arguments**: `kind` - one of `KINDS`; `whole` - whole pictures, drawn with sides of `frame`
    pixels; `items` - how many training items it sees; `hidden` - width of its two layers.
    """
    maps = fast_rcnn.TrunkMaps(trunk("lite0"))
    makers = {
        "fast_rcnn": lambda: fast_rcnn.FastRCNN(maps, hidden),
        "faster_rcnn": lambda: detectors.faster_rcnn(maps, SIDE, hidden),
    }
    model = seeded(kind, run.seed, makers[kind])
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, steps)
    model, optimizer, schedule = run.prepare(model, optimizer, schedule)
    rows, loss = fast_rcnn.training_rows(whole, items), KINDS[kind][0]
    options = {"steps": steps, "seed": run.seed, "device": run.device}
    for scene in run.steps(_scenes(kind, whole, frame, rows, **options)):
        run.backward(loss(model, scene), optimizer)
    return model


def examine(
    kind: str, model: nn.Module, whole: Catalog, frame: int, every: int
) -> tuple[np.ndarray, dict[str, float]]:
    """Find the shoes of all query pictures, and measure how well.

    **Arguments**: `every` - of the gallery's pictures each so many-th is looked at, too.

    **Returns** the two best boxes of each query picture, (n, 2, 4) in pixels of `frame`, -1 for
    none, and the report of `detectors.examine`, with `street_ap@...` of the query pictures alone.
    """
    asked = np.flatnonzero(whole.split == "query")
    shop = np.flatnonzero(whole.split == "gallery")[::every]
    scenes = _scenes(kind, whole, frame, np.concatenate([asked, shop]))
    found, report = detectors.examine(model.cpu(), KINDS[kind][1], scenes)
    street = slice(0, len(asked))
    precision = geometry.average_precision(found[street], scenes.truth[street])
    report |= {f"street_ap@{threshold:g}": value for threshold, value in precision.items()}
    return detectors.best_two(found[street]) * (frame / SIDE), report


def _scenes(
    kind: str, whole: Catalog, frame: int, rows: np.ndarray, **options: object
) -> detectors.Scenes:
    boxes = shoe_boxes(whole, frame)[rows]
    boxes = np.where(boxes < 0, -1, boxes * np.float32(SIDE / frame))
    options["proposing"] = kind == "fast_rcnn"
    return detectors.Scenes(whole.take(rows).pixels(SIDE), boxes, **options)
