"""The own-photo page: nothing is loaded before the click, then a photo gets a ranking."""

import re

import numpy as np
import pytest
from built_book import serious
from PIL import Image

PAGE = "_static/own-photo/index.html"


@pytest.fixture(params=["served", "from-disk"])
def seen(request, visit, book):
    """The page with its model loaded."""
    if not (book / PAGE).is_file():
        pytest.fail(
            "the book has no own-photo page: its chapters were executed before it could be made"
        )
    seen = visit(PAGE, disk=request.param == "from-disk")
    light = seen.weight
    seen.tab.click("#load")
    seen.tab.wait_for_selector("#work:not([hidden])")
    if request.param == "served":
        (said,) = {float(n) for n in re.findall(r"([\d.]+) MB", seen.tab.inner_text("#note"))}
        assert light < 100_000
        assert seen.weight - light == pytest.approx(1e6 * said, rel=0.02)
    yield seen
    assert seen.errors == []
    assert seen.elsewhere == []
    assert seen.failed == []


def ranking(tab):
    """The similarities in the order shown."""
    tab.wait_for_function(
        "document.getElementById('status').textContent.startsWith('The most similar')"
    )
    entries = tab.eval_on_selector_all("#ranks li", "all => all.map((entry) => entry.textContent)")
    return [float(entry.split(", ")[-1]) for entry in entries]


def test_a_photo_gets_a_ranking_that_everybody_can_read(seen, tmp_path):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is missing")
    seen.tab.locator("#samples button").first.click()
    similarities = ranking(seen.tab)
    assert len(similarities) == 8
    assert similarities == sorted(similarities, reverse=True)
    assert all(-1 <= value <= 1.001 for value in similarities)
    assert "what mattered most is at the" in seen.tab.get_attribute("#region", "aria-label")
    for theme in ("light", "dark"):
        seen.tab.evaluate(f"postMessage({{ theme: '{theme}' }}, '*')")
        seen.tab.wait_for_selector(f"html[data-theme={theme}]", state="attached")
        assert serious(axe.Axe().run(seen.tab)) == []
    ramp = np.linspace(0, 255, 300 * 200 * 3).reshape(200, 300, 3).astype(np.uint8)
    Image.fromarray(ramp).save(tmp_path / "photo.jpg")
    before = similarities
    seen.tab.set_input_files("#file", tmp_path / "photo.jpg")
    seen.tab.wait_for_function(
        f"!document.querySelector('#ranks li').textContent.endsWith(', {before[0]:.3f}')"
    )
    assert len(ranking(seen.tab)) == 8
    (tmp_path / "text.jpg").write_text("no picture")
    seen.tab.set_input_files("#file", tmp_path / "text.jpg")
    seen.tab.wait_for_function(
        "document.getElementById('status').textContent.includes('no picture the browser can read')"
    )
