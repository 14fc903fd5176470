"""The figures of chapter 06: what they draw of the numbers they are given."""

import numpy as np
import pandas as pd
import pytest

from fashret_utils.plots import ranks

SCORES = pd.DataFrame(
    {"drawn": [0.4, 0.3, 0.2], "photos": [0.1, 0.3, np.nan]}, index=["gsn", "infonce", "cosface"]
)


def test_a_line_goes_through_the_ranks_of_each_arm():
    figure = ranks.orders(SCORES, {"photos": "τ = -1.00"}, ["gsn"])
    axes = figure.axes[0]
    assert [line.get_ydata().tolist() for line in axes.lines] == [[1, 2], [2, 1], [3]]
    heads = [text.get_text() for text in axes.get_xticklabels()]
    assert heads == ["drawn", "photos\nτ = -1.00"]
    texts = [text.get_text() for text in axes.texts]
    assert texts.count("gsn") == 2
    assert {"40.0", "30.0", "10.0"} <= set(texts)
    assert "drawn: gsn, infonce, cosface; photos: infonce, gsn" in figure.alt


def test_orders_need_two_arms_and_two_tests():
    for table in (SCORES[["drawn"]], SCORES.iloc[:1]):
        with pytest.raises(ValueError, match="two or more of both"):
            ranks.orders(table, {}, [])


def test_what_came_before_is_part_of_the_cost():
    table = pd.DataFrame(
        {"seconds": [60.0, 60.0], "before": [50.0, 0.0], "map": [0.3, 0.4]}
        | {"low": [0.29, 0.39], "high": [0.31, 0.41]},
        index=["poshaknet", "infonce"],
    )
    figure = ranks.trade(table, ["poshaknet"])
    marks = [line for line in figure.axes[0].lines if line.get_marker() == "o"]
    assert [line.get_xdata()[0] for line in marks] == [110, 60]
    assert [line.get_ydata()[0] for line in marks] == pytest.approx([30, 40])
    assert "poshaknet 110 s, 30.0 %" in figure.alt
    names = {text.get_text(): text.get_position()[1] for text in figure.axes[0].texts}
    assert names["infonce"] > names["poshaknet"]
    with pytest.raises(ValueError, match="no arms"):
        ranks.trade(table.iloc[:0], [])
