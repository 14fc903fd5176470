"""Do two tests put methods in the same order? Kendall's rank correlation over arms, with interval.

Each draw takes seeds and items again, items of either test by themselves (the pigeonhole bootstrap
of `crossed`). What noise alone does to two orders is shown by a ceiling: the correlation of two
independent draws of the second test with each other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import kendalltau

from fashret_utils.evidence.statistics.crossed import drawn_again

DRAWS = 2000


@dataclass(frozen=True)
class Side:
    """A metric of several arms on one test: `table` (arms, seeds, queries), `items` (queries,)."""

    table: np.ndarray
    items: np.ndarray


@dataclass(frozen=True)
class Agreement:
    """Kendall's tau of two orders of arms, and what trusting the first costs on the second.

    `loss`: how far the arm that is best on the first test stays behind the best of the second
    there. Intervals hold 95 % of the draws. `ceiling`: mean tau of the second test with itself.
    """

    tau: float
    low: float
    high: float
    loss: float
    loss_high: float
    ceiling: float
    arms: int


def agreement(
    first: Side, second: Side, same_runs: bool, draws: int = DRAWS, seed: int = 0
) -> Agreement:
    """Compare the order of arms on two tests.

    **Arguments**: `first`, `second` - the same arms in the same order; `same_runs` - the same
    networks were asked both tests, so that a draw takes the same seeds for both.

    **Raises** `ValueError` for arms that do not pair, fewer than three, or seeds that do not.
    """
    arms = first.table.shape[0]
    if arms != second.table.shape[0] or arms < 3:
        raise ValueError(f"{arms} and {second.table.shape[0]} arms: expected three or more, twice")
    if same_runs and first.table.shape[1] != second.table.shape[1]:
        shapes = first.table.shape[:2], second.table.shape[:2]
        raise ValueError(f"the same runs were said, but (arms, seeds) are {shapes}")
    random = np.random.default_rng(seed)
    seeds = drawn_again(random, draws, first.table.shape[1]).T
    mine = _means(first, seeds, _items(first, random, draws))
    if not same_runs:
        seeds = drawn_again(random, draws, second.table.shape[1]).T
    theirs = _means(second, seeds, _items(second, random, draws))
    others = drawn_again(random, draws, second.table.shape[1]).T
    again = _means(second, others, _items(second, random, draws))
    taus = np.array([_tau(a, b) for a, b in zip(mine.T, theirs.T, strict=True)])
    low, high = np.percentile(taus, [2.5, 97.5])
    losses = theirs.max(0) - theirs[mine.argmax(0), np.arange(draws)]
    plain = first.table.mean((1, 2)), second.table.mean((1, 2))
    return Agreement(
        tau=_tau(*plain),
        low=float(low),
        high=float(high),
        loss=float(plain[1].max() - plain[1][plain[0].argmax()]),
        loss_high=float(np.percentile(losses, 97.5)),
        ceiling=float(np.mean([_tau(a, b) for a, b in zip(theirs.T, again.T, strict=True)])),
        arms=arms,
    )


def _tau(a: np.ndarray, b: np.ndarray) -> float:
    found = kendalltau(a, b).statistic
    return 0.0 if np.isnan(found) else float(found)  # all arms equal: no order


def _items(side: Side, random: np.random.Generator, draws: int) -> np.ndarray:
    return drawn_again(random, draws, len(np.unique(side.items))).T


def _means(side: Side, seeds: np.ndarray, items: np.ndarray) -> np.ndarray:
    """Means of arms over drawn seeds (seeds, draws) and items (items, draws): (arms, draws)."""
    _, codes, counts = np.unique(side.items, return_inverse=True, return_counts=True)
    sums = np.apply_along_axis(lambda row: np.bincount(codes, row), 2, side.table)
    drawn = sums @ items / (counts @ items)  # (arms, seeds, draws)
    return (drawn * seeds).sum(1) / seeds.sum(0)
