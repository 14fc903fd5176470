"""Figures of the chapters: a caption stands below each thing that its cell shows."""

import ast
from pathlib import Path

import nbformat
import pytest

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
