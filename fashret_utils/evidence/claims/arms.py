"""For a chapter: arms beside starts, noise floor and delta, and the rows of a forest plot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from fashret_utils.evidence.claims.display import Judged, is_share
from fashret_utils.evidence.claims.findings import Finding, Grounds
from fashret_utils.evidence.claims.gates import FEWER_DRAWS, gate_of
from fashret_utils.evidence.claims.ledger import ClaimsError
from fashret_utils.evidence.claims.runs import MIN_SEEDS, Runs, common, of_queries
from fashret_utils.evidence.statistics import crossed, difference, noise_floor, smallest_effect

FLOOR, DELTA = "noise floor", "smallest effect of interest"


def arms(
    grounds: Grounds, data: str, names: Sequence[str], plain: str, metric: str = "map"
) -> pd.DataFrame:
    """One row an arm, in per cent and points: how good it is, and how far from the plain one.

    The starts of the ledger stand first; the last two rows say what a difference is measured
    against. Intervals hold for other seeds and items. Nothing here is corrected for many
    comparisons, and nothing decides: verdicts come from claims.

    **Arguments**: `names` - arms, in the order of the rows; `plain` - the one they are compared
    with, at the seeds that both have.

    **Raises** `ClaimsError` where an arm has no run with per-query results.
    """
    order = dict.fromkeys([*grounds.ledger.starts, plain, *names])
    rows = [_row(grounds, data, arm, plain, metric) for arm in order]
    beside, families, _ = _values(grounds, data, plain, plain, metric)
    if beside.ndim == 2 and len(beside) > MIN_SEEDS:
        floor = noise_floor(beside, families, FEWER_DRAWS).size
        rows.append({"arm": FLOOR, "less plain": f"±{100 * floor:.1f}"})
    rows.append({"arm": DELTA, "less plain": f"±{100 * smallest_effect(metric):.1f}"})
    return pd.DataFrame(rows).fillna("").set_index("arm")


def _row(grounds: Grounds, data: str, arm: str, plain: str, metric: str) -> dict[str, str]:
    values, families, found = _values(grounds, data, arm, plain, metric)
    row = {"arm": arm, f"{metric}, %": _percent(crossed(values, families, FEWER_DRAWS))}
    if arm != plain:
        beside, _, _ = _values(grounds, data, plain, arm, metric)
        away = difference(values, beside, families, FEWER_DRAWS)
        row |= {"less plain": _percent(away, "+"), "half-width": f"{100 * away.half_width:.1f}"}
    gate = gate_of(grounds, arm, found, metric)
    row["learnt"] = "" if gate is None else "yes" if gate.learnt else f"no: {gate.why}"
    row["seeds"] = f"{len(np.atleast_2d(values))}, {found.scale}"
    return row


def _values(
    grounds: Grounds, data: str, arm: str, other: str, metric: str
) -> tuple[np.ndarray, np.ndarray, Runs]:
    """A metric of an arm's queries, at the seeds that another arm has as well; families; runs."""
    untrained = grounds.ledger.untrained
    found = common([run for run in grounds.runs if run.data == data], [arm, other], untrained)
    kept = found and of_queries(found.by_arm[arm], metric, grounds.queries, arm in untrained)
    if not kept:
        raise ClaimsError(f"no runs of {arm} and {other} with per-query results on {data}")
    return *kept, found


def forest_rows(
    judged: Judged, panels: Mapping[str, str], names: Mapping[str, str] | None = None
) -> tuple[pd.DataFrame, dict[str, float]]:
    """The deciding contrasts of claims as `plots.forest` draws them, and the noise floors.

    **Arguments**: `panels` - data set -> panel, such as "drawings"; data sets without one are left
    out. `names` - contrast, as "a - b" -> how the figure calls it.

    **Returns** the rows, each contrast once a panel, and panel -> the largest noise floor in it.
    """
    rows: dict[tuple[str, str], dict] = {}
    floors: dict[str, float] = {}
    for _, verdict in judged:
        for finding in verdict.findings:
            if not _drawn(finding) or finding.data not in panels:
                continue
            panel, name = panels[finding.data], (names or {}).get(finding.text, finding.text)
            rows[name, panel] = {
                "contrast": name,
                "panel": panel,
                **{key: getattr(finding, key) for key in ("value", "low", "high", "verdict")},
                "start": next(iter(finding.starts.values()), np.nan),
            }
            if np.isfinite(finding.floor):
                floors[panel] = max(floors.get(panel, 0.0), finding.floor)
    return pd.DataFrame(list(rows.values())), floors


def forest_list(
    judged: Judged, data: str, names: Mapping[str, str], panel: str = "mAP"
) -> tuple[pd.DataFrame, dict[str, float]]:
    """The deciding contrasts on one data set, as one panel of `plots.forest`.

    **Arguments**: `names` - contrast, as "a - b" -> how the figure calls it, in the order of its
    rows; others are left out. `panel` - its title.

    **Returns** the rows that have records, and panel -> the largest noise floor.
    """
    rows, floors = forest_rows(judged, {data: panel}, names)
    if rows.empty:
        return rows, floors
    rows = rows.set_index("contrast")
    here = [name for name in dict.fromkeys(names.values()) if name in rows.index]
    return rows.loc[here].reset_index(), floors


def _drawn(finding: Finding) -> bool:
    return finding.decides and finding.estimate is not None and is_share(finding.metric)


def _percent(found, sign: str = "") -> str:
    value, low, high = (f"{100 * each:{sign}.1f}" for each in (found.value, found.low, found.high))
    return f"{value} [{low}, {high}]"
