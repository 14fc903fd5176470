"""A changed definition cell makes records stale wherever they are shown, and nowhere by itself."""

from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from fashret_utils import chapters, retrieval, site
from fashret_utils.__main__ import main
from fashret_utils.chapters import notebook
from fashret_utils.evidence import claims, records, staleness, tables
from fashret_utils.site.claims import pages

ROOT = Path(__file__).resolve().parents[2]
CHAPTER, OTHER = "98_tiny", "99_other"


def write_chapter(root, name, definition, prose="Words."):
    cells = [
        new_markdown_cell(f"# Tiny\n{prose}"),
        new_code_cell(definition, metadata={"tags": ["definition"]}),
    ]
    (root / "notebooks").mkdir(exist_ok=True)
    nbformat.write(new_notebook(cells=cells), root / f"notebooks/{name}.ipynb")


@pytest.fixture
def book(tmp_path, monkeypatch):
    """A book of two chapters with three records each, which is taken for the one at hand."""
    for module in (chapters, notebook):  # a door may remember what it has handed on
        monkeypatch.setattr(module, "book_root", lambda: tmp_path)
    vectors, items = np.eye(4, dtype=np.float32), np.arange(4)
    for name in (CHAPTER, OTHER):
        write_chapter(tmp_path, name, "def loss(x):\n    return x + 1\n")
        for arm, gallery in (("a", vectors), ("b", np.roll(vectors, 1, axis=0))):
            found = retrieval.evaluate(vectors, gallery, items, items, k=(1,), bootstrap=100)
            for seed in range(3):
                about = {"chapter": name, "data": "mnist", "arm": arm, "scale": "smoke"}
                made = records.new(found, **about, seed=seed)
                records.write(made, tmp_path / "results", **records.beside(found))
    return tmp_path


def shown(book):
    """Every text that shows records, chapter `CHAPTER`: where -> text."""
    results = book / "results"
    own = records.load(results, chapter=CHAPTER)
    evidence = ({"contrast": ["a", "b"], "data": "mnist", "starts": []},)
    stated = claims.Claim("T-C1", "abstract", "A beats B.", None, evidence, primary="map")
    paper = claims.Ledger("tiny", "x", CHAPTER, "label", "All.", "Nothing.", (stated,))
    grounds = claims.Grounds(
        paper, own, lambda record: records.per_query(record, results), staleness.staleness()
    )
    judged = [(paper, verdict) for verdict in claims.judge(grounds)]
    return {
        "list": staleness.listing(results).split(OTHER)[0],
        "make test": staleness.stale_by_chapter(results),
        "landing page": site.results_table(own),
        "chapter's tables": tables.origin(own),
        "chapter's comparisons": claims.comparisons(judged).to_string(),
        "verdict box": claims.box(judged),
        "claims page": pages.page(judged, {"tiny": "Tiny"}, []).split("## Tiny")[1],
        "summary": pages.runs(own),
    }


def says_stale(text):
    return "stale" in text and "none of" not in text


def test_a_changed_definition_is_marked_everywhere(book):
    assert [where for where, text in shown(book).items() if says_stale(text)] == []
    write_chapter(book, CHAPTER, "def loss(x):\n    return x + 2\n")
    texts = shown(book)
    assert [where for where, text in texts.items() if not says_stale(text)] == []
    assert texts["make test"] == f"{CHAPTER}: 6 of 6 records are stale: run it again"
    assert "6 of 6 records are stale: the code has changed" in texts["landing page"]
    assert texts["list"].count("stale") == 6


def test_prose_and_comments_leave_records_as_they_are(book):
    write_chapter(book, CHAPTER, "def loss(x):\n    return x + 1  # why\n", prose="Other words.")
    assert [where for where, text in shown(book).items() if says_stale(text)] == []


def test_make_test_says_how_many_are_stale_and_does_not_fail(book, capsys):
    assert "records stale\n" in (ROOT / "Makefile").read_text()
    command = ["records", "stale", "--results", str(book / "results")]
    assert main(command) == 0
    assert capsys.readouterr().out == "none of 12 records is stale\n"
    write_chapter(book, OTHER, "def loss(x):\n    return x - 1\n")
    assert main(command) == 0
    assert capsys.readouterr().out.startswith(f"{OTHER}: 6 of 6 records are stale")


def test_a_test_on_other_data_depends_on_the_code_of_both(book, monkeypatch):
    about = {"chapter": CHAPTER, "data": "mnist", "trained_on": "wardrobe-garments"}
    made = records.measured(
        **about, arm="a", scale="smoke", seed=9, metrics={}, intervals={}, counts={}
    )
    records.write(made, book / "results")
    (kept,) = [r for r in records.load(book / "results") if r.seed == 9]
    assert kept.trained_on == "wardrobe-garments"
    assert not staleness.is_stale(kept)
    now = staleness.code_hash
    for changed in ("mnist", "wardrobe-garments", "grocery-store"):
        monkeypatch.setattr(
            staleness,
            "code_hash",
            lambda chapter, data, root, changed=changed: (
                "other" if data == changed else now(chapter, data, root)
            ),
        )
        assert staleness.is_stale(kept) == (changed != "grocery-store")
