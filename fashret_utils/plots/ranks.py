"""Figures of chapter 06: the order of methods on several tests, and accuracy against cost."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from fashret_utils.plots.style import COLOURS, SERIES, canvas, styled


@styled
def orders(
    scores: pd.DataFrame,
    below: Mapping[str, str],
    ideas: Collection[str],
    title: str = "Do drawings and photos put methods in the same order?",
) -> Figure:
    """A line for each arm through its ranks on several tests, the best on top.

    **Arguments**: `scores` - arms (rows) by tests (columns), shares, NaN where an arm has no run;
    `below` - test -> words under its column; `ideas` - arms that are drawn in colour, the others
    grey.

    **Raises** `ValueError` for a table without arms or with one test alone.
    """
    if len(scores) < 2 or scores.shape[1] < 2:
        raise ValueError(f"{scores.shape} arms and tests: expected two or more of both")
    figure = canvas(0.9 + 0.36 * len(scores))
    axes = figure.subplots()
    places = scores.rank(ascending=False, method="first")
    colours = dict(zip([a for a in scores.index if a in ideas], SERIES, strict=False))
    for arm, row in places.iterrows():
        known = np.flatnonzero(row.notna())
        told = arm in colours
        look = {"color": colours.get(arm, COLOURS["line"]), "linewidth": 2.4 if told else 1.6}
        axes.plot(known, row.iloc[known], "-", zorder=2 + told, **look)
        for x in known:
            value, text = scores.loc[arm].iloc[x], colours.get(arm, COLOURS["quiet"])
            box = {"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none"}
            at = {"ha": "center", "va": "center", "fontsize": 9.5, "zorder": 5}
            axes.text(x, row.iloc[x], f"{100 * value:.1f}", color=text, bbox=box, **at)
        side = {"va": "center", "fontsize": 10, "color": colours.get(arm, COLOURS["quiet"])}
        side |= {"bbox": {"facecolor": "white", "edgecolor": "none", "pad": 0.8}, "zorder": 4}
        weight = "bold" if told else "normal"
        name = arm.replace("_", " ")
        axes.text(known[0] - 0.22, row.iloc[known[0]], name, ha="right", weight=weight, **side)
        axes.text(known[-1] + 0.22, row.iloc[known[-1]], name, weight=weight, **side)
    heads = [f"{test}\n{below[test]}" if below.get(test) else test for test in scores]
    axes.set_xticks(range(len(heads)), heads)
    axes.set(xlim=(-1.1, len(heads) + 0.1), ylim=(len(scores) + 0.6, 0.4))
    axes.set(yticks=[], title=f"{title}\nmAP in per cent, the best on top")
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.grid(visible=False)
    axes.tick_params(axis="x", length=0, labelsize=9.5)
    said = [f"{test}: {', '.join(places[test].dropna().sort_values().index)}" for test in scores]
    figure.alt = "Orders of methods, the best first. " + "; ".join(said) + "."
    return figure


@styled
def trade(
    table: pd.DataFrame, ideas: Collection[str], title: str = "What it costs and what it finds"
) -> Figure:
    """Accuracy against seconds of training, a mark for each arm; a line joins what came before.

    **Arguments**: `table` - arms by `seconds` (of the run), `before` (of what it needed before),
    and `map`, `low`, `high` (shares); `ideas` - arms with a filled mark.

    **Raises** `ValueError` for a table without arms.
    """
    if table.empty:
        raise ValueError("no arms to draw: expected a row for each")
    figure = canvas(4.4)
    axes = figure.subplots()
    whole = table["seconds"] + table["before"]
    for arm, row in table.iterrows():
        y, x = 100 * row["map"], row["seconds"] + row["before"]
        face = SERIES[0] if arm in ideas else "white"
        error = 100 * np.array([[row["map"] - row["low"]], [row["high"] - row["map"]]])
        axes.errorbar(x, y, error, color=COLOURS["line"], linewidth=1.4, zorder=1)
        if row["before"]:
            axes.plot([row["seconds"], x], [y, y], ":", color=COLOURS["quiet"], zorder=1)
        axes.plot(x, y, "o", ms=8, mfc=face, mec=SERIES[0], zorder=3)
    axes.set(xlim=(0, 1.28 * whole.max()), xlabel="training (seconds of one thread)")
    axes.set(ylabel="mAP (%)", title=title)
    _labels(axes, whole, 100 * table["map"])
    said = [f"{arm} {whole[arm]:.0f} s, {100 * table.loc[arm, 'map']:.1f} %" for arm in table.index]
    figure.alt = "Seconds of training and mAP: " + "; ".join(said) + "."
    return figure


def _labels(axes, x: pd.Series, y: pd.Series) -> None:
    """Names to the right of all marks, moved apart, each joined to its mark."""
    low, high = axes.get_ylim()
    step = 0.055 * (high - low)
    at = y.sort_values()
    spread = at.to_numpy(copy=True)
    for i in range(1, len(spread)):  # upwards, then down again from the top
        spread[i] = max(spread[i], spread[i - 1] + step)
    spread[-1] = min(spread[-1], high - step / 2)
    for i in range(len(spread) - 2, -1, -1):
        spread[i] = min(spread[i], spread[i + 1] - step)
    edge = 1.1 * x.max()
    for arm, place in zip(at.index, spread, strict=True):
        axes.plot([x[arm], edge], [y[arm], place], color=COLOURS["line"], linewidth=0.7, zorder=0)
        name = arm.replace("_", " ")
        axes.text(1.01 * edge, place, name, va="center", fontsize=9, color=COLOURS["text"])
