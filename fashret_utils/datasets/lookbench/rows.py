"""Rows of LookBench's tables, and what makes two of them the same: its readings."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from fashret_utils.datasets.reading.parquet_pictures import columns, read_columns, shards

READINGS = {  # when a picture of the gallery is right, and the columns that say so
    "item": ("item_ID",),
    "fine": ("category", "main_attribute", "other_attributes"),
    "main": ("category", "main_attribute"),
    "coarse": ("category",),
}
_LABELS = READINGS["fine"]


def part(folder: Path, config: str, name: str, relevance: str | None) -> pd.DataFrame:
    """The rows of a query or a gallery: key, category, main, source.

    **Arguments**: `name`: "query" or "gallery". `relevance`: one of `READINGS`; None: no row is
    like another.

    **Returns** a row a picture; `key` is the same for right answers, None where nothing is right.

    **Raises** `ValueError` naming the file that is damaged or lacks a column, or the row that is
    wrong.
    """
    rows: list[tuple] = []
    for path in shards(folder / config, name):
        there = columns(path)
        label = "item_ID" if "item_ID" in there or "item_id" not in there else "item_id"
        if relevance is not None and relevance not in remaining(path):
            needed = [column for column in READINGS[relevance] if column not in there]
            raise ValueError(
                f"{path} has no column {needed[0]}, which relevance={relevance!r} needs; with its "
                f"columns there remain: {', '.join(remaining(path)) or 'none'}"
            )
        wanted = [c for c in _LABELS if c in there] + ([label] if relevance == "item" else [])
        table = read_columns(path, wanted)
        nothing = [None] * len(table["row"])
        labels = [table.get(column, nothing) for column in _LABELS]
        ids = table.get(label, nothing)
        for row, *values, identity in zip(table["row"], *labels, ids, strict=True):
            source = f"{path.relative_to(folder).as_posix()}#{row}"
            try:
                words = [_words(value) for value in values]
                key = None
                if relevance == "item":
                    key = _identity(identity)
                elif relevance is not None and words[0]:
                    key = repr(words[: len(READINGS[relevance])])
            except TypeError as error:
                raise ValueError(f"{path}, row {row}: {error}") from None
            rows.append((key, words[0], words[1], source))
    return pd.DataFrame(rows, columns=["key", "category", "main", "source"], dtype=object)


def remaining(path: Path) -> list[str]:
    """The readings that a file has the columns for."""
    there = {name.replace("item_id", "item_ID") for name in columns(path)}
    return [reading for reading, needed in READINGS.items() if there.issuperset(needed)]


def _identity(value: object) -> str:
    whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    if isinstance(value, bool) or not (whole or (isinstance(value, str) and value.strip())):
        raise TypeError(f"expected an item_ID, a whole number or text, not {str(value)[:80]!r}")
    return str(int(value)) if whole else value.strip()


def _words(value: object) -> str:
    """A label, or several in their order: a list, or text with commas; "" for none."""
    words = value if isinstance(value, list) else str("" if value is None else value).split(",")
    if not all(isinstance(word, str | None) for word in words) or isinstance(
        value, bool | bytes | dict
    ):
        raise TypeError(f"expected labels, a list or text, not {str(value)[:80]!r}")
    return ", ".join(sorted({word.strip(" []'\"") for word in words if word} - {""}))
