import numpy as np
import pytest

from fashret_utils import retrieval
from fashret_utils.data.columns import SHOP, STREET
from fashret_utils.datasets.five_categories import (
    AUGMENTATIONS,
    CATEGORIES,
    augmented,
    category_of,
    five_category_shop,
    in_shop,
)
from fashret_utils.wardrobe import Wardrobe


@pytest.fixture(scope="module")
def shop():
    return five_category_shop(12, absent=0.5)


def test_the_shop_counts_as_the_paper_counts(shop):
    summary = shop.summary()
    assert summary.loc[("gallery", "shop")].tolist() == [12 * 8, 12, 5, 12]
    assert summary.loc[("train", "shop"), "pictures"] == 12 * 8
    gallery = shop.where(split="gallery")
    categories, counts = np.unique(gallery.category, return_counts=True)
    assert dict(zip(categories, counts // 8, strict=True)) == {
        "blue t-shirts": 2,
        "red sweaters": 2,
        "bridal dresses": 2,
        "yellow t-shirts": 3,
        "others": 3,
    }
    views, counts = np.unique(gallery.view, return_counts=True)
    assert set(views) == set(AUGMENTATIONS)
    assert counts.tolist() == [12] * 8
    assert 326 * len(AUGMENTATIONS) == 2608


def test_every_garment_is_what_its_category_says(shop):
    def value(row, name):
        return shop.attribute_values[name][shop.attributes[row, shop.attribute_names.index(name)]]

    for row, category in enumerate(shop.category):
        kind, colour = value(row, "category"), value(row, "colour")
        if category == "blue t-shirts":
            assert (kind, colour in ("blue", "navy", "sky")) == ("t-shirt", True)
        elif category == "red sweaters":
            assert (kind, colour in ("red", "burgundy")) == ("sweater", True)
        elif category == "bridal dresses":
            assert (kind, colour) == ("dress", "white")
            assert value(row, "length") in ("midi", "maxi")
        elif category == "yellow t-shirts":
            assert (kind, colour) == ("t-shirt", "yellow")
        else:
            known = {name: value(row, name) for name in ("category", "colour", "pattern")}
            assert category_of(known | {"length": "midi"}) == "others" or kind == "dress"


def test_a_category_needs_all_of_its_values():
    white = {"category": "dress", "colour": "white", "pattern": "plain"}
    assert category_of(white | {"length": "maxi"}) == "bridal dresses"
    assert category_of(white | {"length": "knee"}) == "others"
    assert category_of({"category": "jeans", "colour": "blue", "pattern": "plain"}) == "others"
    assert list(CATEGORIES)[-1] == "others"


def test_street_pictures_of_absent_products_are_asked_and_not_answered(shop):
    present = in_shop(shop)
    query, gallery = shop.where(split="query"), shop.where(split="gallery")
    absent = np.setdiff1d(query.item, gallery.item)
    assert len(absent) == 6
    assert not np.intersect1d(shop.family[present], shop.family[~present]).size
    assert set(shop.split[~present]) == {"query", "val"}
    assert np.array_equal(in_shop(shop.where(item=absent.tolist())), np.zeros(18, bool))
    streets = [shop.where(split=split).source for split in ("query", "val")]
    assert [len(sources) for sources in streets] == [2 * 18, 18]
    assert not set(streets[0]) & set(streets[1])
    assert (shop.domain == np.where(shop.view == "street", STREET, SHOP)).all()


def test_at_most_two_of_a_family_are_of_one_category(shop):
    pairs = {(f, c, i) for f, c, i in zip(shop.family, shop.category, shop.item, strict=True)}
    _, counts = np.unique([f"{f} {c}" for f, c, _ in pairs], return_counts=True)
    assert counts.max() == 2


def test_a_smaller_shop_is_a_part_of_the_larger(shop):
    smaller = five_category_shop(6, absent=0.5)
    assert set(smaller.item) < set(shop.item)
    assert set(smaller.item[in_shop(smaller)]) < set(shop.item[in_shop(shop)])


def test_further_splits_leave_the_queries_alone(shop):
    more = five_category_shop(12, absent=0.5, train=1)
    assert np.array_equal(more.where(split="query").source, shop.where(split="query").source)
    assert more.where(split="train", domain="street").n_items == 12


def test_pictures_are_the_wardrobes_and_its_augmentations(shop):
    wardrobe = shop.reader.wardrobe
    item = int(shop.item[in_shop(shop)][0])
    rows = shop.where(item=item, split="gallery")
    drawn = wardrobe.picture(item, "shop", 0, 32)
    pixels = rows.reader(rows, np.arange(8), 32)
    for picture, name in zip(pixels, rows.view, strict=True):
        assert np.array_equal(picture.transpose(1, 2, 0), augmented(drawn, str(name)))
    assert len({picture.tobytes() for picture in pixels}) == 8
    street = shop.where(item=item, split="query")
    expected = wardrobe.picture(item, "street", 1, 32).transpose(2, 0, 1)
    assert np.array_equal(street.reader(street, np.array([1]), 32)[0], expected)
    alone = Wardrobe(seed=7, items=10_000_000).picture(item, "shop", 0, 32)
    assert np.array_equal(drawn, alone)


def test_augmentations_do_what_their_names_say():
    picture = np.full((65, 65, 3), 255, np.uint8)
    picture[20:50, 24:40] = (200, 60, 40)  # left of the middle column 32, above row 32

    def ink(name):
        rows, columns = np.nonzero(augmented(picture, name)[..., 1] < 150)
        return rows, columns

    area, centre = len(ink("original")[0]), ink("original")[1].mean()
    assert np.array_equal(augmented(picture, "original"), picture)
    assert np.array_equal(augmented(picture, "mirrored"), picture[:, ::-1])
    assert len(ink("nearer")[0]) == pytest.approx(area * 1.08**2, rel=0.05)
    assert len(ink("farther")[0]) == pytest.approx(area * 0.85**2, rel=0.05)
    assert ink("farther")[1].mean() == pytest.approx(32 + 0.85 * (centre - 32), abs=0.3)
    for name, sign in (("turned left", -1), ("turned right", 1)):
        rows, columns = ink(name)
        assert len(rows) == pytest.approx(area, rel=0.05)
        lean = columns[rows < 25].mean() - columns[rows > 45].mean()
        assert sign * lean > 1.5  # turned right, the top moves to the right
    for name, sign in (("brighter", 1), ("darker", -1)):
        changed = augmented(picture, name).astype(int)
        assert (sign * (changed[30, 30] - picture[30, 30].astype(int)) > 5).all()
        assert (changed[0, 0] == 255).all()


def test_strange_shops_are_refused():
    with pytest.raises(ValueError, match="4 products do not fill 5 categories"):
        five_category_shop(4)
    with pytest.raises(ValueError, match="at least one query"):
        five_category_shop(10, queries=0)
    with pytest.raises(ValueError, match="no negative number"):
        five_category_shop(10, absent=-0.1)


def test_the_papers_precision_is_precision_at_k_of_category_labels():
    """P@k = (1/k) * sum of rel(i), rel = same category, with golden values of three rankings."""
    relevant = {"a": "1010000100", "b": "0110000000", "c": "0000001000"}
    gallery = np.diag(np.ones(10)) + 1e-3  # product i is nearest to a query along axis i
    for name, row in relevant.items():
        labels = np.array([name if flag == "1" else "other" for flag in row])
        query = np.linspace(1, 0.1, 10)[None]  # ranks the products 0, 1, 2, ...
        found = retrieval.evaluate(query, gallery, np.array([name]), labels, k=range(1, 11))
        expected = np.cumsum([int(flag) for flag in row]) / np.arange(1, 11)
        assert found.indices[0].tolist() == list(range(10))
        for k in range(1, 11):
            assert found.metrics[f"precision@{k}"] == pytest.approx(expected[k - 1])
        assert found.metrics["precision@5"] == pytest.approx({"a": 0.4, "b": 0.4, "c": 0.0}[name])
    same = retrieval.evaluate(gallery, gallery, ["x"] * 10, ["x"] * 10, k=(1, 5, 10))
    assert [same.metrics[f"precision@{k}"] for k in (1, 5, 10)] == [1.0, 1.0, 1.0]
