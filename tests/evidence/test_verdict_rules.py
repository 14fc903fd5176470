"""Gates, classes and corrections: rules that are symmetric, and hold their promised error rates."""

from dataclasses import replace

import numpy as np
import pytest

from fashret_utils.evidence.statistics import (
    classify,
    crossed,
    difference,
    drift,
    gate,
    holm,
    noise_floor,
    smallest_effect,
    t_interval,
    together,
    unrest,
)

ITEMS = np.repeat(np.arange(100), 2)
SOME = crossed(np.random.default_rng(0).normal(0, 0.1, (5, 200)), ITEMS)
DELTA = 0.01


def interval(value, half, p=0.001):
    return replace(SOME, value=value, low=value - half, high=value + half, p=p)


@pytest.mark.parametrize(
    ("value", "half", "name"),
    [
        (0.030, 0.010, "supported"),
        (0.010, 0.009, "supported"),  # delta itself is enough
        (0.000, 0.010, "negligible"),
        (0.005, 0.004, "negligible"),  # surely above zero, and surely too small to matter
        (0.008, 0.006, "unresolved"),  # above zero, but perhaps below delta
        (0.030, 0.040, "unresolved"),
        (0.000, 0.020, "unresolved"),
    ],
)
def test_classes_are_the_same_on_both_sides_of_zero(value, half, name):
    assert classify(interval(value, half), DELTA).name == name
    mirror = {"supported": "negative here"}.get(name, name)
    assert classify(interval(-value, half), DELTA).name == mirror


def test_holm_can_take_a_difference_back_and_says_so():
    found = interval(0.03, 0.02, p=0.01)
    assert classify(found, DELTA, adjusted=0.04).name == "supported"
    for each in (found, interval(-0.03, 0.02, p=0.01)):
        taken = classify(each, DELTA, adjusted=0.06)
        assert taken.name == "unresolved"
        assert "many comparisons" in taken.why


def test_only_on_the_papers_own_data_is_a_claim_contradicted():
    below, above = interval(-0.03, 0.01), interval(0.03, 0.01)
    assert classify(below, DELTA, own_data=True).name == "contradicted"
    assert classify(below, DELTA).name == "negative here"
    assert classify(above, DELTA, own_data=True).name == "supported"


def test_an_unresolved_comparison_says_what_would_decide_it():
    one = replace(SOME, seeds=1)
    assert "one seed says nothing" in classify(replace(one, low=-1, high=1), DELTA).why
    parts = replace(SOME.components, item=1.0)
    wide = replace(SOME, components=parts, value=0.0, low=-0.2, high=0.2)
    assert "more items" in classify(wide, DELTA).why
    parts = replace(SOME.components, seed=1e-3, item=0.0, rest=0.0)
    found = replace(SOME, components=parts, value=0.03, low=-0.009, high=0.069)
    assert classify(found, DELTA).why.endswith("about 7 seeds would decide")


def test_smallest_effects_are_the_books_unless_a_claim_states_its_own():
    assert (smallest_effect("map"), smallest_effect("hit@1")) == (0.01, 0.02)
    assert smallest_effect("map", 0.003) == 0.003
    with pytest.raises(ValueError, match=r"state a `delta`"):
        smallest_effect("accuracy")
    with pytest.raises(ValueError, match="above zero"):
        classify(SOME, 0.0)


@pytest.mark.parametrize(
    ("classes", "name"),
    [
        (["supported", "supported"], "supported"),
        (["negligible"], "negligible"),
        (["supported", "negative here"], "mixed"),
        (["supported", "negligible"], "mixed"),
        (["supported", "unresolved"], "unresolved"),
        (["negative here", "negligible", "unresolved"], "unresolved"),
        (["not learnt here", "not learnt here"], "not learnt here"),
        (["supported", "not learnt here"], "unresolved"),
    ],
)
def test_a_claim_is_what_its_data_sets_agree_on(classes, name):
    assert together(classes) == together(classes[::-1]) == name


def test_no_or_unknown_classes_make_no_claim():
    for classes in ([], ["confirmed"]):
        with pytest.raises(ValueError, match="expected classes among supported"):
            together(classes)


def test_holm_by_hand():
    np.testing.assert_allclose(holm([0.04, 0.01, 0.03]), [0.06, 0.03, 0.06])
    np.testing.assert_allclose(holm([0.01, 0.5, 0.9]), [0.03, 1, 1])
    assert holm([]).shape == (0,)
    with pytest.raises(ValueError, match="from 0 to 1"):
        holm([0.5, np.nan])


STEPS = np.arange(0, 101, 5)


def curve(rise, noise=0.0):
    """A curve that rises to 30 % until step 75, and by `rise` from there to 100."""
    late = np.clip(STEPS - 75, 0, None) / 25
    return STEPS, 0.3 * np.minimum(STEPS / 75, 1) + rise * late + noise


def test_drift_is_the_move_over_the_last_quarter(random):
    assert drift([curve(0.02)]) == pytest.approx(0.02)
    assert drift([curve(-0.02), curve(0.04)]) == pytest.approx(0.01)
    assert drift([curve(0, random.normal(0, 0.01, 21)) for _ in range(200)]) == pytest.approx(
        0, abs=0.002
    )
    with pytest.raises(ValueError, match="1 points of a validation curve"):
        drift([(STEPS[::20], curve(0)[1][::20])])


def test_an_arm_has_learnt_when_it_beats_every_start(random):
    start = random.random(200) / 2
    arm = start + 0.05 + random.normal(0, 0.02, (5, 200))
    head = start + 0.03 + random.normal(0, 0.02, (5, 200))
    found = gate(arm, {"frozen trunk": start, "linear head": head}, ITEMS)
    assert found.learnt
    assert found.why.endswith("points over linear head")
    assert found.gains["frozen trunk"].value == pytest.approx(0.05, abs=0.01)
    below = gate(head, {"frozen trunk": start, "linear head": arm}, ITEMS)
    assert not below.learnt
    assert below.why.startswith("not above linear head (-2.")
    with pytest.raises(ValueError, match="at least one start"):
        gate(arm, {}, ITEMS)


@pytest.mark.parametrize(
    ("value", "half", "moved", "rests", "either_way"),
    [
        (0.03, 0.01, 0.025, True, False),  # supported, and it grows
        (0.03, 0.01, -0.015, True, True),
        (0.03, 0.01, -0.025, False, False),
        (0.03, 0.01, 0.025, False, True),  # elsewhere it may as well shrink
        (0.36, 0.01, -0.02, True, False),  # what is far away does not turn
        (-0.03, 0.01, 0.025, False, False),
        (0.001, 0.004, 0.004, True, True),  # negligible, and less than half of delta
        (0.001, 0.004, 0.006, False, False),
        (0.001, 0.004, -0.0051, True, False),
        (0.001, 0.002, 0.0051, True, True),
        (0.0, 0.004, np.nan, True, True),
    ],
)
def test_a_verdict_rests_when_as_much_again_would_not_turn_it(
    value, half, moved, rests, either_way
):
    found = interval(value, half)
    name = classify(found, DELTA).name
    said = unrest(found, moved, DELTA, name, either_way=either_way)
    assert (said == "") == rests
    assert rests or f"moved by {100 * moved:+.1f} points" in said


def test_the_noise_floor_is_what_an_arm_gains_over_itself(simulate):
    random = np.random.default_rng(3)
    sizes, gaps, covered = [], [], 0
    for _ in range(300):
        (a, b), items, _ = simulate(random, levels=(-1.0, -1.0), own=0.0, seeds=8)
        floor = noise_floor(a, items, draws=400)
        covered += floor.comparison.low <= 0 <= floor.comparison.high
        sizes.append(floor.size)
        gaps.append(abs(a.mean() - b.mean()))
    assert 0.92 <= covered / 300 <= 0.98
    assert 0.92 <= np.mean(np.array(gaps) < sizes) <= 0.98
    with pytest.raises(ValueError, match="needs 4 seeds"):
        noise_floor(a[:3], items)


def chapters_with_a_false_verdict(simulate, correct, chapters, arms, **scene):
    """Share of simulated chapters, without any true difference, that find one."""
    random = np.random.default_rng(4)
    found = 0
    for _ in range(chapters):
        (plain, *others), items, _ = simulate(random, levels=(-1.0,) * (arms + 1), **scene)
        differences = [difference(each, plain, items, draws=400) for each in others]
        p = np.array([each.p for each in differences])
        adjusted = holm(p) if correct else p
        # So small a delta leaves the decision to the interval and to Holm alone.
        classes = {
            classify(each, 1e-9, p_each).name
            for each, p_each in zip(differences, adjusted, strict=True)
        }
        found += bool(classes & {"supported", "negative here"})
    return found / chapters


def test_one_chapter_in_twenty_at_most_finds_what_is_not_there(simulate):
    scene = {"arms": 6, "seeds": 5, "items": 100}
    assert chapters_with_a_false_verdict(simulate, True, chapters=500, **scene) <= 0.05
    assert chapters_with_a_false_verdict(simulate, False, chapters=100, **scene) > 0.12


def test_seeds_alone_give_students_interval():
    assert t_interval(np.array([0.5]))[0] == 0.5
    assert np.isnan(t_interval(np.array([0.5]))[1:]).all()
