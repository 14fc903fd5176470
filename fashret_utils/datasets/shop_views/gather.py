"""Makes shop-views of two unpacked repositories: small pictures, and `items.csv` of their names.

A picture is called `<style>-<colour>_<view>.jpg`, bags and gear `<style>-<colour>-0.jpg`. The table
of products tells more of the set "luma"; of the set "venia" only the kinds of its styles are known.
"""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
from PIL import Image, ImageOps

from fashret_utils.datasets.reading.archives import clear
from fashret_utils.datasets.reading.csv_lines import read_csv
from fashret_utils.datasets.reading.pictures import open_picture
from fashret_utils.datasets.shop_views.table import COLUMNS

LUMA, VENIA = "pub/media/catalog/product", "catalog/product/v"
PRODUCTS = "app/code/Magento/ConfigurableSampleData/fixtures/products.csv"
SIDE, QUALITY = 480, 90
EXPECTED = 1_122  # pictures
_NAME = re.compile(
    r"(?P<style>[a-z]+\d+)-(?P<colour>[a-z]+)(?P<gear>-0)?"
    r"(?:_(?P<view>main|back|alt1?|alternate|outfit|side_a|sideb|side_b))?\.jpg"
)
_VIEWS = {"alt1": "alt", "alternate": "alt", "side_a": "side", "sideb": "side", "side_b": "side2"}
# Items whose front has been dyed and whose other pictures have not: found by the histograms of
# front and back (Lab, intersection below 0.40), and looked at.
_DYED = (
    "mh06-blue mh09-blue mh10-blue mh13-blue mp05-blue mp07-blue mp08-green ms05-blue ms06-blue "
    "ms11-green msh01-blue msh03-blue msh09-blue vd06-mt vsw03-mt wb03-green wh01-green wh03-red "
    "wh04-blue wh05-white wh09-purple wh11-blue wj11-blue wp10-gray ws02-green ws03-red ws04-green "
    "ws09-blue wsh07-black wsh11-blue wsh12-green wt01-blue wt02-orange wt05-purple wt06-blue "
    "wt07-green"
)
DYED = frozenset(_DYED.split())
_VENIA_KINDS = {
    "vd": "Women/Dresses",
    "vp": "Women/Bottoms/Pants & Shorts",
    "vsk": "Women/Bottoms/Skirts",
    "vsw": "Women/Tops/Sweaters",
    "vt": "Women/Tops/Blouses & Shirts",
}
_NOTICE = """Studio photos of garments: a MODIFIED COPY.
Sources: github.com/magento/magento2-sample-data (set "luma") and
github.com/PMET-public/sample-data-media-venia (set "venia").
Licence of the pictures: Open Software License (OSL) v. 3.0, text in LICENSE.
Attribution: Magento sample data, (c) Magento, Inc. / Adobe.
Modified: resized to at most 480 x 480, saved as JPEG (quality 90); pictures without an item and a
colour in their names left out; items.csv made of file names and, for luma, of the product table.
Copies and derived works that are passed on carry OSL 3.0 (share-alike).
"""


def gather(tree: Path) -> str:
    """Turn two unpacked repositories into the data set, in place.

    **Returns** a sentence on what came of it.

    **Raises** `ValueError` when there is no picture or no table of products, or naming a bad one.
    """
    places = [(name, path) for name in (LUMA, VENIA) for path in (tree / name).rglob("*.jpg")]
    photos = {path.name: path for _, path in places if _NAME.fullmatch(path.name)}
    if not photos:
        raise ValueError(f"no picture of a garment in {LUMA} and {VENIA}: are they other versions?")
    if not (tree / PRODUCTS).is_file():
        raise ValueError(f"no {PRODUCTS}: is it another version?")
    venia = {path.name for name, path in places if name == VENIA}
    table = describe(
        {name: "venia" if name in venia else "luma" for name in photos}, tree / PRODUCTS
    )
    (tree / "images").mkdir()
    for name, path in photos.items():
        picture = open_picture(path)
        if max(picture.size) > SIDE:
            picture = ImageOps.contain(picture, (SIDE, SIDE), Image.Resampling.LANCZOS)
        picture.save(tree / "images" / name, quality=QUALITY)
    table.to_csv(tree / "items.csv", index=False, lineterminator="\n")
    for licence in sorted(tree.glob("LICENSE*"))[:1]:
        licence.replace(tree / "LICENSE")
    (tree / "SOURCE.txt").write_text(_NOTICE, encoding="utf-8")
    for folder in ("pub", "app", "catalog"):
        clear(tree / folder)
    whole = "all that are expected" if len(table) == EXPECTED else f"NOT the expected {EXPECTED:,}"
    return f"{len(table):,} pictures of {table['item'].nunique()} items, {whole}"


def describe(sets: dict[str, str], products: Path) -> pd.DataFrame:
    """The rows of `items.csv` for pictures.

    **Arguments**: `sets`: file name -> "luma" or "venia"; `products`: the table of products.
    """
    known = _products(products)
    rows = []
    for name, of in sorted(sets.items(), key=lambda pair: (pair[1], pair[0])):
        found = _NAME.fullmatch(name)
        view = found["view"] or "main"
        gear = bool(found["gear"]) and view == "main"
        style = f"acc-{found['style']}" if gear else found["style"]
        item = f"{style}-{found['colour']}"
        about = dict.fromkeys(COLUMNS, "")
        if gear:
            about["category"] = "Accessories"
        elif of == "venia":
            about["category"] = _venia_kind(style)
        elif not found["gear"]:
            about |= known.get(style, {})
        about |= {"file": f"images/{name}", "set": of, "item": item, "style_id": style}
        about |= {"colour": found["colour"], "view": _VIEWS.get(view, view)}
        about["colour_agrees"] = "0" if item in DYED else "1"
        rows.append(about)
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _venia_kind(style: str) -> str:
    letters, number = re.fullmatch(r"([a-z]+)(\d+)", style).groups()
    if letters == "va":
        kind = "Scarves" if int(number) <= 6 else "Belts" if int(number) <= 10 else "Jewelry"
        return f"Women/Accessories/{kind}"
    return _VENIA_KINDS.get(letters, "")


def _products(path: Path) -> dict[str, dict[str, str]]:
    """Style -> name, category, material, pattern, style and climate."""
    table = read_csv(path)
    needed = ("sku", "product_type", "categories", "name", "additional_attributes")
    absent = [column for column in needed if column not in table.columns]
    if absent:
        raise ValueError(f"{path.name} lacks column {absent[0]!r}: is it another version?")
    styles = {}
    for row in table[table["product_type"] == "configurable"].to_dict("records"):
        paths = [p.removeprefix("Default Category/") for p in row["categories"].split(",")]
        kinds = [p for p in paths if p.startswith(("Men/", "Women/"))]
        pairs = re.split(r",(?=[a-z_]+=)", row["additional_attributes"])
        said = dict(pair.split("=", 1) for pair in pairs if "=" in pair)
        about = {name: said.get(name, "") for name in ("material", "pattern", "climate")}
        about["style"] = "|".join(v for k, v in said.items() if k.startswith("style_"))
        about |= {"name": row["name"], "category": kinds[0] if kinds else ""}
        styles[row["sku"].lower()] = about
    return styles
