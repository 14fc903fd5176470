"""What trials chose, as a table: settings, their validation mAP, and what lies at an edge."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

import pandas as pd

from fashret_utils.evidence.records import Record
from fashret_utils.training.plan import finals, trials

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


def of_rounds(
    found: Collection[Record], rounds: Sequence[Mapping[str, Choices]], names: Sequence[str]
) -> pd.DataFrame:
    """What the trials of each arm chose, and the best mAP on validation, in per cent.

    **Arguments**: `rounds` - of trials, a later one counts; `names` - settings to show. A value
    that is still the least or the largest that was tried is named "at the edge".
    """
    tried = {arm: choices for each in rounds for arm, choices in each.items()}
    rows = {}
    for arm, choices in tried.items():
        best, marks = trials.best(found, arm, choices), trials.score(found, arm, len(choices))
        varied = [n for n in names if len({choice.get(n) for choice in choices}) > 1]
        edges = finals.at_edge(found, arm, choices, varied)
        rows[arm] = {name: best[name] for name in varied} | {"trials": len(choices)}
        rows[arm] |= {"validation mAP, %": 100 * marks.max(), "at the edge": ", ".join(edges)}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("arm")
