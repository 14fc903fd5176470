"""Text files read line by line, and errors that name a file and a line."""

from __future__ import annotations

import re
from pathlib import Path

NUMBER = re.compile(r"-?[0-9]{1,9}")


def read_lines(path: Path) -> list[str]:
    """The lines of a text file. **Raises** `ValueError` naming the line that is no UTF-8 text."""
    if not path.is_file():
        raise ValueError(f"no file {path}: it is part of the data set's annotations")
    data = path.read_bytes()
    wrong = data.find(b"\0")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        wrong = error.start
    if wrong >= 0:
        number = data.count(b"\n", 0, wrong) + 1
        raise ValueError(f"{path}, line {number}: not UTF-8 text; is the download whole?")
    return text.split("\n")  # splitlines() would also split at exotic characters within a line


def line_error(path: Path, number: int, line: str, expected: str) -> ValueError:
    """An error that names file and line."""
    shown = line.strip() if len(line) <= 120 else f"{line.strip()[:120]}..."
    return ValueError(f"{path}, line {number}: {expected}, not {shown!r}")
