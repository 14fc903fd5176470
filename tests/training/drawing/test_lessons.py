"""Batches of products from features in memory."""

import numpy as np
import pytest
import torch

from fashret_utils.training.drawing import Lessons

PRODUCTS = np.repeat(np.arange(6), [8, 8, 8, 8, 8, 2])
FEATURES = np.arange(len(PRODUCTS), dtype=np.float16)[:, None]


def lessons(**options):
    return Lessons(FEATURES, PRODUCTS, **{"items": 3, "pictures": 4, "epochs": 4} | options)


def test_a_batch_has_some_products_and_different_pictures_of_each():
    batches = lessons()
    assert len(batches) == 4 * 42 // 12
    for step in range(len(batches)):
        batch = batches.at(step)
        assert torch.equal(batch.items, torch.from_numpy(PRODUCTS)[batch.rows])
        assert batch.images[:, 0].tolist() == batch.rows.tolist()
        assert batch.images.dtype == torch.float32
        of = [batch.rows[batch.items == item].tolist() for item in batch.items.unique()]
        assert [len(rows) for rows in of] == [4, 4, 4]
        assert all(len(set(rows)) == 4 for rows in of if min(rows) < 40)  # the last has but two


def test_an_epoch_shows_every_product_equally_often():
    batches = lessons()
    for epoch in range(6):
        seen = torch.cat([batches.at(2 * epoch + i).items.unique() for i in range(2)])
        assert sorted(seen.tolist()) == list(range(6))


def test_a_batch_depends_on_seed_step_and_rank_alone():
    again, other, beside = (lessons(**more).at(5) for more in ({}, {"seed": 1}, {"rank": 1}))
    first = lessons().at(5)
    assert torch.equal(first.rows, again.rows)
    assert not torch.equal(first.rows, other.rows)
    assert not torch.equal(first.rows, beside.rows)


def test_pictures_stay_bytes():
    pixels = np.zeros((4, 3, 2, 2), np.uint8)
    batch = Lessons(pixels, np.array([0, 0, 1, 1]), items=2, pictures=2, epochs=1).at(0)
    assert batch.images.dtype == torch.uint8


@pytest.mark.parametrize(
    ("products", "options", "message"),
    [
        (PRODUCTS[:-1], {}, r"42 features and 41 products"),
        (PRODUCTS + 1, {}, r"numbered from 0 without gaps"),
        (PRODUCTS, {"items": 7}, r"items = 7: expected 1 to 6"),
    ],
)
def test_bad_lessons_are_refused(products, options, message):
    with pytest.raises(ValueError, match=message):
        Lessons(FEATURES, products, **{"items": 3} | options)
    with pytest.raises(IndexError, match=r"step 14 is outside 0 to 13"):
        lessons().at(14)
