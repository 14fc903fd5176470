"""The gate before a comparison: an arm that has not learnt cannot be compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fashret_utils.evidence.statistics.crossed import DRAWS, Estimate, difference

LAST = 0.25  # share of the training at whose end a curve must be flat
TOLERANCE = 0.005  # how far a flat curve may still move in it: half a point
_MIN_POINTS = 3


@dataclass(frozen=True)
class Gate:
    """Whether an arm has learnt; `why` says in words what is missing, or how much it gained."""

    learnt: bool
    why: str
    gains: dict[str, Estimate]  # over each of its starts
    drift: float | None  # of the validation metric over the last quarter; None if unknown


def gate(
    values: np.ndarray,
    starts: Mapping[str, np.ndarray],
    items: np.ndarray,
    curves: Sequence[tuple[np.ndarray, np.ndarray]],
    *,
    tolerance: float = TOLERANCE,
    draws: int = DRAWS,
) -> Gate:
    """Ask whether an arm beats every start it had, and whether its training had come to rest.

    **Arguments**

    - `values`: (seeds, queries) of the primary metric.
    - `starts`: name -> the same of what the arm began from, such as the frozen trunk, (queries,)
      where it has no seeds.
    - `items`: (queries,) as in `crossed`.
    - `curves`: for each seed the steps (n,) and the validation metric there (n,).
    - `tolerance`: how far the metric may move over the last quarter of the training.

    **Raises** `ValueError` without starts, and as `difference`.
    """
    if not starts:
        raise ValueError("an arm needs at least one start to be compared with")
    gains = {name: difference(values, start, items, draws) for name, start in starts.items()}
    reasons = [
        f"not above {name} ({100 * gain.value:+.1f} [{100 * gain.low:.1f}, {100 * gain.high:.1f}])"
        for name, gain in gains.items()
        if gain.low <= 0
    ]
    moved = None
    try:
        moved = drift(curves)
    except ValueError as error:
        reasons.append(str(error))
    if moved is not None and abs(moved) > tolerance:
        way = "rising" if moved > 0 else "falling"
        reasons.append(f"validation still {way} ({100 * moved:+.1f} points over the last quarter)")
    if reasons:
        return Gate(False, "; ".join(reasons), gains, moved)
    least = min(gains, key=lambda name: gains[name].value)
    why = f"{100 * gains[least].value:+.1f} points over {least}, validation flat"
    return Gate(True, why, gains, moved)


def drift(curves: Sequence[tuple[np.ndarray, np.ndarray]]) -> float:
    """How far a validation metric moved over the last quarter of the training, mean over seeds.

    The move is that of the straight line fitted to the points there, which one odd point moves
    little.

    **Raises** `ValueError` without curves, for one with fewer than three points there, and for
    values that are not finite.
    """
    if not curves:
        raise ValueError("no validation curve was kept")
    moves = []
    for steps, values in curves:
        steps, values = np.asarray(steps, np.float64), np.asarray(values, np.float64)
        if steps.shape != values.shape or not np.isfinite(values).all():
            raise ValueError(f"a curve needs finite values (n,) at steps (n,), found {values}")
        last = steps >= (1 - LAST) * steps.max(initial=0)
        if last.sum() < _MIN_POINTS:
            raise ValueError(
                f"{last.sum()} points of a validation curve in the last quarter of the training; "
                f"expected {_MIN_POINTS} or more: look more often"
            )
        slope = np.polynomial.Polynomial.fit(steps[last], values[last], 1).deriv()(0)
        moves.append(slope * LAST * steps.max())
    return float(np.mean(moves))
