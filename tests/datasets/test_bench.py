"""The bench: the same items at every scale, so that pixels and features are shared."""

import os
from pathlib import Path

import numpy as np
import pytest

from fashret_utils import datasets
from fashret_utils.data import Catalog
from fashret_utils.datasets import bench
from fashret_utils.scale import scale

COUNTS = {"smoke": (24, 8, 16), "quick": (600, 100, 300), "full": (2000, 300, 1000)}


def items(catalog, part):
    splits = {"train": "train", "val": "val", "test": ("query", "gallery")}
    return np.unique(catalog.where(split=splits[part]).item)


@pytest.mark.parametrize("name", ["wardrobe-garments", "wardrobe-shoes"])
def test_scales_are_nested_and_families_whole(name):
    loaded = {size: bench.load(name, size) for size in COUNTS}
    for size, catalog in loaded.items():
        found = tuple(len(items(catalog, part)) for part in bench.PARTS)
        assert found == COUNTS[size]
        _, members = np.unique(
            catalog.family[np.unique(catalog.item, return_index=True)[1]], return_counts=True
        )
        assert (members == 4).all()
        assert (np.bincount(catalog.item[catalog.domain == 0])[np.unique(catalog.item)] == 4).all()
        assert catalog.root.hash == loaded["full"].hash
    for small, large in (("smoke", "quick"), ("quick", "full")):
        for part in bench.PARTS:
            assert set(items(loaded[small], part)) <= set(items(loaded[large], part))
    assert bench.load(name, scale("gpu")).hash == loaded["full"].hash


def test_a_small_scale_draws_its_own_pictures_alone_and_a_larger_one_takes_them():
    small = bench.load("wardrobe-garments", "smoke").where(split="val")
    pixels = small.pixels(16)
    folder = Path(os.environ["FASHRET_CACHE"]) / "pixels"
    (file,) = folder.iterdir()
    full = bench.load("wardrobe-garments", "full")
    assert np.count_nonzero(np.fromfile(file, "<u8", len(full))) == len(small)
    place = [int(np.flatnonzero(full.source == s)[0]) for s in small.source[:5]]
    assert (full.take(place).pixels(16) == pixels[:5]).all()
    assert len(list(folder.iterdir())) == 1
    other = bench.load("wardrobe-garments", "smoke", gap=0.5)
    assert other.source.tolist() == bench.load("wardrobe-garments", "smoke").source.tolist()
    assert other.root.hash != full.hash


def test_fashion_mnist_street(tiny_fashion_mnist, monkeypatch):
    monkeypatch.setattr(bench, "ITEMS", {"smoke": (3, 2, 4), "full": (20, 8, 12)})
    full = bench.load("fashion-mnist-street", "full", tiny_fashion_mnist)
    small = bench.load("fashion-mnist-street", "smoke", tiny_fashion_mnist)
    assert [len(items(full, part)) for part in bench.PARTS] == [20, 8, 12]
    assert [len(items(small, part)) for part in bench.PARTS] == [3, 2, 4]
    assert len(small) == 9 * 4
    assert small.root.hash == full.hash


def test_a_closed_set_is_cut_by_photos(monkeypatch):
    rng = np.random.default_rng(0)
    item = np.concatenate([rng.integers(0, 5, 200), np.arange(5), np.arange(5)])
    split = np.array(["train", "query"])[rng.integers(0, 2, 200)]
    whole = Catalog(
        name="photos",
        item=item,
        domain=[0] * 200 + [1] * 10,
        split=[*split, *["train"] * 5, *["gallery"] * 5],
        category=[""] * 210,
        source=np.arange(210).astype(str),
        reader=lambda catalog, rows, size: None,
        licence="none",
        protocol="closed-set",
    )
    monkeypatch.setattr(datasets, "load", lambda name, root: whole)
    small = bench.load("grocery-store", "quick")
    assert (small.domain == 1).sum() == 10
    for part in ("train", "query"):
        for number in range(5):
            everything = whole.where(split=part, item=number, domain="street").source
            assert small.where(split=part, item=number, domain="street").source.tolist() == (
                everything[:12].tolist()
            )
    assert bench.load("grocery-store", "full") is whole


def test_items_with_queries_come_first(monkeypatch):
    whole = Catalog(
        name="photos",
        item=[1, 2, 3, 4, 4, 5, 6, 6],
        domain=[1, 1, 1, 0, 1, 1, 0, 1],
        split=[*["gallery"] * 3, "query", *["gallery"] * 2, "query", "gallery"],
        category=[""] * 8,
        source=np.arange(8).astype(str),
        reader=lambda catalog, rows, size: None,
        licence="none",
    )
    monkeypatch.setattr(datasets, "load", lambda name, root: whole)
    monkeypatch.setattr(bench, "ITEMS", {"smoke": (1, 1, 3), "full": (9, 9, 9)})
    assert bench.load("shop-views", "smoke").item.tolist() == [1, 4, 4, 6, 6]


def test_other_names_and_scales_are_refused():
    with pytest.raises(ValueError, match="'mnist' is not in the bench: choose one of wardrobe-ga"):
        bench.load("mnist")
    with pytest.raises(ValueError, match="unknown scale 'huge': choose one of smoke, quick, full"):
        bench.load("wardrobe-shoes", "huge")


def test_training_pictures_have_several_views():
    class Stem:
        identity, identities = "stem", ("stem",)

        def shapes(self, size):
            return ((1, size, size),)

    data = bench.load("wardrobe-garments", "smoke")
    train, query = (bench.bank(data.where(split=part), Stem()) for part in ("train", "query"))
    assert (train.views, query.views) == (bench.VIEWS, 1)
    assert train.size == query.size == 96
