"""Where in a chapter the evidence of a claim stands: a link target before that section."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

import nbformat

from fashret_utils.evidence.claims.ledger import Claim, ClaimsError

BOX = "What we found"  # the section of the verdict box, for claims that name no other

# "## Evidence", or a paragraph that opens with "**(a) Table 4.**"
_SECTION = re.compile(r"#{1,6} +(?P<heading>.+?) *$|\*\*(?P<lead>\(\w\) .+?)[.]?\*\*")


def label(claim: Claim) -> str:
    """The link target of a claim's evidence, such as `evidence-dml-c1`."""
    return f"evidence-{claim.id.lower()}"


def add_labels(
    notebook: nbformat.NotebookNode, claims: Collection[Claim], name: str
) -> nbformat.NotebookNode:
    """Put the link target of each claim before the section that it names; changes the notebook.

    **Arguments**: `name` - of the chapter, for the message of an error.

    **Raises** `ClaimsError` for a section that the chapter does not have, or has twice.
    """
    wanted: dict[str, list[str]] = {}
    for claim in claims:
        wanted.setdefault(claim.section or BOX, []).append(f"({label(claim)})=")
    seen: list[str] = []
    for cell in notebook.cells:
        if cell.cell_type != "markdown":
            continue
        lines = []
        for line, section in _sections(cell.source):
            if section is not None:
                seen.append(section)
                lines += wanted.get(section, ())
            lines.append(line)
        cell.source = "\n".join(lines)
    for section, labels in wanted.items():
        if seen.count(section) != 1:
            raise ClaimsError(
                f"{name} has {seen.count(section)} sections called {section!r}, wanted by "
                f"{labels[0]}; it has: {', '.join(seen)}"
            )
    return notebook


def _sections(source: str) -> Iterator[tuple[str, str | None]]:
    """Each line of a text with the section that it opens; in a block of code there are none."""
    fenced = False
    for line in source.split("\n"):
        fenced ^= line.lstrip().startswith(("```", "~~~"))
        found = None if fenced else _SECTION.match(line)
        yield line, found and (found["heading"] or found["lead"])
