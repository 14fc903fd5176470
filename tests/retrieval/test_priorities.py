import itertools

import numpy as np
import pytest

from fashret_utils.data.catalog import Catalog
from fashret_utils.data.columns import SHOP
from fashret_utils.retrieval.priorities import (
    attribute_agreement_at_k,
    lexicographic,
    likelihood,
    ranking,
    weighted_distance,
)

COLOURS, TYPES = ("red", "blue", "green"), ("t-shirt", "coat")


def catalogue(codes):
    codes = np.asarray(codes)
    n = len(codes)
    return Catalog(
        name="shop",
        item=np.arange(n),
        domain=np.full(n, SHOP),
        split=np.full(n, "gallery"),
        category=np.full(n, "garment"),
        source=np.arange(n).astype(str),
        reader=lambda catalog, rows, size: np.zeros((len(rows), 3, size, size), np.uint8),
        licence="none",
        attributes=codes,
        attribute_names=("colour", "type"),
        attribute_values={"colour": COLOURS, "type": TYPES},
    )


@pytest.fixture
def search():
    """Embeddings of 5 queries and 30 products, attribute codes, and certain likelihoods."""
    random = np.random.default_rng(0)
    query, gallery = random.normal(size=(5, 8)), random.normal(size=(30, 8))
    asked, shop = (
        np.stack([random.integers(3, size=n), random.integers(2, size=n)], axis=1) for n in (5, 30)
    )
    certain = {
        name: likelihood(np.eye(values)[asked[:, i]], shop[:, i])
        for i, (name, values) in enumerate({"colour": 3, "type": 2}.items())
    }
    return query, gallery, asked, shop, certain


def test_the_distance_is_its_equation_in_a_loop(search):
    query, gallery, _, shop, _ = search
    random = np.random.default_rng(1)
    read = {"colour": random.dirichlet(np.ones(3), 5), "type": random.dirichlet(np.ones(2), 5)}
    likelihoods = {name: likelihood(p, shop[:, i]) for i, (name, p) in enumerate(read.items())}
    weights = {"type": 0.7, "colour": 2.0}
    found = weighted_distance(query, gallery, likelihoods, weights)
    assert found.shape == (5, 30)
    for (i, q), (j, g) in itertools.product(enumerate(query), enumerate(gallery)):
        expected = 1 - q @ g / np.linalg.norm(q) / np.linalg.norm(g)
        expected += 2.0 * (1 - read["colour"][i, shop[j, 0]])
        expected += 0.7 * (1 - read["type"][i, shop[j, 1]])
        assert found[i, j] == pytest.approx(expected, abs=1e-6)


def test_without_weights_the_ranking_is_the_plain_one(search):
    query, gallery, *_, certain = search
    unit = [rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (query, gallery)]
    plain = np.argsort(-(unit[0] @ unit[1].T), axis=1)
    assert np.array_equal(ranking(weighted_distance(query, gallery, certain, {}), 30), plain)


@pytest.mark.parametrize("order", [("colour", "type"), ("type", "colour")])
def test_a_strict_order_sorts_by_the_first_attribute_then_the_second(search, order):
    query, gallery, asked, shop, certain = search
    weights = lexicographic(order, strength=2.01 * 2, ratio=2)
    plain = weighted_distance(query, gallery, certain, {})
    ranked = ranking(weighted_distance(query, gallery, certain, weights), 30)
    columns = [("colour", "type").index(name) for name in order]
    for i in range(len(query)):
        keys = [shop[:, c] != asked[i, c] for c in columns]
        expected = np.lexsort((plain[i], keys[1], keys[0]))  # the last key decides first
        assert np.array_equal(ranked[i], expected)


def test_moving_the_weight_moves_the_agreement(search):
    query, gallery, asked, shop, certain = search
    queries, products = catalogue(asked), catalogue(shop)
    names = ("colour", "type")
    agreements = {
        first: attribute_agreement_at_k(
            ranking(weighted_distance(query, gallery, certain, {first: 4.0}), 10),
            queries,
            products,
            names,
        ).mean()
        for first in names
    }
    assert agreements["colour"]["colour"] > agreements["type"]["colour"]
    assert agreements["type"]["type"] > agreements["colour"]["type"]


def test_agreement_golden_values_and_unknown_ones():
    products = catalogue([[0, 0], [1, 0], [0, -1], [2, 1]])
    queries = catalogue([[0, 0], [1, -1]])
    ranked = np.array([[0, 2, 1, 3], [3, 1, 0, 2]])
    found = attribute_agreement_at_k(ranked, queries, products, ("type", "colour"), k=3)
    assert found["colour"].tolist() == pytest.approx([2 / 3, 1 / 3])
    assert found["type"][0] == pytest.approx(2 / 3)  # the unknown type at rank 2 does not agree
    assert np.isnan(found["type"][1])
    assert found.mean()["type"] == pytest.approx(2 / 3)


def test_lexicographic_weights_fall_by_the_ratio():
    assert lexicographic(("colour", "type", "sleeve"), 8.0, 2.0) == {
        "colour": 8.0,
        "type": 4.0,
        "sleeve": 2.0,
    }
    with pytest.raises(ValueError, match="one place"):
        lexicographic(("colour", "colour"))
    with pytest.raises(ValueError, match="above 0"):
        lexicographic(("colour",), strength=0)


def test_likelihood_of_an_unknown_product_is_nil():
    found = likelihood(np.array([[0.2, 0.8]]), np.array([1, -1, 0]))
    assert found.tolist() == [[0.8, 0.0, 0.2]]
    with pytest.raises(ValueError, match="a product has value 2"):
        likelihood(np.array([[0.2, 0.8]]), np.array([2]))


def test_equal_distances_keep_the_order_of_the_gallery():
    assert ranking(np.array([[0.5, 0.1, 0.5, 0.1]]), 3).tolist() == [[1, 3, 0]]


def test_wrong_input_says_what_is_expected(search):
    query, gallery, asked, shop, certain = search
    with pytest.raises(ValueError, match="no likelihood of 'sleeve': there are colour, type"):
        weighted_distance(query, gallery, certain, {"sleeve": 1.0})
    with pytest.raises(ValueError, match="expected a number >= 0"):
        weighted_distance(query, gallery, certain, {"type": -1.0})
    with pytest.raises(ValueError, match=r"= \(4, 30\)"):
        weighted_distance(query[:4], gallery, certain, {"type": 1.0})
    with pytest.raises(ValueError, match="expected 1 to 30"):
        ranking(np.zeros((2, 30)), 31)
    ranked, catalogues = np.zeros((5, 3), int), (catalogue(asked), catalogue(shop))
    with pytest.raises(ValueError, match="no attribute 'fit'"):
        attribute_agreement_at_k(ranked, *catalogues, ("fit",), k=3)
    with pytest.raises(ValueError, match="k = 4"):
        attribute_agreement_at_k(ranked, *catalogues, ("type",), k=4)
