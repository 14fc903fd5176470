"""The book's prose: checked before the site is staged, and how pins and numbers look in it."""

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from fashret_utils.evidence import claims
from fashret_utils.evidence.claims.prose import Evidence
from fashret_utils.evidence.claims.verdicts import Verdict
from fashret_utils.evidence.records import Record
from fashret_utils.site.claims import prose

ROOT = Path(__file__).resolve().parents[2]
RUNS = [Record("01_dml", "garments", "frozen", "full", 0, {"map": 0.162}, {}, {})]
CLAIM = claims.Claim("DML-C3", "abstract", "A beats B.", None)
KNOWN = Evidence([(None, Verdict(CLAIM, "negligible", ""))], RUNS)
PAGE = """# Findings

:::{pinned} DML-C3 negligible

Two margins buy nothing: the start already has [16.2 %](number:01_dml/garments/frozen/map).

:::
"""


@pytest.fixture
def book(tmp_path):
    (tmp_path / "book").mkdir()
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "book/page.md").write_text(PAGE)
    cells = [new_code_cell("x = 1"), new_markdown_cell(PAGE)]
    nbformat.write(new_notebook(cells=cells), tmp_path / "notebooks/01_dml.ipynb")
    return tmp_path


def test_the_books_own_prose_is_what_its_records_say():
    prose.check(ROOT, prose.evidence(ROOT))


def test_pages_and_chapters_are_checked_and_all_problems_named(book):
    prose.check(book, KNOWN)
    moved = Evidence([(None, Verdict(CLAIM, "supported", ""))], RUNS)
    with pytest.raises(claims.ClaimsError) as error:
        prose.check(book, moved)
    told = str(error.value)
    assert told.startswith("prose that is not what the records say")
    assert told.count("pinned to") == 2
    assert "book/page.md: pinned to DML-C3 negligible, but the records say supported" in told
    assert "notebooks/01_dml.ipynb, cell 1: pinned to DML-C3 negligible" in told


def test_numbers_are_written_where_they_changed(book):
    assert prose.refresh(book, KNOWN) == []
    known = Evidence(
        KNOWN.judged, [Record("01_dml", "garments", "frozen", "full", 0, {"map": 0.2}, {}, {})]
    )
    assert prose.refresh(book, known) == [book / "book/page.md", book / "notebooks/01_dml.ipynb"]
    assert "[20.0 %](number:" in (book / "book/page.md").read_text()
    cell = nbformat.read(book / "notebooks/01_dml.ipynb", as_version=4).cells[1]
    assert "[20.0 %](number:" in cell.source
    prose.check(book, known)


def test_in_the_book_a_pin_shows_its_verdicts_and_a_number_leads_to_its_claim(tmp_path):
    page = PAGE.replace("(number:01", "(number:01") + (
        "\n(dml-c3)=\n## Claim\n\nIt moved by [+0.2](number:DML-C3/garments).\n"
    )
    (tmp_path / "index.md").write_text(page)
    (tmp_path / "conf.py").write_text(
        f"import sys\nsys.path.insert(0, {str(ROOT / 'book/_extensions')!r})\n"
        "extensions = ['myst_parser', 'pinned']\n"
        "myst_enable_extensions = ['colon_fence']\n"
        "myst_url_schemes = ['http', 'https', 'mailto', 'number']\n"
    )
    build = [sys.executable, "-m", "sphinx", "-qnW", "-b", "html", tmp_path, tmp_path / "out"]
    done = subprocess.run(build, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    html = (tmp_path / "out/index.html").read_text()
    assert '<span class="from-record">16.2 %</span>' in html
    assert '<span class="chip negligible">negligible</span>' in html
    assert html.count('href="#dml-c3"') >= 2
    assert "number:" not in html
    assert "{pinned}" not in html


def test_the_book_knows_the_directive_and_the_scheme():
    settings = (ROOT / "_config.yml").read_text()
    assert "pinned: book/_extensions" in settings
    assert "myst_url_schemes: [http, https, mailto, number]" in settings
