"""Ranking by distance: the lift, embeddings that keep their length, searches, records, weights."""

import numpy as np
import pytest
import torch
from torch import nn

from fashret_utils import retrieval
from fashret_utils.datasets import bench
from fashret_utils.evidence import records
from fashret_utils.models import cut, trunk
from fashret_utils.training import Bench, Run, kept_weights
from fashret_utils.training.benches.by_distance import (
    ByDistance,
    Lift,
    by_distance,
    features,
    features_of_pixels,
    lifted,
    unlifted,
)
from fashret_utils.training.searched import record_searches


class Long(nn.Module):
    """Means of a stem's maps, each picture's of another length."""

    def __init__(self):
        super().__init__()
        self.register_buffer("weights", torch.linspace(-3, 40, 112))
        self.dropout = nn.Dropout(0.5)

    def forward(self, maps):
        return self.dropout(maps.mean((2, 3))) * self.weights


@pytest.fixture(scope="module")
def data():
    stem, _ = cut(trunk("lite0"), after=10)
    return ByDistance(bench.load("wardrobe-garments", "smoke"), stem)


def test_lifted_vectors_rank_by_distance():
    generator = np.random.default_rng(6)
    query, gallery = generator.normal(20, 3, (30, 6)), generator.normal(20, 3, (80, 6))
    distance = np.linalg.norm(query[:, None] - gallery, axis=2)
    found = retrieval.search(*by_distance(query, gallery), 80)[1]
    np.testing.assert_array_equal(found, distance.argsort(axis=1))


def test_a_lift_refuses_what_lies_further_out_than_its_gallery():
    lift = Lift.of(np.eye(3))
    with pytest.raises(ValueError, match=r"times as far out .*: make it of the whole gallery"):
        lift.gallery(5 * np.eye(3))
    assert np.ptp(np.linalg.norm(lift.gallery(np.eye(3)), axis=1)) < 1e-6


def test_features_keep_their_length_and_training_mode(data):
    rows, model = data.catalog.where(split="val"), Long().train()
    found = features(data, model, rows)
    assert model.dropout.training
    pixels = torch.from_numpy(np.array(rows.pixels(96)))
    with torch.no_grad():
        expected = model.eval()(data.stem(pixels)).numpy()
    np.testing.assert_allclose(found, expected, rtol=0.02, atol=0.02)  # the bank has 16 bits
    np.testing.assert_allclose(features_of_pixels(data, model, pixels.numpy()), expected, rtol=1e-4)
    assert np.ptp(np.linalg.norm(found, axis=1)) > 1


@pytest.mark.parametrize("split", ["test", "val"])
def test_a_search_ranks_by_distance_and_is_not_the_cosines(data, split):
    model = Long()
    found = data.part(data.catalog).search(model, split)
    test = {"test": ({"split": "query"}, {"split": "gallery"})}
    other = ({"split": "val", "domain": "street"}, {"split": "val", "domain": "shop"})
    rows = [data.catalog.where(**side) for side in test.get(split, other)]
    query, gallery = (features(data, model, side).astype(np.float64) for side in rows)
    distance = np.linalg.norm(query[:, None] - gallery, axis=2)
    nearest = distance.argsort(1)[:, :5]
    assert (found.retrieval.indices[:, :5] == nearest).mean() > 0.98
    assert np.array_equal(found.retrieval.query_items, rows[0].item)
    cosine = Bench(data.catalog, data.stem).search(model, split).retrieval
    assert (cosine.indices[:, :5] != nearest).any()
    q, g = unlifted(found)
    again = np.linalg.norm(q[:, None].astype(np.float64) - g, axis=2)
    assert np.corrcoef(again.ravel(), distance.ravel())[0, 1] > 1 - 1e-9


def test_lifted_embeds_both_sides_by_their_domain(data):
    model, gallery = Long(), data.catalog.where(split="gallery")
    embed, query = lifted(data, model, gallery), data.catalog.where(split="query")
    expected = by_distance(features(data, model, query), features(data, model, gallery))
    for found, side in zip((embed(query), embed(gallery)), expected, strict=True):
        np.testing.assert_allclose(found, side, atol=1e-6)


def test_searches_are_recorded_query_by_query(data, tmp_path):
    found = data.search(Long())
    about = {"chapter": "04_mtv_cnn", "arm": "trunk", "scale": "smoke"}
    record_searches({"one": found, "folds": [found, found]}, tmp_path, **about)
    one, folds = (
        records.read(records.path_of(tmp_path, "04_mtv_cnn", name, "trunk", "smoke", 0))
        for name in ("one", "folds")
    )
    assert one.metrics["map"] == pytest.approx(folds.metrics["map"])
    queries = records.per_query(one, tmp_path), records.per_query(folds, tmp_path)
    assert len(queries[1].item) == 2 * len(queries[0].item) == 2 * len(found.query)


def test_kept_weights_belong_to_one_run_alone(data, tmp_path, monkeypatch):
    monkeypatch.setattr(kept_weights, "cache_folder", lambda: tmp_path / "cache")

    def run(seed=0, **settings):
        names = {"data": "wardrobe-garments", "arm": "toy", "scale": "smoke", "seed": seed}
        about = {"settings": {"settings": settings}, "catalog_hash": data.catalog.hash}
        return Run("04_mtv_cnn", **names, **about, device="cpu", results=tmp_path)

    model, other = nn.Linear(3, 2), nn.Linear(3, 2)
    assert not kept_weights.take(run(rate=1), other)
    kept_weights.keep(run(rate=1), model)
    assert not kept_weights.take(run(rate=2), other)
    assert not kept_weights.take(run(seed=1, rate=1), other)
    assert not torch.equal(other.weight, model.weight)
    assert kept_weights.take(run(rate=1), other)
    assert torch.equal(other.weight, model.weight)
