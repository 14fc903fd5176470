"""Offers to fetch, in one go, the open data sets that the book uses and that are not here."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from fashret_utils.datasets.reading import fetch as fetching
from fashret_utils.datasets.reading.places import DataNotFoundError, data_root

GAINS = {  # what the book has only with a set
    "shop-views": "real garments in every chapter: columns of the tables, claims they decide",
    "grocery-store": "real phone photos against catalogue pictures, and an explorer of them",
    "fashion-mnist": "many real garments at 28 px: a table more in chapter 00, a check in 05",
    "mnist": "the digits on which chapter 05 repeats a published study of kernels",
}
Say = Callable[[str], object]


def missing(root: str | Path | None = None, gains: Mapping[str, str] | None = None) -> list[str]:
    """Names of the data sets of `gains`, by default `GAINS`, that are not on this machine."""
    names = []
    for name in gains or GAINS:
        try:
            fetching.SOURCES[name].about.find(root)
        except DataNotFoundError:
            names.append(name)
    return names


def offer(
    root: str | Path | None = None,
    ask: Callable[[str], str] | None = None,
    gains: Mapping[str, str] | None = None,
    say: Say = print,
) -> list[str]:
    """Say which sets are not here and what they bring, ask once, and fetch them.

    A set that cannot be fetched is said to be so and left out; the others are fetched all the same.

    **Arguments**: `ask` - puts a question and returns the answer, such as `input`; without it
    nothing is fetched, and it is said how to. `gains` - set -> what it brings, by
    default `GAINS`.

    **Returns** the names that could not be fetched, [] if none was tried.
    """
    gains = gains or GAINS
    lacking = missing(root, gains)
    if not lacking:
        say(f"{', '.join(gains)}: all are in {data_root(root)}, nothing to fetch.")
        return []
    say(f"Not in {data_root(root)}, and free for anybody to download:")
    for name in lacking:
        about = fetching.SOURCES[name].about
        say(f"  {name}: {gains[name]} (licence {about.licence}, from {about.home or 'its page'})")
    say("The book works without them: what needs one is left out and says so.")
    later = "`make data YES=1`, or one by one `python -m fashret_utils data fetch NAME`"
    if ask is None:
        say(f"Nothing was fetched, for nobody is here to ask. To fetch them: {later}.")
        return []
    if ask("Fetch them now? [y/N] ").strip().lower() not in ("y", "yes"):
        say(f"Nothing was fetched. Later: {later}.")
        return []
    failed = []
    for name in lacking:
        try:
            fetching.fetch(name, root, say=say)
        except (OSError, ValueError) as error:  # of the network, of the disk, of other files
            failed.append(name)
            say(f"  {name} could not be fetched: {error}")
    if failed:
        say(
            f"Without {', '.join(failed)} everything works as before. Is there a network? What was "
            "received is kept: try again, and it goes on from there."
        )
    if len(failed) < len(lacking):
        say("`make book` now uses what was fetched.")
    return failed


def at_terminal(root: str | Path | None = None, yes: bool = False) -> list[str]:
    """`offer` to whoever sits at the terminal, if anybody does; `yes` answers the question."""
    ask = (lambda _: "yes") if yes else input if sys.stdin.isatty() else None
    return offer(root, ask)
