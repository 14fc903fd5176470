"""The end of trials: the best settings at full length, and how far a choice can be trusted.

Trials are shorter than runs, and what wins early need not win late. So the best settings of an arm
run once more, at full length: a round named `final,<arm>`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from fashret_utils.evidence.records import Record
from fashret_utils.training.plan import trials

Choices = Sequence[Mapping[str, object]]

FINALISTS = 2
PREFIX = "final"
# Settings whose values have an order, so that a grid of them has two ends.
ORDERED = ("rate", "scale", "temperature", "neg_margin", "margin", "positive_margin", "hard")


def finalists(
    found: Collection[Record],
    arm: str,
    choices: Choices,
    count: int = FINALISTS,
    each: str = "",
) -> list[dict[str, object]]:
    """The settings with the highest validation mAP, best first; the middle ones without trials.

    **Arguments**: `count` - of settings; `each` - name of a setting: the best settings with each of
    its values, and `count` does not matter.
    """
    marks = trials.score(found, arm, len(choices))
    marks = np.where(np.isnan(marks), -np.inf, marks)
    off_middle = np.abs(np.arange(len(choices)) - len(choices) // 2)
    ranked = [dict(choices[place]) for place in np.lexsort((off_middle, -marks))]
    if not each:
        return ranked[:count]
    best = {told[each]: told for told in reversed(ranked)}
    return [told for told in ranked if best[told[each]] is told]


def settled(
    found: Collection[Record],
    arm: str,
    choices: Choices,
    count: int = FINALISTS,
    each: str = "",
) -> dict[str, object]:
    """The settings of an arm: the best finalist, by the trials alone until finals have run.

    **Arguments**: as of `finalists`.
    """
    last = finalists(found, arm, choices, count, each)
    marks = trials.score(found, f"{PREFIX},{arm}", len(last))
    return last[0 if np.isnan(marks).all() else int(np.nanargmax(marks))]


def at_edge(
    found: Collection[Record], arm: str, choices: Choices, ordered: Sequence[str] = ORDERED
) -> dict[str, object]:
    """The chosen settings that are the least or the largest of their grid: name -> value.

    Beyond an edge there may be better ones. A setting with fewer than three values has no inside.
    """
    chosen, edges = settled(found, arm, choices), {}
    for name in ordered:
        values = {choice[name] for choice in choices if name in choice}
        if len(values) > 2 and chosen[name] in (min(values), max(values)):
            edges[name] = chosen[name]
    return edges


def leaders(found: Collection[Record], arm: str, choices: Choices, count: int = 5) -> np.ndarray:
    """Validation mAP of the best trials of an arm, best first, at most `count`."""
    marks = trials.score(found, arm, len(choices))
    return -np.sort(-marks[~np.isnan(marks)])[:count]
