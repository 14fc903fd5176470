"""Figures of classifiers of pairs: scores, margins and thresholds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fashret_utils.plots.style import COLOURS, SERIES, canvas, styled

_KINDS = {"street": "query", "positive": "hit", "negative": "miss"}


@styled
def shifted(pictures: np.ndarray, scores: Sequence[float], shift: float) -> Figure:
    """Gallery pictures on the axis of their scores, and again with a constant added.

    **Arguments**: `pictures` - uint8 (n, S, S, 3), worst first; `scores` - ascending; `shift` - the
    constant. The threshold is drawn at 0.
    """
    figure = canvas(3.6, layout="none")
    axes = figure.add_axes((0.02, 0.2, 0.96, 0.66))
    for y, moved, label in ((1.0, 0.0, "scores $u$"), (0.0, shift, "scores $u + b$")):
        axes.axhline(y, color=COLOURS["line"], zorder=0)
        axes.text(-1.12, y + 0.12, label, ha="left", va="center")
        for rank, (picture, score) in enumerate(zip(pictures[::-1], scores[::-1], strict=True), 1):
            x = score + moved
            axes.imshow(picture, extent=(x - 0.13, x + 0.13, y - 0.3, y + 0.3), zorder=2)
            axes.text(x, y - 0.41, f"rank {rank}", ha="center", va="center", fontsize=9)
    axes.axvline(0, color=COLOURS["query"], linestyle="--", zorder=3)
    axes.text(0.01, 1.45, "threshold of the classifier", color=COLOURS["query"])
    axes.set(xlim=(-1.15, 1.0), ylim=(-0.55, 1.55), aspect="auto", yticks=[])
    axes.set_xlabel("score of a shop picture for one street picture (difference of cosines)")
    axes.set_title("A constant moves pictures over the threshold, never past each other")
    return figure


@styled
def pair_costs(margins: Mapping[str, tuple[float, float]], scale: float = 30.0) -> Figure:
    """What positive and negative pairs cost against their score; a panel for each two margins.

    **Arguments**: `margins` - title of the panel -> positive and negative margin.
    """
    figure, u = canvas(3.2), np.linspace(-0.9, 0.9, 200)
    panels = figure.subplots(1, len(margins), sharey=True, squeeze=False)[0]
    for axes, (title, (m_p, m_n)) in zip(panels, margins.items(), strict=True):
        for kind, short in (("positive", m_p - u), ("negative", m_n + u)):
            cost = np.logaddexp(0, scale * short)
            axes.plot(u, cost, color=COLOURS[_KINDS[kind]], label=f"{kind} pair")
        alike = (m_p - m_n) / 2
        axes.axvline(alike, color=COLOURS["quiet"], linestyle=":")
        axes.text(alike + 0.03, 0.7 * scale, f"both pay alike\nat $u = {alike:g}$", fontsize=9.5)
        axes.set(title=title, xlabel="$u = c_1 - c_0$ (difference of cosines)")
    panels[0].set_ylabel("loss of a pair (no unit)")
    panels[-1].legend(loc="upper center")
    return figure


@styled
def kinds_of_pairs(rows: Mapping[str, np.ndarray], title: str) -> Figure:
    """Street pictures above their positive and negative pairs.

    **Arguments**: `rows` - "street", "positive", "negative" -> uint8 (n, 3, S, S), all of one n.
    """
    figure = canvas(3.6)
    figure.suptitle(title)
    count = len(next(iter(rows.values())))
    for line, (name, pictures) in zip(figure.subplots(len(rows), count), rows.items(), strict=True):
        line[0].set_ylabel(name, color=COLOURS[_KINDS[name]])
        for axes, picture in zip(line, pictures, strict=True):
            axes.imshow(picture.transpose(1, 2, 0))
            axes.set(xticks=[], yticks=[])
    return figure


@styled
def shift_sweep(
    panels: Mapping[str, pd.DataFrame], column: str = "map", learnt: float | None = None
) -> Figure:
    """A metric against the constant b, a curve for each mean margin, a panel for each head.

    **Arguments**: `panels` - title -> rows with `mean`, `b` and the metric in per cent, one a seed;
    `learnt` - the constant that heads with a learnable threshold came to, drawn as a line.
    """
    figure = canvas(3.4)
    for axes, (title, table) in zip(
        figure.subplots(1, len(panels), sharey=True, squeeze=False)[0], panels.items(), strict=True
    ):
        for colour, (mean, rows) in zip(SERIES, table.groupby("mean"), strict=False):
            by = rows.groupby("b")[column].agg(["mean", "std"])
            look = {"color": colour, "capsize": 3, "marker": "o", "label": f"mean margin {mean:g}"}
            axes.errorbar(by.index, by["mean"], yerr=by["std"].fillna(0), **look)
        axes.axvline(0, color=COLOURS["line"], zorder=0)
        if learnt is not None:
            look = {"color": COLOURS["quiet"], "linestyle": ":"}
            axes.axvline(learnt, label="where learnt thresholds end", **look)
        axes.set(title=title, xlabel="$b = (m_n - m_p) / 2$ (difference of cosines)")
        _legend(axes)
    figure.axes[0].set_ylabel("mAP (%), by seed")
    return figure


@styled
def scatter_of_negatives(table: pd.DataFrame) -> Figure:
    """Scatter of negative pairs against the difference of the margins, a colour a mean margin.

    **Arguments**: `table` - rows with `mean`, `b` and `scatter`.
    """
    figure = canvas(3.2, width=6)
    axes = figure.subplots()
    for colour, (mean, rows) in zip(SERIES, table.groupby("mean"), strict=False):
        axes.scatter(2 * rows["b"], rows["scatter"], color=colour, label=f"mean margin {mean:g}")
    axes.set(xlabel="$m_n - m_p$ (difference of cosines)", ylabel="scatter of negative pairs")
    axes.set_title("Scatter against the difference of the margins")
    _legend(axes)
    return figure


@styled
def over_sharpness(table: pd.DataFrame) -> Figure:
    """The best mAP on validation items at each sharpness, a curve an arm.

    **Arguments**: `table` - rows with `arm`, `s` and `val` (in per cent).
    """
    figure = canvas(3.6, width=6.5)
    axes = figure.subplots()
    looks = zip(SERIES, "os^Dvp", strict=False)
    for (colour, marker), (arm, rows) in zip(looks, table.groupby("arm", sort=False), strict=False):
        best = rows.groupby("s")["val"].max()
        axes.plot(best.index, best, marker=marker, color=colour, label=arm)
    axes.set(xscale="log", xlabel="sharpness $s$", ylabel="best validation mAP (%)")
    axes.set_title("The softer the loss, the less margins and threshold matter")
    _legend(axes)
    return figure


@styled
def over_gaps(table: pd.DataFrame) -> Figure:
    """mAP against the domain gap of the test, with intervals, a curve an arm.

    **Arguments**: `table` - rows with `arm`, `gap`, `map`, `map low` and `map high` (shares).
    """
    figure = canvas(3.2, width=6)
    axes = figure.subplots()
    for colour, (arm, rows) in zip(SERIES, table.groupby("arm"), strict=False):
        rows = rows.sort_values("gap")
        low, high = (100 * rows[f"map {end}"] for end in ("low", "high"))
        axes.plot(rows["gap"], 100 * rows["map"], marker="o", color=colour, label=arm)
        axes.fill_between(rows["gap"], low, high, color=colour, alpha=0.2, linewidth=0)
    axes.set(xlabel="domain gap of the test (1 is that of training)", ylabel="mAP (%)")
    axes.set_title("Losses at several strengths of the gap")
    _legend(axes)
    return figure


@styled
def cosines_of_pairs(
    searches: Mapping[str, tuple[np.ndarray, np.ndarray]], thresholds: Mapping[str, float]
) -> Figure:
    """Histograms of the cosines of positive and negative pairs, a panel an arm.

    **Arguments**: `searches` - arm -> cosines (n, m) and which pairs are positive (n, m);
    `thresholds` - arm -> cosine at which its head takes both kinds for equally likely.
    """
    figure, bins = canvas(3.2), np.linspace(-1, 1, 61)
    panels = figure.subplots(1, len(searches), sharey=True, squeeze=False)[0]
    for axes, (arm, (cosines, same)) in zip(panels, searches.items(), strict=True):
        for kind, chosen in (("positive", same), ("negative", ~same)):
            look = {"color": COLOURS[_KINDS[kind]], "label": kind}
            axes.hist(cosines[chosen], bins, density=True, alpha=0.6, **look)
        if arm in thresholds:
            axes.axvline(thresholds[arm], color=COLOURS["text"], linestyle=":")
        axes.set_title(arm, fontsize=10)
        axes.set_xlabel("cosine")
    panels[0].set_ylabel("density (1 / cosine)")
    panels[0].legend(fontsize=9)
    return figure


def _legend(axes: Axes) -> None:
    """A legend, or the word that there is nothing to explain."""
    if axes.get_legend_handles_labels()[0]:
        axes.legend(fontsize=9.5)
    else:
        axes.text(0.5, 0.5, "no run yet", ha="center", va="center", transform=axes.transAxes)
