"""clothing-dataset-small: by category, and never the same sender on both sides of the test."""

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fashret_utils import datasets


@pytest.fixture
def root(tmp_path, picture):
    rows = ["path,split,label,image,sender_id"]
    senders = {"train": "11123", "validation": "12", "test": "77889"}
    for part, ids in senders.items():
        for k, sender in enumerate(ids):
            for label in ("dress", "t-shirt"):
                name = f"{part}-{label}-{k}"
                picture(f"clothing-dataset-small/{part}/{label}/{name}.jpg", (9 * k, 0, 0))
                rows.append(f"{part}/{label}/{name}.jpg,{part},{label},{name},{sender}")
    (tmp_path / "clothing-dataset-small/labels.csv").write_text("\n".join(rows) + "\n")
    return tmp_path


def test_gallery_is_the_largest_sender_and_query_the_others(root):
    catalog = datasets.load("clothing-dataset-small", root)
    assert catalog.protocol == "closed-set"
    assert catalog.summary()["pictures"].to_dict() == {
        ("train", "street"): 10,
        ("val", "street"): 4,
        ("query", "street"): 6,
        ("gallery", "street"): 4,  # senders 7 and 8 sent four each: the smaller name
    }
    assert {s.split("-")[-1] for s in catalog.where(split="gallery").source} == {"0.jpg", "1.jpg"}
    assert catalog.where(category="t-shirt").item.tolist() == [1] * 12


def test_senders_are_needed(root):
    (root / "clothing-dataset-small/labels.csv").unlink()
    with pytest.raises(ValueError, match=r"nothing tells who sent test/dress/test-dress-0\.jpg"):
        datasets.load("clothing-dataset-small", root)
    report = datasets.verify("clothing-dataset-small", root)
    assert report.complete
    assert "cannot be loaded: nothing tells who sent" in report.notes[-1]


def test_verify_knows_a_listed_photo_that_is_gone(root):
    (root / "clothing-dataset-small/train/dress/train-dress-0.jpg").unlink()
    report = datasets.verify("clothing-dataset-small", root)
    assert report.missing == ["train/dress/train-dress-0.jpg"]


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    at=st.integers(0, 2000),
    cut=st.integers(0, 6),
    new=st.text(st.sampled_from('7,8"\n\r /') | st.characters(), max_size=5),
)
def test_fuzz_a_damaged_list_of_senders_is_read_or_named(root, attempt, at, cut, new):
    path = root / "clothing-dataset-small/labels.csv"
    text = path.read_text()
    at %= len(text)
    path.write_bytes((text[:at] + new + text[at + cut :]).encode("utf-8", "surrogatepass"))
    catalog, error = attempt(datasets.load, "clothing-dataset-small", root)
    path.write_text(text)
    if error:
        assert "labels.csv" in error
    else:  # photos come from the folders; the list only says who sent them
        assert len(catalog) == 24


@pytest.mark.skipif(not os.environ.get("FASHRET_DATA"), reason="needs FASHRET_DATA, clothing-...")
def test_the_real_data_set():
    catalog = datasets.load("clothing-dataset-small")
    counts = {s: int((catalog.split == s).sum()) for s in ("train", "val", "query", "gallery")}
    assert counts == {"train": 3068, "val": 341, "query": 137, "gallery": 235}
    assert catalog.n_items == 10
    assert set(catalog.where(split="query").item) <= set(catalog.where(split="gallery").item)
