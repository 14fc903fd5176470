"""Searches by item and category: what is left without some pictures, strangers, records."""

import numpy as np
import pytest

from fashret_utils.datasets.five_categories import five_category_shop
from fashret_utils.evidence import records
from fashret_utils.training.measures import by_category, category_search


@pytest.fixture(scope="module")
def done():
    shop = five_category_shop(10, queries=1, val=0, absent=0)
    asked, rows = shop.where(split="query"), shop.where(split="gallery")
    unit = np.eye(10)[np.unique(rows.item, return_inverse=True)[1]]  # each product its own axis
    query = np.eye(10)[np.searchsorted(np.unique(rows.item), asked.item)]
    return category_search.search(query, unit, asked, rows)


def test_a_query_cannot_find_what_is_taken_from_it(done):
    assert done.found.metrics["hit@1"] == 1
    kin = by_category.relatives(done.asked, done.shop)
    without = done.without(kin)
    assert without.found.metrics["hit@1"] == 0
    assert without.query is done.query


def test_strangers_are_told_by_their_best_similarity(done):
    far = np.full((4, 10), 0.1)
    told = category_search.strangers(done, far)
    assert told["auc"] == 1
    assert told["cuts"][np.argmax(told["right"] >= 0.9)] == 1
    assert category_search.strangers(done, done.query)["auc"] == 0.5
    assert category_search.strangers(done._replace(query=far), done.query)["auc"] == 0


def test_a_record_holds_shares_by_query_and_their_means(done, tmp_path):
    about = {"chapter": "03_poshaknet", "arm": "mean", "scale": "smoke", "seed": 0, "run": None}
    about |= {"data": "wardrobe-garments-shop", "device": "cpu", "embeddings": False}
    path = category_search.record(done, tmp_path, extra={"rmse": 0.2}, **about)
    made = records.read(path)
    kept = records.per_query(made, tmp_path)
    assert np.array_equal(kept.item, done.asked.item)
    for name in ("category_precision@1", "category_precision@15", "colour_agreement@10"):
        mean = (made.extra | made.metrics)[name]
        assert kept.metric(name).mean() == pytest.approx(mean, abs=1e-3)
    assert made.extra["rmse"] == 0.2


def test_the_first_answer_agrees_in_what_it_has(done):
    same = by_category.first_answers(done.found.indices, done.asked, done.shop)
    assert set(same) == {"type", "colour", "sleeve"}
    assert all(values.all() for values in same.values())  # it is the product itself


def test_attributes_are_read_as_the_shop_teaches(done):
    sights = np.repeat(np.eye(10), 2, axis=1) * 9
    place = np.searchsorted(np.unique(done.shop.item), done.shop.item)
    asked = np.searchsorted(np.unique(done.shop.item), done.asked.item)
    read = by_category.likelihoods(sights[asked], sights[place], done.shop)
    for table in read.values():
        assert table.shape == (len(asked), len(place))
        assert ((table >= 0) & (table <= 1)).all()
    colour = done.shop.attribute_names.index("colour")
    same = done.asked.attributes[:, [colour]] == done.shop.attributes[:, colour]
    assert read["colour"][same].mean() > 2 * read["colour"][~same].mean()
