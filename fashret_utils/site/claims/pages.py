"""The claims page, claim by claim, and the generated parts of a paper's summary."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from fashret_utils import chapters
from fashret_utils.evidence.claims.display import (
    NO_RECORDS,
    Judged,
    badge,
    in_points,
    in_units,
    is_share,
    learnt,
    paper_number,
    runs_of,
    shown,
    slug,
    still_moved,
)
from fashret_utils.evidence.claims.findings import BESIDE, Finding
from fashret_utils.evidence.claims.ledger import Ledger
from fashret_utils.evidence.claims.verdicts import Verdict
from fashret_utils.evidence.records import Record
from fashret_utils.evidence.statistics.classes import NOT_LEARNT, STALE, UNRESOLVED, UNTESTABLE
from fashret_utils.evidence.tables import best_scale, origin
from fashret_utils.site.claims.anchors import label
from fashret_utils.site.claims.matrix import SIGNS, by_ledger, matrix
from fashret_utils.site.claims.totals import sentence, table

_OLD = (
    "Made before runs kept each query's result and were held to a start. The numbers are shown; "
    "nothing follows from them until the chapter has been run again."
)


def write(judged: Judged, committed: Collection[Record], root: Path, generated: Path) -> None:
    """Write what the pages of the book include: matrix, claims page, parts of the summaries."""
    papers = by_ledger(judged)
    names = {
        ledger.paper: chapters.title(ledger.chapter, root).split(":")[0] for ledger, _ in papers
    }
    summaries = [path.stem for path in (root / "book/summaries").glob("*.md")]
    (generated / "matrix.md").write_text(matrix(judged, names))
    (generated / "claims.md").write_text(page(judged, names, summaries))
    for ledger, verdicts in papers:
        parts = {
            "scope": scope(verdicts),
            "runs": runs([record for record in committed if record.chapter == ledger.chapter]),
            "results": results(verdicts),
            "limits": limits(ledger, verdicts),
        }
        for part, text in parts.items():
            (generated / f"summary_{ledger.paper}_{part}.md").write_text(text)


def page(judged: Judged, names: dict[str, str], summaries: Collection[str]) -> str:
    """MyST: totals, a filter by verdict, then every claim with the comparisons behind its verdict.

    **Arguments**: `names` - paper -> its short name; `summaries` - papers that have a summary.
    """
    parts = [
        f"**{sentence([verdict for _, verdict in judged])}**",
        table(judged, names),
        _filter({verdict.verdict for _, verdict in judged}),
    ]
    for ledger, verdicts in by_ledger(judged):
        links = f"{{cite:t}}`{ledger.citation}`, {{doc}}`chapter </notebooks/{ledger.chapter}>`"
        if ledger.paper in summaries:
            links += f", {{doc}}`one-page summary <summaries/{ledger.paper}>`"
        parts += [
            f"(claims-{ledger.paper})=\n## {names[ledger.paper]}",
            f"{links}. {ledger.label.capitalize()}.",
            f"**Available to us.** {_line(ledger.available)}",
            *(_claim(verdict, names[ledger.paper]) for verdict in verdicts),
            f"**What would settle more.** {_line(ledger.settled_by)}",
        ]
    return "\n\n".join(parts) + "\n"


def scope(verdicts: Collection[Verdict]) -> str:
    """MyST: the claims of a paper as a list, each linked to its place on the claims page."""
    return "".join(
        f"- {{ref}}`{verdict.claim.id} <{verdict.claim.id.lower()}>` ({verdict.claim.where}): "
        f"{_line(verdict.claim.statement)}\n"
        for verdict in verdicts
    )


def results(verdicts: Collection[Verdict]) -> str:
    """MyST: totals of a paper and a table of its claims, each with a comparison that says so."""
    lines = [
        f"{sentence(verdicts)}\n",
        ":::{table}",
        ":class: results\n",
        "| claim | verdict | of its comparisons | the first with that verdict |",
        "|:--|:--|:--|:--|",
    ]
    for verdict in verdicts:
        known = [finding for finding in verdict.findings if finding.decides and finding.verdict]
        known.sort(key=lambda finding: finding.verdict != verdict.verdict)  # else keeps the order
        first = f"{_what(known[0])}, {known[0].data}: {in_units(known[0])}" if known else ""
        link = f"{{ref}}`{verdict.claim.id} <{verdict.claim.id.lower()}>`"
        why = "" if verdict.verdict == UNTESTABLE else _line(verdict.why)
        lines.append(f"| {link} | {badge(verdict.verdict)} | {why} | {first} |")
    return "\n".join([*lines, ":::\n"])


def runs(found: Collection[Record]) -> str:
    """MyST: how many runs of how many arms the verdicts rest on, where they ran and how long."""
    if not found:
        return "No run of this chapter is recorded yet.\n"
    best = best_scale(found)
    arms, sets = {record.arm for record in best}, sorted({record.data for record in best})
    hours = sum(record.cost.get("wall_seconds", 0) for record in best) / 3600
    return (
        f"{len(best)} runs of {len(arms)} arms on {', '.join(sets)}; {origin(best)}. "
        f"Training took {hours:.1f} hours altogether.\n"
    )


def limits(ledger: Ledger, verdicts: Collection[Verdict]) -> str:
    """MyST: the claims that no run here can bear on, and what it would take."""
    closed = [verdict for verdict in verdicts if verdict.verdict == UNTESTABLE]
    lines = [f"- **{verdict.claim.id}**: {_sentence(verdict.why)}" for verdict in closed]
    return "\n".join([*lines, f"- **What would settle more**: {_line(ledger.settled_by)}\n"])


def _claim(verdict: Verdict, name: str) -> str:
    """One claim: an anchor, the statement, where, the paper's number, verdict, comparisons."""
    claim = verdict.claim
    untestable = verdict.verdict == UNTESTABLE
    facts = {"Where": claim.where, "The paper's number": _line(paper_number(verdict))}
    if untestable:
        facts["Why not"] = _sentence(verdict.why)
    else:
        facts["Ours"] = _sentence(verdict.why)
        section = claim.section or "the verdict box"
        facts["Made in"] = f"{name}, {{ref}}`{section} <{label(claim)}>`"
    if open_ := [f for f in verdict.findings if f.verdict in (UNRESOLVED, NOT_LEARNT) and f.why]:
        facts["What is missing"] = _sentence("; ".join(_missing(finding) for finding in open_))
    if verdict.verdict == STALE:
        facts["Stale"] = _OLD
    elif any(finding.stale for finding in verdict.findings):
        facts["Stale"] = "The code has changed since some of these runs were made."
    parts = [
        f"({claim.id.lower()})=",
        f":::::{{div}} claim {slug(verdict.verdict)}",
        f"{badge(verdict.verdict)} **{claim.id}** {_line(claim.statement)}\n",
        "\n\n".join(f"{term}\n: {text}" for term, text in facts.items()),
    ]
    if verdict.findings:
        parts.append("\n" + _comparisons(verdict))
    return "\n".join([*parts, ":::::"])


def _missing(finding: Finding) -> str:
    """Why a comparison is not decided, and what would decide it."""
    return f"{_what(finding)} on {finding.data}: {finding.why}"


def _comparisons(verdict: Verdict) -> str:
    """A folded table; what decides carries a badge, what is shown beside it a plain word."""
    number = len(verdict.findings)
    lines = [
        f"::::{{dropdown}} {number} comparison{'s' if number > 1 else ''}",
        ":::{table}",
        ":class: comparisons\n",
        "| what | data | metric | value [95 % interval] | verdict | half-width | delta / noise "
        "| start | learnt | moved | seeds |",
        "|:--|:--|:--|--:|:--|--:|--:|--:|:--|--:|:--|",
        *(_comparison(finding) for finding in verdict.findings),
    ]
    return "\n".join([*lines, ":::", "::::"])


def _comparison(finding: Finding) -> str:
    """A row of the folded table, with all that the verdict was made from."""
    known, said = finding.verdict is not None, finding.verdict or NO_RECORDS
    against = [shown(finding, name) for name in ("delta", "floor")]
    starts = [f"{name} {in_points(finding, value)}" for name, value in finding.starts.items()]
    cells = (
        _what(finding),
        finding.data,
        f"{finding.metric}, points" if is_share(finding.metric) else finding.metric,
        in_units(finding, "") if known else "",
        badge(said) if known and finding.decides and said != BESIDE else said,
        shown(finding, "half_width"),
        " / ".join(text for text in against if text),
        ", ".join(starts),
        learnt(finding),
        still_moved(finding),
        runs_of(finding) + ", **stale**" * (finding.stale and said != STALE) if known else "",
    )
    return f"| {' | '.join(cells)} |"


def _what(finding: Finding) -> str:
    """The arms of a comparison as code: names of arms hold signs that mark up text."""
    if finding.text.startswith("spread of "):
        words, pattern = finding.text.rsplit(" ", 1)
        return f"{words} `{pattern}`"
    return " - ".join(f"`{arm}`" for arm in finding.text.split(" - "))


def _filter(found: Collection[str]) -> str:
    """Radio buttons; the style sheet hides the claims that are not chosen, without a script."""
    choices = {slug(verdict): verdict for verdict in SIGNS if verdict in found}
    choices = {"all": "all", **choices}
    buttons = "".join(
        f'<label><input type="radio" name="verdict" value="{value}"'
        f"{' checked' if value == 'all' else ''}> {text}</label>"
        for value, text in choices.items()
    )
    return f'<fieldset class="verdict-filter"><legend>Show claims</legend>{buttons}</fieldset>'


def _line(text: str) -> str:
    """One line, its ends trimmed."""
    return " ".join(text.split())


def _sentence(text: str) -> str:
    """With a capital letter and a full stop."""
    text = _line(text)
    return text[0].upper() + text[1:].removesuffix(".") + "."
