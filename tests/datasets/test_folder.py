"""A user's own folder: <root>/<item>/<street|shop>/<picture>."""

import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from fashret_utils import datasets
from fashret_utils.datasets.reading.pictures import SUFFIXES


@pytest.fixture
def root(tmp_path, picture):
    for item in range(10):
        for name in ("street/1.jpg", "street/2.PNG", "shop/front.webp"):
            picture(f"own/item {item:02}/{name}", (20 * item, 0, 0))
    picture("own/lonely/street/1.jpg")
    (tmp_path / "own/item 00/street/notes.txt").write_text("not a picture file")
    (tmp_path / "own/item 00/.cache").mkdir()
    return tmp_path / "own"


def test_items_domains_and_splits(root):
    catalog = datasets.load("folder", root, val=0.1, test=0.3)
    assert len(catalog) == 31
    assert catalog.source[:3].tolist() == [
        "item 00/shop/front.webp",
        "item 00/street/1.jpg",
        "item 00/street/2.PNG",
    ]
    assert catalog.domain[:3].tolist() == [1, 0, 0]
    items = catalog.summary()["items"].to_dict()
    assert items == {
        ("train", "street"): 7,
        ("train", "shop"): 6,
        ("val", "street"): 1,
        ("val", "shop"): 1,
        ("query", "street"): 3,
        ("gallery", "shop"): 3,
    }
    assert catalog.where(item=10).split.tolist() == ["train"]  # without a shop picture
    assert catalog.pixels(8).shape == (31, 3, 8, 8)
    again = datasets.load("folder", root, val=0.1, test=0.3)
    assert again.hash == catalog.hash
    assert datasets.load("folder", root, val=0.1, test=0.3, seed=1).hash != catalog.hash


def test_errors(root, tmp_path):
    with pytest.raises(
        datasets.DataNotFoundError, match=r"no folder .*gone: expected <root>/<item"
    ):
        datasets.load("folder", tmp_path / "gone")
    (tmp_path / "empty").mkdir()
    with pytest.raises(datasets.DataNotFoundError, match=r"no picture in .*empty"):
        datasets.load("folder", tmp_path / "empty")
    with pytest.raises(ValueError, match="needs root=<folder>"):
        datasets.load("folder")
    with pytest.raises(ValueError, match=r"parts of the items, 0 to 1 together; not 0.6, 0.6"):
        datasets.load("folder", root, val=0.6, test=0.6)
    (root / "item 03/shops").mkdir()
    with pytest.raises(ValueError, match=r"item 03/shops: expected a folder named street or shop"):
        datasets.load("folder", root)


def test_broken_pictures(root):
    path = root / "item 04/street/1.jpg"
    path.write_text("broken")
    with pytest.raises(ValueError, match=r"item 04/street/1\.jpg: truncated, or not a picture"):
        datasets.load("folder", root).pixels(8)
    with pytest.warns(UserWarning, match=r"skipped 1 of 31 pictures: .*item 04/street/1\.jpg"):
        catalog = datasets.load("folder", root, on_error="skip")
    assert len(catalog) == 30
    assert datasets.verify("folder", root).damaged == ["item 04/street/1.jpg"]


characters = st.sampled_from(". _jpgstreet\n\u2028é") | st.characters(exclude_categories=["Cs"])
names = st.text(characters, min_size=1, max_size=9).filter(lambda n: not {"/", "\0"} & set(n))
names = names.filter(lambda name: name not in (".", ".."))
sides = st.sampled_from(["street", "shop", "Street", ".shop"]) | names
files = names | names.map(lambda name: f"{name}.JPG")


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(item=names | st.just("item 00"), side=sides, file=files)
def test_fuzz_a_file_is_catalogued_or_its_folder_named(root, attempt, item, side, file):
    path = root / item / side / file
    assume(not path.exists())
    new = next(place for place in (root / item, path.parent, path) if not place.exists())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    catalog, error = attempt(datasets.load, "folder", root)
    path.unlink() if new == path else shutil.rmtree(new)
    if item.startswith(".") or side.startswith("."):  # hidden
        assert len(catalog) == 31
    elif side not in ("street", "shop"):
        assert f"{path.parent}: expected a folder named street or shop" in error
    elif Path(file).suffix.lower() in SUFFIXES:
        assert len(catalog) == 32
        assert f"{item}/{side}/{file}" in catalog.source
    else:
        assert len(catalog) == 31
