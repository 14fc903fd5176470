"""Grids of trials that are widened where the best lies at an edge."""

import pytest
from tried import all_tried

from fashret_utils.training.plan import chosen, edges

CHOICES = [{"rate": rate, "judge_rate": rate / 2, "code": 64} for rate in (2e-4, 4e-4, 8e-4)]


def marked(marks):
    """Trials of one arm with these marks on validation."""
    found = all_tried([{"gan": CHOICES}])
    for record, mark in zip(found, marks, strict=True):
        record.extra["val_map"] = mark
    return found


@pytest.mark.parametrize(("marks", "rate"), [((1, 2, 3), 1.6e-3), ((3, 2, 1), 1e-4)])
def test_one_more_is_tried_beyond_an_edge(marks, rate):
    choices = edges.widened(marked(marks), "gan", CHOICES, "rate", "judge_rate")
    assert choices[:3] == CHOICES
    (more,) = choices[3:]
    assert more == {"rate": pytest.approx(rate), "judge_rate": pytest.approx(rate / 2), "code": 64}


def test_what_an_arm_does_not_have_does_not_move():
    (*_, more) = edges.widened(marked((1, 2, 3)), "gan", CHOICES, "rate", "scale")
    assert more == {"rate": pytest.approx(1.6e-3), "judge_rate": 4e-4, "code": 64}


def test_nothing_is_added_within_a_grid_or_before_its_trials():
    assert edges.widened(marked((1, 3, 2)), "gan", CHOICES, "rate") == CHOICES
    assert edges.widened([], "gan", CHOICES, "rate") == CHOICES


def test_the_table_says_what_was_chosen_and_what_is_still_at_an_edge():
    table = chosen.of_rounds(marked((0.1, 0.3, 0.2)), [{"gan": CHOICES}], ["rate", "code"])
    row = table.loc["gan"]
    assert row["rate"] == 4e-4
    assert row["trials"] == 3
    assert row["validation mAP, %"] == pytest.approx(30)
    assert row["at the edge"] == ""
    assert "code" not in table  # no grid of it
    table = chosen.of_rounds(marked((0.1, 0.2, 0.3)), [{"gan": CHOICES}], ["rate"])
    assert table.loc["gan", "at the edge"] == "rate"
