"""Which records were made by other code than today's."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

from fashret_utils.evidence.provenance import code_hash, of_transfer
from fashret_utils.evidence.records import Record, load


def is_stale(record: Record, root: str | Path | None = None) -> bool:
    """Whether the code has changed since in a way that can change the numbers of a record."""
    return staleness(root)(record)


def staleness(root: str | Path | None = None) -> Callable[[Record], bool]:
    """`is_stale` for many records: hashes each chapter and data set only once."""
    current = cache(lambda chapter, data: code_hash(chapter, data, root))

    def stale(record: Record) -> bool:
        expected = current(record.chapter, record.data)
        if record.trained_on is not None:
            expected = of_transfer(current(record.chapter, record.trained_on), expected)
        return record.code_hash != expected

    return stale


def listing(results: str | Path) -> str:
    """Describe the records under a folder as text, one line a run: what, when, stale or current."""
    stale = staleness()
    rows = [
        f"{r.chapter:<22} {r.data:<24} {r.arm:<20} {r.scale:<6} seed {r.seed:<3} {r.time}  "
        f"{'stale' if stale(r) else 'current'}"
        for r in load(results)
    ]
    return "\n".join(rows) or f"no records under {Path(results).absolute()}"


def stale_by_chapter(results: str | Path) -> str:
    """Count the stale records under a folder as text, one line a chapter that has any."""
    stale, found = staleness(), load(results)
    lines = []
    for chapter in sorted({record.chapter for record in found}):
        own = [record for record in found if record.chapter == chapter]
        if number := sum(map(stale, own)):
            lines.append(f"{chapter}: {number} of {len(own)} records are stale: run it again")
    return "\n".join(lines) or f"none of {len(found)} records is stale"
