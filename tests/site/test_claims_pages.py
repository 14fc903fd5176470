"""The claims page, the matrix of verdicts, the summaries, and their links into the chapters."""

import re
from dataclasses import replace
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from fashret_utils import chapters
from fashret_utils.evidence import claims
from fashret_utils.evidence.claims.display import slug
from fashret_utils.evidence.per_query import PerQuery
from fashret_utils.evidence.records import Record
from fashret_utils.evidence.statistics.classes import CLASSES
from fashret_utils.site.claims import add_labels, matrix, pages, totals
from fashret_utils.site.claims.matrix import chips

ROOT = Path(__file__).resolve().parents[2]
LEDGERS = claims.load(ROOT / "book/claims")


ITEMS = np.repeat(np.arange(60), 2)


def run(arm, seed, value, data="wardrobe-garments"):
    """A record, and the per-query results that lie beside it."""
    made = Record(
        chapter="99_tiny",
        data=data,
        arm=arm,
        scale="quick",
        seed=seed,
        metrics={"map": value},
        intervals={},
        counts={},
        curve={"step": list(range(12)), "val_map": [0.3] * 12},
        cost={"wall_seconds": 1800.0},
        machine={"device": "abacus"},
        time="2026-01-02T03:04:05",
        code_hash="now",
        per_query={"queries": f"queries/{data}.npz"},
    )
    values = value + np.random.default_rng(seed).normal(0, 0.01, len(ITEMS))
    return made, PerQuery(values, np.full(len(ITEMS), 2), ITEMS)


def claim(number=1, data="wardrobe-garments", **changes):
    evidence = ({"contrast": ["a,x", "b+y"], "data": data},)
    about = {"id": f"TINY-C{number}", "where": "abstract", "statement": "A beats B."}
    about |= {"primary": "map", "shown": (), "reported": None, "evidence": evidence}
    return claims.Claim(**{**about, **changes})


def ledger(*stated):
    return claims.Ledger(
        paper="tiny",
        citation="someone2020tiny",
        chapter="99_tiny",
        label="re-implementation",
        available="The abstract.",
        settled_by="The full text.",
        claims=stated,
        starts=("frozen",),
        untrained=("frozen",),
    )


def both(data, difference):
    """Three seeds of both arms, `difference` apart, and their start at 20 %."""
    found = [run("frozen", 0, 0.2, data)]
    for seed in range(3):
        found += [run("a,x", seed, 0.5 + difference, data), run("b+y", seed, 0.5, data)]
    return found


UNTESTABLE = claim(2, evidence=(), untestable="the data are gone")


def verdicts(paper, found, stale=lambda record: False):
    kept = {id(record): queries for record, queries in found}
    runs = [record for record, _ in found]
    return claims.judge(claims.Grounds(paper, runs, lambda record: kept[id(record)], stale))


def judged(difference=0.2, stale=lambda record: False):
    paper = ledger(claim(section="(a) Methods"), UNTESTABLE)
    found = both("wardrobe-garments", difference)
    return [(paper, verdict) for verdict in verdicts(paper, found, stale)]


# matrix


def test_each_data_set_has_a_verdict_of_its_own():
    stated = claim(data=["wardrobe-garments", "mnist-1000", "mnist-2000", "unseen"])
    found = [
        *both("wardrobe-garments", 0.2),
        *both("mnist-1000", -0.2),
        *both("mnist-2000", 0.2),
    ]
    (verdict,) = verdicts(ledger(stated), found)
    assert claims.on_data(verdict) == {
        "wardrobe-garments": "supported",
        "mnist-1000": "negative here",
        "mnist-2000": "supported",
    }
    together = claims.on_data(verdict, lambda data: data.split("-")[0])
    assert together == {"wardrobe": "supported", "mnist": "mixed"}


def test_the_matrix_counts_claims_by_data_set_and_altogether():
    table = matrix(judged(), {"tiny": "Tiny"}).splitlines()
    assert table[0] == "|  | {ref}`Tiny <claims-tiny>` |"
    (garments,) = [line for line in table if "Wardrobe garments" in line]
    assert "1 supported" in garments
    assert "not testable" not in garments
    assert "1 supported" in table[-1]
    assert "1 not testable here" in table[-1]
    assert not any("Wardrobe shoes" in line for line in table)


def test_parts_of_a_data_set_share_its_row_and_new_data_sets_get_their_own():
    sets = ["wardrobe-garments-views", "fashion-mnist-street", "fashion-mnist-1000", "hats"]
    stated = claim(data=sets)
    found = [each for data in sets for each in both(data, 0.2)]
    pair = [(ledger(stated), *verdicts(ledger(stated), found))]
    rows = [line.split("|")[1].strip() for line in matrix(pair, {"tiny": "T"}).splitlines()]
    assert rows[2:-1] == [
        "{ref}`Wardrobe garments <data-wardrobe>`",
        "{ref}`Fashion-MNIST-Street <data-fashion-mnist>`",
        "{ref}`Fashion-MNIST <data-fashion-mnist>`",
        "hats",
    ]


def test_chips_say_in_words_what_they_say_in_colour():
    assert 'title="2 contradicted"' in chips(["contradicted", "supported", "contradicted"])
    assert chips([]) == ""
    assert 'class="chip negative-here"' in chips(["negative here"])
    for verdict in CLASSES:
        assert verdict in chips([verdict])


# totals


def test_totals_say_how_many_how_wide_and_whether_a_chapter_is_done():
    found = [verdict for _, verdict in judged()]
    assert totals.sentence(found) == "2 claims: 1 supported, 1 not testable here."
    assert totals.done(found) == "yes"
    assert totals.half_width([found[1]]) == ""
    assert re.fullmatch(r"0\.\d points", totals.half_width(found))
    row = totals.table(judged(), {"tiny": "Tiny"}).splitlines()[-1]
    assert row.startswith('| {ref}`Tiny <claims-tiny>` | 2 | <span class="chip supported"')


def test_a_chapter_with_more_than_a_fifth_unresolved_is_not_done():
    paper = ledger(*[claim(number) for number in range(1, 6)])
    found = verdicts(paper, both("wardrobe-garments", 0.2))
    unsure = [replace(each, verdict="unresolved") for each in found]
    assert totals.done([*found[:4], unsure[4]]) == "yes"
    assert totals.done([*found[:3], *unsure[3:]]) == "no, 2 of 5 claims are unresolved"
    old = replace(found[0], verdict="stale")
    assert totals.done([old, *found[1:]]) == "no, 1 of 5 claims wait for new runs"


# page


def test_the_page_has_an_anchor_the_numbers_and_a_link_for_each_claim():
    text = pages.page(judged(), {"tiny": "Tiny"}, ["tiny"])
    assert text.startswith("**2 claims: 1 supported, 1 not testable here.**")
    assert "(tiny-c1)=\n:::::{div} claim supported" in text
    assert "Tiny, {ref}`(a) Methods <evidence-tiny-c1>`" in text
    assert "| `a,x` - `b+y` | wardrobe-garments | map, points | +20.0 [+" in text
    row = r"</span> \| 0\.\d \| 1\.0 \| frozen -(30\.0|29\.9) \| yes \| [+-]0\.0 \| 3,"
    assert re.search(row, text)
    assert "(tiny-c2)=\n:::::{div} claim not-testable-here" in text
    assert "Why not\n: The data are gone." in text
    assert "**What would settle more.** The full text." in text
    assert "{doc}`one-page summary <summaries/tiny>`" in text
    assert "summaries/" not in pages.page(judged(), {"tiny": "Tiny"}, [])


def test_the_page_says_what_would_decide_an_open_claim():
    paper = ledger(claim())
    found = [pair for pair in both("wardrobe-garments", 0.2) if pair[0].seed < 2]
    text = pages.page([(paper, *verdicts(paper, found))], {"tiny": "Tiny"}, [])
    missing = "`a,x` - `b+y` on wardrobe-garments: 2 of at least 3 seeds."
    assert f"What is missing\n: {missing}" in text
    assert "What is missing" not in pages.page(judged(), {"tiny": "Tiny"}, [])


def test_the_page_can_show_the_claims_of_every_verdict():
    (paper, found), _ = judged()
    every = [(paper, replace(found, verdict=verdict)) for verdict in CLASSES]
    text = pages.page(every, {"tiny": "Tiny"}, [])
    style = (ROOT / "book/_static/claims.css").read_text()
    for verdict in CLASSES:
        assert f'value="{slug(verdict)}"> {verdict}</label>' in text
        assert f'input[value="{slug(verdict)}"]:checked) .claim:not(.{slug(verdict)})' in style
        assert re.search(rf"^\.{slug(verdict)}\b|, \.{slug(verdict)}\b", style, re.M)


def test_the_page_marks_what_is_stale():
    page = pages.page(judged(stale=lambda run: True), {"tiny": "Tiny"}, [])
    assert "3,\N{NO-BREAK SPACE}quick, **stale**" in page
    assert "**stale**" not in pages.page(judged(), {"tiny": "Tiny"}, [])


def test_a_summary_is_made_from_verdicts_and_records():
    found = [verdict for _, verdict in judged(-0.2)]
    table = pages.results(found)
    assert table.startswith("2 claims: 1 negative here, 1 not testable here.")
    assert "`a,x` - `b+y`, wardrobe-garments: -20.0 [-20." in table
    assert "- {ref}`TINY-C1 <tiny-c1>` (abstract): A beats B." in pages.scope(found)
    limits = pages.limits(ledger(), found)
    assert "**TINY-C2**: The data are gone." in limits
    assert "**What would settle more**: The full text." in limits
    told = pages.runs([record for record, _ in both("wardrobe-garments", 0.2)])
    assert "7 runs of 3 arms on wardrobe-garments; scale quick; seeds 0, 1, 2; abacus" in told
    assert "Training took 3.5 hours" in told
    assert pages.runs([]) == "No run of this chapter is recorded yet.\n"


def test_a_summary_shows_a_comparison_that_has_the_verdict():
    stated = claim(data=["mnist-1000", "wardrobe-garments"])
    found = [*both("wardrobe-garments", 0.2), *both("mnist-1000", 0.0005)]
    found = [pair for pair in found if pair[0].data != "mnist-1000" or pair[0].seed == 0]
    (verdict,) = verdicts(ledger(stated), found)
    assert verdict.verdict == "unresolved"
    assert "mnist-1000: +0.0 [" in pages.results([verdict])


# anchors


def notebook(*sources):
    return new_notebook(cells=[new_markdown_cell(source) for source in sources])


def test_labels_stand_before_their_sections():
    text = notebook("# Tiny\n## What we found", "Words.\n\n**(a) Methods.** More.\n### (b) Data")
    stated = [claim(1), claim(2, section="(a) Methods"), claim(3, section="(b) Data")]
    add_labels(text, [*stated, claim(4, section="(b) Data")], "99_tiny")
    assert text.cells[0].source.endswith("(evidence-tiny-c1)=\n## What we found")
    assert text.cells[1].source == (
        "Words.\n\n(evidence-tiny-c2)=\n**(a) Methods.** More.\n"
        "(evidence-tiny-c3)=\n(evidence-tiny-c4)=\n### (b) Data"
    )


def test_code_holds_no_sections():
    text = notebook("## Data\n```\n## Data\n```")
    text.cells.append(new_code_cell("## Data"))
    add_labels(text, [claim(section="Data")], "99_tiny")
    assert text.cells[0].source.count("(evidence-tiny-c1)=") == 1
    assert text.cells[1].source == "## Data"


@pytest.mark.parametrize("sources", [["## Method"], ["## Data", "## Data"]])
def test_a_section_that_is_missing_or_there_twice_is_named(sources):
    with pytest.raises(
        claims.ClaimsError, match=r"99_tiny has \d sections called 'Data', wanted by"
    ):
        add_labels(notebook(*sources), [claim(section="Data")], "99_tiny")


@pytest.mark.parametrize("paper", LEDGERS, ids=lambda paper: paper.paper)
def test_the_books_claims_name_sections_of_their_chapters(paper):
    text = nbformat.read(chapters.path_of(paper.chapter, ROOT), as_version=4)
    add_labels(text, paper.claims, paper.chapter)
    sources = "\n".join(cell.source for cell in text.cells)
    assert all(f"(evidence-{each.id.lower()})=" in sources for each in paper.claims)
    without = [each.id for each in paper.claims if each.evidence and not each.section]
    assert without == [], "name the heading under which their evidence stands as `section`"


@pytest.mark.parametrize("page", sorted((ROOT / "book/summaries").glob("*.md")), ids=str)
def test_a_summary_has_the_sections_of_the_form_and_its_own_papers_results(page):
    text = page.read_text()
    assert page.stem in {paper.paper for paper in LEDGERS}
    for heading in (
        "Scope of reproducibility",
        "Methodology",
        "Results",
        "What was easy",
        "What was difficult",
        "What was not possible",
        "Communication with the original authors",
    ):
        assert f"\n## {heading}\n" in text
    for part in ("scope", "runs", "results", "limits"):
        assert f"```{{include}} ../_generated/summary_{page.stem}_{part}.md" in text
    assert f"book/summaries/{page.stem}" in (ROOT / "_toc.yml").read_text()


def test_every_paper_of_the_book_has_a_summary():
    with_summary = {page.stem for page in (ROOT / "book/summaries").glob("*.md")}
    own = {paper.paper for paper in LEDGERS if all(c.where == "this book" for c in paper.claims)}
    assert {paper.paper for paper in LEDGERS} - own == with_summary
