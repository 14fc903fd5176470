"""Grids of trials: one value more where the best lies at an edge, and what was chosen."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import pandas as pd

from fashret_utils.evidence.records import Record
from fashret_utils.training.plan import finals, trials

Choices = Sequence[Mapping[str, object]]


def widened(
    found: Collection[Record], arm: str, choices: Choices, name: str, *tied: str
) -> Choices:
    """The choices, and one more where the best has the least or the largest value of a setting.

    The new value is as far from the best as that is from its neighbour, in ratio.

    **Arguments**: `name` - of the setting, numbers above zero; `tied` - settings that
    move with it, where an arm has them.
    """
    if name not in finals.at_edge(found, arm, choices, (name,)):
        return choices
    best = trials.best(found, arm, choices)
    values = sorted({choice[name] for choice in choices})
    low = best[name] == values[0]
    factor = values[0] / values[1] if low else values[-1] / values[-2]
    moved = {key: factor * best[key] for key in (name, *tied) if key in best}
    return [*choices, best | moved]


def chosen(
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
