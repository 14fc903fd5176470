"""DARN (Huang et al. 2015), in the only form that can still be loaded: the lists of ASEN (2020).

DARN was released as addresses; its own label files were not found. The meta package of
Attribute-Specific Embedding Network (Ma et al. 2020) lists 9 attributes of the pictures that were
left. It does not say which street photo shows which shop item, so retrieval is by an attribute's
value, as there.
"""

from __future__ import annotations

import json
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from fashret_utils.data.catalog import Catalog
from fashret_utils.data.columns import SHOP, STREET
from fashret_utils.datasets.reading.assembly import assemble, check_choice, compared, verified
from fashret_utils.datasets.reading.pictures import FileReader
from fashret_utils.datasets.reading.places import About, Report
from fashret_utils.datasets.reading.text_lines import NUMBER, line_error, read_lines

ABOUT = About(
    name="darn",
    licence="not stated; pictures of shops and their customers, research only",
    home="github.com/Maryeon/asen (meta package and addresses)",
    folders=("darn", "DARN", "darn/DARN", "asen/data/DARN"),
    marker=("label_train.txt",),
)
PUBLISHED = 214_619  # pictures that ASEN's authors could still get
_PARTS = ("train", "valid", "test")


@dataclass(frozen=True)
class _Lists:
    folder: Path
    names: tuple[str, ...]
    counts: tuple[int, ...]
    files: dict[str, list[str]]  # part -> paths
    labels: dict[str, np.ndarray]  # list -> (n, 3): file, attribute, value


def load(
    root: str | Path | None = None, *, attribute: str | None = None, on_error: str = "error"
) -> Catalog:
    """DARN by an attribute's value: query = ASEN's test queries, gallery = its candidates.

    Protocol closed-set: an item is a value of `attribute`. Query photos count as street and
    candidates as shop, by their role, and so does every other training picture: the lists do not
    say where a picture comes from.

    **Arguments**: `attribute`: one of the nine, by default the first, clothes category; `on_error`:
    as in `assemble`.

    **Raises** `DataNotFoundError`; `ValueError` naming file and line. **Warns** of pictures that
    are both query and candidate.
    """
    return _catalog(_lists(ABOUT.find(root)), attribute, on_error)


def verify(root: str | Path | None = None) -> Report:
    """Check that every picture of the first attribute can be read, and count all."""

    def make() -> tuple[Catalog, list[str]]:
        lists = _lists(ABOUT.find(root))
        files = {name for part in lists.files.values() for name in part}
        notes = [compared("pictures", len(files), PUBLISHED)]
        for a, name in enumerate(lists.names):
            found = {what: int((rows[:, 1] == a).sum()) for what, rows in lists.labels.items()}
            counts = ", ".join(f"{n:,} {what}" for what, n in found.items())
            notes.append(f"{name}: {lists.counts[a]} values; {counts}")
        return _catalog(lists, None, None), notes

    return verified(ABOUT.name, make)


def _catalog(lists: _Lists, attribute: str | None, on_error: str | None) -> Catalog:
    attribute = lists.names[0] if attribute is None else attribute
    check_choice("attribute", attribute, lists.names)
    chosen = lists.names.index(attribute)
    codes = {part: _codes(lists, part) for part in _PARTS}
    tables, attributes = [], []
    for what, rows in lists.labels.items():
        role, _, part = what.rpartition("_")
        rows = rows[rows[:, 1] == chosen]
        split = {"train": "train", "valid": "val"}.get(part)
        split = split or {"query": "query", "candidate": "gallery"}[role]
        domain = SHOP if role == "candidate" else STREET
        table = {"file": rows[:, 0], "item": rows[:, 2], "domain": domain, "split": split}
        names = [lists.files[part][i] for i in rows[:, 0]]
        table = pd.DataFrame(table | {"source": names}).drop_duplicates("file")
        if part == "train":
            table["domain"] = np.where(np.arange(len(table)) % 2 == 0, STREET, SHOP)
        tables.append(table)
        attributes.append(codes[part][table["file"]])
    table = pd.concat(tables, ignore_index=True).assign(category="")
    both = set(table["source"][table["split"] == "query"])
    both &= set(table["source"][table["split"] == "gallery"])
    if both:
        warnings.warn(
            f"{len(both):,} pictures are query and candidate: such a query finds itself",
            stacklevel=3,
        )
    table["source"] = [_on_disk(lists.folder, name) for name in table["source"]]
    return assemble(
        table,
        name=f"{ABOUT.name}-{attribute.replace(' ', '-')}",
        licence=ABOUT.licence,
        reader=FileReader(lists.folder),
        attributes=np.concatenate(attributes),
        attribute_names=lists.names,
        protocol="closed-set",
        on_error=on_error,
    )


def _codes(lists: _Lists, part: str) -> np.ndarray:
    """All that the lists of a part say of its files: int16 (files, attributes), -1 unknown."""
    codes = np.full((len(lists.files[part]), len(lists.names)), -1, dtype=np.int16)
    for what, rows in lists.labels.items():
        if what.rpartition("_")[2] == part:
            codes[rows[:, 0], rows[:, 1]] = rows[:, 2]
    return codes


def _lists(folder: Path) -> _Lists:
    names, counts = _attributes(folder)
    files = {part: _files(folder / f"filenames_{part}.txt") for part in _PARTS}
    labels = {}
    for what in ("train", "query_valid", "candidate_valid", "query_test", "candidate_test"):
        path = folder / f"{'label_' if what == 'train' else ''}{what}.txt"
        part = what.rpartition("_")[2]
        labels[what] = _labels(path, len(files[part]), counts, several=what == "train")
    return _Lists(folder, names, counts, files, labels)


def _attributes(folder: Path) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Names of the attributes and their numbers of values, from meta.json."""
    places = [place / "meta.json" for place in (folder, folder.parent)]
    path = next((place for place in places if place.is_file()), None)
    if path is None:
        raise ValueError(f"no file {places[0]} or {places[1]}: it is part of ASEN's meta package")
    try:
        found = json.loads("\n".join(read_lines(path)))
        found = next((v for k, v in found.items() if k.lower() == "darn"), found)
        names = tuple(found["ATTRIBUTES"])
        counts = tuple(found["ATTRIBUTES_NUM"][name] for name in names)
        if not names or len(set(names)) < len(names):
            raise ValueError("attributes without names of their own")
        if not all(type(n) is int and 0 < n < 2**15 for n in counts):
            raise ValueError("numbers of values that are no numbers")
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise ValueError(
            f'{path}: expected {{"DARN": {{"ATTRIBUTES": [names], "ATTRIBUTES_NUM": {{name: '
            f"values}}}}}} ({type(error).__name__}: {error})"
        ) from error
    return names, counts


def _files(path: Path) -> list[str]:
    """One path a line; a blank line within would shift the numbers of all that follow."""
    lines = [line.strip() for line in read_lines(path)]
    while lines and not lines[-1]:
        lines.pop()
    for number, line in enumerate(lines, start=1):
        parts = line.split("/")
        if "" in parts or ".." in parts:
            raise line_error(path, number, line, "expected a path below the data set's folder")
    return lines


def _labels(path: Path, files: int, counts: tuple[int, ...], several: bool) -> np.ndarray:
    """Lines of file, attribute, value (`several`: and more attributes and values): int64 (n, 3)."""
    expected = (
        f"expected a file below {files}, an attribute below {len(counts)}, a value of it"
        f"{', and more such pairs' if several else ''}"
    )
    rows: list[tuple[int, int, int]] = []
    seen: dict[tuple[int, int], int] = {}
    for number, line in enumerate(read_lines(path), start=1):
        words = line.split()
        if not words:
            continue
        good = all(NUMBER.fullmatch(word) for word in words)
        good = good and len(words) % 2 == 1 and (len(words) == 3 or several)
        file, *pairs = map(int, words) if good else (-1,)
        pairs = list(zip(pairs[::2], pairs[1::2], strict=True))
        if not 0 <= file < files or any(
            not (0 <= a < len(counts) and 0 <= v < counts[a]) for a, v in pairs
        ):
            raise line_error(path, number, line, expected)
        for attribute, value in pairs:
            if seen.setdefault((file, attribute), value) != value:
                raise line_error(path, number, line, "expected the value of an earlier line")
            rows.append((file, attribute, value))
    return np.array(rows, dtype=np.int64).reshape(-1, 3)


def _on_disk(folder: Path, listed: str) -> str:
    """The path of a picture: as listed, or `images/<id>_<name>.jpg`, as downloaders name it."""
    if (folder / listed).is_file():
        return listed
    flat = "_".join(listed.split("/")[-2:])
    other = [f"images/{flat}", f"images/{flat}.jpg"]
    return next((name for name in other if (folder / name).is_file()), listed)
