"""Street pictures of Fashion-MNIST: deterministic, each factor its own, nothing at strength 0."""

import os

import numpy as np
import pytest

from fashret_utils import datasets
from fashret_utils.data.columns import SHOP, STREET
from fashret_utils.datasets.fashion_mnist import images
from fashret_utils.datasets.fashion_mnist_street.scene import FACTORS, coverage

SMALL = {"train_items": 20, "val_items": 10, "test_items": 12}


def load(root, **options):
    return datasets.load("fashion-mnist-street", root, **{**SMALL, **options})


def test_items_and_splits(tiny_fashion_mnist):
    catalog = load(tiny_fashion_mnist, street_pictures=3)
    assert len(catalog) == 42 * 4
    assert catalog.n_items == 42
    summary = catalog.summary()["pictures"].to_dict()
    assert summary == {
        ("train", "street"): 60,
        ("train", "shop"): 20,
        ("val", "street"): 30,
        ("val", "shop"): 10,
        ("query", "street"): 36,
        ("gallery", "shop"): 12,
    }
    assert catalog.where(item=3).source.tolist() == [
        "3/street/0",
        "3/street/1",
        "3/street/2",
        "3/shop/0",
    ]
    assert set(catalog.where(split="val").item) == set(range(20, 30))
    assert set(catalog.where(split="query").item) == set(range(30, 42))
    assert catalog.where(item=31).category[0] == "trouser"
    with pytest.raises(ValueError, match=r"train_items \+ val_items = 31 .* holds 30 and 12"):
        load(tiny_fashion_mnist, train_items=21)


def test_shop_is_the_original_and_so_is_street_without_a_gap(tiny_fashion_mnist):
    catalog = load(tiny_fashion_mnist, gap=0)
    garments = images(tiny_fashion_mnist / "fashion-mnist", "t10k")
    shop = catalog.where(split="gallery").pixels(28)
    assert (shop == garments[:, None]).all()
    for size in (20, 32):
        pixels = catalog.pixels(size)
        street, shop = (pixels[catalog.domain == d] for d in (STREET, SHOP))
        assert (street.reshape(42, 2, 3, size, size) == shop[:, None]).all()


def test_a_picture_depends_on_seed_item_and_number_only(tiny_fashion_mnist):
    catalog = load(tiny_fashion_mnist)
    pixels = catalog.pixels(24)
    read = catalog.reader
    order = np.random.default_rng(0).permutation(len(catalog))
    assert (read(catalog, order, 24) == pixels[order]).all()
    alone = np.concatenate([read(catalog, np.array([row]), 24) for row in range(0, 126, 5)])
    assert (alone == pixels[::5]).all()
    fewer = load(tiny_fashion_mnist, train_items=5, street_pictures=1)
    assert (fewer.where(item=2).pixels(24)[0] == catalog.where(item=2).pixels(24)[0]).all()
    street = pixels[catalog.domain == STREET]
    flat = street.reshape(len(street), -1)
    assert len(np.unique(flat, axis=0)) == len(street)  # no two alike
    other = load(tiny_fashion_mnist, seed=1)
    assert other.hash != catalog.hash
    assert not (other.pixels(24)[0] == pixels[0]).all()


def test_street_pictures_are_these():
    """A fixed street picture, averaged over blocks; guards against a silent change of the data."""
    from fashret_utils.datasets.fashion_mnist_street.scene import street_pictures

    ramp = np.zeros((1, 28, 28), dtype=np.uint8)
    ramp[0, 4:24, 8:20] = np.arange(20)[:, None] * 10 + 50
    picture = street_pictures(
        ramp,
        np.array([True]),
        ramp,
        (0, np.array([5]), np.array([1])),
        dict.fromkeys(FACTORS, 1.0),
        32,
    )
    blocks = picture[0].reshape(3, 4, 8, 4, 8).mean((2, 4)).round().astype(int)
    assert abs(blocks - np.array(EXPECTED)).max() <= 1


EXPECTED = [
    [[134, 52, 33, 3], [193, 118, 102, 13], [115, 160, 161, 91], [105, 184, 198, 133]],
    [[162, 63, 40, 4], [232, 142, 123, 16], [138, 193, 195, 110], [127, 215, 235, 160]],
    [[137, 53, 34, 3], [197, 121, 104, 13], [117, 164, 165, 93], [108, 189, 203, 136]],
]


@pytest.mark.parametrize("factor", FACTORS)
def test_each_factor_changes_the_picture_alone_and_leaves_the_others_as_they_are(
    tiny_fashion_mnist, factor
):
    def street(**factors):
        catalog = load(tiny_fashion_mnist, gap=0, factors=factors)
        return catalog.where(split="query").pixels(32).astype(float)

    none, one, double = street(), street(**{factor: 1.0}), street(**{factor: 2.0})
    change = [abs(p - none).mean() for p in (one, double)]
    assert 1 < change[0] < change[1]
    if factor == "background":  # is behind the garment: full cloth stays
        assert (one[:, :, 10:22, 12:20] == none[:, :, 10:22, 12:20]).all()
    if factor == "light":  # the only factor with colour
        assert (one.std(1) > 0).any()
    else:
        assert (one.std(1) == 0).all()


def test_wrong_factors_are_refused(tiny_fashion_mnist):
    with pytest.raises(ValueError, match=r"'weather' = 1.0: expected one of background, pose"):
        load(tiny_fashion_mnist, factors={"weather": 1.0})
    with pytest.raises(ValueError, match=r"gap factor 'background' = 3.0: .* from 0 to 2"):
        load(tiny_fashion_mnist, gap=3)


def test_coverage_fills_white_cloth_but_not_the_space_between_legs_or_a_bags_handle():
    trousers = np.zeros((1, 28, 28), dtype=np.uint8)
    trousers[0, 2:6, 8:20] = 200
    trousers[0, 6:26, 8:13] = 200
    trousers[0, 6:26, 15:20] = 200
    trousers[0, 10:14, 9:12] = 0  # a white patch
    cover = coverage(trousers, np.array([True]))[0]
    assert cover[10:14, 9:12].min() == 1
    assert cover[8:26, 13:15].max() == 0
    assert cover[2:26, 8].min() == 1
    bag = np.zeros((1, 28, 28), dtype=np.uint8)
    bag[0, 12:26, 4:24] = 150
    bag[0, 4:12, [8, 19]] = 150
    bag[0, 4, 8:20] = 150
    bag[0, 18:20, 10:14] = 0  # a white buckle
    see_through, solid = (coverage(bag, np.array([flag]))[0] for flag in (False, True))
    assert see_through[6:11, 11:17].max() == 0
    assert solid[6:11, 11:17].min() == 1
    assert see_through[18:20, 10:14].min() == 1


real = pytest.mark.skipif(
    not os.environ.get("FASHRET_DATA"), reason="needs FASHRET_DATA with fashion-mnist"
)


@real
def test_the_default_gap_defeats_raw_pixels_and_half_a_gap_does_not():
    def hit_at_1(gap):
        catalog = datasets.load(
            "fashion-mnist-street", train_items=0, val_items=0, test_items=300, gap=gap
        )
        query, gallery = catalog.where(split="query"), catalog.where(split="gallery")
        q, g = (c.pixels(28).reshape(len(c), -1) / 255 for c in (query, gallery))
        similarity = q @ (g / np.linalg.norm(g, axis=1, keepdims=True)).T
        return (gallery.item[similarity.argmax(1)] == query.item).mean()

    assert hit_at_1(0) == 1
    assert hit_at_1(0.25) > 0.3
    assert hit_at_1(1.0) < 0.06
