"""The gate before a comparison: an arm that has not learnt cannot be compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fashret_utils.evidence.statistics.classes import NEGLIGIBLE, UNRESOLVED
from fashret_utils.evidence.statistics.crossed import DRAWS, Estimate, difference

LAST = 0.25  # share of the training at whose end a difference must be at rest
TOLERANCE = 0.005  # how far it may still move in it: half a point
_MIN_POINTS = 3

Curves = Sequence[tuple[np.ndarray, np.ndarray]]  # for each seed steps (n,) and a metric there (n,)


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
    curves: Curves,
    *,
    draws: int = DRAWS,
) -> Gate:
    """Ask whether an arm beats every start it had.

    **Arguments**

    - `values`: (seeds, queries) of the primary metric.
    - `starts`: name -> the same of what the arm began from, such as the frozen trunk, (queries,)
      where it has no seeds.
    - `items`: (queries,) as in `crossed`.
    - `curves`: of the validation metric; an arm whose training nobody can look at has none.

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
    if reasons:
        return Gate(False, "; ".join(reasons), gains, moved)
    least = min(gains, key=lambda name: gains[name].value)
    return Gate(True, f"{100 * gains[least].value:+.1f} points over {least}", gains, moved)


def drift(curves: Curves, others: Curves | None = None) -> float:
    """How far a validation metric moved over the last quarter of the training, mean over seeds.

    With a rate that falls to zero a metric rises to the end, however long the training: what says
    whether two arms can be compared is the move of their *difference*.

    The move is that of the straight line fitted to the points there, which one odd point moves
    little.

    **Arguments**: `others` - curves of a second arm, seed by seed: then of the difference, at equal
    shares of the training, since arms may differ in steps.

    **Raises** `ValueError` without curves, for another number of `others`, for one with fewer than
    three points there, and for values that are not finite.
    """
    if not curves:
        raise ValueError("no validation curve was kept")
    moves = [_move(*curve) for curve in curves]
    if others is not None:
        if len(others) != len(curves):
            raise ValueError(f"{len(curves)} curves of one arm and {len(others)} of the other")
        moves = [move - _move(*curve) for move, curve in zip(moves, others, strict=True)]
    return float(np.mean(moves))


def _move(steps: np.ndarray, values: np.ndarray) -> float:
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
    return slope * LAST * steps.max()


def unrest(name: str, value: float, moved: float, tolerance: float = TOLERANCE) -> str:
    """Why a verdict could be another after more training, in words; empty where it could not.

    **Arguments**: `name` - of the verdict; `value` - the difference on the test; `moved` - `drift`
    of the difference on validation, NaN if unknown.
    """
    grows = moved * value > 0 and name not in (NEGLIGIBLE, UNRESOLVED)
    if not abs(moved) > tolerance or grows:
        return ""
    return (
        f"the difference still moved by {100 * moved:+.1f} points of validation over the last "
        "quarter of the training: train longer"
    )
