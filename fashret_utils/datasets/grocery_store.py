"""Grocery Store (Klasson, Zhang and Kjellström 2019): phone photos of 81 products.

Not clothes: it is here because it is an openly licensed set of real photos with one catalogue
("iconic") picture for each product, so real street-to-shop retrieval can be tried on it. Its
protocol is closed-set: the same 81 products are trained and tested, on different photos.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd

from fashret_utils.data.catalog import Catalog
from fashret_utils.data.columns import SHOP, STREET
from fashret_utils.datasets.reading.csv_lines import read_csv
from fashret_utils.datasets.reading.listed import report
from fashret_utils.datasets.reading.pictures import FileReader
from fashret_utils.datasets.reading.places import About, Report
from fashret_utils.datasets.reading.text_lines import line_error, numbered_lines

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
    products = _products(folder / "classes.csv")
    tables = []
    for file, street, shop in (
        ("train", "train", "train"),
        ("val", "val", "val"),
        ("test", "query", "gallery"),
    ):
        photos = _photos(folder / f"{file}.txt")
        unknown = ~photos["item"].isin(products["item"])
        if unknown.any():
            line = unknown.idxmax()
            raise ValueError(
                f"{folder / file}.txt, line {line}: {photos['source'][line]} has a class that is "
                "not in classes.csv"
            )
        photos = photos.assign(domain=STREET, split=street)
        photos = photos.merge(products.drop(columns="source"), on="item", how="left")
        tables += [photos, products.assign(domain=SHOP, split=shop)]
    return pd.concat(tables, ignore_index=True)


def _products(path: Path) -> pd.DataFrame:
    """The products of classes.csv: `item`, `coarse`, `source` and `category`."""
    classes = read_csv(path)
    absent = {_CLASS, _COARSE, _ICONIC} - set(classes.columns)
    if absent:
        raise ValueError(f"{path} lacks column {sorted(absent)[0]!r}")
    columns = {name: classes[name].str.strip() for name in (_CLASS, _COARSE, _ICONIC)}
    for name, pattern, expected in (
        (_CLASS, r"[0-9]{1,9}", "a whole number"),
        (_ICONIC, r"/?[^/]+/[^/]+/.+", "a path with a folder for the category"),
    ):
        wrong = ~columns[name].str.fullmatch(pattern)
        if name == _CLASS:
            wrong |= columns[name].duplicated()
            expected += ", another one in each line"
        if wrong.any():
            line = wrong.idxmax()
            raise line_error(path, line, columns[name][line], f"expected {expected}")
    source = columns[_ICONIC].str.lstrip("/")
    products = {"item": columns[_CLASS].astype(np.int64), "coarse": columns[_COARSE]}
    products |= {"source": source, "category": source.str.split("/").str[1]}
    return pd.DataFrame(products).reset_index(drop=True)


def _photos(path: Path) -> pd.DataFrame:
    """One of train.txt, val.txt, test.txt: lines of path, class, coarse class; by line number."""
    if not path.is_file():
        raise ValueError(f"{path.parent} lacks {path.name}: get it from {ABOUT.home}")
    numbers, sources, items = [], [], []
    for number, line in numbered_lines(path):
        if line.strip():
            fields = [field.strip() for field in line.split(",")]
            if len(fields) != 3 or not re.fullmatch(r"[0-9]{1,9}", fields[1]):
                raise line_error(path, number, line, "expected path, class, coarse")
            numbers.append(number)
            sources.append(fields[0])
            items.append(int(fields[1]))
    table = {"source": np.array(sources, dtype=object), "item": np.array(items, dtype=np.int64)}
    return pd.DataFrame(table, index=numbers)
