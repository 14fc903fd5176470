"""Cutting pictures to boxes, and the Wardrobe's true boxes of shoes."""

import numpy as np
import pytest

from fashret_utils import datasets
from fashret_utils.data import crops
from fashret_utils.wardrobe.shoes import boxes as shoe_truth

SHOES = datasets.load("wardrobe-shoes", items=4, split=(4, 0, 0), street_pictures=1)


def test_squares_hold_the_box_and_stay_within_the_picture():
    boxes = np.array([[10, 20, 30, 24], [0, 0, 90, 50], [80, 5, 95, 15], [-1, -1, -1, -1]])
    squares = crops.square(boxes.astype(float), 96, 0.1)
    np.testing.assert_allclose(squares[0], [9, 11, 31, 33])  # 20 wide, 22 with its margin
    np.testing.assert_allclose(squares[1], [0, 0, 96, 96])  # 99 would not fit
    np.testing.assert_allclose(squares[2], [79.25, 1.75, 95.75, 18.25])
    np.testing.assert_allclose(squares[3], [0, 0, 96, 96])
    corner = crops.square(np.array([[90.0, 90, 96, 96]]), 96, 1.0)
    np.testing.assert_allclose(corner, [[84, 84, 96, 96]])


def test_union_is_around_both_and_skips_what_is_not_there():
    none = [-1] * 4
    boxes = np.array([[[1, 2, 5, 6], [3, 0, 4, 9]], [none, [3, 0, 4, 9]], [none, none]], float)
    expected = [[1, 0, 5, 9], [3, 0, 4, 9], none]
    np.testing.assert_allclose(crops.union(boxes), expected)


def test_true_boxes_are_the_wardrobes_and_are_kept(tmp_path, monkeypatch):
    monkeypatch.setenv("FASHRET_CACHE", str(tmp_path))
    boxes = shoe_truth.shoe_boxes(SHOES, 64)
    assert boxes.shape == (len(SHOES), 2, 4)
    row = np.flatnonzero(SHOES.view == "pair")[0]
    item, domain, index = SHOES.source[row].split(":")
    truth = SHOES.reader.wardrobe.truth(int(item), domain, int(index), 64).boxes
    np.testing.assert_allclose(boxes[row], [truth["left shoe"], truth["right shoe"]])
    (kept,) = tmp_path.glob("shoe-boxes/*.npy")
    np.save(kept, np.zeros_like(boxes))
    assert (shoe_truth.shoe_boxes(SHOES, 64) == 0).all()


def test_cut_pictures_are_the_squares_of_whole_ones(tmp_path, monkeypatch):
    monkeypatch.setenv("FASHRET_CACHE", str(tmp_path))
    boxes = np.tile([8.0, 16, 40, 40], (len(SHOES), 1))
    cut = crops.cut(SHOES, boxes, 64, margin=0.0)
    whole = SHOES.pixels(64)
    np.testing.assert_array_equal(cut.pixels(32), whole[:, :, 12:44, 8:40])
    assert cut.hash != SHOES.hash
    assert crops.cut(SHOES, boxes, 64, margin=0.1).hash != cut.hash


def test_boxes_of_another_number_are_refused():
    with pytest.raises(ValueError, match=r"boxes have shape \(3, 4\); expected \(28, 4\)"):
        crops.cut(SHOES, np.zeros((3, 4)), 64)
