"""Your own data, by folders: `<root>/<item>/street/*.jpg` and `<root>/<item>/shop/*.jpg`."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

import numpy as np

from fashret_utils.data.catalog import Catalog
from fashret_utils.data.columns import DOMAINS, SHOP, STREET
from fashret_utils.data.decoding import printable
from fashret_utils.datasets.reading.listed import check_repeats, copies, ignored, readable, report
from fashret_utils.datasets.reading.pictures import SUFFIXES, FileReader
from fashret_utils.datasets.reading.places import DataNotFoundError, Report

# Files that nobody takes for pictures: they are left out without a word.
TEXTS = (".csv", ".html", ".json", ".log", ".md", ".pdf", ".py", ".txt", ".xml", ".yaml", ".yml")


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
    for a folder beside street and shop, a file in two splits, or parts that are not between 0 and
    1. **Warns** how many files are left out or listed twice, and which.
    """
    if min(val, test) < 0 or val + test > 1:
        raise ValueError(f"val and test are parts of the items, 0 to 1 together; not {val}, {test}")
    folder = _folder(root)
    sources, left = _sources(folder)
    for remark in left:
        warnings.warn(remark, stacklevel=3)
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
    check_repeats(folder, sources, split, sources, "open-set")
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
    """Check that every picture of the folder can be read, and name what is left out or twice."""
    folder = _folder(root)
    sources, left = _sources(folder)
    notes = [f"remark: {remark}" for remark in left] + copies(folder, sources)
    return report("folder", folder, sources, tuple(notes))


def _folder(root: str | Path | None) -> Path:
    if root is None:
        raise ValueError('a folder of pictures needs root=<folder>, e.g. load("folder", "shoes")')
    folder = Path(os.path.expanduser(root))
    if not folder.is_dir():
        raise DataNotFoundError(f"no folder {folder}: expected <root>/<item>/<street|shop>/*.jpg")
    return folder


def _sources(folder: Path) -> tuple[list[str], list[str]]:
    """The pictures, and remarks on files that are left out."""
    sources, ending, place, empty = [], [], [], []
    for item in _inside(folder):
        if not item.is_dir():
            place.append(item)
            continue
        before = len(sources)
        for side in _inside(item):
            if not side.is_dir():
                place.append(side)
                continue
            if side.name not in DOMAINS:
                raise ValueError(f"{printable(side)}: expected a folder named street or shop")
            for path in _inside(side):
                if path.is_dir():
                    place += [p for p in path.rglob("*") if not p.is_dir() and not ignored(p)]
                elif path.suffix.lower() in SUFFIXES:
                    sources.append(path.relative_to(folder).as_posix())
                else:
                    ending.append(path)
        empty += [item] if len(sources) == before else []
    if not sources:
        raise DataNotFoundError(
            f"no picture in {folder}: expected <root>/<item>/<street|shop>/*.jpg "
            f"(or {', '.join(SUFFIXES[1:])})"
        )
    return sources, [
        *_remark(folder, ending, f"whose endings are not read ({', '.join(SUFFIXES)} are)"),
        *_remark(folder, place, "that are not directly in <item>/street or <item>/shop"),
        *_remark(folder, empty, "of items, which have no picture", "folders"),
    ]


def _inside(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if not ignored(path))


def _remark(folder: Path, paths: list[Path], why: str, what: str = "files") -> list[str]:
    """How many are left out, which, and why; texts and tables are not meant to be pictures."""
    named = [
        printable(p.relative_to(folder).as_posix()) for p in paths if p.suffix.lower() not in TEXTS
    ]
    if not named:
        return []
    more = f" and {len(named) - 5:,} more" if len(named) > 5 else ""
    return [f"left out {len(named):,} {what} {why}: {', '.join(named[:5])}{more}"]
