"""Tables of run records: means over seeds with intervals."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import groupby

import numpy as np
import pandas as pd

from fashret_utils.evidence.records import Record
from fashret_utils.evidence.staleness import staleness
from fashret_utils.evidence.statistics import t_interval
from fashret_utils.scale import SCALES


def table(
    records: Collection[Record], metrics: Sequence[str], by: Sequence[str] = ("data", "arm")
) -> pd.DataFrame:
    """Average metrics over seeds, with 95 % intervals.

    With two seeds and more the interval is Student's t over seeds; with one it is the run's own
    bootstrap over queries. Scales are never mixed: each has its own row.

    **Arguments**: `metrics` - such as ["hit@1", "map@r"]; `by` - the fields that name a row.

    **Returns** columns `by`, `scale`, `seeds` (how many), `interval` ("t over seeds" or "bootstrap
    over queries"), and for each metric as `hit@1`, `hit@1 low`, `hit@1 high`; NaN where a record
    lacks it.

    **Raises** `ValueError` when a row would hold the same seed twice.
    """
    keys = [*by, *(() if "scale" in by else ("scale",))]

    def key(record: Record) -> tuple:
        return tuple(getattr(record, name) for name in keys)

    rows = []
    for values, group in groupby(sorted(records, key=lambda r: (key(r), r.seed)), key=key):
        group = list(group)
        seeds = [record.seed for record in group]
        if len(set(seeds)) < len(seeds):
            raise ValueError(
                f"several runs of one seed in {dict(zip(keys, values, strict=True))}: load the "
                'records of one chapter, or add what tells them apart to by=("data", "arm", ...)'
            )
        row = dict(zip(keys, values, strict=True)) | {
            "seeds": len(seeds),
            "interval": "t over seeds" if len(seeds) > 1 else "bootstrap over queries",
        }
        for metric in metrics:
            row[metric], row[f"{metric} low"], row[f"{metric} high"] = _summary(group, metric)
        rows.append(row)
    columns = [*keys, "seeds", "interval"]
    columns += [f"{metric}{end}" for metric in metrics for end in ("", " low", " high")]
    return pd.DataFrame(rows, columns=columns)


def best_scale(records: Collection[Record]) -> list[Record]:
    """Keep, for each chapter, data and arm, the records of the largest scale there is."""
    largest: dict[tuple[str, str, str], int] = {}
    for record in records:
        run = (record.chapter, record.data, record.arm)
        largest[run] = max(largest.get(run, 0), SCALES.index(record.scale))
    return [
        record
        for record in records
        if SCALES.index(record.scale) == largest[record.chapter, record.data, record.arm]
    ]


def percent(row: pd.Series, metric: str) -> str:
    """Write one cell of a `table` row in per cent, `"42.1 [38.0, 46.2]"`; `""` without a value."""
    value, low, high = (100 * row[f"{metric}{end}"] for end in ("", " low", " high"))
    if np.isnan(value):
        return ""
    return f"{value:.1f}" if np.isnan(low) else f"{value:.1f} [{low:.1f}, {high:.1f}]"


def readable(table: pd.DataFrame) -> pd.DataFrame:
    """Fold the `low` and `high` columns of a `table` into cells in per cent, for showing it."""
    metrics = [name.removesuffix(" low") for name in table.columns if name.endswith(" low")]
    shown = table.drop(columns=[f"{m}{end}" for m in metrics for end in (" low", " high")])
    for metric in metrics:
        shown[metric] = [percent(row, metric) for _, row in table.iterrows()]
    return shown.rename(columns={metric: f"{metric}, %" for metric in metrics})


def matrix(table: pd.DataFrame, metric: str, arms: Sequence[str] | None = None) -> pd.DataFrame:
    """Arms against data sets, one metric in per cent with its interval in each cell.

    **Arguments**: `table` - of one scale, as `table` makes it; `arms` - which, in which order.
    """
    cells = [percent(row, metric) for _, row in table.iterrows()]
    wide = pd.DataFrame({"arm": table["arm"], "data": table["data"], "cell": cells})
    wide = wide.pivot_table(index="arm", columns="data", values="cell", aggfunc="first")
    order = [arm for arm in arms or wide.index if arm in wide.index]
    return wide.loc[order].fillna("").rename_axis(index=None, columns=f"{metric}, %")


def rungs(
    table: pd.DataFrame, steps: Mapping[str, str], metric: str, prefix: str = ""
) -> pd.DataFrame:
    """Rows of a `table` of one data set as the rungs of a ladder, in per cent.

    **Arguments**: `steps` - arm -> what changes there, from the top; `prefix` - before the arms'
    names. Arms without records are left out.

    **Returns** columns `value`, `low`, `high`, `step`.
    """
    rows = table.set_index("arm")
    here = {prefix + arm: step for arm, step in steps.items() if prefix + arm in rows.index}
    columns = {metric: "value", f"{metric} low": "low", f"{metric} high": "high"}
    found = 100 * rows.loc[[*here], [*columns]].rename(columns=columns).astype(float)
    return found.assign(step=[*here.values()]).reset_index(drop=True)


def beside_published(
    published: Mapping[str, Sequence[float]],
    records: Collection[Record],
    metrics: Sequence[str],
    names: tuple[str, str],
    more: Sequence[str] = ("map",),
) -> pd.DataFrame:
    """A paper's table and ours, arm by arm, in per cent; ours with intervals.

    **Arguments**: `published` - arm -> its numbers in per cent, as many as `metrics`; `records` -
    of one data set; `names` - of the two groups of columns; `more` - further metrics of ours.
    """
    ours = table(best_scale(records), [*metrics, *more]).set_index("arm")
    rows = []
    for arm, numbers in published.items():
        pairs = zip(metrics, numbers, strict=True)
        row = {(names[0], metric): f"{number:.2f}" for metric, number in pairs}
        for metric in (*metrics, *more):
            row[names[1], metric] = percent(ours.loc[arm], metric) if arm in ours.index else ""
        rows.append(row)
    whole = pd.DataFrame(rows, list(published))
    return whole.set_axis(pd.MultiIndex.from_tuples(whole.columns), axis=1)


def means(
    records: Collection[Record], names: Sequence[str], arms: Sequence[str], digits: int = 3
) -> pd.DataFrame:
    """What runs measured besides their ranking: means over seeds as text, "" where unknown.

    **Arguments**: `names` - of metrics, or of numbers in `extra`; `arms` - in the order of the
    rows; those of which no run is recorded are left out.
    """
    rows = [
        {"arm": run.arm} | {name: {**run.extra, **run.metrics}.get(name) for name in names}
        for run in best_scale(records)
        if run.arm in arms
    ]
    found = pd.DataFrame(rows, columns=["arm", *names]).groupby("arm").mean()
    found = found.reindex([arm for arm in arms if arm in found.index])
    return found.map(lambda value: "" if np.isnan(value) else f"{value:.{digits}f}")


def origin(records: Collection[Record]) -> str:
    """In words where records come from: scale, seeds, machine, dates, and how many are stale."""
    if not records:
        return "no run is recorded yet"
    stale = sum(map(staleness(), records))
    note = f"; {stale} of {len(records)} records are stale: the code has changed" if stale else ""
    seeds = sorted({record.seed for record in records})
    scales = sorted({record.scale for record in records}, key=SCALES.index)
    machines = sorted({str(record.machine.get("device", "")) for record in records})
    days = sorted({record.time[:10] for record in records})
    span = days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"
    return (
        f"scale {' and '.join(scales)}; {'seed' if len(seeds) == 1 else 'seeds'} "
        f"{', '.join(map(str, seeds))}; {', '.join(machines)}; {span}{note}"
    )


def _summary(group: Sequence[Record], metric: str) -> tuple[float, float, float]:
    values = np.array([record.metrics.get(metric, np.nan) for record in group])
    if len(values) == 1:
        return (values[0], *group[0].intervals.get(metric, (np.nan, np.nan)))
    return t_interval(values)
