"""The practitioner's page: what ideas cost and buy, and which index for which gallery."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from pathlib import Path

import numpy as np
import pandas as pd

from fashret_utils import chapters
from fashret_utils.evidence.claims.display import Judged, badge, in_units
from fashret_utils.evidence.records import Record
from fashret_utils.evidence.statistics.classes import (
    CONTRADICTED,
    NEGATIVE,
    NEGLIGIBLE,
    NOT_LEARNT,
    SUPPORTED,
    UNRESOLVED,
    UNTESTABLE,
)
from fashret_utils.evidence.tables import best_scale, origin
from fashret_utils.site.claims.matrix import by_ledger

NOT_YET = "not measured yet"
TRIED = "wardrobe-garments"  # where costs are compared: every chapter but the shoes' trains on it
SHOES = "wardrobe-shoes"
PUBLISHED = ("full", "gpu", "paper")
FLOAT = 4  # bytes of a number of an embedding
_LENGTH = re.compile(r"^DIM(?:, \w+)* = (\d+)", re.M)
_HEADS = {"01_dml": "00_street_to_shop", "05_gsn_rl": "00_street_to_shop"}
LOSES = 0.01  # of hit@1 and of hit@10, what an index may lose against the exact one


def write(judged: Judged, committed: Collection[Record], root: Path, generated: Path) -> None:
    """Write the page's fragments, `practice-*`, to the folder `generated`."""
    measured = json.loads((root / "results/benchmarks/galleries.json").read_text(encoding="utf-8"))
    names = {name: chapters.title(name, root).split(":")[0] for name in chapters.names(root)}
    fragments = {
        "costs": costs(committed, names, _lengths(root)),
        "helped": helped(judged),
        "no-help": no_help(judged),
        "undecided": undecided(judged, names),
        "indexes": indexes(measured),
    }
    for name, text in fragments.items():
        (generated / f"practice-{name}.md").write_text(text, encoding="utf-8")


def costs(
    committed: Collection[Record], names: dict[str, str], lengths: dict[str, int] | None = None
) -> str:
    """MyST: for each chapter what its arms take to train, and what they find.

    **Arguments**: `committed` - records; `names` - chapter -> its short name, in order; `lengths` -
    chapter -> numbers in an embedding, where its records' settings do not say it.
    """
    parts = []
    for name, title in names.items():
        found = [
            r
            for r in committed
            if r.chapter == name
            and r.scale in PUBLISHED
            and r.data in (TRIED, SHOES)
            and r.cost.get("steps")
            and "," not in r.arm
        ]
        found = [r for r in found if r.data == TRIED] or found
        if not found:
            parts.append(f"**{title}**: {NOT_YET}.\n")
            continue
        found, length = best_scale(found), (lengths or {}).get(name)
        parts.append(
            f":::{{dropdown}} {title}, {found[0].data}\n"
            f"{{doc}}`/notebooks/{name}` ({origin(found)})\n\n{_cost_table(found, length)}:::\n"
        )
    return "\n".join(parts)


def _lengths(root: Path) -> dict[str, int]:
    """Chapter -> the constant `DIM` of its notebook, or of the one whose head it takes."""
    known = {}
    for name in chapters.names(root):
        for cell in chapters.code_cells(root / f"notebooks/{name}.ipynb"):
            for text in _LENGTH.findall(cell.source):
                known[name] = int(text)
    return {name: known[head] for name, head in {**_HEADS, **{n: n for n in known}}.items()}


def _cost_table(found: Collection[Record], length: int | None) -> str:
    rows = []
    for arm in dict.fromkeys(sorted(record.arm for record in found)):
        runs = [record for record in found if record.arm == arm]
        score = float(np.mean([run.metrics.get("map", np.nan) for run in runs]))
        values = {
            key: float(np.mean([run.cost.get(key, np.nan) for run in runs]))
            for key in ("steps", "wall_seconds", "parameters")
        }
        dim = runs[0].extra.get("settings", {}).get("dim", length)
        values["bytes"] = np.nan if dim is None else FLOAT * dim
        rows.append((score, arm, values))
    heads = ("weights learnt, thousands", "steps", "seconds", "bytes an embedding", "mAP, %")
    cells = [
        (
            arm,
            _number(values["parameters"] / 1000),
            *(_number(values[key]) for key in ("steps", "wall_seconds", "bytes")),
            _number(100 * score, 1),
        )
        for score, arm, values in sorted(rows, key=lambda row: row[0])
    ]
    return _table({"arm": ":--"} | dict.fromkeys(heads, "--:"), cells)


def helped(judged: Judged) -> str:
    """Markdown: the claims that the records support, with the first comparison that does."""
    return _list(judged, (SUPPORTED,)) or f"No claim is supported so far: {NOT_YET}.\n"


def no_help(judged: Judged) -> str:
    """Markdown: the claims whose idea bought nothing, or harmed."""
    found = _list(judged, (NEGLIGIBLE, NEGATIVE, CONTRADICTED))
    return found or f"No claim is decided against an idea so far: {NOT_YET}.\n"


def undecided(judged: Judged, names: dict[str, str]) -> str:
    """Markdown: how many claims of each chapter nothing can be said of yet, and why.

    **Arguments**: `names` - chapter -> its short name.
    """
    cells = []
    for ledger, verdicts in by_ledger(judged):
        testable = [v for v in verdicts if v.verdict != UNTESTABLE]
        blank = [v for v in testable if not any(f.verdict for f in v.findings)]
        known = [v for v in verdicts if v not in blank and v.verdict in (UNRESOLVED, NOT_LEARNT)]
        link = f"{{doc}}`{names[ledger.chapter]} </notebooks/{ledger.chapter}>`"
        all_of_it = NOT_YET if len(blank) == len(testable) else str(len(blank))
        cells.append((link, str(len(verdicts)), all_of_it, str(len(known) or "")))
    heads = ("claims", "without records", "undecided")
    return _table({"chapter": ":--"} | dict.fromkeys(heads, "--:"), cells)


def _list(judged: Judged, wanted: Collection[str]) -> str:
    lines = []
    for ledger, verdict in judged:
        if verdict.verdict not in wanted:
            continue
        claim = verdict.claim
        deciding = [f for f in verdict.findings if f.decides and f.verdict == verdict.verdict]
        value = f"; {deciding[0].data}: {in_units(deciding[0])}" if deciding else ""
        lines.append(
            f"- {badge(verdict.verdict)} {' '.join(claim.statement.split())} "
            f"({{ref}}`{claim.id} <{claim.id.lower()}>`, "
            f"{{doc}}`chapter </notebooks/{ledger.chapter}>`{value})\n"
        )
    return "".join(lines)


def indexes(measured: dict) -> str:
    """Markdown: for each gallery size the fastest and the smallest index that loses little."""
    rows = pd.DataFrame(measured["rows"])
    cells = []
    for size, group in rows.groupby("rows"):
        exact = group[group["kind"] == "exact"].iloc[0]
        good = group[(group[["hit@1", "hit@10"]] >= exact[["hit@1", "hit@10"]] - LOSES).all(axis=1)]
        fastest, smallest = good.loc[good["ms"].idxmin()], good.loc[good["bytes"].idxmin()]
        cells.append((f"{size:,}", _timed(exact), _index(fastest), _index(smallest)))
    return _table({"rows": "--:"} | dict.fromkeys(("`exact`", "fastest", "smallest"), ":--"), cells)


def _table(heads: dict[str, str], cells: Collection[Collection[str]]) -> str:
    """Markdown: a table of heads, each with its alignment, and of rows of cells."""
    return "".join(f"| {' | '.join(row)} |\n" for row in (heads, heads.values(), *cells))


def _index(row: pd.Series) -> str:
    effort = "" if pd.isna(row["effort"]) else f", effort {row['effort']:.0f}"
    return f"`{row['kind']}`{effort}: {_timed(row)}"


def _timed(row: pd.Series) -> str:
    return f"{row['ms']:.2f} ms, {row['bytes'] / row['rows']:,.0f} B a picture"


def _number(value: float, digits: int = 0) -> str:
    return "" if np.isnan(value) else f"{value:,.{digits}f}"
