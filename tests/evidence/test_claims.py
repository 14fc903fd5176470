"""Claims: from a ledger and run records to verdicts, and what a wrong ledger is told."""

import dataclasses
import itertools

import pytest
import yaml
from scipy import stats

from fashret_utils.__main__ import main
from fashret_utils.evidence import claims
from fashret_utils.evidence.records import Record

LEDGER = {
    "paper": "tiny",
    "citation": "someone2020tiny",
    "chapter": "99_tiny",
    "label": "re-implementation",
    "available": "All of it.",
    "settled_by": "Nothing.",
}
CLAIM = {"id": "TINY-C1", "where": "abstract", "statement": "A beats B.", "reported": None}


def claim(*evidence, **changes):
    return claims.Claim(**CLAIM, evidence=evidence, **changes)


def runs(arm, values, metric="hit@1", data="wardrobe", scale="quick"):
    """One record a value, with seeds 0, 1, ..."""
    return [
        Record(
            chapter="99_tiny",
            data=data,
            arm=arm,
            scale=scale,
            seed=seed,
            metrics={metric: value},
            intervals={},
            counts={},
            code_hash="now",
        )
        for seed, value in enumerate(values)
    ]


def difference(expect="above zero", data="wardrobe", metric="hit@1", **more):
    return {"difference": ["a", "b"], "metric": metric, "data": data, "expect": expect, **more}


def verdict_of(a, b, **evidence):
    found = [*runs("a", a), *runs("b", b)]
    return claims.judge(claim(difference(**evidence)), found)


# verdicts


@pytest.mark.parametrize(
    ("expect", "differences", "verdict"),
    [
        ("above zero", (0.10, 0.11, 0.12), "supported"),
        ("above zero", (-0.10, -0.11, -0.12), "contradicted"),
        ("above zero", (0.10, -0.11, 0.12), "inconclusive"),
        ("below zero", (-0.10, -0.11, -0.12), "supported"),
        ("below zero", (0.10, 0.11, 0.12), "contradicted"),
    ],
)
def test_the_interval_of_paired_differences_decides(expect, differences, verdict):
    b = (0.2, 0.5, 0.3)  # seeds differ far more than the arms do
    a = [y + d for y, d in zip(b, differences, strict=True)]
    assert verdict_of(a, b, expect=expect).verdict == verdict


def test_the_interval_is_students_over_seeds():
    found = verdict_of((0.31, 0.52, 0.36), (0.2, 0.5, 0.3)).findings[0]
    expected = stats.ttest_1samp((0.11, 0.02, 0.06), 0).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx(tuple(expected), rel=1e-9)
    assert found.value == pytest.approx(0.19 / 3)
    assert (found.seeds, found.scale) == (3, "quick")


@pytest.mark.parametrize(
    ("differences", "verdict"),
    [
        ((0.001, 0.002, 0.003), "supported"),
        ((0.05, 0.051, 0.052), "contradicted"),
        ((-0.05, -0.051, -0.052), "contradicted"),
        ((0.02, 0.0, -0.02), "inconclusive"),
    ],
)
def test_zero_is_supported_only_by_an_interval_within_the_tolerance(differences, verdict):
    a = [0.3 + d for d in differences]
    assert verdict_of(a, (0.3, 0.3, 0.3), expect="zero", tolerance=0.02).verdict == verdict


def test_two_seeds_are_too_few():
    found = verdict_of((0.8, 0.9), (0.1, 0.1))
    assert found.verdict == "inconclusive"
    assert found.findings[0].value == pytest.approx(0.75)
    assert "2 seeds" in claims.listing([(None, found)])


def test_only_common_seeds_are_paired():
    found = verdict_of((0.30, 0.40, 0.50, 0.9), (0.2, 0.3, 0.4))
    assert found.findings[0].seeds == 3
    assert found.findings[0].value == pytest.approx(0.1)


def test_the_largest_scale_with_enough_seeds_is_used():
    quick = [*runs("a", (0.1, 0.1, 0.1)), *runs("b", (0.2, 0.2, 0.2))]
    gpu = [*runs("a", (0.9,) * 3, scale="gpu"), *runs("b", (0.5,) * 3, scale="gpu")]
    paper = [*runs("a", (0.1,), scale="paper"), *runs("b", (0.9,), scale="paper")]
    found = claims.judge(claim(difference()), quick + gpu + paper)
    assert (found.verdict, found.findings[0].scale) == ("supported", "gpu")
    assert claims.judge(claim(difference()), quick + paper).findings[0].scale == "quick"


@pytest.mark.parametrize(
    ("first", "second", "verdict"),
    [
        ("above", "above", "supported"),
        ("above", "level", "inconclusive"),
        ("above", "below", "inconclusive"),
        ("below", "level", "contradicted"),
        ("level", "level", "inconclusive"),
        ("above", None, "supported"),
    ],
)
def test_all_comparisons_must_agree(first, second, verdict):
    values = {"above": (0.5, 0.51, 0.52), "level": (0.2, 0.3, 0.4), "below": (0.1, 0.11, 0.12)}
    found = []
    for data, name in (("one", first), ("two", second)):
        if name:
            found += runs("a", values[name], data=data) + runs("b", (0.3, 0.3, 0.3), data=data)
    result = claims.judge(claim(difference(data=["one", "two"])), found)
    assert result.verdict == verdict
    assert ("1 without records" in result.why) == (second is None)


def test_the_first_metric_decides():
    found = [
        dataclasses.replace(run, metrics={"hit@1": run.metrics["hit@1"], "map": 0.5})
        for run in [*runs("a", (0.5, 0.51, 0.52)), *runs("b", (0.3, 0.3, 0.3))]
    ]
    assert claims.judge(claim(difference(metric=["hit@1", "map"])), found).verdict == "supported"
    assert claims.judge(claim(difference(metric=["map", "hit@1"])), found).verdict != "supported"


def test_numbers_kept_beside_the_metrics_count_too():
    found = [
        dataclasses.replace(run, metrics={}, extra={"scatter": run.metrics["hit@1"]})
        for run in [*runs("a", (0.5, 0.51, 0.52)), *runs("b", (0.3, 0.3, 0.3))]
    ]
    assert claims.judge(claim(difference(metric="scatter")), found).verdict == "supported"


def test_spread_is_the_blocked_f_test():
    evidence = {"spread": "sweep,*", "metric": "hit@1", "data": "wardrobe"}
    seeds = (0.0, 0.2, 0.4)
    arms = {"sweep,1": 0.10, "sweep,2": 0.12, "sweep,3": 0.30}
    wobble = itertools.cycle((0.01, -0.01, 0.0, 0.0, 0.01))
    apart = [
        run
        for arm, level in arms.items()
        for run in runs(arm, [level + s + next(wobble) for s in seeds])
    ]
    level = [run for arm in arms for run in runs(arm, [s + next(wobble) for s in seeds])]
    assert claims.judge(claim(evidence), apart).verdict == "supported"
    assert claims.judge(claim(evidence), level).verdict == "inconclusive"
    other = runs("main", (0.0, 0.9, 0.1))
    assert claims.judge(claim(evidence), apart + other).verdict == "supported"


def test_value_must_hold_in_every_run():
    evidence = {"value": "error", "arm": "a", "below": 1e-9, "data": "wardrobe"}
    small = runs("a", (1e-15, 0.0, 1e-12), metric="error")
    assert claims.judge(claim(evidence), small).verdict == "supported"
    large = runs("a", (1e-15, 0.0, 1e-3), metric="error")
    assert claims.judge(claim(evidence), large).verdict == "contradicted"


def test_other_code_makes_a_finding_stale():
    found = [*runs("a", (0.5, 0.5, 0.5)), *runs("b", (0.3, 0.3, 0.3))]
    assert not claims.judge(claim(difference()), found, lambda run: False).findings[0].stale
    verdict = claims.judge(claim(difference()), found, lambda run: run.arm == "b")
    assert verdict.findings[0].stale
    assert "stale" in claims.listing([(None, verdict)])


def test_without_records_nothing_is_concluded():
    found = claims.judge(claim(difference()), [])
    assert (found.verdict, found.why) == ("inconclusive", "no run is recorded yet")


def test_untestable_says_why():
    found = claims.judge(claims.Claim(**CLAIM, untestable="needs the official files"), [])
    assert (found.verdict, found.why) == ("not testable here", "needs the official files")


# display


def test_the_box_escapes_and_names_claim_verdict_and_numbers():
    ledger = claims.Ledger(**LEDGER, claims=())
    stated = claims.Claim(**{**CLAIM, "statement": "A < B"}, evidence=(difference(),))
    verdict = claims.judge(stated, [*runs("a", (0.5, 0.5, 0.5)), *runs("b", (0.3, 0.3, 0.3))])
    html = claims.box([(ledger, verdict)])
    assert "A &lt; B" in html
    assert "not in the abstract; full text not available to us" in html
    assert "a - b, hit@1, wardrobe: +20.0 [+20.0, +20.0] points (quick, 3 seeds)" in html
    assert ">supported</span>" in html


def test_comparisons_give_differences_of_shares_in_points():
    ledger = claims.Ledger(**LEDGER, claims=())
    verdict = verdict_of((0.5, 0.5, 0.5), (0.3, 0.3, 0.3), data=["wardrobe", "unseen"])
    found = claims.comparisons([(ledger, verdict)])
    assert found.loc["TINY-C1", "value [95 % interval]"] == "20 [20, 20]"
    assert found["data"].tolist() == ["wardrobe"]  # without records there is no comparison


def test_what_rounding_left_is_shown_as_zero():
    ledger = claims.Ledger(**LEDGER, claims=())
    verdict = verdict_of((0.3, 0.2, 0.1), (0.1 + 0.2, 0.3 - 0.1, 0.1))
    (finding,) = verdict.findings
    assert 0 < abs(finding.value) < 1e-15
    assert claims.comparisons([(ledger, verdict)])["value [95 % interval]"].item() == "0 [0, 0]"
    assert "+0.0 [+0.0, +0.0] points" in claims.listing([(ledger, verdict)])


# ledgers


def write(folder, change=None, text=None):
    content = {**LEDGER, "claims": [{**CLAIM, "evidence": [difference()]}]}
    if change:
        change(content)
    (folder / "tiny.yml").write_text(text or yaml.safe_dump(content))
    return folder


def test_a_ledger_is_read(tmp_path):
    (ledger,) = claims.load(write(tmp_path))
    assert ledger.paper == "tiny"
    assert ledger.claims == (claim(difference()),)


def edit(**keys):
    return lambda content: content["claims"][0].update(keys)


def edit_evidence(**keys):
    return lambda content: content["claims"][0]["evidence"][0].update(keys)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c.pop("citation"), r"tiny\.yml: no citation"),
        (lambda c: c.update(colour="red"), r"tiny\.yml: unknown key 'colour'; known: available,"),
        (lambda c: c.update(claims=[]), r"`claims` must be a list with at least one claim"),
        (lambda c: c.update(claims=["x"]), r"claim 0: expected `key: value` lines, found str"),
        (lambda c: c["claims"][0].pop("where"), r"claim 0: no where"),
        (edit(evidense=1), r"claim 0: unknown key 'evidense'"),
        (edit(untestable="x"), r"TINY-C1\): expected either `evidence` or `untestable`"),
        (edit(evidence=[]), r"`evidence` must be a list with at least one entry"),
        (edit(evidence=[{"metric": "hit@1"}]), r"must have one of difference, spread, value"),
        (edit_evidence(difference=["a"]), r"`difference` must be two arms \[a, b\], not \['a'\]"),
        (edit_evidence(expect="more"), r"`expect` is 'more'; choose one of above zero, below"),
        (edit_evidence(expect="zero"), r"`tolerance` goes with `expect: zero`, and only with it"),
        (edit_evidence(tolerance=0.1), r"`tolerance` goes with `expect: zero`, and only with it"),
        (edit_evidence(expect="zero", tolerance="2 %"), r"`tolerance` must be a number, not '2 %'"),
        (lambda c: c["claims"][0]["evidence"][0].pop("data"), r"TINY-C1\): no data"),
        (lambda c: c["claims"].append(c["claims"][0]), r"claim TINY-C1 occurs twice"),
    ],
)
def test_a_wrong_ledger_is_told_what_is_wrong(tmp_path, change, message):
    with pytest.raises(claims.ClaimsError, match=message):
        claims.load(write(tmp_path, change))


@pytest.mark.parametrize(
    ("text", "message"),
    [("paper: [a", r"tiny\.yml is not YAML: (?s:.*)line 1"), ("- a", "found list")],
)
def test_malformed_yaml_is_named(tmp_path, text, message):
    with pytest.raises(claims.ClaimsError, match=message):
        claims.load(write(tmp_path, text=text))


def test_the_books_ledgers_and_the_command(tmp_path, capsys):
    assert main(["claims", "dml", "--results", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert all(f"DML-C{number}  inconclusive" in printed for number in range(1, 9))
    assert main(["claims", "no-such-paper", "--results", str(tmp_path)]) == 2
    assert "no ledger of 'no-such-paper': there are " in capsys.readouterr().err
