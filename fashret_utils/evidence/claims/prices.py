"""What arms cost, beside what they gain."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd

from fashret_utils.evidence.records import Record
from fashret_utils.evidence.statistics import t_interval

COLUMNS = {  # what a record keeps -> heading, unit
    "weights": ("weights, thousands", 1e3),
    "operations": ("operations, millions", 1e6),
    "pictures_per_second": ("pictures/s", 1),
}


def priced(table: pd.DataFrame, found: Collection[Record]) -> pd.DataFrame:
    """A table with arms as its index and what each costs, means over its records.

    **Arguments**: `found` - records, of any data; what none of an arm's has kept is left blank.
    """
    table = table.copy()
    for key, (heading, unit) in COLUMNS.items():
        kept: dict[str, list[float]] = {}
        for run in found:
            if key in run.extra:
                kept.setdefault(run.arm, []).append(run.extra[key] / unit)
        means = {arm: f"{np.mean(values):.0f}" for arm, values in kept.items()}
        table[heading] = [means.get(arm, "") for arm in table.index]
    return table


def trained(found: Collection[Record], arms: Collection[str]) -> pd.DataFrame:
    """What it cost to train arms, and how good they are: means over their records on one data set.

    **Arguments**: `found` - records of arms, which kept `before_seconds` (of what an arm needs
    before its own training) and `net_parameters`.

    **Returns** arms by `seconds`, `before`, `map` with `low` and `high` (Student's interval over
    seeds; NaN of one seed) and `parameters`; arms without records are left out.
    """
    rows: dict[str, dict[str, float]] = {}
    for arm in arms:
        mine = [run for run in found if run.arm == arm]
        if not mine:
            continue
        value, low, high = t_interval(np.array([run.metrics["map"] for run in mine]))
        rows[arm] = {
            "seconds": float(np.mean([run.cost["device_seconds"] for run in mine])),
            "before": float(np.mean([run.extra["before_seconds"] for run in mine])),
            "map": value,
            "low": low,
            "high": high,
            "parameters": float(np.mean([run.extra["net_parameters"] for run in mine])),
        }
    return pd.DataFrame.from_dict(rows, orient="index")
