"""MNIST: the layout of Fashion-MNIST, other files; neither is taken for the other."""

import gzip
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from fashret_utils import datasets
from fashret_utils.datasets import mnist


@pytest.fixture
def tiny_mnist(tiny_fashion_mnist):
    """A data root with mnist/ in the official layout: 30 train and 12 test digits."""
    shutil.move(tiny_fashion_mnist / "fashion-mnist", tiny_fashion_mnist / "mnist")
    return tiny_fashion_mnist


def test_catalogue_by_digit(tiny_mnist):
    catalog = datasets.load("mnist", tiny_mnist, query_pictures=4)
    assert [np.sum(catalog.split == s) for s in ("train", "query", "gallery")] == [30, 4, 8]
    assert catalog.item[25] == 5
    assert catalog.category[25] == "5"
    test = mnist.images(tiny_mnist / "mnist", "t10k")
    assert (catalog.where(split="query").pixels(28) == test[:4, None]).all()
    with pytest.raises(ValueError, match="query_pictures must be from 0 to 12, not 13"):
        datasets.load("mnist", tiny_mnist, query_pictures=13)


def test_labelled_images_keep_the_published_order(tiny_mnist):
    (train, labels), (test, _) = datasets.labelled_images("mnist", tiny_mnist)
    assert train.shape == (30, 28, 28)
    assert test.shape == (12, 28, 28)
    assert labels.tolist() == [i % 10 for i in range(30)]
    with pytest.raises(ValueError, match="'grocery-store' has no files of labelled images"):
        datasets.labelled_images("grocery-store", tiny_mnist)


def test_unpacked_files_are_read(tiny_mnist):
    folder = tiny_mnist / "mnist"
    expected = mnist.labels(folder, "train")
    for file in list(folder.iterdir()):
        file.with_suffix("").write_bytes(gzip.decompress(file.read_bytes()))
        file.unlink()
    assert (mnist.labels(folder, "train") == expected).all()
    assert mnist.verify(tiny_mnist).complete


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda raw: raw[:-9], "is damaged"),
        (lambda raw: raw[:10] + bytes([255] * 30) + raw[40:], "is damaged"),
        (lambda raw: gzip.compress(gzip.decompress(raw)[:-1]), "one label for each picture"),
        (lambda raw: gzip.compress(b"\0\0\x08\x03" + bytes(34)), "one label for each picture"),
    ],
)
def test_damaged_labels_are_named(tiny_mnist, damage, message):
    path = tiny_mnist / "mnist" / "train-labels-idx1-ubyte.gz"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ValueError, match=message) as error:
        datasets.load("mnist", tiny_mnist)
    assert path.name in str(error.value)


def test_verify_compares_md5(tiny_mnist):
    report = datasets.verify("mnist", tiny_mnist)
    assert len(report.damaged) == 4  # not the published files
    (tiny_mnist / "mnist" / "t10k-labels-idx1-ubyte.gz").unlink()
    report = datasets.verify("mnist", tiny_mnist)
    assert report.missing == ["t10k-labels-idx1-ubyte.gz"]
    assert "NOT complete" in str(report)


@pytest.mark.skipif(
    not os.environ.get("FASHRET_DATA"), reason="needs FASHRET_DATA with mnist, fashion-mnist"
)
def test_the_real_files(tmp_path):
    assert datasets.verify("mnist").complete
    (_, labels), (_, test) = datasets.labelled_images("mnist")
    assert labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert len(test) == 10_000
    shutil.copytree(Path(os.environ["FASHRET_DATA"]) / "fashion-mnist", tmp_path / "mnist")
    with pytest.raises(ValueError, match="is Fashion-MNIST's, whose files have the same names"):
        datasets.load("mnist", tmp_path)
