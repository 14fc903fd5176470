"""Training sets: disjoint, in the order of the files, and what stands in without files."""

import numpy as np
import pytest

from fashret_utils import datasets
from fashret_utils.models.programs import images as sets


def test_digits_need_no_files():
    first, other = (sets.training_set("digits", 200, number) for number in (0, 1))
    assert first.train[0].shape == (200, 64)
    assert first.train[0].max() == 1
    assert first.train[0].dtype == np.float64
    assert not set(map(bytes, first.train[0])) & set(map(bytes, other.train[0]))
    assert np.array_equal(first.val[1], other.val[1])
    with pytest.raises(ValueError, match="digits has 1300 images: no 2000"):
        sets.training_set("digits", 2000)


def test_twenty_sets_are_the_published_one_and_disjoint_others(monkeypatch):
    numbers = np.arange(60_000).reshape(-1, 1, 1)
    files = (numbers, numbers[:, 0, 0]), (numbers[:10], numbers[:10, 0, 0])
    monkeypatch.setattr(datasets, "labelled_images", lambda *_: files)
    made = [sets.training_set("mnist", 2000, number) for number in range(20)]
    seen = [each.train[1] for each in made]
    assert (seen[0][0], seen[0][-1]) == (5000, 6999)
    asked = [each.val[1] for each in made]
    assert len(np.unique(np.concatenate(seen + asked))) == 20 * (2000 + 500)
    with pytest.raises(ValueError, match="no 2000 from 45000 on for set 20"):
        sets.training_set("mnist", 2000, 20)
    found = sets.training_set("mnist", 1000)
    assert found.val[1].tolist() == list(range(500))
    assert found.train[0].max() == pytest.approx(5999 / 255)


def test_halves_of_the_validation_images():
    images = sets.training_set("digits", 50)
    first, second = images.halves()
    assert [len(half.val[1]) for half in (first, second)] == [100, 100]
    assert np.array_equal(np.r_[first.val[1], second.val[1]], images.val[1])
    assert np.array_equal(images.first(7).val[0], images.val[0][:7])


def test_what_cannot_be_read_says_how_to_get_it(tmp_path, capsys):
    assert not sets.readable("mnist", str(tmp_path))
    assert "mnist" in capsys.readouterr().out
    assert sets.readable("digits")
