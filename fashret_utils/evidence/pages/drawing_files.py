"""Pictures that a network drew, beside the record of its run: `<scale>-seed<k>.drawings.npz`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np

from fashret_utils.atomic import replacing
from fashret_utils.evidence.records import Record


def write(path: Path, **pictures: np.ndarray) -> None:
    """Keep pictures, uint8, by name, beside a record's file."""
    with replacing(path_of(path)) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **pictures)


def read(
    found: Collection[Record], arms: Sequence[str], data: str, folders: Sequence[str | Path]
) -> dict[str, dict[str, np.ndarray]]:
    """What arms drew at seed 0: arm -> pictures by name; arms that kept none are left out.

    **Arguments**: `folders` - of results; the first that has a record's pictures counts.
    """
    kept = {}
    for run in found:
        if (run.data, run.seed) == (data, 0) and run.arm in arms:
            paths = [path_of(run.path(folder)) for folder in folders]
            for path in [path for path in paths if path.is_file()][:1]:
                with np.load(path) as pictures:
                    kept[run.arm] = {name: pictures[name] for name in pictures.files}
    return {arm: kept[arm] for arm in arms if arm in kept}


def path_of(record: Path) -> Path:
    """The file of drawings beside a record's."""
    return record.with_name(f"{record.stem}.drawings.npz")
