"""Files of per-query results beside the records.

Beside `<scale>-seed<k>.json` lies `<scale>-seed<k>.queries.npz`, which NumPy opens by itself:
`average_precision` float16 (n,), `first_hit` uint16 (n,), and further float16 columns. What the
queries show is the same for all arms and seeds on one data set, so it is kept once, as
`<results>/queries/<data>-<checksum>.npz` with `item` and `family` (n,); the record names that file.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import numpy as np

from fashret_utils.atomic import ResultsError, checksum, replacing
from fashret_utils.evidence.per_query import OWN, PerQuery


def write(found: PerQuery, record: Path, results: str | Path, data: str) -> dict[str, object]:
    """Write per-query results beside the record whose file is `record`.

    **Arguments**: `results` - folder of all records; `data` - name of the data set.

    **Returns** what the record keeps to find and check them: `n`, `queries` (the file of items and
    families, relative to `results`), `crc32` of what this run found.
    """
    shown = {"item": found.item, "family": found.family}
    name = f"queries/{data}-{checksum(shown):08x}.npz"
    if not (Path(results) / name).is_file():
        _save(Path(results) / name, shown)
    columns = {kind: getattr(found, kind) for kind in OWN} | dict(found.more)
    _save(path_of(record), columns)
    return {"n": len(found.item), "queries": name, "crc32": checksum(columns)}


def read(kept: Mapping[str, object], record: Path, results: str | Path) -> PerQuery:
    """Read the per-query results of a record.

    **Arguments**: `kept` - what `write` returned; `record` - the record's file.

    **Raises** `FileNotFoundError` naming the file that is missing, `ResultsError` when a file is
    another run's.
    """
    columns = _load(path_of(record))
    if checksum(columns) != kept["crc32"]:
        raise ResultsError(
            f"{path_of(record)} is not what its record describes: a run was stopped while it wrote "
            "them. Run the chapter again"
        )
    shown = _shown(Path(results) / str(kept["queries"]))
    own = {name: columns.pop(name) for name in OWN}
    return PerQuery(**own, item=shown["item"], family=shown["family"], more=columns)


def path_of(record: Path) -> Path:
    """The file of per-query results beside a record's."""
    return record.with_name(f"{record.stem}.queries.npz")


@lru_cache(maxsize=32)
def _shown(path: Path) -> dict[str, np.ndarray]:
    """Items and families of a data set's queries; hundreds of records share them."""
    shown = _load(path)
    if not path.stem.endswith(f"-{checksum(shown):08x}"):
        raise ResultsError(f"{path} is damaged: its name has another checksum than its content")
    return shown


def _save(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    with replacing(path) as temporary, open(temporary, "wb") as file:
        np.savez_compressed(file, **arrays)


def _load(path: Path) -> dict[str, np.ndarray]:
    if not path.is_file():
        raise FileNotFoundError(f"no per-query results at {path}: run the chapter again")
    with np.load(path) as file:
        return dict(file)
