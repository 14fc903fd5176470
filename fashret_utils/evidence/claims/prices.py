"""What arms cost, beside what they gain."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd

from fashret_utils.evidence.records import Record

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
