"""Fast R-CNN on a frozen trunk's maps: its rules, its training pictures, an easy picture."""

import numpy as np
import torch

from fashret_utils import datasets
from fashret_utils.models import trunk
from fashret_utils.models.detection import detectors, geometry
from fashret_utils.models.detection.fast_rcnn import (
    FastRCNN,
    TrunkMaps,
    detection_loss,
    find_shoes,
    sample_regions,
    training_rows,
)

VIEWS = ("side-left", "front", "back", "top", "pair")
OPTIONS = {"items": 12, "split": (12, 0, 0), "street_pictures": 2, "shop_views": VIEWS}
ROWS = datasets.load("wardrobe-shoes", **OPTIONS)


def test_maps_are_the_frozen_trunks_at_the_strides_they_say():
    maps = TrunkMaps(trunk("lite0", pretrained=False)).train()
    assert (maps.channels, maps.strides) == ((24, 40, 112), (4, 8, 16))
    pictures = torch.randint(0, 256, (2, 3, 64, 64), dtype=torch.uint8)
    normalised = (pictures / 255 - maps.mean) / maps.std
    for ours, theirs, side in zip(maps(normalised), maps.trunk(pictures), (16, 8, 4), strict=True):
        assert ours.shape[2:] == (side, side)
        torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-3)
        assert not ours.requires_grad
    assert not maps.trunk.training
    assert not any(p.requires_grad for p in maps.parameters())


def test_regions_above_0_7_are_positive_and_all_others_negative():
    truth = np.array([[10, 10, 30, 30], [40, 40, 60, 60]], np.float32)
    proposals = np.array(
        [[10, 10, 30, 29], [10, 10, 30, 24], [41, 40, 60, 60], [0, 0, 5, 5]], np.float32
    )  # IoU 0.95, 0.7 (not above), 0.95, 0
    regions, labels, targets = sample_regions(proposals, truth, np.random.default_rng(0))
    assert len(regions) == 6
    positive = {tuple(box) for box in regions[labels == 1].tolist()}
    expected = [*truth, proposals[0], proposals[2]]
    assert positive == {tuple(box) for box in np.array(expected).tolist()}
    for box, target in zip(regions[labels == 1], targets[labels == 1], strict=True):
        assert geometry.overlaps(box[None], target[None])[0, 0] > 0.7


def test_at_most_a_quarter_of_the_regions_is_positive():
    truth = np.array([[10, 10, 30, 30]], np.float32)
    proposals = np.concatenate([np.repeat(truth, 50, 0), np.repeat(truth + 30, 80, 0)])
    labels = sample_regions(proposals, truth, np.random.default_rng(0))[1]
    assert len(labels) == 64
    assert labels.sum() == 16


def test_fast_rcnn_finds_shoes_on_easy_pictures():
    """Two dark boxes on white: trained on a few such pictures it finds them on others."""
    generator = np.random.default_rng(8)
    pixels = np.full((32, 3, 64, 64), 245, np.uint8)
    boxes = np.zeros((32, 2, 4), np.float32)
    for picture, pair in zip(pixels, boxes, strict=True):
        for place, left in enumerate((4, 36)):
            x, y = left + generator.integers(4), 10 + generator.integers(20)
            width, height = 16 + generator.integers(6), 18 + generator.integers(8)
            picture[:, y : y + height, x : x + width] = generator.integers(20, 90, (3, 1, 1))
            pair[place] = x, y, x + width, y + height
    torch.manual_seed(0)
    model = FastRCNN(TrunkMaps(trunk("lite0")), 32)
    learnt = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(learnt, lr=3e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, 200)
    scenes = detectors.Scenes(pixels[:24], boxes[:24], steps=200)
    for step in range(200):
        optimizer.zero_grad()
        detection_loss(model, scenes.at(step)).backward()
        optimizer.step()
        schedule.step()
    test = detectors.Scenes(pixels[24:], boxes[24:])
    found, report = detectors.examine(model, find_shoes, test)
    assert len(found) == 8
    assert report["ap@0.5"] > 0.8


def test_detectors_train_on_as_many_pictures_of_the_shop_as_of_the_street():
    rows = training_rows(ROWS, 7)
    assert len(rows) == len(set(rows)) == 28
    chosen = ROWS.take(rows)
    assert len(set(chosen.item)) == 7
    assert (chosen.domain == 0).sum() == (chosen.domain == 1).sum() == 14
    assert set(chosen.view) == {"street", *VIEWS}
