"""Pages and the documents they frame agree on theme and height; print gets a figure instead."""

import pytest


@pytest.fixture(params=["served", "from-disk"])
def framed(request, visit, book):
    """A page with a frame: the explorer's."""
    if not (book / "book/explorer.html").is_file():
        pytest.fail("the book has no page book/explorer.html")
    tab = visit("book/explorer.html", "dark", disk=request.param == "from-disk").tab
    tab.locator(".embed iframe").first.scroll_into_view_if_needed()
    tab.frame_locator(".embed iframe").first.locator("html[data-ready]").wait_for(state="attached")
    return tab


def test_the_frame_follows_the_theme_of_its_page(framed):
    inside = framed.frame_locator(".embed iframe").first
    for theme in ("dark", "light"):
        framed.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
        inside.locator(f"html[data-theme={theme}]").wait_for(state="attached")


def test_the_frame_is_as_high_as_what_is_in_it(framed):
    inside = framed.frame_locator(".embed iframe").first
    needed = inside.locator("main").evaluate("main => main.offsetHeight")
    framed.wait_for_function(
        f"Math.abs(document.querySelector('.embed iframe').clientHeight - {needed}) < 40"
    )


def test_print_shows_the_figure_in_place_of_the_frame(framed):
    frame, figure = framed.locator(".embed").first, framed.locator(".only-print").first
    assert frame.is_visible()
    assert not figure.is_visible()
    framed.emulate_media(media="print")
    assert not frame.is_visible()
    assert figure.is_visible()
