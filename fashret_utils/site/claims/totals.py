"""How many claims came out how, how wide the intervals are, and which chapters are done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from statistics import median

from fashret_utils.evidence.claims.display import Judged, is_share
from fashret_utils.evidence.claims.verdicts import Verdict
from fashret_utils.evidence.statistics.classes import STALE, UNRESOLVED, UNTESTABLE
from fashret_utils.site.claims.matrix import SIGNS, by_ledger, chips

MOST_UNRESOLVED = 1 / 5  # of a chapter's claims that can be tested


def sentence(verdicts: Collection[Verdict]) -> str:
    """One sentence: how many claims there are, and how many came out how."""
    counts = Counter(verdict.verdict for verdict in verdicts)
    parts = [f"{counts[name]} {name}" for name in SIGNS if counts[name]]
    return f"{len(verdicts)} claims: {', '.join(parts)}."


def table(judged: Judged, names: dict[str, str]) -> str:
    """Markdown: a row a paper.

    **Arguments**: `names` - paper -> its short name.
    """
    lines = [
        "| paper | claims | verdicts | median half-width | done |",
        "|:--|--:|:--|--:|:--|",
    ]
    for ledger, verdicts in by_ledger(judged):
        link = f"{{ref}}`{names[ledger.paper]} <claims-{ledger.paper}>`"
        found = chips([verdict.verdict for verdict in verdicts])
        cells = (link, str(len(verdicts)), found, half_width(verdicts), done(verdicts))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def half_width(verdicts: Collection[Verdict]) -> str:
    """The median half-width of the deciding contrasts of shares, in points; empty without any."""
    widths = [
        100 * finding.half_width
        for verdict in verdicts
        for finding in verdict.findings
        if finding.decides and finding.estimate is not None and is_share(finding.metric)
    ]
    return f"{median(widths):.1f} points" if widths else ""


def done(verdicts: Collection[Verdict]) -> str:
    """Whether a chapter's evidence is complete: no claim stale, at most a fifth unresolved."""
    found = [verdict.verdict for verdict in verdicts if verdict.verdict != UNTESTABLE]
    if STALE in found:
        return f"no, {found.count(STALE)} of {len(found)} claims wait for new runs"
    if found.count(UNRESOLVED) > MOST_UNRESOLVED * len(found):
        return f"no, {found.count(UNRESOLVED)} of {len(found)} claims are unresolved"
    return "yes"
