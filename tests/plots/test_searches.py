"""Figures of searches: what they show, in numbers and words."""

import numpy as np
import pandas as pd
import pytest

from fashret_utils.plots import searches


@pytest.fixture
def cells():
    return np.random.default_rng(0).integers(0, 256, (9, 3, 8, 8), np.uint8)


def test_a_question_shows_grid_and_wanted_map(cells):
    matches = np.arange(9) < 2
    figure = searches.question(cells[0], cells, matches)
    _, grid, wanted = figure.axes
    assert grid.images[0].get_array().shape == (24, 24, 3)
    np.testing.assert_array_equal(grid.images[0].get_array()[:8, 8:16], cells[1].transpose(1, 2, 0))
    assert len(grid.patches) == 2
    assert wanted.images[0].get_array().tolist() == matches.reshape(3, 3).tolist()


def test_maps_follow_their_pictures(cells):
    order = np.roll(np.arange(9), 1)
    cosines = np.linspace(-0.4, 0.8, 9)
    row = {"query": cells[0], "cells": cells, "matches": np.arange(9) == 4, "order": order}
    figure = searches.similarity_maps([row | {"first": cosines, "second": cosines}])
    texts = [[text.get_text() for text in axes.texts] for axes in figure.axes[1:3]]
    assert texts[0][0] == "−0.400"
    assert texts[1] == [texts[0][i] for i in order]


def test_the_ladder_says_every_step():
    rows = pd.DataFrame({"step": ["a", "b"], "value": [20.0, 18.5]})
    rows = rows.assign(low=rows["value"] - 1, high=rows["value"] + 1)
    figure = searches.ladder({"head": rows, "block": rows.iloc[:1]}, 8.0, "From a to b")
    assert [text.get_text() for text in figure.axes[0].texts] == ["20.0", "18.5 (−1.5)"]
    assert figure.axes[0].get_ylim()[0] > figure.axes[0].get_ylim()[1]  # the first on top
    assert [line.get_xdata()[0] for line in figure.axes[1].lines][-1] == 8.0


def test_one_seed_has_no_interval():
    rows = pd.DataFrame({"step": ["a"], "value": [20.0], "low": [np.nan], "high": [np.nan]})
    assert searches.ladder({"head": rows}, np.nan, "One").axes


def test_margins_and_rewards_are_drawn():
    table = pd.DataFrame({"high": [0.5, 0.5, 0.9], "low": [0.0, 0.0, 0.1], "map": [10, 12, 20.0]})
    notes = {text.get_text() for text in searches.margins_map(table).axes[0].texts}
    assert "11.0\n±1.4" in notes
    lines = [{"program": [1, 8], "best": [0.1, 0.3]}, {"program": [1, 8], "best": [0.2, 0.5]}]
    axes = searches.rewards({"d": {"random": lines}}, "mAP").axes[0]
    assert axes.lines[-1].get_ydata().tolist() == pytest.approx([0.15, 0.4])
    both = np.array([[1.0, 2.0], [1.5, 2.5]])
    (panel,) = searches.noise_of_rewards({"r": both}).axes
    assert panel.collections[0].get_offsets().tolist() == both.T.tolist()


def test_images_and_matrices():
    flat = np.random.default_rng(0).random((5, 16))
    (axes,) = searches.flat_images({"d": flat}).axes
    assert axes.images[0].get_array().shape == (4, 20)
    assert len(searches.kernel_matrices({"a": flat @ flat.T, "b": flat @ flat.T}).axes) == 2
