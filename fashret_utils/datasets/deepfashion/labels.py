"""DeepFashion's labels: boxes, landmarks and attributes, the same in both of its benchmarks."""

from __future__ import annotations

import re
import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from fashret_utils.datasets.deepfashion.lists import find_list, item_ids, picture_paths, read_list
from fashret_utils.datasets.reading.assembly import compared
from fashret_utils.datasets.reading.text_lines import line_error

CLOTHES_TYPES = {1: "upper", 2: "lower", 3: "full"}
# Landmarks of a full-body row, and which of them the rows of each type have, in their order.
LANDMARKS = tuple(
    f"{side} {part}"
    for part in ("collar", "sleeve", "waistline", "hem")
    for side in ("left", "right")
)
_SLOTS = {1: (0, 1, 2, 3, 6, 7), 2: (4, 5, 6, 7), 3: tuple(range(8))}
_TRIPLES = re.compile(r"(?:-?[0-9]{1,9}\s*)*")
_CODES = {"1": 1, "-1": 0, "0": -1}  # the lists' yes, no, unknown -> the catalogue's codes


def read_boxes(path: Path, kind: str, kinds: Sequence[int]) -> pd.DataFrame:
    """`list_bbox_*`: clothes type, kind (source or pose type) and box of each picture.

    **Returns** a table indexed by picture: `item`, `category`, `clothes_type`, `kind`, and `x1`,
    `y1`, `x2`, `y2` in pixels of the low-resolution picture, -1 for a box without area.

    **Raises** `ValueError` naming the line. **Warns** how many boxes have no area.
    """
    corners = ("x_1", "y_1", "x_2", "y_2")
    rows = read_list(path, ("image_name", "clothes_type", kind, *corners))
    first = rows.first_of_each("image_name")
    paths = picture_paths(rows, "image_name")
    columns = {
        "item": paths["item"].to_numpy(),
        "category": paths["category"].to_numpy(),
        "clothes_type": rows.numbers("clothes_type", tuple(CLOTHES_TYPES)),
        "kind": rows.numbers(kind, kinds),
    }
    box = np.stack([rows.numbers(corner) for corner in corners], axis=1)  # (n, 4)
    flat = (box[:, :2] < 0).any(1) | (box[:, 2:] <= box[:, :2]).any(1)
    if flat[first].any():
        line = rows.lines[first][np.argmax(flat[first])]
        warnings.warn(
            f"{path}: {int(flat[first].sum()):,} boxes without area (first: line {line}), whole "
            "pictures are used",
            stacklevel=2,
        )
    box[flat] = -1
    columns |= dict(zip(("x1", "y1", "x2", "y2"), box.T, strict=True))
    table = pd.DataFrame(columns, index=pd.Index(rows["image_name"], dtype=object))
    return table if len(first) == len(table) else table.iloc[first]


@dataclass(frozen=True)
class Landmarks:
    """Landmarks of n pictures, in the order of `LANDMARKS`.

    `image`: str (n,); `clothes_type`, `variation_type`: int64 (n,); `points`: float32 (n, 8, 2), x
    and y in pixels of the low-resolution picture, NaN where a type has no such landmark;
    `visibility`: int8 (n, 8), 0 visible, 1 occluded, 2 cut off, -1 no such landmark.
    """

    image: np.ndarray
    clothes_type: np.ndarray
    variation_type: np.ndarray
    points: np.ndarray
    visibility: np.ndarray


def benchmark_landmarks(folder: Path, benchmark: str) -> Landmarks:
    """The landmarks of all pictures. **Raises** `ValueError` naming file and line."""
    name = f"list_landmarks_{benchmark}.txt"
    return read_landmarks(find_list(folder, name) or folder / "Anno" / name)


def read_landmarks(path: Path) -> Landmarks:
    """`list_landmarks_*`: rows of 6, 4 or 8 triples by clothes type, or padded to 8.

    **Raises** `ValueError` naming the line.
    """
    columns = ("image_name", "clothes_type", "variation_type")
    rows = read_list(path, columns, rest="landmarks")
    types = rows.numbers("clothes_type", tuple(CLOTHES_TYPES))
    variation = rows.numbers("variation_type", range(1, 6))
    texts = rows["landmarks"]
    wrong = np.array([_TRIPLES.fullmatch(text) is None for text in texts], dtype=bool)
    rows.refuse(wrong, "landmarks", "expected whole numbers")
    points = np.full((len(rows), 8, 2), np.nan, dtype=np.float32)
    visibility = np.full((len(rows), 8), -1, dtype=np.int8)
    for i, (text, kind) in enumerate(zip(texts, types.tolist(), strict=True)):
        numbers = list(map(int, text.split()))
        slots = _SLOTS[kind]
        n = len(slots)
        if len(numbers) not in (3 * n, 24) or not set(numbers[: 3 * n : 3]) <= {0, 1, 2}:
            expected = f"expected {n} landmarks (visibility 0, 1 or 2, x, y) for type {kind}"
            raise line_error(path, int(rows.lines[i]), f"... {text}", expected)
        triples = np.array(numbers[: 3 * n]).reshape(n, 3)
        visibility[i, slots] = triples[:, 0]
        points[i, slots] = triples[:, 1:]
    return Landmarks(rows["image_name"], types, variation, points, visibility)


@dataclass(frozen=True)
class Attributes:
    """Yes-or-no attributes: `items` int64 (m,); `codes` int8 (m, A), 1 yes, 0 no, -1 unknown."""

    names: tuple[str, ...]
    items: np.ndarray
    codes: np.ndarray

    def of(self, item: np.ndarray) -> np.ndarray:
        """Codes of the items of n pictures, -1 for items without labels: int8 (n, A)."""
        row = pd.Index(self.items).get_indexer(item)
        codes = self.codes[row]
        codes[row < 0] = -1
        return codes


def attribute_columns(attributes: Attributes | None, item: np.ndarray) -> dict[str, object]:
    """What a `Catalog` of pictures of these items, int64 (n,), says of attributes."""
    if attributes is None:
        return {}
    return {
        "attributes": attributes.of(item),
        "attribute_names": attributes.names,
        "attribute_values": dict.fromkeys(attributes.names, ("no", "yes")),
    }


def read_attributes(folder: Path) -> Attributes | None:
    """The attributes of a benchmark, None where their lists are not there.

    `list_attr_cloth` names them: with a type number, by a Chinese and an English name, or by an
    English name alone. Names that several types share get their type's name in front.

    **Raises** `ValueError` naming file and line.
    """
    cloth, labels = (find_list(folder, f"list_attr_{part}.txt") for part in ("cloth", "items"))
    if cloth is None or labels is None:
        return None
    kinds = find_list(folder, "list_attr_type.txt")
    names = _names(cloth, kinds)
    rows = read_list(labels, ("item_id",), rest="labels")
    items = item_ids(rows)
    codes = np.empty((len(rows), len(names)), dtype=np.int8)
    for i, text in enumerate(rows["labels"]):
        values = text.split()
        try:
            codes[i] = [_CODES[value] for value in values]
        except (KeyError, ValueError):
            expected = f"expected {len(names)} labels, as {cloth.name} names, each 1, -1 or 0"
            expected += f" (there are {len(values)})"
            raise line_error(labels, int(rows.lines[i]), f"... {text}", expected) from None
    first = rows.first_of_each("item_id")
    return Attributes(names, items[first], codes[first])


def _names(cloth: Path, kinds: Path | None) -> tuple[str, ...]:
    rows = read_list(cloth, (), rest="name")
    words = [text.split() for text in rows["name"]]
    if not words or not words[0][-1].isdecimal() or len(words[0]) == 1:
        return _distinct([" ".join(w) for w in words], [""] * len(words))
    rows.refuse(
        np.array([len(w) < 2 or not w[-1].isdecimal() for w in words]),
        "name",
        "expected a Chinese name, an English name and the number of their type",
    )
    types = {}
    if kinds is not None:
        for number, text in enumerate(read_list(kinds, (), rest="name")["name"], start=1):
            name = text.split()
            if name[-1].isdecimal() and len(name) > 1:
                name, number = name[:-1], int(name[-1])
            types[number] = _english(name)
    numbers = [int(w[-1]) for w in words]
    groups = [types.get(number, f"type {number}") for number in numbers]
    return _distinct([_english(w[:-1]) for w in words], groups)


def _english(words: list[str]) -> str:
    """The English name of words that begin with a Chinese one, which may have one in brackets."""
    chinese = 2 if len(words) > 2 and words[1].startswith(("(", "\uff08")) else 1
    return " ".join(words[chinese:] or words)


def _distinct(names: list[str], groups: list[str]) -> tuple[str, ...]:
    """Names with their group in front where they repeat, and numbered where they still do."""
    count = Counter(names)
    full = [f"{g} {n}".strip() if count[n] > 1 else n for n, g in zip(names, groups, strict=True)]
    taken: set[str] = set()
    for i, name in enumerate(full):
        number = 2
        while full[i] in taken:
            full[i], number = f"{name} {number}", number + 1
        taken.add(full[i])
    return tuple(full)


def label_notes(
    folder: Path, attributes: Attributes | None, benchmark: str, published: int
) -> list[str]:
    """Remarks on a benchmark's attributes and landmarks for `verify`."""
    if attributes is None:
        notes = ["no list_attr_cloth.txt or list_attr_items.txt: no attributes"]
    else:
        notes = [compared("attributes", len(attributes.names), published)]
    path = find_list(folder, f"list_landmarks_{benchmark}.txt")
    if path is None:
        return [*notes, f"no list_landmarks_{benchmark}.txt"]
    return [*notes, f"landmarks of {len(read_landmarks(path).image):,} pictures"]
