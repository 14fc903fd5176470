"""Power: what is predicted from the components comes true in simulated runs."""

from dataclasses import replace

import numpy as np
import pytest

from fashret_utils.evidence.statistics import (
    Components,
    crossed,
    detectable,
    half_width,
    power,
    seeds_needed,
)

# Variances as they are found between two arms: 0.8 points a seed, 6 an item, 14 the rest
PARTS = Components(seed=0.008**2, item=0.06**2, rest=0.14**2, seeds=5, items=300)


def runs(random, effect, seeds, parts=PARTS):
    return (
        effect
        + random.normal(0, np.sqrt(parts.seed), (seeds, 1))
        + random.normal(0, np.sqrt(parts.item), parts.items)
        + random.normal(0, np.sqrt(parts.rest), (seeds, parts.items))
    )


@pytest.mark.parametrize(("seeds", "wanted"), [(5, 0.8), (10, 0.5)])
def test_the_detectable_difference_is_found_as_often_as_promised(seeds, wanted):
    random = np.random.default_rng(5)
    effect = detectable(PARTS, seeds, wanted)
    assert power(effect, PARTS, seeds) == pytest.approx(wanted, abs=1e-6)
    items = np.arange(PARTS.items)
    found = sum(crossed(runs(random, effect, seeds), items, draws=400).low > 0 for _ in range(1000))
    assert found / 1000 == pytest.approx(wanted, abs=0.045)


def test_power_is_a_fortieth_without_an_effect_and_symmetric():
    assert power(0.0, PARTS) == pytest.approx(0.025)
    assert power(-0.01, PARTS) == power(0.01, PARTS)
    nothing = Components(0.0, 0.0, 0.0, 5, 300)
    assert power(0.01, nothing) == 1
    with pytest.raises(ValueError, match="the power wanted is 1"):
        detectable(PARTS, wanted=1)


def test_more_seeds_see_more_down_to_what_the_items_allow():
    sizes = [detectable(PARTS, seeds) for seeds in (2, 5, 10, 100, 1000)]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] == pytest.approx(2.8 * 0.06 / np.sqrt(300), rel=0.02)


def test_as_many_seeds_as_are_said_decide():
    random = np.random.default_rng(6)
    items = np.arange(PARTS.items)
    measured = crossed(runs(random, 0, 3), items)
    for value, reach in ((0.016, 0.016), (-0.012, 0.012), (-0.001, 0.009)):
        found = replace(measured, value=value)
        seeds = seeds_needed(found, 0.01)
        assert half_width(found.components, seeds) < reach
        assert reach <= half_width(found.components, seeds - 1)


def test_half_widths_come_out_as_planned():
    random = np.random.default_rng(7)
    items = np.arange(PARTS.items)
    found = [crossed(runs(random, 0, 10), items, draws=400).half_width for _ in range(300)]
    assert np.mean(found) == pytest.approx(half_width(PARTS, 10), rel=0.04)


def test_no_number_of_seeds_replaces_items():
    random = np.random.default_rng(8)
    values = random.normal(0, 0.3, 100) + random.normal(0, 0.001, (5, 100))
    assert seeds_needed(crossed(values - values.mean(), np.arange(100)), 0.01) is None
    assert seeds_needed(crossed(values[0], np.arange(100)), 0.01) is None
    with pytest.raises(ValueError, match="one seed says nothing"):
        half_width(crossed(values[0], np.arange(100)).components, 5)
