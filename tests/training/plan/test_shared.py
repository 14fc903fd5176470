"""Settings that several arms share: one value for all, and spreads of trials."""

import pytest

from fashret_utils.evidence.records import Record
from fashret_utils.training.plan import shared

CHOICES = [{"length": length, "rate": rate} for length in (1, 2, 4) for rate in (0.1, 0.2)]


def trial(name, value, seed=0):
    about = {"chapter": "tried", "data": "d", "scale": "full", "metrics": {}}
    about |= {"intervals": {}, "counts": {}, "extra": {"val_map": value}}
    return Record(arm=f"trial,{name}", seed=seed, **about)


def trials_of(arm, values):
    return [trial(f"{arm},{number}", value) for number, value in enumerate(values)]


def test_one_value_has_the_best_sum_of_each_arms_best():
    found = trials_of("a", (0.1, 0.2, 0.5, 0.1, 0.6, 0.1))
    tried = {"a": CHOICES, "b": CHOICES}
    assert shared.best_value(found, tried, "length") == 4
    found += trials_of("b", (0.1, 0.1, 0.2, 0.5, 0.3, 0.1))
    assert shared.best_value(found, tried, "length") == 2
    assert shared.best_value([], tried, "length") == 2


def test_spreads_are_of_whole_sets_by_seed():
    found = trials_of("spread,a", (0.1, 0.4, 0.2))
    found += [trial(f"spread,a,{n}", value, seed=1) for n, value in enumerate((0.3, 0.2, 0.25))]
    found += [trial("spread,a,0", 0.9, seed=2)]
    assert shared.spreads(found, "spread,a", 3) == pytest.approx({0: 0.3, 1: 0.1})
