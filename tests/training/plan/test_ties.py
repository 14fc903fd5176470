"""Trials: the noise between seeds, ties with the best, grids that go on beyond an edge."""

import numpy as np
import pytest

from fashret_utils.evidence.records import Record
from fashret_utils.training.plan import ties

CHOICES = [{"rate": rate, "margin": m} for rate in (1e-3, 1e-2, 1e-1) for m in (0.1, 0.3)]


def trials(marks, arm="a"):
    """Trials by number: a mark for each seed."""
    names = {"chapter": "c", "data": "d", "scale": "full", "metrics": {}}
    names |= {"intervals": {}, "counts": {}}
    return [
        Record(**names, arm=f"trial,{arm},{number}", seed=seed, extra={"val_map": mark})
        for number, each in enumerate(marks)
        for seed, mark in enumerate(each)
    ]


def test_noise_is_pooled_over_settings():
    found = trials([(0.1, 0.3), (0.5, 0.5), (0.7,)])
    assert ties.noise(found, ["a"]) == pytest.approx(np.sqrt(0.02 / 2))
    assert np.isnan(ties.noise(found, ["b"]))
    assert np.isnan(ties.noise(trials([(0.1,)]), ["a"]))


def test_settings_within_twice_the_noise_of_a_difference_are_tied():
    found = trials([(0.5, 0.5), (0.59, 0.59), (0.6, 0.6), (0.3, 0.3), (0.57, 0.57), (0.1, 0.1)])
    assert ties.tied(found, "a", CHOICES, 0.02) == [2, 1, 4]
    assert ties.tied(found, "a", CHOICES, 0.001) == [2]
    assert ties.tied([], "a", CHOICES, 0.02) == []


@pytest.mark.parametrize(("best", "rate"), [(0, 1e-4), (1, 1e-4), (5, 1.0)])
def test_a_grid_goes_on_beyond_the_edge_where_the_best_lies(best, rate):
    found = trials([(0.9 if number == best else 0.1,) for number in range(6)])
    more = ties.further(found, "a", CHOICES, "rate")
    assert [told["rate"] for told in more] == pytest.approx([rate, rate])
    assert [told["margin"] for told in more] == [0.1, 0.3]


def test_a_grid_with_its_best_inside_or_not_tried_does_not_go_on():
    found = trials([(0.9 if number == 2 else 0.1,) for number in range(6)])
    assert ties.further(found, "a", CHOICES, "rate") == []
    assert ties.further(found[:-1], "a", CHOICES, "rate") == []
    with pytest.raises(ValueError, match="margin has 2 values"):
        ties.further(found, "a", CHOICES, "margin")
