"""Checksums of downloaded files."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from fashret_utils.datasets.reading.places import Report


def md5_of(path: Path) -> str:
    """MD5 of a file, read in pieces."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "md5").hexdigest()


def compare(name: str, folder: Path, files: Mapping[str, str]) -> Report:
    """Compare the .gz files of a data set with published sums.

    **Arguments**: `files` - name without ".gz" -> MD5; unpacked files are there but unchecked.
    """
    missing, damaged, notes = [], [], []
    for file, expected in files.items():
        packed = folder / f"{file}.gz"
        if packed.is_file():
            found = md5_of(packed)
            word = "as" if found == expected else "NOT as"
            notes.append(f"{packed.name}: MD5 {found}, {word} published")
            if found != expected:
                damaged.append(packed.name)
        elif (folder / file).is_file():
            notes.append(f"{file}: unpacked, no MD5 known")
        else:
            missing.append(packed.name)
    return Report(name, folder, len(files) - len(missing), missing, damaged, notes)
