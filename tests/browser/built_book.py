"""The book under test: its pages, the documents they frame, and what counts as serious."""

import os
from pathlib import Path

import pytest

BOOK = Path(os.environ["FASHRET_BOOK"]).resolve() if "FASHRET_BOOK" in os.environ else None
FRAMED = ("_static/explorer", "_static/own-photo")  # folders of documents shown in frames
REASON = "no built book given: `make browser-test` runs these checks on _build/html"
NO_BOOK = pytest.mark.skip(reason=REASON)
SERIOUS = ("serious", "critical")  # impacts


def documents(folder: str) -> list[str]:
    """The documents in a folder of the book."""
    found = [] if BOOK is None else BOOK.glob(f"{folder}/*.html")
    return sorted(path.relative_to(BOOK).as_posix() for path in found)


def pages() -> list:
    """The book's pages and framed documents as parameters; one skipped parameter without a book."""
    if BOOK is None:
        return [pytest.param("", marks=NO_BOOK, id="no-book")]
    found = [path for path in BOOK.rglob("*.html") if "_static" not in path.parts]
    found.remove(BOOK / "index.html")  # leads on to book/index.html
    addresses = [path.relative_to(BOOK).as_posix() for path in found]
    addresses += [each for folder in FRAMED for each in documents(folder)]
    # chapters first: they take longest
    return sorted(addresses, key=lambda page: (not page.startswith("notebooks/"), page))


def serious(result):
    """What axe calls serious or critical: rule, element and its HTML."""
    return [
        f"{each['id']}: {node['target']} {node['html'][:120]}"
        for each in result.response["violations"]
        if each["impact"] in SERIOUS
        for node in each["nodes"]
    ]
