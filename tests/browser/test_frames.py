"""Pages and the documents they frame agree on theme and height; print gets a figure instead."""

import pytest


@pytest.fixture(params=["served", "from-disk"])
def framed(request, visit, book):
    """A page with frames: the explorer's."""
    page = "book/explorer.html"
    if "_static/explorer/" not in (book / page).read_text(encoding="utf-8"):
        pytest.fail(f"{page} shows no explorer: its chapters left no embeddings")
    tab = visit(page, "dark", disk=request.param == "from-disk").tab
    tab.locator(".embed iframe").first.scroll_into_view_if_needed()
    tab.frame_locator(".embed iframe").first.locator("html[data-ready]").wait_for(state="attached")
    return tab


def test_a_frame_agrees_with_its_page_and_print_gets_a_figure(framed):
    inside = framed.frame_locator(".embed iframe").first
    for theme in ("dark", "light"):
        framed.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
        inside.locator(f"html[data-theme={theme}]").wait_for(state="attached")
    needed = inside.locator("main").evaluate("main => main.offsetHeight")
    framed.wait_for_function(
        f"Math.abs(document.querySelector('.embed iframe').clientHeight - {needed}) < 40"
    )
    frame, figure = framed.locator(".embed").first, framed.locator(".only-print").first
    assert frame.is_visible()
    assert not figure.is_visible()
    framed.emulate_media(media="print")
    assert not frame.is_visible()
    assert figure.is_visible()


def test_further_explorers_are_loaded_on_a_press(framed):
    waiting = framed.locator(".embed:has(button)")
    if waiting.count() == 0:
        pytest.skip("the book has one explorer")
    embed = waiting.first.element_handle()
    frame = embed.query_selector("iframe")
    assert not frame.is_visible()
    assert frame.get_attribute("src") is None
    framed.locator(".embed button").first.focus()
    framed.keyboard.press("Enter")
    inside = frame.content_frame()
    inside.wait_for_selector("html[data-ready]", state="attached")
    assert frame.is_visible()
    assert inside.locator("#found li").count() > 0
