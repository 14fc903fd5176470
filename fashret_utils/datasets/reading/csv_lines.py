"""CSV files whose rows know their line, also after blank lines and line breaks in quotes."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from fashret_utils.datasets.reading.text_lines import SAVE, UTF_16, line_error


def read_csv(path: Path) -> pd.DataFrame:
    """Read a CSV file as text; blank lines are left out.

    **Returns** a table whose index is the number, from 1, of the line that each row ends on.

    **Raises** `ValueError` naming the line that has another number of fields than the first one,
    is damaged or no UTF-8, and saying how to save the file.
    """
    rows = _rows(path)
    _, header = next(rows, (0, []))
    if len(set(header)) < len(header) or not header:
        raise ValueError(f"{path} is not a CSV file with columns: its first line is {header}")
    if header[0].lower().startswith("sep="):
        raise ValueError(
            f"{path}, line 1: {','.join(header)!r} is a spreadsheet's own mark: remove this line"
        )
    _check_commas(path, header)
    lines, fields = [], []
    for number, row in rows:
        if len(row) != len(header):
            expected = f"expected {len(header)} fields, not {len(row)}"
            raise line_error(path, number, ",".join(row), expected)
        lines.append(number)
        fields.append(row)
    return pd.DataFrame(fields, columns=header, index=lines, dtype=object)


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(_text(path), newline=""), skipinitialspace=True, strict=True)
    try:
        yield from ((reader.line_num, row) for row in reader if row)
    except csv.Error as error:
        raise ValueError(
            f"{path} is not a CSV file (after line {reader.line_num}: {error})"
        ) from error


def _text(path: Path) -> str:
    content = path.read_bytes()
    if content.startswith(UTF_16) or b"\0" in content[:80]:
        raise ValueError(f"{path}, line 1: the file is UTF-16; {SAVE}")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = 1 + len(re.findall(rb"\r\n|\r|\n", content[: error.start]))
        begin = max(content.rfind(b"\n", 0, error.start) + 1, error.start - 30)
        shown = content[begin : error.start + 10].splitlines()[0].decode("cp1252", "replace")
        raise ValueError(f"{path}, line {line}: {shown!r} is no UTF-8; {SAVE}") from error


def _check_commas(path: Path, header: list[str]) -> None:
    other = [mark for mark in (";", "\t", "|") if len(header) == 1 and mark in header[0]]
    if other:
        raise ValueError(
            f"{path}, line 1: {header[0]!r} is one field, parted by {other[0]!r}: save the file "
            "with commas"
        )
