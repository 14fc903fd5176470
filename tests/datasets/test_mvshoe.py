"""MVShoe-style shoes: a manifest with views."""

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fashret_utils import datasets

NAME = "mvshoe"
HEADER = "image_path,item_id,domain,view,split,attr_heel,attr_toe"
LINES = [
    "a/s.jpg,boot 7,street,other,train,2,0",
    "a/p.jpg,boot 7,shop,left,train,2,-1",
    "b/s.jpg,clog,street,front,query,0,1",
    "b/p.jpg,clog,shop,right,gallery,-1,1",
    "b/q.jpg,clog,shop, top ,gallery,-1,1",
]


@pytest.fixture
def write(tmp_path, picture):
    for line in LINES:
        picture(f"{NAME}/{line.split(',')[0]}")

    def write(lines=LINES, header=HEADER):
        path = tmp_path / NAME / "manifest.csv"
        path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
        return path

    return write


def test_a_manifest_with_views(write, tmp_path):
    path = write()
    for root in (tmp_path, path.parent, path):
        catalog = datasets.load(NAME, root)
        assert catalog.name == NAME
        assert catalog.view.tolist() == ["other", "left", "front", "right", "top"]
        assert catalog.split.tolist() == ["train", "train", "query", "gallery", "gallery"]
        assert catalog.attributes.tolist() == [[2, 0], [2, -1], [0, 1], [-1, 1], [-1, 1]]
        assert catalog.attribute_values == {"heel": ("0", "1", "2"), "toe": ("0", "1")}
    report = datasets.verify(NAME, tmp_path)
    assert report.complete
    assert "street pictures: 2 (published: 9,800)" in str(report)
    assert "attributes: 2 (published: 31)" in str(report)
    assert "gallery shop" in str(report)


def test_blank_lines_and_line_breaks_in_quotes_are_counted(write, tmp_path):
    wrong = LINES[2].replace("front", "sole")
    write(["", LINES[0].replace("boot 7", '"boot\n7"'), "", "", wrong])
    with pytest.raises(ValueError, match=r"line 7, column 'view': 'sole' is wrong"):
        datasets.load(NAME, tmp_path)
    write(["", LINES[0], f"{LINES[1]},5"])
    with pytest.raises(ValueError, match=r"line 4: expected 7 fields, not 8, not 'a/p\.jpg"):
        datasets.load(NAME, tmp_path)
    write([*LINES, '"unfinished'])
    with pytest.raises(ValueError, match=r"is not a CSV file \(after line"):
        datasets.load(NAME, tmp_path)
    write(header="")
    (tmp_path / NAME / "manifest.csv").write_text("")
    with pytest.raises(ValueError, match="is not a CSV file with columns"):
        datasets.load(NAME, tmp_path)


def test_wrong_views_and_lines_are_named(write, tmp_path):
    write([*LINES[:2], LINES[2].replace("front", "sole")])
    with pytest.raises(ValueError, match=r"line 4, column 'view': 'sole' is wrong"):
        datasets.load(NAME, tmp_path)
    fields = [line.split(",") for line in (HEADER, *LINES)]
    header, *lines = (",".join(row[:3] + row[4:]) for row in fields)
    write(lines, header)
    with pytest.raises(ValueError, match=r"lacks column 'view': expected one of \('front'"):
        datasets.load(NAME, tmp_path)
    write([LINES[0].replace("street", "road")])
    with pytest.raises(ValueError, match=r"line 2, column 'domain': 'road' is wrong"):
        datasets.load(NAME, tmp_path)
    (write().parent / "b/q.jpg").unlink()
    with pytest.raises(ValueError, match=r"line 6: no file .*b/q\.jpg"):
        datasets.load(NAME, tmp_path)
    assert datasets.verify(NAME, tmp_path).missing == ["b/q.jpg"]


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    at=st.integers(0, 300),
    cut=st.integers(0, 5),
    new=st.text(st.sampled_from('a,"\n\r\0 -1é') | st.characters(), max_size=5),
)
@pytest.mark.filterwarnings("ignore")
def test_fuzz_a_damaged_manifest_is_read_or_its_fault_named(write, attempt, at, cut, new):
    path = write()
    text = path.read_text()
    at %= len(text)
    damaged = text[:at] + new + text[at + cut :]
    path.write_bytes(damaged.encode("utf-8", errors="surrogatepass"))
    catalog, error = attempt(datasets.load, NAME, path)
    if error:
        assert "manifest.csv" in error or error.startswith("column 'item'")
    else:
        named = {os.path.normpath(source) for source in catalog.source}  # "a/p.jpg/" is a/p.jpg
        assert named <= {line.split(",")[0] for line in LINES}
