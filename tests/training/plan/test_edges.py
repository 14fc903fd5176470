"""Trials: grids that go on beyond an edge."""

import pytest

from fashret_utils.evidence.records import Record
from fashret_utils.training.plan import edges

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


@pytest.mark.parametrize(("best", "rate"), [(0, 1e-4), (1, 1e-4), (5, 1.0)])
def test_a_grid_goes_on_beyond_the_edge_where_the_best_lies(best, rate):
    found = trials([(0.9 if number == best else 0.1,) for number in range(6)])
    more = edges.further(found, "a", CHOICES, "rate")
    assert [told["rate"] for told in more] == pytest.approx([rate, rate])
    assert [told["margin"] for told in more] == [0.1, 0.3]


def test_a_grid_with_its_best_inside_or_not_tried_does_not_go_on():
    found = trials([(0.9 if number == 2 else 0.1,) for number in range(6)])
    assert edges.further(found, "a", CHOICES, "rate") == []
    assert edges.further(found[:-1], "a", CHOICES, "rate") == []
    with pytest.raises(ValueError, match="margin has 2 values"):
        edges.further(found, "a", CHOICES, "margin")
