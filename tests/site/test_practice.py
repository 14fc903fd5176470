"""The practitioner's page: tables that fill themselves, and say so where nothing is measured."""

from dataclasses import replace

import pytest

from fashret_utils.evidence.claims.findings import Finding
from fashret_utils.evidence.claims.ledger import Claim, Ledger
from fashret_utils.evidence.claims.verdicts import Verdict
from fashret_utils.evidence.records import Record
from fashret_utils.site import practice

NAMES = {"00_street_to_shop": "Street to shop", "01_dml": "DML"}
RUN = Record(
    chapter="00_street_to_shop",
    data="wardrobe-garments",
    arm="tail",
    scale="full",
    seed=0,
    metrics={"map": 0.4},
    intervals={},
    counts={},
    cost={"steps": 600, "wall_seconds": 300.0, "parameters": 2_834_208},
)


def test_costs_are_means_over_seeds_of_the_published_scale():
    again = replace(RUN, seed=1, metrics={"map": 0.5}, cost=RUN.cost | {"wall_seconds": 400.0})
    others = [
        replace(RUN, arm="untrained", cost={}),
        replace(RUN, arm="trial,tail,0"),
        replace(RUN, scale="smoke", arm="toy"),
        replace(RUN, data="grocery-store", arm="elsewhere"),
    ]
    page = practice.costs([RUN, again, *others], NAMES, {"00_street_to_shop": 128})
    assert "| tail | 2,834 | 600 | 350 | 512 | 45.0 |" in page
    assert page.count("\n| ") == 3
    assert "**DML**: not measured yet." in page


def test_the_length_that_a_record_keeps_counts_more_than_the_chapters():
    run = replace(RUN, extra={"settings": {"dim": 360}})
    assert "| 600 | 300 | 1,440 | 40.0 |" in practice.costs([run], NAMES, {"00_street_to_shop": 8})
    assert "| 600 | 300 |  | 40.0 |" in practice.costs([RUN], NAMES)


def judged(verdict, found=None):
    claim = Claim("DML-C3", "here", "Two margins help.", None)
    ledger = Ledger("dml", "a", "01_dml", "b", "c", "d", ())
    named = {"text": "a - b", "data": "toy", "metric": "map", "decides": True}
    finding = Finding(verdict=found, value=0.02, low=0.01, high=0.03, **named)
    return [(ledger, Verdict(claim, verdict, "", (finding,)))]


@pytest.mark.parametrize(
    ("verdict", "place"),
    [("supported", "helped"), ("negligible", "no_help"), ("negative here", "no_help")],
)
def test_a_decided_claim_stands_in_one_list(verdict, place):
    lists = {
        name: getattr(practice, name)(judged(verdict, verdict)) for name in ("helped", "no_help")
    }
    line = lists.pop(place)
    assert "Two margins help. ({ref}`DML-C3 <dml-c3>`" in line
    assert "toy: +2.0 [+1.0, +3.0] points" in line
    assert "not measured yet" in "".join(lists.values())


def test_what_is_open_is_counted():
    assert "| 1 | not measured yet |  |" in practice.undecided(judged("unresolved"), NAMES)
    open_ = practice.undecided(judged("unresolved", "unresolved"), NAMES)
    assert "| {doc}`DML </notebooks/01_dml>` | 1 | 0 | 1 |" in open_


def test_an_index_may_lose_a_point_and_no_more():
    exact = {"rows": 100, "kind": "exact", "effort": None, "hit@1": 0.9, "hit@10": 0.99}
    exact |= {"ms": 4.0, "bytes": 51_200}
    loose = exact | {"kind": "hnsw", "ms": 0.1, "bytes": 100, "hit@1": 0.88}
    good = exact | {"kind": "ivf", "effort": 4, "ms": 1.0, "bytes": 60_000, "hit@1": 0.895}
    small = exact | {"kind": "pq", "ms": 2.0, "bytes": 3_200}
    (line,) = practice.indexes({"rows": [exact, loose, good, small]}).splitlines()[2:]
    assert line == (
        "| 100 | 4.00 ms, 512 B a picture | `ivf`, effort 4: 1.00 ms, 600 B a picture | "
        "`pq`: 2.00 ms, 32 B a picture |"
    )
