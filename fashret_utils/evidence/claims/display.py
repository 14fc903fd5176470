"""Verdicts as text for the command line, and as a box and a table for a chapter."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import pandas as pd

from fashret_utils.evidence.claims.findings import BESIDE, Finding
from fashret_utils.evidence.claims.ledger import Ledger
from fashret_utils.evidence.claims.verdicts import Verdict
from fashret_utils.evidence.statistics.classes import CLASSES, STALE

Judged = Sequence[tuple[Ledger, Verdict]]

NO_RECORDS = "no records"
NOT_REPORTED = "not in the abstract; full text not available to us"
_FRACTIONS = (  # shown in per cent
    *("hit@", "map", "mrr", "precision@", "recall@", "r_precision", "category_precision@"),
    *("accuracy", "val_accuracy", "reward", "probe", "ap@"),
)


def listing(judged: Judged) -> str:
    """Text for a terminal: each claim with its verdict and every comparison behind it."""
    lines = []
    for _, verdict in judged:
        claim = verdict.claim
        lines += [f"{claim.id}  {verdict.verdict}  ({verdict.why})", f"    {claim.statement}"]
        lines += [f"    - {describe(finding)}" for finding in verdict.findings]
    return "\n".join(lines)


def table(judged: Judged) -> pd.DataFrame:
    """One row a claim: `claim`, `where`, `statement`, `paper`, `ours`, `verdict`, `why`."""
    rows = [
        {
            "claim": verdict.claim.id,
            "where": verdict.claim.where,
            "statement": verdict.claim.statement,
            "paper": paper_number(verdict),
            "ours": [describe(finding) for finding in verdict.findings if finding.decides],
            "verdict": verdict.verdict,
            "why": verdict.why,
        }
        for _, verdict in judged
    ]
    return pd.DataFrame(rows)


def comparisons(judged: Judged) -> pd.DataFrame:
    """One row a comparison that has records; differences of shares are in points.

    `learnt` says whether both arms passed the gate, `moved` how far their difference still went on
    validation over the last quarter of the training, `delta` and `noise floor` what a difference is
    measured against, `start` where the first start lies seen from the second arm. Columns that
    would be empty are left out.
    """
    rows = []
    for _, verdict in judged:
        for finding in verdict.findings:
            if finding.verdict is None:
                continue
            value, low, high = (shown(finding, name) for name in ("value", "low", "high"))
            start = next(iter(finding.starts.values()), float("nan"))
            rows.append(
                {
                    "claim": verdict.claim.id,
                    "comparison": finding.text,
                    "metric": finding.metric,
                    "data": finding.data,
                    "value [95 % interval]": f"{value} [{low}, {high}]",
                    "half-width": shown(finding, "half_width"),
                    "delta": shown(finding, "delta"),
                    "noise floor": shown(finding, "floor"),
                    "start": in_points(finding, start),
                    "learnt": learnt(finding),
                    "moved": still_moved(finding),
                    "verdict": finding.verdict + (" (stale)" if finding.stale else ""),
                    "seeds": runs_of(finding),
                }
            )
    table = pd.DataFrame(rows)
    return table.loc[:, (table != "").any()].set_index("claim") if rows else table


def box(judged: Judged) -> str:
    """HTML: the verdict box that opens a chapter."""
    head = "".join(f"<th>{name}</th>" for name in ("claim", "the paper", "ours", "verdict"))
    rows = []
    for row in table(judged).itertuples():
        known = [text for text in row.ours if not text.endswith(NO_RECORDS)]
        ours = f"<ul>{''.join(f'<li>{escape(text)}</li>' for text in known)}</ul>" if known else ""
        if len(known) > 1:
            ours = f"<details><summary>{len(known)} comparisons</summary>{ours}</details>"
        rows.append(
            f"<tr><td><strong>{row.claim}</strong> ({escape(row.where)})<br>"
            f"{escape(row.statement)}</td><td>{escape(row.paper)}</td><td>{ours}</td>"
            f"<td>{badge(row.verdict)}<br><small>{escape(row.why)}</small></td></tr>"
        )
    body = "".join(rows)
    rows_of_head = f"<thead><tr>{head}</tr></thead>"
    return f'<table class="dataframe verdicts">{rows_of_head}<tbody>{body}</tbody></table>'


def badge(verdict: str) -> str:
    """HTML of a verdict in the book's colours; the word says it without them."""
    return f'<span class="sd-badge verdict {slug(verdict)}">{verdict}</span>'


def slug(verdict: str) -> str:
    """The name of a verdict's class in a style sheet.

    **Raises** `ValueError` for what is no verdict.
    """
    if verdict not in CLASSES:
        raise ValueError(f"{verdict!r} is none of {', '.join(CLASSES)}")
    return verdict.replace(" ", "-")


def learnt(finding: Finding) -> str:
    """Whether the arms of a comparison have learnt, in words; empty where there is no gate."""
    failed = [arm for arm, gate in finding.gates.items() if not gate.learnt]
    if failed:
        return f"not {', '.join(failed)}"
    return "yes" if finding.gates else ""


def still_moved(finding: Finding) -> str:
    """How far a difference still went on validation; empty for what decides nothing."""
    if not finding.gates:
        return ""
    return in_points(finding, finding.moved) or "not looked at"


def describe(finding: Finding) -> str:
    """One comparison in words: what, on which data, how much, from how many seeds."""
    what = f"{finding.text}, {finding.metric}, {finding.data}"
    if finding.verdict is None:
        return f"{what}: {NO_RECORDS}"
    seeds = f"{finding.seeds} seed{'s' if finding.seeds > 1 else ''}"
    stale = ", stale" if finding.stale and finding.verdict != STALE else ""
    said = "" if finding.verdict == BESIDE else f" {finding.verdict}"
    return f"{what}: {in_units(finding)} ({finding.scale}, {seeds}{stale}){said}"


def in_units(finding: Finding, points: str = " points") -> str:
    """The value of a comparison with its interval; differences of shares are in points.

    **Arguments**: `points` - what to write after a number in points.
    """
    value, low, high = (shown(finding, name) for name in ("value", "low", "high"))
    unit = points if is_share(finding.metric) else ""
    return (value if finding.low != finding.low else f"{value} [{low}, {high}]") + unit  # NaN


def shown(finding: Finding, name: str) -> str:
    """A number of a finding as text: in points where it is of shares, with its sign in contrasts.

    **Arguments**: `name` - such as "value", "low" or "half_width".
    """
    signed = name in ("value", "low", "high")
    return in_points(finding, getattr(finding, name), signed)


def in_points(finding: Finding, number: float, signed: bool = True) -> str:
    """A number in the units of a finding; empty where it is NaN."""
    if number != number:
        return ""
    factor, form = (100, ".1f") if is_share(finding.metric) else (1, ".3g")
    sign = "+" if signed and " - " in finding.text else ""
    return f"{without_noise(factor * number):{sign}{form}}"


def without_noise(value: float) -> float:
    """Zero for what is left when equal numbers are added in another order, such as 2e-16."""
    return 0.0 if abs(value) < 1e-9 else value


def runs_of(finding: Finding) -> str:
    """How many seeds, and at which scale: `"3, quick"`, which stays on one line."""
    return f"{finding.seeds},\N{NO-BREAK SPACE}{finding.scale}"


def paper_number(verdict: Verdict) -> str:
    """What the paper reports for a claim, or why there is no number."""
    if verdict.claim.reported:
        return verdict.claim.reported
    return "this book's own claim" if verdict.claim.where.startswith("this book") else NOT_REPORTED


def is_share(metric: str) -> bool:
    """Whether a metric is a share, shown in per cent and its differences in points."""
    name = metric.removeprefix("head_").removeprefix("spread_")
    return name.startswith(_FRACTIONS) or "_agreement@" in name
