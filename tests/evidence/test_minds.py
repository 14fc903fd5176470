"""What would change our mind: a row for each deciding comparison, by the power of its runs."""

import numpy as np
import pytest

from fashret_utils.evidence.claims import Claim, Finding, Verdict
from fashret_utils.evidence.claims.minds import would_change
from fashret_utils.evidence.statistics import crossed, detectable, half_width, seeds_needed

ITEMS = np.arange(200)


def finding(effect, decides=True, seeds=5):
    random = np.random.default_rng(0)
    values = effect + random.normal(0, 0.02, (seeds, 1)) + random.normal(0, 0.1, (seeds, 200))
    found = crossed(values, ITEMS, draws=400)
    place = {name: getattr(found, name) for name in ("value", "low", "high")}
    about = {"text": "a - b", "data": "garments", "metric": "map", "decides": decides}
    about |= {"verdict": "unresolved", "seeds": seeds, "delta": 0.01, "estimate": found}
    return Finding(**about, **place)


def judged(*findings):
    return [(None, Verdict(Claim("C-1", "here", "A beats B.", None), "unresolved", "", findings))]


def test_a_row_says_how_fine_the_comparison_is():
    each = finding(0.002)
    row = would_change(judged(each)).iloc[0]
    parts = each.estimate.components
    assert float(row["detectable"]) == pytest.approx(100 * detectable(parts), abs=0.05)
    assert float(row["twice the seeds"]) < float(row["detectable"])
    assert float(row["items alone"]) == pytest.approx(100 * half_width(parts, 1000), abs=0.05)
    needed = seeds_needed(each.estimate, 0.01)
    assert row["seeds to decide"] == ("more items" if needed is None else str(needed))
    assert row["matters from"] == "1.0"


def test_only_what_decides_and_has_seeds_is_told():
    assert would_change(judged(finding(0.1, decides=False))).empty
    assert would_change(judged(finding(0.1, seeds=1))).empty
    assert would_change([]).empty
