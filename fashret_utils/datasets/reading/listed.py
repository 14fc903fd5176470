"""Files that a list names: which of them to keep, which are missing, numbers for their items."""

from __future__ import annotations

import hashlib
import warnings
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from fashret_utils.data.decoding import backslashes, printable
from fashret_utils.datasets.reading.pictures import unreadable
from fashret_utils.datasets.reading.places import Report

_LEFT_BY_SYSTEMS = ("__macosx", "@eadir", "#recycle", "$recycle.bin", "lost+found")
_LEFT_BY_SYSTEMS += ("system volume information", "thumbs.db", "desktop.ini")


def ignored(path: Path) -> bool:
    """Whether a file or folder is hidden, or of those that systems leave beside pictures."""
    return path.name.startswith(".") or path.name.lower() in _LEFT_BY_SYSTEMS


def item_numbers(names: pd.Series) -> np.ndarray:
    """Whole numbers for item names: the names themselves where all are numbers, else their rank."""
    numbers = pd.to_numeric(names, errors="coerce")
    canonical = names.str.fullmatch(r"0|[1-9]\d{0,17}")  # "07" and "7" may be two items
    if canonical.all():
        return numbers.to_numpy(np.int64)
    return np.unique(names.to_numpy(object).astype(str), return_inverse=True)[1]


def readable(
    root: Path,
    sources: list[str],
    on_error: str,
    where: str = "picture",
    numbers: Sequence[int] | None = None,
) -> np.ndarray:
    """Which pictures to keep.

    **Arguments**: `on_error`: "error" stops at a file that is missing, "skip" tries
    every file now and leaves the bad ones out; `where`, `numbers`: how errors call a picture, by
    default by its position.

    **Returns** positions, int64 (m,). **Raises** `ValueError` naming the first missing file.
    """
    if on_error not in ("error", "skip"):
        raise ValueError(f'on_error must be "error" or "skip", not {on_error!r}')
    if on_error == "error":
        missing = [i for i, source in enumerate(sources) if not (root / source).is_file()]
        if missing:
            number = missing[0] if numbers is None else numbers[missing[0]]
            path = root / sources[missing[0]]
            raise ValueError(
                f"{where} {number}: no file {printable(path)} ({len(missing)} missing in all)"
                f'{backslashes(sources[missing[0]])}; add it, or use on_error="skip"'
            )
        return np.arange(len(sources))
    bad = unreadable(root, sources, "checking pictures")
    if bad:
        shown = "; ".join(message for _, message in bad[:5])
        more = f"; and {len(bad) - 5} more" if len(bad) > 5 else ""
        warnings.warn(f"skipped {len(bad)} of {len(sources)} pictures: {shown}{more}", stacklevel=3)
    return np.delete(np.arange(len(sources)), [i for i, _ in bad])


def report(name: str, folder: Path, sources: list[str], notes: tuple[str, ...] = ()) -> Report:
    """Check a list of picture files."""
    missing = [s for s in sources if not (folder / s).is_file()]
    present = [s for s in sources if (folder / s).is_file()]
    damaged = [present[i] for i, _ in unreadable(folder, present, f"verify {name}")]
    return Report(name, folder, len(present), missing, damaged, notes)


def check_repeats(
    root: Path, sources: Sequence[str], split: np.ndarray, places: Sequence[str], protocol: str
) -> None:
    """Look for files that are listed more than once, under whatever names.

    **Arguments**: `split`: str (n,); `places`: how errors call each picture; `protocol`: of the
    catalogue. In a closed set, training and search may show the same shop pictures.

    **Raises** `ValueError` for a file in two splits: it would be found by itself, or was seen in
    training. **Warns** how many are listed twice in one split, and which.
    """
    rows_of = defaultdict(list)
    for row, source in enumerate(sources):
        path = root / source
        if path.exists():
            state = path.stat()
            rows_of[state.st_dev, state.st_ino].append(row)
    twice = [rows for rows in rows_of.values() if len(rows) > 1]
    wrong = []
    for rows in twice:
        parts = {str(split[row]) for row in rows}
        if len(parts) > 1 and (protocol == "open-set" or "query" in parts):
            other = next(row for row in rows if split[row] != split[rows[0]])
            wrong.append((rows[0], other))
    if wrong:
        named = [f"{printable(places[row])} ({split[row]})" for row in wrong[0]]
        raise ValueError(
            f"{named[0]} and {named[1]} are one file ({len(wrong)} such in all): a picture must "
            "be in one of train, val, query and gallery alone, or it finds itself"
        )
    if twice:
        named = [" and ".join(printable(places[row]) for row in rows[:2]) for rows in twice[:3]]
        warnings.warn(
            f"{len(twice):,} files are listed twice or on both sides: {'; '.join(named)}",
            stacklevel=3,
        )


def copies(root: Path, sources: Sequence[str]) -> list[str]:
    """A remark on pictures with the same bytes under several names; none where there are none."""
    by_size = defaultdict(set)
    for source in sources:
        path = root / source
        if path.is_file():
            by_size[path.stat().st_size].add(source)
    same = defaultdict(list)
    for group in by_size.values():
        for source in sorted(group) if len(group) > 1 else ():
            same[hashlib.sha256((root / source).read_bytes()).digest()].append(source)
    found = [names for names in same.values() if len(names) > 1]
    if not found:
        return []
    named = "; ".join(" = ".join(map(printable, names[:2])) for names in found[:3])
    return [f"remark: {len(found):,} pictures are there under several names: {named}"]
