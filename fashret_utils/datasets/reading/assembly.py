"""From a table of pictures to a `Catalog`: items drawn, files looked for, counts compared."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from fashret_utils.data.catalog import Catalog
from fashret_utils.data.columns import SHOP, STREET
from fashret_utils.datasets.reading.listed import readable, report
from fashret_utils.datasets.reading.pictures import FileReader
from fashret_utils.datasets.reading.places import Report

ON_ERROR = ("error", "missing", "skip")
BOX = ["x1", "y1", "x2", "y2"]


def assemble(
    table: pd.DataFrame,
    *,
    reader: FileReader,
    on_error: str | None = "error",
    attributes: np.ndarray | None = None,
    **about,
) -> Catalog:
    """A catalogue of the pictures of a table, those left out whose files are not there.

    **Arguments**

    - `table`: a row a picture: `item`, `domain`, `split`, `category`, `source`, and optionally
      `view` and `x1`, `y1`, `x2`, `y2`. `attributes`: (n, A).
    - `on_error`: "error" stops at the first missing file; "missing" leaves missing ones out; "skip"
      also tries every file now and leaves those out that are no pictures; None looks at no file.
    - `about`: further columns and names of `Catalog`.

    **Raises** `ValueError` for a missing file, and as `Catalog`. **Warns** of what was left out,
    and of queries whose item is not in the gallery.
    """
    kept = present(reader.root, table["source"].tolist(), on_error)
    if len(kept) < len(table):
        table = table.iloc[kept]
        attributes = None if attributes is None else attributes[kept]
    query, gallery = (table["item"][table["split"] == s] for s in ("query", "gallery"))
    absent = int((~query.isin(gallery)).sum())
    if absent:
        warnings.warn(
            f"{absent:,} of {len(query):,} queries show an item that is not in the gallery: no "
            'method can find it; evaluate with absent="skip" or "zero", and say which',
            stacklevel=3,
        )
    text = {c: table[c].to_numpy(object) for c in ("split", "category", "source")}
    return Catalog(
        item=table["item"].to_numpy(),
        domain=table["domain"].to_numpy(),
        view=table["view"].to_numpy(object) if "view" in table else None,
        box=table[BOX].to_numpy(np.float32) if "x1" in table else None,
        attributes=attributes,
        reader=reader,
        **text,
        **about,
    )


def present(root: Path, sources: list[str], on_error: str | None) -> np.ndarray:
    """Which pictures to keep; `on_error` as in `assemble`.

    **Returns** positions, int64 (m,). **Raises** `ValueError` naming the first missing file.
    """
    if on_error is None:
        return np.arange(len(sources))
    if on_error not in ON_ERROR:
        raise ValueError(f"on_error must be one of {ON_ERROR}, not {on_error!r}")
    there = {source: os.path.isfile(f"{root}/{source}") for source in sources}
    kept = np.array([i for i, source in enumerate(sources) if there[source]], dtype=np.int64)
    if len(kept) < len(sources):
        first = next(source for source in sources if not there[source])
        lost = f"{len(sources) - len(kept):,} of {len(sources):,} pictures"
        if on_error == "error":
            raise ValueError(
                f"no file {root / first} ({lost} are not there): add them, or leave them out with "
                'on_error="missing"'
            )
        warnings.warn(f"left out {lost}, not there: {first}, ...", stacklevel=4)
    if on_error == "skip":
        kept = kept[readable(root, [sources[i] for i in kept], "skip")]
    return kept


def draw_splits(
    item: np.ndarray, drawable: np.ndarray, *, val: float, test: float = 0.0, seed: int = 0
) -> np.ndarray:
    """Draw items for validation and test.

    **Arguments**: `item`: int (n,); `drawable`: bool (n,), rows whose items may be drawn; `val`,
    `test`: parts of those items.

    **Returns** str (n,): "train", "val" or "test". **Raises** `ValueError` for parts that are not
    between 0 and 1 together.
    """
    if min(val, test) < 0 or val + test > 1:
        raise ValueError(f"val and test are parts of the items, 0 to 1 together; not {val}, {test}")
    items = np.random.default_rng(seed).permutation(np.unique(item[drawable]))
    n_test, n_val = round(test * len(items)), round(val * len(items))
    split = np.full(len(item), "train", dtype=object)
    split[np.isin(item, items[:n_test])] = "test"
    split[np.isin(item, items[n_test : n_test + n_val])] = "val"
    return split


def two_sided(item: np.ndarray, domain: np.ndarray) -> np.ndarray:
    """Rows whose item has pictures of both domains: bool (n,)."""
    sides = [np.isin(item, item[domain == side]) for side in (STREET, SHOP)]
    return sides[0] & sides[1]


def domains_by_role(item: np.ndarray, split: np.ndarray, domains: str) -> np.ndarray:
    """Domains for a data set that has shop pictures only.

    **Arguments**: `domains`: "shop", as they are; or "roles", for methods that learn from pairs of
    two domains: queries count as street, and of a training or validation item every other picture.

    **Returns** int (n,).
    """
    check_choice("domains", domains, ("shop", "roles"))
    if domains == "shop":
        return np.full(len(item), SHOP)
    position = pd.Series(item).groupby(item).cumcount().to_numpy()
    domain = np.where(position % 2 == 0, STREET, SHOP)
    domain[split == "query"] = STREET
    domain[split == "gallery"] = SHOP
    return domain


def check_choice(option: str, value: object, choices: tuple) -> None:
    """Refuse a value that is not one of the choices."""
    if value not in choices:
        raise ValueError(f"unknown {option} {value!r}: choose one of {choices}")


def compared(what: str, found: int, published: int) -> str:
    """A line of a report: a count beside the published one."""
    same = "as published" if found == published else f"published: {published:,}"
    return f"{what}: {found:,} ({same})"


def verified(name: str, make: Callable[[], tuple[Catalog, list[str]]]) -> Report:
    """Check every picture of a catalogue, and say what the catalogue holds.

    **Arguments**: `make`: makes the catalogue, looking at no picture, and remarks on its lists.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        catalog, notes = make()
    notes += [f"remark: {warning.message}" for warning in caught]
    notes += ["", *catalog.summary().to_string().splitlines()]
    return report(name, catalog.reader.root, np.unique(catalog.source).tolist(), tuple(notes))
