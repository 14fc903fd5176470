"""Agreement of two orders: tau by hand, its interval, its ceiling, and what trust costs."""

from itertools import combinations

import numpy as np
import pytest

from fashret_utils.evidence.claims import Grounds, Ledger
from fashret_utils.evidence.orders import as_table, means, orders, side
from fashret_utils.evidence.per_query import PerQuery
from fashret_utils.evidence.records import Record
from fashret_utils.evidence.statistics.agreement import Side, agreement

ITEMS = np.repeat(np.arange(60), 2)


def made(levels, seeds=5, noise=0.05, seed=0):
    random = np.random.default_rng(seed)
    shape = (len(levels), seeds, len(ITEMS))
    values = np.array(levels)[:, None, None] + random.normal(0, noise, shape)
    return Side(values, ITEMS)


def tau_by_pairs(a, b):
    signs = [np.sign((a[i] - a[j]) * (b[i] - b[j])) for i, j in combinations(range(len(a)), 2)]
    return np.mean(signs)


def test_tau_is_the_share_of_pairs_in_one_order_less_the_others():
    levels = [0.1, 0.4, 0.2, 0.5, 0.3]
    first, second = made(levels), made([0.2, 0.3, 0.1, 0.5, 0.4], seed=1)
    found = agreement(first, second, same_runs=True, draws=200)
    expected = tau_by_pairs(first.table.mean((1, 2)), second.table.mean((1, 2)))
    assert found.tau == pytest.approx(expected)
    assert found.arms == 5


def test_clear_orders_are_certain_and_their_loss_is_that_of_the_means():
    up, down = [0.1, 0.3, 0.5, 0.7], [0.7, 0.5, 0.3, 0.1]
    same = agreement(made(up), made(up, seed=1), same_runs=False, draws=300)
    assert (same.tau, same.low, same.high, same.loss) == (1, 1, 1, 0)
    assert same.ceiling == pytest.approx(1)
    turned = agreement(made(up), made(down, seed=1), same_runs=False, draws=300)
    assert (turned.tau, turned.low, turned.high) == (-1, -1, -1)
    second = made(down, seed=1).table.mean((1, 2))
    assert turned.loss == pytest.approx(second[0] - second[3])


def test_arms_without_an_order_have_a_low_ceiling_and_a_wide_interval():
    flat = agreement(made([0.3] * 6), made([0.3] * 6, seed=1), same_runs=False, draws=500)
    assert flat.high - flat.low > 0.6
    assert flat.ceiling < 0.7


def test_an_effect_of_all_queries_of_an_item_widens_the_interval():
    random = np.random.default_rng(3)
    levels = np.linspace(0.3, 0.32, 6)
    owners = np.repeat(np.arange(6), 20)
    values = levels[:, None, None] + random.normal(0, 0.05, (6, 5, 6))[..., owners]
    alone, together = np.arange(len(owners)), owners
    spans = []
    for items in (alone, together):
        each = Side(values, items)
        found = agreement(each, each, same_runs=True, draws=500)
        spans.append(found.ceiling)
    assert spans[1] < spans[0]


@pytest.mark.parametrize(
    ("arms", "seeds", "same", "message"),
    [
        ((4, 5), (5, 5), True, "4 and 5 arms"),
        ((2, 2), (5, 5), True, "three or more"),
        ((4, 4), (5, 4), True, "same runs"),
    ],
)
def test_sides_that_do_not_pair_are_refused(arms, seeds, same, message):
    sides = [made([0.1] * n, seeds=s) for n, s in zip(arms, seeds, strict=True)]
    with pytest.raises(ValueError, match=message):
        agreement(*sides, same_runs=same)


LEDGER = {"paper": "p", "citation": "c", "chapter": "99", "label": "l"}


def grounds(levels):
    """Runs of arms on tests: {(arm, test): (level, seeds)}."""
    runs, kept, random = [], {}, np.random.default_rng(0)
    for (arm, data), (level, seeds) in levels.items():
        for seed in range(seeds):
            values = level + random.normal(0, 0.01, len(ITEMS))
            about = {"metrics": {"map": values.mean()}, "intervals": {}, "counts": {}}
            about |= {"per_query": {"queries": data}, "seed": seed}
            runs.append(Record(chapter="99", data=data, arm=arm, scale="full", **about))
            kept[id(runs[-1])] = PerQuery(values, np.ones(len(ITEMS), int), ITEMS)
    paper = Ledger(**LEDGER, available="a", settled_by="s", claims=())
    return Grounds(paper, runs, lambda run: kept[id(run)])


def test_orders_are_of_the_arms_that_both_tests_have():
    levels = {(arm, "drawn"): (0.1 * (i + 1), 5) for i, arm in enumerate("abcd")}
    levels |= {(arm, "photos"): (0.5 - 0.1 * i, 4) for i, arm in enumerate("abc")}
    levels |= {("d", "photos"): (0.9, 2), ("a", "few"): (0.1, 5)}
    found = orders(grounds(levels), "drawn", ("photos", "few", "none"), "abcd", away=("photos",))
    ((test, (each, arms)),) = found.items()
    assert (test, arms, each.tau) == ("photos", ("a", "b", "c"), -1)
    assert each.loss == pytest.approx(0.2, abs=0.01)
    table = as_table({"real": each})
    assert table.loc["real", "tau"] == "-1.00 [-1.00, -1.00]"
    scores = means(grounds(levels), ("drawn", "photos"), "ad")
    assert scores.loc["a"].tolist() == pytest.approx([0.1, 0.5], abs=0.01)
    assert np.isnan(scores.loc["d", "photos"])


def test_a_side_has_the_seeds_that_all_arms_share():
    levels = {("a", "drawn"): (0.1, 5), ("b", "drawn"): (0.2, 4)}
    assert side(grounds(levels), "drawn", ["a", "b"]).table.shape == (2, 4, len(ITEMS))
    assert side(grounds(levels), "drawn", ["a", "c"]) is None
