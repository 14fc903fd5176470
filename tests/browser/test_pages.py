"""Every page of the book: it loads by itself, nothing is broken, everybody can read it."""

from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import pytest
from built_book import serious

PROSE, CHAPTER = 6_000_000, 12_000_000  # bytes with all styles, scripts and pictures
PHONE = 390  # pixels
WIDER = """async () => {  // a plot takes a moment to fit a window that was made narrow
    const wider = () => document.documentElement.scrollWidth - innerWidth;
    for (let turn = 0; turn < 50 && wider() > 1; turn++)
        await new Promise((done) => setTimeout(done, 100));
    return wider();
}"""
LINE = 92  # characters of a chapter's code that fit the column of a desktop window
CUT = """(most) => [...document.querySelectorAll(".cell_input pre")]
    .filter((code) => code.scrollWidth > code.clientWidth + 1)
    .map((code) => code.textContent.split("\\n"))
    .filter((lines) => Math.max(...lines.map((line) => [...line].length)) <= most)
    .map((lines) => lines[0])"""
# Formulas are MathJax's, thousands of elements a chapter; axe does not fetch styles a second time.
WHERE = {"exclude": [["mjx-container"]]}
OPTIONS = {"resultTypes": ["violations"], "preload": False}
CONTRAST = OPTIONS | {"runOnly": ["color-contrast", "link-in-text-block"]}


def test_the_address_of_the_site_leads_to_the_landing_page(visit):
    tab = visit("index.html").tab
    tab.wait_for_url("**/book/index.html")
    assert tab.locator("h1:visible").count() == 1


def test_a_page_is_whole_and_readable(visit, page, book):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is missing")
    seen = visit(page)
    tab = seen.tab
    tab.wait_for_load_state("networkidle")
    budget = CHAPTER if page.startswith("notebooks/") else PROSE
    found = {
        "heavier than its budget": [seen.weight] if seen.weight > budget else [],
        "no title": [] if tab.title() else [page],
        "pictures broken": pictures(tab, "!image.naturalWidth"),
        "pictures without words": pictures(tab, "!image.alt.trim()"),
        "links broken": broken_links(tab, page, book),
        "code cut": tab.evaluate(CUT, LINE),
    }
    for scheme, options in (("light", OPTIONS), ("dark", CONTRAST)):  # in the dark, colours alone
        tab.emulate_media(color_scheme=scheme)
        tab.wait_for_selector(f"html[data-theme={scheme}]", state="attached")
        found[f"axe, {scheme}"] = serious(axe.Axe().run(tab, WHERE, options))
    tab.set_viewport_size({"width": PHONE, "height": 800})
    wide = tab.evaluate(WIDER)
    found["wider than a phone, in pixels"] = [wide] if wide > 1 else []
    found["errors in the console"] = seen.errors
    found["requests to elsewhere"] = seen.elsewhere
    found["requests without an answer"] = seen.failed
    assert {name: each for name, each in found.items() if each} == {}


def pictures(tab, broken):
    """The addresses of a page's pictures of which `broken` holds."""
    return tab.evaluate(
        f"""async () => {{
            const images = [...document.images];
            await Promise.all(images.map((image) => {{
                image.loading = "eager";
                return image.decode().catch(() => {{}});
            }}));
            return images.filter((image) => {broken}).map((image) => image.src.slice(0, 200));
        }}"""
    )


def broken_links(tab, page, book):
    """A page's links within the book that lead to no file or to no place in it."""
    links = tab.eval_on_selector_all(
        "a[href]", "links => links.map((link) => link.getAttribute('href'))"
    )
    broken = []
    for link in dict.fromkeys(links):
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
    return broken
