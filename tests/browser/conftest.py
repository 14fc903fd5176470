"""A built book in a real browser: `FASHRET_BOOK=_build/html pytest tests/browser`, after a build.

Needs Chromium or Chrome on the machine; FASHRET_CHROMIUM names another one. A page is loaded once
for all that is checked of it, and a browser that hangs is ended, so that a run takes minutes.
"""

import os
import shutil
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import psutil
import pytest
from built_book import BOOK, REASON, pages

PATIENCE = 30_000  # milliseconds for one step; only a broken page takes as long
LIMIT = 120  # seconds for a test; then the browser is ended, and with it the test


def pytest_generate_tests(metafunc):
    """Every test that asks for a `page` runs for each of the book's."""
    if "page" in metafunc.fixturenames:
        metafunc.parametrize("page", pages())


@pytest.fixture(scope="session")
def book():
    """The folder of the built book."""
    if BOOK is None:
        pytest.skip(REASON)
    if not (BOOK / "index.html").is_file():
        pytest.fail(f"FASHRET_BOOK={BOOK} holds no index.html: run `make book`")
    return BOOK


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        """Say nothing of each request."""


@pytest.fixture(scope="session")
def site(book):
    """The address of a static server of the book."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=book))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


@pytest.fixture(scope="session")
def playwright(book):
    """What starts browsers."""
    api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    with api.sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def program(playwright):
    """The browser's program."""
    names = ("chromium", "chromium-browser", "google-chrome")
    found = os.environ.get("FASHRET_CHROMIUM") or next(filter(None, map(shutil.which, names)), "")
    if not found:
        pytest.skip(f"no browser on this machine: looked for {', '.join(names)}")
    return found


@pytest.fixture(scope="session")
def started():
    """The browser that runs now, if one does."""
    browsers = []
    yield browsers
    for browser in browsers:
        browser.close()


@pytest.fixture
def chromium(playwright, program, started):
    """A running browser; it is ended when a test takes longer than LIMIT."""
    if not started or not started[0].is_connected():
        # without a sandbox, since containers often have no user namespaces; only our pages open
        options = {"args": ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]}
        started[:] = [playwright.chromium.launch(executable_path=program, **options)]
    watch = threading.Timer(LIMIT, _end_browsers)
    watch.start()
    yield started[0]
    watch.cancel()


def _end_browsers():
    """Kill this process's browsers: what waits for them raises then."""
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            if "chrom" in child.name():
                child.kill()


@dataclass
class Visit:
    """An open page, and what went on while it was open."""

    tab: object
    errors: list[str] = field(default_factory=list)  # in the console, or uncaught
    elsewhere: list[str] = field(default_factory=list)  # requests to other hosts
    failed: list[str] = field(default_factory=list)  # requests without a good answer
    weight: int = 0  # bytes of all answers


@pytest.fixture
def visit(chromium, site, book):
    """Open a page: `visit("book/index.html", scheme="dark", width=390, disk=True)`."""
    contexts = []

    def go(page, scheme="light", width=1280, *, disk=False):
        contexts.append(
            chromium.new_context(
                color_scheme=scheme,
                viewport={"width": width, "height": 900},
                reduced_motion="reduce",
            )
        )
        tab = contexts[-1].new_page()
        tab.set_default_timeout(PATIENCE)
        seen = Visit(tab)
        home = book.as_uri() if disk else site
        address = page if "://" in page else f"{home.rstrip('/')}/{page}"

        def console(message):
            if message.type in ("error", "warning"):
                seen.errors.append(f"{message.type}: {message.text}")

        def request(made):
            if not made.url.startswith((home, address, "data:", "blob:", "about:")):
                seen.elsewhere.append(made.url[:200])

        def response(got):
            if got.status >= 400:
                seen.failed.append(f"{got.status} {got.url}")
            if got.url.startswith("http"):  # blobs are made from what came before
                seen.weight += int(got.headers.get("content-length", 0))

        tab.on("console", console)
        tab.on("pageerror", lambda error: seen.errors.append(str(error)))
        tab.on("request", request)
        tab.on("requestfailed", lambda made: seen.failed.append(f"{made.failure} {made.url}"))
        tab.on("response", response)
        tab.goto(address, wait_until="load")
        return seen

    yield go
    for context in contexts:
        if chromium.is_connected():
            context.close()
