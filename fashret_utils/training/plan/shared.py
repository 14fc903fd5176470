"""Settings that several arms share, chosen by the trials of all of them together."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
import pandas as pd

from fashret_utils.evidence.records import Record
from fashret_utils.training.plan import trials

Choices = Sequence[Mapping[str, object]]


def best_value(found: Collection[Record], tried: Mapping[str, Choices], key: str) -> object:
    """The value of a setting with the best sum, over arms, of each one's best trial with it.

    **Arguments**: `tried` - arm -> its choices, which all hold `key`.

    **Returns** the middle value where no trial has run.
    """
    marks = {arm: trials.score(found, arm, len(choices)) for arm, choices in tried.items()}
    values = list(dict.fromkeys(choice[key] for choices in tried.values() for choice in choices))
    sums = [
        sum(
            _best([m for m, c in zip(marks[arm], choices, strict=True) if c[key] == value])
            for arm, choices in tried.items()
        )
        for value in values
    ]
    return values[int(np.argmax(sums)) if max(sums) > 0 else len(values) // 2]


def spreads(found: Collection[Record], arm: str, count: int) -> dict[int, float]:
    """Best less worst validation score of an arm's trials: seed -> spread, of whole sets alone."""
    names = {f"{trials.PREFIX},{arm},{number}" for number in range(count)}
    rows = [(run.seed, run.extra[trials.METRIC]) for run in found if run.arm in names]
    by_seed = pd.DataFrame(rows, columns=["seed", "score"]).groupby("seed")["score"]
    whole = by_seed.count() == count
    return dict((by_seed.max() - by_seed.min())[whole])


def _best(marks: Sequence[float]) -> float:
    known = [mark for mark in marks if not np.isnan(mark)]
    return max(known, default=0.0)
