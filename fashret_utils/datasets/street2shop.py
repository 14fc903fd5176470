"""Street2Shop, or Where To Buy It (Kiapour et al. 2015): people's photos against 25 shops.

It was released as addresses of pictures, many of which are dead: expect to load what is left with
`on_error="skip"`. A product's number is unique only within its category.
"""

from __future__ import annotations

import json
import os
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

from fashret_utils.data.catalog import Catalog
from fashret_utils.data.columns import SHOP, STREET
from fashret_utils.datasets.reading.assembly import (
    BOX,
    assemble,
    check_choice,
    compared,
    draw_splits,
    two_sided,
    verified,
)
from fashret_utils.datasets.reading.crops import CropReader
from fashret_utils.datasets.reading.pictures import SUFFIXES, FileReader
from fashret_utils.datasets.reading.places import About, Report
from fashret_utils.datasets.reading.text_lines import line_error, read_lines

ABOUT = About(
    name="street2shop",
    licence="not stated; pictures of shops and their customers, research only",
    home="www.tamaraberg.com/street2shop",
    folders=("street2shop", "Street2Shop", "wtbi"),
    marker=("meta/json", "meta/meta/json"),
)
# Boxes of train and of test, counted from the lists by category.
BOXES = {
    "bags": (579, 174),
    "belts": (235, 89),
    "dresses": (12_875, 3_292),
    "eyewear": (358, 138),
    "footwear": (6_486, 2_178),
    "hats": (400, 86),
    "leggings": (1_641, 517),
    "outerwear": (1_945, 666),
    "pants": (600, 130),
    "skirts": (3_337, 604),
    "tops": (2_173, 763),
}
CATEGORIES = tuple(BOXES)
SHOP_PHOTOS = 404_683
BROKEN = (98_538,)  # photos that are no pictures in the release
_PRODUCTS = 10**9  # item = category * _PRODUCTS + product
_AS_DISTRACTOR = 10**12  # added to the items of training products' pictures in the gallery
_LARGEST = 1e6  # pixels
_EDGES = ("left", "top", "width", "height")


def load(
    root: str | Path | None = None,
    *,
    categories: str | tuple[str, ...] = CATEGORIES,
    gallery: str = "all",
    crop: bool = True,
    val: float = 0.0,
    seed: int = 0,
    on_error: str = "error",
) -> Catalog:
    """Street2Shop: query = boxes of test photos, gallery = the shop photos of their category.

    The paper searches within the query's category, which is known: `evaluate` one category at a
    time, `catalog.where(category="dresses")`, and average as you say. One query a box, so that a
    photo may be several.

    **Arguments**

    - `categories`: which of the eleven.
    - `gallery`: "all" shop photos, as in the paper; those of training products are in it a second
      time, with item numbers of their own that no query has. "unseen" leaves those out, as in
      centroids-reid; "matched" keeps the photos of test products alone.
    - `crop`: street photos to their boxes. `on_error`: as in `assemble`.
    - `val`: part of the training products for validation, drawn with `seed`; there is none.

    **Raises** `DataNotFoundError`; `ValueError` naming file and entry. **Warns** of boxes without
    area and of photos known to be broken, which are left out.
    """
    chosen = (categories,) if isinstance(categories, str) else tuple(categories)
    for category in chosen:
        check_choice("category", category, CATEGORIES)
    return _catalog(ABOUT.find(root), chosen, gallery, crop, val, seed, on_error)


def addresses(root: str | Path | None = None) -> dict[int, str]:
    """Photo number -> address, from `photos/photos.txt`. **Raises** `ValueError` naming a line."""
    path = ABOUT.find(root) / "photos/photos.txt"
    found: dict[int, str] = {}
    for number, line in enumerate(read_lines(path), start=1):
        if line.strip():
            photo, comma, address = line.partition(",")  # addresses may hold commas too
            if not comma or not address.strip() or not (photo.isascii() and photo.isdecimal()):
                raise line_error(path, number, line, "expected a photo number, comma, address")
            if found.setdefault(int(photo), address.strip()) != address.strip():
                raise line_error(path, number, line, "expected one address a photo")
    return found


def verify(root: str | Path | None = None) -> Report:
    """Check that every photo of the lists can be read, and count the boxes of each category."""

    def make() -> tuple[Catalog, list[str]]:
        folder = ABOUT.find(root)
        there = tuple(c for c in CATEGORIES if _list(folder, "retrieval", c).is_file())
        notes = [f"no lists of {c}" for c in CATEGORIES if c not in there]
        shop = 0
        for category in there:
            pairs = [len(_read(_list(folder, p, category), True)) for p in ("train", "test")]
            for part, found, published in zip(
                ("train", "test"), pairs, BOXES[category], strict=True
            ):
                notes.append(compared(f"{category}, boxes of {part}", found, published))
            shop += len(_read(_list(folder, "retrieval", category), False))
        notes.append(compared("shop photos in lists", shop, SHOP_PHOTOS))
        if (folder / "photos/photos.txt").is_file():
            notes.append(f"addresses: {len(addresses(folder)):,}")
        return _catalog(folder, there, "all", True, 0.0, 0, None), notes

    return verified(ABOUT.name, make)


def _catalog(
    folder: Path,
    categories: tuple[str, ...],
    gallery: str,
    crop: bool,
    val: float,
    seed: int,
    on_error: str | None,
) -> Catalog:
    check_choice("gallery", gallery, ("all", "unseen", "matched"))
    table = pd.concat([_category(folder, c, gallery) for c in categories], ignore_index=True)
    broken = table["photo"].isin(BROKEN)
    flat = (table["x2"] - table["x1"]).clip(upper=table["y2"] - table["y1"]) <= 0
    flat &= table["x1"] != -1
    for what, left in (("boxes without area", flat), ("rows of broken photos", broken)):
        if left.any():
            photo = int(table["photo"][left].iloc[0])
            warnings.warn(f"left out {int(left.sum()):,} {what}; photo {photo:09}", stacklevel=3)
    table = table[~broken & ~flat]
    item, train = table["item"].to_numpy(), (table["split"] == "train").to_numpy()
    drawable = train & two_sided(item, table["domain"].to_numpy())
    held = train & (draw_splits(item, drawable, val=val, seed=seed) == "val")
    base, files = _photos(folder)
    names = [files.get(photo, f"{photo:09}.jpg") for photo in table["photo"]]
    table = table.assign(split=np.where(held, "val", table["split"]), source=names)
    return assemble(
        table,
        name=ABOUT.name,
        licence=ABOUT.licence,
        reader=CropReader(base) if crop else FileReader(base),
        on_error=on_error,
    )


def _category(folder: Path, category: str, gallery: str) -> pd.DataFrame:
    """The rows of one category: item, photo, domain, split, category, box."""
    path = _list(folder, "test", category)
    train, test = _read(_list(folder, "train", category), True), _read(path, True)
    shop = _read(_list(folder, "retrieval", category), False)
    shared = np.flatnonzero(test["product"].isin(train["product"]))
    if len(shared):
        product = test["product"].iloc[shared[0]]
        raise ValueError(f"{path}, entry {shared[0] + 1}: product {product} is in train as well")
    repeats = int(shop.duplicated().sum())
    if repeats:
        warnings.warn(f"{category}: {repeats:,} shop photos listed twice", stacklevel=4)
        shop = shop.drop_duplicates()
    tables = [train.assign(domain=STREET, split="train"), test.assign(domain=STREET, split="query")]
    trained, tested = (shop["product"].isin(t["product"]) for t in (train, test))
    tables.append(shop[trained].assign(domain=SHOP, split="train"))
    kept = {"all": ~trained, "unseen": ~trained, "matched": tested}[gallery]
    tables.append(shop[kept].assign(domain=SHOP, split="gallery"))
    offset = CATEGORIES.index(category) * _PRODUCTS
    if gallery == "all":
        again = shop[trained].assign(domain=SHOP, split="gallery")
        tables.append(again.assign(product=again["product"] + _AS_DISTRACTOR))
    table = pd.concat(tables, ignore_index=True)
    return table.assign(item=table["product"] + offset, category=category)


def _read(path: Path, boxes: bool) -> pd.DataFrame:
    """A list of photos: photo, product, x1, y1, x2, y2 (-1 without boxes; x2 = x1 if empty)."""
    text = "\n".join(read_lines(path))
    try:
        entries = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is not JSON: {error}") from error
    if not isinstance(entries, list):
        raise ValueError(f"{path}: expected a list of photos, not {type(entries).__name__}")
    rows = [_row(path, number, entry, boxes) for number, entry in enumerate(entries, start=1)]
    table = pd.DataFrame(rows, columns=["photo", "product", *BOX])
    return table.astype({"photo": np.int64, "product": np.int64} | dict.fromkeys(BOX, np.float64))


def _row(path: Path, number: int, entry: object, boxes: bool) -> tuple:
    expected = 'expected {"photo": number, "product": number, "bbox": {left, top, width, height}}'
    try:
        photo, product = entry["photo"], entry["product"]
        if not all(type(n) is int and 0 <= n < _PRODUCTS for n in (photo, product)):
            raise ValueError(expected)
        if not boxes:
            return photo, product, -1, -1, -1, -1
        left, top, width, height = (float(entry["bbox"][edge]) for edge in _EDGES)
        if not all(abs(edge) < _LARGEST for edge in (left, top, width, height)):  # or NaN
            raise ValueError(expected)
    except (KeyError, TypeError, ValueError, OverflowError):
        raise ValueError(f"{path}, entry {number}: {expected}, not {str(entry)[:120]!r}") from None
    x1, y1, x2, y2 = max(left, 0.0), max(top, 0.0), left + width, top + height
    if (x2 - x1) * (y2 - y1) < 1 or x2 <= x1:
        return photo, product, x1, y1, x1, y1
    return photo, product, x1, y1, x2, y2


def _list(folder: Path, kind: str, category: str) -> Path:
    name = f"{kind}_pairs_{category}.json" if kind != "retrieval" else f"retrieval_{category}.json"
    nested = folder / "meta/meta/json" / name
    return nested if nested.is_file() else folder / "meta/json" / name


def _photos(folder: Path) -> tuple[Path, dict[int, str]]:
    """The folder of photos, and photo number -> file name, whatever its suffix."""
    places = [folder / "photos", folder / "images"]
    base = next((place for place in places if place.is_dir()), places[0])
    files: dict[int, str] = {}
    for entry in os.scandir(base) if base.is_dir() else ():
        stem, suffix = os.path.splitext(entry.name)
        if stem.isascii() and stem.isdecimal() and suffix.lower() in SUFFIXES:
            files[int(stem)] = max(entry.name, files.get(int(stem), ""))
    return base, files
