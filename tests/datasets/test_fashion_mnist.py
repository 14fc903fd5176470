"""Fashion-MNIST's files, and retrieval by category on them."""

import gzip
import os
import shutil

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fashret_utils import datasets
from fashret_utils.datasets import fashion_mnist
from fashret_utils.datasets.reading import places


def test_catalogue_by_category(tiny_fashion_mnist):
    catalog = datasets.load("fashion-mnist", tiny_fashion_mnist, val_pictures=5, query_pictures=4)
    assert catalog.protocol == "closed-set"
    counts = {s: int((catalog.split == s).sum()) for s in ("train", "val", "query", "gallery")}
    assert counts == {"train": 25, "val": 5, "query": 4, "gallery": 8}
    assert catalog.category[:3].tolist() == ["t-shirt/top", "trouser", "pullover"]
    assert catalog.item[25] == 5
    pixels = catalog.pixels(28)
    folder = tiny_fashion_mnist / "fashion-mnist"
    test = fashion_mnist.images(folder, "t10k")
    assert (pixels[30:] == test[:, None]).all()  # grey on three channels
    with pytest.raises(ValueError, match="query_pictures must be from 0 to 12, not 13"):
        datasets.load("fashion-mnist", tiny_fashion_mnist, val_pictures=5, query_pictures=13)


def test_unpacked_files_and_the_folder_itself_are_found(tiny_fashion_mnist, tmp_path):
    raw = tmp_path / "other" / "FashionMNIST" / "raw"
    raw.mkdir(parents=True)
    for file in (tiny_fashion_mnist / "fashion-mnist").iterdir():
        (raw / file.stem).write_bytes(gzip.decompress(file.read_bytes()))
    options = {"val_pictures": 5, "query_pictures": 4}
    expected = datasets.load("fashion-mnist", tiny_fashion_mnist, **options)
    for root in (tmp_path / "other", raw):
        catalog = datasets.load("fashion-mnist", root, **options)
        assert catalog.hash == expected.hash
        assert (catalog.pixels(28) == expected.pixels(28)).all()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda raw: raw[:-20], r"train-images-idx3-ubyte.gz is damaged"),
        (lambda raw: b"hello", r"train-images-idx3-ubyte.gz is damaged"),
        (lambda raw: raw[:10] + bytes([255] * 30) + raw[40:], r"ubyte.gz is damaged"),
        (lambda raw: gzip.compress(b"\0\0\x08\x03\0\0"), r"ubyte.gz is damaged: it ends within"),
        (lambda raw: gzip.compress(b"\0\0\x08\x01" + bytes(40)), "starts with 2049, expected 2051"),
        (lambda raw: gzip.compress(gzip.decompress(raw)[:-7]), "its header says .30, 28, 28."),
        (lambda raw: None, "lacks train-images-idx3-ubyte.gz: get it from github.com/zalandores"),
    ],
)
def test_damaged_files_are_named(tiny_fashion_mnist, damage, message):
    path = tiny_fashion_mnist / "fashion-mnist" / "train-images-idx3-ubyte.gz"
    raw = damage(path.read_bytes())
    if raw is None:
        path.rename(path.with_name("t10k-spare.gz"))
        (path.parent / "train-images-idx3-ubyte").mkdir()  # a folder in its place
    else:
        path.write_bytes(raw)
    with pytest.raises(ValueError, match=message):
        datasets.load("fashion-mnist", tiny_fashion_mnist)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, 30_000), cut=st.integers(0, 9), new=st.binary(max_size=9))
def test_fuzz_a_damaged_file_is_read_whole_or_named(tiny_fashion_mnist, attempt, at, cut, new):
    name, few = "train-images-idx3-ubyte.gz", {"val_pictures": 5, "query_pictures": 5}
    path = tiny_fashion_mnist / "fashion-mnist" / name
    raw = path.read_bytes()
    at %= len(raw)
    path.write_bytes(raw[:at] + new + raw[at + cut :])
    catalog, error = attempt(datasets.load, "fashion-mnist", tiny_fashion_mnist, **few)
    path.write_bytes(raw)
    if error:
        assert name in error
    else:  # bytes of the header of gzip may say anything
        assert len(catalog) == 42


def test_exchanged_files_are_read_anew(tiny_fashion_mnist):
    few = {"val_pictures": 5, "query_pictures": 5}
    assert datasets.load("fashion-mnist", tiny_fashion_mnist, **few).pixels(28).min() < 255
    path = tiny_fashion_mnist / "fashion-mnist" / "train-images-idx3-ubyte.gz"
    header = gzip.decompress(path.read_bytes())[:16]
    path.write_bytes(gzip.compress(header + b"\xff" * 30 * 28 * 28))
    catalog = datasets.load("fashion-mnist", tiny_fashion_mnist, **few)
    train = [source.startswith("train") for source in catalog.source]
    assert (catalog.pixels(28)[train] == 255).all()


def test_verify_compares_md5(tiny_fashion_mnist):
    report = datasets.verify("fashion-mnist", tiny_fashion_mnist)
    assert not report.complete  # tiny files are not the published ones
    assert len(report.damaged) == 4
    (tiny_fashion_mnist / "fashion-mnist" / "t10k-labels-idx1-ubyte.gz").unlink()
    report = datasets.verify("fashion-mnist", tiny_fashion_mnist)
    assert report.missing == ["t10k-labels-idx1-ubyte.gz"]
    assert "NOT complete" in str(report)
    assert "NOT as published" in str(report)


real = pytest.mark.skipif(
    not os.environ.get("FASHRET_DATA"), reason="needs FASHRET_DATA with fashion-mnist"
)


@real
def test_the_real_files(tmp_path):
    assert datasets.verify("fashion-mnist").complete
    catalog = datasets.load("fashion-mnist")
    assert len(catalog) == 70_000
    assert np.bincount(catalog.where(split=("query", "gallery")).item).tolist() == [1000] * 10
    mnist = places.data_root() / "mnist"
    if mnist.is_dir():
        shutil.copytree(mnist, tmp_path / "fashion-mnist")
        with pytest.raises(ValueError, match="is MNIST's"):
            datasets.load("fashion-mnist", tmp_path)
