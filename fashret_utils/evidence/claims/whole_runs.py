"""Findings from one number a run: exact identities."""

from __future__ import annotations

from fashret_utils.evidence.claims.findings import Finding, Grounds
from fashret_utils.evidence.claims.runs import common, of_runs
from fashret_utils.evidence.statistics.classes import CONTRADICTED, SUPPORTED


def identity(grounds: Grounds, entry: dict, data: str) -> Finding:
    """A number that must stay under a bound in every run, since mathematics says so."""
    arm, metric = entry["arm"], entry["identity"]
    about = {"text": arm, "data": data, "metric": metric, "decides": True}
    here = [run for run in grounds.runs if run.data == data]
    found = common([run for run in here if of_runs([run], metric) is not None], [arm])
    if found is None:
        return Finding(**about, verdict=None)
    about |= {"seeds": len(found.seeds), "scale": found.scale}
    about["stale"] = any(map(grounds.is_stale, found.all))
    numbers = of_runs(found.by_arm[arm], metric)
    low, high = float(numbers.min()), float(numbers.max())
    holds = high < entry["below"]
    why = f"the largest of {numbers.size} is {'' if holds else 'not '}below {entry['below']:g}"
    place = {"value": high, "low": low, "high": high}
    return Finding(**about, **place, verdict=SUPPORTED if holds else CONTRADICTED, why=why)
