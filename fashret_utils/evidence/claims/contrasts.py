"""A contrast: one arm against another, query by query, behind the gate that both have learnt."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from fashret_utils.evidence.claims.findings import BESIDE, Finding, Grounds
from fashret_utils.evidence.claims.gates import FEWER_DRAWS, gates, moved, starts
from fashret_utils.evidence.claims.ledger import ABOVE, BELOW, NONE, Claim
from fashret_utils.evidence.claims.runs import (
    MIN_SEEDS,
    Runs,
    check_same,
    common,
    of_queries,
    of_runs,
)
from fashret_utils.evidence.statistics import (
    Estimate,
    classify,
    difference,
    noise_floor,
    over_seeds,
    smallest_effect,
    t_interval,
    unrest,
)
from fashret_utils.evidence.statistics.classes import (
    CONTRADICTED,
    NEGATIVE,
    NEGLIGIBLE,
    NOT_LEARNT,
    STALE,
    SUPPORTED,
    UNRESOLVED,
)
from fashret_utils.evidence.statistics.crossed import DRAWS

_BY_QUERY = re.compile(r"map|mrr|hit@\d+")


def contrast(
    grounds: Grounds, claim: Claim, entry: dict, data: str, metric: str, decides: bool
) -> Finding:
    """Compare two arms on one data set; the verdict waits for `decided`."""
    arms, untrained = entry["contrast"], grounds.ledger.untrained
    about = {"text": " - ".join(arms), "data": data, "metric": metric, "decides": decides}
    found = common([run for run in grounds.runs if run.data == data], arms, untrained)
    if found is None:
        return Finding(**about, verdict=None)
    about |= {
        "seeds": len(found.seeds),
        "scale": found.scale,
        "stale": any(map(grounds.is_stale, found.all)),
    }
    if metric == claim.primary:
        about["delta"] = smallest_effect(metric, claim.delta)
    kept = [
        of_queries(found.by_arm[arm], metric, grounds.queries, arm in untrained) for arm in arms
    ]
    plain = [of_runs(found.by_arm[arm], metric) for arm in arms]
    if all(numbers is not None for numbers in plain):
        about["over_seeds"] = t_interval(plain[0] - plain[1])[1:]
    if any(each is None for each in kept):
        return _of_whole_runs(grounds, claim, entry, found, plain, about)
    check_same(found.all)
    (a, families), (b, _) = kept
    estimate = difference(a, b, families, DRAWS if decides else FEWER_DRAWS)
    if decides:
        about["gates"] = gates(grounds, entry, found, metric)
        about["moved"] = moved(grounds, found, arms, metric)
        known = found.all[0].data in grounds.ledger.same_world
        about["away"] = not known and any(run.trained_on is not None for run in found.all)
        about["starts"] = starts(grounds, entry, found, metric, b)
        if b.ndim == 2 and len(b) > MIN_SEEDS:
            about["floor"] = noise_floor(b, families, FEWER_DRAWS).size
    return _with(estimate, about)


def decided(grounds: Grounds, finding: Finding, entry: dict, adjusted: float) -> Finding:
    """Give a deciding finding its verdict.

    **Arguments**: `adjusted` - its p after Holm over all deciding comparisons of the chapter.
    """
    trained = set(entry["contrast"]) - {*grounds.ledger.untrained}
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
    sign = -1.0 if expect == BELOW else 1.0
    rules = {"adjusted": adjusted, "own_data": own, "either_way": finding.away}
    unsettled = unrest(claimed, sign * finding.moved, finding.delta, said.name, **rules)
    if unsettled:
        also = f"; {said.why}" if said.name == UNRESOLVED else ""
        return replace(finding, verdict=UNRESOLVED, why=unsettled + also, adjusted=adjusted)
    if expect == NONE and name == NEGLIGIBLE:
        name = SUPPORTED  # no difference was claimed
    return replace(finding, verdict=name, why=said.why, adjusted=adjusted)


def _of_whole_runs(
    grounds: Grounds,
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
        about["gates"] = gates(grounds, entry, found, "map")
    return _with(estimate, about)


def _with(estimate: Estimate, about: dict) -> Finding:
    place = {name: getattr(estimate, name) for name in ("value", "low", "high")}
    verdict = UNRESOLVED if about["decides"] else BESIDE
    return Finding(**about, **place, verdict=verdict, estimate=estimate)


def _mirrored(found: Estimate) -> Estimate:
    return replace(found, value=-found.value, low=-found.high, high=-found.low)
