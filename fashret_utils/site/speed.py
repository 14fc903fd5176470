"""Speed beside peers and limits: the records of the benchmarks, and the tables made from them.

A record holds cases. A case is one thing that is done by ours and by others in turn: peers, which
are libraries that do the same, and limits, below which nobody can come. The ratio is how many times
as fast ours is as the other: 2 is half of its time, 0.8 is 1.25 times its time.
"""

from __future__ import annotations

import json
import re
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import nbformat
import pandas as pd

from fashret_utils.atomic import replacing
from fashret_utils.evidence import provenance
from fashret_utils.scale import machine

FOLDER = "benchmarks"  # of the results
PARTS = {  # record -> heading of its table on the page
    "training": "Training",
    "blocks": "The last blocks of a trunk",
    "embeddings": "From files to embeddings",
    "retrieval": "Evaluation",
    "losses": "Losses",
    "rows": "A million rows",
    "drawing": "Made pictures",
    "kernels": "Kernel search",
    "jobs": "Whole jobs",
}
_NONE = "–"


@dataclass(frozen=True)
class Other:
    """What ours is measured against.

    - `name`; `role`: "peer" or "limit".
    - `seconds`: one a round, in the rounds of ours; none where it was not measured, and `missing`
      says why.
    - `target`: the least ratio.
    - `memory_mib`: at most in use beside what was there before.
    """

    name: str
    role: str
    seconds: Sequence[float] = ()
    missing: str = ""
    target: float | None = None
    memory_mib: float | None = None


@dataclass(frozen=True)
class Case:
    """One thing that was timed.

    - `what`: is done; `amount` of `unit` each time, such as 64 pictures; None: its seconds count.
    - `seconds`: of ours, one a round.
    - `target`: the least amount a second, or, without an amount, the most seconds.
    """

    what: str
    seconds: Sequence[float]
    amount: float | None = None
    unit: str = ""
    others: Sequence[Other] = ()
    target: float | None = None
    memory_mib: float | None = None
    note: str = ""


@dataclass(frozen=True)
class Record:
    """What one benchmark measured, where, when and by which versions."""

    name: str
    cases: list[Case]
    quick: bool = False
    time: str = ""
    machine: dict = field(default_factory=dict)
    versions: dict = field(default_factory=dict)


def write(
    out: Path, name: str, cases: list[Case], quick: bool, versions: Mapping[str, str] | None = None
) -> Path:
    """Write a record as `out/speed-<name>.json`; `versions` are those of libraries besides ours."""
    path = out / f"speed-{name}.json"
    made = Record(
        name,
        cases,
        quick,
        datetime.now(UTC).isoformat(timespec="seconds"),
        machine("cpu"),
        provenance.versions() | dict(versions or {}),
    )
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(asdict(made), indent=1) + "\n", encoding="utf-8")
    return path


def read(path: Path) -> Record:
    """The record in a file."""
    found = json.loads(path.read_text(encoding="utf-8"))
    found["cases"] = [
        Case(**case | {"others": [Other(**other) for other in case["others"]]})
        for case in found["cases"]
    ]
    return Record(**found)


def load(folder: Path) -> list[Record]:
    """All records of a folder, in the order of `PARTS`."""
    paths = [folder / f"speed-{name}.json" for name in PARTS]
    return [read(path) for path in paths if path.is_file()]


def ratio(case: Case, other: Other) -> float:
    """How many times as fast as the other: the median over rounds."""
    pairs = zip(other.seconds, case.seconds, strict=True)
    return statistics.median(theirs / ours for theirs, ours in pairs)


def table(cases: Sequence[Case]) -> pd.DataFrame:
    """One row a case and peer: what, ours, peer, limit, both ratios, target, and whether met."""
    return pd.DataFrame([row for case in cases for row in _rows(case)])


def _rows(case: Case) -> list[dict[str, str]]:
    peers = [other for other in case.others if other.role == "peer"]
    limits = [other for other in case.others if other.role == "limit"]
    rows = []
    for number in range(max(1, len(peers), len(limits))):
        pair = {
            role: others[number] if number < len(others) else None
            for role, others in (("peer", peers), ("limit", limits))
        }
        own = case.target if number == 0 else None
        rows.append(
            {
                "what": case.what if number == 0 else "",
                "ours": _quantity(case, case.seconds) if number == 0 else "",
                "peer": _named(case, pair["peer"]),
                "limit": _named(case, pair["limit"]),
                "of peer": _ratio_text(case, pair["peer"]),
                "of limit": _ratio_text(case, pair["limit"]),
                **_verdict(case, own, pair),
            }
        )
    return rows


def _verdict(case: Case, own: float | None, pair: Mapping[str, Other | None]) -> dict[str, str]:
    targets, met = [], []
    for role, other in pair.items():
        if other is not None and other.target is not None:
            targets.append(f"≥ {other.target:.2g} of {role}")
            if other.seconds:
                met.append((role, ratio(case, other) >= other.target))
    if own is not None:
        median = statistics.median(case.seconds)
        if case.amount is None:
            targets.append(f"≤ {own:,g} s")
            met.append(("own", median <= own))
        else:
            targets.append(f"≥ {own:,.0f} {case.unit}/s")
            met.append(("own", case.amount / median >= own))
    missed = [role for role, reached in met if not reached]
    if not met:
        word = _NONE
    elif len(missed) in (0, len(met)):
        word = "no" if missed else "yes"
    else:
        word = f"no ({', '.join(missed)})"
    return {"target": "; ".join(targets) or _NONE, "met": word}


def _quantity(case: Case, seconds: Sequence[float]) -> str:
    median = statistics.median(seconds)
    if case.amount is not None:
        rate = case.amount / median
        return f"{rate:,.0f} {case.unit}/s" if rate >= 100 else f"{rate:.3g} {case.unit}/s"
    if median >= 100:
        return f"{median:,.0f} s"
    return f"{median:.3g} s" if median >= 1 else f"{1e3 * median:.3g} ms"


def _named(case: Case, other: Other | None) -> str:
    if other is None:
        return _NONE
    if not other.seconds:
        return f"{other.name}: not measured ({other.missing})"
    return f"{other.name}: {_quantity(case, other.seconds)}"


def _ratio_text(case: Case, other: Other | None) -> str:
    return _NONE if other is None or not other.seconds else f"{ratio(case, other):.2f}"


def memory_table(cases: Sequence[Case]) -> pd.DataFrame:
    """Peak memory in MiB of the cases that measured it, a row for each of those who did it."""
    rows = [
        {"what": case.what, "who": name, "peak, MiB": f"{mib:,.0f}"}
        for case in cases
        for name, mib in [
            ("ours", case.memory_mib),
            *((other.name, other.memory_mib) for other in case.others),
        ]
        if mib is not None
    ]
    return pd.DataFrame(rows)


def markdown(rows: pd.DataFrame) -> str:
    """A pipe table."""
    lines = [list(rows.columns), [":--"] * rows.shape[1], *rows.to_numpy().tolist()]
    cells = [[str(cell).replace("|", "\\|") for cell in line] for line in lines]
    return "".join(f"| {' | '.join(line)} |\n" for line in cells)


def origin(record: Record) -> str:
    """A line on when, where and by what it was measured."""
    where, versions = record.machine, record.versions
    rounds = min(len(case.seconds) for case in record.cases)
    named = ", ".join(f"{name} {version}" for name, version in sorted(versions.items()))
    short = " A short pass: small inputs, few rounds." if record.quick else ""
    times = f"medians of {rounds} rounds or more, in turn" if rounds > 1 else "once"
    return (
        f"Measured on {record.time[:10]}: {where['device']}, {where['cores']} cores, "
        f"{where['os']}; {times}.{short} {named}.\n"
    )


def chapter_profile(notebooks: Mapping[str, Path], most: int = 4) -> pd.DataFrame:
    """Where the time of each executed chapter goes.

    **Arguments**: `notebooks` - chapter to its executed notebook, with papermill's timings; `most`
    - how many sections to name.

    **Returns** one row a chapter: its seconds, and the sections that took most, with their share.
    """
    rows = []
    for name, path in notebooks.items():
        spent: dict[str, float] = {}
        heading = "start"
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "markdown":
                titles = [line for line in cell.source.splitlines() if line.startswith("#")]
                heading = titles[-1].lstrip("# ") if titles else heading
            seconds = cell.metadata.get("papermill", {}).get("duration") or 0.0
            spent[heading] = spent.get(heading, 0.0) + seconds
        total = sum(spent.values())
        longest = sorted(spent, key=spent.get, reverse=True)[:most]
        rows.append(
            {
                "chapter": f"{{doc}}`/notebooks/{name}`",
                "seconds": f"{total:.0f}",
                "most of it": "; ".join(
                    f"{title} {100 * spent[title] / max(total, 1e-9):.0f} %"
                    for title in longest
                    if spent[title] >= 0.02 * total
                ),
            }
        )
    return pd.DataFrame(rows)


def page(root: Path, generated: Path, notebooks: Mapping[str, Path]) -> None:
    """Write the fragments `speed-*.md` of the page on speed to the folder `generated`."""
    found = {record.name: record for record in load(root / "results" / FOLDER)}
    for name in PARTS:
        record = found.get(name)
        text = "Not measured for this copy: `make bench` does it.\n"
        if record is not None:
            text = f"{_wide(table(record.cases))}\n{_notes(record)}{origin(record)}"
        (generated / f"speed-{name}.md").write_text(text, encoding="utf-8")
    memory = memory_table(found["retrieval"].cases) if "retrieval" in found else pd.DataFrame()
    text = markdown(memory) if len(memory) else "No memory was measured for this copy.\n"
    (generated / "speed-memory.md").write_text(text, encoding="utf-8")
    profile = chapter_profile(notebooks)
    (generated / "speed-chapters.md").write_text(markdown(profile), encoding="utf-8")


def _wide(rows: pd.DataFrame) -> str:
    """A table over the whole width of the page, without the columns that say nothing."""
    telling = [name for name in rows if (rows[name] != _NONE).any()]
    text = re.sub(r"(\d) (?=(?:m?s|[a-z]+/s)\b)", "\\1&nbsp;", markdown(rows[telling]))
    return f"::::{{div}} full-width\n{text}::::\n"


def _notes(record: Record) -> str:
    notes = dict.fromkeys(case.note for case in record.cases if case.note)
    return "".join(f"{note}\n\n" for note in notes)
