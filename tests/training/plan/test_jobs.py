"""Jobs: run in other processes with one thread each, and found again when they are recorded."""

import os

import numpy as np
import pytest
import torch

from fashret_utils import chapters, retrieval
from fashret_utils.evidence import records
from fashret_utils.training.plan import jobs

NAMES = {"chapter": "99_tiny", "data": "toy", "arm": "a", "scale": "smoke", "seed": 0}


def test_jobs_run_elsewhere_with_one_thread(tmp_path):
    def write(name, text):  # not importable by the workers: sent to them as it is
        (tmp_path / name).write_text(f"{text} {os.getpid()} {torch.get_num_threads()}")

    jobs.run_jobs(write, [(f"job{i}", f"text{i}") for i in range(4)], workers=2)
    for i in range(4):
        text, process, threads = (tmp_path / f"job{i}").read_text().split()
        assert (text, threads) == (f"text{i}", "1")
        assert int(process) != os.getpid()


def test_jobs_may_use_another_chapters_definitions(tmp_path):
    first = chapters.definitions("00_street_to_shop")

    def write(angle):
        (tmp_path / "point").write_text(str(first.on_the_circle([angle]).round(3).tolist()))

    jobs.run_jobs(write, [(0,)], workers=2)
    assert (tmp_path / "point").read_text() == "[[1.0, 0.0]]"


def test_a_failing_job_is_raised():
    def fail(number):
        raise ArithmeticError(f"job {number} is wrong")

    with pytest.raises(ArithmeticError, match="job 3 is wrong"):
        jobs.run_jobs(fail, [(3,)], workers=2)


def test_a_record_is_found_again_only_with_its_settings_and_code(tmp_path):
    settings = {"loss": "pair", "margin": 0.1, "levels": (3, 4), "share": np.float32(0.5)}
    assert jobs.recorded(tmp_path, settings=settings, **NAMES) is None
    found = retrieval.evaluate(np.eye(3), np.eye(3), range(3), range(3), k=1, bootstrap=0)
    records.write(records.new(found, **NAMES, extra={"settings": settings}), tmp_path)
    assert jobs.recorded(tmp_path, settings=settings, **NAMES).metrics["hit@1"] == 1
    assert jobs.recorded(tmp_path, settings=settings | {"margin": 0.2}, **NAMES) is None
    assert jobs.recorded(tmp_path, settings=settings, **NAMES | {"seed": 1}) is None
    old = records.new(found, **NAMES, extra={"settings": settings}, code_hash="other")
    records.write(old, tmp_path)
    assert jobs.recorded(tmp_path, settings=settings, **NAMES) is None
