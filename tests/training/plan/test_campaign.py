"""A campaign does what is missing, seeds first, and goes on where it was stopped."""

import time
from multiprocessing import get_context

import joblib
import nbformat
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from fashret_utils import chapters
from fashret_utils.evidence import records
from fashret_utils.training.plan.campaign import campaign, missing
from fashret_utils.training.plan.forecast import EnoughSteps, forecast, look
from fashret_utils.training.plan.processes import no_helpers_left

NAME = "98_tiny"
DEFINITION = """
import os, signal, time
from fashret_utils.evidence import records
from fashret_utils.training import Job

ARMS = ("plain", "new")

def plan(scale, found, data_root):
    trials = [Job("dots", f"trial,{rate}", 0, {"rate": rate}, cost="trial") for rate in (1, 2)]
    scores = {r.arm: r.extra["val"] for r in found if r.arm.startswith("trial,")}
    if len(scores) < len(trials):
        return trials
    best = {"rate": int(max(scores, key=scores.get).partition(",")[2])}
    return trials + [Job("dots", arm, seed, best, stage=1) for seed in (0, 1) for arm in ARMS]

def do(job, where):
    os.makedirs(where['results'], exist_ok=True)
    with open(f"{where['results']}/../order.txt", "a") as file:
        file.write(f"{job.arm} {job.seed}\\n")
    if os.path.exists(f"{where['results']}/../{job.arm}-fails"):
        raise RuntimeError("no luck")
    if os.path.exists(f"{where['results']}/../{job.arm}-sleeps"):
        time.sleep(600)
    if os.path.exists(f"{where['results']}/../{job.arm}-dies"):
        os.kill(os.getpid(), signal.SIGKILL)
    about = {"chapter": "98_tiny", "data": job.data, "arm": job.arm, "seed": job.seed}
    extra = {"settings": dict(job.settings), "val": job.settings["rate"]}
    made = records.measured(metrics={}, intervals={}, counts={}, extra=extra,
                            scale=where["scale"], **about)
    records.write(made, where["results"])
"""


@pytest.fixture
def book(tmp_path):
    (tmp_path / "notebooks").mkdir()
    cells = [new_code_cell(DEFINITION, metadata={"tags": ["definition"]})]
    nbformat.write(new_notebook(cells=cells), tmp_path / f"notebooks/{NAME}.ipynb")
    (tmp_path / "_toc.yml").write_text("")
    (tmp_path / "results").mkdir()
    return tmp_path


def run(book, **options):
    lines = []
    place = {"results": book / "results", "scratch": book / "scratch", "root": book}
    outcome = campaign([NAME], "smoke", **place, workers=1, log=lines.append, **options)
    order = (book / "order.txt").read_text().splitlines() if (book / "order.txt").exists() else []
    return outcome, order, lines


def test_trials_first_then_seeds_then_arms_and_nothing_twice(book):
    outcome, order, lines = run(book)
    assert order == ["trial,1 0", "trial,2 0", "plain 0", "new 0", "plain 1", "new 1"]
    assert len(outcome.done) == 6
    assert not outcome.failed
    assert "2 runs to do" in lines[0]
    found = records.load(book / "results", arm="new")
    assert [record.extra["settings"] for record in found] == [{"rate": 2}] * 2
    assert not missing(NAME, "smoke", book / "results", root=book)
    again, after, _ = run(book)
    assert (again.done, after) == ([], order)


def test_a_run_that_fails_or_dies_does_not_stop_the_others(book):
    (book / "plain-fails").touch()
    (book / "new-dies").touch()
    outcome, *_ = run(book)
    why = {(job.arm, job.seed): text for (_, job), text in outcome.failed.items()}
    assert why["plain", 0] == "RuntimeError: no luck"
    assert "memory" in why["new", 1]
    assert [job.arm for _, job in outcome.done] == ["trial,1", "trial,2"]
    for name in ("plain-fails", "new-dies"):
        (book / name).unlink()
    assert len(run(book)[0].done) == 4


def test_processes_of_a_campaign_that_is_killed_end_with_it(book):
    (book / "plain-sleeps").touch()
    campaigner = get_context("spawn").Process(target=run, args=(book,))
    campaigner.start()
    parent, began = psutil.Process(campaigner.pid), book / "order.txt"
    for _ in range(600):
        if began.exists() and "plain 0" in began.read_text():
            break
        time.sleep(0.1)
    workers = parent.children(recursive=True)
    assert workers
    campaigner.kill()
    assert psutil.wait_procs(workers, timeout=30)[1] == []


def test_no_run_begins_that_would_end_too_late(book):
    outcome, *_ = run(book, hours=0.0)
    assert outcome.done == []
    assert len(outcome.left) == 2


def test_a_chapter_without_a_plan_is_named(book):
    cells = [new_code_cell("x = 1", metadata={"tags": ["definition"]})]
    nbformat.write(new_notebook(cells=cells), book / "notebooks/99_none.ipynb")
    lines = []
    place = {"results": book / "results", "scratch": book / "scratch", "root": book}
    assert campaign(["99_none"], "smoke", **place, log=lines.append).done == []
    assert "99_none: skipped, it has no plan of runs" in lines
    with pytest.raises(ValueError, match="has no plan of runs"):
        missing("99_none", "smoke", book / "results", root=book)
    with pytest.raises(ValueError, match="unknown scale"):
        campaign([NAME], "huge", **place)
    assert NAME in chapters.names(book)


def test_a_forecast_is_made_from_the_first_steps():
    seen = []

    def do():
        for step in range(1, 1001):
            seen.append(step)
            look(step, 1000, 0.5 * step)

    assert forecast(do, steps=20) == pytest.approx(500, abs=20)
    assert seen[-1] == 20
    look(20, 1000, 1.0)  # outside of a forecast nothing stops
    assert forecast(lambda: None) < 1
    assert issubclass(EnoughSteps, Exception)


def test_processes_that_a_run_began_end_with_it():
    def helpers():
        found = psutil.Process().children(recursive=True)
        return [p for p in found if "popen_loky_posix" in " ".join(p.cmdline())]

    with no_helpers_left():
        joblib.Parallel(n_jobs=2)(joblib.delayed(abs)(-number) for number in range(4))
        assert helpers()
    assert not helpers()
