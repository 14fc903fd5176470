"""Grocery Store: closed-set, phone photos against catalogue pictures."""

import os

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fashret_utils import datasets
from fashret_utils.data.columns import SHOP, STREET

HEADER = (
    "Class Name (str),Class ID (int),Coarse Class Name (str),Coarse Class ID (int),"
    "Iconic Image Path (str),Product Description Path (str)\n"
)


@pytest.fixture
def root(tmp_path, picture):
    folder = tmp_path / "grocery-store"
    products = [
        ("Fruit", "Apple", "Gala"),
        ("Packages", "Milk", "Arla"),
        ("Packages", "Milk", "Oat"),
    ]
    table, lists = HEADER, {"train": "", "val": "", "test": ""}
    for i, (category, coarse, name) in enumerate(products):
        iconic = f"iconic/{category}/{coarse}/{name}/{name}_Iconic.jpg"
        picture(f"grocery-store/{iconic}", (0, 80 * i, 0), quality=95)
        table += f"{name},{i},{coarse},{i},/{iconic},/none.txt\n"
        for part, n in (("train", 3), ("val", 1), ("test", 2)):
            for k in range(n):
                photo = f"{part}/{category}/{coarse}/{name}/{name}_{k}.jpg"
                picture(f"grocery-store/{photo}", (80 * i, 0, 0), size=(10, 14), quality=95)
                lists[part] += f"{photo}, {i}, {i}\n"
    (folder / "classes.csv").write_text(table)
    for part, lines in lists.items():
        (folder / f"{part}.txt").write_text(lines + "\n")
    return tmp_path


def test_protocol(root):
    catalog = datasets.load("grocery-store", root)
    assert catalog.protocol == "closed-set"
    summary = catalog.summary()
    assert summary["pictures"].tolist() == [9, 3, 3, 3, 6, 3]
    assert summary["seen_in_train"].tolist() == [3] * 6
    gallery, train = catalog.where(split="gallery"), catalog.where(split="train", domain=SHOP)
    assert gallery.source.tolist() == train.source.tolist()  # one catalogue picture a product
    assert gallery.item.tolist() == [0, 1, 2]
    assert gallery.category.tolist() == ["Fruit", "Packages", "Packages"]
    assert catalog.where(coarse="Milk", split="query").item.tolist() == [1, 1, 2, 2]
    assert np.abs(gallery.pixels(8)[:, 1, 4, 4].astype(int) - [0, 80, 160]).max() <= 3
    packages = datasets.load("grocery-store", root, subset="packages")
    assert packages.n_items == 2
    assert set(packages.category) == {"Packages"}
    with pytest.raises(ValueError, match="unknown subset 'milk': choose one of"):
        datasets.load("grocery-store", root, subset="milk")


def test_verify_and_malformed_lists(root):
    report = datasets.verify("grocery-store", root)
    assert report.complete
    assert report.found == 21
    (root / "grocery-store/test/Fruit/Apple/Gala/Gala_1.jpg").unlink()
    (root / "grocery-store/train/Fruit/Apple/Gala/Gala_0.jpg").write_bytes(b"x")
    report = datasets.verify("grocery-store", root)
    assert report.missing == ["test/Fruit/Apple/Gala/Gala_1.jpg"]
    assert report.damaged == ["train/Fruit/Apple/Gala/Gala_0.jpg"]
    lines = root / "grocery-store/val.txt"
    lines.write_text("val/a.jpg, 0, 0\nval/b.jpg, zero, 0\n")
    with pytest.raises(ValueError, match=r"val\.txt, line 2: expected path, class, coarse"):
        datasets.load("grocery-store", root)
    lines.write_text("val/a.jpg, 9, 0\n")
    with pytest.raises(ValueError, match=r"val\.txt, line 1: val/a\.jpg has a class that is"):
        datasets.load("grocery-store", root)
    lines.unlink()
    with pytest.raises(ValueError, match=r"lacks val\.txt: get it from"):
        datasets.load("grocery-store", root)


def test_malformed_products(root):
    path = root / "grocery-store/classes.csv"
    whole = path.read_text()
    for old, new, message in (
        ("Arla,1,", "Arla,one,", r"classes\.csv, line 3: expected a whole number, another"),
        ("Arla,1,", "Arla,0,", r"classes\.csv, line 3: expected a whole number, another"),
        ("/iconic/Packages/Milk/Oat/Oat_", "", r"line 4: expected a path with a folder for the"),
        ("Coarse Class Name (str)", "Coarse", r"lacks column 'Coarse Class Name"),
    ):
        assert old in whole
        path.write_text(whole.replace(old, new))
        with pytest.raises(ValueError, match=message):
            datasets.load("grocery-store", root)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    file=st.sampled_from(("classes.csv", "train.txt", "val.txt", "test.txt")),
    at=st.integers(0, 500),
    cut=st.integers(0, 6),
    new=st.text(st.sampled_from('0,1"\n\r /') | st.characters(), max_size=5),
)
@pytest.mark.filterwarnings("ignore")
def test_fuzz_damaged_lists_are_read_or_their_file_named(root, attempt, file, at, cut, new):
    path = root / "grocery-store" / file
    text = path.read_text()
    at %= len(text)
    path.write_bytes((text[:at] + new + text[at + cut :]).encode("utf-8", "surrogatepass"))
    catalog, error = attempt(datasets.load, "grocery-store", root)
    path.write_text(text)
    if error:
        assert file in error or error.startswith(("column", "street pictures", "Street pictures"))
    else:
        assert len(catalog.where(split="gallery")) <= 3
        assert len(catalog) <= 27 + len(new)


@pytest.mark.skipif(not os.environ.get("FASHRET_DATA"), reason="needs FASHRET_DATA, grocery-store")
def test_the_real_data_set():
    catalog = datasets.load("grocery-store")
    counts = {s: int((catalog.split == s).sum()) for s in ("train", "val", "query", "gallery")}
    assert counts == {"train": 2640 + 81, "val": 296 + 81, "query": 2485, "gallery": 81}
    assert datasets.load("grocery-store", subset="packages").n_items == 31
    assert len(catalog.attribute_values["coarse"]) == 43
    few = catalog.take(np.flatnonzero(catalog.domain == STREET)[:5])
    assert few.pixels(24).std() > 10
