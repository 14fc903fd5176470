"""The explorer: what its document says of every query, and what it refuses."""

import io
import json
import re

import numpy as np
import pytest
from PIL import Image

from fashret_utils import chapters, datasets, explorer, retrieval
from fashret_utils.data.catalog import Catalog
from fashret_utils.data.columns import SHOP, STREET
from fashret_utils.evidence import records
from fashret_utils.explorer import document, pages

GREYS = np.linspace(0, 250, 18).astype(np.uint8)


def grey(catalog, rows, size):
    """A picture is one grey: its source."""
    levels = catalog.source[rows].astype(np.uint8)
    return np.broadcast_to(levels[:, None, None, None], (len(rows), 3, size, size)).copy()


def toy_catalog():
    """6 items: a street picture and two shop pictures each."""
    item = np.repeat(np.arange(6), 3)
    domain = np.tile([STREET, SHOP, SHOP], 6)
    return Catalog(
        name="toy",
        item=item,
        domain=domain,
        split=np.where(domain == STREET, "query", "gallery"),
        category=np.where(item < 3, "shirt", "skirt"),
        source=GREYS.astype(str),
        attributes=np.stack([item % 2, item % 3 - 1], axis=1),
        attribute_names=("category", "colour"),
        attribute_values={"category": ("shirt", "skirt"), "colour": ("red", "</script>")},
        reader=grey,
        licence="none",
    )


@pytest.fixture
def toy():
    """Query and gallery of the toy, embeddings of two methods, and places for them."""
    catalog = toy_catalog()
    query, gallery = catalog.where(split="query"), catalog.where(split="gallery")
    random = np.random.default_rng(0)
    shapes = ((6, 8), (12, 8))
    methods = {
        name: tuple(random.normal(size=shape).astype(np.float32) for shape in shapes)
        for name in ("first", "second")
    }
    places = {name: (q[:, :2], g[:, :2]) for name, (q, g) in methods.items()}
    return query, gallery, methods, places


def data(made):
    (text,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', made.html)
    return json.loads(text)


def test_ranks_and_first_hits_are_those_of_a_search(toy):
    query, gallery, methods, places = toy
    shown = data(explorer.explore(query, gallery, methods, k=5, layouts=places))
    assert shown["query"]["item"] == query.item.tolist()
    assert shown["gallery"]["category"] == gallery.category.tolist()
    for entry in shown["methods"]:
        similarities, order = retrieval.search(*methods[entry["name"]], len(gallery))
        assert entry["ranks"] == order[:, :5].tolist()
        np.testing.assert_allclose(entry["similarities"], similarities[:, :5], atol=6e-4)
        for row, first in enumerate(entry["first"]):
            hits = [r for r, other in enumerate(order[row], 1) if gallery.item[other] == row]
            assert first == hits[0]


def test_a_query_without_its_item_in_the_gallery_has_no_first_hit(toy):
    query, gallery, methods, places = toy
    some = np.flatnonzero(gallery.item != 4)
    methods = {name: (q, g[some]) for name, (q, g) in methods.items()}
    places = {name: (q, g[some]) for name, (q, g) in places.items()}
    shown = data(explorer.explore(query, gallery.take(some), methods, layouts=places))
    absent = [first is None for first in shown["methods"][0]["first"]]
    assert absent == [item == 4 for item in query.item]


def test_both_maps_fill_the_unit_square_and_keep_their_shape(toy):
    query, gallery, methods, places = toy
    for entry in data(explorer.explore(query, gallery, methods, layouts=places))["methods"]:
        for column, axis in enumerate("xy"):
            both = np.concatenate([entry["query"][axis], entry["gallery"][axis]])
            assert (both.min(), both.max()) == (0, 1)
            given = np.concatenate([side[:, column] for side in places[entry["name"]]])
            assert np.corrcoef(both, given)[0, 1] == pytest.approx(1, abs=1e-4)


def test_attributes_leave_out_the_category_and_cannot_end_the_script(toy):
    query, gallery, methods, places = toy
    made = explorer.explore(query, gallery, methods, layouts=places)
    assert data(made)["attributes"] == [{"name": "colour", "values": ["red", "</script>"]}]
    assert data(made)["query"]["attributes"] == [[item % 3 - 1] for item in range(6)]


def test_the_document_names_no_other_file(toy):
    query, gallery, methods, places = toy
    page = explorer.explore(query, gallery, methods, "A & B", layouts=places).html
    assert "<title>A &amp; B</title>" in page
    assert not re.search(r"<(script|link|img|iframe)[^>]+(src|href)=[\"'](?!data:)", page)


def test_a_document_above_4_mb_is_refused(toy, tmp_path, monkeypatch):
    query, gallery, methods, places = toy
    made = explorer.explore(query, gallery, methods, layouts=places)
    path = made.save(tmp_path / "explorer.html")
    assert path.read_text(encoding="utf-8") == made.html
    monkeypatch.setattr(document, "LIMIT", path.stat().st_size - 1)
    with pytest.raises(ValueError, match=r"weighs [\d,]+ bytes.*fewer queries"):
        made.save(tmp_path / "explorer.html")


def test_embeddings_must_fit_the_catalogue(toy):
    query, gallery, methods, places = toy
    with pytest.raises(ValueError, match="1 methods given; the explorer compares two"):
        explorer.explore(query, gallery, {"first": methods["first"]}, layouts=places)
    wrong = methods | {"second": (methods["second"][0][:5], methods["second"][1])}
    with pytest.raises(ValueError, match="second: 5 query embeddings for 6 rows"):
        explorer.explore(query, gallery, wrong, layouts=places)


def test_a_sprite_holds_each_picture_at_its_place():
    greys = np.arange(0, 250, 5, dtype=np.uint8)  # 50 pictures: more than a row
    pixels = np.broadcast_to(greys[:, None, None, None], (50, 3, 12, 12))
    made = explorer.sprite(pixels, side=8, quality=100)
    sheet = np.asarray(Image.open(io.BytesIO(made.data)))
    assert sheet.shape == (16, 320, 3)
    for i, level in enumerate(greys):
        y, x = 8 * (i // made.columns), 8 * (i % made.columns)
        assert abs(sheet[y + 4, x + 4].astype(int) - int(level)).max() <= 4
    with pytest.raises(ValueError, match="expected uint8"):
        explorer.sprite(pixels.astype(np.float32))
    with pytest.raises(ValueError, match=r"50 pictures of 9000 px do not fit .* at most 40"):
        explorer.sprite(pixels, side=9000)


def recorded(results, view, pictures):
    """Records of both arms of a view, with embeddings, as if made of these pictures."""
    vectors = np.eye(4, dtype=np.float32)
    items = np.arange(4)
    found = retrieval.evaluate(vectors, vectors, items, items, k=(1,), bootstrap=0)
    for arm in view.arms:
        about = {"chapter": view.chapter, "data": view.data, "arm": arm, "catalog_hash": pictures}
        record = records.new(found, **about, scale="smoke", seed=0)
        sides = {"query": vectors, "gallery": vectors, "query_items": items, "gallery_items": items}
        records.write(record, results, **sides)


def test_pages_are_made_of_the_embeddings_that_runs_left(tmp_path):
    (view, *_) = explorer.VIEWS
    assert explorer.from_records(view, tmp_path) is None
    page = explorer.write(tmp_path, tmp_path, tmp_path)
    assert "left no embeddings" in page.read_text()
    recorded(tmp_path, view, "other pictures")
    with pytest.raises(ValueError, match="is of other pictures than 01_dml loads now"):
        explorer.from_records(view, tmp_path)


def test_an_explorer_without_its_pictures_is_left_out_and_the_page_says_so(tmp_path, monkeypatch):
    (groceries,) = (view for view in explorer.VIEWS if view.data == "grocery-store")
    monkeypatch.delenv("FASHRET_DATA", raising=False)
    recorded(tmp_path, groceries, "phone photos")
    nothing = tmp_path / "nothing"
    with pytest.raises(datasets.DataNotFoundError, match="nothing"):
        explorer.from_records(groceries, tmp_path, str(nothing))
    page = explorer.write(tmp_path, tmp_path, tmp_path, str(nothing)).read_text()
    assert "Not shown: `grocery-store` was not found" in page
    assert "{doc}`datasets`" in page
    assert "<iframe" not in page


def test_embeddings_put_beside_records_make_an_explorer(toy, tmp_path):
    query, gallery, methods, _ = toy
    about = {"chapter": "01_dml", "data": "toy", "arms": ("first", "second")}
    view = explorer.View("toy", **about, title="Toy", caption="", load=lambda *_: toy_catalog())
    for arm, vectors in methods.items():
        found = retrieval.evaluate(*vectors, query.item, gallery.item, k=(1,), bootstrap=0)
        names = {"chapter": view.chapter, "data": view.data, "arm": arm, "scale": "smoke"}
        records.write(records.new(found, **names, seed=0), tmp_path)
        assert explorer.from_records(view, tmp_path) is None
        explorer.keep(tmp_path, found, *vectors, **names, seed=0)
        kept = records.read(records.path_of(tmp_path, **names, seed=0))
        assert kept.metrics["hit@1"] == pytest.approx(found.metrics["hit@1"])
    shown = data(explorer.from_records(view, tmp_path))
    for entry in shown["methods"]:
        path = records.path_of(tmp_path, **names | {"arm": entry["name"]}, seed=0)
        kept = records.embeddings(records.read(path), tmp_path)
        order = retrieval.search(kept["query"], kept["gallery"], 8)[1]
        assert entry["ranks"] == order.tolist()


def test_of_many_queries_some_are_shown_and_those_without_an_answer_left_out(
    toy, tmp_path, monkeypatch
):
    query, gallery, methods, _ = toy
    some = gallery.item != 4
    asked = query.item != 4
    catalog = toy_catalog()
    catalog = catalog.take((catalog.item != 4) | (catalog.split == "query"))
    view = explorer.View(
        "toy", "01_dml", "toy", ("first", "second"), "Toy", "", lambda *_: catalog, answerable=True
    )
    for arm, (q, g) in methods.items():
        q, g = q[asked], g[some]
        found = retrieval.evaluate(q, g, query.item[asked], gallery.item[some], k=(1,), bootstrap=0)
        names = {"chapter": view.chapter, "data": view.data, "arm": arm, "scale": "smoke"}
        records.write(records.new(found, **names, seed=0), tmp_path)
        explorer.keep(tmp_path, found, q, g, **names, seed=0)
    monkeypatch.setattr(pages, "QUERIES", 3)
    shown = data(explorer.from_records(view, tmp_path))
    assert shown["side"] == 96
    monkeypatch.setattr(pages, "LIMIT", 1)  # no side is light enough: the smallest
    shown = data(explorer.from_records(view, tmp_path))
    assert shown["side"] == 32
    assert shown["query"]["item"] == [0, 2, 5]
    assert shown["gallery"]["item"] == [item for item in gallery.item if item != 4]


def test_every_view_names_a_chapter_and_loads_its_data():
    for view in explorer.VIEWS:
        assert view.chapter in chapters.names()
        try:
            catalog = view.load(view, "smoke", "")
        except datasets.DataNotFoundError:
            continue  # real photos, not on every machine
        assert len(catalog.where(split="query")) > 0
