"""From records to verdicts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from fashret_utils import chapters
from fashret_utils.evidence import records, staleness
from fashret_utils.evidence.claims.contrasts import contrast, decided
from fashret_utils.evidence.claims.findings import Finding, Grounds
from fashret_utils.evidence.claims.ledger import Claim, ClaimsError, Ledger, load
from fashret_utils.evidence.claims.runs import reader
from fashret_utils.evidence.claims.whole_runs import identity
from fashret_utils.evidence.statistics import holm, together
from fashret_utils.evidence.statistics.classes import CLASSES, STALE, UNRESOLVED, UNTESTABLE


@dataclass(frozen=True)
class Verdict:
    """A claim and what became of it; `why` says it in words."""

    claim: Claim
    verdict: str
    why: str
    findings: tuple[Finding, ...] = field(default=())


def judge(grounds: Grounds) -> list[Verdict]:
    """Compute the verdicts of a ledger's claims, by the rules of the protocol page.

    Each comparison uses the largest scale at which its arms share at least three seeds. Holm's
    correction runs over all deciding contrasts of the ledger that have learnt, each counted once,
    however many claims rest on it.
    """
    claims = grounds.ledger.claims
    found = [
        [(entry, each) for entry in claim.evidence for each in _findings(grounds, claim, entry)]
        for claim in claims
    ]
    tested = [
        (entry, finding)
        for findings in found
        for entry, finding in findings
        if finding.decides and finding.estimate is not None
    ]
    p = {
        _asked(entry, finding): _p(finding)
        for entry, finding in tested
        if all(gate.learnt for gate in finding.gates.values())
    }
    adjusted = dict(zip(p, holm(np.array(list(p.values()))), strict=True))
    after = {
        id(finding): decided(
            grounds, finding, entry, float(adjusted.get(_asked(entry, finding), np.nan))
        )
        for entry, finding in tested
    }
    return [
        _verdict(claim, tuple(after.get(id(finding), finding) for _, finding in findings))
        for claim, findings in zip(claims, found, strict=True)
    ]


def on_data(verdict: Verdict, name: Callable[[str], str] = str) -> dict[str, str]:
    """What each data set says of a claim by itself, by the rule of `judge`.

    **Arguments**: `name` - data sets to which it gives the same name are read together.

    **Returns** data set -> verdict, for those with records.
    """
    names = dict.fromkeys(name(finding.data) for finding in verdict.findings if finding.verdict)
    by_name = {
        each: [finding for finding in verdict.findings if name(finding.data) == each]
        for each in names
    }
    return {
        each: _together(findings)[0]
        for each, findings in by_name.items()
        if any(finding.decides and finding.verdict for finding in findings)
    }


def verdicts(
    paper: str | None = None,
    results: str | Path | None = None,
    folder: str | Path | None = None,
) -> list[tuple[Ledger, Verdict]]:
    """Judge every claim of one paper, or of all.

    **Arguments**: `results` - folder of records, by default the book's `results`; `folder` - of
    ledgers.

    **Raises** `ClaimsError`, also when no ledger is called `paper`.
    """
    return [
        (each.ledger, verdict)
        for each in all_grounds(paper, results, folder)
        for verdict in judge(each)
    ]


def all_grounds(
    paper: str | None = None,
    results: str | Path | None = None,
    folder: str | Path | None = None,
) -> list[Grounds]:
    """What the verdicts of one paper, or of each, are made from; arguments as in `verdicts`."""
    ledgers = load(folder)
    if paper is not None and paper not in (known := [ledger.paper for ledger in ledgers]):
        raise ClaimsError(f"no ledger of {paper!r}: there are {', '.join(known) or 'none'}")
    results = chapters.book_root() / "results" if results is None else results
    stale, queries = staleness.staleness(), reader(results)
    return [
        Grounds(ledger, records.load(results, chapter=ledger.chapter), queries, stale)
        for ledger in ledgers
        if paper in (None, ledger.paper)
    ]


def _findings(grounds: Grounds, claim: Claim, entry: dict) -> list[Finding]:
    """The findings of one piece of evidence, those that decide first."""
    if "identity" in entry:
        return [identity(grounds, entry, data) for data in _list(entry["data"])]
    places = [(data, True) for data in _list(entry["data"])]
    places += [(data, False) for data in _list(entry.get("also", []))]
    metrics = [(claim.primary, True), *((metric, False) for metric in claim.shown)]
    return [
        contrast(grounds, claim, entry, data, metric, decides and primary)
        for data, decides in places
        for metric, primary in metrics
    ]


def _verdict(claim: Claim, findings: tuple[Finding, ...]) -> Verdict:
    if claim.untestable:
        return Verdict(claim, UNTESTABLE, claim.untestable)
    return Verdict(claim, *_together(findings), findings)


def _together(findings: Sequence[Finding]) -> tuple[str, str]:
    """The verdict of several comparisons, and the reason in words."""
    deciding = [finding for finding in findings if finding.decides]
    known = [finding.verdict for finding in deciding if finding.verdict]
    if not known:
        return UNRESOLVED, "no run is recorded yet"
    absent = len(deciding) - len(known)
    verdict = together(known)
    if absent and verdict != STALE:
        verdict = UNRESOLVED
    if len(deciding) == 1:
        return verdict, deciding[0].why
    counts = Counter(known)
    why = ", ".join(f"{counts[name]} {name}" for name in CLASSES if counts[name])
    why += f" of {len(known)} comparisons" + (f"; {absent} without records" if absent else "")
    return verdict, why


def _asked(entry: dict, finding: Finding) -> tuple:
    """What two claims that rest on the same comparison have in common."""
    return frozenset(entry["contrast"]), finding.data, finding.metric


def _p(finding: Finding) -> float:
    """p of a finding; 1 where a single run has none."""
    return 1.0 if np.isnan(finding.estimate.p) else finding.estimate.p


def _list(value: object) -> Collection:
    return value if isinstance(value, list) else [value]
