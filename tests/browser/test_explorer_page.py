"""The explorer answers to mouse, keyboard and filters; each works from disk and in a notebook."""

import pytest
from built_book import NO_BOOK, documents

FOLDER = "_static/explorer"


@pytest.fixture
def explorer(visit, book):
    """An open explorer: the first of the book's."""
    found = documents(FOLDER)
    if not found:
        pytest.fail("the book has no explorer: its chapters were executed before it could be made")
    seen = visit(found[0])
    seen.tab.wait_for_selector("html[data-ready]", state="attached")
    yield seen.tab
    assert seen.errors == []
    assert seen.elsewhere == []


def found(tab):
    """What is shown of the chosen query: for each method its ranks."""
    return tab.eval_on_selector_all(
        "#found ol",
        "lists => lists.map((list) => [...list.children].map((entry) => entry.className))",
    )


def test_pointing_at_a_query_shows_its_picture(explorer):
    row = explorer.evaluate("explorer.chosen()")
    explorer.mouse.move(*explorer.evaluate(f"explorer.place({row})"))
    explorer.wait_for_selector("#tip:not([hidden])")
    assert explorer.inner_text("#tip").startswith("query: ")
    assert explorer.locator("#tip .thumb").bounding_box()["width"] >= 90
    explorer.mouse.move(1, 1)
    explorer.wait_for_selector("#tip[hidden]", state="attached")


def test_a_click_shows_what_both_methods_find(explorer):
    before = explorer.inner_text("#asked")
    rows = explorer.evaluate(
        "JSON.parse(document.getElementById('data').textContent).query.item.length"
    )
    for row in range(rows):  # dots may lie on each other: try until another query is hit
        explorer.mouse.click(*explorer.evaluate(f"explorer.place({row})"))
        if explorer.inner_text("#asked") != before:
            break
    assert explorer.inner_text("#asked") != before
    first, second = found(explorer)
    assert len(first) == len(second) == 8
    assert {*first, *second} <= {"hit", "miss"}
    assert explorer.locator("#found .thumb").first.bounding_box()["width"] >= 96
    assert "rank" in explorer.inner_text("#difference")
    tops = explorer.eval_on_selector_all(
        "#found ol", "lists => lists.map((list) => list.getBoundingClientRect().top)"
    )
    assert abs(tops[0] - tops[1]) < 30, "the rankings stand side by side"


def test_hits_are_marked_where_the_items_agree(explorer):
    row = explorer.evaluate("explorer.chosen()")
    data = explorer.evaluate("JSON.parse(document.getElementById('data').textContent)")
    for shown, method in zip(found(explorer), data["methods"], strict=True):
        item = data["query"]["item"][row]
        expected = [data["gallery"]["item"][other] == item for other in method["ranks"][row]]
        assert [name == "hit" for name in shown] == expected


def test_the_keyboard_reaches_and_works_everything(explorer):
    reached = []
    for _ in range(20):
        explorer.keyboard.press("Tab")
        reached.append(explorer.evaluate("document.activeElement.id"))
    assert {"map-of", "category", "attribute", "within", "outcome", "map", "before", "after"} <= {
        *reached
    }
    explorer.focus("#map")
    before = explorer.evaluate("explorer.chosen()")
    for arrow in ("ArrowRight", "ArrowLeft", "ArrowDown", "ArrowUp"):  # one leads somewhere
        explorer.keyboard.press(arrow)
        explorer.keyboard.press("Enter")
        if explorer.evaluate("explorer.chosen()") != before:
            break
    assert explorer.evaluate("explorer.chosen()") != before
    assert explorer.inner_text("#spoken").startswith("query: ")
    explorer.keyboard.press("Escape")
    assert explorer.locator("#tip").is_hidden()


def test_filters_narrow_the_queries_and_say_so(explorer):
    def count():
        return int(explorer.inner_text("#count").split()[0])

    everything = count()
    explorer.select_option("#category", index=1)
    category = explorer.input_value("#category")
    assert 0 < count() < everything
    assert category in explorer.inner_text("#asked")
    explorer.click("button[type=reset]")
    explorer.wait_for_function(
        f"document.getElementById('count').textContent.startsWith('{everything}')"
    )
    explorer.select_option("#within", "10")
    parts = []
    for outcome in ("11", "10", "01", "00"):
        explorer.select_option("#outcome", outcome)
        empty = "No query" in explorer.inner_text("#count")
        parts.append(0 if empty else count())
    assert sum(parts) == everything


def test_the_theme_of_the_page_around_is_taken_over(explorer):
    def paper():
        return explorer.evaluate("getComputedStyle(document.body).backgroundColor")

    light = paper()
    explorer.evaluate("postMessage({ theme: 'dark' }, '*')")
    explorer.wait_for_selector("html[data-theme=dark]", state="attached")
    assert paper() != light


@pytest.mark.parametrize("document", documents(FOLDER) or [pytest.param("", marks=NO_BOOK)])
def test_every_explorer_works_from_disk(visit, book, document):
    seen = visit(document, disk=True)
    seen.tab.wait_for_selector("html[data-ready]", state="attached")
    first, second = found(seen.tab)
    assert len(first) == len(second) == 8
    row = seen.tab.evaluate("explorer.chosen()")
    seen.tab.click("#after")
    assert seen.tab.evaluate("explorer.chosen()") != row
    assert (book / document).stat().st_size <= 2_800_000
    assert (seen.errors, seen.elsewhere, seen.failed) == ([], [], [])


def test_a_notebook_shows_it_in_a_frame_of_its_own(visit, book, tmp_path):
    from fashret_utils.explorer import Explorer  # only here: it loads PyTorch

    text = (book / documents(FOLDER)[0]).read_text(encoding="utf-8")
    made = Explorer(text, "Two methods", None, None, {})
    (tmp_path / "output.html").write_text(f"<!doctype html>{made._repr_html_()}", encoding="utf-8")
    seen = visit((tmp_path / "output.html").as_uri())
    inside = seen.tab.frame_locator("iframe")
    inside.locator("html[data-ready]").wait_for(state="attached")
    inside.locator("#found li").first.wait_for()
    assert seen.errors == []
    assert seen.tab.get_attribute("iframe", "title") == "Two methods"
