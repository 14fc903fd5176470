"""The runs that a comparison rests on, their per-query results and validation curves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from fashret_utils.evidence import records
from fashret_utils.evidence.claims.ledger import ClaimsError
from fashret_utils.evidence.per_query import PerQuery
from fashret_utils.evidence.records import Record
from fashret_utils.scale import SCALES

MIN_SEEDS = 3

Queries = Callable[[Record], PerQuery | None]


@dataclass(frozen=True)
class Runs:
    """Runs of several arms on one data set, at one scale, with their common seeds."""

    scale: str
    seeds: tuple[int, ...]
    by_arm: Mapping[str, tuple[Record, ...]]  # one a seed; one altogether for an arm without seeds

    @property
    def all(self) -> list[Record]:
        """Every record among them."""
        return [run for runs in self.by_arm.values() for run in runs]


def reader(results: str | Path) -> Queries:
    """A function that reads the per-query results of a record, each only once.

    It gives None for records that have none.
    """
    read = cache(lambda path: records.per_query(records.read(path), results))
    return lambda record: read(record.path(results)) if record.per_query is not None else None


def common(
    found: Collection[Record], arms: Sequence[str], untrained: Collection[str] = ()
) -> Runs | None:
    """Runs of all the arms at the largest scale at which they share three seeds, else any.

    **Arguments**: `found` - records of one data set; `untrained` - arms without seeds: their first
    run pairs with every seed of the others.

    **Returns** None where there is no scale at which all arms share a seed.

    **Raises** `ClaimsError` where seeds of one arm were run with different settings.
    """
    by_scale: dict[str, dict[str, dict[int, Record]]] = defaultdict(lambda: defaultdict(dict))
    for run in found:
        if run.arm in arms:
            by_scale[run.scale][run.arm][run.seed] = run
    best: Runs | None = None
    for scale in reversed(SCALES):
        here = by_scale[scale]
        if not set(arms) <= here.keys():
            continue
        fixed = {arm: (here[arm][min(here[arm])],) for arm in arms if arm in untrained}
        trained = [arm for arm in arms if arm not in untrained]
        seeds = sorted(set.intersection(*(set(here[arm]) for arm in trained))) if trained else [0]
        if not seeds:
            continue
        runs = {arm: tuple(here[arm][seed] for seed in seeds) for arm in trained}
        for arm in trained:
            check_one_setting(runs[arm])
        this = Runs(scale, tuple(seeds), {arm: (fixed | runs)[arm] for arm in arms})
        if len(seeds) >= MIN_SEEDS or not trained:
            return this
        best = best or this
    return best


def of_queries(
    runs: Sequence[Record], metric: str, queries: Queries, unseeded: bool
) -> tuple[np.ndarray, np.ndarray] | None:
    """A metric of every query, `(seeds, queries)`, or `(queries,)` of an arm without seeds.

    **Returns** the values and the families `(queries,)`; None where a run did not keep them.

    **Raises** `ClaimsError` when the runs were asked other queries.
    """
    kept = [queries(run) for run in runs]
    if any(each is None or not each.has(metric) for each in kept):
        return None
    check_same(runs)
    values = np.stack([each.metric(metric) for each in kept])
    return (values[0] if unseeded else values), kept[0].family


def check_one_setting(runs: Sequence[Record]) -> None:
    """Make sure that an arm's seeds were run with the same settings.

    **Raises** `ClaimsError` naming two that were not.
    """
    first = runs[0]
    for run in runs:
        if run.extra.get("settings") != first.extra.get("settings"):
            raise ClaimsError(
                f"{first.arm} of {first.chapter} on {first.data} has runs with different settings "
                f"(seeds {first.seed} and {run.seed}): their mean is no arm's; run the older again"
            )


def check_same(runs: Sequence[Record]) -> None:
    """Make sure that runs were asked the same queries in the same order.

    **Raises** `ClaimsError` naming two runs that were not.
    """
    first = runs[0]
    for run in runs:
        if (run.per_query or {}).get("queries") != (first.per_query or {}).get("queries"):
            raise ClaimsError(
                f"{first.arm} (seed {first.seed}) and {run.arm} (seed {run.seed}) of "
                f"{first.chapter} on {first.data} were asked different queries: run one again"
            )


def of_runs(runs: Sequence[Record], metric: str) -> np.ndarray | None:
    """A number of every run, `(seeds,)`, from its metrics or what it kept beside them."""
    known = [{**run.extra, **run.metrics} for run in runs]
    if not all(isinstance(each.get(metric), int | float) for each in known):
        return None
    return np.array([each[metric] for each in known], dtype=np.float64)


def curves(runs: Sequence[Record], metric: str) -> list[tuple[np.ndarray, np.ndarray]]:
    """Validation curves: `val_<metric>` of a record's curve at its steps, where it was measured.

    A run that went on from another's weights may keep `steps_before`, which count with its own.
    """
    found = []
    for run in runs:
        values = np.array(run.curve.get(f"val_{metric}", []), dtype=np.float64)
        steps = np.array(run.curve.get("step", []), dtype=np.float64)
        steps = steps + run.extra.get("steps_before", 0)
        if len(values) == len(steps) and np.isfinite(values).any():
            measured = np.isfinite(values)
            found.append((steps[measured], values[measured]))
    return found if len(found) == len(runs) else []
