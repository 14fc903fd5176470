"""Grids that end too early: settings beyond the edge at which the best one lies."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from fashret_utils.evidence.records import Record
from fashret_utils.training.plan import trials

Choices = Sequence[Mapping[str, object]]


def beyond_edge(values: Collection[float], best: float) -> float | None:
    """The value one step beyond the edge of a grid, if the best lies there; else None.

    The step is that of the two values at the edge, in ratio.
    """
    low, high = sorted(set(values)), sorted(set(values), reverse=True)
    steps = {edge: edge**2 / next_ for edge, next_, *_ in (low, high)}
    return steps.get(best)


def further(found: Collection[Record], arm: str, choices: Choices, name: str) -> list[dict]:
    """Settings one step beyond the edge of a grid, if the best setting lies there; else none.

    **Arguments**: `name` - of a number with at least three values in the grid, a constant factor
    apart; settings that differ in nothing but this number give one new setting.
    """
    marks = trials.score(found, arm, len(choices))
    values = sorted({choice[name] for choice in choices})
    if len(values) < 3:
        raise ValueError(f"{name} has {len(values)} values: a grid with an inside has three")
    if np.isnan(marks).any():
        return []
    chosen = choices[int(marks.argmax())][name]
    beyond = beyond_edge(values, chosen)
    if beyond is None:
        return []
    return [{**choice, name: beyond} for choice in choices if choice[name] == chosen]


def widened(
    found: Collection[Record], arm: str, choices: Choices, name: str, *tied: str
) -> Choices:
    """The choices, and one more where the best has the least or the largest value of a setting.

    **Arguments**: `name` - of the setting, numbers above zero; `tied` - settings that move with it
    in ratio, where an arm has them.
    """
    best = trials.best(found, arm, choices)
    values = {choice[name] for choice in choices if name in choice}
    beyond = beyond_edge(values, best[name]) if len(values) > 2 else None
    if beyond is None:
        return choices
    moved = {key: beyond / best[name] * best[key] for key in (name, *tied) if key in best}
    return [*choices, best | moved]
