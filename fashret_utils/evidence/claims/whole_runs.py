"""Findings from one number a run: exact identities, and the form of older records."""

from __future__ import annotations

from fnmatch import fnmatchcase

import numpy as np

from fashret_utils.evidence.claims.findings import Finding, Grounds
from fashret_utils.evidence.claims.runs import common, of_runs
from fashret_utils.evidence.statistics import t_interval
from fashret_utils.evidence.statistics.classes import CONTRADICTED, STALE, SUPPORTED

_WHY = "run before each query's result was kept: run the chapter again"


def identity(grounds: Grounds, entry: dict, data: str) -> Finding:
    """A number that must stay under a bound in every run, since mathematics says so."""
    about, numbers = _numbers(grounds, [entry["arm"]], data, entry["identity"], entry["arm"])
    if numbers is None:
        return Finding(**about, verdict=None)
    low, high = float(numbers.min()), float(numbers.max())
    holds = high < entry["below"]
    why = f"the largest of {numbers.size} is {'' if holds else 'not '}below {entry['below']:g}"
    place = {"value": high, "low": low, "high": high}
    return Finding(**about, **place, verdict=SUPPORTED if holds else CONTRADICTED, why=why)


def older(grounds: Grounds, entry: dict, data: str, metric: str, decides: bool) -> Finding:
    """A comparison whose runs kept no per-query results: its number is shown, nothing follows."""
    if "difference" in entry:
        arms, text = entry["difference"], " - ".join(entry["difference"])
    elif "spread" in entry:
        here = {run.arm for run in grounds.runs if run.data == data}
        arms = sorted(arm for arm in here if fnmatchcase(arm, entry["spread"]))
        text = f"spread of {len(arms)} arms {entry['spread']}"
    else:
        arms, text = [entry["arm"]], entry["arm"]
    about, numbers = _numbers(grounds, arms, data, metric, text)
    about |= {"decides": decides}
    if numbers is None:
        return Finding(**about, verdict=None)
    if "difference" in entry:
        value, low, high = t_interval(numbers[:, 0] - numbers[:, 1])
    elif "spread" in entry:
        means = numbers.mean(axis=0)
        value, low, high = np.ptp(means), means.min(), means.max()
    else:
        value, low, high = numbers.max(), numbers.min(), numbers.max()
    place = {"value": float(value), "low": float(low), "high": float(high)}
    return Finding(**about, **place, verdict=STALE, why=_WHY)


def _numbers(
    grounds: Grounds, arms: list[str], data: str, metric: str, text: str
) -> tuple[dict, np.ndarray | None]:
    """What a finding says of its runs, and their numbers (seeds, arms)."""
    about = {"text": text, "data": data, "metric": metric, "decides": True}
    here = [run for run in grounds.runs if run.data == data]
    with_it = [run for run in here if of_runs([run], metric) is not None]
    found = common(with_it, arms) if arms else None
    if found is None:
        return about, None
    about |= {"seeds": len(found.seeds), "scale": found.scale}
    about["stale"] = any(map(grounds.is_stale, found.all))
    return about, np.stack([of_runs(found.by_arm[arm], metric) for arm in arms], axis=1)
