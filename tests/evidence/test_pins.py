"""Prose held to the records: what is out of date is named, numbers can be written anew."""

from dataclasses import replace

import pytest

from fashret_utils.evidence import claims
from fashret_utils.evidence.claims.findings import Finding
from fashret_utils.evidence.claims.prose import Evidence, problems, refreshed
from fashret_utils.evidence.claims.verdicts import Verdict
from fashret_utils.evidence.records import Record


def finding(data, metric, value, verdict, decides=True, text="a - b"):
    place = {"value": value, "low": value - 0.01, "high": value + 0.01}
    return Finding(text, data, metric, decides, verdict, **place)


CLAIM = claims.Claim("DML-C3", "abstract", "A beats B.", None)
FOUND = (
    finding("garments", "map", 0.0021, "negligible"),
    finding("garments", "hit@1", -0.034, "shown beside", decides=False),
    finding("photos", "map", 0.031, "supported"),
    finding("garments", "map", -0.052, "negative here", text="a - c"),
    finding("garments", "scatter", 0.42, "shown beside", decides=False),
    finding("digits", "map", float("nan"), None),
)
RUN = Record("01_dml", "garments", "frozen", "full", 0, {"map": 0.15}, {}, {}, extra={"d": 2.5})
RUNS = [RUN, replace(RUN, seed=1, metrics={"map": 0.17}), replace(RUN, scale="quick")]
KNOWN = Evidence([(None, Verdict(CLAIM, "mixed", "", FOUND))], RUNS)


def told(text):
    return "; ".join(problems(text, KNOWN))


@pytest.mark.parametrize(
    ("pins", "problem"),
    [
        ("DML-C3 mixed", ""),
        ("DML-C3 supported on photos", ""),
        ("DML-C3 mixed, DML-C3 supported on photos", ""),
        ("DML-C3 negligible", "pinned to DML-C3 negligible, but the records say mixed"),
        (
            "DML-C3 mixed, DML-C3 negative here on photos",
            "on photos, but the records say supported",
        ),
        ("DML-C3 supported on digits", "but the records say not measured"),
        ("DML-C9 mixed", "there is no claim DML-C9"),
        ("DML-C3 proven", "cannot read the pin 'DML-C3 proven'"),
        ("", "cannot read the pin ''"),
    ],
)
def test_a_paragraph_is_held_to_the_verdicts_it_rests_on(pins, problem):
    found = told(f"Words.\n\n:::{{pinned}} {pins}\n\nWe found it.\n\n:::\n")
    assert problem in found
    assert bool(found) == bool(problem)


@pytest.mark.parametrize(
    ("text", "what", "problem"),
    [
        ("+0.2 points", "DML-C3/garments", ""),
        ("0.2", "DML-C3/garments", ""),
        ("+0.21 [-0.8, +1.2]", "DML-C3/garments", ""),
        ("−0.8 to +1.2", "DML-C3/garments", ""),
        ("-3.4", "DML-C3/garments/hit@1", ""),
        ("3.4", "-DML-C3/garments/hit@1", ""),
        ("3.4 (2.4 to 4.4)", "-DML-C3/garments/hit@1", ""),
        ("-5.2", "DML-C3/garments/map/2", ""),
        ("+0.420", "DML-C3/garments/scatter", ""),
        ("16 %", "01_dml/garments/frozen/map", ""),
        ("2.50", "01_dml/garments/frozen/d", ""),
        ("+0.3", "DML-C3/garments", "'+0.3' holds +0.3, but the records say +0.2"),
        ("-0.2", "DML-C3/garments", "records say +0.2"),
        ("3.4", "DML-C3/garments/hit@1", "holds 3.4, but the records say −3.4"),
        ("some points", "DML-C3/garments", "has 0 numbers"),
        ("1, 2, 3 and 4", "DML-C3/garments", "has 4 numbers"),
        ("16 to 17", "01_dml/garments/frozen/map", "has 2 numbers"),
        ("+0.2", "DML-C9/garments", "there is no claim DML-C9"),
        ("+0.2", "DML-C3/hats", "number:DML-C3/hats names no comparison that has records"),
        ("+0.2", "DML-C3/digits", "names no comparison that has records"),
        ("+0.2", "DML-C3/garments/map/3", "names no comparison"),
        ("+0.2", "DML-C3/garments/map/1/x", "names no comparison"),
        ("16", "01_dml/garments/frozen/mrr", "names no runs with that metric"),
        ("16", "01_dml/garments/frozen", "must be chapter/data/arm/metric"),
    ],
)
def test_a_number_is_held_to_its_record(text, what, problem):
    found = told(f"It moved by [{text}](number:{what}) here.")
    assert problem in found
    assert bool(found) == bool(problem)


def test_numbers_are_written_anew_as_they_were_written():
    old = (
        "Up [+9.9 [-9.9, +9.9]](number:DML-C3/garments), down [9.99](number:DML-C3/garments/hit@1)."
    )
    new = (
        "Up [+0.2 [−0.8, +1.2]](number:DML-C3/garments), down "
        "[−3.40](number:DML-C3/garments/hit@1)."
    )
    assert refreshed(old, KNOWN) == new
    assert refreshed(new, KNOWN) == new
    assert told(new) == ""
    with pytest.raises(claims.ClaimsError, match="no claim X"):
        refreshed("[1](number:X/y)", KNOWN)


def test_code_is_no_prose():
    example = "```\n:::{pinned} X-C1 mixed\n[1](number:X-C1/y)\n```\nand `[1](number:X-C1/y)`\n"
    assert told(example) == ""
    assert refreshed(example, KNOWN) == example
    assert "no claim X-C1" in told("```{note}\n[1](number:X-C1/y)\n```\n")


def test_every_problem_of_a_text_is_told():
    text = ":::{pinned} DML-C3 stale\n[1](number:DML-C3/garments)\n:::\n[2](number:DML-C9/x)\n"
    assert len(problems(text, KNOWN)) == 3
