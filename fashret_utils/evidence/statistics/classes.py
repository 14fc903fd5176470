"""From an interval to a class of verdict; the rules are the same for both signs."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from fashret_utils.evidence.statistics.crossed import Estimate
from fashret_utils.evidence.statistics.power import seeds_needed

SUPPORTED, NEGATIVE, NEGLIGIBLE = "supported", "negative here", "negligible"
MIXED, UNRESOLVED = "mixed", "unresolved"
NOT_LEARNT, UNTESTABLE, CONTRADICTED = "not learnt here", "not testable here", "contradicted"
STALE = "stale"  # made before runs kept what a verdict needs: nothing follows until it is run again
CLASSES = (
    *(SUPPORTED, NEGLIGIBLE, NEGATIVE, CONTRADICTED),
    *(MIXED, UNRESOLVED, NOT_LEARNT, UNTESTABLE, STALE),
)
DECIDED = (SUPPORTED, NEGLIGIBLE, NEGATIVE, CONTRADICTED)

SMALLEST = {"map": 0.01, "hit@1": 0.02}  # smallest effects of interest, as shares
LEVEL = 0.05


@dataclass(frozen=True)
class Class:
    """What one comparison says, and why in words."""

    name: str
    why: str


def smallest_effect(metric: str, stated: float | None = None) -> float:
    """The smallest effect of interest: the one a claim states, else the book's for the metric.

    **Raises** `ValueError` for a metric for which the book has none.
    """
    if stated is not None:
        return stated
    if metric not in SMALLEST:
        raise ValueError(f"no smallest effect of interest for {metric!r}: state a `delta`")
    return SMALLEST[metric]


def classify(
    found: Estimate, delta: float, adjusted: float | None = None, own_data: bool = False
) -> Class:
    """Say what a difference means, for a claim that it lies above zero.

    **Arguments**

    - `found`: the difference, in the direction of the claim.
    - `delta`: the smallest effect of interest.
    - `adjusted`: p after Holm, among all deciding comparisons of the chapter; by default its own p.
    - `own_data`: whether the data are the paper's own: what is negative there is contradicted.

    **Raises** `ValueError` for a delta that is not above zero.
    """
    if not delta > 0:
        raise ValueError(f"the smallest effect of interest must be above zero, not {delta}")
    if -delta <= found.low and found.high <= delta:
        return Class(NEGLIGIBLE, "the whole interval is within the smallest effect of interest")
    excludes_zero = found.low > 0 or found.high < 0
    if excludes_zero and abs(found.value) >= delta:
        if (found.p if adjusted is None else adjusted) <= LEVEL:
            if found.value > 0:
                return Class(SUPPORTED, "the interval is above zero")
            return Class(CONTRADICTED if own_data else NEGATIVE, "the interval is below zero")
        why = "the interval excludes zero, but not after the correction for many comparisons"
        return Class(UNRESOLVED, why)
    if excludes_zero:
        side = "above" if found.value > 0 else "below"
        why = f"the interval is {side} zero but reaches past the smallest effect of interest"
    else:
        why = "the interval covers zero and reaches past the smallest effect of interest"
    return Class(UNRESOLVED, f"{why}; {needed(found, delta)}")


def needed(found: Estimate, delta: float) -> str:
    """What would decide an unresolved comparison, in words."""
    if found.seeds == 1:
        return "one seed says nothing of other seeds"
    seeds = seeds_needed(found, delta)
    if seeds is None:
        return "more seeds would not do, it takes more items"
    return f"about {max(seeds, found.seeds + 1)} seeds would decide"


def together(classes: Collection[str]) -> str:
    """The class of a claim from those of its deciding comparisons, one or several a data set.

    Equal classes stay; decided ones that differ are mixed. One that is unresolved leaves the claim
    unresolved, as does one that was not learnt beside others that were; one that is stale makes the
    claim stale.

    **Raises** `ValueError` for no classes, or unknown ones.
    """
    found = set(classes)
    if not found or found - set(CLASSES):
        raise ValueError(f"expected classes among {', '.join(CLASSES)}, found {sorted(found)}")
    if len(found) == 1 or STALE in found:
        return STALE if STALE in found else found.pop()
    return MIXED if found <= {*DECIDED, MIXED} else UNRESOLVED
