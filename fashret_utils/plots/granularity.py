"""Figures of networks that look at several scales and granularities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch

from fashret_utils.plots.style import COLOURS, SERIES, canvas, styled

# Kind of an arrow -> colour, line: shape says it as well as colour.
_ARROWS = {
    "down": ("street", "-"),
    "up": ("shop", "--"),
    "same": ("line", "-"),
    "out": ("text", ":"),
}
_DOWN = [("T5", "T4", "down"), ("T4", "T3", "down")]
_UP = [("B3", "B4", "up"), ("B4", "B5", "up")]


def _level(begin: str, end: str, kind: str) -> list[tuple[str, str, str]]:
    """An arrow at each level; `end` may be "F"."""
    return [(f"{begin}{i}", end if end == "F" else f"{end}{i}", kind) for i in (3, 4, 5)]


FUSIONS = {  # ways from the maps C to one map F: title -> arrows
    "levels": _level("C", "F", "out"),
    "top-down": [*_level("C", "T", "same"), *_DOWN, *_level("T", "F", "out")],
    "bottom-up": [*_level("C", "B", "same"), *_UP, *_level("B", "F", "out")],
    "both": [
        *_level("C", "T", "same"),
        *_DOWN,
        *_level("T", "B", "same"),
        *_UP,
        *_level("B", "F", "out"),
    ],
}
_RATIOS = (0.2, 0.5, 0.7, 1, 1.5, 2, 3, 5, 10, 20, 50, 100)


@styled
def fusions(panels: Mapping[str, Sequence[tuple[str, str, str]]] = FUSIONS) -> Figure:
    """Maps as nodes, and what flows from one to another as arrows; a panel a network.

    **Arguments**: `panels` - title -> arrows (from, to, kind), kind "down", "up", "same" or "out".
    A node is a letter and a level: C, T and B stand in columns, levels 3 to 5 in rows; F is last.
    """
    figure = canvas(2.3)
    for axes, (title, arrows) in zip(
        figure.subplots(1, len(panels), squeeze=False)[0], panels.items(), strict=True
    ):
        axes.set(xlim=(-0.5, 3.5), ylim=(-0.55, 2.55), aspect="equal")
        axes.set_title(title, fontsize=11)
        axes.axis("off")
        for begin, end, kind in arrows:
            colour, line = _ARROWS[kind]
            look = {"color": COLOURS[colour], "linestyle": line, "linewidth": 1.8}
            ends = {"arrowstyle": "-|>", "shrinkA": 11, "shrinkB": 11, "mutation_scale": 11}
            axes.add_patch(FancyArrowPatch(_place(begin), _place(end), **ends, **look))
        for node in sorted({name for arrow in arrows for name in arrow[:2]}):
            dot = {"s": 330, "color": "white", "edgecolor": COLOURS["quiet"], "zorder": 3}
            axes.scatter(*_place(node), **dot)
            axes.text(*_place(node), node, ha="center", va="center", fontsize=9.5, zorder=4)
    return figure


@styled
def looks(
    rows: Sequence[tuple[str, np.ndarray]],
    falls: Sequence[Mapping[str, np.ndarray]],
    window: int,
    title: str,
) -> Figure:
    """Pictures, and beside each how far its similarity falls when a window of it is covered.

    **Arguments**: `rows` - label, "street" or "shop" or another, and uint8 (3, S, S); `falls` - for
    each row branch -> (k, k), the fall for a window at each place, from the top left corner to the
    bottom right one; `window` - its side in pixels. A map is scaled to its largest fall, which
    stands under it.
    """
    names = list(falls[0])
    figure = canvas(0.7 + 1.5 * len(rows), width=1.6 * (len(names) + 1) + 0.6)
    panels = figure.subplots(len(rows), len(names) + 1, squeeze=False)
    for line, (label, picture), fall in zip(panels, rows, falls, strict=True):
        side = picture.shape[-1]
        line[0].imshow(picture.transpose(1, 2, 0))
        line[0].set_ylabel(label, color=COLOURS.get(label, COLOURS["text"]))
        edge = (window / 2 - 0.5, side - window / 2 - 0.5)  # centres of the windows
        for axes, name in zip(line[1:], names, strict=True):
            axes.imshow(picture.transpose(1, 2, 0).mean(2), cmap="gray", vmin=-255, vmax=255)
            heat = np.clip(fall[name], 0, None)
            share = heat / max(heat.max(), 1e-9)
            look = {"cmap": "Purples", "vmin": -0.5, "interpolation": "bicubic"}
            axes.imshow(share, alpha=0.9 * share, extent=(*edge, *edge[::-1]), **look)
            axes.set_xlabel(f"{heat.max():.2f}", fontsize=9, labelpad=2)
        for axes in line:
            axes.set(xticks=[], yticks=[], xlim=(-0.5, side - 0.5), ylim=(side - 0.5, -0.5))
            axes.spines[:].set_visible(False)
    for axes, name in zip(panels[0], ("picture", *names), strict=True):
        axes.set_title(name, fontsize=11)
    figure.suptitle(title)
    return figure


@styled
def causes(table: pd.DataFrame) -> Figure:
    """What each cause of the gap costs, in odds ratios, a mark a run.

    **Arguments**: `table` - rows with `arm`, `cause` and `log_odds_lost` (natural logarithm).
    """
    figure = canvas(3.0, width=6.4)
    axes = figure.subplots()
    names = list(dict.fromkeys(table["cause"])) if len(table) else []
    arms = list(dict.fromkeys(table["arm"])) if len(table) else []
    for number, (arm, colour) in enumerate(zip(arms, SERIES, strict=False)):
        rows = table[table["arm"] == arm]
        x = np.array([names.index(cause) for cause in rows["cause"]])
        x = x + 0.22 * (number - (len(arms) - 1) / 2)
        marker = "os^Dv<"[number % 6]
        look = {"color": colour, "marker": marker, "alpha": 0.8, "linewidth": 0}
        axes.scatter(x, np.exp(rows["log_odds_lost"]), s=34, label=arm, **look)
    axes.set_xticks(range(len(names)), names)
    axes.axhline(1, color=COLOURS["text"], linewidth=1, zorder=0)
    axes.set_ylabel("odds of a hit without the\ncause / with it (ratio)")
    axes.set_title("What each cause of the gap costs")
    if names:
        axes.set_yscale("log")
        low, high = axes.get_ylim()
        ticks = [tick for tick in _RATIOS if low <= tick <= high]
        axes.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
        axes.minorticks_off()
        axes.legend(fontsize=9.5)
    else:
        axes.text(0.5, 0.5, "no run yet", ha="center", transform=axes.transAxes)
    return figure


@styled
def attributes(names: Sequence[str], read: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> Figure:
    """Share of right values of each attribute, beside that of naming the commonest value.

    **Arguments**: `names` - of the attributes; `read` - "street", "shop" -> shares right of each,
    and those of naming the commonest value, both from 0 to 1.
    """
    figure = canvas(4.4, width=6.6)
    axes = figure.subplots()
    for number, (kind, (right, usual)) in enumerate(read.items()):
        y = np.arange(len(names)) + 0.38 * (number - (len(read) - 1) / 2)
        look = {"color": COLOURS[kind], "label": f"{kind} pictures"}
        axes.barh(y, 100 * np.asarray(right), height=0.36, **look)
        marks = {"color": COLOURS["text"], "linewidth": 2}
        axes.vlines(100 * np.asarray(usual), y - 0.18, y + 0.18, **marks)
    axes.plot([], [], color=COLOURS["text"], label="commonest value")
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.set(xlabel="right values (%)", xlim=(0, 100), title="Attributes of unseen items")
    axes.grid(visible=False, axis="y")
    figure.legend(loc="outside lower center", ncols=len(read) + 1)
    return figure


def in_words(
    said: Sequence[int],
    truth: Sequence[int],
    values: Mapping[str, Sequence[str]],
    wanted: Sequence[str],
) -> str:
    """What was read off a picture, a line an attribute, and what it is where that differs.

    **Arguments**: `said`, `truth` - codes of all attributes, -1 where unknown; `values` - attribute
    -> the names of its values, in their order; `wanted` - attributes to name.
    """
    lines = []
    for code, right, (name, words) in zip(said, truth, values.items(), strict=True):
        if name in wanted and right >= 0:
            same = code == right
            lines.append(f"✓ {words[code]}" if same else f"✗ {words[code]}, is {words[right]}")
    return "\n".join(lines)


def _place(node: str) -> tuple[float, float]:
    return (3, 1) if node == "F" else ("CTB".index(node[0]), int(node[1]) - 3)
