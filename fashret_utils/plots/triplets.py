"""Figures of triplets: the pictures of a batch, the ratio loss, its scale, terms and weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from fashret_utils.plots.style import COLOURS, SERIES, canvas, styled

TERMS = {"L": SERIES[0], "alpha L_v": SERIES[1], "beta L_a": SERIES[2]}
_PATH = {"L": "$L$", "alpha L_v": r"$\alpha_v L_v$", "beta L_a": r"$\beta_a L_a$"}


@styled
def branches(triplets: np.ndarray, title: str) -> Figure:
    """Triplets with their bags, one a line.

    **Arguments**: `triplets` - uint8 (n, 3 + views, 3, S, S): anchor, positive, negative, bag.
    """
    views = triplets.shape[1] - 3
    names = ("anchor", "positive", "negative", *["bag"] * views)
    colours = ("query", "hit", "miss", *["shop"] * views)
    figure = canvas(1.6 * len(triplets))
    figure.suptitle(title)
    panels = figure.subplots(*triplets.shape[:2], squeeze=False)
    for line, (axes, pictures) in enumerate(zip(panels, triplets, strict=True)):
        for place, picture, name, colour in zip(axes, pictures, names, colours, strict=True):
            place.imshow(picture.transpose(1, 2, 0))
            place.set(xticks=[], yticks=[])
            if line == 0:
                place.set_title(name, color=COLOURS[colour])
    return figure


@styled
def by_view(rows: Mapping[str, np.ndarray], title: str) -> Figure:
    """Pictures of the same items in several views, a line each; "street" is one of them.

    **Arguments**: `rows` - view -> uint8 (n, 3, S, S), all of one n.
    """
    count = len(next(iter(rows.values())))
    figure = canvas(len(rows) * 8.4 / count)
    figure.suptitle(title)
    panels = figure.subplots(len(rows), count, squeeze=False)
    for axes, (view, pictures) in zip(panels, rows.items(), strict=True):
        axes[0].set_ylabel(view, color=COLOURS["street" if view == "street" else "shop"])
        for place, picture in zip(axes, pictures, strict=True):
            place.imshow(picture.transpose(1, 2, 0))
            place.set(xticks=[], yticks=[])
    return figure


@styled
def ratio_loss(spreads: Mapping[str, float]) -> Figure:
    """The ratio loss and its gradient against d+ - d-, and where triplets lie.

    **Arguments**: `spreads` - name -> standard deviation of d+ - d-, for features of several
    lengths; bars show two of them to either side.
    """
    figure = canvas(3.4)
    axes, gap = figure.subplots(), np.linspace(-10, 10, 401)
    plus = 1 / (1 + np.exp(-gap))
    axes.plot(gap, plus**2, color=SERIES[0], label="loss $L$")
    axes.plot(gap, 2 * plus**2 * (1 - plus), color=SERIES[2], label="gradient in $d_+$")
    for line, (name, spread) in enumerate(spreads.items()):
        height, reach = 1.12 + 0.1 * line, min(2 * spread, 10)
        axes.plot([-reach, reach], [height] * 2, color=COLOURS["quiet"], linewidth=4)
        axes.text(10.2, height, name, va="center", fontsize=9.5)
    axes.axhline(0.25, color=COLOURS["line"], zorder=0)
    axes.set(xlabel="$d_+ - d_-$ (no unit)", ylabel="loss, gradient", xlim=(-10, 10))
    axes.set_title("Where the ratio loss can feel a triplet")
    axes.legend(loc="center left")
    return figure


@styled
def of_lengths(table: pd.DataFrame) -> Figure:
    """What each term pulls with before training, by the mean distance of random pairs.

    **Arguments**: `table` - index: the distance as text; columns: norm of the gradient of each
    term of `TERMS`.
    """
    figure = canvas(3.4)
    axes, width = figure.subplots(), 0.26
    for place, name in enumerate(TERMS):
        x = np.arange(len(table)) + (place - 1) * width
        axes.bar(x, table[name], width, color=TERMS[name], label=_PATH[name])
    axes.set_yscale("log")
    axes.set_xticks(np.arange(len(table)), table.index)
    axes.set(xlabel="mean distance of random pairs at the start (no unit)")
    axes.set_ylabel("norm of the gradient\nin the trunk's weights")
    axes.set_title("Who pulls hardest, before the first step")
    axes.legend(ncols=3, loc="upper right", fontsize=9.5)
    return figure


@styled
def shrinking(histories: Mapping[str, pd.DataFrame], far: str) -> Figure:
    """Distances, the loss of triplets and the view term's share, against the step.

    **Arguments**: `histories` - name -> `Run.history`; `far` - the column of distances.
    """
    figure = canvas(3.2, width=9)
    columns = {far: "mean $d_-$ (no unit)", "L": "$L$", "share of alpha L_v": "share of gradient"}
    panels = figure.subplots(1, len(columns))
    for axes, (column, label) in zip(panels, columns.items(), strict=True):
        for colour, (name, history) in zip(SERIES, histories.items(), strict=False):
            seen = history[["step", column]].dropna()
            look = {"color": colour, "label": name, "marker": "." if column[0] == "s" else None}
            axes.plot(seen["step"], seen[column].rolling(5, min_periods=1).mean(), **look)
        axes.set(xlabel="step", ylabel=label)
    panels[0].set_yscale("log")
    panels[1].axhline(0.25, color=COLOURS["quiet"], linestyle=":")
    panels[1].set_title("dotted: 1/4, a guess", fontsize=10)
    panels[2].set_ylim(0, 1)
    panels[2].legend(loc="upper right", fontsize=9.5)  # little is drawn there
    return figure


@styled
def weights(groups: Mapping[str, np.ndarray]) -> Figure:
    """Histograms of the attribute weights of several groups of negatives."""
    figure = canvas(3.2)
    axes = figure.subplots()
    top = max(values.max() for values in groups.values())
    for colour, (name, values) in zip(SERIES, groups.items(), strict=False):
        look = {"density": True, "histtype": "step", "linewidth": 2, "color": colour}
        label = f"{name}: {np.mean(values == 0):.1%} weigh nothing"
        axes.hist(values, np.linspace(0, max(top, 1), 20), label=label, **look)
    axes.set(xlabel="$W_a$ (no unit)", ylabel="density")
    axes.set_title("What the weights say of a negative")
    axes.legend(fontsize=9.5)
    return figure


@styled
def view_matrices(
    matrices: Mapping[str, np.ndarray], views: Sequence[str], difference: tuple[str, str]
) -> Figure:
    """hit@1 by view of the query and of the gallery, a panel each, and one difference.

    **Arguments**: `matrices` - name -> per cent (1 + V, V), NaN where not searched; `difference` -
    two of the names: the second less the first.
    """
    panels = {**matrices, "change": matrices[difference[1]] - matrices[difference[0]]}
    top = np.nanmax([np.nanmax(matrix) for matrix in matrices.values()])
    figure = canvas(3.6, width=3 * len(panels))
    for axes, (name, matrix) in zip(figure.subplots(1, len(panels)), panels.items(), strict=True):
        change = name == "change"
        reach = max(np.nanmax(np.abs(matrix)), 1)
        colours = {"cmap": "PuOr", "vmin": -reach, "vmax": reach} if change else {}
        axes.imshow(matrix, **({"cmap": "cividis", "vmin": 0, "vmax": top} | colours))
        for (y, x), value in np.ndenumerate(matrix):
            if np.isfinite(value):
                dark = not change and value < 0.6 * top
                look = {"ha": "center", "va": "center", "fontsize": 9}
                text = f"{value:+.0f}" if change else f"{value:.0f}"
                axes.text(x, y, text, color="white" if dark else COLOURS["text"], **look)
        axes.set_xticks(range(len(views)), views, rotation=40, ha="right", fontsize=9)
        axes.set_yticks(range(1 + len(views)), ("street", *views), fontsize=9)
        axes.grid(visible=False)
        title = f"{difference[1]} - {difference[0]} (points)" if change else f"{name} (%)"
        axes.set_title(title, fontsize=10)
        axes.set_xlabel("view of the gallery")
    figure.axes[0].set_ylabel("view of the query")
    return figure


@styled
def agreement(names: Sequence[str], wrong: np.ndarray, chance: np.ndarray) -> Figure:
    """How often wrong first ranks agree with the query in each attribute, beside chance.

    **Arguments**: `wrong`, `chance` - shares (M,), in the order of the names.
    """
    order = np.argsort(wrong - chance)
    figure = canvas(4.2)
    axes, places = figure.subplots(), np.arange(len(order))
    axes.barh(places, 100 * wrong[order], color=SERIES[1], label="wrong first rank")
    marks = {"linestyle": "none", "marker": "|", "markersize": 16, "color": COLOURS["text"]}
    axes.plot(100 * chance[order], places, **marks, label="two shoes at random")
    axes.set_yticks(places, np.array(names)[order])
    axes.set(xlabel="pairs that agree (%)")
    axes.set_title("What a wrong answer has in common with the query")
    axes.legend(loc="lower right")
    return figure
