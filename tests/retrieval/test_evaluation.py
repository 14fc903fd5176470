"""`evaluate` against a brute-force loop, its policies, its report."""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fashret_utils import retrieval


def brute_force(cosine, query_items, gallery_items, ks, excluded):
    """Every metric of every query by the definitions, one loop at a time."""
    results = []
    for q, item in enumerate(query_items):
        allowed = [g for g in range(len(gallery_items)) if (q, g) not in excluded]
        order = sorted(allowed, key=lambda g: (-cosine[q, g], g))
        rel = [int(gallery_items[g] == item) for g in order]
        total = sum(rel)
        if total == 0:
            results.append(None)
            continue
        values = {}
        for k in ks:
            values[f"hit@{k}"] = float(any(rel[:k]))
            values[f"precision@{k}"] = sum(rel[:k]) / k
            values[f"recall@{k}"] = sum(rel[:k]) / total
        precisions = [sum(rel[: i + 1]) / (i + 1) if r else 0 for i, r in enumerate(rel)]
        values["map@r"] = sum(precisions[:total]) / total
        values["r_precision"] = sum(rel[:total]) / total
        values["map"] = sum(precisions) / total
        values["mrr"] = 1 / (rel.index(1) + 1)
        results.append((order, values))
    return results


# Four dimensions of +-1/2, or a row of zeros: every cosine is exact, ties and copies abound.
CORNERS = np.array([[(i >> b & 1) * 2 - 1 for b in range(4)] for i in range(16)] + [[0] * 4])


@st.composite
def problems(draw):
    n, m = draw(st.integers(1, 6)), draw(st.integers(2, 14))
    corners = st.integers(0, 16)
    query = CORNERS[draw(st.lists(corners, min_size=n, max_size=n))]
    gallery = CORNERS[draw(st.lists(corners, min_size=m, max_size=m))]
    items = st.integers(0, draw(st.integers(0, 4)))
    query_items = np.array(draw(st.lists(items, min_size=n, max_size=n)))
    gallery_items = np.array(draw(st.lists(items, min_size=m, max_size=m)))
    pair = st.tuples(st.integers(0, n - 1), st.integers(0, m - 1))
    excluded = draw(st.sets(pair, max_size=m // 2))
    k = draw(st.sets(st.integers(1, m - m // 2), min_size=1, max_size=3))
    return query, gallery, query_items, gallery_items, sorted(k), excluded


@settings(max_examples=250, deadline=None, derandomize=True)
@given(problems(), st.sampled_from(["skip", "zero"]), st.booleans())
def test_brute_force(problem, absent, full_ranking):
    query, gallery, query_items, gallery_items, k, excluded = problem
    norms = [np.maximum(np.linalg.norm(rows, axis=1), 1) for rows in (query, gallery)]
    cosine = (query / norms[0][:, None]) @ (gallery / norms[1][:, None]).T
    expected = brute_force(cosine, query_items, gallery_items, k, excluded)
    options = {"k": k, "exclude": np.array(sorted(excluded)), "full_ranking": full_ranking}
    arguments = (query, gallery, query_items, gallery_items)
    found = [row for row, each in enumerate(expected) if each]
    if len(found) < len(expected):
        with pytest.raises(ValueError, match="no picture of their item in the gallery"):
            retrieval.evaluate(*arguments, **options)
    if absent == "skip" and not found:
        with pytest.raises(ValueError, match="leaves no query"):
            retrieval.evaluate(*arguments, absent=absent, **options)
        return
    result = retrieval.evaluate(*arguments, absent=absent, bootstrap=10, **options)
    assert result.n_query == len(query)
    assert result.n_valid == len(found)
    assert result.n_skipped == (len(query) - len(found) if absent == "skip" else 0)
    assert result.n_gallery == len(gallery)
    assert result.n_items == len(set(gallery_items.tolist()))
    names = [n for n in result.metrics if full_ranking or n not in ("map", "mrr")]
    assert list(result.per_query.columns) == list(result.metrics) == names
    assert ("map" in result.metrics) == full_ranking
    for position, row in enumerate(result.per_query.index):
        if expected[row] is None:
            assert (result.per_query.loc[row] == 0).all()
            continue
        order, values = expected[row]
        np.testing.assert_array_equal(result.indices[position], order[: k[-1]])
        np.testing.assert_array_equal(
            result.similarities[position], cosine[row, order[: k[-1]]].astype(np.float32)
        )
        for name in names:
            assert result.per_query.loc[row, name] == pytest.approx(values[name], abs=1e-12), name
    for name in names:
        values = [0.0 if each is None else each[1][name] for each in expected]
        if absent == "skip":
            values = [each[1][name] for each in expected if each]
        assert result.metrics[name] == pytest.approx(np.mean(values), abs=1e-12), name


@pytest.mark.parametrize("n_items", [3, 100])  # many and few relevant pictures a query
def test_brute_force_on_random_directions(n_items):
    random = np.random.default_rng(8)
    query, gallery = random.standard_normal((40, 10)), random.standard_normal((400, 10))
    gallery_items = np.arange(400) % n_items
    query_items = random.integers(n_items, size=40)
    query += gallery[query_items]
    excluded = {(q, int(g)) for q in range(40) for g in random.integers(400, size=q)}
    unit = [rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (query, gallery)]
    expected = brute_force(unit[0] @ unit[1].T, query_items, gallery_items, (1, 5), excluded)
    mapping = {q: [g for p, g in excluded if p == q] for q in range(40)}
    result = retrieval.evaluate(
        query, gallery, query_items, gallery_items, k=(1, 5), exclude=mapping, bootstrap=0
    )
    assert result.n_excluded == len(excluded)
    for row in range(40):
        for name, value in expected[row][1].items():
            assert result.per_query.loc[row, name] == pytest.approx(value, abs=1e-12), name


def small(**changes):
    arguments = {
        "query": np.eye(4)[:3],
        "gallery": np.eye(4)[[0, 2, 1, 3]],
        "query_items": np.array([10, 11, 12]),
        "gallery_items": np.array([10, 11, 12, 13]),
        "k": (1, 2),
    }
    return retrieval.evaluate(**(arguments | changes))


def test_items_may_be_words():
    result = small(query_items=["a", "b", "c"], gallery_items=["a", "b", "c", "dress"])
    assert result.metrics["hit@1"] == pytest.approx(1 / 3)
    assert result.metrics == small().metrics


def test_absent_items_are_counted_named_and_reported():
    items = np.array([10, 77, 78])
    with pytest.raises(ValueError, match=r"2 of 3 queries .*query row 1 \(item 77\), query row 2"):
        small(query_items=items)
    skip, zero = (small(query_items=items, absent=absent) for absent in ("skip", "zero"))
    assert skip.metrics["hit@1"] == 1
    assert zero.metrics["hit@1"] == pytest.approx(1 / 3)
    assert (skip.n_valid, skip.n_skipped, zero.n_valid, zero.n_skipped) == (1, 2, 1, 0)
    assert skip.indices.shape == (1, 2)
    assert zero.indices.shape == (3, 2)
    assert "2 queries, left out of the means" in skip.card()
    assert "2 queries, counted as 0 in the means" in zero.card()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"k": 5}, r"k = 5 is larger than the gallery of 4 pictures; pass cut-offs up to 4"),
        ({"k": 4, "exclude": {1: [0]}}, r"gallery of 3 pictures after exclusion \(query row 1\)"),
        ({"k": (0, 1)}, "whole numbers of at least 1"),
        ({"k": ()}, "whole numbers of at least 1"),
        ({"k": 1.5}, "whole numbers of at least 1"),
        ({"query": np.empty((0, 4)), "query_items": []}, r"query embeddings have shape \(0, 4\)"),
        ({"query": np.eye(3)}, "query rows have 3 dimensions, gallery rows 4"),
        ({"query_items": [10, 11]}, r"query_items has shape \(2,\) beside 3 query embeddings"),
        ({"gallery_items": np.zeros((4, 1))}, r"gallery_items has shape \(4, 1\)"),
        ({"absent": "drop"}, "absent = 'drop'; expected one of error, skip, zero"),
        ({"exclude": [[0, 4]]}, r"exclude names the pair \(0, 4\).* 3 query and 4 gallery rows"),
        ({"exclude": [0, 1, 2]}, r"exclude has shape \(3,\)"),
        ({"exclude": {0: [0]}}, r"1 of 3 queries have no picture of their item"),
        ({"query": np.eye(4)[:3] * np.nan}, "query row 0 holds NaN or Inf"),
    ],
)
def test_refuses(changes, message):
    with pytest.raises(ValueError, match=message):
        small(**changes)


def test_intervals_cover_the_means_and_follow_the_seed():
    random = np.random.default_rng(9)
    gallery = random.standard_normal((200, 8))
    query = gallery + 0.9 * random.standard_normal((200, 8))
    items = np.arange(200)
    result = retrieval.evaluate(query, gallery, items, items)
    half = 1.96 * np.sqrt(result.metrics["hit@1"] * (1 - result.metrics["hit@1"]) / 200)
    low, high = result.intervals["hit@1"]
    assert (high - low) / 2 == pytest.approx(half, rel=0.12)
    for name, value in result.metrics.items():
        assert result.intervals[name][0] <= value <= result.intervals[name][1]
    again = retrieval.evaluate(query, gallery, items, items, seed=1)
    assert again.metrics == result.metrics
    assert again.intervals != result.intervals
    assert retrieval.evaluate(query, gallery, items, items, bootstrap=0).intervals == {}
    table = result.table()
    assert table.loc["map", "value"] == result.metrics["map"]
    assert tuple(table.loc["map", ["low", "high"]]) == result.intervals["map"]


def test_card_says_what_was_measured():
    card = small(exclude={0: 3}).card("street pictures", "shop pictures")
    lines = {line[:13].strip(): line[13:].strip() for line in card.splitlines()}
    assert lines["query"] == "3 street pictures, 3 items"
    assert lines["gallery"] == "4 shop pictures, 4 items"
    assert lines["relevant"] == "same item; 1 a query (1 to 1)"
    assert lines["excluded"] == "1 (query, gallery) pairs"
    assert lines["k"] == "gallery pictures looked at; 1, 2"
    assert lines["hit@1"].startswith("33.33%  [")
    chance = (1 / 3 + 1 / 4 + 1 / 4) / 3
    assert lines["chance"].startswith(f"hit@1 {chance:.2%}, hit@2 ")
    assert "not computed" in small(bootstrap=0).card()
    assert "cosine, exact search" in card
    assert "minus the distance, exact search" in small().card(similarity="minus the distance")


def test_large_numbers_of_two_types_are_compared_exactly():
    x = np.eye(6, dtype=np.float32)
    gallery = np.array([2**60 + i for i in range(6)], dtype=np.uint64)
    query = np.array([2**60 + (i + 1) % 6 for i in range(6)])  # the nearest row is never the item
    result = retrieval.evaluate(x, x, query, gallery, k=1, bootstrap=0)
    assert result.metrics["hit@1"] == 0
    with pytest.raises(ValueError, match=r"query_items, row 0: 1\.15.* not float64"):
        retrieval.evaluate(x, x, query.astype(float), gallery, k=1)


def test_items_of_unlike_kinds_are_refused():
    x = np.eye(4)
    with pytest.raises(ValueError, match="unlike kinds, row 0 is 0 in the one and '0' in the"):
        retrieval.evaluate(x, x, np.arange(4), np.arange(4).astype(str), k=1)


@pytest.mark.parametrize("gap", [None, np.nan, pd.NA, pd.NaT])
def test_missing_items_are_no_items(gap):
    x, items = np.eye(3), pd.Series([7, gap, 9], dtype=object)
    with pytest.raises(ValueError, match=r"gallery_items, row 1: .* not a missing value"):
        retrieval.evaluate(x, x, [7, 8, 9], items, k=1)


def pressed(spread, n=40, m=400, seed=0):
    """Unit embeddings whose cosines all lie in [1 - spread, 1], each item seen by both sides."""
    random = np.random.default_rng(seed)
    items = np.arange(m) % n
    gallery = random.standard_normal((m, 8))
    query = random.standard_normal((n, 8)) + gallery[:n]
    ground = np.full(8, 10.0) / np.sqrt(spread)
    return query + ground, gallery + ground, np.arange(n), items


def test_similarities_that_a_function_presses_together_are_reported_with_their_spread():
    arguments = pressed(1e-4)
    with pytest.warns(UserWarning, match="ties within float32 rounding") as said:
        retrieval.evaluate(*arguments, k=1, bootstrap=0)
    low, high, spread = re.search(
        r"between (.+) and (.+), a spread of (\S+)\. ", str(said[0].message)
    ).groups()
    assert 0.99998 < float(low) < float(high) <= 1.000001
    assert float(spread) == pytest.approx(float(high) - float(low), rel=0.1)


@pytest.mark.parametrize("spread", [100.0, 1.0])
def test_similarities_that_differ_by_more_than_rounding_are_not_reported(spread, recwarn):
    retrieval.evaluate(*pressed(spread), k=1, bootstrap=0)
    x = np.eye(6)  # wrong pictures tie with each other, far behind the right one
    retrieval.evaluate(x, x, np.arange(6), np.arange(6), k=1, bootstrap=0)
    double = np.repeat(x, 2, axis=0)  # right pictures tie with each other
    retrieval.evaluate(x, double, np.arange(6), np.arange(6).repeat(2), k=1, bootstrap=0)
    assert not recwarn.list


def test_a_model_that_sees_no_difference_is_reported():
    same, items = np.ones((20, 4)), np.arange(20)
    with pytest.warns(
        UserWarning, match=r"for 100% of 20 queries .* between 1 and 1, a spread of 0"
    ):
        retrieval.evaluate(same, same, items, items, k=1, bootstrap=0)
