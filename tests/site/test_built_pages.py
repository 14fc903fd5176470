"""A book of three pages, built with the book's own settings: what our extensions add to pages."""

import re
import shutil
import subprocess
import sys
from html import unescape
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from fashret_utils.site import downloads, emblem
from fashret_utils.site.staging import settings

ROOT = Path(__file__).resolve().parents[2]
TOC = """\
format: jb-book
root: book/index
chapters:
  - file: book/glossary
  - file: notebooks/00_tiny
"""
INDEX = """\
# Tiny & small

The {term}`query` comes first & then come {term}`items <item>`.

| name_of_a_run | hit_rate $x_a, y$ | `in_code` |
|:--|--:|:--|
| TINY-C1 | 3.0 [-1.5, 7.5] points | wardrobe-garments, 1,000 |
"""
GLOSSARY = """\
# Glossary

:::{glossary}
query
  The picture one searches with; it shows an {term}`item`.

item
  One product ({eq}`one`).
:::

$$ 1 $$ (one)
"""
CHAPTER = """\
# Chapter

A {term}`query`.
"""
PUBLISHED = {
    "here": {},
    "published": {
        '  baseurl: ""': "  baseurl: https://books.example/tiny/",
        '  url: ""': "  url: https://github.com/somebody/tiny",
    },
}


def stage(folder, changes):
    """What `make book` leaves for Jupyter Book, of three pages."""
    shutil.copytree(ROOT / "book/_extensions", folder / "book/_extensions")
    shutil.copytree(ROOT / "book/_static", folder / "book/_static")
    shutil.copy(ROOT / "book/references.bib", folder / "book")
    for name in ("favicon", "logo", "logo-dark"):
        (folder / f"book/_static/{name}.svg").write_text(emblem.mark(emblem.LIGHT))
    config = (ROOT / "_config.yml").read_text()
    for old, new in changes.items():
        assert config.count(old) == 1
        config = config.replace(old, new)
    (folder / "_config.yml").write_text(config)
    (folder / "_config.yml").write_text(settings(folder))
    (folder / "_toc.yml").write_text(TOC)
    (folder / "book/index.md").write_text(INDEX)
    (folder / "book/glossary.md").write_text(GLOSSARY)
    named = pd.DataFrame({"a": [1], "b": [2]}, index=pd.Index(["row"], name="arm"))
    both = named[["a"]].rename_axis(columns="of")
    shown = [new_output("display_data", {"text/html": table.to_html()}) for table in (named, both)]
    cells = [
        new_markdown_cell(CHAPTER),
        new_markdown_cell("## Next"),
        new_code_cell("...", outputs=shown),
    ]
    chapter = new_notebook(cells=cells)
    chapter.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    chapter.metadata.language_info = {"name": "python"}
    (folder / "notebooks").mkdir()
    source = folder / "00_source.ipynb"
    nbformat.write(chapter, source)
    records = folder / "records/00_tiny/toy/arm"
    records.mkdir(parents=True)
    (records / "smoke-seed0.json").write_text("{}")
    downloads.add(chapter, "00_tiny", source, {"committed": folder / "records"}, folder)
    nbformat.write(chapter, folder / "notebooks/00_tiny.ipynb")


@pytest.fixture(scope="module", params=list(PUBLISHED))
def built(request, tmp_path_factory):
    """The built pages, once as they are here and once with addresses configured."""
    pytest.importorskip("jupyter_book")
    folder = tmp_path_factory.mktemp(request.param)
    stage(folder, PUBLISHED[request.param])
    command = [Path(sys.executable).with_name("jupyter-book"), "build", folder]
    done = subprocess.run([*command, "-n", "-W"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return request.param, folder / "_build/html"


@pytest.mark.slow
def test_a_term_carries_its_definition_on_every_page(built):
    _, html = built
    index, glossary, chapter = (
        unescape((html / page).read_text())
        for page in ("book/index.html", "book/glossary.html", "notebooks/00_tiny.html")
    )
    tip = 'data-bs-toggle="tooltip"'
    searched = 'title="The picture one searches with; it shows an item."'
    for page, target in ((index, "glossary.html#term-query"), (chapter, "#term-query")):
        (link,) = [part for part in page.split("<a ") if searched in part]
        assert tip in link
        assert f'{target}"' in link
    assert 'title="One product (Eq. 1)."' in index
    assert 'href="#term-item"' in glossary
    assert 'title="One product (Eq. 1)."' in glossary


@pytest.mark.slow
def test_a_shared_link_has_title_description_and_picture(built):
    where, html = built
    index = (html / "book/index.html").read_text()
    chapter = (html / "notebooks/00_tiny.html").read_text()
    assert '<meta property="og:title" content="Tiny &amp; small" />' in index
    described = "The query comes first &amp; then come items."
    assert f'<meta property="og:description" content="{described}" />' in index
    assert f'<meta name="description" content="{described}" />' in index
    card = {
        "here": "../_static/card.png",
        "published": "https://books.example/tiny/_static/card.png",
    }
    for page in (index, chapter):
        assert f'<meta property="og:image" content="{card[where]}" />' in page
    assert ('property="og:url"' in index) == (where == "published")


@pytest.mark.slow
def test_a_chapter_offers_its_files_in_one_place(built):
    _, html = built
    chapter = (html / "notebooks/00_tiny.html").read_text()
    bar = chapter.split('class="downloads')[1].split("</div>")[0]
    for name in ("00_tiny.ipynb", "00_tiny-executed.ipynb", "00_tiny-records.zip"):
        assert f"/{name}" in bar
        assert len(list(html.glob(f"_downloads/*/{name}"))) == 1
    assert "1 run record" in re.sub(r"<[^>]+>", "", bar)
    assert chapter.index('class="downloads') < chapter.index("<h2>Next")


@pytest.mark.slow
def test_tables_break_long_names_only_and_keep_their_text(built):
    _, html = built
    index = (html / "book/index.html").read_text()
    table = index.split("<table")[1].split("</table>")[0]
    assert "name_<wbr>of_<wbr>a_<wbr>run" in table
    assert "in_code" in table
    assert r"\(x_a, y\)" in table  # a formula is MathJax's
    assert '<span class="whole">TINY-C1</span>' in table
    assert "3.0\N{NO-BREAK SPACE}[-1.5,\N{NO-BREAK SPACE}7.5] points" in table
    assert "wardrobe-garments, 1,000" in table
    chapter = (html / "notebooks/00_tiny.html").read_text()
    named, both = (part.split("</thead>")[0] for part in chapter.split("<table")[1:])
    assert re.findall("<th>(.*?)</th>", named) == ["arm", "a", "b"]
    assert named.count("<tr") == 1
    assert re.findall("<th>(.*?)</th>", both) == ["of", "a", "arm", ""]


@pytest.mark.slow
def test_run_buttons_are_there_only_where_a_repository_is_configured(built):
    where, html = built
    chapter = (html / "notebooks/00_tiny.html").read_text()
    binder = (
        "https://mybinder.org/v2/gh/somebody/tiny/main?urlpath=lab/tree/notebooks/00_tiny.ipynb"
    )
    colab = (
        "https://colab.research.google.com/github/somebody/tiny/blob/main/notebooks/00_tiny.ipynb"
    )
    for address in (binder, colab):
        assert (address in chapter) == (where == "published")
    assert ("fa-rocket" in chapter) == (where == "published")
