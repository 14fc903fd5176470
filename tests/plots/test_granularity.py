"""Figures of scales and granularities: what they show, from their artists."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.patches import FancyArrowPatch

from fashret_utils.plots import granularity


def test_every_arrow_and_node_is_drawn():
    panels = {
        "none": [("C5", "F", "out")],
        "up": [("C3", "B3", "same"), ("B3", "B4", "up"), ("B4", "F", "out")],
    }
    figure = granularity.fusions(panels)
    for axes, arrows in zip(figure.axes, panels.values(), strict=True):
        assert len([p for p in axes.patches if isinstance(p, FancyArrowPatch)]) == len(arrows)
        nodes = {name for arrow in arrows for name in arrow[:2]}
        assert {text.get_text() for text in axes.texts} == nodes


def test_looks_say_the_largest_fall_of_each_map():
    picture = np.zeros((3, 24, 24), np.uint8)
    falls = [{"global": np.eye(3) / 10, "part": np.full((3, 3), 0.25)}]
    figure = granularity.looks([("street", picture)], falls, 8, "title")
    assert [axes.get_xlabel() for axes in figure.axes] == ["", "0.10", "0.25"]
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["picture", "global", "part"]
    shown = figure.axes[1].images[1]
    assert shown.get_array().max() == pytest.approx(1)
    assert tuple(shown.get_extent()) == (3.5, 19.5, 19.5, 3.5)  # centres of the windows


def test_causes_are_odds_ratios():
    rows = [("mmfl", "pose", np.log(4)), ("mmfl", "light", 0.0), ("plain", "pose", np.log(8))]
    table = pd.DataFrame(rows, columns=["arm", "cause", "log_odds_lost"])
    axes = granularity.causes(table).axes[0]
    drawn = [points.get_offsets() for points in axes.collections]
    assert drawn[0][:, 1].tolist() == pytest.approx([4, 1])
    assert drawn[1][:, 1].tolist() == pytest.approx([8])
    assert axes.get_yscale() == "log"
    assert "no run yet" in granularity.causes(table.iloc[:0]).axes[0].texts[0].get_text()


def test_attributes_show_right_values_and_the_guess():
    read = {"street": ([0.5, 0.2], [0.4, 0.1]), "shop": ([0.7, 0.3], [0.4, 0.1])}
    axes = granularity.attributes(["category", "colour"], read).axes[0]
    assert [bar.get_width() for bar in axes.patches] == [50, 20, 70, 30]
    assert [t.get_text() for t in axes.get_yticklabels()] == ["category", "colour"]


def test_a_misread_value_is_named_with_the_truth():
    values = {"category": ["shirt", "coat"], "sleeve": ["short", "long"], "fit": ["slim"]}
    words = granularity.in_words([0, 1, 0], [1, 1, -1], values, ("category", "sleeve", "fit"))
    assert words == "✗ shirt, is coat\n✓ long"
