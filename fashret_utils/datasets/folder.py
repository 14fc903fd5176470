"""Your own data, by folders: `<root>/<item>/street/*.jpg` and `<root>/<item>/shop/*.jpg`."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from fashret_utils.data.catalog import Catalog
from fashret_utils.data.columns import DOMAINS, SHOP, STREET
from fashret_utils.datasets.reading.listed import readable, report
from fashret_utils.datasets.reading.pictures import SUFFIXES, FileReader
from fashret_utils.datasets.reading.places import DataNotFoundError, Report


def load(
    root: str | Path | None = None,
    *,
    val: float = 0.1,
    test: float = 0.2,
    seed: int = 0,
    name: str = "folder",
    licence: str = "your own",
    on_error: str = "error",
) -> Catalog:
    """Load `<root>/<item>/<street|shop>/<picture>`; items are numbered in the order of their names.

    **Arguments**: `val`, `test`: parts of the items with pictures of both domains that become
    validation and test items, drawn with `seed`; all other items are for training. `on_error`:
    "error" stops at a file that is no picture when it is read; "skip" tries every file now, leaves
    the bad ones out, and warns how many and which.

    **Raises** `DataNotFoundError` when there is no such folder or no picture in it, `ValueError`
    for a folder beside street and shop, or parts that are not between 0 and 1.
    """
    if min(val, test) < 0 or val + test > 1:
        raise ValueError(f"val and test are parts of the items, 0 to 1 together; not {val}, {test}")
    folder = _folder(root)
    sources = _sources(folder)
    kept = readable(folder, sources, on_error)
    sources = [sources[i] for i in kept]
    parts = [source.split("/") for source in sources]
    names, item = np.unique([p[0] for p in parts], return_inverse=True)
    domain = np.array([DOMAINS.index(p[1]) for p in parts], dtype=np.int64)
    both = [
        np.bincount(item, weights=domain == d, minlength=len(names)) > 0 for d in (STREET, SHOP)
    ]
    paired = np.random.default_rng(seed).permutation(np.flatnonzero(both[0] & both[1]))
    n_test, n_val = round(test * len(paired)), round(val * len(paired))
    split = np.full(len(item), "train", dtype=object)
    tested = np.isin(item, paired[:n_test])
    split[tested & (domain == STREET)] = "query"
    split[tested & (domain == SHOP)] = "gallery"
    split[np.isin(item, paired[n_test : n_test + n_val])] = "val"
    return Catalog(
        name=name,
        item=item,
        domain=domain,
        split=split,
        category=np.full(len(item), ""),
        source=sources,
        reader=FileReader(folder),
        licence=licence,
    )


def verify(root: str | Path | None = None) -> Report:
    """Check that every picture of the folder can be read."""
    folder = _folder(root)
    return report("folder", folder, _sources(folder))


def _folder(root: str | Path | None) -> Path:
    if root is None:
        raise ValueError('a folder of pictures needs root=<folder>, e.g. load("folder", "shoes")')
    folder = Path(os.path.expanduser(root))
    if not folder.is_dir():
        raise DataNotFoundError(f"no folder {folder}: expected <root>/<item>/<street|shop>/*.jpg")
    return folder


def _sources(folder: Path) -> list[str]:
    sources = []
    for item in sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith(".")):
        for side in sorted(p for p in item.iterdir() if p.is_dir() and not p.name.startswith(".")):
            if side.name not in DOMAINS:
                raise ValueError(f"{side}: expected a folder named street or shop")
            files = sorted(p for p in side.iterdir() if p.suffix.lower() in SUFFIXES)
            sources += [p.relative_to(folder).as_posix() for p in files]
    if not sources:
        raise DataNotFoundError(
            f"no picture in {folder}: expected <root>/<item>/<street|shop>/*.jpg "
            f"(or {', '.join(SUFFIXES[1:])})"
        )
    return sources
