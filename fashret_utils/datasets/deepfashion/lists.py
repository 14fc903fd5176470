"""DeepFashion's list files, which its benchmarks share.

Line 1 is the number of rows; line 2 names the columns (not in `list_item_*`); rows follow. Columns
are separated by runs of spaces, numbers may be padded with zeros, the text is UTF-8.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from fashret_utils.datasets.reading.assembly import check_choice
from fashret_utils.datasets.reading.text_lines import NUMBER, line_error, numbered_lines

_ITEM = re.compile(r"id_[0-9]{1,9}")
FOLDERS = ("Anno", "Eval", "anno", "eval", ".")


@dataclass(frozen=True)
class Rows:
    """The rows of a list: `lines` int64 (n,), their line numbers; `columns`, text (n,) each."""

    path: Path
    announced: int
    lines: np.ndarray
    columns: dict[str, np.ndarray]

    def __len__(self) -> int:
        return len(self.lines)

    def __getitem__(self, column: str) -> np.ndarray:
        return self.columns[column]

    def numbers(self, column: str, allowed: Sequence[int] | None = None) -> np.ndarray:
        """A column of whole numbers: int64 (n,). **Raises** `ValueError` naming the line."""
        texts = self.columns[column]
        wrong = np.array([NUMBER.fullmatch(text) is None for text in texts], dtype=bool)
        self.refuse(wrong, column, "expected a whole number")
        numbers = np.fromiter(map(int, texts), dtype=np.int64, count=len(texts))
        if allowed is not None:
            self.refuse(~np.isin(numbers, allowed), column, f"expected one of {tuple(allowed)}")
        return numbers

    def refuse(self, wrong: np.ndarray, column: str, expected: str) -> None:
        """Raise `ValueError` naming file, line and column of the first wrong row, if there is."""
        if wrong.any():
            row = int(np.argmax(wrong))
            raise ValueError(
                f"{self.path}, line {self.lines[row]}, {column}: {self.columns[column][row]!r} is "
                f"wrong, {expected} ({int(wrong.sum()):,} such lines)"
            )

    def first_of_each(self, column: str) -> np.ndarray:
        """Rows without repeats of this column, int64 (m,); a repeat must say the same.

        **Raises** `ValueError` naming the line of a repeat that says something else. **Warns** how
        many lines are repeated.
        """
        code = pd.factorize(self.columns[column])[0]
        first = np.unique(code, return_index=True)[1]
        if len(first) == len(code):
            return first
        for values in self.columns.values():
            hint = f"an earlier line has other values for the same {column}"
            self.refuse(values != values[first][code], column, hint)
        warnings.warn(f"{self.path}: {len(code) - len(first):,} repeated lines", stacklevel=3)
        return np.sort(first)


def read_list(path: Path, columns: Sequence[str], *, header: bool = True, rest: str = "") -> Rows:
    """Read a list file.

    **Arguments**: `columns`: the names that line 2 must have; `header`: whether there is a line 2;
    `rest`: the name of a last column that takes all that follows, whatever line 2 calls it.

    **Raises** `ValueError` naming file and line. **Warns** when line 1 is not the number of rows.
    """
    k = len(columns)
    names = (*columns, rest) if rest else tuple(columns)
    lines = numbered_lines(path)
    count = next(lines, (1, ""))[1].strip()  # of more than `int` takes for space
    if not NUMBER.fullmatch(count):
        raise line_error(path, 1, count, "expected the number of rows")
    if header:
        found = next(lines, (2, ""))[1].split()
        if found[:k] != list(columns) or (len(found) > k and not rest):
            raise line_error(path, 2, " ".join(found), f"expected the columns {' '.join(columns)}")
    fields: list[str] = []  # all columns of all rows: a list a row would take four times as long
    known: dict[str, str] = {}  # paths and numbers recur; sys.intern would keep them for good
    numbers = []
    for number, line in lines:
        values = line.split(None, k)
        if not values:
            continue
        if rest and len(values) == k:
            values.append("")
        if len(values) != len(names):
            raise line_error(path, number, line, f"expected {k} columns ({' '.join(columns)})")
        fields.extend(map(known.setdefault, values, values))
        numbers.append(number)
    if int(count) != len(numbers):
        warnings.warn(
            f"{path}: line 1 says {int(count):,} rows, there are {len(numbers):,}", stacklevel=2
        )
    texts = {name: _texts(fields[i :: len(names)]) for i, name in enumerate(names)}
    return Rows(path, int(count), np.array(numbers, dtype=np.int64), texts)


def find_list(folder: Path, *names: str) -> Path | None:
    """A list file by any of its names: in Anno or Eval, or beside them in flattened copies."""
    places = [folder / place / name for name in names for place in FOLDERS]
    return next((place for place in places if place.is_file()), None)


def picture_folder(folder: Path, resolution: str) -> tuple[Path, str]:
    """Where the pictures lie: what the paths of lists are relative to, and for "img" in them.

    **Raises** `ValueError` for an unknown resolution, or pictures of the other resolution only.
    """
    names = {"low": "img", "high": "img_highres"}
    check_choice("resolution", resolution, tuple(names))
    places = (folder / "Img", folder)
    found = {name: place for name in names.values() for place in places if (place / name).is_dir()}
    name = names[resolution]
    if found and name not in found:
        other = "high" if resolution == "low" else "low"
        raise ValueError(f'{folder} has no pictures {name}/: use resolution="{other}", or add them')
    return found.get(name, places[0]), name


def read_partition(
    folder: Path, pictures: Sequence[str], parts: Sequence[str], joined: Sequence[str] = ()
) -> tuple[Rows, np.ndarray, list[np.ndarray]]:
    """`list_eval_partition`: its rows, the item of each, and categories by its pictures' paths.

    **Arguments**: `pictures`: the columns of pictures; `parts`: the values of `evaluation_status`;
    an item is in one of them, or in several that are `joined`.

    **Returns** the rows, items int64 (n,), and categories str (n,) for each column of pictures.

    **Raises** `ValueError` naming the line.
    """
    columns = (*pictures, "item_id", "evaluation_status")
    rows = read_list(find_list(folder, "list_eval_partition.txt"), columns)
    status, item = rows["evaluation_status"], item_ids(rows)
    rows.refuse(~np.isin(status, parts), "evaluation_status", f"expected one of {tuple(parts)}")
    categories = [picture_paths(rows, each, item)["category"].to_numpy() for each in pictures]
    part = np.where(np.isin(status, joined), "", status)
    _, first, code = np.unique(item, return_index=True, return_inverse=True)
    other = part != part[first][code]
    rows.refuse(other, "evaluation_status", "an earlier line has this item in another part")
    return rows, item, categories


def read_items(path: Path) -> np.ndarray:
    """`list_item_*`: the item numbers, int64 (n,)."""
    return item_ids(read_list(path, ("item_id",), header=False))


def item_ids(rows: Rows) -> np.ndarray:
    """The column `item_id`, such as `id_00000218`, as numbers: int64 (n,)."""
    numbers = np.array([_item(text) for text in rows["item_id"]], dtype=np.int64)
    rows.refuse(numbers < 0, "item_id", "expected id_ and a number, such as id_00000218")
    return numbers


def picture_paths(rows: Rows, column: str, items: np.ndarray | None = None) -> pd.DataFrame:
    """What the paths of a column say: `img/<group>/<category>/<item id>/<name>`.

    **Arguments**: `items`: int (n,), the items that the paths must belong to.

    **Returns** a table of `category` and `item`, a row a path. **Raises** `ValueError`
    naming the line whose path has another form or another item.
    """
    paths = rows[column]
    code, folders = pd.factorize(_texts([path.rpartition("/")[0] for path in paths]))
    parts = [folder.split("/") for folder in folders]
    wrong = [len(p) != 4 or p[0] != "img" or ".." in p or "" in p for p in parts]
    wrong = np.array(wrong, dtype=bool)[code]
    wrong |= np.array([path.endswith(("/", "/..")) for path in paths], dtype=bool)
    expected = "expected img/<group>/<category>/<item id>/<name>"
    rows.refuse(wrong, column, expected)
    found = np.array([_item(p[3]) for p in parts], dtype=np.int64)[code]
    rows.refuse(found < 0, column, expected)
    if items is not None:
        rows.refuse(found != items, column, "expected a path of the item in the line's item_id")
    category = _texts([p[2] for p in parts])[code]
    return pd.DataFrame({"category": category, "item": found})


def _item(text: str) -> int:
    return int(text[3:]) if _ITEM.fullmatch(text) else -1


def _texts(values: Sequence) -> np.ndarray:
    texts = np.empty(len(values), dtype=object)
    texts[:] = values
    return texts
