"""Catalogue: validation names column and row, subsets share pixels, the cache survives damage."""

import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fashret_utils import datasets
from fashret_utils.data import cache, crops
from fashret_utils.data.catalog import Catalog
from fashret_utils.data.columns import SHOP, STREET
from fashret_utils.datasets import DataNotFoundError


class Painter:
    """A reader that paints a picture in a grey given by its source and counts what it paints."""

    identity = "painter"

    def __init__(self, painted=None, parallel=None):
        self.painted = painted if painted is not None else []
        self.parallel = parallel

    def __call__(self, catalog, rows, size):
        self.painted.extend(catalog.source[rows].tolist())
        grey = np.array([int(s) % 256 for s in catalog.source[rows]], dtype=np.uint8)
        return np.broadcast_to(grey[:, None, None, None], (len(rows), 3, size, size)).copy()


def columns(items=6, **changes):
    """Two street and one shop picture an item; items 0-2 train, 3 val, the others test."""
    item = np.repeat(np.arange(items), 3)
    domain = np.tile([STREET, STREET, SHOP], items)
    test = np.where(domain == STREET, "query", "gallery")
    values = {
        "name": "painted",
        "item": item,
        "domain": domain,
        "split": np.where(item < 3, "train", np.where(item == 3, "val", test)),
        "category": np.where(item % 2 == 0, "dress", "coat"),
        "source": [str(10 * i) for i in range(3 * items)],
        "attributes": np.stack([item % 3, item % 2 - 1], axis=1),
        "attribute_names": ("colour", "sleeve"),
        "attribute_values": {"colour": ("red", "green", "blue")},
        "attribute_parents": {"colour": {"red": "warm", "green": "cold", "blue": "cold"}},
        "reader": Painter(),
        "licence": "none",
    }
    return values | changes


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("FASHRET_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "pixels"


def test_columns_have_the_promised_types_and_defaults():
    catalog = Catalog(**columns())
    assert len(catalog) == 18
    assert catalog.n_items == 6
    types = [getattr(catalog, c).dtype.name for c in ("item", "domain", "attributes", "box")]
    assert types == ["int64", "int8", "int16", "float32"]
    assert catalog.box.shape == (18, 4)
    assert (catalog.box == -1).all()
    assert (catalog.family == -1).all()
    assert (catalog.view == "").all()
    with pytest.raises(ValueError, match="read-only"):
        catalog.item[0] = 5


def changed(column, row, value, n=18):
    """A column of a good catalogue with one bad value."""
    good = np.asarray(columns().get(column, np.full((n, 4), -1.0)), dtype=object)
    good[row] = value
    return {column: list(good) if good.ndim == 1 else np.array(good.tolist(), dtype=float)}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (changed("item", 7, -3), r"column 'item', row 7: -3 is wrong, expected 0 to"),
        (changed("item", 7, 1.5), r"column 'item', row 7: 1.5 is wrong, expected a whole number"),
        (changed("item", 2, "x"), r"column 'item', row 2: x is wrong, expected a whole number"),
        ({"item": np.repeat(np.arange(6.0), 3)}, r"column 'item', row 0: 0.0 is wrong, .*float64"),
        (changed("item", 7, None), r"column 'item', row 7: None is wrong, .*not a missing value"),
        (changed("item", 7, 2**63), r"column 'item', row 7: 9223372036854775808 is wrong"),
        ({"family": [0.5] * 18}, r"column 'family', row 0: 0.5 is wrong, expected a whole number"),
        (changed("domain", 4, 2), r"column 'domain', row 4: 2 is wrong, expected 0 to 1"),
        (changed("split", 5, "test"), r"column 'split', row 5: test is wrong, expected one of"),
        (changed("category", 3, None), r"column 'category', row 3: None is wrong, expected text"),
        (changed("source", 3, 12), r"column 'source', row 3: 12 is wrong, expected text"),
        (changed("box", 9, [5, 0, 5, 9]), r"column 'box', row 9: \[5.0, 0.0, 5.0, 9.0\] is wrong"),
        (changed("box", 1, [0, 0, np.nan, 1]), r"column 'box', row 1"),
        (changed("attributes", 8, [3, 0]), r"column 'attributes', row 8: 3 is wrong, .*'colour'"),
        (changed("attributes", 8, [0, -2]), r"column 'attributes', row 8: \[0.*-2.*expected -1 to"),
        ({"category": ["dress"]}, r"column 'category' has shape \(1,\), expected \(18,\)"),
        ({"attribute_names": ("colour",)}, r"'attributes' has shape \(18, 2\), expected \(18, 1\)"),
        ({"attribute_values": {"size": ("S",)}}, r"attribute_values names unknown .*'size'"),
        ({"attribute_parents": {"colour": {"red": "warm"}}}, r"lacks a group for \['blue', 'gr"),
        ({"protocol": "open"}, "protocol must be one of"),
    ],
)
def test_a_bad_value_is_named_with_its_column_and_row(changes, message):
    with pytest.raises(ValueError, match=message):
        Catalog(**columns(**changes))


def test_an_item_in_two_splits_is_refused():
    split = columns()["split"].copy()
    split[1] = "query"
    message = r"column 'item': '0' is in train \(row 0\) and in query \(row 1\); 1 such in all"
    with pytest.raises(ValueError, match=message):
        Catalog(**columns(split=split))
    assert len(Catalog(**columns(split=split, protocol="closed-set"))) == 18


def test_closed_set_still_refuses_a_shared_street_picture_but_not_a_shared_shop_picture():
    split = columns()["split"].copy()
    split[[1, 2]] = "query", "gallery"
    source = columns()["source"].copy()
    source[5] = source[2]  # a train and a gallery row of one shop picture
    assert len(Catalog(**columns(split=split, source=source, protocol="closed-set"))) == 18
    source[1] = source[0]
    with pytest.raises(ValueError, match=r"column 'source': '0' is in train .* and in query"):
        Catalog(**columns(split=split, source=source, protocol="closed-set"))


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_split_rule_agrees_with_a_loop(data):
    n = data.draw(st.integers(1, 12))
    item = data.draw(st.lists(st.integers(0, 4), min_size=n, max_size=n))
    split = data.draw(
        st.lists(st.sampled_from(["train", "val", "query", "gallery"]), min_size=n, max_size=n)
    )
    parts = {}
    for i, s in zip(item, split, strict=True):
        parts.setdefault(i, set()).add("test" if s in ("query", "gallery") else s)
    legal = all(len(p) == 1 for p in parts.values())
    values = {
        "name": "any",
        "item": item,
        "domain": [0] * n,
        "split": split,
        "category": [""] * n,
        "source": [str(i) for i in range(n)],
        "reader": Painter(),
        "licence": "none",
    }
    if legal:
        assert Catalog(**values).n_items == len(parts)
    else:
        with pytest.raises(ValueError, match=r"is in .* and in"):
            Catalog(**values)


def test_where_and_take():
    catalog = Catalog(**columns())
    assert catalog.where(split="query", domain=STREET).source.tolist() == [
        "120",
        "130",
        "150",
        "160",
    ]
    assert catalog.where(domain="shop", item=range(2)).source.tolist() == ["20", "50"]
    assert catalog.where(colour=("red", "blue"), split="val").source.tolist() == [
        "90",
        "100",
        "110",
    ]
    assert len(catalog.where(category={"dress"}, split=("query", "gallery"))) == 3
    assert len(catalog.where(category="hat")) == 0
    assert catalog.where(sleeve=-1).item.tolist() == [0] * 3 + [2] * 3 + [4] * 3
    assert catalog.take([3, -1]).source.tolist() == ["30", "170"]
    assert catalog.take(catalog.item == 2).take([1]).source.tolist() == ["70"]
    with pytest.raises(ValueError, match=r"no column or attribute 'color'.*colour, sleeve"):
        catalog.where(color="red")
    with pytest.raises(ValueError, match="split has no value 'test'"):
        catalog.where(split="test")
    with pytest.raises(IndexError, match="below 18"):
        catalog.take([18])


def test_large_items_stay_apart_and_are_found_exactly():
    item = 2**60 + columns()["item"]
    catalog = Catalog(**columns(item=list(item)))
    assert catalog.n_items == 6
    assert catalog.where(item=2**60 + 1).source.tolist() == ["30", "40", "50"]
    for wrong in (float(2**60), "0", [1, None]):
        with pytest.raises(ValueError, match=r"where\(item=\.\.\.\), row"):
            catalog.where(item=wrong)


def test_a_changed_subset_is_validated_and_has_pixels_of_its_own():
    subset = Catalog(**columns()).where(split="query")
    subset.pixels(4)
    with pytest.raises(ValueError, match="column 'category' has shape"):
        replace(subset, category=["dress"])
    grey = replace(subset, source=["7"] * 4)
    assert (grey.pixels(4) == 7).all()


def test_summary_counts():
    summary = Catalog(**columns()).summary()
    assert summary.loc[("train", "street")].tolist() == [6, 3, 2, 3]
    assert summary.loc[("gallery", "shop")].tolist() == [2, 2, 2, 0]
    split = np.where(columns()["domain"] == STREET, "query", "gallery")
    split[0] = "train"
    closed = Catalog(**columns(split=split, protocol="closed-set")).summary()
    assert closed.attrs["protocol"] == "closed-set"
    assert closed.loc[("gallery", "shop"), "seen_in_train"] == 1


def test_hash_follows_content_and_is_the_same_in_another_process():
    catalog = Catalog(**columns())
    assert catalog.hash == Catalog(**columns()).hash
    assert catalog.hash != replace(catalog, licence="other").hash
    for column in ("item", "domain", "category", "source", "attributes", "family"):
        values = getattr(catalog, column).copy()
        values[15] = {"item": 9, "domain": SHOP, "family": 4}.get(column, values[0])
        if column == "item":
            values[16:] = 9
        assert Catalog(**columns(**{column: values})).hash != catalog.hash, column
    # Text columns are as wide as their longest value; the width is not content.
    assert catalog.where(item=0).hash == Catalog(**columns(items=1)).hash
    code = "import test_catalog as t; print(t.Catalog(**t.columns()).hash)"
    there = subprocess.run(
        [sys.executable, "-c", code],
        cwd=os.path.dirname(__file__),
        env=os.environ | {"PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert there.stdout.strip() == catalog.hash


@pytest.mark.parametrize("parallel", [None, "threads", "processes"])
def test_pixels_are_the_readers(parallel, monkeypatch):
    monkeypatch.setattr(cache, "TRIAL_ROWS", 5)
    monkeypatch.setattr(cache, "PROCESSES_PAY_SECONDS", 0.0)
    catalog = Catalog(**columns(items=40, reader=Painter(parallel=parallel)))
    pixels = catalog.pixels(4, workers=2)
    assert pixels.shape == (120, 3, 4, 4)
    expected = np.array([10 * i % 256 for i in range(120)])
    assert (pixels == expected[:, None, None, None]).all()
    here = len(catalog.reader.painted)
    assert here == (10 if parallel == "processes" else 120)  # the others in worker processes
    rows = [7, 3, 3]
    assert (catalog.take(rows).pixels(4) == pixels[rows]).all()


def test_subsets_share_one_rendering_and_another_process_needs_none(folder):
    catalog = Catalog(**columns())
    query = catalog.where(split="query")
    query.pixels(4)
    assert sorted(catalog.reader.painted, key=int) == query.source.tolist()  # only what was asked
    catalog.pixels(4)
    catalog.where(split="gallery").pixels(4)
    assert sorted(catalog.reader.painted, key=int) == catalog.source.tolist()  # each once
    again = Catalog(**columns())
    assert (again.pixels(4) == catalog.pixels(4)).all()
    assert again.reader.painted == []
    assert len(list(folder.iterdir())) == 1
    again.pixels(5)
    assert len(again.reader.painted) == 18  # another size is another picture


@pytest.mark.parametrize("damage", ["truncate", "flip", "checksum", "empty"])
def test_a_damaged_cache_is_rebuilt(folder, damage):
    expected = Catalog(**columns()).pixels(4).copy()
    path = next(folder.iterdir())
    data = bytearray(path.read_bytes())
    if damage == "truncate":
        data = data[:-10]
    elif damage == "flip":
        data[-10] ^= 1  # in the last picture
    elif damage == "checksum":
        data[0] ^= 1
    else:
        data = bytearray()
    path.write_bytes(data)
    catalog = Catalog(**columns())
    assert (catalog.pixels(4) == expected).all()
    touched = {"flip": ["170"], "checksum": ["0"]}.get(damage, catalog.source.tolist())
    assert catalog.reader.painted == touched
    later = Catalog(**columns())
    assert (later.pixels(4) == expected).all()
    assert later.reader.painted == []


def test_a_large_store_is_checked_by_sample_and_then_in_full(folder, monkeypatch):
    monkeypatch.setattr(cache, "FULL_CHECK_BYTES", 100)
    monkeypatch.setattr(cache, "SAMPLED_ROWS", 9)
    expected = Catalog(**columns()).pixels(4).copy()
    path = next(folder.iterdir())
    data = bytearray(path.read_bytes())
    for row in range(12):
        data[4096 + 48 * row] ^= 1
    path.write_bytes(data)
    catalog = Catalog(**columns())
    assert (catalog.pixels(4) == expected).all()
    assert len(catalog.reader.painted) == 12


def test_a_reader_that_fails_half_way_leaves_only_whole_pictures(monkeypatch):
    monkeypatch.setattr(cache, "CHUNK_BYTES", 48 * 5)

    class Failing(Painter):
        def __call__(self, catalog, rows, size):
            if len(self.painted) >= 10:
                raise RuntimeError("broken picture")
            return super().__call__(catalog, rows, size)

    with pytest.raises(RuntimeError, match="broken picture"):
        Catalog(**columns(reader=Failing())).pixels(4)
    catalog = Catalog(**columns())
    assert catalog.pixels(4)[:, 0, 0, 0].tolist() == [10 * i for i in range(18)]
    assert 0 < len(catalog.reader.painted) < 18


def test_an_unwritable_cache_falls_back_to_memory(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("FASHRET_CACHE", str(tmp_path / "file"))
    catalog = Catalog(**columns())
    with pytest.warns(UserWarning, match=r"kept in memory, not cached: .*file.*FASHRET_CACHE"):
        pixels = catalog.pixels(4)
    assert pixels[:, 0, 0, 0].tolist() == [10 * i for i in range(18)]
    catalog.pixels(4)
    assert len(catalog.reader.painted) == 18


def test_a_full_disk_falls_back_to_memory(monkeypatch):
    monkeypatch.setattr(cache, "CHUNK_BYTES", 48 * 5)
    catalog = Catalog(**columns())
    write, calls = cache._write_all, []

    def full(file, data):
        calls.append(len(data))
        if len(calls) > 2:
            raise OSError(28, "No space left on device")
        write(file, data)

    monkeypatch.setattr(cache, "_write_all", full)
    with pytest.warns(UserWarning, match="No space left on device"):
        pixels = catalog.pixels(4)
    assert pixels[:, 0, 0, 0].tolist() == [10 * i for i in range(18)]


def test_two_processes_fill_one_cache():
    code = (
        "import sys, test_catalog as t\n"
        "c = t.Catalog(**t.columns(items=300))\n"
        "sys.stdin.readline()\n"
        "p = c.pixels(16)\n"
        "assert p[:, 0, 0, 0].tolist() == [10 * i % 256 for i in range(900)]\n"
    )
    start = dict(cwd=os.path.dirname(__file__), stdin=subprocess.PIPE, text=True)  # noqa: C408
    pair = [subprocess.Popen([sys.executable, "-c", code], **start) for _ in range(2)]
    for process in pair:
        process.stdin.write("go\n")
        process.stdin.flush()
    assert [process.wait() for process in pair] == [0, 0]
    catalog = Catalog(**columns(items=300))
    assert catalog.pixels(16)[:, 0, 0, 0].tolist() == [10 * i % 256 for i in range(900)]


def test_a_reader_of_wrong_shape_and_a_size_of_zero_are_refused():
    catalog = Catalog(**columns(reader=lambda catalog, rows, size: np.zeros((len(rows), 3))))
    with pytest.raises(ValueError, match=r"returned float64 \(18, 3\), expected uint8 \(18, 3, 4"):
        catalog.pixels(4)
    with pytest.raises(ValueError, match="size is a number of pixels >= 1, not 0"):
        catalog.pixels(0)


def test_a_reader_without_identity_is_not_cached_on_disk(folder):
    grey = 9
    catalog = Catalog(
        **columns(reader=lambda c, rows, size: np.full((len(rows), 3, size, size), grey, np.uint8))
    )
    assert (catalog.pixels(4) == 9).all()
    assert not folder.exists()


class Filed(Painter):
    """A reader of files, whose state is a number."""

    state = 0

    def fingerprint(self, catalog):
        return str(self.state)

    def __call__(self, catalog, rows, size):
        return np.full((len(rows), 3, size, size), self.state, dtype=np.uint8)


def test_wrapped_readers_pass_on_the_state_of_files():
    for state in (7, 9):  # the files are exchanged
        reader = Filed()
        reader.state = state
        catalog = Catalog(**columns(reader=reader))
        boxes = np.tile([0.0, 0, 4, 4], (len(catalog), 1))
        once = crops.cut(catalog, boxes, 8)
        for cut in (once, crops.cut(once, boxes, 8)):
            assert (cut.pixels(4) == state).all()


def test_a_cut_of_a_reader_without_identity_is_not_cached_on_disk(folder):
    reader = lambda catalog, rows, size: np.zeros((len(rows), 3, size, size), np.uint8)  # noqa: E731
    catalog = Catalog(**columns(reader=reader))
    cut = crops.cut(catalog, np.full((len(catalog), 4), -1), 8)
    assert cut.pixels(4).shape == (18, 3, 4, 4)
    assert not folder.exists()


def test_names_that_are_no_utf_8_have_a_hash():
    sources = [os.fsdecode(b"caf\xe9-%d" % i) for i in range(18)]
    assert len(Catalog(**columns(source=sources)).hash) == 32


def test_no_home_folder_is_no_obstacle(tmp_path, monkeypatch):
    for name in ("HOME", "USERPROFILE", "FASHRET_CACHE", "FASHRET_DATA", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)

    def nobody(uid):
        raise KeyError(uid)

    pwd = pytest.importorskip("pwd")
    monkeypatch.setattr(pwd, "getpwuid", nobody)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert cache.cache_folder().parent == tmp_path
    assert (Catalog(**columns()).pixels(4)[1] == 10).all()
    with pytest.raises(DataNotFoundError, match="or set FASHRET_DATA"):
        datasets.load("grocery-store")
    with pytest.raises(DataNotFoundError, match="no folder ~/shoes"):
        datasets.load("folder", "~/shoes")
