"""A user's CSV manifest: what it says is what the catalogue holds; errors name line and column."""

import csv
import os

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fashret_utils import datasets
from fashret_utils.data.columns import DOMAINS, SPLITS
from fashret_utils.data.decoding import PictureError
from fashret_utils.datasets.manifest import GAPS
from fashret_utils.datasets.reading.csv_lines import read_csv
from fashret_utils.datasets.reading.listed import item_numbers

HEADER = "image_path,item_id,domain,view,split,attr_heel,attr_toe\n"
LINES = [
    "a/s.jpg,boot 7,street,,train,2,0",
    "a/p.jpg,boot 7,shop,left,train,2,-1",
    "b/s.jpg,clog,street,front,query,0,1",
    "b/p.jpg,clog,shop,right,gallery,-1,1",
]


@pytest.fixture
def manifest(tmp_path, picture):
    for i, line in enumerate(LINES):
        picture(line.split(",")[0], (50 * i, 0, 0), quality=95)

    def write(lines=LINES, header=HEADER):
        (tmp_path / "shoes.csv").write_text(header + "\n".join(lines) + "\n")
        return tmp_path / "shoes.csv"

    return write


def test_columns_become_the_catalogue(manifest):
    catalog = datasets.load("manifest", manifest(), name="shoes", licence="mine")
    assert catalog.item.tolist() == [0, 0, 1, 1]
    assert catalog.domain.tolist() == [0, 1, 0, 1]
    assert catalog.split.tolist() == ["train", "train", "query", "gallery"]
    assert catalog.view.tolist() == ["", "left", "front", "right"]
    assert catalog.attribute_names == ("heel", "toe")
    assert catalog.attributes.tolist() == [[2, 0], [2, -1], [0, 1], [-1, 1]]
    assert np.abs(catalog.pixels(8)[:, 0, 4, 4].astype(int) - [0, 50, 100, 150]).max() <= 2


def test_an_exchanged_picture_is_read_again(manifest, picture):
    path = manifest()
    before = datasets.load("manifest", path)
    before.pixels(8)
    picture("b/p.jpg", (255, 255, 255), size=(14, 14))
    after = datasets.load("manifest", path)
    assert after.hash == before.hash  # the table is the same, its files are not
    assert after.pixels(8)[3].min() > 250


def broken(line, old, new):
    lines = list(LINES)
    assert old in lines[line]
    lines[line] = lines[line].replace(old, new)
    return lines


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (
            broken(1, "shop", "store"),
            r"line 3, column 'domain': 'store' is wrong, .*'street', 'sho",
        ),
        (broken(2, "query", "test"), r"line 4, column 'split': 'test' is wrong, expected one of"),
        (broken(0, "boot 7", " "), r"line 2, column 'item_id': '' is wrong, expected a value"),
        (broken(3, "gallery,-1", "gallery,x"), r"line 5, column 'attr_heel': 'x' is wrong"),
        (broken(3, "gallery,-1", "gallery,-2"), r"line 5, column 'attr_heel': '-2' is wrong"),
        (broken(1, "a/p.jpg", "a/q.jpg"), r"line 3: no file .*a/q\.jpg \(1 missing in all\)"),
        (["", *broken(1, "shop", "store")], r"line 4, column 'domain': 'store' is wrong"),
        (["", "", *broken(1, "a/p.jpg", "a/q.jpg")], r"line 5: no file .*a/q\.jpg"),
        (broken(2, "query", "query,"), r"line 4"),
        (broken(1, "a/p.jpg", r"a\p.jpg"), r"no file .*; its name has backslashes, .* write / in"),
        (broken(2, ",clog", ",1.2E+15"), r"line 4, column 'item_id': .* a spreadsheet rounded"),
        (broken(2, ",clog", ",NaN"), r"line 4, column 'item_id': 'NaN' .* not a missing value"),
        (
            broken(3, "b/p.jpg", "b/s.jpg"),
            r"line 4 \(query\) and shoes.csv, line 5 \(gallery\) are one file \(1 such in all\)",
        ),
        (broken(1, ",train", ",query"), "'item': '0' is in train .* and in query"),
    ],
)
def test_a_bad_line_is_named(manifest, lines, message):
    with pytest.raises(ValueError, match=message):
        datasets.load("manifest", manifest(lines))


def test_bad_columns_and_files(manifest, tmp_path):
    with pytest.raises(ValueError, match=r"lacks column 'image_path': it has \['path', 'item_id'"):
        datasets.load("manifest", manifest(header=HEADER.replace("image_path", "path")))
    with pytest.raises(ValueError, match="has an unknown column 'heel': expected image_path, item"):
        datasets.load("manifest", manifest(header=HEADER.replace("attr_heel", "heel")))
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(ValueError, match="is not a CSV file"):
        datasets.load("manifest", tmp_path / "empty.csv")
    with pytest.raises(datasets.DataNotFoundError, match=r"no manifest at .*gone\.csv: expected"):
        datasets.load("manifest", tmp_path / "gone.csv")
    with pytest.raises(ValueError, match="needs root=<CSV file>"):
        datasets.load("manifest")
    with pytest.raises(ValueError, match='must be "error" or "skip", not \'ignore\''):
        datasets.load("manifest", manifest(), on_error="ignore")


def test_bad_pictures_stop_or_are_skipped_and_listed(manifest, tmp_path):
    lines = [*LINES, "c/none.jpg,clog,street,,query,0,0"]
    (tmp_path / "b/p.jpg").write_bytes((tmp_path / "b/p.jpg").read_bytes()[:100])
    with pytest.raises(PictureError, match=r"b/p\.jpg: truncated"):
        datasets.load("manifest", manifest()).pixels(8)
    with pytest.warns(UserWarning, match=r"skipped 2 of 5 pictures: .*b/p\.jpg.*; .*c/none\.jpg"):
        catalog = datasets.load("manifest", manifest(lines), on_error="skip")
    assert catalog.source.tolist() == ["a/s.jpg", "a/p.jpg", "b/s.jpg"]
    report = datasets.verify("manifest", manifest(lines))
    assert not report.complete
    assert report.missing == ["c/none.jpg"]
    assert report.damaged == ["b/p.jpg"]


def test_a_file_in_two_splits_is_an_error_and_one_listed_twice_is_named(manifest, tmp_path):
    (tmp_path / "a/again.jpg").symlink_to(tmp_path / "a/p.jpg")
    lines = [*LINES, "a/again.jpg,boot 7,street,,train,2,0"]
    with pytest.warns(UserWarning, match=r"1 files are listed twice .* line 3 and shoes.csv, line"):
        datasets.load("manifest", manifest(lines))
    report = str(datasets.verify("manifest", manifest(lines)))
    assert "remark: 1 files are listed twice or on both sides: shoes.csv, line 3 and" in report
    assert "remark: 1 pictures are there under several names: a/again.jpg = a/p.jpg" in report
    closed = [*LINES, "b/p.jpg,clog,shop,,train,2,0"]  # what is searched is seen in training
    with pytest.raises(ValueError, match=r"line 5 \(gallery\) and shoes.csv, line 6 \(train\)"):
        datasets.load("manifest", manifest(closed))
    with pytest.warns(UserWarning, match="1 files are listed twice"):
        assert len(datasets.load("manifest", manifest(closed), protocol="closed-set")) == 5
    (tmp_path / "b/s.jpg").unlink()
    (tmp_path / "b/s.jpg").symlink_to(tmp_path / "b/p.jpg")
    with pytest.raises(ValueError, match=r"line 4 \(query\) and shoes.csv, line 5 \(gallery\)"):
        datasets.load("manifest", manifest(), protocol="closed-set")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.replace("clog", "caf\u00e9", 1).encode("cp1252"), r"line 4: '.*café.*UTF-8;"),
        (lambda t: t.encode("utf-16"), "line 1: the file is UTF-16; save it as UTF-8"),
        (lambda t: t.encode("utf-16-le"), "line 1: the file is UTF-16; save it as UTF-8"),
        (lambda t: f"sep=,\n{t}".encode(), "line 1: 'sep=,' is a spreadsheet's own mark: remove"),
        (lambda t: f"sep=;\n{t.replace(',', ';')}".encode(), "line 1: 'sep=;' is a spreadsheet"),
        (lambda t: t.replace(",", ";").encode(), r"line 1: 'image_path;item.*with commas"),
        (lambda t: t.replace(",", "\t").encode(), "line 1: .* parted by .*: save the file with"),
    ],
)
def test_tables_as_spreadsheets_save_them_get_the_line_and_what_to_do(manifest, change, message):
    path = manifest()
    path.write_bytes(change(path.read_text()))
    with pytest.raises(ValueError, match=message):
        datasets.load("manifest", path)


@given(
    before=st.lists(st.text(st.characters(codec="ascii", categories=["L", "N"])), max_size=6),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    word=st.text(st.characters(min_codepoint=0xC0, max_codepoint=0xFF), min_size=1, max_size=5),
)
def test_the_line_that_is_no_utf_8_is_the_true_one(tmp_path_factory, before, end, word):
    path = tmp_path_factory.mktemp("csv") / "any.csv"
    path.write_bytes(end.join([*before, word]).encode("cp1252"))
    with pytest.raises(ValueError, match=rf"any\.csv, line {len(before) + 1}: .* is no UTF-8"):
        read_csv(path)


def test_item_numbers():
    assert item_numbers(pd.Series(["30", "4", "30"])).tolist() == [30, 4, 30]
    assert item_numbers(pd.Series(["07", "7", "07"])).tolist() == [0, 1, 0]
    assert item_numbers(pd.Series(["b", "a", "4"])).tolist() == [2, 1, 0]


words = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=6)
words = words.filter(lambda word: word not in GAPS)


@settings(
    deadline=None, max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    rows=st.lists(
        st.tuples(words, st.sampled_from(DOMAINS), words, st.integers(-1, 9999)),
        min_size=1,
        max_size=8,
    ),
    splits=st.randoms(use_true_random=False),
)
def test_any_text_survives_the_csv_file(tmp_path, rows, splits):
    for row in range(len(rows)):
        (tmp_path / f"{row}.jpg").touch()
    split_of = {}
    for item, *_ in rows:
        split_of.setdefault(item, splits.choice(SPLITS))
    with open(tmp_path / "any.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["image_path", "item_id", "domain", "split", "category", "attr_a"])
        for row, (item, domain, category, value) in enumerate(rows):
            writer.writerow([f"{row}.jpg", item, domain, split_of[item], category, value])
    catalog = datasets.load("manifest", tmp_path / "any.csv")
    assert [DOMAINS[d] for d in catalog.domain] == [r[1] for r in rows]
    assert catalog.category.tolist() == [r[2] for r in rows]
    assert catalog.attributes[:, 0].tolist() == [r[3] for r in rows]
    names = [r[0] for r in rows]
    same = np.array(names)[:, None] == np.array(names)
    assert ((catalog.item[:, None] == catalog.item) == same).all()


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    at=st.integers(0, 300),
    cut=st.integers(0, 5),
    new=st.text(st.sampled_from('a,"\n\r\0 -1é') | st.characters(), max_size=5),
)
@pytest.mark.filterwarnings("ignore")
def test_fuzz_a_damaged_manifest_is_read_whole_or_refused(manifest, attempt, at, cut, new):
    path = manifest()
    text = path.read_text()
    at %= len(text)
    damaged = text[:at] + new + text[at + cut :]
    path.write_bytes(damaged.encode("utf-8", errors="surrogatepass"))
    catalog, error = attempt(datasets.load, "manifest", path)
    if error:
        assert path.name in error or error.startswith("column 'item'")
    else:
        named = {os.path.normpath(source) for source in catalog.source}  # "a/p.jpg/" is a/p.jpg
        assert named <= {line.split(",")[0] for line in LINES}
