"""Searches judged by category and by single attributes: golden values, loops, known tables."""

from dataclasses import dataclass

import numpy as np
import pytest

from fashret_utils.training.measures.by_category import (
    agreement,
    by_item_and_category,
    others,
    relatives,
    within_type,
)


@dataclass
class Rows:
    """What measuring needs of a catalogue."""

    category: np.ndarray
    item: np.ndarray
    family: np.ndarray
    attributes: np.ndarray
    attribute_names: tuple

    def __len__(self):
        return len(self.item)


def rows(kinds, item, family=None, **attributes):
    family = np.full(len(item), -1) if family is None else np.array(family)
    table = np.array(list(attributes.values())).T.reshape(len(item), len(attributes))
    return Rows(np.array(kinds), np.array(item), family, table, tuple(attributes))


def test_category_precision_of_perfect_and_known_rankings():
    gallery = rows(["a"] * 16 + ["b"] * 16, list(range(32)))
    angles = np.linspace(0, 1.5, 32)
    vectors = np.stack([np.cos(angles), np.sin(angles)], 1)
    asked = rows(["a", "b"], [0, 31])
    found = by_item_and_category(vectors[[0, 31]], vectors, asked, gallery)
    assert all(found.metrics[f"category_precision@{k}"] == 1 for k in range(1, 16))
    assert found.metrics["hit@1"] == 1
    swapped = rows(["b", "b"], [0, 31])  # the first query now meets the wrong half first
    found = by_item_and_category(vectors[[0, 31]], vectors, swapped, gallery)
    assert all(found.metrics[f"category_precision@{k}"] == 0.5 for k in range(1, 16))
    assert found.intervals["category_precision@3"] == (0.0, 1.0)


@pytest.mark.parametrize(
    ("relevant", "golden"), [("1010000100", 0.4), ("0110000000", 0.4), ("0000001000", 0.0)]
)
def test_category_precision_has_its_golden_values(relevant, golden):
    angles = np.linspace(0.1, 1.5, 10)
    vectors = np.stack([np.cos(angles), np.sin(angles)], 1)  # ranked in their order
    shop = rows(["a" if r == "1" else "b" for r in relevant], range(10))
    found = by_item_and_category(np.array([[1.0, 0.0]]), vectors, rows(["a"], [0]), shop)
    assert found.metrics["category_precision@5"] == pytest.approx(golden)
    assert found.metrics["category_precision@1"] == float(relevant[0])


def test_category_precision_is_the_loop():
    generator = np.random.default_rng(0)
    query, gallery = generator.normal(size=(7, 4)), generator.normal(size=(30, 4))
    kinds = np.array(list("abc"))
    asked = rows(kinds[np.arange(7) % 3], np.arange(7))
    shop = rows(kinds[generator.integers(0, 3, 30)], np.arange(30) % 10)
    found = by_item_and_category(query, gallery, asked, shop)
    unit = [x / np.linalg.norm(x, axis=1, keepdims=True) for x in (query, gallery)]
    order = np.argsort(-unit[0] @ unit[1].T, axis=1)
    for k in (1, 4, 15):
        shares = [
            np.mean([shop.category[g] == asked.category[q] for g in order[q, :k]]) for q in range(7)
        ]
        assert found.metrics[f"category_precision@{k}"] == pytest.approx(np.mean(shares))


def test_agreement_counts_known_values():
    asked = rows(["x"] * 2, [0, 1], category=[0, 1], colour=[2, 3], sleeve=[-1, 4])
    shop = rows(["x"] * 3, [0, 1, 2], category=[0, 1, 1], colour=[3, 3, 2], sleeve=[4, 0, -1])
    found = agreement(np.array([[0, 1], [1, 2]]), asked, shop, k=2)
    means = {name: values.mean() for name, values in found.items()}
    assert means["type_agreement@2"] == 0.75
    assert means["colour_agreement@2"] == 0.25
    assert means["sleeve_agreement@2"] == 0.0


def test_the_sleeve_is_asked_among_pictures_of_the_querys_type():
    """Types with one sleeve each agree in it by chance, so finding the type proves nothing."""
    shop = rows(["x"] * 6, range(6), category=[0, 0, 0, 1, 1, 1], sleeve=[1, 1, 1, 2, 2, 3])
    asked = rows(["x"] * 3, [0, 1, 2], category=[0, 1, 1], sleeve=[1, 3, 3])
    ranked = np.array([[0, 1, 3], [5, 3, 0], [0, 1, 2]])
    found, chance = within_type(ranked, asked, shop, "sleeve", k=3)
    assert chance.tolist() == pytest.approx([1, 1 / 3, 1 / 3])
    assert found.tolist() == pytest.approx([1, 1 / 2, 1 / 3])  # the last: none of its type


def test_relatives_are_the_product_and_its_family():
    asked = rows(["x"] * 2, [0, 5], family=[7, -1])
    shop = rows(["x"] * 4, [0, 1, 5, 6], family=[7, 7, -1, -1])
    assert relatives(asked, shop).tolist() == [[0, 0], [0, 1], [1, 2]]


def test_the_control_lacks_as_many_products_of_the_category_from_other_families():
    item = np.repeat(np.arange(8), 2)  # two pictures a product
    kinds, family = np.where(item < 5, "a", "b"), np.where(item < 2, 3, 10 + item)
    shop, asked = rows(kinds, item, family), rows(["a"], [0], [3])
    pairs = others(asked, shop, seed=0)
    assert len(pairs) == len(relatives(asked, shop)) == 4
    gone = set(shop.item[pairs[:, 1]])
    assert len(gone) == 2
    assert gone < {2, 3, 4}
