"""DeepFashion In-shop (Liu et al. 2016): other shop pictures of the same clothes.

Both sides are shop pictures: there is no customers' photo in it.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from fashret_utils.data.catalog import Catalog
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
    domains_by_role,
    draw_splits,
    verified,
)
from fashret_utils.datasets.reading.crops import CropReader
from fashret_utils.datasets.reading.pictures import FileReader
from fashret_utils.datasets.reading.places import About, Report

ABOUT = About(
    name="deepfashion-inshop",
    licence="non-commercial research, after signing an agreement; may not be passed on",
    home="mmlab.ie.cuhk.edu.hk/projects/DeepFashion/InShopRetrieval.html",
    folders=("deepfashion-inshop", "DeepFashion/In-shop", "in-shop", "in_shop", "inshop"),
    marker=("Eval/list_eval_partition.txt", "list_eval_partition.txt"),
)
PUBLISHED = {"pictures": 52_712, "items": 7_982, "train": 25_882, "query": 14_218}
PUBLISHED |= {"gallery": 12_612, "attributes": 463}
_STATUS = ("train", "query", "gallery")
_POSES = ("", "front", "side", "back", "zoom-out", "zoom-in", "stand-alone")  # by pose type
_SIDE = 256  # of the square low-resolution pictures, in which boxes were drawn


@dataclass(frozen=True)
class _Lists:
    folder: Path
    boxes: pd.DataFrame | None
    attributes: Attributes | None
    pictures: pd.DataFrame


def load(
    root: str | Path | None = None,
    *,
    domains: str = "shop",
    single: str = "keep",
    crop: bool = False,
    resolution: str = "low",
    val: float = 0.0,
    seed: int = 0,
    on_error: str = "error",
) -> Catalog:
    """In-shop: query and gallery as in its list; every query's item is in the gallery.

    **Arguments**

    - `domains`: "shop", as all pictures are; or "roles", for methods that learn from two domains:
      queries count as street, and so does every other picture of an item in training.
    - `single`: "keep" or "drop" training items with one picture, as open-metric-learning does.
    - `crop`: to the annotated boxes; the whole picture is usual. `resolution`: "low", `img`, or
      "high", `img_highres`; the column `box` is of the low one.
    - `val`: part of the training items for validation, drawn with `seed`; the data set has none.
    - `on_error`: as in `assemble`.

    View: the annotated pose. Attributes: yes or no, by item. **Raises** `DataNotFoundError`;
    `ValueError` naming file and line, or a missing picture. **Warns** where the lists disagree.
    """
    lists = _lists(ABOUT.find(root))
    return _catalog(lists, domains, single, crop, resolution, val, seed, on_error)


def landmarks(root: str | Path | None = None) -> Landmarks:
    """The landmarks of all pictures. **Raises** `ValueError` naming file and line."""
    return benchmark_landmarks(ABOUT.find(root), "inshop")


def verify(root: str | Path | None = None) -> Report:
    """Check that every picture of the lists can be read, and the lists against each other."""

    def make() -> tuple[Catalog, list[str]]:
        lists = _lists(ABOUT.find(root))
        resolution = "low"
        try:
            picture_folder(lists.folder, resolution)
        except ValueError:  # a copy with the large pictures alone
            resolution = "high"
        catalog = _catalog(lists, "shop", "keep", False, resolution, 0.0, 0, None)
        return catalog, _notes(lists)

    return verified(ABOUT.name, make)


def _lists(folder: Path) -> _Lists:
    joined = ("query", "gallery")
    rows, item, (category,) = read_partition(folder, ("image_name",), _STATUS, joined)
    table = {"source": rows["image_name"], "item": item, "split": rows["evaluation_status"]}
    kept = rows.first_of_each("image_name")
    pictures = pd.DataFrame(table | {"category": category}).iloc[kept]
    path = find_list(folder, "list_bbox_inshop.txt")
    boxes = path and read_boxes(path, "pose_type", range(1, len(_POSES)))
    if boxes is not None:
        row = boxes.index.get_indexer(pictures["source"])
        view = np.array(_POSES, dtype=object)[boxes["kind"].to_numpy()[row]]
        pictures = pictures.assign(view=np.where(row < 0, "", view))
        pictures[BOX] = np.where(row[:, None] < 0, -1, boxes[BOX].to_numpy()[row])
        if (row < 0).any():
            warnings.warn(
                f"{int((row < 0).sum()):,} pictures are not in the list of boxes", stacklevel=3
            )
    return _Lists(folder, boxes, read_attributes(folder), pictures)


def _catalog(
    lists: _Lists,
    domains: str,
    single: str,
    crop: bool,
    resolution: str,
    val: float,
    seed: int,
    on_error: str | None,
) -> Catalog:
    check_choice("single", single, ("keep", "drop"))
    table = lists.pictures
    train = table["split"] == "train"
    several = table.groupby("item")["item"].transform("size") > 1
    drawn = draw_splits(table["item"].to_numpy(), (train & several).to_numpy(), val=val, seed=seed)
    table = table.assign(split=np.where(train & (drawn == "val"), "val", table["split"]))
    if single == "drop":
        table = table[several | ~train]
    item, split = table["item"].to_numpy(), table["split"].to_numpy()
    base, folder = picture_folder(lists.folder, resolution)
    table = table.assign(
        domain=domains_by_role(item, split, domains),
        source=table["source"].str.replace("img", folder, n=1),
    )
    high = resolution == "high"
    return assemble(
        table,
        name=ABOUT.name,
        licence=ABOUT.licence,
        reader=CropReader(base, _SIDE if high else None, square=high) if crop else FileReader(base),
        on_error=on_error,
        **attribute_columns(lists.attributes, item),
    )


def _notes(lists: _Lists) -> list[str]:
    items = lists.pictures["item"].unique()
    counts = lists.pictures["split"].value_counts()
    notes = [
        compared("pictures", len(lists.pictures), PUBLISHED["pictures"]),
        compared("items", len(items), PUBLISHED["items"]),
        *(compared(f"{s} pictures", int(counts.get(s, 0)), PUBLISHED[s]) for s in _STATUS),
    ]
    if lists.boxes is None:
        notes.append("no list_bbox_inshop.txt: no boxes and no views")
    path = find_list(lists.folder, "list_item_inshop.txt")
    if path is None:
        notes.append("no list_item_inshop.txt")
    else:
        listed = read_items(path)
        other = len(np.setxor1d(listed, items))
        notes.append(f"items in their list: {len(listed):,}; {other:,} in one of both lists only")
    return notes + label_notes(lists.folder, lists.attributes, "inshop", PUBLISHED["attributes"])
