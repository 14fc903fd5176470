"""A bench in memory gives the numbers of the one on disk."""

import numpy as np
import pytest
import torch

from fashret_utils import chapters
from fashret_utils.datasets import bench
from fashret_utils.training import Bench
from fashret_utils.training.resident import Resident, Settled


@pytest.fixture(scope="module")
def both():
    opening = chapters.definitions("00_street_to_shop")
    stem, model = opening.build("linear-head", 0)
    catalog = bench.load("wardrobe-garments", "smoke")
    return Bench(catalog, stem), Resident(catalog, Settled(stem)), model


def test_batches_are_the_same(both):
    plain, resident, _ = both
    options = {"items": 6, "steps": 3, "seed": 4}
    for ours, theirs in zip(resident.batches(**options), plain.batches(**options), strict=True):
        assert torch.equal(ours.items, theirs.items)
        found, expected = resident.stem(ours), plain.stem(theirs)
        assert all(map(torch.equal, found, expected))


def test_embeddings_are_the_same_and_modes_stay(both):
    plain, resident, model = both
    model.train()
    for split in ("query", "val"):
        rows = plain.catalog.where(split=split)
        found, expected = (each.embed(model, rows) for each in (resident, plain))
        np.testing.assert_allclose(found, expected, atol=1e-6)
    assert model.training
    assert resident.search(model).retrieval.metrics == plain.search(model).retrieval.metrics


def test_a_bank_is_made_once_for_equal_rows(both):
    _, resident, _ = both
    again = Resident(bench.load("wardrobe-garments", "smoke"), resident.stem)
    rows = [each.catalog.where(split="query") for each in (resident, again)]
    assert rows[0] is not rows[1]
    assert resident._bank(rows[0]) is again._bank(rows[1])
    assert resident._bank(rows[0]) is not again._bank(again.catalog.where(split="gallery"))


def test_pictures_go_through_the_trunk(both):
    plain, resident, _ = both
    pictures = torch.from_numpy(np.array(plain.catalog.take(np.arange(2)).pixels(96)))
    assert all(map(torch.equal, resident.stem(pictures), plain.stem(pictures)))
