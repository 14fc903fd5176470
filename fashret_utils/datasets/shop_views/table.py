"""The table of shop-views: which photo shows which item from where, and what the item is made of.

A row of `items.csv` is a photo. An item is a style in one colour. Three things must not be missed:

- Colourways of a style are often one photo, dyed anew. So a style is a family of near-duplicates,
  and lists are split by style, never by item.
- Where `colour_agrees` is 0 the front has been dyed and the other views have not: the others are
  not used at all, the front may stand in a gallery.
- Photos of items without a front (close-ups of four bags) have no right answer and are left out.
- Items "acc-..." are bags and gear with one view. Copies of the table are known in which five of
  them have the name and the material of a bra that has the same style number: they are not read.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from fashret_utils.datasets.reading.csv_lines import read_csv
from fashret_utils.datasets.reading.places import About
from fashret_utils.datasets.reading.text_lines import line_error

ABOUT = About(
    name="shop-views",
    licence="OSL 3.0, share-alike (Magento sample data, (c) Magento, Inc. / Adobe)",
    home="github.com/magento/magento2-sample-data and "
    "github.com/PMET-public/sample-data-media-venia (`data fetch shop-views` does it)",
    folders=("shop-views",),
    marker=("items.csv",),
)
COLUMNS = ("file", "set", "item", "style_id", "colour", "view", "name", "category")
COLUMNS += ("material", "pattern", "style", "climate", "colour_agrees")
VIEWS = {"main": "front", "back": "back", "alt": "alt", "outfit": "outfit"}
VIEWS |= {"side": "side", "side2": "side"}
PARTS = ("material", "style", "climate")  # of these an item has several, with | between them
FLAT = "Accessories"  # in the categories of what nobody wears in its front photo


def read_table(folder: Path, usable: bool = True) -> pd.DataFrame:
    """The photos of `items.csv`, a row each, in its order: the usable ones, or all.

    **Returns** its columns as text, and `item_number`, `family` (the number of the style): int64,
    both counted over the whole file; `view` is one of front, back, alt (a close-up, a worn
    accessory or a side), outfit and side; `agrees`: bool; `query`: bool, photos that are no front,
    whose colour agrees and whose item has a front.

    **Raises** `ValueError` naming the file, the line and what to do.
    """
    path = folder / "items.csv"
    table = _checked(read_csv(path), path)
    gear = table["item"].str.startswith("acc-")
    table.loc[gear, ["name", "pattern", *PARTS]] = ""
    for column, names in (("item_number", "item"), ("family", "style_id")):
        table[column] = np.unique(table[names].to_numpy(str), return_inverse=True)[1]
    table["view"] = table["view"].map(VIEWS)
    table["agrees"] = table["colour_agrees"] == "1"
    front = table["view"] == "front"
    has_front = table["item"].isin(table["item"][front])
    table["query"] = ~front & has_front & table["agrees"]
    keep = front | table["query"] if usable else slice(None)
    return table[keep].reset_index(drop=True)


def attributes(table: pd.DataFrame) -> dict[str, object]:
    """What a `Catalog` of these photos says of attributes.

    `colour` and `pattern` are values; every material, style and climate is an attribute of its own
    ("material: Wool"), no or yes. -1 where the table says nothing.
    """
    columns, values = {}, {}
    for name in ("colour", "pattern"):
        codes, names = pd.factorize(table[name].where(table[name] != ""), sort=True)
        columns[name], values[name] = codes, tuple(str(n) for n in names)
    for name in PARTS:
        lists = table[name].str.replace("performance Fabric", "performance fabric").str.split("|")
        known = (table[name] != "").to_numpy()
        for value in sorted(set(lists.explode()) - {""}):
            has = np.array([value in parts for parts in lists])
            columns[f"{name}: {value}"] = np.where(known, has, -1)
            values[f"{name}: {value}"] = ("no", "yes")
    return {
        "attributes": np.stack(list(columns.values()), axis=1),
        "attribute_names": tuple(columns),
        "attribute_values": values,
    }


def _checked(table: pd.DataFrame, path: Path) -> pd.DataFrame:
    remedy = "; fetch the data set anew: python -m fashret_utils data fetch shop-views"
    absent = [column for column in COLUMNS if column not in table.columns]
    if absent:
        raise ValueError(f"{path} lacks column {absent[0]!r}: it has {list(table)}{remedy}")
    rules = (
        ("file", table["file"].str.fullmatch(r"images/[^/\\]+\.jpg"), "a file images/*.jpg"),
        ("file", ~table["file"].duplicated(), "another file in each line"),
        ("item", table["item"] != "", "the name of an item"),
        ("style_id", table["style_id"] != "", "the name of a style"),
        ("item", table["item"] == table["style_id"] + "-" + table["colour"], "style_id-colour"),
        ("view", table["view"].isin(VIEWS), f"one of {', '.join(VIEWS)}"),
        ("colour_agrees", table["colour_agrees"].isin(("0", "1")), "0 or 1"),
    )
    for column, right, expected in rules:
        if not right.all():
            line = int((~right).idxmax())
            value = f"{column} {table[column][line]}"
            raise line_error(path, line, value, f"expected {expected}{remedy}")
    fronts = table[table["view"] == "main"]
    if fronts["item"].duplicated().any():
        line = int(fronts["item"].duplicated().idxmax())
        raise line_error(path, line, table["item"][line], f"expected one front an item{remedy}")
    if fronts.empty:
        raise ValueError(f"{path} lists no front picture{remedy}")
    return table
