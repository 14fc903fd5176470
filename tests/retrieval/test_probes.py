"""Linear probes find what is there, and say so for each attribute."""

import numpy as np
import pytest

from fashret_utils.data.catalog import Catalog
from fashret_utils.retrieval.probes import linear_probes

VALUES = {"colour": ("red", "blue", "green"), "sleeve": ("long", "short")}


def catalog(attributes, names=("colour", "sleeve")):
    n = len(attributes)
    return Catalog(
        name="toy",
        item=np.arange(n),
        domain=np.ones(n, dtype=int),
        split=np.full(n, "train"),
        category=np.full(n, "dress"),
        source=[str(i) for i in range(n)],
        reader=lambda catalog, rows, size: np.zeros((len(rows), 3, size, size), np.uint8),
        licence="MIT",
        attributes=attributes,
        attribute_names=names,
        attribute_values={name: VALUES[name] for name in names},
    )


@pytest.fixture
def sides():
    random = np.random.default_rng(0)
    attributes = np.stack([random.integers(3, size=200), random.integers(2, size=200)], axis=1)
    noise = 0.1 * random.normal(size=(200, 6))
    embeddings = np.eye(6)[attributes[:, 0]] + noise  # the colour is in it, the sleeve is not
    return catalog(attributes), embeddings.astype(np.float32)


def test_an_attribute_in_the_embedding_is_found(sides):
    found = linear_probes(*sides, *sides)
    assert found["probe_colour"] == 1
    assert 0.4 < found["probe_sleeve"] < 0.75
    assert found["probe"] == pytest.approx((found["probe_colour"] + found["probe_sleeve"]) / 2)


def test_unknown_values_count_neither_in_training_nor_in_the_test(sides):
    train, embeddings = sides
    attributes = train.attributes.copy()
    attributes[:50, 0], attributes[:, 1] = -1, -1
    found = linear_probes(catalog(attributes), embeddings, catalog(attributes), embeddings)
    assert found == {"probe_colour": 1.0, "probe": 1.0}


def test_without_attributes_there_is_nothing_to_probe(sides):
    plain = catalog(np.empty((200, 0)), names=())
    assert linear_probes(plain, sides[1], plain, sides[1]) == {}
