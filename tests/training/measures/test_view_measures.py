"""View ratio and view matrix against loops."""

import itertools
import math

import numpy as np
import pytest

from fashret_utils import datasets
from fashret_utils.training.measures import view_matrix, view_ratio

VIEWS = ("side-left", "front", "back", "top", "pair")


def test_view_ratio_is_the_loop():
    generator = np.random.default_rng(7)
    x, items = generator.normal(size=(12, 3)), np.repeat(np.arange(4), 3)
    kinds = {True: [], False: []}
    for i, j in itertools.permutations(range(12), 2):
        kinds[bool(items[i] == items[j])].append(math.dist(x[i], x[j]))
    expected = np.mean(kinds[True]) / np.mean(kinds[False])
    assert view_ratio(x, items) == pytest.approx(expected)


def test_view_matrix_searches_one_view_in_one_view():
    test = datasets.load(
        "wardrobe-shoes", items=8, split=(0, 0, 8), street_pictures=1, shop_views=VIEWS
    )
    sides = [test.where(split=side) for side in ("query", "gallery")]
    perfect = [np.eye(8)[side.item] for side in sides]
    matrix = view_matrix(perfect, sides)
    assert np.shape(matrix) == (6, 5)
    assert [row.index(None) for row in matrix[1:]] == list(range(5))
    assert matrix[0] == [1.0] * 5
    assert {cell for row in matrix for cell in row} == {1.0, None}
    spoilt = perfect[1].copy()
    spoilt[sides[1].view == "top"] = np.roll(spoilt[sides[1].view == "top"], 1, axis=0)
    column = [row[VIEWS.index("top")] for row in view_matrix([perfect[0], spoilt], sides)]
    assert set(column) == {0.0, None}
