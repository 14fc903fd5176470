"""What a cause of the gap costs, in log odds."""

import math

import numpy as np
import pytest

from fashret_utils import retrieval
from fashret_utils.training.bench import Search
from fashret_utils.training.measures import log_odds, log_odds_lost
from fashret_utils.wardrobe import Wardrobe


def test_log_odds_are_finite_and_symmetric():
    assert log_odds(0.5, 10) == 0
    assert log_odds(0.8, 10) == pytest.approx(math.log(8.5 / 2.5))
    assert log_odds(1.0, 10) == pytest.approx(-log_odds(0.0, 10)) == pytest.approx(math.log(21))


@pytest.fixture(scope="module")
def test_set():
    return Wardrobe(seed=1, items=12, split=(2, 2, 8), street_pictures=2).catalog()


def searched(rows):
    """A search in which each item has a direction of its own."""
    query, gallery = rows.where(split="query"), rows.where(split="gallery")
    sides = [np.eye(12, dtype=np.float32)[side.item] for side in (query, gallery)]
    return Search(retrieval.evaluate(*sides, query.item, gallery.item, k=1), *sides, None)


def test_what_a_cause_costs_is_what_is_gained_without_it(test_set):
    photos = test_set.where(split="query").take(np.arange(6))
    calm = photos.take(np.arange(6))  # the same photos, known apart by `is`

    def embed(rows):
        """Right for all without the cause, for the first half with it."""
        wrong = (np.arange(6) >= 3) & (rows is not calm)
        return np.eye(12, dtype=np.float32)[np.where(wrong, 0, rows.item)]

    ((found, lost),) = log_odds_lost(embed, searched(test_set), photos, {"light": calm}).values()
    assert found.retrieval.metrics["hit@1"] == 1
    assert lost == pytest.approx(log_odds(1, 6) - log_odds(0.5, 6))


def test_photos_of_other_items_are_refused(test_set):
    query = test_set.where(split="query")
    photos, other = query.take(np.arange(4)), query.take(np.arange(5))
    with pytest.raises(ValueError, match="photos without 'pose' are not of the items"):
        log_odds_lost(
            lambda rows: np.eye(12)[rows.item], searched(test_set), photos, {"pose": other}
        )
