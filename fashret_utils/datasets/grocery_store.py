"""Grocery Store (Klasson, Zhang and Kjellström 2019): phone photos of 81 products.

Not clothes: it is here because it is an openly licensed set of real photos with one catalogue
("iconic") picture for each product, so real street-to-shop retrieval can be tried on it. Its
protocol is closed-set: the same 81 products are trained and tested, on different photos.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from fashret_utils.catalog import SHOP, STREET, Catalog
from fashret_utils.datasets.manifest import report
from fashret_utils.datasets.pictures import FileReader
from fashret_utils.datasets.places import About, Report

ABOUT = About(
    name="grocery-store",
    licence="MIT (photos by the authors; catalogue pictures were collected from shops)",
    home="github.com/marcusklasson/GroceryStoreDataset (folder dataset)",
    folders=("grocery-store", "grocery-store/dataset", "GroceryStoreDataset/dataset"),
    marker=("classes.csv",),
)
SUBSETS = ("all", "packages")
_CLASS, _COARSE, _ICONIC = "Class ID (int)", "Coarse Class Name (str)", "Iconic Image Path (str)"


def load(root: str | Path | None = None, *, subset: str = "all") -> Catalog:
    """Grocery Store: query = phone photos of the test split, gallery = the catalogue pictures.

    Each of train, val and test holds its own photos (street) and all catalogue pictures (shop), so
    a catalogue picture has three rows. Item = product; category = Fruit, Packages or Vegetables;
    attribute `coarse` = the data set's 43 coarse classes (`Apple`, `Milk`, ...).

    **Arguments**: `subset`: "all" 81 products, or the 31 "packages", whose catalogue pictures show
    the very product; a fruit has no brand, so its catalogue picture is one of its kind.

    **Raises** `DataNotFoundError`, or `ValueError` for a malformed list.
    """
    if subset not in SUBSETS:
        raise ValueError(f"unknown subset {subset!r}: choose one of {SUBSETS}")
    folder = ABOUT.find(root)
    rows = _rows(folder)
    if subset == "packages":
        rows = rows[rows["category"] == "Packages"]
    coarse, names = pd.factorize(rows["coarse"], sort=True)
    return Catalog(
        name=ABOUT.name if subset == "all" else f"{ABOUT.name}-{subset}",
        item=rows["item"].to_numpy(),
        domain=rows["domain"].to_numpy(),
        split=rows["split"].to_numpy(object),
        category=rows["category"].to_numpy(object),
        source=rows["source"].to_numpy(object),
        attributes=coarse[:, None],
        attribute_names=("coarse",),
        attribute_values={"coarse": tuple(str(n) for n in names)},
        reader=FileReader(folder),
        licence=ABOUT.licence,
        protocol="closed-set",
    )


def verify(root: str | Path | None = None) -> Report:
    """Check that every photo and catalogue picture of the lists is there and can be read."""
    folder = ABOUT.find(root)
    rows = _rows(folder)
    photos = rows[rows["domain"] == STREET].groupby("split").size()
    counts = ", ".join(f"{count:,} {split}" for split, count in photos.items())
    note = f"photos: {counts}; {rows['item'].nunique()} products"
    return report(ABOUT.name, folder, rows["source"].drop_duplicates().tolist(), (note,))


def _rows(folder: Path) -> pd.DataFrame:
    classes = pd.read_csv(folder / "classes.csv")
    absent = {_CLASS, _COARSE, _ICONIC} - set(classes.columns)
    if absent:
        raise ValueError(f"{folder / 'classes.csv'} lacks column {sorted(absent)[0]!r}")
    products = pd.DataFrame(
        {
            "item": classes[_CLASS],
            "coarse": classes[_COARSE],
            "source": classes[_ICONIC].str.lstrip("/"),
        }
    )
    products["category"] = products["source"].str.split("/").str[1]  # <folder>/<category>/...
    tables = []
    for file, street, shop in (
        ("train", "train", "train"),
        ("val", "val", "val"),
        ("test", "query", "gallery"),
    ):
        photos = _photos(folder / f"{file}.txt").assign(domain=STREET, split=street)
        photos = photos.merge(products.drop(columns="source"), on="item", how="left")
        if photos["coarse"].isna().any():
            unknown = photos.loc[photos["coarse"].isna(), "source"].iloc[0]
            raise ValueError(f"{folder / file}.txt: {unknown} has a class not in classes.csv")
        tables += [photos, products.assign(domain=SHOP, split=shop)]
    return pd.concat(tables, ignore_index=True)


def _photos(path: Path) -> pd.DataFrame:
    """One of train.txt, val.txt, test.txt: lines of path, class, coarse class."""
    if not path.is_file():
        raise ValueError(f"{path.parent} lacks {path.name}: get it from {ABOUT.home}")
    sources, items = [], []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if line.strip():
            fields = [field.strip() for field in line.split(",")]
            if len(fields) != 3 or not fields[1].isdecimal():
                raise ValueError(f"{path}, line {number}: expected path, class, coarse: {line!r}")
            sources.append(fields[0])
            items.append(int(fields[1]))
    return pd.DataFrame({"source": sources, "item": np.array(items, dtype=np.int64)})
