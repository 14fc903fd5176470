"""Street2Shop: boxes of street photos against the shop photos of their category."""

import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from fashret_utils import datasets
from fashret_utils.data.columns import SHOP, STREET
from fashret_utils.datasets import street2shop

NAME = "street2shop"


def box(left, top, width, height):
    return {"width": width, "top": top, "height": height, "left": left}


def street(photo, product, *where):
    return {"photo": photo, "product": product, "bbox": box(*where)}


def shop(*pairs):
    return [{"photo": photo, "product": product} for photo, product in pairs]


LISTS = {
    "train_pairs_dresses": [street(1, 7, 2, 3, 4, 5), street(1, 7, 6.5, 3.0, 4.0, 114.0)],
    "test_pairs_dresses": [street(2, 8, 0, 0, 20, 10), street(2, 9, 0, 10, 20, 10)],
    "retrieval_dresses": shop((11, 7), (12, 7), (13, 8), (14, 9), (15, 99), (13, 8)),
    "train_pairs_bags": [street(8288, 4916, 5, 5, 0, 0), street(3, 8, 0, 0, 9, 9)],
    "test_pairs_bags": [street(98538, 7, 0, 0, 9, 9), street(4, 7, -3, -2, 9, 9)],
    "retrieval_bags": shop((21, 8), (22, 7), (23, 4916)),
}


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / NAME
    (folder / "photos").mkdir(parents=True)
    (folder / "meta/json").mkdir(parents=True)
    for name, entries in LISTS.items():
        (folder / f"meta/json/{name}.json").write_text(json.dumps(entries))
    for photo in (1, 2, 3, 4, 11, 12, 13, 14, 15, 21, 22, 23):
        suffix = "png" if photo == 14 else "jpg"  # addresses end in anything
        image = Image.new("RGB", (20, 20), (photo * 10, 0, 0))
        image.paste("white", (0, 10, 20, 20))
        image.save(folder / f"photos/{photo:09}.{suffix}")
    lines = ["000000001,http://a/b.jpg", "000000002,http://a/b,c,d.jpg?x=1,2", ""]
    (folder / "photos/photos.txt").write_text("\n".join(lines))
    return tmp_path


def load(root, **options):
    options = {"categories": ("bags", "dresses")} | options
    return datasets.load(NAME, root, **options)


pytestmark = pytest.mark.filterwarnings("ignore:left out 1", "ignore:.*listed twice")


def test_queries_are_boxes_and_the_gallery_is_the_category(root):
    catalog = load(root)
    query = catalog.where(split="query")
    assert query.where(category="dresses").source.tolist() == ["000000002.jpg"] * 2
    assert query.where(category="dresses").box.tolist() == [[0, 0, 20, 10], [0, 10, 20, 20]]
    assert query.pixels(8)[-2:, 1, 4, 4].tolist() == pytest.approx([0, 255], abs=9)
    gallery = catalog.where(split="gallery")
    names = {category: gallery.where(category=category).source for category in ("bags", "dresses")}
    assert sorted(names["dresses"]) == [
        f"{n:09}.{'png' if n == 14 else 'jpg'}" for n in range(11, 16)
    ]
    assert sorted(names["bags"]) == ["000000021.jpg", "000000022.jpg", "000000023.jpg"]
    train = catalog.where(split="train")
    assert train.where(domain=STREET).source.tolist() == ["000000003.jpg"] + ["000000001.jpg"] * 2
    assert train.where(domain=STREET, category="dresses").box.tolist()[1] == [6.5, 3, 10.5, 117]
    assert sorted(train.where(domain=SHOP).source) == [
        *("000000011.jpg", "000000012.jpg", "000000021.jpg", "000000023.jpg")
    ]


def test_product_numbers_are_unique_only_in_their_category(root):
    catalog = load(root)
    bags, dresses = (catalog.where(category=c) for c in ("bags", "dresses"))
    assert not set(bags.item) & set(dresses.item)  # both have products 7 and 8
    query, gallery = dresses.where(split="query"), dresses.where(split="gallery")
    right = (query.item[:, None] == gallery.item).sum(1)
    assert right.tolist() == [1, 1]
    assert set(query.item % 10**9) == {8, 9}
    again = gallery.where(source=("000000011.jpg", "000000012.jpg")).item
    assert len(set(again)) == 1  # training product 7, under a number that no query has
    assert not set(again) & set(dresses.where(split="train").item)


def test_other_galleries_and_options(root):
    unseen = load(root, gallery="unseen").where(split="gallery", category="dresses")
    assert sorted(unseen.source) == ["000000013.jpg", "000000014.png", "000000015.jpg"]
    matched = load(root, gallery="matched").where(split="gallery", category="dresses")
    assert sorted(matched.source) == ["000000013.jpg", "000000014.png"]
    assert load(root, crop=False).where(split="query").pixels(8)[-2:, 1, 1, 4].max() < 9
    assert load(root, categories="dresses").where(split="query").n_items == 2
    held = load(root, val=1.0, gallery="unseen")
    assert held.where(split="val").n_items == 2
    assert held.where(split="train", domain=STREET).n_items == 0
    with pytest.raises(ValueError, match="unknown category 'shoes': choose one of"):
        load(root, categories="shoes")
    with pytest.raises(ValueError, match="unknown gallery 'test'"):
        load(root, gallery="test")
    with pytest.raises(ValueError, match=r"no file .*train_pairs_belts\.json"):
        load(root, categories="belts")


def test_empty_boxes_broken_photos_and_repeats_are_reported(root):
    with pytest.warns(UserWarning, match="dresses: 1 shop photos listed twice") as caught:
        catalog = load(root)
    said = [str(warning.message) for warning in caught]
    assert any("1 boxes without area; photo 000008288" in text for text in said)
    assert any("1 rows of broken photos; photo 000098538" in text for text in said)
    (clamped,) = catalog.where(split="query", category="bags").box
    assert clamped.tolist() == [0, 0, 6, 7]


def test_older_unpacking_and_dead_addresses(root):
    folder = root / NAME
    (folder / "meta/json").rename(folder / "json")
    (folder / "meta/meta").mkdir()
    (folder / "json").rename(folder / "meta/meta/json")
    (folder / "photos").rename(folder / "images")
    assert len(load(root).where(split="query")) == 3
    (folder / "images/000000013.jpg").unlink()
    (folder / "images/000000015.jpg").write_bytes(b"<html>gone</html>")
    with pytest.raises(ValueError, match=r"no file .*000000013\.jpg \(1 of 18 pictures"):
        load(root)
    with pytest.warns(UserWarning, match="1 of 3 queries show an item that is not in the gallery"):
        catalog = load(root, on_error="skip")
    assert "000000015.jpg" not in catalog.source


def test_addresses_are_split_at_the_first_comma(root):
    found = street2shop.addresses(root)
    assert found == {1: "http://a/b.jpg", 2: "http://a/b,c,d.jpg?x=1,2"}
    path = root / NAME / "photos/photos.txt"
    for line in ("x,http://a", "000000003", "000000003, ", "1,http://other"):
        path.write_text(f"000000001,http://a/b.jpg\n{line}\n")
        with pytest.raises(ValueError, match=r"photos\.txt, line 2: expected"):
            street2shop.addresses(root)


def test_verify_counts_boxes(root):
    (root / NAME / "photos/000000003.jpg").unlink()
    report = datasets.verify(NAME, root)
    assert report.missing == ["000000003.jpg"]
    for line in (
        "no lists of belts",
        "bags, boxes of train: 2 (published: 579)",
        "dresses, boxes of test: 2 (published: 3,292)",
        "shop photos in lists: 9 (published: 404,683)",
        "addresses: 2",
        "remark: left out 1 boxes without area",
    ):
        assert line in str(report)


@pytest.mark.parametrize(
    ("name", "entries", "message"),
    [
        ("train_pairs_bags", [street(1, 2, 0, 0, 1, 1), {"photo": 1}], r"bags\.json, entry 2: exp"),
        ("train_pairs_bags", [street(1, 2, 0, 0, "w", 1)], r"bags\.json, entry 1: expected"),
        ("train_pairs_bags", [street(1, 2, 0, 0, float("nan"), 1)], r"entry 1: expected"),
        ("train_pairs_bags", [street(1, 2, 0, 0, 1e300, 1)], r"entry 1: expected"),
        ("retrieval_bags", shop((1, 2), (-1, 2)), r"entry 2: expected"),
        ("retrieval_bags", [{"photo": True, "product": 2}], r"entry 1: expected"),
        ("retrieval_bags", {"photo": 1, "product": 2}, r"expected a list of photos, not dict"),
        ("test_pairs_bags", [street(9, 8, 0, 0, 1, 1)], r"entry 1: product 8 is in train as well"),
    ],
)
def test_a_wrong_entry_is_named(root, name, entries, message):
    path = root / NAME / f"meta/json/{name}.json"
    path.write_text(json.dumps(entries))
    with pytest.raises(ValueError, match=message):
        load(root)
    path.write_text("[" * 100_000)
    with pytest.raises(ValueError, match=rf"{name}\.json is not JSON"):
        load(root)


values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 10**12) | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)
boxes = st.fixed_dictionaries(
    {edge: st.integers(-9, 99) | values for edge in ("left", "top", "width", "height")}
)
entries = st.fixed_dictionaries(
    {"photo": st.integers(1, 20) | values, "product": st.integers(1, 9)}, optional={"bbox": boxes}
)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(list(LISTS)), found=st.lists(entries, max_size=4) | values)
@pytest.mark.filterwarnings("ignore")
def test_fuzz_lists_are_read_whole_or_the_entry_named(root, attempt, name, found):
    path = root / NAME / f"meta/json/{name}.json"
    path.write_text(json.dumps(found))
    catalog, error = attempt(load, root, on_error="missing")
    path.write_text(json.dumps(LISTS[name]))
    if error:
        assert f"{name}.json" in error or "is in train as well" in error
    else:
        assert isinstance(found, list)
        assert np.isfinite(catalog.box).all()


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.sampled_from("01,9 h:/\n\r\0é"), max_size=40))
def test_fuzz_addresses(root, attempt, text):
    path = root / NAME / "photos/photos.txt"
    path.write_bytes(text.encode())
    found, error = attempt(street2shop.addresses, root)
    if error:
        assert "photos.txt, line " in error
    else:
        lines = [line.partition(",") for line in text.split("\n") if line.strip()]
        assert found == {int(photo): address.strip() for photo, _, address in lines}
