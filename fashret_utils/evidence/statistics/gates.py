"""The gate before a comparison: an arm that has not learnt cannot be compared; and its end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from fashret_utils.evidence.statistics.classes import classify
from fashret_utils.evidence.statistics.crossed import DRAWS, Estimate, difference

LAST = 0.25  # share of the training at whose end a difference must be at rest
_MIN_POINTS = 3

Curves = Sequence[tuple[np.ndarray, np.ndarray]]  # for each seed steps (n,) and a metric there (n,)


@dataclass(frozen=True)
class Gate:
    """Whether an arm has learnt; `why` says in words what is missing, or how much it gained."""

    learnt: bool
    why: str
    gains: dict[str, Estimate]  # over each of its starts


def gate(
    values: np.ndarray,
    starts: Mapping[str, np.ndarray],
    items: np.ndarray,
    draws: int = DRAWS,
) -> Gate:
    """Ask whether an arm beats every start it had.

    **Arguments**

    - `values`: (seeds, queries) of the primary metric.
    - `starts`: name -> the same of what the arm began from, such as the frozen trunk, (queries,)
      where it has no seeds.
    - `items`: (queries,) as in `crossed`.

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
    if reasons:
        return Gate(False, "; ".join(reasons), gains)
    least = min(gains, key=lambda name: gains[name].value)
    return Gate(True, f"{100 * gains[least].value:+.1f} points over {least}", gains)


def drift(curves: Curves) -> float:
    """How far a validation metric moved over the last quarter of the training, mean over seeds.

    With a rate that falls to zero a metric rises to the end, however long the training: what says
    whether two arms can be compared is the difference of their moves.

    A move is that of the straight line fitted to the points there, which one odd point moves
    little.

    **Raises** `ValueError` without curves, for one with fewer than three points there, and for
    values that are not finite.
    """
    if not curves:
        raise ValueError("no validation curve was kept")
    return float(np.mean([_move(*curve) for curve in curves]))


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


def unrest(
    found: Estimate, moved: float, delta: float, name: str, either_way: bool = False, **rules
) -> str:
    """Why a verdict could be another after more training, in words; empty where it could not.

    What the difference moved on validation is added to the estimate once more: does that change the
    class? A move of less than half the smallest effect of interest is none.

    **Arguments**

    - `found`: the difference on the test, in the direction of the claim; `moved`: `drift` of the
      difference in the same direction, NaN if nobody looked.
    - `delta`, `rules`: as in `classify`; `name`: the class of `found`.
    - `either_way`: the test is on other data than validation, where the move may have either sign.
    """
    if not abs(moved) > delta / 2:
        return ""
    for move in (moved, -moved) if either_way else (moved,):
        places = {part: getattr(found, part) + move for part in ("value", "low", "high")}
        if classify(replace(found, **places), delta, **rules).name != name:
            return (
                f"the difference still moved by {100 * moved:+.1f} points of validation over the "
                "last quarter of the training: as much again would make it another verdict"
            )
    return ""
