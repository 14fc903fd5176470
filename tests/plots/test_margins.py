"""Figures of classifiers of pairs show the numbers they are given."""

import numpy as np
import pandas as pd
import pytest

from fashret_utils.plots import margins


def curves(axes):
    return [line for line in axes.lines if len(line.get_xdata()) > 2]


def test_two_margins_cost_what_their_mean_costs_moved_sideways():
    figure = margins.pair_costs({"two": (0.1, 0.35), "one": (0.225, 0.225)}, scale=30.0)
    two, one = (curves(axes) for axes in figure.axes)
    u = two[0].get_xdata()
    for ours, theirs in zip(two, one, strict=True):
        moved = np.interp(u + 0.125, u, theirs.get_ydata())
        inside = u + 0.125 <= u[-1]
        np.testing.assert_allclose(ours.get_ydata()[inside], moved[inside], atol=2e-3)


def test_the_same_constant_moves_every_picture():
    figure = margins.shifted(np.zeros((3, 8, 8, 3), np.uint8), (-0.2, 0.1, 0.5), shift=-0.4)
    (axes,) = figure.axes
    centres = sorted(np.mean(image.get_extent()[:2]) for image in axes.images)
    assert centres == pytest.approx(sorted([-0.2, 0.1, 0.5, -0.6, -0.3, 0.1]))
    ranks = [text.get_text() for text in axes.texts if text.get_text().startswith("rank")]
    assert ranks == ["rank 1", "rank 2", "rank 3"] * 2


def test_the_sweep_draws_the_mean_of_its_seeds():
    rows = [(0.1, b, 10 * b + seed) for b in (-0.5, 0.0, 0.5) for seed in (0, 1)]
    table = pd.DataFrame(rows, columns=["mean", "b", "map"])
    figure = margins.shift_sweep({"fixed": table, "learnt": table.iloc[:0]})
    left, right = figure.axes
    assert curves(left)[0].get_ydata() == pytest.approx([-4.5, 0.5, 5.5])
    assert [text.get_text() for text in right.texts] == ["no run yet"]


def test_the_learnt_constant_is_a_line_in_every_panel():
    table = pd.DataFrame({"mean": 0.2, "b": [-0.5, 0.0], "map": [30.0, 20.0]})
    figure = margins.shift_sweep({"fixed": table, "learnt": table}, learnt=-0.4)
    for axes in figure.axes:
        dotted = [line for line in axes.lines if line.get_linestyle() == ":"]
        assert [line.get_xdata()[0] for line in dotted] == [-0.4]


def test_scatter_is_drawn_against_the_difference_of_the_margins():
    table = pd.DataFrame({"mean": 0.2, "b": [-0.1, 0.2], "scatter": [0.03, 0.01]})
    (axes,) = margins.scatter_of_negatives(table).axes
    assert axes.collections[0].get_offsets().tolist() == [[-0.2, 0.03], [0.4, 0.01]]


def test_the_best_of_each_sharpness_is_drawn_an_arm_a_curve():
    table = pd.DataFrame({"arm": ["b", "b", "b", "a"], "s": [5.0, 0.2, 5.0, 5.0]})
    (axes,) = margins.over_sharpness(table.assign(val=[30.0, 44.0, 38.0, 40.0])).axes
    assert [line.get_label() for line in axes.lines] == ["b", "a"]
    assert axes.lines[0].get_xydata().tolist() == [[0.2, 44], [5, 38]]
    assert axes.get_xscale() == "log"


def test_gaps_are_in_order_and_in_per_cent():
    table = pd.DataFrame({"arm": "a", "gap": [1.5, 0.5], "map": [0.1, 0.4]})
    table = table.assign(**{"map low": table["map"] - 0.01, "map high": table["map"] + 0.01})
    (axes,) = margins.over_gaps(table).axes
    assert axes.lines[0].get_xdata().tolist() == [0.5, 1.5]
    assert axes.lines[0].get_ydata() == pytest.approx([40, 10])


def test_histograms_are_of_each_kind_of_pair_with_the_threshold():
    cosines, same = np.array([[0.9, 0.1], [0.2, 0.8]]), np.eye(2, dtype=bool)
    figure = margins.cosines_of_pairs(
        {"pair": (cosines, same), "id": (cosines, same)}, {"pair": 0.4}
    )
    pair, other = figure.axes
    assert [line.get_xdata()[0] for line in pair.lines] == [0.4]
    assert not other.lines
    filled = [patch.get_x() for patch in pair.patches if patch.get_height() > 0]
    assert len(filled) == 4
    assert max(filled[:2]) > 0.85  # positives first
    assert max(filled[2:]) < 0.25


def test_kinds_of_pairs_are_rows():
    pictures = np.zeros((4, 3, 8, 8), np.uint8)
    rows = dict.fromkeys(("street", "positive", "negative"), pictures)
    figure = margins.kinds_of_pairs(rows, "title")
    assert len(figure.axes) == 12
    assert [axes.get_ylabel() for axes in figure.axes[::4]] == ["street", "positive", "negative"]
