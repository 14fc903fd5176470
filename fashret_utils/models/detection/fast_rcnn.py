"""Fast R-CNN for shoes, on maps of a frozen trunk (Girshick 2015, with the rules of MTV-CNN)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.ops import clip_boxes_to_image, nms, roi_align

from fashret_utils.data.augment import MEAN, STD
from fashret_utils.data.catalog import Catalog
from fashret_utils.data.columns import SHOP, STREET
from fashret_utils.models.detection import geometry
from fashret_utils.models.detection.detectors import Found, MergedMaps, Scene
from fashret_utils.models.trunks import pyramid
from fashret_utils.models.trunks.stems import Trunk


class TrunkMaps(nn.Module):
    """Several maps of a frozen trunk, for detectors, which give it normalised pictures.

    `channels`: of each map; `strides`: the picture's side by each map's. As of
    `models.levels.FeatureMaps`.
    """

    def __init__(self, trunk: Trunk, levels: Sequence[int] = (2, 3, 4)) -> None:
        super().__init__()
        self.trunk = pyramid(trunk, levels)
        self.channels = tuple(shape[0] for shape in self.trunk.shapes(64))
        self.strides = tuple(2**level for level in levels)
        for name, values in (("mean", MEAN), ("std", STD)):
            self.register_buffer(name, torch.tensor(values).view(3, 1, 1), persistent=False)

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """(B, 3, H, W) -> for each level (B, channels[i], H / strides[i], W / strides[i])."""
        with torch.no_grad():
            return self.trunk.of_grey_levels(255 * (images * self.std + self.mean))

    def train(self, mode: bool = True) -> TrunkMaps:
        """The trunk stays in evaluation mode."""
        return super().train(False)


class FastRCNN(nn.Module):
    """Class scores (R, 2) and box offsets (R, 4) of regions; `regions` lists (n_i, 4)."""

    def __init__(self, maps: nn.Module, hidden: int, side: int = 5) -> None:
        super().__init__()
        self.maps, self.side = MergedMaps(maps), side
        width = self.maps.out_channels * side**2
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(width, hidden), nn.ReLU())
        self.head.extend([nn.Linear(hidden, hidden), nn.ReLU()])
        self.score, self.offset = nn.Linear(hidden, 2), nn.Linear(hidden, 4)

    def forward(self, images: Tensor, regions: list[Tensor]) -> tuple[Tensor, Tensor]:
        """Pictures (B, 3, H, W) and B lists of boxes -> scores (R, 2), offsets (R, 4)."""
        maps = self.maps(images)
        grid = {"output_size": self.side, "spatial_scale": 1 / self.maps.stride}
        cut_out = roi_align(maps, regions, **grid, sampling_ratio=2, aligned=True)
        hidden = self.head(cut_out)  # (R, hidden)
        return self.score(hidden), self.offset(hidden)


def sample_regions(
    proposals: np.ndarray,
    truth: np.ndarray,
    draws: np.random.Generator,
    count: int = 64,
    positive: float = 0.7,
    share: float = 0.25,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Regions of one training picture: a proposal is a shoe if its IoU with one is above 0.7.

    That is the paper's rule (section 4.1); Fast R-CNN's own is 0.5.

    **Returns** boxes (R, 4), labels (R,), the nearest true boxes (R, 4), at most a share of them
    positive.
    """
    boxes = np.concatenate([truth, proposals])  # the true boxes are proposals, too
    overlap = geometry.overlaps(boxes, truth)  # (n, shoes)
    shoe = overlap.max(1) > positive
    some = draws.permutation(np.flatnonzero(shoe))[: int(count * share)]
    others = draws.permutation(np.flatnonzero(~shoe))[: count - len(some)]
    rows = np.concatenate([some, others])
    return boxes[rows], shoe[rows].astype(np.int64), truth[overlap.argmax(1)[rows]]


def detection_loss(model: FastRCNN, scene: Scene) -> Tensor:
    """Cross-entropy over all regions, and the offsets' error over the positive ones."""
    draws = np.random.default_rng(torch.randint(2**31, ()).item())  # from the run's seed
    pairs = zip(scene.proposals, scene.truth, strict=True)
    sampled = zip(*(sample_regions(*pair, draws) for pair in pairs), strict=True)
    device = scene.images.device
    regions, *parts = [[torch.from_numpy(x).to(device) for x in part] for part in sampled]
    labels, truth = (torch.cat(part) for part in parts)
    scores, offsets = model(scene.images, regions)
    shoe = labels == 1
    wanted = geometry.encode(torch.cat(regions), truth)
    error = F.smooth_l1_loss(offsets[shoe], wanted[shoe], reduction="sum") / len(labels)
    return F.cross_entropy(scores, labels) + error


def find_shoes(model: FastRCNN, scene: Scene, most: int = 10) -> Found:
    """Boxes (n, 4) and scores (n,) for each picture, best first, duplicates removed."""
    found = []
    for image, proposals in zip(scene.images, scene.proposals, strict=True):
        regions = torch.from_numpy(proposals).to(image.device)
        scores, offsets = model(image[None], [regions])
        boxes = geometry.decode(regions, offsets.float())
        boxes = clip_boxes_to_image(boxes, image.shape[-2:])
        scores = scores.float().softmax(1)[:, 1]
        kept = nms(boxes, scores, 0.5)[:most]  # shoes of a pair overlap
        found.append((boxes[kept].cpu().numpy(), scores[kept].cpu().numpy()))
    return found


def training_rows(whole: Catalog, count: int) -> np.ndarray:
    """Rows of the training pictures of some items: as many from the shop as from the street."""
    items, rows = np.unique(whole.where(split="train").item)[:count], []
    for number, item in enumerate(items):
        street, shop = (
            np.flatnonzero((whole.item == item) & (whole.domain == domain))
            for domain in (STREET, SHOP)
        )
        rows += [street, np.roll(shop, number)[: len(street)]]  # views take turns
    return np.sort(np.concatenate(rows))
