"""Files that a list names: which of them to keep, which are missing, numbers for their items."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from fashret_utils.datasets.reading.pictures import unreadable
from fashret_utils.datasets.reading.places import Report


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
            raise ValueError(
                f"{where} {number}: no file {root / sources[missing[0]]} "
                f'({len(missing)} missing in all); add it, or use on_error="skip"'
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
