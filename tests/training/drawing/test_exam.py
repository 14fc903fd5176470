"""Exams of drawings: what the true picture, a constant and the photo itself come to."""

import numpy as np
import pytest

from fashret_utils import datasets
from fashret_utils.data.columns import SHOP
from fashret_utils.training.drawing import Exam, apart

SHAPE = {"items": 24, "split": (12, 4, 8), "street_pictures": 2, "shop_views": ("front",)}
SIDE = 32


@pytest.fixture(scope="module")
def exam():
    pairs = datasets.load("wardrobe-garments", **SHAPE)
    learnt = pairs.where(split="train", domain=SHOP)
    return Exam(pairs.where(split="query"), pairs.where(split="gallery"), learnt, SIDE)


def test_each_photo_is_put_beside_its_own_product(exam):
    assert np.array_equal(exam.fronts.item[exam.place], exam.photos.item)
    found = exam.of(exam.truth)
    assert found["rmse"] == 0
    assert found["ssim"] == pytest.approx(1)
    assert found["white_background"] > 0.9
    other = exam.of(np.roll(exam.truth, 2, axis=0))  # another product's, twice as many photos
    assert other["rmse"] > 0.05
    assert other["kernel_distance"] == pytest.approx(found["kernel_distance"], abs=1e-9)  # one set


def test_one_picture_for_all_has_no_spread_and_is_moved_by_nothing(exam):
    grey = np.full_like(exam.truth, 200)
    assert exam.of(grey)["spread"] == 0
    assert exam.of(grey)["white_background"] == 0
    calm = {"pose": exam.photos}
    assert exam.moved(lambda rows: np.full_like(rows.pixels(SIDE), 7), calm, 4)["moved"] == 0


def test_a_cause_moves_a_picture_in_units_of_true_product_pictures(exam):
    calm = datasets.load("wardrobe-garments", **SHAPE, factors={"background": 0.0})
    calm = {"background": calm.where(split="query"), "none": exam.photos}
    found = exam.moved(lambda rows: rows.pixels(SIDE), calm, 3)
    first = np.unique(exam.photos.item, return_index=True)[1][:3]
    fronts = exam.fronts.pixels(SIDE)
    moved = apart(*(rows.take(first).pixels(SIDE) for rows in (exam.photos, calm["background"])))
    unit = apart(fronts, np.roll(fronts, len(fronts) // 2, axis=0))
    assert found["moved by background"] == pytest.approx(moved / unit)
    assert found["moved by none"] == 0
    assert found["moved"] == pytest.approx(moved / unit / 2)
    pale = exam.moved(lambda rows: 128 + (rows.pixels(SIDE).astype(float) - 128) / 4, calm, 3)
    assert pale["moved"] == pytest.approx(found["moved"] / 4, rel=1e-3)
    assert pale["moved_own"] == pytest.approx(found["moved_own"], rel=1e-3)  # fading buys nothing
