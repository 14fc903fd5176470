"""Figures of the chapters: a caption stands below each thing that its cell shows."""

import ast
from pathlib import Path

import nbformat
import pytest

from fashret_utils.evidence import claims

CHAPTERS = sorted((Path(__file__).resolve().parents[2] / "notebooks").glob("*.ipynb"))


def shown(source):
    """How many things a cell shows, apart from text that it prints."""
    tree = ast.parse(source)
    calls = [each for each in ast.walk(tree) if isinstance(each, ast.Call)]
    count = sum(len(each.args) for each in calls if _name(each) == "display")
    last = tree.body[-1]
    ends = isinstance(last, ast.Expr) and _name(last.value) not in ("display", "print")
    return count + ends


def _name(call):
    return getattr(getattr(call, "func", None), "id", None)


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_a_cell_with_a_caption_shows_one_thing(path):
    cells = nbformat.read(path, as_version=4).cells
    captioned = [each for each in cells if "figure" in each.metadata.get("mystnb", {})]
    assert captioned
    assert {each.id: n for each in captioned if (n := shown(each.source)) != 1} == {}


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ("x = 1\nfigure", 1),
        ("display(table)\nfigure", 2),
        ("if x:\n    display(table, figure)", 2),
        ("print(1)", 0),
    ],
)
def test_things_shown_are_counted(source, count):
    assert shown(source) == count


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_a_forest_plot_names_contrasts_that_the_ledger_decides_by(path):
    """A row that no claim decides by would be missing for ever, and nobody would know why."""
    ledgers = [each for each in claims.load() if each.chapter == path.stem]
    decided = {
        " - ".join(entry["contrast"])
        for ledger in ledgers
        for claim in ledger.claims
        for entry in claim.evidence
        if entry.get("contrast") and entry["data"]
    }
    code = [c.source for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
    for source in (each for each in code if "NAMES = {" in each):
        (named,) = (
            ast.literal_eval(line.value)
            for line in ast.parse(source).body
            if isinstance(line, ast.Assign) and ast.unparse(line.targets[0]) == "NAMES"
        )
        assert set(named) <= decided
        assert len(set(named.values())) == len(named)
    lists = sum("forest_list(" in each for each in code)
    assert lists == sum("NAMES = {" in each for each in code)
