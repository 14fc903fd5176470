"""The own-photo page: nothing is loaded before the click, then a photo gets a ranking."""

import json

import numpy as np
import pytest
from built_book import serious
from PIL import Image

PAGE = "_static/own-photo/index.html"


@pytest.fixture(params=["served", "from-disk"])
def seen(request, visit, book):
    """The page with its first model loaded."""
    if not (book / PAGE).is_file():
        pytest.fail(
            "the book has no own-photo page: its chapters were executed before it could be made"
        )
    seen = visit(PAGE, disk=request.param == "from-disk")
    light, said = seen.weight, megabytes(seen.tab.inner_text("#load"))
    seen.tab.click("#load")
    seen.tab.wait_for_selector("#load", state="hidden")
    if request.param == "served":
        assert light < 100_000
        assert seen.weight - light == pytest.approx(said, rel=0.02)
    yield seen
    assert seen.errors == []
    assert seen.elsewhere == []
    assert seen.failed == []


def megabytes(text):
    """The bytes that a text like "Load the model (4.2 MB)" speaks of."""
    return 1e6 * float(text.rpartition("(")[2].removesuffix(" MB)"))


def ranking(tab):
    """The similarities in the order shown."""
    tab.wait_for_function(
        "document.getElementById('status').textContent.startsWith('The most similar')"
    )
    last = "all => all.map((entry) => entry.lastChild.textContent)"
    return [float(text) for text in tab.eval_on_selector_all("#ranks li", last)]


def test_a_photo_gets_a_ranking_that_everybody_can_read(seen, tmp_path):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is missing")
    seen.tab.locator("#samples button").first.click()
    similarities = ranking(seen.tab)
    assert len(similarities) == 8
    assert similarities == sorted(similarities, reverse=True)
    assert all(-1 <= value <= 1.001 for value in similarities)
    seen.tab.wait_for_selector("#region[aria-label*='what mattered most is at the']")
    for theme in ("light", "dark"):
        seen.tab.evaluate(f"postMessage({{ theme: '{theme}' }}, '*')")
        seen.tab.wait_for_selector(f"html[data-theme={theme}]", state="attached")
        assert serious(axe.Axe().run(seen.tab)) == []
    ramp = np.linspace(0, 255, 300 * 200 * 3).reshape(200, 300, 3).astype(np.uint8)
    Image.fromarray(ramp).save(tmp_path / "photo.jpg")
    before = similarities
    seen.tab.set_input_files("#file", tmp_path / "photo.jpg")
    seen.tab.wait_for_function(
        f"!document.querySelector('#ranks li').textContent.endsWith('{before[0]:.3f}')"
    )
    assert len(ranking(seen.tab)) == 8
    (tmp_path / "text.jpg").write_text("no picture")
    seen.tab.set_input_files("#file", tmp_path / "text.jpg")
    seen.tab.wait_for_function(
        "document.getElementById('status').textContent.includes('no picture the browser can read')"
    )


def test_a_model_is_loaded_when_it_is_chosen_and_searches_with_the_same_photo(seen):
    tab = seen.tab
    models = json.loads(tab.text_content("#about"))["models"]
    if len(models) == 1:
        pytest.skip("the book has one model")
    tab.locator("#samples button").first.click()
    ranking(tab)
    models.sort(key=lambda model: model["name"] != tab.input_value("#model"))  # the loaded one
    weights = {model["name"]: model["weight"] for model in models[1:]}
    for name, weight in {**weights, models[0]["name"]: 0}.items():
        before, light = tab.inner_html("#ranks"), seen.weight
        tab.select_option("#model", name)
        tab.wait_for_function(
            "before => document.getElementById('ranks').innerHTML !== before", arg=before
        )
        assert len(ranking(tab)) == 8
        assert tab.locator("#samples button").count() > 0
        if tab.url.startswith("http"):
            assert seen.weight - light == weight


def test_pictures_of_the_readers_own_are_searched_kept_and_forgotten(seen, tmp_path):
    tab, shop = seen.tab, tmp_path / "shop"
    (shop / "shirts").mkdir(parents=True)
    colours = ("red", "green", "blue", "white", "black", "orange", "purple", "yellow", "gray")
    for number, colour in enumerate(colours):
        place = shop / "shirts" if number % 2 else shop
        Image.new("RGB", (90 + number, 120), colour).save(place / f"{colour}.png")
    (shop / "torn.jpg").write_text("no picture")
    (shop / "prices.txt").write_text("red, 10")
    tab.set_input_files("#shop-folder", shop)
    tab.wait_for_function("document.getElementById('shop-status').textContent.includes('are kept')")
    said = tab.inner_text("#shop-status")
    assert said.startswith(f"{len(colours)} pictures of yours are kept in this browser.")
    assert "no pictures: torn.jpg." in said
    assert tab.input_value("#place") == "own"
    tab.set_input_files("#file", shop / "blue.png")
    assert ranking(tab)[0] == pytest.approx(1, abs=2e-3)
    assert "is shop/blue.png" in tab.inner_text("#status")
    tab.reload()
    tab.click("#load")
    tab.wait_for_selector("#load", state="hidden")
    assert tab.inner_text("#shop-status").startswith(f"{len(colours)} pictures")
    assert tab.locator("#place option").all_inner_texts()[-1] == f"your own shop ({len(colours)})"
    tab.click("#forget")
    tab.wait_for_function(
        "document.getElementById('shop-status').textContent.includes('forgotten')"
    )
    assert "own" not in tab.locator("#place").inner_text()
