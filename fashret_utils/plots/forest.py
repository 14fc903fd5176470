"""The forest plot: every contrast with its interval, beside what would be too small to matter."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from textwrap import fill

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator

from fashret_utils.plots.style import COLOURS, SERIES, canvas, styled

NEEDED = ("contrast", "panel", "value", "low", "high")
_LABEL, _TITLES = 24, 72  # letters of a contrast in a line; of all panels' titles in one
_ROW, _AROUND = 0.52, 1.8  # inches of a row; of title, axis label and legend
_BAND = "#D9EBE4"
_FLOOR = {"color": COLOURS["quiet"], "linestyle": (0, (1, 1.6)), "linewidth": 1.5}
_START = {"color": COLOURS["text"], "markerfacecolor": "white", "markersize": 5.5}
_HALO = [withStroke(linewidth=2, foreground="white")]
# Colour, filled. The verdict stands beside the mark: colour never says anything alone.
_PLAIN, _UNDECIDED = (SERIES[0], True), (COLOURS["quiet"], False)
_MARKS = {
    "supported": _PLAIN,
    "negligible": (SERIES[1], True),
    "negative here": (SERIES[4], True),
    "contradicted": (SERIES[4], True),
}


@styled
def forest(
    table: pd.DataFrame,
    delta: float | Mapping[str, float],
    *,
    metric: str = "mAP",
    title: str = "What each idea bought",
    floors: Mapping[str, float] | None = None,
    start: str = "the untrained start",
) -> Figure:
    """Draw differences with their intervals, a row a contrast, a panel for each kind of data.

    Panels share one scale, so that lengths in them can be compared. What lies far outside it is an
    arrow at the edge with its number. `figure.alt` holds the figure in words.

    **Arguments**

    - `table`: columns `contrast`, `panel` (such as "drawings" and "real photos"), `value`, `low`,
      `high` (shares; NaN where there is no run), and where known `verdict` and `start` (the start
      of the arms less the plain arm, as `value`).
    - `delta`: smallest effect of interest, a share; or one for each panel.
    - `metric`: its name; `title`: of the figure; `start`: what the start is, for the legend.
    - `floors`: panel -> noise floor, a share.

    **Raises** `ValueError` for columns that are missing, no rows, and a contrast twice in a panel.
    """
    _check(table)
    contrasts, panels = (list(dict.fromkeys(table[name])) for name in ("contrast", "panel"))
    deltas = _deltas(delta, panels)
    limits = _limits(table, max(deltas.values()))
    figure = canvas(_AROUND + _ROW * len(contrasts))
    figure.suptitle(title, x=0.01, ha="left")
    middle = figure.subfigures()  # its label keeps clear of the legend
    axes = middle.subplots(1, len(panels), sharex=True, sharey=True, squeeze=False)[0]
    for panel, place in zip(panels, axes, strict=True):
        rows = table[table["panel"] == panel].set_index("contrast")
        _background(place, deltas[panel], (floors or {}).get(panel), limits)
        above = fill(panel, _TITLES // len(panels)) if len(panels) > 1 else ""
        place.set_title(above, fontweight="normal", fontsize=11.5)
        for y, contrast in enumerate(contrasts):
            if contrast in rows.index and np.isfinite(rows.loc[contrast, "value"]):
                _row(place, y, rows.loc[contrast], limits)
            else:
                _word(place, 0, y, "no run", limits)
    axes[0].set_yticks(range(len(contrasts)), [fill(name, _LABEL) for name in contrasts])
    axes[0].set_ylim(len(contrasts) - 0.5, -0.7)
    middle.supxlabel(f"difference in {metric} (points), line: 95 % interval", fontsize=11.5)
    known = "start" in table and table["start"].notna().any()
    columns = 3 if len({*deltas.values()}) == 1 else 2
    handles = _legend(deltas, bool(floors), start if known else None)
    figure.legend(handles=handles, loc="outside lower center", ncols=columns, fontsize=9.5)
    figure.alt = forest_text(table, delta, metric)
    return figure


def forest_text(
    table: pd.DataFrame, delta: float | Mapping[str, float], metric: str = "mAP"
) -> str:
    """The figure in words, for those who cannot see it: every contrast with its interval.

    **Arguments**: as in `forest`.
    """
    small = _below(_deltas(delta, dict.fromkeys(table["panel"])))
    parts = [
        f"Differences in {metric} in points with 95 % intervals; "
        f"{small} they are too small to matter."
    ]
    for panel, rows in table.groupby("panel", sort=False):
        said = [
            f"{row['contrast']} {_points(row['value'])} "
            f"({_points(row['low'])} to {_points(row['high'])}"
            + (f", {row['verdict']})" if isinstance(row.get("verdict"), str) else ")")
            for _, row in rows.iterrows()
            if np.isfinite(row["value"])
        ]
        parts.append(f"{str(panel)[0].upper()}{str(panel)[1:]}: {'; '.join(said) or 'no run'}.")
    return " ".join(parts)


def _background(axes: Axes, delta: float, floor: float | None, limits: tuple[float, float]) -> None:
    axes.axvspan(-100 * delta, 100 * delta, color=_BAND, linewidth=0, zorder=0)
    axes.axvline(0, color=COLOURS["text"], linewidth=1, zorder=1)
    for side in (-1, 1) if floor is not None else ():
        axes.axvline(100 * side * floor, **_FLOOR)
    axes.set_xlim(*limits)
    axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(lambda points, _: _signed(f"{points:+g}") if points else "0")
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0, labelsize=10.5, pad=9)
    axes.spines["left"].set_visible(False)


def _row(axes: Axes, y: int, row: pd.Series, limits: tuple[float, float]) -> None:
    value, low, high = (100 * row[name] for name in ("value", "low", "high"))
    verdict, start = row.get("verdict"), 100 * row.get("start", np.nan)
    colour, filled = _MARKS.get(verdict, _UNDECIDED) if isinstance(verdict, str) else _PLAIN
    said = _points(row["value"]) + (f" {verdict}" if isinstance(verdict, str) else "")
    _word(axes, np.clip(value, *limits), y, said, limits)
    if limits[0] <= value <= limits[1]:
        axes.plot([low, high], [y, y], color=colour, linewidth=2.2, solid_capstyle="butt", zorder=3)
        face = {"markerfacecolor": colour if filled else "white", "markeredgewidth": 1.8}
        axes.plot(value, y, "o", color=colour, markersize=7.5, zorder=4, **face)
    else:
        left = value < limits[0]
        ends = limits[0 if left else 1], np.clip(high if left else low, *limits)
        axes.plot(ends, [y, y], color=colour, linewidth=2.2, zorder=3)
        axes.plot(ends[0], y, "<" if left else ">", color=colour, markersize=8, clip_on=False)
    if np.isfinite(start):
        _start(axes, y, start, limits)


def _start(axes: Axes, y: int, start: float, limits: tuple[float, float]) -> None:
    """A diamond on the row; outside the panel a small one at the edge, with an arrow and number."""
    left, inside = start < limits[0], limits[0] <= start <= limits[1]
    place = y if inside else y + 0.3
    edge = np.clip(start, *limits)
    if inside:
        axes.plot(edge, place, "D", zorder=5, markeredgewidth=1.3, **_START)
        return
    words = f"◇ ← {_points(start / 100)}" if left else f"{_points(start / 100)} → ◇"
    at = {"ha": "left" if left else "right", "va": "center", "fontsize": 8.5}
    axes.text(edge, place, words, path_effects=_HALO, color=COLOURS["text"], **at)


def _word(axes: Axes, x: float, y: int, word: str, limits: tuple[float, float]) -> None:
    """A word above the row, over its mark as far as the panel allows."""
    panels = axes.get_subplotspec().get_gridspec().ncols
    half = 0.0068 * len(word) * panels * (limits[1] - limits[0])  # of its width, about
    look = {"fontsize": 9, "color": COLOURS["text"], "path_effects": _HALO, "zorder": 6}
    x = np.clip(x, limits[0] + half, limits[1] - half)
    axes.text(x, y - 0.33, word, ha="center", va="center", **look)


def _limits(table: pd.DataFrame, delta: float) -> tuple[float, float]:
    """Of the axis, in points: every interval, but for those three times as far out as half are."""
    reach = table[["low", "high"]].abs().max(axis=1)
    near = table[reach <= 3 * max(reach.median(), delta)]
    low, high = min(near["low"].min(), -1.5 * delta), max(near["high"].max(), 1.5 * delta)
    room = 0.06 * (high - low)
    return 100 * (low - room), 100 * (high + room)


def _deltas(delta: float | Mapping[str, float], panels: Iterable[str]) -> dict[str, float]:
    return {panel: delta[panel] if isinstance(delta, Mapping) else delta for panel in panels}


def _below(deltas: Mapping[str, float]) -> str:
    """From where on differences matter, such as "below 1.0 (photos 3.0)"; the first panel leads."""
    first, *_ = deltas.values()
    others = [f"{name} {_points(value)[1:]}" for name, value in deltas.items() if value != first]
    return f"below {_points(first)[1:]}" + (f" ({', '.join(others)})" if others else "")


def _legend(deltas: Mapping[str, float], floor: bool, start: str | None) -> list[Line2D | Patch]:
    small = f"too small to matter: {_below(deltas)}"
    if len({*deltas.values()}) == 1:
        small = f"too small to matter ({_below(deltas)})"
    handles: list[Line2D | Patch] = [Patch(color=_BAND, label=small)]
    if floor:
        handles.append(Line2D([], [], label="noise floor (an arm against itself)", **_FLOOR))
    if start:
        handles.append(Line2D([], [], marker="D", linestyle="", label=start, **_START))
    return handles


def _points(share: float) -> str:
    return _signed(f"{100 * share:+.1f}")


def _signed(number: str) -> str:
    return number.replace("-", "\N{MINUS SIGN}")


def _check(table: pd.DataFrame) -> None:
    if missing := [name for name in NEEDED if name not in table.columns]:
        raise ValueError(f"the table lacks {', '.join(missing)}; it has {', '.join(table.columns)}")
    if table.empty:
        raise ValueError("the table has no rows: expected at least one contrast")
    if (twice := table.duplicated(["contrast", "panel"])).any():
        first = table[twice].iloc[0]
        raise ValueError(f"{first['contrast']!r} stands twice in the panel {first['panel']!r}")
