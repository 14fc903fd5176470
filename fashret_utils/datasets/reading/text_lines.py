"""Text files read line by line, and errors that name a file and a line."""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterator
from pathlib import Path

UTF_16 = (b"\xff\xfe", b"\xfe\xff")  # how such files begin
SAVE = 'save it as UTF-8 (a spreadsheet calls it "CSV UTF-8"), with commas between the fields'
NUMBER = re.compile(r"-?[0-9]{1,9}")


def numbered_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Number, from 1, and text of each line of a UTF-8 file, gzipped if its name ends in .gz.

    **Raises** `ValueError` when there is no such file, or naming the line that is damaged.
    """
    if not path.is_file():
        raise ValueError(f"no file {path}: it is part of the data set")
    number = 0
    with gzip.open(path) if path.suffix == ".gz" else open(path, "rb") as file:
        try:
            for number, line in enumerate(file, start=1):  # splits at line feeds alone
                text = line.decode("utf-8" if number > 1 else "utf-8-sig")
                if "\0" in text:
                    raise line_error(path, number, text, "expected text")
                yield number, text.rstrip("\r\n")
        except UnicodeDecodeError as error:
            raise ValueError(
                f"{path}, line {number}: not UTF-8 text; is it whole, and as it was published?"
            ) from error
        except (OSError, EOFError, zlib.error) as error:
            raise ValueError(f"{path}, line {number + 1}: damaged ({error})") from error


def read_lines(path: Path) -> list[str]:
    """All lines of a file; **raises** as `numbered_lines`."""
    return [text for _, text in numbered_lines(path)]


def line_error(path: Path, number: int, line: str, expected: str) -> ValueError:
    """An error that names file and line."""
    shown = line.strip() if len(line) <= 120 else f"{line.strip()[:120]}..."
    return ValueError(f"{path}, line {number}: {expected}, not {shown!r}")
