"""A user's own folder: <root>/<item>/<street|shop>/<picture>."""

import os
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


def test_files_that_are_left_out_are_counted_and_named(root, picture):
    for name in ("street/b.avif", "street/IMG_1.HEIC", "loose.jpg", "shop/sub/b.jpg"):
        picture(f"own/item 01/{name}", format="JPEG")
    picture("own/new/street/only.heif", format="JPEG")
    with pytest.warns(UserWarning, match="left out") as said:
        catalog = datasets.load("folder", root)
    assert len(catalog) == 31
    told = [str(warning.message) for warning in said]
    assert [text[:40] for text in told] == [
        "left out 3 files whose endings are not r",
        "left out 2 files that are not directly i",
        "left out 1 folders of items, which have ",
    ]
    assert told[0].endswith(
        "item 01/street/IMG_1.HEIC, item 01/street/b.avif, new/street/only.heif"
    )
    report = str(datasets.verify("folder", root))
    assert all(report.count(f"remark: {text}") == 1 for text in told)


def test_what_systems_leave_beside_pictures_is_ignored(root, picture, recwarn):
    picture("own/item 01/street/._1.jpg")
    picture("own/__MACOSX/item 01/street/1.jpg")
    picture("own/item 01/@eaDir/1.jpg")
    picture("own/item 01/street/@eaDir/1.jpg/thumb.jpg")
    for name in ("Thumbs.db", "item 01/Thumbs.db", "item 01/street/desktop.ini", ".DS_Store"):
        (root / name).touch()
    assert len(datasets.load("folder", root)) == 31
    assert datasets.verify("folder", root).complete
    assert not recwarn.list


def test_a_jfif_is_a_jpeg(root, picture):
    picture("own/item 01/street/b.jfif", format="JPEG")
    assert len(datasets.load("folder", root)) == 32


def test_one_file_on_both_sides_is_named_and_in_two_splits_an_error(root):
    street = root / "lonely/street/1.jpg"
    (root / "lonely/shop").mkdir()
    (root / "lonely/shop/same.jpg").symlink_to(street)
    with pytest.warns(
        UserWarning, match=r"1 files are listed twice or on both sides: lonely/shop/s"
    ):
        datasets.load("folder", root, val=0, test=0)
    with pytest.raises(ValueError, match=r"same.jpg \(gallery\) and .*1.jpg \(query\) are one"):
        datasets.load("folder", root, val=0, test=1)
    assert "it cannot be loaded" not in str(datasets.verify("folder", root))


@pytest.mark.skipif(os.name != "posix", reason="names are text there")
def test_names_that_are_no_utf_8(root, picture):
    picture("own/caf\udce9/street/d\udce9j\udce0.jpg", (0, 200, 0))
    catalog = datasets.load("folder", root)
    assert len(catalog) == 32
    assert catalog.where(item=0).pixels(8)[0, :, 4, 4].tolist()[1] > 150
    (root / "caf\udce9/street/bad.jpg").write_text("no picture")
    report = datasets.verify("folder", root)
    assert report.damaged == ["caf\udce9/street/bad.jpg"]
    assert r"caf\udce9/street/bad.jpg" in str(report)
    assert str(report).encode()


characters = st.sampled_from(". _jpgstreet\n\u2028é") | st.characters(exclude_categories=["Cs"])
names = st.text(characters, min_size=1, max_size=9).filter(lambda n: not {"/", "\0"} & set(n))
names = names.filter(lambda name: name not in (".", ".."))
sides = st.sampled_from(["street", "shop", "Street", ".shop"]) | names
files = names | names.map(lambda name: f"{name}.JPG")


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.filterwarnings("ignore:left out")
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
