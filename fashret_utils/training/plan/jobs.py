"""Many short runs at once: a list of jobs in several processes, each run at most once."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from joblib import Parallel, delayed, parallel_config
from tqdm import tqdm

from fashret_utils.evidence import records
from fashret_utils.evidence.records import Record
from fashret_utils.evidence.staleness import is_stale


@dataclass(frozen=True)
class Job:
    """One run that a chapter asks for.

    - `data`, `arm`, `seed`: name its record; `settings`: what else decides its numbers.
    - `stage`: a stage begins when those before are done, so that it can choose by their records.
    - `cost`: runs of the same word on the same data take about as long as each other; "" for those
      that take next to nothing, such as a search without training.
    """

    data: str
    arm: str
    seed: int
    settings: Mapping[str, object] = field(default_factory=dict, hash=False)
    stage: int = 0
    cost: str = ""

    @property
    def names(self) -> dict[str, object]:
        """What `recorded` must know of it: data, arm, seed and settings."""
        known = {"data": self.data, "arm": self.arm, "seed": self.seed}
        return known | {"settings": dict(self.settings)}


def run_jobs(do: Callable[..., object], jobs: Collection[tuple], workers: int) -> None:
    """Call `do(*job)` for each job, in `workers` processes with one thread each.

    On a CPU several short runs side by side are faster than one after the other with all threads.
    Under `torchrun` the processes are there already: they do each job together.

    **Arguments**: `do` - may be defined in a notebook; what it returns is dropped, so it should
    write a record.

    **Raises** what a job raises, as soon as it does; records written until then stay.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        for job in jobs:
            do(*job)
        return
    with parallel_config(backend="loky", n_jobs=workers, inner_max_num_threads=1):
        work = Parallel(return_as="generator_unordered")(delayed(_quietly)(do, job) for job in jobs)
        for _ in tqdm(work, total=len(jobs), unit="run", mininterval=10, ncols=100):
            pass


def recorded(
    results: str | Path,
    *,
    settings: dict,
    chapter: str,
    data: str,
    arm: str,
    scale: str,
    seed: int,
) -> Record | None:
    """The record of a run with these settings, made by the code as it is now; None without one."""
    path = records.path_of(
        results, chapter=chapter, data=data, arm=arm, scale=str(scale), seed=seed
    )
    if not path.is_file():
        return None
    record = records.read(path)
    return record if has_settings(record, settings) and not is_stale(record) else None


def has_settings(record: Record | None, settings: Mapping[str, object]) -> bool:
    """Whether there is a record, and of a run with these settings."""
    kept = records.plain(settings, "settings")  # a tuple comes back as a list
    return record is not None and record.extra.get("settings") == kept


def _quietly(do: Callable[..., object], job: tuple) -> None:
    do(*job)  # models and rankings stay in the worker
