"""Where data sets lie on this machine, and what to tell somebody who lacks one."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import platformdirs

from fashret_utils.data.decoding import printable


class DataNotFoundError(FileNotFoundError):
    """A data set was asked for that is not on this machine."""


@dataclass(frozen=True)
class About:
    """What is known of a data set before it is opened.

    `folders`: where it may lie below the data root, first choice first; `marker`: a file that shows
    it is there; `home`: its project page; `licence`: of its pictures.
    """

    name: str
    licence: str
    home: str = ""
    folders: tuple[str, ...] = ()
    marker: tuple[str, ...] = ()

    def find(self, root: str | Path | None = None) -> Path:
        """The folder of this data set: below the data root, or the root itself.

        **Raises** `DataNotFoundError` naming the folders looked at and how to get the data.
        """
        base = data_root(root)
        places = [base / folder for folder in self.folders] + [base]
        for place in places:
            if any((place / file).exists() for file in self.marker):
                return place
        home = os.path.expanduser("~")  # "~" reads better, and a page shows nobody's name
        places = [str(place).replace(home, "~", 1) for place in places]
        looked = ", ".join(places)
        raise DataNotFoundError(
            f"{self.name} is not on this machine: no {' or '.join(self.marker)} in {looked}. "
            f"Get it from {self.home} and put it into {places[0]}, or pass root=<folder>, or set "
            "FASHRET_DATA to the folder that holds your data sets. The embedded Wardrobe "
            '(load("wardrobe-garments")) needs no download.'
        )


@dataclass(frozen=True)
class Report:
    """What `verify` found: a data set's files, which are missing or damaged, and remarks."""

    name: str
    folder: Path | None
    found: int
    missing: Sequence[str] = ()
    damaged: Sequence[str] = ()
    notes: Sequence[str] = field(default=())

    @property
    def complete(self) -> bool:
        """Whether every file is there and whole."""
        return not self.missing and not self.damaged

    def __str__(self) -> str:
        place = f" in {self.folder}" if self.folder else ""
        lines = [f"{self.name}{place}: {'complete' if self.complete else 'NOT complete'}"]
        lines.append(f"  found    {self.found:,} files")
        for what in ("missing", "damaged"):
            files = getattr(self, what)
            if files:
                more = f" and {len(files) - 5:,} more" if len(files) > 5 else ""
                lines.append(f"  {what:8} {len(files):,}: {', '.join(files[:5])}{more}")
        text = "\n".join(lines + [f"  {note}" for note in self.notes])
        return printable(text)  # file names may be no UTF-8


def data_root(root: str | Path | None = None) -> Path:
    """`root`, or $FASHRET_DATA, or the user's data folder; without a home ./fashret-data."""
    chosen = root or os.environ.get("FASHRET_DATA")
    if not chosen:
        try:
            chosen = platformdirs.user_data_dir("fashret")
        except RuntimeError:
            chosen = "fashret-data"
    return Path(os.path.expanduser(chosen))
