"""The Wardrobe: determinism, the gap and its factors, truth, catalogue, difficulty."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import RidgeClassifier

from fashret_utils.data.columns import SHOP, STREET
from fashret_utils.models.baselines import colour_histogram, raw_pixels
from fashret_utils.wardrobe import FACTORS, Wardrobe

REFERENCE = Path(__file__).with_name("reference.json")
KINDS = ("garments", "shoes")
REFERENCED = ((0, "shop", 0), (3, "shop", 3), (5, "street", 0), (9, "street", 1))


@pytest.fixture(scope="module", params=KINDS)
def wardrobe(request):
    return Wardrobe(seed=5, items=24, kind=request.param)


def _thumbnail(picture):
    """Means of a grid of 4 x 4 fields, all three channels, as whole numbers."""
    side = picture.shape[0] // 4
    return picture.reshape(4, side, 4, side, 3).mean(axis=(1, 3)).round().astype(int).tolist()


def reference_thumbnails():
    """What `reference.json` holds; print(json.dumps(...)) after a wanted change of drawing."""
    found = {}
    for kind in KINDS:
        drawn = Wardrobe(seed=11, items=12, kind=kind)
        for item, domain, index in (
            (0, "shop", 0),
            (3, "shop", 3),
            (5, "street", 0),
            (9, "street", 1),
        ):
            found[f"{kind} {item} {domain} {index}"] = _thumbnail(
                drawn.picture(item, domain, index, 64)
            )
    return found


def test_pictures_are_those_that_were_always_drawn():
    stored, found = json.loads(REFERENCE.read_text()), reference_thumbnails()
    assert stored.keys() == found.keys()
    for name, thumbnail in stored.items():
        assert np.abs(np.array(thumbnail) - found[name]).max() <= 1, name


def test_pictures_do_not_depend_on_process_or_order():
    script = (
        "import sys\n"
        "from fashret_utils.wardrobe import Wardrobe\n"
        "for kind in ('garments', 'shoes'):\n"
        "    drawn = Wardrobe(seed=5, items=24, kind=kind)\n"
        "    for row in [(7, 'street', 1), (2, 'shop', 1), (7, 'street', 0)]:\n"
        "        sys.stdout.buffer.write(drawn.picture(*row, 48).tobytes())\n"
    )
    other = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True).stdout
    rows = [(7, "street", 0), (2, "shop", 1), (7, "street", 1)]
    here = b""
    for kind in KINDS:
        drawn = Wardrobe(seed=5, items=24, kind=kind)
        pictures = [drawn.picture(*row, 48).tobytes() for row in rows]
        here += b"".join(reversed(pictures))
    assert other == here


def test_pictures_and_items_differ(wardrobe):
    pictures = [wardrobe.picture(i, "street", k, 32).astype(int) for i in (0, 1) for k in (0, 1)]
    for i, first in enumerate(pictures):
        for second in pictures[i + 1 :]:
            assert np.abs(first - second).mean() > 3
    other = Wardrobe(seed=6, items=24, kind=wardrobe.kind).picture(0, "shop", 0, 32)
    assert not np.array_equal(other, wardrobe.picture(0, "shop", 0, 32))


def test_without_a_gap_street_is_the_shop_picture(wardrobe):
    flat = Wardrobe(seed=5, items=24, kind=wardrobe.kind, gap=0.0)
    for item in (0, 11):
        for index in (0, 1):
            street = flat.picture(item, "street", index, 64)
            assert np.array_equal(street, flat.picture(item, "shop", 0, 64))
            # the gap never touches shop pictures
            assert np.array_equal(street, wardrobe.picture(item, "shop", 0, 64))


def test_each_factor_changes_the_picture_and_nothing_changes_without_it(wardrobe):
    plain = Wardrobe(seed=5, items=24, kind=wardrobe.kind, gap=0.0)
    for name in FACTORS:
        single = Wardrobe(seed=5, items=24, kind=wardrobe.kind, gap=0.0, factors={name: 1.0})
        changes = [
            np.abs(
                single.picture(item, "street", 0, 48).astype(int)
                - plain.picture(item, "street", 0, 48)
            ).mean()
            for item in range(8)
        ]
        assert max(changes) > 2, name


def test_a_factor_leaves_the_others_as_they_are(wardrobe):
    def truths(**factors):
        drawn = Wardrobe(seed=5, items=24, kind=wardrobe.kind, factors=factors)
        return [drawn.truth(item, "street", 0, 64) for item in range(8)]

    everything = truths()
    for name in ("background", "light"):  # these move nothing
        for before, after in zip(everything, truths(**{name: 0.0}), strict=True):
            assert before.pose == after.pose
            assert before.landmarks == after.landmarks
            assert np.array_equal(before.mask, after.mask)
    for before, after in zip(everything, truths(occlusion=0.0), strict=True):
        assert before.pose == after.pose
        assert not (before.mask & ~after.mask).any()  # occluders only hide
    hidden = [
        b.mask.sum() - a.mask.sum() for b, a in zip(everything, truths(occlusion=0.0), strict=True)
    ]
    assert min(hidden) < 0


@pytest.mark.parametrize("domain", ["street", "shop"])
def test_truth(wardrobe, domain):
    for item in range(12):
        truth = wardrobe.truth(item, domain, 0, 64)
        rows, columns = np.nonzero(truth.mask)
        assert truth.mask.shape == (64, 64)
        assert truth.box == (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
        assert truth.attributes == wardrobe.describe(item).values
        assert truth.view == ("street" if domain == "street" else wardrobe.shop_views[0])
        for x, y, visible in truth.landmarks.values():
            if visible:
                assert 0 <= x < 64
                assert 0 <= y < 64
                assert truth.box[0] - 3 <= x <= truth.box[2] + 3
    if domain == "shop":  # the item is what is not white
        picture = wardrobe.picture(0, "shop", 0, 64)
        mask = wardrobe.truth(0, "shop", 0, 64).mask
        assert picture[~mask].mean() > 235
        assert picture[mask].std() > 0


def test_the_worn_item_is_a_good_part_of_the_picture():
    drawn = Wardrobe(seed=8, items=60)
    shares = [drawn.truth(item, "street", 0, 48).mask.mean() for item in range(60)]
    assert np.median(shares) > 0.14
    assert np.mean(np.array(shares) > 0.03) > 0.95


def test_catalogue(wardrobe):
    catalog = wardrobe.catalog()
    assert len(catalog) == 24 * (2 + len(wardrobe.shop_views))
    split = {name: set(catalog.where(split=name).item) for name in ("train", "val")}
    test = set(catalog.where(split="query").item)
    assert test == set(catalog.where(split="gallery").item)
    assert len(split["train"]) + len(split["val"]) + len(test) == 24
    assert set(catalog.where(split="query").domain) == {STREET}
    assert set(catalog.where(split="gallery").domain) == {SHOP}
    families = catalog.family[catalog.split == "query"]
    assert max(np.bincount(families)) > wardrobe.street_pictures  # hard negatives in the test set
    row = 31
    item, domain, index = catalog.source[row].split(":")
    pixels = catalog.reader(catalog, np.array([row]), 32)
    assert pixels.shape == (1, 3, 32, 32)
    picture = wardrobe.picture(int(item), domain, int(index), 32)
    assert np.array_equal(pixels[0], picture.transpose(2, 0, 1))
    again = Wardrobe(seed=5, items=24, kind=wardrobe.kind).catalog()
    assert again.hash == catalog.hash
    other = Wardrobe(seed=5, items=24, kind=wardrobe.kind, factors={"pose": 0.5}).catalog()
    assert other.hash != catalog.hash


def test_split_by_numbers():
    catalog = Wardrobe(items=40, split=(20, 8, 12)).catalog()
    assert [catalog.where(split=s).n_items for s in ("train", "val", "query")] == [20, 8, 12]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kind": "hats"}, "unknown kind 'hats'"),
        ({"factors": {"weather": 1.0}}, r"unknown factors \['weather'\]"),
        ({"factors": {"pose": -1.0}}, "must be >= 0"),
        ({"shop_views": ("upside down",)}, "unknown shop views"),
        ({"split": (0.5, 0.1, 0.1)}, "must add up"),
        ({"split": (0.5, 0.5)}, "three numbers"),
        ({"items": 0}, "expected >= 1 items"),
    ],
)
def test_errors_say_what_is_wrong(options, message):
    with pytest.raises(ValueError, match=message):
        Wardrobe(**options)


def test_pictures_outside_are_refused(wardrobe):
    with pytest.raises(IndexError, match="outside this wardrobe of 24"):
        wardrobe.picture(24, "shop", 0)
    with pytest.raises(IndexError, match="there are 2"):
        wardrobe.picture(0, "street", 2)
    with pytest.raises(ValueError, match="unknown domain"):
        wardrobe.picture(0, "beach", 0)


def _draw(wardrobe, domain, index, size=32):
    pictures = [wardrobe.picture(item, domain, index, size) for item in range(wardrobe.items)]
    return np.stack(pictures).transpose(0, 3, 1, 2)


def test_street_to_shop_is_hard_and_shop_to_shop_is_easy():
    drawn = Wardrobe(seed=3, items=100)
    gallery, street, back = (
        _draw(drawn, *which) for which in (("shop", 0), ("street", 0), ("shop", 1))
    )
    for embed in (raw_pixels, colour_histogram):
        shop = embed(gallery)
        hits = [
            ((embed(query) @ shop.T).argmax(axis=1) == np.arange(100)).mean()
            for query in (street, back)
        ]
        assert hits[0] < 0.2
        assert hits[1] > 0.5


def test_a_linear_probe_reads_attributes_from_shop_pictures():
    drawn = Wardrobe(seed=4, items=400, shop_views=("front",))
    pictures = _draw(drawn, "shop", 0)
    shapes, colours = pictures.reshape(400, -1) / 255.0, 4.5 * colour_histogram(pictures)
    catalog = drawn.catalog().where(domain="shop")
    for name, features, floor in (
        ("category", shapes, 0.5),
        ("sleeve", shapes, 0.7),
        ("length", shapes, 0.65),
        ("colour", colours, 0.6),
    ):
        labels = catalog.attributes[:, catalog.attribute_names.index(name)]
        known = np.flatnonzero(labels >= 0)
        train, test = known[known < 300], known[known >= 300]
        probe = RidgeClassifier(alpha=20.0).fit(features[train], labels[train])
        chance = np.bincount(labels[test]).max() / len(test)
        accuracy = (probe.predict(features[test]) == labels[test]).mean()
        assert accuracy > max(floor, chance * 1.2), name
