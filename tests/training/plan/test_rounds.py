"""Rounds of trials, and what is recorded without training."""

import numpy as np

from fashret_utils.datasets import bench
from fashret_utils.evidence import records
from fashret_utils.evidence.records import Record
from fashret_utils.training.plan import rounds
from fashret_utils.training.untrained import record_untrained


def trial(arm, number, score, seed=0):
    names = {"chapter": "c", "data": "d", "arm": f"trial,{arm},{number}", "scale": "full"}
    return Record(**names, seed=seed, metrics={}, intervals={}, counts={}, extra={"val_map": score})


def test_settings_are_crossed_with_the_last_axis_fastest():
    rates, scales = [{"rate": 1}, {"rate": 2}], [{"scale": 5}, {"scale": 6}]
    found = rounds.crossed({"loss": "pair"}, scales, rates)
    expected = [(5, 1), (5, 2), (6, 1), (6, 2)]
    assert [(each["scale"], each["rate"]) for each in found] == expected
    assert {each["loss"] for each in found} == {"pair"}
    assert rounds.crossed({"a": 1}) == [{"a": 1}]


def test_a_round_waits_for_those_before():
    place = {"first": "here", "tail,second": "there"}.get
    plan = [{"first": [{"x": 1}, {"x": 2}]}, {"tail,second": [{"x": 3}]}]
    jobs, done = rounds.trial_jobs(plan, [], place, seeds=(0, 1))
    assert [(job.arm, job.seed, job.stage) for job in jobs] == [
        ("trial,first,0", 0, 0),
        ("trial,first,1", 0, 0),
        ("trial,first,0", 1, 0),
        ("trial,first,1", 1, 0),
    ]
    assert not done
    found = [trial("first", 0, 0.1), trial("first", 1, 0.2)]
    jobs, done = rounds.trial_jobs(plan, found, place, seeds=(0,))
    assert [(job.arm, job.stage) for job in jobs][2:] == [("trial,tail,second,0", 1)]
    assert [job.data for job in jobs] == ["here", "here", "there"]
    assert not done
    found.append(trial("tail,second", 0, 0.3))
    assert rounds.trial_jobs(plan, found, place, seeds=(0,))[1]


def test_an_arm_may_have_more_seeds_and_a_round_waits_for_all():
    plan = [{"few": [{"x": 1}], "final,few": [{"x": 1}]}, {"later": [{"x": 3}]}]
    about = {"data": lambda arm: "here"}
    about["seeds"] = lambda arm: (0, 1) if arm.startswith("final,") else (0,)
    found = [trial("few", 0, 0.1), trial("final,few", 0, 0.2)]
    jobs, done = rounds.trial_jobs(plan, found, **about)
    assert [(job.arm, job.seed) for job in jobs] == [
        ("trial,few,0", 0),
        ("trial,final,few,0", 0),
        ("trial,final,few,0", 1),
    ]
    assert not done
    jobs, _ = rounds.trial_jobs(plan, [*found, trial("final,few", 0, 0.2, seed=1)], **about)
    assert jobs[-1].arm == "trial,later,0"


def test_what_is_not_trained_is_recorded_query_by_query(tmp_path):
    catalog = bench.load("wardrobe-garments", "smoke")

    def by_item(rows):
        return np.eye(catalog.item.max() + 1, dtype=np.float32)[rows.item]

    about = {"chapter": "01_dml", "arm": "known", "scale": "smoke"}
    tests = {"whole": catalog, "folds": [catalog, catalog]}
    found = record_untrained(by_item, tests, tmp_path, **about)
    assert found["whole"].retrieval.metrics["map"] == 1
    whole, folds = (records.load(tmp_path, data=name)[0] for name in ("whole", "folds"))
    assert (whole.metrics["map"], folds.metrics["map"]) == (1, 1)
    assert folds.counts["n_query"] == 2 * whole.counts["n_query"]
    asked = [len(records.per_query(record, tmp_path).item) for record in (whole, folds)]
    assert asked == [whole.counts["n_query"], folds.counts["n_query"]]
