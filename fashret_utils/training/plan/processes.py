"""The processes of a campaign: each does one run at a time, in one thread, and ends with it."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context, parent_process
from pathlib import Path
from threading import Thread

import torch
from joblib.externals.loky import get_reusable_executor

from fashret_utils import chapters
from fashret_utils.training.plan.forecast import forecast
from fashret_utils.training.plan.jobs import Job

# One thread each: with more, those of one process wait for those of the others.
THREADS = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL")}
ONE_THREAD = THREADS | {"OMP_WAIT_POLICY": "PASSIVE"}


def work(name: str, job: Job, where: dict, root: Path | None) -> float:
    """Do one run, in a process of its own: seconds."""
    torch.set_num_threads(1)
    begun = time.perf_counter()
    own = Path(where["checkpoints"]) / name / job.data / job.arm / f"{job.seed}"
    with no_helpers_left():
        chapters.definitions(name, root).do(job, where | {"checkpoints": str(own)})
    shutil.rmtree(own, ignore_errors=True)
    return time.perf_counter() - begun


def timed(name: str, job: Job, where: dict, root: Path | None) -> float:
    """Time the first steps of one run: seconds that all of it would take."""
    torch.set_num_threads(1)
    module = chapters.definitions(name, root)
    with no_helpers_left():
        return forecast(partial(module.do, job, where))


@contextmanager
def no_helpers_left() -> Iterator[None]:
    """End the processes that drew pictures: their parent could not end for minutes, else."""
    try:
        yield
    finally:
        get_reusable_executor().shutdown(wait=True)


def pool(workers: int) -> ProcessPoolExecutor:
    """Processes that start afresh, so that they take the number of threads from the environment."""
    os.environ.update(ONE_THREAD)
    return ProcessPoolExecutor(
        workers, mp_context=get_context("spawn"), initializer=_end_with_parent
    )


def _end_with_parent() -> None:
    """End this process when the campaign's does, however that ends; else it would wait for ever."""

    def watch() -> None:
        parent_process().join()
        os._exit(1)

    Thread(target=watch, daemon=True).start()
