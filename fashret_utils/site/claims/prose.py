"""All prose of the book, held to the records: pages and the text of chapters."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import nbformat

from fashret_utils import chapters
from fashret_utils.evidence import claims, records
from fashret_utils.evidence.claims.prose import Evidence, problems, refreshed


def evidence(root: Path) -> Evidence:
    """What the prose of a book is held to: its ledgers and its committed records."""
    judged = claims.verdicts(results=root / "results", folder=root / "book/claims")
    return Evidence(judged, records.load(root / "results"))


def check(root: Path, known: Evidence) -> None:
    """Make sure that every pinned paragraph and every number from a record is up to date.

    **Raises** `ClaimsError` that names all that are not.
    """
    found = [
        f"{place}: {problem}" for place, text in _texts(root) for problem in problems(text, known)
    ]
    if found:
        raise claims.ClaimsError(
            "prose that is not what the records say. Numbers: `python -m fashret_utils prose "
            "--write`; verdicts: read the paragraph again\n  " + "\n  ".join(found)
        )


def refresh(root: Path, known: Evidence) -> list[Path]:
    """Write the numbers in the prose as the records have them.

    **Returns** the files that changed.

    **Raises** `ClaimsError` for a number that no record holds.
    """
    changed = []
    for path in _pages(root):
        text = path.read_text(encoding="utf-8")
        if (fresh := refreshed(text, known)) != text:
            path.write_text(fresh, encoding="utf-8")
            changed.append(path)
    for path in _chapters(root):
        notebook = nbformat.read(path, as_version=4)
        before = [cell.source for cell in notebook.cells]
        for cell in notebook.cells:
            if cell.cell_type == "markdown":
                cell.source = refreshed(cell.source, known)
        if [cell.source for cell in notebook.cells] != before:
            nbformat.write(notebook, path)
            changed.append(path)
    return changed


def _texts(root: Path) -> Iterator[tuple[str, str]]:
    """Where, and the text there."""
    for path in _pages(root):
        yield str(path.relative_to(root)), path.read_text(encoding="utf-8")
    for path in _chapters(root):
        for number, cell in enumerate(nbformat.read(path, as_version=4).cells):
            if cell.cell_type == "markdown":
                yield f"{path.relative_to(root)}, cell {number}", cell.source


def _pages(root: Path) -> list[Path]:
    return sorted((root / "book").rglob("*.md"))


def _chapters(root: Path) -> list[Path]:
    return [root / f"notebooks/{name}.ipynb" for name in chapters.names(root)]
