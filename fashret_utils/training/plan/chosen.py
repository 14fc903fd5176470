"""What trials chose, as a table: settings, their validation mAP, and what lies at an edge."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

import pandas as pd

from fashret_utils.evidence.records import Record
from fashret_utils.training.plan import finals

Choices = Sequence[Mapping[str, object]]


def table(
    found: Collection[Record],
    tried: Mapping[str, Choices],
    chosen: Mapping[str, Mapping[str, object]],
    shown: Callable[[str], bool],
) -> pd.DataFrame:
    """One row an arm: its settings, and once trials have run their mAP in per cent.

    `fifth, less` says how far behind the fifth best trial was: where that is little, the choice is
    a matter of luck. `at the edge` names settings beyond which there may be better ones.

    **Arguments**: `found` - records of trials; `tried` - arm -> choices; `chosen` - arm -> the
    settings it runs with; `shown` - which settings are worth a column.
    """
    rows = {}
    for arm, choices in tried.items():
        marks = 100 * finals.leaders(found, arm, choices)
        rows[arm] = {key: value for key, value in chosen[arm].items() if shown(key)}
        if len(marks):
            edges = ", ".join(finals.at_edge(found, arm, choices))
            rows[arm] |= {"validation": round(marks[0], 1), "at the edge": edges}
        if len(marks) == 5:
            rows[arm] |= {"fifth, less": round(marks[4] - marks[0], 1)}
    return pd.DataFrame(rows).T.fillna("")
