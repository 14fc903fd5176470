"""Queries of all folds are one result, each searched by the network of its own fold."""

import numpy as np
import pandas as pd
import pytest

from fashret_utils.datasets import bench
from fashret_utils.evidence import records
from fashret_utils.evidence.per_query import PerQuery
from fashret_utils.training import Run, Search, record_folds, search
from fashret_utils.training.folds import cross_validated, joined


def found(seed: int) -> Search:
    catalog = bench.load("wardrobe-garments", "smoke")
    random = np.random.default_rng(seed)
    return search(lambda rows: random.normal(size=(len(rows), 4)).astype(np.float32), catalog)


class Fold:
    """Stands for a bench: its search is that of a fold's number."""

    def __init__(self, number):
        self.number = number

    def search(self, model):
        return found(self.number)


def test_queries_stand_one_fold_after_the_other():
    parts = [
        PerQuery(np.array([0.5, 1.0]), np.array([2, 1]), np.array([7, 8]), np.array([70, 80])),
        PerQuery(np.array([0.25]), np.array([4]), np.array([9]), np.array([90])),
    ]
    whole = joined(parts)
    assert whole.average_precision.tolist() == [0.5, 1.0, 0.25]
    assert whole.first_hit.tolist() == [2, 1, 4]
    assert whole.item.tolist() == [7, 8, 9]
    assert whole.family.tolist() == [70, 80, 90]


def test_metrics_are_means_over_queries_and_curves_over_folds(tmp_path):
    searches = [found(0), found(1)]
    histories = [
        pd.DataFrame({"step": [1, 2], "loss": [4.0, 2.0], "val_map": [np.nan, 0.5]}),
        pd.DataFrame({"step": [1, 2], "loss": [2.0, 1.0], "val_map": [np.nan, 0.7]}),
    ]
    about = {"chapter": "98_tiny", "data": "folds", "arm": "x", "scale": "smoke", "seed": 0}
    record_folds(about, searches, tmp_path, histories)
    (made,) = records.load(tmp_path)
    each = np.concatenate([s.retrieval.per_query["map"].to_numpy() for s in searches])
    assert made.metrics["map"] == pytest.approx(each.mean())
    assert made.counts["n_query"] == len(each)
    assert made.curve["loss"] == [3.0, 1.5]
    assert made.curve["val_map"][1] == pytest.approx(0.6)
    kept = records.per_query(made, tmp_path)
    np.testing.assert_allclose(kept.average_precision, each, atol=1e-3)


def test_further_numbers_of_folds_are_recorded_as_their_means(tmp_path):
    where, seen = {"results": tmp_path, "checkpoints": tmp_path / "kept"}, []

    def train(fold, where):
        seen.append(where["checkpoints"])
        run = Run("98_tiny", data="folds", arm="x", scale="smoke", seed=0, results=tmp_path)
        return run, None, Fold(fold)

    def beside(run, model, bench, search):
        return {"length": 2.0 + bench.number, "recall": search.retrieval.metrics["hit@1"]}

    cross_validated(train, 2, where, beside)
    (made,) = records.load(tmp_path)
    both = [found(0).retrieval.metrics["hit@1"], found(1).retrieval.metrics["hit@1"]]
    assert made.extra["length"] == 2.5
    assert made.extra["recall"] == pytest.approx(np.mean(both))
    assert seen == [f"{tmp_path}/kept/0", f"{tmp_path}/kept/1"]
