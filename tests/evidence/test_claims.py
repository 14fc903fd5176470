"""Claims: from a ledger and run records to verdicts, and what a wrong ledger is told."""

import dataclasses
import re

import numpy as np
import pytest
import yaml

from fashret_utils import plots
from fashret_utils.__main__ import main
from fashret_utils.evidence import claims, records, statistics
from fashret_utils.evidence.per_query import PerQuery
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
PRIMARY = {"primary": "map", "shown": ()}
ITEMS = np.repeat(np.arange(100), 2)


class Shop:
    """Runs of arms on the same queries, with their per-query results."""

    def __init__(self):
        self.random = np.random.default_rng(0)
        self.runs, self.kept = [], {}

    def add(self, arm, level, seeds=5, data="garments", scale="quick", curve=(), **changes):
        """Runs whose average precision is about `level`; `curve` is the validation metric."""
        for seed in range(seeds):
            values = np.clip(level + self.random.normal(0, 0.02, len(ITEMS)), 0, 1)
            steps = {"step": list(range(0, 10 * len(curve), 10)), "val_map": list(curve)}
            about = {
                "metrics": {"map": float(values.mean()), "hit@1": 0.5},
                "curve": steps if curve else {},
                "per_query": {"queries": f"queries/{data}.npz"},
                **changes,
            }
            run = Record(
                chapter="99_tiny",
                data=data,
                arm=arm,
                scale=scale,
                seed=seed,
                intervals={},
                counts={},
                code_hash="now",
                **about,
            )
            self.runs.append(run)
            if run.per_query:
                ranks = np.where(values > level, 1, 2)
                self.kept[id(run)] = PerQuery(values, ranks, ITEMS)
        return self

    def judge(self, *stated, stale=lambda run: False, **ledger):
        """The verdicts of claims, by a ledger whose starts are `starts`."""
        paper = claims.Ledger(**LEDGER, claims=stated, **ledger)
        grounds = claims.Grounds(paper, self.runs, lambda run: self.kept.get(id(run)), stale)
        return claims.judge(grounds)


FLAT = (0.1, 0.2, 0.3, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4)
RISING = (*FLAT[:-4], 0.41, 0.42, 0.43, 0.44)
STARTS = {"starts": ("frozen",), "untrained": ("frozen",)}


def claim(*evidence, **changes):
    return claims.Claim(**{**CLAIM, **PRIMARY, **changes}, evidence=evidence)


def contrast(a="a", b="b", data="garments", **more):
    return {"contrast": [a, b], "data": data, **more}


def shop(a=0.30, b=0.25, data="garments", **more):
    """A frozen start at 20 %, arm a and arm b."""
    made = Shop().add("frozen", 0.2, seeds=1, data=data)
    return made.add("a", a, data=data, curve=FLAT, **more).add("b", b, data=data, curve=FLAT)


def one(made, *evidence, **changes):
    (verdict,) = made.judge(claim(*evidence, **changes), **STARTS)
    return verdict


# verdicts


@pytest.mark.parametrize(
    ("a", "expect", "verdict"),
    [
        (0.30, "above", "supported"),
        (0.20, "above", "not learnt here"),  # a is no better than its start
        (0.25, "above", "negligible"),
        (0.22, "above", "negative here"),
        (0.22, "below", "supported"),
        (0.30, "below", "negative here"),
        (0.25, "none", "supported"),
        (0.30, "none", "negative here"),
        (0.22, "none", "negative here"),
    ],
)
def test_a_contrast_is_judged_query_by_query(a, expect, verdict):
    found = one(shop(a), contrast(expect=expect))
    assert found.verdict == verdict
    (finding,) = found.findings
    assert finding.value == pytest.approx(a - 0.25, abs=0.005)
    assert (finding.seeds, finding.scale, finding.delta) == (5, "quick", 0.01)
    assert finding.starts["frozen"] == pytest.approx(-0.05, abs=0.005)
    assert 0 < finding.floor < 0.005
    low, high = finding.over_seeds
    assert low < finding.value < high


@pytest.mark.parametrize(
    ("at_home", "curve", "verdict"),
    [
        (0.4, FLAT, "negative here"),
        (0.2, FLAT, "not learnt here"),
        (0.4, RISING, "negative here"),  # too far below to turn
        (0.4, (), "negative here"),
    ],
)
def test_what_an_arm_has_learnt_is_asked_where_it_has_learnt(at_home, curve, verdict):
    made = Shop().add("frozen", 0.3, seeds=1, data="photos").add("frozen", 0.2, seeds=1)
    made.add("a", at_home, curve=curve)
    made.add("a", 0.25, data="photos", curve=curve, trained_on="garments")
    stated = contrast("a", "frozen", data="photos")
    assert one(made, stated).verdict == verdict
    made.runs = [run for run in made.runs if (run.arm, run.data) != ("a", "garments")]
    lost = one(made, stated)
    assert lost.verdict == "not learnt here"
    assert "no run with these seeds is recorded on garments" in lost.why


@pytest.mark.parametrize(("same_world", "verdict"), [((), "unresolved"), (("new",), "supported")])
def test_what_training_still_moved_has_a_sign_on_other_items_of_its_world(same_world, verdict):
    made = Shop()
    for data in ("garments", "new"):
        away = {"trained_on": "garments"} if data == "new" else {}
        made.add("frozen", 0.2, seeds=1, data=data)
        made.add("a", 0.3, data=data, curve=RISING, **away)
        made.add("b", 0.27, data=data, curve=FLAT, **away)
    stated = claim(contrast("a", "b", data="new"))
    (found,) = made.judge(stated, **STARTS, same_world=same_world)
    assert found.verdict == verdict


@pytest.mark.parametrize(
    ("side", "bound", "verdict"),
    [
        ("below", 0.2, "supported"),
        ("below", 0.14, "not learnt here"),
        ("below", 0.15, "not learnt here"),
        ("above", 0.14, "supported"),
        ("above", 0.15, "not learnt here"),
        ("above", 0.2, "not learnt here"),
    ],
)
def test_a_gate_of_the_ledger_asks_more_of_an_arm(side, bound, verdict):
    gates = ({"arm": "b", "number": "loss", side: bound, "data": "garments"},)
    made = shop()
    made.runs = [
        dataclasses.replace(run, extra={"loss": 0.1 + 0.025 * run.seed}) for run in made.runs
    ]
    made.kept = dict(zip(map(id, made.runs), made.kept.values(), strict=True))
    (found,) = made.judge(claim(contrast()), **STARTS, gates=gates)
    assert found.verdict == verdict
    if verdict != "supported":
        assert found.why == f"b loss is 0.150, not {side} {bound:g}"


def test_a_gate_without_its_number_is_not_passed():
    gates = ({"arm": "a", "number": "loss", "below": 1, "data": "garments"},)
    (found,) = shop().judge(claim(contrast()), **STARTS, gates=gates)
    assert (found.verdict, found.why) == ("not learnt here", "a no loss is recorded")
    own = contrast(gates=[{**gates[0], "arm": "b", "below": 1}])  # of one contrast alone
    (found,) = shop().judge(claim(own), **STARTS)
    assert found.verdict == "not learnt here"
    (found,) = shop(data="photos").judge(claim(contrast(data="photos")), **STARTS, gates=gates)
    assert found.verdict == "supported"  # asked on garments


def test_an_arm_that_is_said_to_learn_nothing_need_not_have_learnt():
    made = shop(a=0.3)
    made.runs = [run for run in made.runs if run.arm != "b"]
    made.add("b", 0.15, curve=FLAT)  # below the start
    assert one(made, contrast()).verdict == "not learnt here"
    assert one(made, contrast(gated=["a"])).verdict == "supported"
    assert one(made, contrast(gated=["b"])).verdict == "not learnt here"


def test_a_contrast_on_no_data_is_shown_and_decides_nothing():
    found = one(shop(), contrast(), contrast("a", "frozen", data=[], also=["garments"]))
    assert found.verdict == "supported"
    assert [finding.decides for finding in found.findings] == [True, False]


def test_its_interval_is_that_of_the_statistics():
    made = shop()
    (finding,) = one(made, contrast()).findings
    values = {
        arm: np.stack([made.kept[id(run)].metric("map") for run in made.runs if run.arm == arm])
        for arm in "ab"
    }
    expected = statistics.difference(values["a"], values["b"], ITEMS)
    assert (finding.value, finding.low, finding.high) == pytest.approx(
        (expected.value, expected.low, expected.high)
    )
    assert finding.adjusted == pytest.approx(expected.p)


def test_a_difference_that_could_turn_is_not_decided():
    made = shop()
    made.runs = [run for run in made.runs if run.arm != "b"]
    made.add("b", 0.27, curve=RISING)
    found = one(made, contrast())
    assert found.verdict == "unresolved"
    assert "still moved by -2.8 points of validation" in found.why
    assert claims.comparisons([(None, found)])["moved"].item() == "-2.8"
    assert one(made, contrast("b", "a")).verdict == "unresolved"
    assert one(made.add("c", 0.33, curve=FLAT), contrast("c", "b")).verdict == "supported"


@pytest.mark.parametrize(("before", "verdict"), [(0, "unresolved"), (160, "supported")])
def test_a_run_that_went_on_from_another_rests_by_the_steps_of_both(before, verdict):
    """One course with a jump near its end, of which the fork has the second half alone."""
    course = (*[0.3] * 27, *[0.35] * 5)
    made = Shop().add("frozen", 0.2, seeds=1).add("b", 0.27, curve=course)
    made.add("a", 0.30, curve=course[16:], extra={"steps_before": before})
    assert one(made, contrast()).verdict == verdict


def test_a_training_that_nobody_looked_at_moves_nothing():
    made = shop()
    made.runs = [run for run in made.runs if run.arm != "b"]
    found = one(made.add("b", 0.25), contrast())
    assert found.verdict == "supported"
    assert claims.comparisons([(None, found)])["moved"].item() == "not looked at"


def test_a_start_without_runs_closes_the_gate():
    made = shop()
    made.runs = [run for run in made.runs if run.arm != "frozen"]
    found = one(made, contrast())
    assert found.verdict == "not learnt here"
    assert "not compared with frozen, of which no run" in found.why


def test_a_trained_start_must_be_beaten_too_but_not_by_itself():
    made = shop().add("head", 0.28, curve=FLAT)
    ledger = {"starts": ("frozen", "head"), "untrained": ("frozen",)}
    (above,) = made.judge(claim(contrast("a", "head")), **ledger)
    assert above.verdict == "supported"
    (below,) = made.judge(claim(contrast("a", "b")), **ledger)
    assert below.why.startswith("b not above head (-")
    (alone,) = made.judge(claim(contrast("a", "b", starts=["frozen"])), **ledger)
    assert alone.verdict == "supported"
    own = {"a": ["frozen", "head"], "b": ["frozen"]}  # each arm has starts of its own
    (each,) = made.judge(claim(contrast("a", "b", starts=own)), **ledger)
    assert each.verdict == "supported"
    assert set(each.findings[0].starts) == {"frozen", "head"}
    swapped = {"a": ["frozen"], "b": ["frozen", "head"]}
    (gated,) = made.judge(claim(contrast("a", "b", starts=swapped)), **ledger)
    assert gated.why.startswith("b not above head (-")


def test_arms_without_seeds_have_no_gate():
    made = Shop().add("box", 0.3, seeds=1).add("photo", 0.2, seeds=1)
    stated = claim(contrast("box", "photo", starts=[]))
    (found,) = made.judge(stated, untrained=("box", "photo"))
    assert found.verdict == "supported"
    assert found.findings[0].gates == {}
    (trained,) = made.judge(stated)
    assert (trained.verdict, trained.why) == ("unresolved", "1 of at least 3 seeds")


def test_on_the_papers_own_data_a_claim_can_be_contradicted():
    assert one(shop(0.22), contrast(own_data=True)).verdict == "contradicted"
    assert one(shop(0.30), contrast(own_data=True)).verdict == "supported"


def test_holm_runs_over_the_whole_chapter():
    made = shop().add("near", 0.262, curve=FLAT, seeds=5)
    wide = Shop()
    wide.runs, wide.kept = made.runs, made.kept
    for number in range(30):
        wide.add(f"x{number}", 0.25, curve=FLAT)
    stated = claim(contrast("near", "b"), delta=0.001)
    others = [
        dataclasses.replace(claim(contrast(f"x{n}", "b"), delta=0.001), id=f"TINY-X{n}")
        for n in range(30)
    ]
    (alone,) = made.judge(stated, **STARTS)
    among = wide.judge(stated, *others, **STARTS)
    assert alone.findings[0].adjusted <= among[0].findings[0].adjusted
    assert among[0].findings[0].adjusted == pytest.approx(
        statistics.holm(np.array([each.findings[0].estimate.p for each in among]))[0]
    )


def test_a_comparison_of_two_claims_is_corrected_for_once():
    stated = [
        dataclasses.replace(claim(contrast("near", "b")), id=f"TINY-X{number}") for number in (1, 2)
    ]
    turned = dataclasses.replace(claim(contrast("b", "near")), id="TINY-X3")
    made = shop().add("near", 0.262, curve=FLAT, seeds=5)
    (alone,), among = made.judge(stated[0], **STARTS), made.judge(*stated, turned, **STARTS)
    expected = alone.findings[0].adjusted
    assert [each.findings[0].adjusted for each in among] == pytest.approx([expected] * 3)


@pytest.mark.parametrize(
    ("first", "second", "verdict"),
    [
        (0.30, 0.30, "supported"),
        (0.30, 0.22, "mixed"),
        (0.30, 0.25, "mixed"),
        (0.30, 0.20, "unresolved"),  # not learnt on one of them
        (0.30, None, "unresolved"),
    ],
)
def test_data_sets_must_agree(first, second, verdict):
    made = shop(first, data="one")
    if second:
        other = shop(second, data="two")
        made.runs, made.kept = made.runs + other.runs, made.kept | other.kept
    found = one(made, contrast(data=["one", "two"]))
    assert found.verdict == verdict
    assert ("1 without records" in found.why) == (second is None)


def test_other_metrics_and_data_sets_decide_nothing():
    made, other = shop(data="garments"), shop(0.22, data="digits")
    made.runs, made.kept = made.runs + other.runs, made.kept | other.kept
    found = one(made, contrast(also=["digits"]), shown=("hit@1",))
    assert found.verdict == "supported"
    said = {(f.data, f.metric): f.verdict for f in found.findings}
    assert said == {
        ("garments", "map"): "supported",
        ("garments", "hit@1"): "shown beside",
        ("digits", "map"): "shown beside",
        ("digits", "hit@1"): "shown beside",
    }
    assert claims.on_data(found) == {"garments": "supported"}


def test_the_largest_scale_with_enough_seeds_is_used():
    made = shop().add("frozen", 0.2, seeds=1, scale="gpu")
    made.add("a", 0.22, scale="gpu", curve=FLAT).add("b", 0.25, scale="gpu", curve=FLAT)
    made.add("a", 0.4, scale="paper", seeds=2).add("b", 0.3, scale="paper", seeds=2)
    found = one(made, contrast())
    assert (found.verdict, found.findings[0].scale) == ("negative here", "gpu")


def test_runs_that_were_asked_other_queries_are_named():
    made = shop(per_query={"queries": "queries/other.npz"})
    with pytest.raises(claims.ClaimsError, match=r"a \(seed 0\) and b .* different queries"):
        one(made, contrast())


def test_runs_with_different_settings_are_no_arm():
    made = shop()
    for run in made.runs:
        run.extra["settings"] = {"rate": 0.1}
    assert one(made, contrast()).verdict == "supported"
    next(run for run in made.runs if (run.arm, run.seed) == ("b", 2)).extra["settings"] = {
        "rate": 1
    }
    with pytest.raises(claims.ClaimsError, match=r"b of .* different settings \(seeds 0 and 2\)"):
        one(made, contrast())


def test_numbers_of_whole_runs_are_compared_over_seeds():
    made = shop(0.3)
    for run in made.runs:
        run.extra["scatter"] = {"a": 0.4, "b": 0.6}.get(run.arm, 1.0) + run.seed / 1000
    found = one(made, contrast(expect="below"), primary="scatter", delta=0.1)
    (finding,) = found.findings
    assert found.verdict == "supported"
    assert finding.estimate.drawn == "seeds alone"
    assert finding.value == pytest.approx(-0.2)
    made.add("c", 0.2, curve=FLAT)
    made.runs[-1].extra["scatter"] = 0.1
    assert one(made, contrast("c", "b"), primary="scatter", delta=0.1).verdict == "unresolved"


def test_runs_of_another_age_are_shown_and_judged_no_more():
    made = shop(per_query=None)
    found = one(made, contrast())
    assert (found.verdict, found.findings[0].seeds) == ("stale", 5)
    assert "kept: run the chapter again" in found.why
    assert found.findings[0].value == pytest.approx(0.05, abs=0.005)


def test_an_identity_must_hold_in_every_run():
    evidence = {"identity": "error", "arm": "a", "below": 1e-9, "data": "garments"}
    made = shop()
    for run in made.runs:
        run.extra["error"] = 1e-15
    assert one(made, evidence).verdict == "supported"
    made.runs[3].extra["error"] = 1e-3
    assert one(made, evidence).verdict == "contradicted"


def test_other_code_makes_a_finding_stale():
    stated = claim(contrast())
    (verdict,) = shop().judge(stated, stale=lambda run: run.arm == "b", **STARTS)
    assert verdict.findings[0].stale
    assert "5 seeds, stale) supported" in claims.listing([(None, verdict)])
    assert not one(shop(), contrast()).findings[0].stale


def test_without_records_nothing_is_concluded():
    found = one(Shop(), contrast())
    assert (found.verdict, found.why) == ("unresolved", "no run is recorded yet")


def test_untestable_says_why():
    stated = claims.Claim(**CLAIM, untestable="needs the official files")
    (found,) = Shop().judge(stated)
    assert (found.verdict, found.why) == ("not testable here", "needs the official files")


def test_per_query_results_are_read_from_beside_the_records(tmp_path):
    (tmp_path / "ledgers").mkdir()
    content = {**LEDGER, "claims": [{**CLAIM, "primary": "map", "evidence": [contrast()]}]}
    content |= {"starts": ["frozen"], "untrained": ["frozen"]}
    (tmp_path / "ledgers/tiny.yml").write_text(yaml.safe_dump(content))
    made = shop()
    for run in made.runs:
        records.write(run, tmp_path, per_query=made.kept[id(run)])
    ((_, verdict),) = claims.verdicts(results=tmp_path, folder=tmp_path / "ledgers")
    assert verdict.verdict == "supported"
    assert [finding.metric for finding in verdict.findings] == ["map", "hit@1", "hit@10"]


# display


def test_the_box_escapes_and_names_claim_verdict_and_numbers():
    ledger = claims.Ledger(**LEDGER, claims=())
    html = claims.box([(ledger, one(shop(), contrast(), statement="A < B"))])
    assert "A &lt; B" in html
    assert "not in the abstract; full text not available to us" in html
    assert re.search(r"a - b, map, garments: \+5\.0 \[\+4\.\d, \+5\.\d\] points \(quick, 5 s", html)
    assert '<span class="sd-badge verdict supported">supported</span>' in html


def test_comparisons_show_what_a_verdict_was_made_from():
    ledger = claims.Ledger(**LEDGER, claims=())
    verdict = one(shop(), contrast(data=["garments", "unseen"]))
    found = claims.comparisons([(ledger, verdict)])
    row = found.loc["TINY-C1"]
    assert re.fullmatch(r"\+5\.0 \[\+4\.\d, \+5\.\d\]", row["value [95 % interval]"])
    assert (row["delta"], row["start"], row["learnt"]) == ("1.0", "-4.9", "yes")
    assert 0 < float(row["half-width"]) < 0.5
    assert 0 < float(row["noise floor"]) < 0.5
    assert found["data"].tolist() == ["garments"]  # without records there is no comparison


def test_columns_that_nothing_fills_are_left_out():
    ledger = claims.Ledger(**LEDGER, claims=())
    made, told = shop(), {"identity": "error", "arm": "a", "below": 1, "data": "garments"}
    for run in made.runs:
        run.extra["error"] = 0.0
    found = claims.comparisons([(ledger, one(made, told))])
    assert not {"delta", "noise floor", "start", "learnt"} & set(found.columns)


def test_what_rounding_left_is_shown_as_zero():
    made = shop()
    for run, value in zip(made.runs, (0, *[0.3] * 5, *[0.1 + 0.2] * 5), strict=True):
        run.metrics["probe"] = value
    verdict = one(made, contrast(), primary="probe", delta=0.01)
    assert 0 < abs(verdict.findings[0].value) < 1e-15
    assert "+0.0 [+0.0, +0.0] points" in claims.listing([(None, verdict)])


# ledgers


def write(folder, change=None, text=None):
    content = {**LEDGER, "starts": ["frozen"], "claims": [{**CLAIM, "evidence": [contrast()]}]}
    content["claims"][0]["primary"] = "map"
    if change:
        change(content)
    (folder / "tiny.yml").write_text(text or yaml.safe_dump(content))
    return folder


def test_a_ledger_is_read(tmp_path):
    (ledger,) = claims.load(write(tmp_path))
    assert ledger.paper == "tiny"
    assert ledger.claims == (claim(contrast(), shown=("hit@1", "hit@10")),)
    assert ledger.starts == ("frozen",)


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
        (edit(evidence=[{"metric": "hit@1"}]), r"must have one of contrast, identity"),
        (edit_evidence(contrast=["a"]), r"`contrast` must be two arms \[a, b\], not \['a'\]"),
        (edit_evidence(expect="more"), r"`expect` is 'more'; choose one of above, below, none"),
        (edit_evidence(metric="map"), r"unknown key 'metric'; known: also, contrast, data, expect"),
        (edit_evidence(gated=["c"]), r"`gated` names c, which is not compared"),
        (
            lambda c: c.update(gates=[{"arm": "a", "number": "n", "data": "d"}]),
            r"gate 0: expected either `above` or `below`",
        ),
        (
            lambda c: c.update(gates=[{"arm": "a", "number": "n", "data": "d", "above": "x"}]),
            r"gate 0: `above` must be a number, not 'x'",
        ),
        (edit_evidence(starts="frozen"), r"`starts` must be a list of names, not 'frozen'"),
        (edit_evidence(starts={"a": ["frozen"]}), r"`starts` names none for b; give each arm a"),
        (edit_evidence(starts={"a": [], "b": "x"}), r"starts of b: `b` must be a list of names"),
        (lambda c: c.pop("starts"), r"no `starts`, neither of the ledger nor of this contrast"),
        (lambda c: c["claims"][0].pop("primary"), r"a contrast needs `primary`, the metric that"),
        (edit(primary="probe"), r"no smallest effect of interest for 'probe': state a `delta`"),
        (edit(delta=0), r"`delta` must be a number above zero, not 0"),
        (edit(delta="1 %"), r"`delta` must be a number above zero, not '1 %'"),
        (edit(shown="hit@1"), r"`shown` must be a list of names"),
        (
            edit(evidence=[{"identity": "x", "arm": "a", "below": "0", "data": "d"}]),
            r"`below` must be a number, not '0'",
        ),
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
    assert all(f"DML-C{number}  unresolved" in printed for number in range(1, 9))
    assert main(["claims", "no-such-paper", "--results", str(tmp_path)]) == 2
    assert "no ledger of 'no-such-paper': there are " in capsys.readouterr().err


# tables and rows of a figure


def test_arms_stand_beside_their_start_the_noise_floor_and_delta():
    made = shop().add("c", 0.19, curve=FLAT)
    paper = claims.Ledger(**LEDGER, claims=(), **STARTS)
    grounds = claims.Grounds(paper, made.runs, lambda run: made.kept.get(id(run)))
    table = claims.arms(grounds, "garments", ["a", "c"], "b")
    assert table.index.tolist() == [
        *("frozen", "b", "a", "c"),
        *("noise floor", "smallest effect of interest"),
    ]
    assert re.fullmatch(r"30\.\d \[29\.\d, 30\.\d\]|29\.9 .*", table.loc["a", "map, %"])
    assert table.loc["a", "less plain"].startswith("+5.0 [+4.")
    assert table.loc["b", "less plain"] == ""
    assert table.loc["frozen", ["learnt", "seeds"]].tolist() == ["", "1, quick"]
    assert table.loc["a", ["learnt", "seeds"]].tolist() == ["yes", "5, quick"]
    assert table.loc["c", "learnt"].startswith("no: not above frozen (-")
    assert re.fullmatch(r"±0\.\d", table.loc["noise floor", "less plain"])
    assert table.loc["smallest effect of interest", "less plain"] == "±1.0"
    with pytest.raises(claims.ClaimsError, match="no runs of x and b with per-query"):
        claims.arms(grounds, "garments", ["x"], "b")


def test_a_forest_plot_gets_the_deciding_contrasts():
    made = shop(0.30, data="garments")
    other = shop(0.25, data="photos")
    made.runs, made.kept = made.runs + other.runs, made.kept | other.kept
    verdict = one(made, contrast(data=["garments", "photos"]), shown=("hit@1",))
    panels = {"garments": "drawings", "photos": "real photos"}
    rows, floors = claims.forest_rows([(None, verdict)], panels, {"a - b": "an idea"})
    assert rows["contrast"].tolist() == ["an idea", "an idea"]
    assert rows["panel"].tolist() == ["drawings", "real photos"]
    assert rows["verdict"].tolist() == ["supported", "negligible"]
    assert rows["start"].tolist() == pytest.approx([-0.05, -0.05], abs=0.005)
    assert list(floors) == ["drawings", "real photos"]
    assert "An idea" not in plots.forest(rows, 0.01, floors=floors).alt
    assert len(claims.forest_rows([(None, verdict)], {"photos": "real photos"})[0]) == 1


def test_one_panel_has_the_contrasts_that_are_named_in_their_order():
    made = shop(0.30).add("c", 0.27, curve=FLAT)
    judged = [(None, one(made, contrast("a", "b"), contrast("c", "b"), contrast("a", "c")))]
    names = {"c - b": "second", "x - y": "not recorded", "a - b": "first"}
    rows, floors = claims.forest_list(judged, "garments", names, "drawings")
    assert rows["contrast"].tolist() == ["second", "first"]
    assert rows["value"].tolist() == pytest.approx([0.02, 0.05], abs=0.005)
    assert list(floors) == ["drawings"]
    assert claims.forest_list(judged, "photos", names)[0].empty
