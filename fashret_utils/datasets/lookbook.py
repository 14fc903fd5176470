"""LookBook (Yoo et al. 2016): photos of people wearing tops against clean pictures of the tops."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

from fashret_utils.data.catalog import Catalog
from fashret_utils.data.columns import SHOP, STREET
from fashret_utils.datasets.reading.assembly import (
    assemble,
    compared,
    draw_splits,
    two_sided,
    verified,
)
from fashret_utils.datasets.reading.listed import ignored
from fashret_utils.datasets.reading.pictures import SUFFIXES, FileReader
from fashret_utils.datasets.reading.places import About, DataNotFoundError, Report

_FIRST = "PID000000_CLEAN0_IID000000.jpg"
ABOUT = About(
    name="lookbook",
    licence="not stated; pictures of shops, research only",
    home="github.com/fxia22/PixelDTGAN (data set of Pixel-Level Domain Transfer)",
    folders=("lookbook", "LookBook", "lookbook/data", "LookBook/data"),
    marker=(_FIRST, f"data/{_FIRST}"),
)
PUBLISHED = {"clean pictures": 9_732, "photos": 75_016}
_NAME = re.compile(r"PID([0-9]{6})_CLEAN([01])_IID([0-9]{6})\.jpe?g", re.IGNORECASE)


def load(
    root: str | Path | None = None,
    *,
    val: float = 0.1,
    test: float = 0.2,
    seed: int = 0,
    on_error: str = "error",
) -> Catalog:
    """LookBook: query = photos of people (CLEAN0), gallery = clean pictures (CLEAN1), item = PID.

    There is no official split. **Arguments**: `val`, `test`: parts of the items with pictures of
    both kinds, drawn with `seed`; the other items are for training. `on_error`: as in `assemble`.

    **Raises** `DataNotFoundError`, or `ValueError` for a missing picture. **Warns** of pictures
    with other names, which are left out.
    """
    return _catalog(_folder(ABOUT.find(root)), val, test, seed, on_error)


def verify(root: str | Path | None = None) -> Report:
    """Check that every picture can be read, and count them."""

    def make() -> tuple[Catalog, list[str]]:
        catalog = _catalog(_folder(ABOUT.find(root)), 0.1, 0.2, 0, None)
        clean = pd.Series(catalog.domain == SHOP).groupby(catalog.item).sum()
        counts = {
            "clean pictures": int(clean.sum()),
            "photos": int((catalog.domain == STREET).sum()),
        }
        notes = [compared(what, n, PUBLISHED[what]) for what, n in counts.items()]
        notes.append(f"items: {len(clean):,}")
        notes.append(f"items without a clean picture: {(clean == 0).sum():,}")
        notes.append(f"items with several: {(clean > 1).sum():,}")
        return catalog, notes

    return verified(ABOUT.name, make)


def _folder(place: Path) -> Path:
    inner = place / "data"
    return inner if (inner / _FIRST).is_file() else place


def _catalog(folder: Path, val: float, test: float, seed: int, on_error: str | None) -> Catalog:
    names = sorted(
        path.name
        for path in folder.iterdir()
        if path.suffix.lower() in SUFFIXES and not ignored(path)
    )
    found = [_NAME.fullmatch(name) for name in names]
    other = [name for name, match in zip(names, found, strict=True) if not match]
    if other:
        warnings.warn(
            f"left out {len(other):,} pictures of {folder} whose names are not like "
            f"PID000000_CLEAN0_IID000000.jpg: {', '.join(other[:3])}",
            stacklevel=3,
        )
    found = [match for match in found if match]
    if not found:
        raise DataNotFoundError(f"no picture like {_FIRST} in {folder}")
    item = np.array([int(match[1]) for match in found], dtype=np.int64)
    domain = np.array([SHOP if match[2] == "1" else STREET for match in found])
    split = draw_splits(item, two_sided(item, domain), val=val, test=test, seed=seed)
    split[(split == "test") & (domain == STREET)] = "query"
    split[split == "test"] = "gallery"
    sources = [match[0] for match in found]
    table = {"item": item, "domain": domain, "split": split, "category": "top", "source": sources}
    return assemble(
        pd.DataFrame(table),
        name=ABOUT.name,
        licence=ABOUT.licence,
        reader=FileReader(folder),
        on_error=on_error,
    )
