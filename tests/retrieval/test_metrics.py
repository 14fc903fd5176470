"""Metrics against golden values, by hand, and against pytorch-metric-learning."""

import numpy as np
import pytest
import torch
from pytorch_metric_learning.utils.accuracy_calculator import AccuracyCalculator

from fashret_utils import retrieval
from fashret_utils.retrieval.intervals import bootstrap_means, percentile_interval
from fashret_utils.retrieval.metrics import chance_hit, full_metrics, top_metrics

CPU = torch.device("cpu")

GOLDEN = [
    (
        [1, 0, 1, 0, 0, 0, 0, 1, 0, 0],
        {
            "hit@5": 1,
            "precision@5": 0.4,
            "recall@5": 0.666667,
            "map": 0.680556,
            "r_precision": 0.666667,
            "map@r": 0.555556,
            "mrr": 1,
        },
        0.555556,
    ),
    (
        [0, 1, 1, 0, 0, 0, 0, 0, 0, 0],
        {
            "hit@5": 1,
            "precision@5": 0.4,
            "recall@5": 1,
            "map": 0.583333,
            "r_precision": 0.5,
            "map@r": 0.25,
            "mrr": 0.5,
        },
        0.583333,
    ),
    (
        [0, 0, 0, 0, 0, 0, 1, 0, 0, 0],
        {
            "hit@5": 0,
            "precision@5": 0,
            "recall@5": 0,
            "map": 0.142857,
            "r_precision": 0,
            "map@r": 0,
            "mrr": 0.142857,
        },
        0,
    ),
]


def ranking(relevant):
    """A query at angle 0 and gallery pictures at growing angles: rank i + 1 is row i."""
    angles = np.linspace(0.1, 1.5, len(relevant))
    gallery = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return np.array([[1.0, 0.0]]), gallery, np.array([1]), np.array(relevant)


@pytest.mark.parametrize(("relevant", "golden", "_"), GOLDEN)
@pytest.mark.parametrize("k", [5, (1, 5), (5, 10)])
def test_golden_values(relevant, golden, _, k):
    result = retrieval.evaluate(*ranking(relevant), k=k, bootstrap=0)
    for name, value in golden.items():
        assert result.metrics[name] == pytest.approx(value, abs=1e-6), name


@pytest.mark.parametrize(("relevant", "golden", "ap_at_5"), GOLDEN)
def test_library_agrees_on_the_golden_rankings(relevant, golden, ap_at_5):
    query, gallery, query_items, gallery_items = ranking(relevant)
    arguments = (query, query_items, gallery, gallery_items)
    library = AccuracyCalculator(k=10, device=CPU).get_accuracy(*arguments)
    for name, theirs in {
        "map@r": "mean_average_precision_at_r",
        "map": "mean_average_precision",  # of the ten ranks that there are
        "r_precision": "r_precision",
        "mrr": "mean_reciprocal_rank",
    }.items():
        assert library[theirs] == pytest.approx(golden[name], abs=1e-6), name
    # With a cut-off the library's mean average precision is AP@5 divided by R: not our `map`.
    cut = AccuracyCalculator(include=("mean_average_precision",), k=5, device=CPU)
    assert cut.get_accuracy(*arguments)["mean_average_precision"] == pytest.approx(
        ap_at_5, abs=1e-6
    )


def test_library_agrees_on_random_data():
    random = np.random.default_rng(3)
    query, gallery = random.standard_normal((60, 6)), random.standard_normal((150, 6))
    gallery_items = np.arange(150) % 30
    query_items = random.integers(30, size=60)
    query += 1.5 * gallery[query_items]
    ours = retrieval.evaluate(query, gallery, query_items, gallery_items, bootstrap=0).metrics
    unit = [rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (query, gallery)]
    library = AccuracyCalculator(k=150, device=CPU).get_accuracy(
        unit[0], query_items, unit[1], gallery_items
    )
    assert 0.2 < ours["hit@1"] < 0.9
    assert ours["hit@1"] == ours["precision@1"]
    assert library["precision_at_1"] == pytest.approx(ours["precision@1"], abs=1e-6)
    assert library["r_precision"] == pytest.approx(ours["r_precision"], abs=1e-6)
    assert library["mean_average_precision_at_r"] == pytest.approx(ours["map@r"], abs=1e-6)
    assert library["mean_average_precision"] == pytest.approx(ours["map"], abs=1e-6)
    assert library["mean_reciprocal_rank"] == pytest.approx(ours["mrr"], abs=1e-6)


def test_library_agrees_when_the_query_itself_is_left_out():
    random = np.random.default_rng(4)
    rows, items = random.standard_normal((80, 5)), np.arange(80) % 20
    itself = np.stack([np.arange(80)] * 2, axis=1)
    ours = retrieval.evaluate(rows, rows, items, items, exclude=itself, bootstrap=0).metrics
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    library = AccuracyCalculator(k=79, device=CPU).get_accuracy(
        unit, items, unit, items, ref_includes_query=True
    )
    assert library["precision_at_1"] == pytest.approx(ours["hit@1"], abs=1e-6)
    assert library["mean_average_precision"] == pytest.approx(ours["map"], abs=1e-6)
    assert library["mean_average_precision_at_r"] == pytest.approx(ours["map@r"], abs=1e-6)


def test_several_queries_at_once():
    relevant = np.array([row for row, _, _ in GOLDEN], dtype=bool)
    n_relevant = relevant.sum(axis=1)
    ranks = np.full((3, 3), np.inf)
    for row, each in enumerate(relevant):
        ranks[row, : each.sum()] = np.flatnonzero(each) + 1
    metrics = top_metrics(relevant, n_relevant, [5]) | full_metrics(ranks, n_relevant)
    for row, (_, golden, _) in enumerate(GOLDEN):
        for name, value in golden.items():
            assert metrics[name][row] == pytest.approx(value, abs=1e-6), name


def test_chance_is_what_random_rankings_score():
    assert chance_hit(np.array([1, 2]), np.array([4, 4]), 1) == pytest.approx(0.375)
    # One relevant of 4 in the first 3: 3/4; with two of 4, three draws cannot miss both.
    assert chance_hit(np.array([1, 2]), np.array([4, 4]), 3) == pytest.approx(0.875)
    assert chance_hit(np.array([0]), np.array([4]), 4) == 0


def test_interval_of_a_proportion():
    values = np.zeros((400, 2))
    values[:80, 0] = 1
    values[:, 1] = 1
    means = bootstrap_means(values, 4000, seed=0)
    assert means.shape == (4000, 2)
    low, high = percentile_interval(means[:, 0])
    half = 1.96 * np.sqrt(0.2 * 0.8 / 400)  # the normal approximation
    assert low == pytest.approx(0.2 - half, abs=0.004)
    assert high == pytest.approx(0.2 + half, abs=0.004)
    assert percentile_interval(means[:, 1]) == (1, 1)
    np.testing.assert_array_equal(means, bootstrap_means(values, 4000, seed=0))
    assert not np.array_equal(means, bootstrap_means(values, 4000, seed=1))
