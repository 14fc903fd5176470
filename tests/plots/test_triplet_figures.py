"""Figures of triplets: what is drawn, and where."""

import numpy as np
import pandas as pd

from fashret_utils.plots import triplets as figures


def pictures(*shape):
    return np.random.default_rng(0).integers(0, 256, (*shape, 3, 16, 16), np.uint8)


def test_branches_name_each_picture_once():
    figure = figures.branches(pictures(2, 6), "six")
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles == ["anchor", "positive", "negative", "bag", "bag", "bag", *[""] * 6]


def test_a_line_for_each_view():
    figure = figures.by_view({"street": pictures(4), "front": pictures(4)}, "views")
    assert [axes.get_ylabel() for axes in figure.axes if axes.get_ylabel()] == ["street", "front"]
    assert len(figure.axes) == 8


def test_the_ratio_loss_is_a_quarter_at_zero_and_bars_are_two_deviations():
    (axes,) = figures.ratio_loss({"short": 0.5, "long": 30.0}).axes
    loss, slope, *bars = axes.lines
    assert np.interp(0, loss.get_xdata(), loss.get_ydata()) == 0.25
    at = slope.get_xdata()[np.argmax(slope.get_ydata())]
    assert abs(at - np.log(2)) < 0.05
    assert [tuple(bar.get_xdata()) for bar in bars[:2]] == [(-1, 1), (-10, 10)]


def test_norms_are_drawn_as_they_are():
    table = pd.DataFrame({"L": [1.0, 2], "alpha L_v": [3.0, 4], "beta L_a": [0.1, 0.2]}, ["a", "b"])
    (axes,) = figures.of_lengths(table).axes
    heights = [bar.get_height() for bar in axes.patches]
    assert heights == [1, 2, 3, 4, 0.1, 0.2]


def test_shares_are_drawn_where_they_were_measured():
    step, share = np.arange(1, 11), np.full(10, np.nan)
    share[[4, 9]] = 0.2, 0.6
    history = pd.DataFrame({"step": step, "far": 2.0, "L": 0.25, "share of alpha L_v": share})
    figure = figures.shrinking({"one": history}, "far")
    line = figure.axes[2].lines[0]
    assert line.get_xdata().tolist() == [5, 10]
    assert line.get_ydata()[0] == 0.2


def test_weights_say_how_many_are_zero():
    (axes,) = figures.weights({"all": np.array([0, 0, 1, 3.0])}).axes
    assert axes.get_legend().get_texts()[0].get_text() == "all: 50.0% weigh nothing"


def test_view_matrices_end_with_the_difference():
    matrix = np.array([[10.0, 20], [np.nan, 30], [40, np.nan]])
    matrices = {"tn": matrix, "tn_vi": matrix + 5}
    figure = figures.view_matrices(matrices, ("front", "back"), ("tn", "tn_vi"))
    assert [axes.get_title(loc="left") for axes in figure.axes][-1] == "tn_vi - tn (points)"
    assert {text.get_text() for text in figure.axes[-1].texts} == {"+5"}
    assert [text.get_text() for text in figure.axes[0].texts] == ["10", "20", "30", "40"]


def test_agreement_is_sorted_by_its_distance_from_chance():
    wrong, chance = np.array([0.5, 0.9, 0.4]), np.array([0.5, 0.1, 0.3])
    (axes,) = figures.agreement(["a", "b", "c"], wrong, chance).axes
    assert [bar.get_width() for bar in axes.patches] == [50, 40, 90]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "c", "b"]
