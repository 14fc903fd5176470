"""What a comparison can see, and how many seeds it would take to see more."""

from __future__ import annotations

import numpy as np
from scipy.special import stdtrit
from scipy.stats import nct

from fashret_utils.evidence.statistics.components import Components
from fashret_utils.evidence.statistics.crossed import Estimate

MOST_SEEDS = 1000  # more than anybody runs


def half_width(parts: Components, seeds: int | None = None) -> float:
    """Half the 95 % interval to expect with so many seeds on the same items."""
    return float(stdtrit(parts.freedom(seeds), 0.975) * np.sqrt(parts.variance(seeds)))


def power(effect: float, parts: Components, seeds: int | None = None) -> float:
    """Probability that the 95 % interval excludes zero on the side of a true `effect`."""
    error, freedom = np.sqrt(parts.variance(seeds)), parts.freedom(seeds)
    if error == 0:
        return float(effect != 0)
    return float(nct.sf(stdtrit(freedom, 0.975), freedom, abs(effect) / error))


def detectable(parts: Components, seeds: int | None = None, wanted: float = 0.8) -> float:
    """Smallest true difference that is found with the `wanted` power, by default 80 %.

    **Raises** `ValueError` for a power that is not between 5 % and 100 %.
    """
    if not 0.05 < wanted < 1:
        raise ValueError(f"the power wanted is {wanted}; expected more than 0.05 and less than 1")
    low, high = 0.0, 20 * np.sqrt(parts.variance(seeds))
    for _ in range(50):  # power grows with the effect: halve the range in which it lies
        middle = (low + high) / 2
        low, high = (middle, high) if power(middle, parts, seeds) < wanted else (low, middle)
    return high


def seeds_needed(estimate: Estimate, delta: float) -> int | None:
    """How many seeds would decide a comparison, if the estimate stayed where it is.

    An estimate of at least delta needs an interval without zero; a smaller one needs an interval
    within +-delta.

    **Returns** a number of at least two; None when no number of seeds would do, since the items
    alone leave the interval too wide, or when one seed was run, which says nothing of others.
    """
    parts, size = estimate.components, abs(estimate.value)
    if parts.seed is None:
        return None
    target = size if size >= delta else delta - size
    if half_width(parts, MOST_SEEDS) >= target:
        return None
    few, many = (
        1,
        MOST_SEEDS,
    )  # half_width(few) too wide (one seed is refused), half_width(many) not
    while many - few > 1:
        middle = (few + many) // 2
        few, many = (few, middle) if half_width(parts, middle) < target else (middle, many)
    return many
