"""Shoes of Amazon Berkeley Objects (Collins et al. 2022): several shop pictures of each shoe.

A stand-in for multi-view shoe retrieval. There is no street picture in it: a shoe's main picture
takes the place of one. One shoe is listed for several marketplaces, and its colours and sizes are
items of their own that share pictures; such items are merged, since otherwise a right answer would
count as wrong.
"""

from __future__ import annotations

import csv
import hashlib
import json
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from fashret_utils.data.catalog import Catalog
from fashret_utils.data.columns import SHOP, STREET
from fashret_utils.datasets.reading.assembly import (
    assemble,
    check_choice,
    compared,
    draw_splits,
    verified,
)
from fashret_utils.datasets.reading.pictures import FileReader
from fashret_utils.datasets.reading.places import About, Report
from fashret_utils.datasets.reading.text_lines import line_error, numbered_lines

ABOUT = About(
    name="abo-shoes",
    licence="CC BY 4.0 or CC BY-NC 4.0: see the licence file of your download",
    home="amazon-berkeley-objects.s3.amazonaws.com (listings, images-small)",
    folders=("abo", "abo-shoes", "ABO"),
    marker=("listings/metadata",),
)
TYPES = ("SHOES", "BOOT", "SANDAL", "TECHNICAL_SPORT_SHOE")
PUBLISHED = {"listings of all kinds": 147_702, "pictures of all kinds": 398_212}
_LICENCES = {"LICENSE-CC-BY-NC-4.0.txt": "CC BY-NC 4.0", "LICENSE-CC-BY-4.0.txt": "CC BY 4.0"}


@dataclass(frozen=True)
class _Lists:
    folder: Path
    n_listings: int
    n_pictures: int
    views: pd.DataFrame  # a row an item and picture: item_id, type, image_id, main, path


def load(
    root: str | Path | None = None,
    *,
    types: tuple[str, ...] = TYPES,
    resolution: str = "small",
    domains: str = "roles",
    shared_limit: int | None = None,
    by_content: bool = False,
    val: float = 0.1,
    test: float = 0.2,
    seed: int = 0,
    on_error: str = "error",
) -> Catalog:
    """ABO shoes: query = the main picture of a test item, gallery = its other pictures.

    **Arguments**

    - `types`: product types. `resolution`: "small" (256 px) or "original".
    - `domains`: "roles", for methods that learn from two domains: main pictures count as street;
      or "shop", as all pictures are.
    - `shared_limit`: pictures that more items than this share are left out and merge nothing, such
      as a brand's table of sizes. `by_content`: also merge items with identical files.
    - `val`, `test`: parts of the merged items, drawn with `seed`. Items with one picture are left
      out. `on_error`: as in `assemble`.

    View: "main" or "other". Attribute: the product type. **Raises** `DataNotFoundError`;
    `ValueError` naming file and line. **Warns** of pictures that their list does not know.
    """
    lists = _lists(ABOUT.find(root), tuple(types))
    options = (resolution, domains, shared_limit, by_content, val, test, seed)
    return _catalog(lists, *options, on_error)[0]


def verify(root: str | Path | None = None) -> Report:
    """Check that every picture of a shoe can be read, and count listings, items and merges."""

    def make() -> tuple[Catalog, list[str]]:
        lists = _lists(ABOUT.find(root), TYPES)
        catalog, merged = _catalog(lists, "small", "roles", None, False, 0.1, 0.2, 0, None)
        found = (lists.n_listings, lists.n_pictures)
        notes = [compared(w, n, p) for (w, p), n in zip(PUBLISHED.items(), found, strict=True)]
        sharing = lists.views.groupby("image_id")["item_id"].nunique()
        ids = lists.views["item_id"].nunique()
        notes += [
            f"licence: {catalog.licence}",
            f"shoes listed: {ids:,}; merged by shared pictures: {merged.nunique():,} items",
            f"largest merged item: {merged.value_counts().max() if ids else 0:,} listed shoes",
            f"most shared picture: in {sharing.max() if ids else 0:,} (see shared_limit)",
            f"items with one picture, left out: {merged.nunique() - catalog.n_items:,}",
        ]
        return catalog, notes

    return verified(ABOUT.name, make)


def _lists(folder: Path, types: tuple[str, ...]) -> _Lists:
    paths = _picture_paths(folder)
    shards = sorted((folder / "listings/metadata").glob("listings_*.json*"))
    if not shards:
        raise ValueError(
            f"no listings_0.json.gz to listings_f.json.gz in {folder}/listings/metadata"
        )
    rows: list[tuple] = []
    n = 0
    for shard in shards:
        for number, line in _lines(shard):
            n += 1
            rows += _views(shard, number, line, types)
    views = pd.DataFrame(rows, columns=["item_id", "type", "image_id", "main"], dtype=object)
    views = views.sort_values(["item_id", "main"], ascending=[True, False], kind="stable")
    views = views.drop_duplicates(["item_id", "image_id"])  # listed in several marketplaces
    views["path"] = views["image_id"].map(paths)
    unknown = views["path"].isna()
    if unknown.any():
        warnings.warn(
            f"left out {int(unknown.sum()):,} pictures that images.csv does not know: "
            f"{views['image_id'][unknown].iloc[0]}, ...",
            stacklevel=3,
        )
    return _Lists(folder, n, len(paths), views[~unknown].reset_index(drop=True))


def _catalog(
    lists: _Lists,
    resolution: str,
    domains: str,
    shared_limit: int | None,
    by_content: bool,
    val: float,
    test: float,
    seed: int,
    on_error: str | None,
) -> tuple[Catalog, pd.Series]:
    """The catalogue, and the merged item of each listed shoe."""
    check_choice("resolution", resolution, ("small", "original"))
    check_choice("domains", domains, ("shop", "roles"))
    base = lists.folder / "images" / resolution
    views = lists.views
    if shared_limit is not None:
        sharing = views.groupby("image_id")["item_id"].transform("nunique")
        views = views[sharing <= shared_limit]
    key = views["image_id"]
    if by_content:
        key = key.map({i: _content(base / p, i) for i, p in zip(key, views["path"], strict=True)})
    listed, ids = pd.factorize(views["item_id"])  # in order of the ids
    shown = pd.factorize(key)[0]
    item = _components(listed, shown)
    merged = pd.Series(dict(zip(ids, pd.Series(item).groupby(listed).first(), strict=True)))
    table = views.assign(item=item, key=key.to_numpy()).drop_duplicates(["item", "key"])
    table = table[table.groupby("item")["key"].transform("size") > 1]
    main = ~table.duplicated("item").to_numpy()  # the first id's main picture, if it has one
    item = table["item"].to_numpy()
    split = draw_splits(item, np.ones(len(item), dtype=bool), val=val, test=test, seed=seed)
    split[(split == "test") & main] = "query"
    split[split == "test"] = "gallery"
    table = table.assign(
        split=split,
        domain=np.where(main & (domains == "roles"), STREET, SHOP),
        view=np.where(main, "main", "other"),
        category=table.groupby("item")["type"].transform("first"),
        source=table["path"],
    )
    kinds = tuple(sorted(set(table["category"])))
    catalog = assemble(
        table,
        attributes=np.searchsorted(np.array(kinds, str), table["category"].to_numpy(str))[:, None],
        attribute_names=("type",),
        attribute_values={"type": kinds},
        name=ABOUT.name,
        licence=_licence(lists.folder),
        reader=FileReader(base),
        on_error=on_error,
    )
    return catalog, merged


def _components(listed: np.ndarray, shown: np.ndarray) -> np.ndarray:
    """Merged item of each row (listed item, picture), numbered in the order of the items."""
    if not len(listed):
        return np.zeros(0, dtype=np.int64)
    n, m = listed.max() + 1, shown.max() + 1
    edges = coo_array((np.ones(len(listed), dtype=np.int8), (listed, n + shown)), (n + m, n + m))
    labels = connected_components(edges, directed=False)[1][listed]
    return pd.factorize(labels)[0]


def _views(path: Path, number: int, line: str, types: tuple[str, ...]) -> list[tuple]:
    """(item, type, picture, is it the main one) for each picture of one listing of these types."""
    try:
        listing = json.loads(line)
        kinds = listing.get("product_type") or []  # documented as a text, a list in the files
        kinds = [kinds] if isinstance(kinds, str) else [k["value"] for k in kinds]
        if not any(kind in types for kind in kinds):
            return []
        main = listing.get("main_image_id")
        pictures = [] if main is None else [main]
        pictures += listing.get("other_image_id") or []
        item = listing["item_id"]
        if not all(isinstance(text, str) and text for text in (item, *pictures)):
            raise TypeError("item_id and picture ids must be text")
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError) as error:
        problem = f"{type(error).__name__}: {error}"
        raise line_error(path, number, line, f"expected a listing ({problem})") from None
    kind = next(kind for kind in kinds if kind in types)
    return [(item, kind, picture, picture == main) for picture in pictures]


def _picture_paths(folder: Path) -> dict[str, str]:
    """Picture -> path below images/small, from images.csv."""
    places = [folder / f"images/metadata/images.csv{end}" for end in (".gz", "")]
    path = next((place for place in places if place.is_file()), None)
    if path is None:
        raise ValueError(f"no file {places[0]}: it is part of the archive of pictures")
    lines = _lines(path)
    names = next(lines, (1, ""))[1].split(",")
    if not {"image_id", "path"} <= set(names):
        raise ValueError(f"{path}, line 1: expected image_id,height,width,path, not {names}")
    identity, place = names.index("image_id"), names.index("path")
    paths: dict[str, str] = {}
    for number, line in lines:
        try:
            fields = next(csv.reader([line]))
        except csv.Error:
            fields = []
        parts = fields[place].split("/") if len(fields) == len(names) else [""]
        if "" in parts or ".." in parts or not fields[identity]:
            raise line_error(path, number, line, f"expected {','.join(names)}")
        if paths.setdefault(fields[identity], fields[place]) != fields[place]:
            raise line_error(path, number, line, "expected one path a picture")
    return paths


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    return ((number, line) for number, line in numbered_lines(path) if line.strip())


def _content(path: Path, identity: str) -> str:
    try:
        return hashlib.blake2b(path.read_bytes(), digest_size=16).hexdigest()
    except OSError:  # missing: `assemble` says so
        return identity


def _licence(folder: Path) -> str:
    for name, licence in _LICENCES.items():
        if any((folder / place / name).is_file() for place in (".", "listings", "images")):
            return f"{licence}; credit Amazon.com"
    return ABOUT.licence
