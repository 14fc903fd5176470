"""CSV files whose rows know their line, also after blank lines and line breaks in quotes."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from fashret_utils.datasets.reading.text_lines import line_error


def read_csv(path: Path) -> pd.DataFrame:
    """Read a CSV file as text; blank lines are left out.

    **Returns** a table whose index is the number, from 1, of the line that each row ends on.

    **Raises** `ValueError` naming the line that has another number of fields than the first one,
    or that is damaged.
    """
    rows = _rows(path)
    _, header = next(rows, (0, []))
    if len(set(header)) < len(header) or not header:
        raise ValueError(f"{path} is not a CSV file with columns: its first line is {header}")
    lines, fields = [], []
    for number, row in rows:
        if len(row) != len(header):
            expected = f"expected {len(header)} fields, not {len(row)}"
            raise line_error(path, number, ",".join(row), expected)
        lines.append(number)
        fields.append(row)
    return pd.DataFrame(fields, columns=header, index=lines, dtype=object)


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    with open(path, encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, skipinitialspace=True, strict=True)
        try:
            yield from ((reader.line_num, row) for row in reader if row)
        except (csv.Error, UnicodeDecodeError) as error:
            raise ValueError(
                f"{path} is not a CSV file (after line {reader.line_num}: {error})"
            ) from error
