"""Finals: which settings run once more, what they decide, and edges of a grid."""

import numpy as np
import pytest

from fashret_utils.evidence.records import Record
from fashret_utils.training.plan import finals

CHOICES = [{"rate": rate, "scale": s} for s in (5, 15, 45) for rate in (1, 2, 3)]


def trial(arm, number, score):
    names = {"chapter": "c", "data": "d", "arm": f"trial,{arm},{number}", "scale": "full"}
    return Record(**names, seed=0, metrics={}, intervals={}, counts={}, extra={"val_map": score})


def tried(best):
    """Trials of all choices; those of `best` stand first, in this order."""
    scores = {number: 0.9 - 0.1 * place for place, number in enumerate(best)}
    return [trial("a", number, scores.get(number, 0.1)) for number in range(len(CHOICES))]


def test_the_best_two_settings_are_finalists_in_order():
    assert finals.finalists(tried([7, 4]), "a", CHOICES) == [CHOICES[7], CHOICES[4]]
    assert finals.finalists([], "a", CHOICES)[0] == CHOICES[4]  # the middle one


def test_finalists_can_be_the_best_with_each_value_of_a_setting():
    last = finals.finalists(tried([7, 4, 8]), "a", CHOICES, each="scale")
    assert last == [CHOICES[7], CHOICES[4], CHOICES[2]]  # of equals, one nearest the middle
    found = [*tried([7, 4, 8]), trial("final,a", 0, 0.5), trial("final,a", 2, 0.6)]
    assert finals.settled(found, "a", CHOICES, each="scale") == CHOICES[2]


def test_finals_overrule_trials():
    found = tried([7, 4])
    assert finals.settled(found, "a", CHOICES) == CHOICES[7]
    found += [trial("final,a", 0, 0.5), trial("final,a", 1, 0.6)]
    assert finals.settled(found, "a", CHOICES) == CHOICES[4]


@pytest.mark.parametrize(
    ("place", "edges"),
    [(4, {}), (3, {"rate": 1}), (8, {"rate": 3, "scale": 45}), (7, {"scale": 45})],
)
def test_a_choice_at_the_end_of_its_grid_is_told(place, edges):
    assert finals.at_edge(tried([place]), "a", CHOICES) == edges


def test_two_values_have_no_inside():
    choices = [{"rate": 1, "negatives": "all"}, {"rate": 2, "negatives": 3}]
    assert finals.at_edge([], "a", choices) == {}


def test_leaders_are_the_best_marks():
    np.testing.assert_allclose(finals.leaders(tried([2, 6]), "a", CHOICES, 3), [0.9, 0.8, 0.1])
    assert len(finals.leaders([], "a", CHOICES)) == 0
