"""Figures of searches: grids and their cosine maps, what each step buys, rewards, kernels."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from fashret_utils.plots.style import COLOURS, SERIES, canvas, styled

_NOTE = {"boxstyle": "round,pad=0.2", "facecolor": "white", "edgecolor": "none"}


@styled
def question(query: np.ndarray, cells: np.ndarray, matches: np.ndarray) -> Figure:
    """A query, its grid, and the map of cosines that is wanted.

    **Arguments**: `query` - uint8 (3, S, S); `cells` - (K * K, 3, S, S), row by row; `matches`
    (K * K,) bool.
    """
    figure, side = canvas(2.9), math.isqrt(len(cells))
    panels = figure.subplots(1, 3, width_ratios=(1, 1.6, 1.6))
    _grid(panels[0], query[None], [False])
    _grid(panels[1], cells, matches)
    panels[2].imshow(matches.reshape(side, side), cmap="cividis")
    _bare(panels[2])
    titles = ("query", "grid, one picture", "wanted: 1 (yellow) or 0")
    for axes, title in zip(panels, titles, strict=True):
        axes.set_title(title)
    return figure


@styled
def similarity_maps(rows: Sequence[Mapping[str, np.ndarray]]) -> Figure:
    """Searches, each in two arrangements of the same cells, with the cosine in every cell.

    **Arguments**: `rows` - each with `query` uint8 (3, S, S), `cells` (K * K, 3, S, S), `matches`
    (K * K,), `order` (K * K,) of the second arrangement, `first` and `second` (K * K,), cosines of
    `cells` in the two arrangements.
    """
    figure = canvas(2.9 * len(rows))
    panels = figure.subplots(len(rows), 3, width_ratios=(1, 2, 2), squeeze=False)
    for line, row in zip(panels, rows, strict=True):
        _grid(line[0], row["query"][None], [False])
        order = row["order"]
        _grid(line[1], row["cells"], row["matches"], row["first"])
        _grid(line[2], row["cells"][order], row["matches"][order], row["second"][order])
    titles = ("query", "cosine map", "the same pictures, shuffled")
    for axes, title in zip(panels[0], titles, strict=True):
        axes.set_title(title)
    return figure


@styled
def ladder(panels: Mapping[str, pd.DataFrame], start: float, title: str) -> Figure:
    """Arms one under the other, each differing from the one above in one thing.

    In brackets behind a value stands the step from the arm above.

    **Arguments**: `panels` - title -> columns `step` (words), `value`, `low`, `high` (per cent of
    mAP), from the top; `start` - the untrained start, per cent, NaN if not known.
    """
    longest = max(map(len, panels.values()))
    figure = canvas(1.4 + 0.48 * longest * len(panels))
    figure.suptitle(title, x=0.01, ha="left")
    for axes, (name, rows) in zip(
        figure.subplots(len(panels), 1, sharex=True, squeeze=False)[:, 0],
        panels.items(),
        strict=True,
    ):
        place = np.arange(len(rows))
        error = np.nan_to_num([rows["value"] - rows["low"], rows["high"] - rows["value"]])
        axes.plot(rows["value"], place, color=COLOURS["line"], zorder=1)
        axes.errorbar(rows["value"], place, xerr=error, fmt="o", color=SERIES[0], capsize=3)
        before = rows["value"].shift()
        for y, value, last in zip(place, rows["value"], before, strict=True):
            told = f"{value:.1f}" + ("" if np.isnan(last) else f" ({value - last:+.1f})")
            note = {"xytext": (0, 7), "textcoords": "offset points", "ha": "center"}
            axes.annotate(told.replace("-", "−"), (value, y), fontsize=9.5, **note)
        if np.isfinite(start):
            axes.axvline(start, color=COLOURS["quiet"], linestyle=":", label="frozen trunk")
        axes.set_yticks(place, rows["step"])
        axes.set_ylim(len(rows) - 0.5, -0.7)
        axes.set_title(name)
        axes.margins(x=0.12)
    axes.set_xlabel("mAP (%), line: 95 % interval over seeds")
    if np.isfinite(start):
        figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center")
    return figure


@styled
def margins_map(table: pd.DataFrame) -> Figure:
    """mAP for each pair of margins.

    **Arguments**: `table` - columns `high`, `low` and `map` (per cent), a row a run.
    """
    wide = table.pivot_table("map", "high", "low", aggfunc=["mean", "std"])
    figure = canvas(3.6)
    axes = figure.subplots()
    notes = wide["mean"].map("{:.1f}".format) + wide["std"].map("\n±{:.1f}".format)
    sns.heatmap(wide["mean"], annot=notes, fmt="", cmap="cividis", ax=axes)
    axes.invert_yaxis()
    axes.set(xlabel="low margin $m_l$ (cosine)", ylabel="high margin $m_h$ (cosine)")
    axes.set_title("mAP in %, mean ± standard deviation over seeds")
    return figure


@styled
def rewards(
    curves: Mapping[str, Mapping[str, Sequence[Mapping[str, Sequence[float]]]]], label: str
) -> Figure:
    """Best reward so far against programs tried, a thin line a search, a thick one their mean.

    **Arguments**: `curves` - panel -> method -> searches, each with `program` and `best`, at the
    same places; `label` - of the reward.
    """
    figure = canvas(3.5)
    for axes, (title, methods) in zip(
        figure.subplots(1, len(curves), squeeze=False)[0], curves.items(), strict=True
    ):
        for colour, (method, lines) in zip(SERIES, methods.items(), strict=False):
            for line in lines:
                axes.plot(line["program"], line["best"], color=colour, alpha=0.3, linewidth=0.9)
            mean = np.mean([line["best"] for line in lines], axis=0)
            axes.plot(lines[0]["program"], mean, color=colour, label=method)
        axes.set(title=title, xlabel="programs tried", ylabel=f"best {label} so far")
        axes.legend(loc="lower right")
    return figure


@styled
def flat_images(rows: Mapping[str, np.ndarray]) -> Figure:
    """Flat square images in [0, 1], a row a data set: name -> (n, d)."""
    figure = canvas(0.4 + 0.62 * len(rows))
    for axes, (name, images) in zip(
        figure.subplots(len(rows), 1, squeeze=False)[:, 0], rows.items(), strict=True
    ):
        side = math.isqrt(images.shape[1])
        axes.imshow(np.hstack(images.reshape(-1, side, side)), cmap="gray")
        _bare(axes)
        axes.set_title(name)
    return figure


@styled
def kernel_matrices(matrices: Mapping[str, np.ndarray]) -> Figure:
    """Kernel matrices of images sorted by class, each scaled to its own range."""
    figure = canvas(2.6)
    panels = figure.subplots(1, len(matrices), squeeze=False)[0]
    for axes, (name, matrix) in zip(panels, matrices.items(), strict=True):
        axes.imshow(matrix, cmap="cividis")
        _bare(axes)
        axes.set(title=name, xlabel="images")
    panels[0].set_ylabel("images by class")
    return figure


@styled
def noise_of_rewards(panels: Mapping[str, np.ndarray]) -> Figure:
    """Rewards of programs on two disjoint sets of items: what repeats, and what does not.

    **Arguments**: `panels` - name of the reward -> (2, programs), per cent.
    """
    figure = canvas(3.4)
    for axes, (name, both) in zip(
        figure.subplots(1, len(panels), squeeze=False)[0], panels.items(), strict=True
    ):
        axes.scatter(*both, s=18, color=SERIES[0], alpha=0.7)
        ends = [both.min(), both.max()]
        axes.plot(ends, ends, color=COLOURS["quiet"], linestyle=":")
        axes.set(title=name, xlabel="on some items (%)", ylabel="on other items (%)")
    return figure


def _grid(
    axes: Axes,
    pictures: np.ndarray,
    matches: Sequence[bool],
    cosines: np.ndarray | None = None,
) -> None:
    """Pictures uint8 (K * K, 3, S, S) as one; the matching ones are framed."""
    side, size = math.isqrt(len(pictures)), pictures.shape[-1]
    rows = pictures.reshape(side, side, 3, size, size).transpose(0, 3, 1, 4, 2)
    axes.imshow(rows.reshape(side * size, side * size, 3))
    frame = {"fill": False, "edgecolor": COLOURS["query"], "linewidth": 3}
    for place in np.flatnonzero(matches):
        corner = (size * (place % side) + 1, size * (place // side) + 1)
        axes.add_patch(Rectangle(corner, size - 3, size - 3, **frame))
    for place, cosine in enumerate([] if cosines is None else cosines):
        row, column = divmod(place, side)
        at = (size * (column + 0.5), size * (row + 0.9))
        text = f"{cosine:.3f}".replace("-", "−")
        axes.text(*at, text, ha="center", fontsize=8.5, bbox=_NOTE)
    _bare(axes)


def _bare(axes: Axes) -> None:
    axes.set(xticks=[], yticks=[])
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
