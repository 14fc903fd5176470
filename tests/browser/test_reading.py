"""What helps a reader: definitions where terms stand, search, the claims that matter, print."""

import pytest

TERM = "a.term[data-bs-toggle]"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_a_definition_shows_on_hover_and_stays_on_the_screen(visit, scheme, width):
    seen = visit("book/protocol.html", scheme, width)
    link = seen.tab.locator(TERM).first
    definition = link.get_attribute("data-bs-original-title")
    assert len(definition) > 20
    assert link.get_attribute("title") is None  # the browser's own box would cover ours
    link.hover()
    tip = seen.tab.get_by_role("tooltip")
    tip.wait_for(state="visible")
    assert tip.inner_text() == definition
    seen.tab.wait_for_function(  # it is moved into the screen after it appears
        "[...document.querySelectorAll('.tooltip')].every((tip) => {"
        " const box = tip.getBoundingClientRect();"
        " return box.left >= 0 && box.right <= innerWidth; })",
        timeout=5000,
    )
    assert seen.errors == seen.elsewhere == []


def test_a_definition_shows_on_keyboard_focus_and_escape_takes_it_away(visit):
    tab = visit("book/protocol.html").tab
    link = tab.locator(TERM).first
    link.focus()
    tip = tab.get_by_role("tooltip")
    tip.wait_for(state="visible")
    assert link.get_attribute("aria-describedby") == tip.get_attribute("id")
    tab.keyboard.press("Escape")
    tip.wait_for(state="detached")
    assert link.evaluate("link => link === document.activeElement")


@pytest.mark.parametrize("disk", [False, True])
def test_full_text_search_finds_a_page_without_a_network(visit, disk):
    seen = visit("search.html?q=margin", disk=disk)
    found = seen.tab.locator("#search-results li a")
    found.first.wait_for()
    addresses = found.evaluate_all("links => links.map((link) => link.href)")
    assert any("01_dml" in address for address in addresses)
    assert seen.elsewhere == []


def test_a_verdict_can_be_chosen_with_the_keyboard(visit):
    tab = visit("book/claims.html").tab
    shown = tab.locator(".claim:visible")
    number = shown.count()
    tab.locator(".verdict-filter input[value=all]").focus()
    tab.keyboard.press("ArrowRight")
    chosen = tab.locator(".verdict-filter input:checked").get_attribute("value")
    assert chosen != "all"
    assert 0 < shown.count() < number
    assert shown.count() == tab.locator(f".claim.{chosen}").count()


def test_on_a_phone_every_verdict_of_a_chapter_is_on_the_screen(visit):
    tab = visit("notebooks/01_dml.html", width=390).tab
    verdicts = tab.locator("table.verdicts .sd-badge")
    boxes = verdicts.evaluate_all("all => all.map((one) => one.getBoundingClientRect().right)")
    assert len(boxes) > 5
    assert max(boxes) <= 390


def test_a_claim_leads_to_its_section_in_the_chapter(visit):
    tab = visit("book/claims.html").tab
    tab.locator("#dml-c6 a[href*='01_dml.html#evidence-dml-c6']").first.click()
    tab.wait_for_url("**/notebooks/01_dml.html#evidence-dml-c6")
    assert "Two margins, or one" in tab.locator("#evidence-dml-c6 ~ h3").first.inner_text()


def test_on_paper_folded_comparisons_lie_open_and_screen_things_are_gone(visit):
    tab = visit("book/claims.html").tab
    table = tab.locator(".claim details table").first
    assert not table.is_visible()
    tab.emulate_media(media="print")
    assert table.is_visible()
    assert not tab.locator(".verdict-filter").is_visible()
