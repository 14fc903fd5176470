"""Figures of chapter 03: routes from a photo to the shop, a film strip, curves of precision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from fashret_utils.plots.pictures import sheet
from fashret_utils.plots.style import COLOURS, SERIES, canvas, styled


@styled
def diagram(routes: Sequence[tuple[str, str]], from_photo: int) -> Figure:
    """Boxes for the forms of a query, between the photo and the matching network.

    **Arguments**: `routes` - text and name of a colour of each form; `from_photo` - how many of
    them, the first ones, are made from the photo.
    """
    figure = canvas(2.9)
    axes = figure.subplots()
    top = len(routes) - 1
    axes.set(xlim=(0, 10), ylim=(-0.6, top + 0.6))
    axes.axis("off")
    box = {"boxstyle": "round,pad=0.4", "facecolor": "white", "linewidth": 1.8}
    arrow = {"arrowstyle": "-|>", "color": COLOURS["quiet"], "shrinkA": 3, "shrinkB": 3}
    middle = top / 2
    places = [
        (0.55, middle, "street\nphoto", "street"),
        (7.3, middle, "matching\nnetwork", "quiet"),
        (9.3, middle, "top k of\nthe shop", "shop"),
    ]
    places += [(3.6, top - i, text, colour) for i, (text, colour) in enumerate(routes)]
    for x, y, text, colour in places:
        look = {"ha": "center", "va": "center", "fontsize": 10}
        axes.text(x, y, text, bbox=box | {"edgecolor": COLOURS[colour]}, **look)
    for place in range(len(routes)):
        height = top - place
        axes.annotate("", (6.5, middle), (5.6, height), arrowprops=arrow)
        if place < from_photo:
            axes.annotate("", (1.65, height), (1.1, middle), arrowprops=arrow)
    axes.annotate("", (8.6, middle), (8.05, middle), arrowprops=arrow)
    return figure


def strip(rows: Mapping[str, np.ndarray], title: str) -> Figure:
    """Rows of pictures uint8 (n, 3, S, S) by their names, one below the other."""
    count = len(next(iter(rows.values())))
    captions = [name if i == 0 else "" for name in rows for i in range(count)]
    return sheet(np.concatenate(list(rows.values())), count, title, captions)


def drawn(kept: Mapping[str, Mapping[str, np.ndarray]], title: str) -> Figure | None:
    """Photos, what each arm drew of them at last, and the true pictures.

    **Arguments**: `kept` - arm -> its `photos`, `frames` and `truth`, as
    `evidence.pages.drawing_files` has them.

    **Returns** None where nothing was kept.
    """
    if not kept:
        return None
    ends = next(iter(kept.values()))
    rows = {arm: pictures["frames"][-1] for arm, pictures in kept.items()}
    return strip({"photo": ends["photos"], **rows, "truth": ends["truth"]}, title)


@styled
def losses(panels: Mapping[str, tuple[pd.DataFrame, Sequence[str]]]) -> Figure:
    """Several losses of a run in one panel, smoothed, on a logarithmic axis.

    **Arguments**: title -> history with a `step` column, and the columns to draw.
    """
    figure = canvas(3.2)
    grid = figure.subplots(1, len(panels), squeeze=False)[0]
    for axes, (title, (history, columns)) in zip(grid, panels.items(), strict=True):
        for column, colour in zip(columns, SERIES, strict=False):
            window = max(1, len(history) // 25)
            smooth = history[column].rolling(window, min_periods=1).mean()
            axes.plot(history["step"], smooth, color=colour, label=column)
        axes.set(xlabel="step", ylabel="loss (no unit)", title=title, yscale="log")
        axes.legend()
    return figure


@styled
def precision_at(table: pd.DataFrame, paper: str, title: str) -> Figure:
    """Precision at k against k, a line a column, that of the paper dashed.

    **Arguments**: `table` - indexed by k, shares from 0 to 1; `paper` - name of its column.
    """
    figure = canvas(3.8)
    axes = figure.subplots()
    colours = iter([*SERIES, *SERIES])
    for name in table:
        look = {"color": "black", "linestyle": "--"} if name == paper else {"color": next(colours)}
        axes.plot(table.index, 100 * table[name], label=name, **look)
    axes.set(xlabel="k (shop pictures looked at)", ylabel="category precision@k (%)")
    axes.set(ylim=(0, 100), title=title)
    figure.legend(loc="outside right center")
    return figure


@styled
def slider(weights: np.ndarray, agreements: Sequence[Mapping[str, float]]) -> Figure:
    """Agreement in two attributes as a weight moves from one to the other, in per cent."""
    figure = canvas(3.2)
    axes = figure.subplots()
    for name, colour in zip(agreements[0], SERIES, strict=False):
        values = [each[name] for each in agreements]
        axes.plot(weights, values, "o-", color=colour, label=name)
    axes.set(xlabel="share of the weight on colour", ylabel="agreement@10 (%)", ylim=(0, 100))
    axes.set_title("From type first to colour first")
    axes.legend()
    return figure


@styled
def receiver(curves: Mapping[str, tuple[np.ndarray, np.ndarray, float]]) -> Figure:
    """ROC curves: name -> false positive rates, true positive rates, area below."""
    figure = canvas(4.2, width=6.0)
    axes = figure.subplots()
    for (name, (wrong, right, area)), colour in zip(curves.items(), SERIES, strict=False):
        axes.plot(wrong, right, color=colour, label=f"{name}: AUC {area:.2f}")
    axes.plot([0, 1], [0, 1], color=COLOURS["line"])
    axes.set(xlabel="strangers answered (share)", ylabel="others answered (share)")
    axes.set_title("Can a threshold tell?")
    axes.legend()
    return figure
