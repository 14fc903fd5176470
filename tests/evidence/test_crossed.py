"""The interval over seeds and items: exact where it can be, and right on simulated runs."""

import time

import numpy as np
import pytest
from scipy import stats

from fashret_utils.evidence.statistics import components, crossed, difference, t_interval


def test_the_mean_gives_every_query_the_same_weight():
    values = np.array([[0.0, 1.0, 1.0, 1.0], [0.0, 0.0, 1.0, 1.0]])
    found = crossed(values, np.array(["a", "b", "b", "b"]))
    assert found.value == 5 / 8
    assert (found.seeds, found.items, found.queries) == (2, 2, 4)
    assert found.drawn == "seeds and items"


def test_components_of_a_table_without_noise():
    seeds, items = np.array([-1.0, 0.0, 1.0]), np.array([-3.0, 1.0, 1.0, 1.0])
    found = components(seeds[:, None] + items)
    assert found.rest == pytest.approx(0, abs=1e-12)
    assert found.seed == pytest.approx(1)  # variance of -1, 0, 1
    assert found.item == pytest.approx(4)
    assert found.variance() == pytest.approx(1 / 3 + 4 / 4)


def test_components_are_unbiased(random):
    seed, item, rest = 0.3, 0.5, 2.0  # standard deviations
    found = [
        components(
            random.normal(0, seed, (6, 1))
            + random.normal(0, item, 50)
            + random.normal(0, rest, (6, 50))
        )
        for _ in range(2000)
    ]
    assert np.mean([each.seed for each in found]) == pytest.approx(seed**2, abs=0.01)
    assert np.mean([each.rest for each in found]) == pytest.approx(rest**2, rel=0.01)
    true = seed**2 / 6 + item**2 / 50 + rest**2 / 300
    assert np.mean([each.variance() for each in found]) == pytest.approx(true, rel=0.06)


def test_with_one_seed_it_is_the_bootstrap_over_items(random):
    items = np.repeat(np.arange(60), random.integers(1, 5, 60))
    values = random.beta(0.3, 1, 60)[items] * random.random(len(items))
    found = crossed(values, items)
    assert found.drawn == "items; one seed"
    assert found.components.seed is None
    rows = [np.flatnonzero(items == item) for item in range(60)]
    means = [
        values[np.concatenate([rows[i] for i in random.integers(60, size=60)])].mean()
        for _ in range(4000)
    ]
    low, high = np.quantile(means, [0.025, 0.975])
    # Student's t with 59 degrees of freedom is 2.1 % wider than the normal distribution
    assert found.high - found.low == pytest.approx(1.03 * (high - low), rel=0.04)
    assert (found.high - found.value) / (found.value - found.low) == pytest.approx(
        (high - found.value) / (found.value - low), rel=0.08
    )


def test_where_only_seeds_differ_it_is_students_interval(random):
    by_seed = np.array([0.01, 0.03, 0.02, 0.05, 0.04])
    items = np.repeat(np.arange(300), 2)
    found = crossed(by_seed[:, None] + random.normal(0, 1e-6, (5, 600)), items)
    mean, low, high = t_interval(by_seed)
    assert (low, high) == pytest.approx(
        stats.t.interval(0.95, 4, by_seed.mean(), stats.sem(by_seed))
    )
    assert found.value == pytest.approx(mean, abs=1e-6)
    assert found.half_width == pytest.approx((high - low) / 2, rel=0.12)  # 5^5 draws are coarse
    assert found.components.freedom() == pytest.approx(4, abs=0.01)


def test_p_falls_below_a_twentieth_where_the_interval_leaves_zero(random):
    values, items = random.normal(0, 0.3, (6, 400)), np.repeat(np.arange(200), 2)
    at_zero = crossed(values, items)
    for side, edge in ((-1, at_zero.low), (1, at_zero.high)):
        assert crossed(values - edge - side * 1e-4, items).p < 0.05
        assert crossed(values - edge + side * 1e-4, items).p > 0.05
    assert crossed(values + 0.1, items).p < 1e-5  # smaller than the draws can count


def test_pairs_are_kept_and_what_has_no_seeds_pairs_with_every_seed(random):
    a, items = random.random((4, 90)), np.repeat(np.arange(30), 3)
    moved = difference(a + 0.01, a, items)
    assert (moved.value, moved.low, moved.high) == pytest.approx((0.01, 0.01, 0.01))
    assert moved.p < 1e-6
    start = random.random(90)
    assert difference(a, start, items) == difference(a, np.tile(start, (4, 1)), items)
    same = difference(a, a, items)
    assert (same.value, same.low, same.high, same.p) == (0, 0, 0, 1)


def test_the_same_numbers_give_the_same_interval(random):
    values, items = random.random((3, 40)), np.arange(40) // 2
    assert crossed(values, items) == crossed(values, items)
    assert crossed(values, items).low != crossed(values, items, seed=1).low


@pytest.mark.parametrize(
    ("values", "items", "message"),
    [
        (np.zeros((2, 5)), np.arange(4), r"expected \(seeds, queries\)"),
        (np.zeros((2, 4)), np.zeros(4, int), "at least two items, found 1"),
        (np.full((2, 4), np.nan), np.arange(4), "8 values that are not finite"),
    ],
)
def test_what_has_no_interval_is_refused(values, items, message):
    with pytest.raises(ValueError, match=message):
        crossed(values, items)


def test_other_seeds_or_queries_do_not_pair():
    for a, b in (((3, 8), (4, 8)), ((3, 8), (3, 9)), ((8,), (9,))):
        with pytest.raises(ValueError, match="do not pair"):
            difference(np.zeros(a), np.zeros(b), np.arange(a[-1]))


def test_ten_thousand_draws_of_ten_seeds_and_four_thousand_queries_take_less_than_a_second(random):
    values, items = random.random((10, 4000)), np.repeat(np.arange(1300), 4)[:4000]
    best = np.inf
    for _ in range(3):
        start = time.process_time()
        crossed(values, items, draws=10_000)
        best = min(best, time.process_time() - start)
    assert best < 1


QUICK = {"seeds": 5, "items": 200}
SCENES = [
    QUICK,
    {"seeds": 5, "items": 200, "seed": 0.0, "own": 0.0},  # seeds and items only interact
    {"seeds": 10, "items": 200, "seed": 0.02, "own": 0.8, "rest": 0.5},  # items decide
    {"seeds": 5, "items": 1000, "seed": 0.2, "own": 0.3},  # seeds decide
    {"seeds": 8, "items": 500, "queries": (1, 6)},
    {"seeds": 10, "items": 1000},
    {"seeds": 10, "items": 300, "levels": (-3.5, -3.6), "item": 2.0},  # most queries near zero
    {"seeds": 1, "items": 400, "seed": 0.0},
]


@pytest.mark.parametrize(
    "scene", [QUICK, *(pytest.param(scene, marks=pytest.mark.slow) for scene in SCENES[1:])]
)
def test_the_interval_covers_the_truth_in_95_of_100_runs(simulate, scene):
    random = np.random.default_rng(1)
    covered = 0
    for _ in range(1000):
        (a, b), items, (true_a, true_b) = simulate(random, **scene)
        found = difference(a, b, items, draws=400)
        covered += found.low <= true_a - true_b <= found.high
    assert 930 <= covered <= 970
