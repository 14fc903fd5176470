"""The verdicts of all papers at one look: data sets down, papers across."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from fashret_utils.evidence.claims.display import Judged, slug
from fashret_utils.evidence.claims.ledger import Ledger
from fashret_utils.evidence.claims.verdicts import Verdict, on_data
from fashret_utils.evidence.statistics.classes import (
    CONTRADICTED,
    MIXED,
    NEGATIVE,
    NEGLIGIBLE,
    NOT_LEARNT,
    STALE,
    SUPPORTED,
    UNRESOLVED,
    UNTESTABLE,
)

# Data sets, and what is read together with them: "mnist-1000" is a part of "mnist"
SETS = {
    "wardrobe-garments": "{ref}`Wardrobe garments <data-wardrobe>`",
    "wardrobe-shoes": "{ref}`Wardrobe shoes <data-wardrobe>`",
    "fashion-mnist-street": "{ref}`Fashion-MNIST-Street <data-fashion-mnist>`",
    "shop-views": "{ref}`shop-views <data-shop-views>`",
    "grocery-store": "{ref}`Grocery Store <data-grocery>`",
    "clothing-dataset-small": "{ref}`clothing-dataset-small <data-clothing>`",
    "fashion-mnist": "{ref}`Fashion-MNIST <data-fashion-mnist>`",
    "mnist": "{ref}`MNIST <data-mnist>`",
}
SIGNS = {
    SUPPORTED: "✓",
    NEGLIGIBLE: "≈",
    NEGATIVE: "▼",
    CONTRADICTED: "✗",
    MIXED: "±",
    UNRESOLVED: "?",
    NOT_LEARNT: "○",
    UNTESTABLE: "–",
    STALE: "↻",
}


def by_ledger(judged: Judged) -> list[tuple[Ledger, list[Verdict]]]:
    """The verdicts of each paper together, in the order of the chapters."""
    papers: dict[str, tuple[Ledger, list[Verdict]]] = {}
    for ledger, verdict in judged:
        papers.setdefault(ledger.paper, (ledger, []))[1].append(verdict)
    return list(papers.values())


def matrix(judged: Judged, names: dict[str, str]) -> str:
    """Markdown: how many claims came out how, data set by data set, and altogether.

    **Arguments**: `names` - paper -> its short name.
    """
    papers = by_ledger(judged)
    found = {
        ledger.paper: [on_data(verdict, _set) for verdict in verdicts]
        for ledger, verdicts in papers
    }
    tested = {data for rows in found.values() for row in rows for data in row}
    order = [data for data in SETS if data in tested] + sorted(tested - SETS.keys())
    heads = [f"{{ref}}`{names[ledger.paper]} <claims-{ledger.paper}>`" for ledger, _ in papers]
    lines = [["", *heads], [":--"] * (1 + len(heads))]
    for data in order:
        cells = [
            chips([row[data] for row in found[ledger.paper] if data in row]) for ledger, _ in papers
        ]
        lines.append([SETS.get(data, data), *cells])
    totals = [chips([verdict.verdict for verdict in verdicts]) for _, verdicts in papers]
    lines.append(["**each claim once**", *totals])
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def chips(verdicts: Collection[str]) -> str:
    """HTML: how many of each verdict, as signs in colour that a screen reader reads as words."""
    counts = Counter(verdicts)
    return " ".join(
        f'<span class="chip {slug(verdict)}" title="{counts[verdict]} {verdict}">'
        f'{counts[verdict]}<span aria-hidden="true"> {sign}</span>'
        f'<span class="visually-hidden"> {verdict}</span></span>'
        for verdict, sign in SIGNS.items()
        if counts[verdict]
    )


def _set(data: str) -> str:
    """The data set that a name belongs to: the longest known beginning, else the name itself."""
    return max((name for name in SETS if data.startswith(name)), key=len, default=data)
