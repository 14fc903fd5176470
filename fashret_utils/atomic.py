"""Files that are whole or absent: a reader or a killed run never meets half of one.

Two files that belong together cannot be exchanged at once; a checksum tells whether they do.
"""

from __future__ import annotations

import os
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside `path` to write to; on success it becomes `path`.

    The file is flushed to disk before it is renamed, so a power cut leaves the old file or the new
    one. After an error nothing is left behind. Two processes may write the same file: one wins.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        yield temporary
        # Windows flushes only a file that is open for writing.
        with open(temporary, "r+b") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
        if os.name == "posix":  # the rename itself lasts once the folder is flushed
            folder = os.open(path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
    finally:
        temporary.unlink(missing_ok=True)


def checksum(arrays: Mapping[str, np.ndarray]) -> int:
    """CRC-32 over the bytes of arrays, in the order of their names."""
    found = 0
    for name in sorted(arrays):
        found = zlib.crc32(np.ascontiguousarray(arrays[name]), found)
    return found


class ResultsError(OSError):
    """The results folder cannot be written."""


def check_writable(folder: str | Path, argument: str = "results") -> None:
    """Make a folder, and make sure of it before hours of training.

    **Arguments**: `argument` - what the caller calls it, for the message.

    **Raises** `ResultsError`.
    """
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise ResultsError(unwritable(folder, error, argument)) from error


def unwritable(folder: str | Path, error: OSError, argument: str = "results") -> str:
    """What to tell a user whose folder cannot be written."""
    return (
        f"the {argument} folder {Path(folder).absolute()} cannot be written ({error}): "
        f"pass {argument}=<a folder that you may write to>"
    )
