"""The bench: one catalogue a data set and scale for all chapters.

So pictures are drawn and go through a frozen trunk once for the whole book, and numbers of two
chapters can be compared. A smaller scale is cut out of the larger one's catalogue: it has some of
the same items, and their pixels and features are kept in the same files.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fashret_utils import datasets
from fashret_utils.data.augment import Augment
from fashret_utils.data.catalog import Catalog
from fashret_utils.data.columns import STREET
from fashret_utils.data.feature_bank import FeatureBank

SIDE = 96  # pixels
VIEWS = 3  # of a training picture: itself and two that are changed
AUGMENT = Augment()
PARTS = ("train", "val", "test")
ITEMS = {  # of train, val and test
    "smoke": (24, 8, 16),
    "quick": (600, 100, 300),
    "full": (2000, 300, 1000),
}
PHOTOS = {"smoke": 2, "quick": 12}  # of an item in a part, where all items are in all parts
NAMES = (
    "wardrobe-garments",
    "wardrobe-shoes",
    "fashion-mnist-street",
    "grocery-store",
    "shop-views",
)


def load(
    name: str, scale: object = "quick", /, root: str | Path | None = None, **options
) -> Catalog:
    """Load a data set at the size that the book uses at a scale.

    Wardrobe: the first items of each part, in whole families; 4 street pictures an item.
    Fashion-MNIST-Street: the same numbers of items; 3 street pictures. Grocery Store, whose
    protocol is closed-set: all products, the first photos of each. shop-views: its own roles, all
    of it from "quick" on.

    **Arguments**: `name`: one of `NAMES`; `scale`: a `Scale` or its name; "gpu" and "paper" have
    the catalogue of "full"; `root`: as of `datasets.load`; `options`: of the data set, such as
    `gap` or `role`.

    **Raises** as `datasets.load`; `ValueError` for another name or scale.
    """
    scale = str(scale)
    if name not in NAMES:
        raise ValueError(f"{name!r} is not in the bench: choose one of {', '.join(NAMES)}")
    if scale not in (*ITEMS, "gpu", "paper"):
        raise ValueError(f"unknown scale {scale!r}: choose one of {', '.join(ITEMS)}, gpu, paper")
    catalog = datasets.load(name, root, **_whole(name), **options)
    if scale not in ITEMS or scale == "full":
        return catalog
    if catalog.protocol == "closed-set":
        return catalog.take(_first_photos(catalog, PHOTOS[scale]))
    if name == "shop-views" and scale != "smoke":
        return catalog
    return catalog.take(_first_items(catalog, ITEMS[scale]))


def bank(catalog: Catalog, stem, size: int = SIDE) -> FeatureBank:
    """The features that all chapters share: a `FeatureBank` with the bench's views and changes.

    **Arguments**: `catalog`: of `load`, or a part of it; `stem`: a frozen trunk.

    **Returns** a bank with `VIEWS` views if there are training pictures, else with one.
    """
    views = VIEWS if (catalog.split == "train").any() else 1
    return FeatureBank(catalog, stem, size, views=views, augment=AUGMENT)


def _whole(name: str) -> dict[str, object]:
    train, val, test = ITEMS["full"]
    if name in datasets.WARDROBES:
        split = (train, val, test)
        return {"items": sum(split), "split": split, "street_pictures": 4}
    if name == "fashion-mnist-street":
        items = {"train_items": train, "val_items": val, "test_items": test}
        return items | {"street_pictures": 3}
    return {}


def _parts(catalog: Catalog) -> np.ndarray:
    """ "train", "val" or "test" for each row."""
    return np.where(np.isin(catalog.split, ("query", "gallery")), "test", catalog.split)


def _first_items(catalog: Catalog, items: tuple[int, int, int]) -> np.ndarray:
    """Rows of the items with the smallest numbers in each part, those with a street picture first.

    All of the Wardrobe have one; its families are of four successive items, and come whole.
    """
    part = _parts(catalog)
    asked = np.unique(catalog.item[catalog.domain == STREET])
    keep = []
    for name, count in zip(PARTS, items, strict=True):
        found = np.unique(catalog.item[part == name])
        lonely = ~np.isin(found, asked)
        keep.append(found[np.argsort(lonely, kind="stable")][:count])
    return np.flatnonzero(np.isin(catalog.item, np.concatenate(keep)))


def _first_photos(catalog: Catalog, photos: int) -> np.ndarray:
    """Rows of all shop pictures, and of the first street pictures of each item in each part."""
    part = _parts(catalog)
    street = np.flatnonzero(catalog.domain == STREET)
    order = street[np.lexsort((street, catalog.item[street], part[street]))]
    key = np.char.add(part[order], catalog.item[order].astype(str))
    begin = np.flatnonzero(np.r_[True, key[1:] != key[:-1]])
    turn = np.arange(len(order)) - np.repeat(begin, np.diff(np.r_[begin, len(order)]))
    keep = catalog.domain != STREET
    keep[order[turn < photos]] = True
    return np.flatnonzero(keep)
