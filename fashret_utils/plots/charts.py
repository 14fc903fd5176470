"""Figures of numbers: training curves, bars with intervals, the effect of each gap knob."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from fashret_utils.plots.style import COLOURS, SERIES, canvas, styled

_AXES = {"loss": "loss (no unit)", "images_per_second": "speed (images / s)"}


@styled
def curves(
    history: pd.DataFrame | Mapping[str, pd.DataFrame],
    columns: Sequence[str] = ("loss", "images_per_second"),
    title: str = "Training",
    window: int | None = None,
) -> Figure:
    """Loss and speed against the step, of one run or several.

    **Arguments**

    - `history`: `Run.history` with a `step` column, or several by the name of the run.
    - `columns`: what to draw, a panel each.
    - `window`: steps of the running mean drawn over the faint raw values; by default a 25th.
    """
    runs = {"run": history} if isinstance(history, pd.DataFrame) else dict(history)
    longest = max(map(len, runs.values()))
    window = window or max(1, longest // 25)
    figure = canvas(3.3)
    figure.suptitle(title, x=0.01, ha="left")
    for axes, column in zip(
        figure.subplots(1, len(columns), squeeze=False)[0], columns, strict=True
    ):
        for colour, (name, frame) in zip(_colours(runs), runs.items(), strict=True):
            smooth = frame[column].rolling(window, min_periods=1, center=True).mean()
            label = f"mean of {window} steps" if len(runs) == 1 else name
            axes.plot(frame["step"], frame[column], color=colour, alpha=0.25, linewidth=0.8)
            axes.plot(frame["step"], smooth, color=colour, label=label)
        if len(runs) == 1:
            axes.plot([], [], color=colour, alpha=0.35, linewidth=0.8, label="each step")
        axes.set(xlabel="step", ylabel=_AXES.get(column, column))
        axes.margins(x=0.01)
        if column == "images_per_second":
            axes.set_ylim(bottom=0)
    _legend_below(figure, axes)
    return figure


@styled
def bars(
    table: pd.DataFrame,
    metrics: Sequence[str] = ("hit@1", "hit@10"),
    label: str = "arm",
    title: str = "Retrieval",
    chance: Mapping[str, float] | None = None,
) -> Figure:
    """Metrics with 95 % intervals, a group of bars for each row of a table.

    **Arguments**

    - `table`: columns `label`, and for each metric `hit@1`, `hit@1 low`, `hit@1 high`, as
      `retrieval.comparison` and `records.table` make them; fractions.
    - `metrics`: which to draw, each in its colour.
    - `label`: the column that names the rows.
    - `chance`: value of a random ranking for some metrics, drawn as a line.
    """
    _need(table, [label, *(f"{m}{end}" for m in metrics for end in ("", " low", " high"))])
    thickness = 0.8 / len(metrics)
    figure = canvas(1.35 + len(table) * (0.16 + 0.24 * len(metrics)))
    axes = figure.subplots()
    axes.set_title(title)
    for i, (metric, colour) in enumerate(zip(metrics, SERIES, strict=False)):
        value, low, high = (table[f"{metric}{end}"] for end in ("", " low", " high"))
        place = np.arange(len(table)) + (i - (len(metrics) - 1) / 2) * thickness
        axes.barh(place, value, height=thickness * 0.92, color=colour, label=metric)
        halo = [withStroke(linewidth=3, foreground="white")]  # legible on bars and lines
        span = {"color": COLOURS["text"], "linewidth": 1.3, "capsize": 3, "path_effects": halo}
        axes.errorbar(value, place, xerr=[value - low, high - value], fmt="none", **span)
        for y, each, end in zip(place, value, high.fillna(value), strict=True):
            at = {"xytext": (5, 0), "textcoords": "offset points", "va": "center"}
            at |= {"fontsize": 10, "path_effects": halo}
            axes.annotate(f"{each:.1%}", (end, y), **at)
        if chance and metric in chance:
            axes.axvline(chance[metric], color=colour, linestyle=":", label=f"{metric} by chance")
    axes.set_yticks(np.arange(len(table)), table[label])
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.set_xlim(
        0, min(1.12, 1.12 * max(table[f"{m} high"].fillna(table[m]).max() for m in metrics))
    )
    _per_cent(axes.xaxis)
    axes.set(xlabel="share of queries (%), line: 95 % interval", ylabel=None)
    _legend_below(figure, axes)
    return figure


@styled
def knobs(
    table: pd.DataFrame,
    metric: str = "hit@1",
    label: str = "arm",
    title: str = "What each part of the domain gap costs",
    columns: int = 3,
) -> Figure:
    """A metric against the strength of each factor of the domain gap, a panel a factor.

    **Arguments**

    - `table`: columns `factor`, `gap`, `label`, and `hit@1`, `hit@1 low`, `hit@1 high` (fractions)
      for the metric.
    - `label`: the column that tells the lines apart, such as before and after training.
    """
    _need(table, ["factor", "gap", label, *(f"{metric}{end}" for end in ("", " low", " high"))])
    factors = list(dict.fromkeys(table["factor"]))
    columns = min(columns, len(factors))
    rows = -(-len(factors) // columns)
    figure = canvas(1.0 + 2.1 * rows)
    figure.suptitle(title, x=0.01, ha="left")
    middle = figure.subfigures()  # its labels keep clear of the figure's legend
    panels = middle.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
    names = list(dict.fromkeys(table[label]))
    for axes, factor in zip(panels, factors, strict=False):
        axes.set_title(factor, fontweight="normal")
        for name, colour, marker in zip(names, _colours(names), "osD^vP", strict=False):
            line = table[(table["factor"] == factor) & (table[label] == name)].sort_values("gap")
            low, high = line[f"{metric} low"], line[f"{metric} high"]
            axes.fill_between(line["gap"], low, high, color=colour, alpha=0.18, linewidth=0)
            axes.plot(line["gap"], line[metric], color=colour, marker=marker, label=name)
        _per_cent(axes.yaxis)
        axes.xaxis.set_major_formatter("{x:g}")
    for axes in panels[len(factors) :]:
        axes.remove()
    panels[0].set_ylim(bottom=0)  # of all, once each has said how high it goes
    middle.supxlabel("strength of the factor (0 = none, 1 = as in the data set)", fontsize=12)
    middle.supylabel(f"{metric} (% of queries), band: 95 %", fontsize=12)
    _legend_below(figure, panels[0])
    return figure


def _per_cent(axis) -> None:
    axis.set_major_formatter(lambda share, _: f"{100 * share:g}")


def _legend_below(figure: Figure, axes: Axes) -> None:
    handles, names = axes.get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=min(len(names), 4))


def _colours(names: Sequence[str] | Mapping) -> list[str]:
    if len(names) > len(SERIES):
        raise ValueError(f"{len(names)} series in one figure; expected at most {len(SERIES)}")
    return list(SERIES[: len(names)])


def _need(table: pd.DataFrame, columns: Sequence[str]) -> None:
    missing = [column for column in columns if column not in table.columns]
    if missing:
        raise ValueError(
            f"the table lacks the columns {', '.join(missing)}; it has {', '.join(table.columns)}"
        )
