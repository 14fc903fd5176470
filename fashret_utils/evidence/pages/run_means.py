"""Tables of what runs keep besides the numbers of a search, means over seeds."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import pandas as pd

from fashret_utils.evidence.records import Record


def run_means(
    found: Collection[Record], data: str, arms: Sequence[str], names: Sequence[str]
) -> pd.DataFrame:
    """Means over seeds, one row an arm in the order given; NaN where no run has a number.

    **Arguments**: `names` - of metrics, or of what records keep beside them. Arms without records
    are left out.

    **Returns** columns `names` and `seeds`.
    """
    rows = [
        {"arm": run.arm} | {name: (run.extra | run.metrics).get(name, np.nan) for name in names}
        for run in found
        if run.data == data and run.arm in arms
    ]
    table = pd.DataFrame(rows, columns=["arm", *names]).set_index("arm").astype(float)
    groups = table.groupby("arm")
    means = groups.mean().assign(seeds=groups.size())
    return means.loc[[arm for arm in dict.fromkeys(arms) if arm in means.index]]
