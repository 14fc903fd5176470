"""The order of arms on one test beside their order on others, from records."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
import pandas as pd

from fashret_utils.evidence.claims.findings import Grounds
from fashret_utils.evidence.claims.runs import MIN_SEEDS, common, of_queries
from fashret_utils.evidence.statistics.agreement import Agreement, Side, agreement

NEEDED = 3  # arms, fewer have no order worth the name


def side(grounds: Grounds, data: str, arms: Sequence[str], metric: str = "map") -> Side | None:
    """A metric of each query of some arms on a test, at the seeds that all of them have.

    **Returns** None where they share no three seeds at any scale.

    **Raises** `ClaimsError` for arms that were asked different queries.
    """
    found = common([run for run in grounds.runs if run.data == data], arms)
    if found is None or len(found.seeds) < MIN_SEEDS:
        return None
    runs = [found.by_arm[arm] for arm in arms]
    kept = [of_queries(each, metric, grounds.queries, False) for each in runs]
    if any(each is None for each in kept):
        return None
    return Side(np.stack([values for values, _ in kept]), kept[0][1])


def orders(
    grounds: Grounds,
    first: str,
    others: Collection[str],
    arms: Collection[str],
    away: Collection[str] = (),
) -> dict[str, tuple[Agreement, tuple[str, ...]]]:
    """How far the order of arms on a test agrees with that on each of some others.

    **Arguments**: `first` - the test; `others` - their names; `away` - tests whose
    arms were trained on data of their own, so that only arms and not networks are the same.

    **Returns** test -> agreement, and the arms that both have; tests without records are left out.
    """
    found = {}
    for test in others:
        here = [arm for arm in arms if _has(grounds, first, arm) and _has(grounds, test, arm)]
        if len(here) < NEEDED:
            continue
        sides = side(grounds, first, here), side(grounds, test, here)
        if None not in sides:
            found[test] = agreement(*sides, same_runs=test not in away), tuple(here)
    return found


def as_table(found: Mapping[str, Agreement]) -> pd.DataFrame:
    """A row a test: arms, tau with its interval, ceiling, and the loss by trust in points."""
    rows = {
        test: {
            "arms": each.arms,
            "tau": f"{each.tau:.2f} [{each.low:.2f}, {each.high:.2f}]",
            "ceiling": f"{each.ceiling:.2f}",
            "loss by trust": f"{100 * each.loss:.1f}, at most {100 * each.loss_high:.1f}",
        }
        for test, each in found.items()
    }
    return pd.DataFrame.from_dict(rows, orient="index")


def means(
    grounds: Grounds, tests: Collection[str], arms: Sequence[str], metric: str = "map"
) -> pd.DataFrame:
    """Mean of a metric over seeds and queries: arms by tests, NaN without three runs."""
    rows = {}
    for arm in arms:
        sides = {test: side(grounds, test, [arm], metric) for test in tests}
        rows[arm] = {test: s.table.mean() if s else float("nan") for test, s in sides.items()}
    return pd.DataFrame.from_dict(rows, orient="index", columns=[*tests])


def _has(grounds: Grounds, test: str, arm: str) -> bool:
    seeds = {run.seed for run in grounds.runs if (run.data, run.arm) == (test, arm)}
    return len(seeds) >= MIN_SEEDS
