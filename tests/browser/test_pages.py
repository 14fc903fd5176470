"""Every page of the book: it loads by itself, nothing is broken, everybody can read it."""

from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import pytest

PROSE, CHAPTER = 6_000_000, 12_000_000  # bytes with all styles, scripts and pictures
SERIOUS = ("serious", "critical")


def test_the_address_of_the_site_leads_to_the_landing_page(visit):
    tab = visit("index.html").tab
    tab.wait_for_url("**/book/index.html")
    assert tab.locator("h1").count() == 1


def test_a_page_loads_without_errors_and_asks_nobody_else(visit, page):
    seen = visit(page)
    seen.tab.wait_for_load_state("networkidle")
    assert seen.errors == []
    assert seen.elsewhere == []
    assert seen.failed == []
    assert seen.weight < (CHAPTER if page.startswith("notebooks/") else PROSE)
    assert seen.tab.title()


def test_no_picture_is_broken_or_without_words(visit, page):
    pictures = visit(page).tab.evaluate(
        """async () => Promise.all([...document.images].map(async (image) => {
            image.loading = "eager";
            await image.decode().catch(() => {});
            return { source: image.src.slice(0, 200), width: image.naturalWidth, alt: image.alt };
        }))"""
    )
    assert [picture["source"] for picture in pictures if not picture["width"]] == []
    assert [picture["source"] for picture in pictures if not picture["alt"].strip()] == []


def test_no_link_within_the_book_is_broken(visit, page, book):
    tab = visit(page).tab
    links = tab.eval_on_selector_all(
        "a[href]", "links => links.map((link) => link.getAttribute('href'))"
    )
    broken = []
    for link in links:
        address, anchor = urldefrag(urljoin(page, link))
        if urlsplit(link).scheme or urlsplit(link).netloc:
            continue
        path = book / unquote(address or page)
        if not path.is_file():
            broken.append(link)
        elif anchor and path.suffix == ".html":
            content = path.read_text(encoding="utf-8")
            if not any(f'{name}="{unquote(anchor)}"' in content for name in ("id", "name")):
                broken.append(link)
    assert broken == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(visit, page, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is missing")
    tab = visit(page, scheme).tab
    if not page.startswith("_static"):
        assert tab.evaluate("document.documentElement.dataset.theme") == scheme
    found = axe.Axe().run(tab).response["violations"]
    serious = [
        f"{each['id']}: {node['target']} {node['html'][:120]}"
        for each in found
        if each["impact"] in SERIOUS
        for node in each["nodes"]
    ]
    assert serious == []


def test_a_phone_needs_no_sideways_scrolling(visit, page):
    tab = visit(page, width=390).tab
    wide = tab.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 1
