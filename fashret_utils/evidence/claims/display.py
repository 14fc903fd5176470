"""Verdicts as text for the command line, and as a box and a table for a chapter."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import pandas as pd

from fashret_utils.evidence.claims.ledger import Ledger
from fashret_utils.evidence.claims.verdicts import (
    CONTRADICTED,
    INCONCLUSIVE,
    SUPPORTED,
    UNTESTABLE,
    Finding,
    Verdict,
)

Judged = Sequence[tuple[Ledger, Verdict]]

NO_RECORDS = "no records"
NOT_REPORTED = "not in the abstract; full text not available to us"
_COLOURS = {
    SUPPORTED: "success",
    CONTRADICTED: "danger",
    INCONCLUSIVE: "secondary",
    UNTESTABLE: "info",
}
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
    """One row a comparison that has records; differences of shares are in points."""
    rows = []
    for _, verdict in judged:
        for finding in verdict.findings:
            if finding.verdict is None:
                continue
            factor = 100 if _is_share(finding.metric) else 1
            value, low, high = (
                without_noise(factor * getattr(finding, name)) for name in ("value", "low", "high")
            )
            rows.append(
                {
                    "claim": verdict.claim.id,
                    "comparison": finding.text,
                    "metric": finding.metric,
                    "data": finding.data,
                    "value [95 % interval]": f"{value:.3g} [{low:.3g}, {high:.3g}]",
                    "verdict": finding.verdict + (" (stale)" if finding.stale else ""),
                    "seeds": runs_of(finding),
                }
            )
    return pd.DataFrame(rows).set_index("claim") if rows else pd.DataFrame()


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
    colour = _COLOURS[verdict]
    return f'<span class="sd-badge sd-bg-{colour} sd-bg-text-{colour}">{verdict}</span>'


def describe(finding: Finding) -> str:
    """One comparison in words: what, on which data, how much, from how many seeds."""
    what = f"{finding.text}, {finding.metric}, {finding.data}"
    if finding.verdict is None:
        return f"{what}: {NO_RECORDS}"
    seeds = f"{finding.seeds} seed{'s' if finding.seeds > 1 else ''}"
    stale = ", stale" if finding.stale else ""
    return f"{what}: {in_units(finding)} ({finding.scale}, {seeds}{stale}) {finding.verdict}"


def in_units(finding: Finding) -> str:
    """The value of a comparison with its interval; differences of shares are in points."""
    factor, form, unit = (100, ".1f", " points") if _is_share(finding.metric) else (1, ".3g", "")
    sign = "+" if " - " in finding.text else ""
    value, low, high = (
        f"{without_noise(factor * number):{sign}{form}}"
        for number in (finding.value, finding.low, finding.high)
    )
    return (value if finding.low != finding.low else f"{value} [{low}, {high}]") + unit  # NaN


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
    return "this book's own claim" if verdict.claim.where == "this book" else NOT_REPORTED


def _is_share(metric: str) -> bool:
    name = metric.removeprefix("head_").removeprefix("spread_")
    return name.startswith(_FRACTIONS) or "_agreement@" in name
