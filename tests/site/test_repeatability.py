"""The table of repeated runs says which are equal, and how far the others differ."""

import json

from fashret_utils.site import repeatability


def run(threads, hit, loss):
    return {
        "threads": threads,
        "arms": {"toy/a": {"metrics": {"hit@1": hit}, "curve": {"loss": loss}}},
    }


def written(tmp_path, *runs):
    about = {"chapter": "01_dml", "scale": "smoke", "seed": 3, "time": "2026-01-02T03:04:05+00:00"}
    about |= {"machine": {"device": "a processor", "cores": 2}, "runs": runs}
    path = tmp_path / repeatability.FILE
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(about))
    return repeatability.markdown(tmp_path)


def test_equal_runs_are_named_and_all_are_shown(tmp_path):
    assert "Not measured" in repeatability.markdown(tmp_path)
    text = written(tmp_path, run(2, 0.25, [1.0]), run(1, 0.5, [1.5]), run(2, 0.25, [1.0]))
    lines = text.replace("\N{NO-BREAK SPACE}", " ").splitlines()
    assert lines[0] == "| data | hit@1, % | run 1: 2 threads | run 2: 1 thread | run 3: 2 threads |"
    assert lines[2] == "| toy | a | 25.0 | 50.0 | 25.0 |"
    assert "Runs 1 and 3 are equal in every metric and every recorded loss." in text
    assert text.endswith("seed 3; `benchmarks/repeat.py`, 2026-01-02, a processor, 2 cores.\n")


def test_runs_of_equal_metrics_and_other_losses_are_not_equal(tmp_path):
    text = written(tmp_path, run(2, 0.25, [1.0]), run(2, 0.25, [1.0000001]))
    assert "No two runs have all metrics and losses in common." in text
