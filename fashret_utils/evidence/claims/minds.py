"""What would change our mind: how fine a comparison is, and what would make it finer."""

from __future__ import annotations

import pandas as pd

from fashret_utils.evidence.claims.display import Judged
from fashret_utils.evidence.statistics import detectable, half_width, seeds_needed
from fashret_utils.evidence.statistics.power import MOST_SEEDS


def would_change(judged: Judged) -> pd.DataFrame:
    """One row a deciding comparison of shares that has seeds and items; differences in points.

    `found` is the difference with its interval, `detectable` the true difference that these seeds
    and items would show in four of five repetitions, `twice the seeds` the same with as many again,
    `items alone` half the interval that would be left with any number of seeds, and `seeds to
    decide` what it takes if the difference stays where it is.
    """
    rows = []
    for _, verdict in judged:
        for finding in verdict.findings:
            parts = finding.estimate and finding.estimate.components
            if not finding.decides or not parts or parts.seed is None or not parts.item:
                continue
            seeds = seeds_needed(finding.estimate, finding.delta)
            place = [f"{100 * v:+.1f}" for v in (finding.value, finding.low, finding.high)]
            fine = (detectable(parts), detectable(parts, 2 * finding.seeds))
            rows.append(
                {
                    "comparison": finding.text,
                    "data": finding.data,
                    "found": f"{place[0]} [{place[1]}, {place[2]}]",
                    "verdict": finding.verdict,
                    "matters from": f"{100 * finding.delta:.1f}",
                    "detectable": f"{100 * fine[0]:.1f}",
                    "twice the seeds": f"{100 * fine[1]:.1f}",
                    "items alone": f"{100 * half_width(parts, MOST_SEEDS):.1f}",
                    "seeds": finding.seeds,
                    "seeds to decide": "more items" if seeds is None else str(seeds),
                }
            )
    return pd.DataFrame(rows)
