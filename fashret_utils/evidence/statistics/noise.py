"""The noise floor: one arm against itself, with other seeds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from fashret_utils.evidence.statistics.crossed import DRAWS, Estimate, difference

_MIN_SEEDS = 4


@dataclass(frozen=True)
class NoiseFloor:
    """What a comparison of an arm with itself finds.

    `comparison`: the even seeds less the odd ones. `size`: how far the means of two arms, each with
    all the seeds, stay apart in 95 of 100 cases although nothing but the seeds differs.
    """

    comparison: Estimate
    size: float


def noise_floor(
    values: np.ndarray, items: np.ndarray, draws: int = DRAWS, seed: int = 0
) -> NoiseFloor:
    """Measure the noise floor from the runs of one arm.

    **Arguments**: `values` - (seeds, queries) of a metric, seeds in ascending order; the rest as in
    `crossed`.

    **Raises** `ValueError` for fewer than four seeds, which make no two pairs.
    """
    values = np.asarray(values, dtype=np.float64)
    n = len(values)
    if values.ndim != 2 or n < _MIN_SEEDS:
        raise ValueError(f"a noise floor needs {_MIN_SEEDS} seeds, found values {values.shape}")
    pairs = n // 2 * 2
    # The items are the same on both sides: only the means of the seeds vary.
    spread = values.mean(axis=1).std(ddof=1) * np.sqrt(2 / n)
    return NoiseFloor(
        comparison=difference(values[0:pairs:2], values[1:pairs:2], items, draws, seed),
        size=float(stdtrit(n - 1, 0.975) * spread),
    )
