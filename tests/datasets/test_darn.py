"""DARN in ASEN's lists: retrieval of pictures by the value of an attribute."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fashret_utils import datasets
from fashret_utils.data.columns import SHOP, STREET

NAME = "darn"
META = {
    "DARN": {
        "ATTRIBUTES": ["clothes category", "sleeve length"],
        "ATTRIBUTES_NUM": {"clothes category": 3, "sleeve length": 2},
    },
    "FashionAI": {"ATTRIBUTES": [], "ATTRIBUTES_NUM": {}},
}
LISTS = {
    "filenames_train": [f"1{i}/p{i}.jpg" for i in range(4)],
    "filenames_valid": ["20/v0.jpg", "21/v1.jpg"],
    "filenames_test": [f"3{i}/t{i}.jpg" for i in range(4)],
    "label_train": ["0 0 2 1 1", "1 0 0", "2 1 0 0 2", "3 1 1"],
    "query_valid": ["0 0 1"],
    "candidate_valid": ["1 0 1"],
    "query_test": ["0 0 2", "1 1 0", "0 0 2"],
    "candidate_test": ["2 0 2", "3 0 1", "2 1 0", "1 0 0"],
}


@pytest.fixture
def write(tmp_path):
    def write(name, lines):
        path = tmp_path / f"data/DARN/{name}.txt"
        path.write_text("\n".join([*lines, ""]), encoding="utf-8")
        return path

    return write


@pytest.fixture
def root(tmp_path, picture, write):
    for part in ("train", "valid", "test"):
        for i, name in enumerate(LISTS[f"filenames_{part}"]):
            picture(f"data/DARN/{name}", (30 * i, 0, 0), quality=95)
    for name, lines in LISTS.items():
        write(name, lines)
    (tmp_path / "data/meta.json").write_text(json.dumps(META))
    return tmp_path / "data"


def test_an_item_is_a_value_of_the_attribute(root):
    catalog = datasets.load(NAME, root)
    assert catalog.name == "darn-clothes-category"
    assert catalog.protocol == "closed-set"
    train = catalog.where(split="train")
    assert train.source.tolist() == ["10/p0.jpg", "11/p1.jpg", "12/p2.jpg"]
    assert train.item.tolist() == [2, 0, 2]
    assert train.domain.tolist() == [STREET, SHOP, STREET]
    query, gallery = catalog.where(split="query"), catalog.where(split="gallery")
    assert query.source.tolist() == ["30/t0.jpg"]  # listed twice, once a query
    assert gallery.source.tolist() == ["32/t2.jpg", "33/t3.jpg", "31/t1.jpg"]
    assert gallery.item.tolist() == [2, 1, 0]
    assert set(gallery.domain) == {SHOP}
    assert catalog.where(split="val").domain.tolist() == [STREET, SHOP]
    assert gallery.attributes.tolist() == [[2, 0], [1, -1], [0, 0]]  # of all lists of the part
    assert train.attributes.tolist() == [[2, 1], [0, -1], [2, 0]]
    sleeves = datasets.load(NAME, root, attribute="sleeve length")
    assert sleeves.where(split="query").source.tolist() == ["31/t1.jpg"]
    with pytest.raises(ValueError, match="unknown attribute 'colour': choose one of"):
        datasets.load(NAME, root, attribute="colour")


def test_pictures_as_downloaders_name_them(root):
    folder = root / "DARN"
    (folder / "images").mkdir()
    for old in list(folder.glob("*/*.jpg")):
        old.rename(folder / f"images/{old.parent.name}_{old.name}.jpg")
    catalog = datasets.load(NAME, root)
    assert catalog.source[0] == "images/10_p0.jpg.jpg"
    assert abs(int(catalog.where(split="gallery").pixels(4)[1, 0, 2, 2]) - 90) < 4


def test_verify_counts(root, write):
    write("query_test", [*LISTS["query_test"], "2 0 2"])
    (root / "DARN/11/p1.jpg").unlink()
    report = datasets.verify(NAME, root)
    assert report.missing == ["11/p1.jpg"]
    for line in (
        "pictures: 10 (published: 214,619)",
        "sleeve length: 2 values; 3 train, 0 query_valid, 0 candidate_valid, 1 query_test",
        "remark: 1 pictures are query and candidate",
    ):
        assert line in str(report)
    with pytest.warns(UserWarning, match="left out 1 of"):
        assert "11/p1.jpg" not in datasets.load(NAME, root, on_error="missing").source


@pytest.mark.parametrize(
    ("name", "lines", "message"),
    [
        ("label_train", ["0 0 2", "9 0 1"], r"label_train\.txt, line 2: expected a file below 4"),
        ("label_train", ["0 0 2", "1 0"], r"label_train\.txt, line 2: .*and more such pairs"),
        ("label_train", ["0 0 3"], r"label_train\.txt, line 1: .* a value of it"),
        ("label_train", ["0 2 0"], r"label_train\.txt, line 1: .* an attribute below 2"),
        ("label_train", ["0 0 1", "0 0 2"], r"line 2: expected the value of an earlier line"),
        ("query_test", ["0 0 1 1 1"], r"query_test\.txt, line 1: expected a file below 4"),
        ("query_test", ["0 0 x"], r"query_test\.txt, line 1"),
        ("filenames_test", ["a.jpg", "", "b.jpg"], r"filenames_test\.txt, line 2: expected a path"),
        ("filenames_test", ["../a.jpg"], r"filenames_test\.txt, line 1: expected a path below"),
    ],
)
def test_a_wrong_line_is_named(root, write, name, lines, message):
    write(name, lines)
    with pytest.raises(ValueError, match=message):
        datasets.load(NAME, root)


def test_a_wrong_or_missing_meta_file(root):
    for text in ("[]", "{", '{"DARN": {"ATTRIBUTES": ["a"]}}', "[" * 100_000):
        (root / "meta.json").write_text(text)
        with pytest.raises(ValueError, match=r"meta\.json: expected"):
            datasets.load(NAME, root)
    (root / "meta.json").unlink()
    with pytest.raises(ValueError, match="part of ASEN's meta package"):
        datasets.load(NAME, root)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(sorted(LISTS)),
    at=st.integers(0, 99),
    cut=st.integers(0, 3),
    new=st.text(st.sampled_from("0123 -\n\r\0x/.") | st.characters(), max_size=4),
)
@pytest.mark.filterwarnings("ignore")
def test_fuzz_a_damaged_list_is_read_or_its_line_named(root, write, attempt, name, at, cut, new):
    path = write(name, LISTS[name])
    text = path.read_text()
    at %= len(text)
    damaged = text[:at] + new + text[at + cut :]
    path.write_bytes(damaged.encode("utf-8", errors="surrogatepass"))
    catalog, error = attempt(datasets.load, NAME, root, on_error="missing")
    write(name, LISTS[name])
    if error is None:
        pictures = sum(len(LISTS[f"filenames_{part}"]) for part in ("train", "valid", "test"))
        assert len(set(catalog.source)) <= pictures
    elif not error.startswith("column 'source'"):  # a street picture named in two parts
        assert ", line " in error
