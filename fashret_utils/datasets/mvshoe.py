"""MVShoe-style shoes (Zhan et al. 2017): street photos against shop pictures in several views.

The data set's own files were never found. This loads a CSV file in the form of `manifest` that
describes such pictures: results on it are results on MVShoe-style data.
"""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import numpy as np
import pandas as pd

from fashret_utils.data.catalog import Catalog
from fashret_utils.data.columns import DOMAINS
from fashret_utils.datasets import manifest
from fashret_utils.datasets.reading.assembly import compared
from fashret_utils.datasets.reading.csv_lines import read_csv
from fashret_utils.datasets.reading.places import About, Report

ABOUT = About(
    name="mvshoe",
    licence="your own; MVShoe states none",
    home="its authors, or write a CSV file of your own (see the page on data sets)",
    folders=("mvshoe", "MVShoe"),
    marker=("manifest.csv",),
)
VIEWS = ("front", "back", "left", "right", "top", "other")
PUBLISHED = {"street pictures": 9_800, "shop pictures": 31_050, "attributes": 31}


def load(root: str | Path | None = None, *, on_error: str = "error") -> Catalog:
    """MVShoe-style shoes: as the columns `domain`, `split`, `view` and `attr_...` of the CSV say.

    An attribute's values are named by their codes: "0", "1", ... up to the last that occurs.

    **Arguments**: `root`: the CSV file, or a folder that holds `manifest.csv`; `on_error`: as for
    `manifest`: "error" or "skip".

    **Raises** `DataNotFoundError`, or `ValueError` naming the column and the line that is wrong.
    """
    path = _path(root)
    _columns(path)
    found = manifest.load(path, name=ABOUT.name, licence=ABOUT.licence, on_error=on_error)
    last = found.attributes.max(axis=0, initial=-1).tolist()
    values = {
        name: tuple(map(str, range(code + 1)))
        for name, code in zip(found.attribute_names, last, strict=True)
    }
    return dataclasses.replace(found, attribute_values=values)


def verify(root: str | Path | None = None) -> Report:
    """Check that every picture of the CSV file can be read, and count them."""
    path = _path(root)
    found = manifest.verify(path)  # refuses wrong columns before the views are looked at
    table = _columns(path)
    sides = table["domain"].str.strip().value_counts()
    counts = {f"{side} pictures": int(sides.get(side, 0)) for side in DOMAINS}
    counts["attributes"] = sum(c.startswith("attr_") for c in table.columns)
    notes = [compared(what, n, PUBLISHED[what]) for what, n in counts.items()]
    if found.complete:
        notes += ["", *load(path).summary().to_string().splitlines()]
    return dataclasses.replace(found, name=ABOUT.name, notes=tuple(notes))


def _path(root: str | Path | None) -> Path:
    if root is not None and Path(os.path.expanduser(root)).is_file():
        return Path(os.path.expanduser(root))
    return ABOUT.find(root) / "manifest.csv"


def _columns(path: Path) -> pd.DataFrame:
    """The CSV file as text, its column of views checked."""
    table = read_csv(path)
    if "view" not in table.columns:
        raise ValueError(f"{path} lacks column 'view': expected one of {VIEWS} for each picture")
    views = table["view"].str.strip()
    wrong = np.flatnonzero(~views.isin(VIEWS))
    if len(wrong):
        line, view = table.index[wrong[0]], views.iloc[wrong[0]]
        raise ValueError(
            f"{path}, line {line}, column 'view': {view!r} is wrong, "
            f"expected one of {VIEWS} ({len(wrong)} such lines)"
        )
    return table
