"""The forest plot: where marks lie, what is clipped, and the same in words."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.patches import Rectangle

from fashret_utils.plots.forest import forest, forest_text

ROWS = [
    ("part branch", "drawings", 0.018, 0.009, 0.027, "supported", -0.2),
    ("part branch", "photos", 0.006, -0.012, 0.024, "unresolved", -0.004),
    ("view loss", "drawings", 0.001, -0.004, 0.006, "negligible", np.nan),
    ("drawn query", "drawings", -0.3, -0.4, -0.2, "negative here", np.nan),
]
NAMES = ["contrast", "panel", "value", "low", "high", "verdict", "start"]
TABLE = pd.DataFrame(ROWS, columns=NAMES)


def panels(figure):
    return {axes.get_title(loc="left"): axes for axes in figure.axes}


def lines(axes):
    """Intervals drawn: (low, high) in points by the row they lie on."""
    return {
        line.get_ydata()[0]: tuple(np.round(line.get_xdata(), 6))
        for line in axes.lines
        if len(line.get_xdata()) == 2 and line.get_ydata()[0] == line.get_ydata()[1]
    }


def marks(axes, marker):
    return [
        (round(float(np.ravel(line.get_xdata())[0]), 6), np.ravel(line.get_ydata())[0])
        for line in axes.lines
        if line.get_marker() == marker
    ]


def words(axes):
    return [text.get_text() for text in axes.texts]


def test_intervals_lie_on_their_rows_in_points():
    axes = panels(forest(TABLE, 0.01, floors={"drawings": 0.007}))
    assert list(axes) == ["drawings", "photos"]
    drawings, photos = axes.values()
    assert [text.get_text() for text in drawings.get_yticklabels()] == [
        "part branch",
        "view loss",
        "drawn query",
    ]
    assert lines(drawings)[0] == (0.9, 2.7)
    assert lines(drawings)[1] == (-0.4, 0.6)
    assert lines(photos) == {0: (-1.2, 2.4)}
    assert marks(drawings, "o") == [(1.8, 0), (0.1, 1)]
    assert marks(photos, "o") == [(0.6, 0)]
    assert drawings.get_ylim()[0] > drawings.get_ylim()[1]  # the first row is on top
    assert drawings.get_xlim() == photos.get_xlim()


def test_what_is_too_small_and_the_noise_are_marked():
    drawings, photos = panels(forest(TABLE, 0.01, floors={"drawings": 0.007})).values()
    for axes in (drawings, photos):
        (band,) = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
        assert (band.get_x(), band.get_width()) == pytest.approx((-1, 2))
    dotted = [
        line.get_xdata()[0] for line in drawings.lines if line.get_linestyle() not in ("-", "None")
    ]
    assert dotted == pytest.approx([-0.7, 0.7])
    assert not [line for line in photos.lines if line.get_linestyle() not in ("-", "None")]


def test_what_lies_far_outside_is_an_arrow_with_its_number():
    drawings, photos = panels(forest(TABLE, 0.01)).values()
    low, high = drawings.get_xlim()
    assert -5 < low < -1.2
    assert high > 2.7
    assert marks(drawings, "<") == [(pytest.approx(low), 2)]
    assert "−30.0 negative here" in words(drawings)
    assert "◇ ← −20.0" in words(drawings)
    assert marks(photos, "D") == [(-0.4, 0)]  # a start within the panel is a diamond


def test_words_say_verdicts_beside_the_marks_and_where_no_run_is():
    drawings, photos = panels(forest(TABLE, 0.01)).values()
    assert "+1.8 supported" in words(drawings)
    assert words(photos) == ["+0.6 unresolved", "no run", "no run"]
    filled = {line.get_markerfacecolor() for line in photos.lines if line.get_marker() == "o"}
    assert filled == {"white"}  # undecided


def test_words_stay_within_the_figure():
    figure = forest(TABLE, 0.01, start="ImageNet trunk, untrained", floors={"photos": 0.01})
    figure.draw_without_rendering()
    whole = figure.bbox
    texts = [text for axes in figure.axes for text in (*axes.texts, *axes.get_yticklabels())]
    for text in (*texts, *figure.legends[0].get_texts()):
        box = text.get_window_extent()
        assert whole.x0 <= box.x0, text.get_text()
        assert box.x1 <= whole.x1, text.get_text()


def test_the_figure_in_words_holds_every_number():
    text = forest(TABLE, 0.01).alt
    assert text == forest_text(TABLE, 0.01)
    assert "below 1.0 they are too small to matter" in text
    assert "Drawings: part branch +1.8 (+0.9 to +2.7, supported); view loss" in text
    assert text.endswith("Photos: part branch +0.6 (−1.2 to +2.4, unresolved).")


def test_verdicts_and_starts_are_optional():
    figure = forest(TABLE.drop(columns=["verdict", "start"])[:1], 0.01, metric="hit@1")
    (axes,) = figure.axes
    assert words(axes) == ["+1.8"]
    assert axes.get_title(loc="left") == ""
    assert len(figure.legends[0].get_texts()) == 1
    assert "hit@1" in figure.alt


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (TABLE.drop(columns="low"), "lacks low"),
        (TABLE[:0], "no rows"),
        (pd.concat([TABLE, TABLE[:1]]), "'part branch' stands twice in the panel 'drawings'"),
    ],
)
def test_tables_that_cannot_be_drawn(table, message):
    with pytest.raises(ValueError, match=message):
        forest(table, 0.01)


def test_each_panel_can_have_a_smallest_effect_of_its_own():
    figure = forest(TABLE, {"drawings": 0.01, "photos": 0.03})
    widths = {
        name: next(patch for patch in axes.patches if isinstance(patch, Rectangle)).get_width()
        for name, axes in panels(figure).items()
    }
    assert widths == pytest.approx({"drawings": 2, "photos": 6})
    assert "below 1.0 (photos 3.0) they are too small to matter" in figure.alt
    said = [text.get_text() for text in figure.legends[0].get_texts()]
    assert "too small to matter: below 1.0 (photos 3.0)" in said
