"""Your own data, described by a CSV file.

Columns: `image_path` (relative to the CSV file's folder), `item_id` (any text), `domain` (street or
shop), `split` (train, val, query or gallery); optional `view`, `category`, and `attr_<name>`
columns of whole numbers, -1 unknown.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from fashret_utils.catalog import DOMAINS, SPLITS, Catalog
from fashret_utils.datasets.csv_lines import read_csv
from fashret_utils.datasets.pictures import FileReader, unreadable
from fashret_utils.datasets.places import DataNotFoundError, Report

REQUIRED = ("image_path", "item_id", "domain", "split")
OPTIONAL = ("view", "category")


def load(
    root: str | Path | None = None,
    *,
    name: str = "manifest",
    licence: str = "your own",
    protocol: str = "open-set",
    on_error: str = "error",
) -> Catalog:
    """Load the data that a CSV file describes.

    **Arguments**: `root`: the CSV file, or a folder with a `manifest.csv`; `on_error`: "error"
    stops at a file that is missing or no picture (missing ones now, others when they are read);
    "skip" tries every file now, leaves the bad ones out, and warns how many and which.

    **Raises** `DataNotFoundError` when there is no such CSV file, `ValueError` naming the column
    and the line that is wrong.
    """
    path = _path(root)
    table = _table(path)
    sources = table["image_path"].tolist()
    keep = readable(path.parent, sources, on_error, f"{path}, line", table.index)
    table = table.iloc[keep]
    attributes = [c for c in table.columns if c.startswith("attr_")]
    return Catalog(
        name=name,
        item=item_numbers(table["item_id"]),
        domain=table["domain"].map(DOMAINS.index).to_numpy(),
        split=table["split"].to_numpy(object),
        category=_text(table, "category"),
        view=_text(table, "view"),
        source=table["image_path"].to_numpy(object),
        attributes=table[attributes].to_numpy(np.int64).reshape(len(table), len(attributes)),
        attribute_names=tuple(c.removeprefix("attr_") for c in attributes),
        reader=FileReader(path.parent),
        licence=licence,
        protocol=protocol,
    )


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

    **Arguments**: `on_error` as in `load`; `where`, `numbers`: how errors call a picture, by
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


def verify(root: str | Path | None = None) -> Report:
    """Check that every file of the manifest is there and can be read as a picture."""
    path = _path(root)
    return report("manifest", path.parent, _table(path)["image_path"].tolist())


def report(name: str, folder: Path, sources: list[str], notes: tuple[str, ...] = ()) -> Report:
    """Check a list of picture files."""
    missing = [s for s in sources if not (folder / s).is_file()]
    present = [s for s in sources if (folder / s).is_file()]
    damaged = [present[i] for i, _ in unreadable(folder, present, f"verify {name}")]
    return Report(name, folder, len(present), missing, damaged, notes)


def _path(root: str | Path | None) -> Path:
    if root is None:
        raise ValueError('a manifest needs root=<CSV file>, e.g. load("manifest", "shoes.csv")')
    path = Path(root).expanduser()
    path = path / "manifest.csv" if path.is_dir() else path
    if not path.is_file():
        raise DataNotFoundError(
            f"no manifest at {path}: expected a CSV file with the columns {', '.join(REQUIRED)}"
        )
    return path


def _table(path: Path) -> pd.DataFrame:
    table = read_csv(path)
    expected = f"expected {', '.join(REQUIRED)}, and optionally {', '.join(OPTIONAL)}, attr_<name>"
    absent = [c for c in REQUIRED if c not in table.columns]
    if absent:
        raise ValueError(f"{path} lacks column {absent[0]!r}: it has {list(table)}, {expected}")
    for column in table.columns:
        if column not in REQUIRED + OPTIONAL and not column.startswith("attr_"):
            raise ValueError(f"{path} has an unknown column {column!r}: {expected}")
        values = table[column] = table[column].str.strip()
        if column == "domain":
            _refuse(path, column, values, ~values.isin(DOMAINS), f"expected one of {DOMAINS}")
        elif column == "split":
            _refuse(path, column, values, ~values.isin(SPLITS), f"expected one of {SPLITS}")
        elif column in ("image_path", "item_id"):
            _refuse(path, column, values, values == "", "expected a value")
        elif column.startswith("attr_"):
            wrong = ~values.str.fullmatch(r"-1|\d{1,4}")
            _refuse(path, column, values, wrong, "expected a whole number, 0 to 9999, or -1")
    return table


def _refuse(path: Path, column: str, values: pd.Series, wrong: pd.Series, expected: str) -> None:
    if wrong.any():
        line = wrong.idxmax()
        raise ValueError(
            f"{path}, line {line}, column {column!r}: {values[line]!r} is wrong, {expected} "
            f"({int(wrong.sum())} such lines)"
        )


def _text(table: pd.DataFrame, column: str) -> np.ndarray:
    blank = np.full(len(table), "", dtype=object)
    return table[column].to_numpy(object) if column in table.columns else blank
