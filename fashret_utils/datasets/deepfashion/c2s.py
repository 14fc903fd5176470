"""DeepFashion Consumer-to-Shop (Liu et al. 2016): customers' photos against shop pictures.

The lists name pairs; an item's pictures recur in many of them, and are catalogued once. On disk
customers' photos are spelt `comsumer_01.jpg`; which side a picture is on is read from the list of
boxes, not from its name.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from fashret_utils.data.catalog import Catalog
from fashret_utils.data.columns import SHOP, STREET
from fashret_utils.datasets.deepfashion.labels import (
    Attributes,
    Landmarks,
    attribute_columns,
    benchmark_landmarks,
    label_notes,
    read_attributes,
    read_boxes,
)
from fashret_utils.datasets.deepfashion.lists import (
    Rows,
    find_list,
    picture_folder,
    read_items,
    read_partition,
)
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
from fashret_utils.datasets.reading.pictures import FileReader
from fashret_utils.datasets.reading.places import About, Report

ABOUT = About(
    name="deepfashion-c2s",
    licence="non-commercial research, after signing an agreement; may not be passed on",
    home="mmlab.ie.cuhk.edu.hk/projects/DeepFashion/Consumer2ShopRetrieval.html",
    folders=("deepfashion-c2s", "DeepFashion/Consumer-to-shop", "consumer-to-shop"),
    marker=("Eval/list_eval_partition.txt", "list_eval_partition.txt"),
)
PUBLISHED = {"pictures": 239_557, "items": 33_881, "pairs": 195_540, "attributes": 303}
_SIDES = {"image_pair_name_1": STREET, "image_pair_name_2": SHOP}
_STATUS = ("train", "val", "test")
_DOMAIN_OF = np.array([-1, SHOP, STREET])  # by source type: 1 shop, 2 consumer
_LONG_SIDE = 300  # of the low-resolution pictures, in which boxes were drawn
_RENAMED = ("CLOTHING/Summer_Suit/", "CLOTHING/Summer_Wear/")  # one folder, two names


@dataclass(frozen=True)
class _Lists:
    folder: Path
    pairs: Rows
    boxes: pd.DataFrame | None
    attributes: Attributes | None
    sides: pd.DataFrame  # two rows a pair: its consumer pictures, then its shop pictures


def load(
    root: str | Path | None = None,
    *,
    query: str = "test",
    gallery: str = "val+test",
    pictures: str = "pairs",
    repeats: str = "merge",
    crop: bool = True,
    resolution: str = "low",
    val: float = 0.0,
    seed: int = 0,
    on_error: str = "error",
) -> Catalog:
    """Consumer-to-Shop: query = customers' test photos, gallery = shop pictures of val and test.

    That is the benchmark's protocol. In it the validation items serve in the gallery, so that their
    customers' photos are left out, and a validation set is a part `val` of the training items.

    **Arguments**

    - `query`: "test", or "val+test" as in mmfashion. `gallery`: "val+test", or "test", which keeps
      the validation items as a validation set of their own.
    - `pictures`: "pairs", those that a pair names, or "all" of these items in the list of boxes.
    - `repeats`: "merge", or "keep" a query or gallery row for each pair, as in mmfashion: its
      numbers cannot be compared with others.
    - `crop`: to the annotated boxes. `resolution`: "low", `img`, or "high", `img_highres`; the
      column `box` is of the low one.
    - `seed`: which training items become validation items. `on_error`: as in `assemble`.

    Attributes: yes or no, by item. **Raises** `DataNotFoundError`; `ValueError` naming file and
    line, or a missing picture. **Warns** where the lists disagree.
    """
    options = (query, gallery, pictures, repeats, crop, resolution, val, seed)
    # The lists are let go before the catalogue is made: together they are the peak of memory.
    return assemble(**_selected(_lists(ABOUT.find(root)), *options), on_error=on_error)


def landmarks(root: str | Path | None = None) -> Landmarks:
    """The landmarks of all pictures. **Raises** `ValueError` naming file and line."""
    return benchmark_landmarks(ABOUT.find(root), "consumer2shop")


def verify(root: str | Path | None = None) -> Report:
    """Check that every picture of the lists can be read, and the lists against each other."""

    def make() -> tuple[Catalog, list[str]]:
        lists = _lists(ABOUT.find(root))
        options = ("test", "val+test", "pairs", "merge", True, "low", 0.0, 0)
        return assemble(**_selected(lists, *options), on_error=None), _notes(lists)

    return verified(ABOUT.name, make)


def _lists(folder: Path) -> _Lists:
    pairs, item, categories = read_partition(folder, tuple(_SIDES), _STATUS)
    path = find_list(folder, "list_bbox_consumer2shop.txt")
    boxes = path and read_boxes(path, "source_type", (1, 2))
    return _Lists(
        folder, pairs, boxes, read_attributes(folder), _sides(pairs, item, categories, boxes)
    )


def _sides(
    pairs: Rows, item: np.ndarray, categories: list[np.ndarray], boxes: pd.DataFrame | None
) -> pd.DataFrame:
    """Source, item, status, category, domain and box of both sides of all pairs; which repeat."""
    status, tables = pairs["evaluation_status"], []
    for (column, domain), category in zip(_SIDES.items(), categories, strict=True):
        table = {"source": pairs[column], "item": item, "status": status, "domain": domain}
        tables.append(pd.DataFrame(table | {"category": category}))
    sides = pd.concat(tables, ignore_index=True)
    sides["repeat"] = sides.duplicated("source")
    if boxes is None:
        return _one_domain(sides, sides.groupby("source")["domain"].transform("first").to_numpy())
    row = boxes.index.get_indexer(sides["source"])
    sides[BOX] = np.where(row[:, None] < 0, -1, boxes[BOX].to_numpy()[row])
    unknown = sides["source"][row < 0].nunique()
    if unknown:
        warnings.warn(f"{unknown:,} pictures of pairs are not in the list of boxes", stacklevel=4)
    domain = np.where(row < 0, sides["domain"], _DOMAIN_OF[boxes["kind"].to_numpy()[row]])
    return _one_domain(sides, domain)


def _one_domain(sides: pd.DataFrame, domain: np.ndarray) -> pd.DataFrame:
    """Give each picture its domain, whatever side of a pair it is on."""
    wrong = sides["domain"].to_numpy() != domain
    if wrong.any():
        picture = sides["source"].iloc[int(np.argmax(wrong))]
        warnings.warn(
            f"{int(wrong.sum()):,} pictures stand on the other side of a pair than where their "
            f"source type (or first pair) puts them, which counts; first: {picture}",
            stacklevel=5,
        )
    return sides.assign(domain=domain)


def _selected(
    lists: _Lists,
    query: str,
    gallery: str,
    pictures: str,
    repeats: str,
    crop: bool,
    resolution: str,
    val: float,
    seed: int,
) -> dict[str, object]:
    """What `assemble` makes the catalogue of: the table of these readings, its reader, labels."""
    check_choice("query", query, ("test", "val+test"))
    check_choice("gallery", gallery, ("val+test", "test"))
    check_choice("pictures", pictures, ("pairs", "all"))
    check_choice("repeats", repeats, ("merge", "keep"))
    if gallery == "test" and (query != "test" or val):
        raise ValueError(
            'gallery="test" keeps the validation items for validation: query must be "test", val 0'
        )
    table = _with_all(lists) if pictures == "all" else lists.sides
    item, domain, status = (table[c].to_numpy() for c in ("item", "domain", "status"))
    split = status.astype(object)
    tested = np.isin(status, gallery.split("+"))
    split[tested & (domain == SHOP)] = "gallery"
    split[tested & (domain == STREET)] = ""
    split[np.isin(status, query.split("+")) & (domain == STREET)] = "query"
    train = split == "train"
    drawn = draw_splits(item, train & two_sided(item, domain), val=val, seed=seed)
    split[train & (drawn == "val")] = "val"
    keep = ~table["repeat"].to_numpy()
    if repeats == "keep":
        keep |= np.isin(split, ("query", "gallery"))
    keep &= split != ""
    table = table.assign(split=split)[keep]
    base, folder = picture_folder(lists.folder, resolution)
    if folder != "img":
        table["source"] = table["source"].str.replace("img", folder, n=1)
    table["source"] = _renamed(base, table["source"])
    long_side = _LONG_SIDE if resolution == "high" else None
    return {
        "table": table,
        "name": ABOUT.name,
        "licence": ABOUT.licence,
        "reader": CropReader(base, long_side) if crop else FileReader(base),
        **attribute_columns(lists.attributes, item[keep]),
    }


def _with_all(lists: _Lists) -> pd.DataFrame:
    """All pictures of the list of boxes whose items are in pairs."""
    if lists.boxes is None:
        raise ValueError(f'pictures="all" needs list_bbox_consumer2shop.txt in {lists.folder}')
    sides = lists.sides
    more = lists.boxes[~lists.boxes.index.isin(sides["source"])].reset_index(names="source")
    status = sides.drop_duplicates("item").set_index("item")["status"]
    more = more[more["item"].isin(status.index)]
    more = more.assign(
        status=more["item"].map(status), domain=_DOMAIN_OF[more["kind"]], repeat=False
    )
    return pd.concat([sides, more[sides.columns]], ignore_index=True)


def _renamed(base: Path, sources: pd.Series) -> pd.Series:
    """Sources with the name that a folder has on this disk, where the lists use its other one."""
    for listed, other in (_RENAMED, _RENAMED[::-1]):
        for folder in ("img", "img_highres"):
            if not (base / folder / listed).is_dir() and (base / folder / other).is_dir():
                old, new = f"{folder}/{listed}", f"{folder}/{other}"
                sources = sources.str.replace(old, new, n=1, regex=False)
    return sources


def _notes(lists: _Lists) -> list[str]:
    in_pairs = lists.sides["item"].unique()
    notes = [
        compared("pairs", len(lists.pairs), PUBLISHED["pairs"]),
        compared("items in pairs", len(in_pairs), PUBLISHED["items"]),
    ]
    if lists.boxes is None:
        notes.append("no list_bbox_consumer2shop.txt: no boxes, domains by the side of a pair")
    else:
        unpaired = int((~lists.boxes.index.isin(lists.sides["source"])).sum())
        notes.append(
            compared("pictures in the list of boxes", len(lists.boxes), PUBLISHED["pictures"])
        )
        notes.append(f'{unpaired:,} of them are in no pair: pictures="all" takes them too')
    status, domain = lists.sides["status"], lists.sides["domain"]
    left = lists.sides["source"][(status == "val") & (domain == STREET)].nunique()
    notes.append(f"customers' photos of validation items, not in this protocol: {left:,}")
    path = find_list(lists.folder, "list_item_consumer2shop.txt", "list_items_consumer2shop.txt")
    if path is None:
        notes.append("no list_item_consumer2shop.txt")
    else:
        listed = read_items(path)
        other = len(np.setxor1d(listed, in_pairs))
        notes.append(f"items in their list: {len(listed):,}; {other:,} in this or in pairs only")
    notes += label_notes(lists.folder, lists.attributes, "consumer2shop", PUBLISHED["attributes"])
    return notes
