"""Your own data, described by a CSV file.

Columns: `image_path` (relative to the CSV file's folder), `item_id` (any text), `domain` (street or
shop), `split` (train, val, query or gallery); optional `view`, `category`, and `attr_<name>`
columns of whole numbers, -1 unknown.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd

from fashret_utils.data.catalog import Catalog
from fashret_utils.data.columns import DOMAINS, SPLITS
from fashret_utils.datasets.reading.csv_lines import read_csv
from fashret_utils.datasets.reading.listed import (
    check_repeats,
    copies,
    item_numbers,
    readable,
    report,
)
from fashret_utils.datasets.reading.pictures import FileReader
from fashret_utils.datasets.reading.places import DataNotFoundError, Report

REQUIRED = ("image_path", "item_id", "domain", "split")
OPTIONAL = ("view", "category")
GAPS = ("nan", "NaN", "<NA>", "NaT", "None")  # how programs write a missing value


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
    and the line that is wrong, or the lines of a file in two splits. **Warns** of files listed
    twice.
    """
    path = _path(root)
    table = _table(path)
    sources = table["image_path"].tolist()
    keep = readable(path.parent, sources, on_error, f"{path}, line", table.index)
    table = table.iloc[keep]
    sources, split = table["image_path"].tolist(), table["split"].to_numpy(object)
    places = [f"{path.name}, line {line}" for line in table.index]
    check_repeats(path.parent, sources, split, places, protocol)
    attributes = [c for c in table.columns if c.startswith("attr_")]
    return Catalog(
        name=name,
        item=item_numbers(table["item_id"]),
        domain=table["domain"].map(DOMAINS.index).to_numpy(),
        split=split,
        category=_text(table, "category"),
        view=_text(table, "view"),
        source=sources,
        attributes=table[attributes].to_numpy(np.int64).reshape(len(table), len(attributes)),
        attribute_names=tuple(c.removeprefix("attr_") for c in attributes),
        reader=FileReader(path.parent),
        licence=licence,
        protocol=protocol,
    )


def verify(root: str | Path | None = None) -> Report:
    """Check that every file of the manifest is there and can be read as a picture."""
    path = _path(root)
    sources = _table(path)["image_path"].tolist()
    return report("manifest", path.parent, sources, tuple(copies(path.parent, sources)))


def _path(root: str | Path | None) -> Path:
    if root is None:
        raise ValueError('a manifest needs root=<CSV file>, e.g. load("manifest", "shoes.csv")')
    path = Path(os.path.expanduser(root))
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
            if column == "item_id":
                _check_items(path, values)
        elif column.startswith("attr_"):
            wrong = ~values.str.fullmatch(r"-1|\d{1,4}")
            _refuse(path, column, values, wrong, "expected a whole number, 0 to 9999, or -1")
    return table


def _check_items(path: Path, values: pd.Series) -> None:
    """What other programs make of missing and of long numbers would be one item for many."""
    missing = values.isin(GAPS)
    _refuse(path, "item_id", values, missing, "expected an item, not a missing value")
    rounded = values.str.fullmatch(r"\d[.,]\d+E\+\d+")
    expected = "expected all its digits: a spreadsheet rounded them away"
    _refuse(path, "item_id", values, rounded, expected)


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
