"""A contrast: one arm against another, query by query, behind the gate that both have learnt."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from fashret_utils.evidence.claims.findings import BESIDE, Bench, Finding
from fashret_utils.evidence.claims.ledger import ABOVE, BELOW, NONE, Claim
from fashret_utils.evidence.claims.runs import (
    MIN_SEEDS,
    Runs,
    check_same,
    common,
    curves,
    of_queries,
    of_runs,
)
from fashret_utils.evidence.records import Record
from fashret_utils.evidence.statistics import (
    Estimate,
    Gate,
    classify,
    difference,
    gate,
    noise_floor,
    over_seeds,
    smallest_effect,
    t_interval,
)
from fashret_utils.evidence.statistics.classes import (
    CONTRADICTED,
    NEGATIVE,
    NOT_LEARNT,
    STALE,
    SUPPORTED,
    UNRESOLVED,
)
from fashret_utils.evidence.statistics.crossed import DRAWS

FEWER_DRAWS = 2000  # for what decides nothing
_BY_QUERY = re.compile(r"map|mrr|hit@\d+")


def contrast(
    bench: Bench, claim: Claim, entry: dict, data: str, metric: str, decides: bool
) -> Finding:
    """Compare two arms on one data set; the verdict waits for `decided`."""
    arms, untrained = entry["contrast"], bench.ledger.untrained
    about = {"text": " - ".join(arms), "data": data, "metric": metric, "decides": decides}
    found = common([run for run in bench.runs if run.data == data], arms, untrained)
    if found is None:
        return Finding(**about, verdict=None)
    about |= {
        "seeds": len(found.seeds),
        "scale": found.scale,
        "stale": any(map(bench.is_stale, found.all)),
    }
    if metric == claim.primary:
        about["delta"] = smallest_effect(metric, claim.delta)
    kept = [of_queries(found.by_arm[arm], metric, bench.queries, arm in untrained) for arm in arms]
    plain = [of_runs(found.by_arm[arm], metric) for arm in arms]
    if all(numbers is not None for numbers in plain):
        about["over_seeds"] = t_interval(plain[0] - plain[1])[1:]
    if any(each is None for each in kept):
        return _of_whole_runs(bench, claim, entry, found, plain, about)
    check_same(found.all)
    (a, families), (b, _) = kept
    estimate = difference(a, b, families, DRAWS if decides else FEWER_DRAWS)
    if decides:
        about["gates"] = _gates(bench, entry, found, metric)
        about["starts"] = _starts(bench, entry, found, metric, b)
        if b.ndim == 2 and len(b) > MIN_SEEDS:
            about["floor"] = noise_floor(b, families, FEWER_DRAWS).size
    return _with(estimate, about)


def decided(bench: Bench, finding: Finding, entry: dict, adjusted: float) -> Finding:
    """Give a deciding finding its verdict.

    **Arguments**: `adjusted` - its p after Holm over all deciding comparisons of the chapter.
    """
    trained = set(entry["contrast"]) - {*bench.ledger.untrained}
    failed = {arm: each for arm, each in finding.gates.items() if not each.learnt}
    if failed:
        why = "; ".join(f"{arm} {each.why}" for arm, each in failed.items())
        return replace(finding, verdict=NOT_LEARNT, why=why, adjusted=adjusted)
    if finding.seeds < MIN_SEEDS and trained:
        why = f"{finding.seeds} of at least {MIN_SEEDS} seeds"
        return replace(finding, verdict=UNRESOLVED, why=why, adjusted=adjusted)
    expect, own = entry.get("expect", ABOVE), entry.get("own_data", False)
    claimed = _mirrored(finding.estimate) if expect == BELOW else finding.estimate
    said = classify(claimed, finding.delta, adjusted, own)
    name = said.name
    if expect == NONE and name in (SUPPORTED, NEGATIVE, CONTRADICTED):
        name = CONTRADICTED if own else NEGATIVE  # a difference that should not be there
    return replace(finding, verdict=name, why=said.why, adjusted=adjusted)


def _of_whole_runs(
    bench: Bench,
    claim: Claim,
    entry: dict,
    found: Runs,
    numbers: list[np.ndarray | None],
    about: dict,
) -> Finding:
    """A contrast of numbers that no query has, such as a ratio of distances."""
    if any(each is None for each in numbers):
        return Finding(**about, verdict=None)
    estimate = over_seeds(numbers[0] - numbers[1])
    if _BY_QUERY.fullmatch(about["metric"]):
        why = "run before each query's result was kept: run the chapter again"
        return replace(_with(estimate, about), estimate=None, verdict=STALE, why=why)
    if about["decides"]:
        about["gates"] = _gates(bench, entry, found, "map")
    return _with(estimate, about)


def _with(estimate: Estimate, about: dict) -> Finding:
    place = {name: getattr(estimate, name) for name in ("value", "low", "high")}
    verdict = UNRESOLVED if about["decides"] else BESIDE
    return Finding(**about, **place, verdict=verdict, estimate=estimate)


def _gates(bench: Bench, entry: dict, found: Runs, metric: str) -> dict[str, Gate]:
    """Whether each trained arm of a contrast has learnt, by its primary metric."""
    untrained = bench.ledger.untrained
    return {
        arm: _gate(bench, arm, entry.get("starts", bench.ledger.starts), found, metric)
        for arm in entry["contrast"]
        if arm not in untrained and entry.get("starts", bench.ledger.starts)
    }


def _gate(bench: Bench, arm: str, starts: list[str], found: Runs, metric: str) -> Gate:
    """The gate of one arm; contrasts that share it ask only once."""
    runs, untrained = found.by_arm[arm], bench.ledger.untrained
    starts = tuple(start for start in starts if start != arm)
    key = (arm, runs[0].data, found.scale, found.seeds, metric, starts)
    if key not in bench.gates:
        own = of_queries(runs, metric, bench.queries, False)
        values: dict[str, np.ndarray] = {}
        for start in starts:
            beside = _beside(bench, start, found, runs[0].data)
            of_start = beside and of_queries(beside, metric, bench.queries, start in untrained)
            if own is None or not of_start:
                why = f"not compared with {start}, of which no run with these seeds is recorded"
                bench.gates[key] = Gate(False, why, {}, None)
                return bench.gates[key]
            check_same([*runs, *beside])
            values[start] = of_start[0]
        tests = {"draws": FEWER_DRAWS}
        bench.gates[key] = gate(own[0], values, own[1], curves(runs, metric), **tests)
    return bench.gates[key]


def _starts(
    bench: Bench, entry: dict, found: Runs, metric: str, plain: np.ndarray
) -> dict[str, float]:
    """How far each start lies from the second arm."""
    away = {}
    for start in entry.get("starts", bench.ledger.starts):
        runs = _beside(bench, start, found, found.all[0].data)
        kept = runs and of_queries(runs, metric, bench.queries, False)
        if kept:
            away[start] = float(kept[0].mean() - plain.mean())
    return away


def _beside(bench: Bench, arm: str, found: Runs, data: str) -> tuple[Record, ...] | None:
    """The runs of a start that go with others: the same scale, and seeds if it has any."""
    here = {
        run.seed: run
        for run in bench.runs
        if (run.arm, run.data, run.scale) == (arm, data, found.scale)
    }
    if arm in bench.ledger.untrained and here:
        return (here[min(here)],)
    if set(found.seeds) <= here.keys():
        return tuple(here[seed] for seed in found.seeds)
    return None


def _mirrored(found: Estimate) -> Estimate:
    return replace(found, value=-found.value, low=-found.high, high=-found.low)
