"""Whether the arms of a contrast have learnt, and where their starts lie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from fashret_utils.evidence.claims.findings import Grounds
from fashret_utils.evidence.claims.runs import (
    Runs,
    check_same,
    curves,
    of_queries,
    of_runs,
)
from fashret_utils.evidence.records import Record
from fashret_utils.evidence.statistics import Gate, drift, gate

FEWER_DRAWS = 2000  # for what decides nothing


def gate_of(
    grounds: Grounds,
    arm: str,
    found: Runs,
    metric: str,
    starts: Sequence[str] | None = None,
    gates: Sequence[dict] = (),
) -> Gate | None:
    """Whether an arm has learnt, by a metric.

    A run that is tested on data it has not learnt from is judged where it has: whether it has
    learnt is one question, whether that carries over is another.

    **Arguments**: `found` - runs that hold the arm's; `starts` - what it must beat, by default the
    starts of the ledger; `gates` - of a contrast, beside those of the ledger.

    **Returns** None for an arm that is not trained, or has nothing to beat.
    """
    starts = grounds.ledger.starts if starts is None else starts
    starts = tuple(start for start in starts if start != arm)
    if arm in grounds.ledger.untrained or not starts:
        return None
    at_home = _at_home(grounds, arm, found)
    if at_home is None:
        why = f"no run with these seeds is recorded on {found.by_arm[arm][0].trained_on}"
        return Gate(False, why, {})
    said = _gate(grounds, arm, starts, at_home, metric)
    why = _out_of_bounds((*grounds.ledger.gates, *gates), at_home.by_arm[arm])
    return replace(said, learnt=False, why=why) if said.learnt and why else said


def gates(grounds: Grounds, entry: dict, found: Runs, metric: str) -> dict[str, Gate]:
    """Whether each trained arm of a contrast has learnt, or those that it says must have."""
    own = entry.get("gates", ())
    gates = {
        arm: gate_of(grounds, arm, found, metric, _starts_of(grounds, entry, arm), own)
        for arm in entry.get("gated", entry["contrast"])
    }
    return {arm: gate for arm, gate in gates.items() if gate is not None}


def _starts_of(grounds: Grounds, entry: dict, arm: str) -> Sequence[str]:
    """What an arm of a contrast must beat: a list for both arms, or one for each."""
    told = entry.get("starts", grounds.ledger.starts)
    return told[arm] if isinstance(told, Mapping) else told


def _at_home(grounds: Grounds, arm: str, found: Runs) -> Runs | None:
    """The same runs of an arm, tested on the data they have learnt from; None without those."""
    home = found.by_arm[arm][0].trained_on
    if home is None:
        return found
    here = {r.seed: r for r in grounds.runs if (r.arm, r.data, r.scale) == (arm, home, found.scale)}
    if not set(found.seeds) <= here.keys():
        return None
    return Runs(found.scale, found.seeds, {arm: tuple(here[seed] for seed in found.seeds)})


def _gate(grounds: Grounds, arm: str, starts: tuple[str, ...], found: Runs, metric: str) -> Gate:
    """The gate of one arm; contrasts that share it ask only once."""
    runs, untrained = found.by_arm[arm], grounds.ledger.untrained
    key = (arm, runs[0].data, found.scale, found.seeds, metric, starts)
    if key not in grounds.gates:
        own = of_queries(runs, metric, grounds.queries, False)
        values: dict[str, np.ndarray] = {}
        for start in starts:
            beside = _beside(grounds, start, found, runs[0].data)
            of_start = beside and of_queries(beside, metric, grounds.queries, start in untrained)
            if own is None or not of_start:
                why = f"not compared with {start}, of which no run with these seeds is recorded"
                grounds.gates[key] = Gate(False, why, {})
                return grounds.gates[key]
            check_same([*runs, *beside])
            values[start] = of_start[0]
        grounds.gates[key] = gate(own[0], values, own[1], FEWER_DRAWS)
    return grounds.gates[key]


def _out_of_bounds(rules: Sequence[dict], runs: Sequence[Record]) -> str:
    """Which number of an arm's runs is outside the bound that a rule sets, in words."""
    for rule in rules:
        if (rule["arm"], rule["data"]) == (runs[0].arm, runs[0].data):
            side = "below" if "below" in rule else "above"
            numbers = of_runs(runs, rule["number"])
            if numbers is None:
                return f"no {rule['number']} is recorded"
            mean, bound = numbers.mean(), rule[side]
            if not (mean < bound if side == "below" else mean > bound):
                return f"{rule['number']} is {mean:.3f}, not {side} {bound:g}"
    return ""


def moved(grounds: Grounds, found: Runs, arms: Sequence[str], metric: str) -> float:
    """How far the difference of two arms still moved on validation; NaN where nobody looked."""
    moves = []
    for arm in arms:
        if arm in grounds.ledger.untrained:
            moves.append(0.0)
            continue
        at_home = _at_home(grounds, arm, found)
        if at_home is None:
            return np.nan
        try:
            moves.append(drift(curves(at_home.by_arm[arm], metric)))
        except ValueError:  # no curves, or too few looks
            return np.nan
    return moves[0] - moves[1]


def starts(
    grounds: Grounds, entry: dict, found: Runs, metric: str, plain: np.ndarray
) -> dict[str, float]:
    """How far each start lies from the second arm."""
    away = {}
    names = (_starts_of(grounds, entry, arm) for arm in entry["contrast"])
    for start in dict.fromkeys(name for each in names for name in each):
        runs = _beside(grounds, start, found, found.all[0].data)
        kept = runs and of_queries(runs, metric, grounds.queries, False)
        if kept:
            away[start] = float(kept[0].mean() - plain.mean())
    return away


def _beside(grounds: Grounds, arm: str, found: Runs, data: str) -> tuple[Record, ...] | None:
    """The runs of a start that go with others: the same scale, and seeds if it has any."""
    here = {
        run.seed: run
        for run in grounds.runs
        if (run.arm, run.data, run.scale) == (arm, data, found.scale)
    }
    if arm in grounds.ledger.untrained and here:
        return (here[min(here)],)
    if set(found.seeds) <= here.keys():
        return tuple(here[seed] for seed in found.seeds)
    return None
