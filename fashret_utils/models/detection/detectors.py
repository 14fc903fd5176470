"""Detectors of one kind of object: training scenes, torchvision's Faster R-CNN, and a test."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.faster_rcnn import FasterRCNN, FastRCNNPredictor, TwoMLPHead
from torchvision.ops import MultiScaleRoIAlign

from fashret_utils.data.augment import normalise
from fashret_utils.models.detection import geometry
from fashret_utils.models.levels import FeatureMaps

Found = list[tuple[np.ndarray, np.ndarray]]  # for each picture boxes (n, 4) and scores (n,)


@dataclass
class Scene:
    """B whole pictures (B, 3, F, F), normalised, with proposals and true boxes, (n, 4) each."""

    images: Tensor
    proposals: list[np.ndarray]
    truth: list[np.ndarray]

    def __len__(self) -> int:
        return len(self.images)


class Scenes:
    """A deterministic sequence of training scenes for `Run.steps`: a function of (seed, step).

    **Arguments**

    - `pixels`: uint8 (n, 3, F, F); `boxes`: (n, k, 4) true boxes, -1 for none. Pictures without
      any are not drawn.
    - `steps`: length; `batch`: pictures a step.
    - `proposing`: whether scenes hold EdgeBoxes; Faster R-CNN makes proposals of its own.
    """

    def __init__(
        self,
        pixels: np.ndarray,
        boxes: np.ndarray,
        *,
        steps: int = 1,
        batch: int = 4,
        seed: int = 0,
        device: str | torch.device = "cpu",
        proposing: bool = True,
    ):
        self.proposing = proposing
        self.pixels, self.steps, self.batch = pixels, steps, batch
        self.seed, self.device = seed, device
        self.truth = [each[(each >= 0).all(axis=1)] for each in boxes]
        self.usable = np.flatnonzero([len(each) > 0 for each in self.truth])
        self._proposals: dict[int, np.ndarray] = {}  # making them takes longer than a step

    def __len__(self) -> int:
        return self.steps

    def at(self, step: int) -> Scene:
        """Scene number `step`."""
        rows = np.random.default_rng((self.seed, step)).choice(self.usable, self.batch)
        return self.of(rows)

    def of(self, rows: np.ndarray) -> Scene:
        """The pictures of some rows as one scene."""
        images = normalise(torch.from_numpy(np.array(self.pixels[rows])).to(self.device))
        numbers = rows.tolist()
        proposals = [self.proposals(row) for row in numbers] if self.proposing else []
        return Scene(images, proposals, [self.truth[row] for row in numbers])

    def proposals(self, row: int) -> np.ndarray:
        """EdgeBoxes of a picture, (n, 4), made when they are first asked for."""
        if row not in self._proposals:
            self._proposals[row] = geometry.edge_boxes(self.pixels[row])
        return self._proposals[row]


class MergedMaps(nn.Module):
    """Maps of several levels as one, the coarse ones enlarged (Kong et al. 2016, HyperNet).

    `out_channels`: of the one map; `stride`: the picture's side by the map's.
    """

    def __init__(self, maps: FeatureMaps) -> None:
        super().__init__()
        self.maps = maps
        self.out_channels, self.stride = sum(maps.channels), maps.strides[0]

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) -> (B, out_channels, H / stride, W / stride)."""
        fine, *coarse = self.maps(images)
        size = fine.shape[-2:]
        enlarged = [functional.interpolate(x, size, mode="bilinear") for x in coarse]
        return torch.cat([fine, *enlarged], dim=1)


def faster_rcnn(maps: FeatureMaps, frame: int, hidden: int, side: int = 5) -> FasterRCNN:
    """torchvision's Faster R-CNN for one class (Ren et al. 2015), pictures already normalised.

    **Arguments**: `maps` - from fine to coarse; `frame` - side of the pictures in pixels;
    `hidden` - width of both hidden layers; `side` - of the grid cut from the map for each region.
    """
    sizes, merged = tuple(frame // part for part in (6, 4, 3, 2)), MergedMaps(maps)
    return FasterRCNN(
        merged,
        rpn_anchor_generator=AnchorGenerator((sizes,), ((0.5, 1.0, 2.0),)),
        box_roi_pool=MultiScaleRoIAlign(["0"], side, 2),
        box_head=TwoMLPHead(merged.out_channels * side**2, hidden),
        box_predictor=FastRCNNPredictor(hidden, 2),
        min_size=frame,
        max_size=frame,
        image_mean=[0.0] * 3,
        image_std=[1.0] * 3,
        box_batch_size_per_image=64,
        box_nms_thresh=0.5,  # shoes of a pair overlap
        box_detections_per_img=10,
    )


def faster_rcnn_loss(model: FasterRCNN, scene: Scene) -> Tensor:
    """The sum of torchvision's four losses on a scene."""
    device = scene.images.device
    targets = [
        {
            "boxes": torch.from_numpy(boxes).to(device),
            "labels": torch.ones(len(boxes), dtype=torch.int64, device=device),
        }
        for boxes in scene.truth
    ]
    return sum(model(list(scene.images), targets).values())


def faster_rcnn_answers(model: FasterRCNN, scene: Scene) -> Found:
    """Boxes and scores for each picture of a scene, best first."""
    answers = model(list(scene.images))
    return [(a["boxes"].cpu().numpy(), a["scores"].cpu().numpy()) for a in answers]


@torch.no_grad()
def examine(
    model: nn.Module, answers: Callable[[nn.Module, Scene], Found], scenes: Scenes, batch: int = 16
) -> tuple[Found, dict[str, float]]:
    """Run a detector over all pictures and measure it.

    **Returns** what it found, and a report: `ap@0.5`, `ap@0.7` by COCO's rules, milliseconds a
    picture `ms_network`, and of scenes with EdgeBoxes `proposal_recall@0.5`,
    `proposal_recall@0.7` and `ms_proposals`.
    """
    model.eval()
    found, clock = [], [0.0, 0.0]
    rows = np.arange(len(scenes.pixels))
    for part in np.array_split(rows, -(-len(rows) // batch)):
        begun = time.perf_counter()
        scene = scenes.of(part)
        between = time.perf_counter()
        found += answers(model, scene)
        clock[0] += between - begun
        clock[1] += time.perf_counter() - between
    precision = geometry.average_precision(found, scenes.truth, (0.5, 0.7))
    report = {f"ap@{threshold:g}": value for threshold, value in precision.items()}
    report["ms_network"] = 1000 * clock[1] / len(rows)
    if scenes.proposing:
        report["ms_proposals"] = 1000 * clock[0] / len(rows)
        proposals = [scenes.proposals(row) for row in rows.tolist()]
        for threshold in (0.5, 0.7):
            recall = geometry.proposal_recall(proposals, scenes.truth, threshold)
            report[f"proposal_recall@{threshold:g}"] = recall
    return found, report


def best_two(found: Sequence[tuple[np.ndarray, np.ndarray]], least: float = 0.5) -> np.ndarray:
    """The best two boxes of each picture, (n, 2, 4): -1 without; the second from score `least`."""
    both = np.full((len(found), 2, 4), -1, np.float32)
    for row, (boxes, scores) in enumerate(found):
        kept = boxes[: 1 + int((scores[1:2] >= least).any())]
        both[row, : len(kept)] = kept
    return both
