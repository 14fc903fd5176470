"""Rounds of trials that follow from each other."""

from tried import all_tried

from fashret_utils.training.plan.tuning import Tuning


def in_two_rounds(found):
    tuning = Tuning(found)
    tuning.round({"a": [{"rate": rate} for rate in (1, 2, 3)]})
    rate = tuning.chosen["a"]["rate"]
    tuning.round({"b": [{"rate": rate, "margin": margin} for margin in (10, 20, 30)]})
    return tuning


def test_without_trials_the_middle_is_chosen_and_the_next_round_takes_it():
    tuning = in_two_rounds([])
    assert tuning.chosen == {"a": {"rate": 2}, "b": {"rate": 2, "margin": 20}}


def test_a_round_follows_from_what_validation_chose():
    found = all_tried(in_two_rounds([]).rounds[:1])  # the last is the best
    tuning = in_two_rounds(found)
    assert tuning.chosen["a"] == {"rate": 3}
    assert {told["rate"] for told in tuning.choices["b"]} == {3}
    assert [list(arms) for arms in tuning.rounds] == [["a"], ["b"]]
    assert list(tuning.choices) == ["a", "b"]
