"""A campaign: every run that chapters ask for and that has no current record yet.

A chapter takes part whose definitions have

- `plan(scale, found, data_root)`: all its runs as `Job`s, given the records there are, of any
  stage that can be named by now. Trials are stage 0; what depends on their outcome comes after;
- `do(job, where)`: trains one of them and writes its record; `where` has `scale`, `device`,
  `results`, `data_root`, `checkpoints` and `progress`, as `Run` takes them.

Runs are done seeds first (all arms of seed 0, then of seed 1, ...), each in one thread, as many
side by side as there are cores. What is done is on disk: a campaign that was killed goes on.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Collection
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import joblib

from fashret_utils import chapters
from fashret_utils.evidence import records
from fashret_utils.evidence.staleness import staleness
from fashret_utils.scale import scale as get_scale
from fashret_utils.training.plan import processes
from fashret_utils.training.plan.jobs import Job, has_settings

TRIES = 2  # of a run whose process dies

Log = Callable[[str], None]
Entry = tuple[str, Job]


@dataclass
class Outcome:
    """What a campaign did: runs done, those that failed and why, those left for lack of time."""

    done: list[Entry] = field(default_factory=list)
    failed: dict[Entry, str] = field(default_factory=dict)
    left: list[Entry] = field(default_factory=list)


def missing(
    name: str, scale: str, results: str | Path, data_root: str = "", root: Path | None = None
) -> list[Job]:
    """The runs of a chapter's first unfinished stage that have no current record.

    **Raises** `ValueError` for a chapter that has no plan.
    """
    module = chapters.definitions(name, root)
    if not hasattr(module, "plan"):
        raise ValueError(f"{name} has no plan of runs: its definition cells have no `plan`")
    stale = staleness()
    found = [r for r in records.load(results, chapter=name, scale=scale) if not stale(r)]
    done = {(r.data, r.arm, r.seed): r for r in found}
    jobs = [
        job
        for job in module.plan(scale, found, data_root)
        if not has_settings(done.get((job.data, job.arm, job.seed)), job.settings)
    ]
    first = min((job.stage for job in jobs), default=0)
    return [job for job in jobs if job.stage == first]


def campaign(
    names: Collection[str],
    scale: str = "full",
    *,
    results: str | Path,
    scratch: str | Path,
    hours: float | None = None,
    workers: int | None = None,
    device: str = "cpu",
    data_root: str = "",
    root: Path | None = None,
    log: Log | None = None,
) -> Outcome:
    """Do all runs that are missing or stale.

    **Arguments**: `names` - of chapters, the order in which runs of one seed are done; `results` -
    folder of the records; `scratch` - folder for checkpoints of runs under way; `hours` - no run is
    begun that would end after them; `workers` - processes, by default one a core; `root` - of the
    book; `log` - is given each line of progress, by default to print it.

    **Returns** an `Outcome`; a run that fails does not stop the others.

    **Raises** `ValueError` for an unknown scale or chapter.
    """
    scale = get_scale(scale).name
    where = {"scale": scale, "device": device, "results": str(results), "data_root": data_root}
    where |= {"checkpoints": str(scratch), "progress": False}
    log = log or partial(print, flush=True)
    taking_part = _taking_part(names, root, log)
    ends = None if hours is None else time.monotonic() + 3600 * hours
    workers = workers or joblib.cpu_count()
    return _Campaign(taking_part, where, workers, ends, root, log).run()


def _taking_part(names: Collection[str], root: Path | None, log: Log) -> list[str]:
    found = []
    for name in names:
        if hasattr(chapters.definitions(name, root), "plan"):
            found.append(name)
        else:
            log(f"{name}: skipped, it has no plan of runs")
    return found


class _Campaign:
    """Runs under way, what each kind of run takes, and what is to be begun next."""

    def __init__(
        self,
        names: list[str],
        where: dict,
        workers: int,
        ends: float | None,
        root: Path | None,
        log: Log,
    ):
        self.names, self.where, self.workers, self.ends = names, where, workers, ends
        self.root, self.log, self.outcome = root, log, Outcome()
        self.seconds: dict[tuple[str, str, str], list[float]] = {}
        self.tries: dict[Entry, int] = {}
        self.running: dict[Future, Entry] = {}
        self.todo: dict[str, list[Job]] = {}  # of the stage that each chapter is at
        for name in names:
            self._plan(name)

    def run(self) -> Outcome:
        self._estimate()
        pool = processes.pool(self.workers)
        try:
            while True:
                for entry in self._in_time()[: self.workers - len(self.running)]:
                    self.running[pool.submit(processes.work, *entry, self.where, self.root)] = entry
                if not self.running:
                    self.outcome.left = self._waiting()
                    return self.outcome
                ended, _ = wait(self.running, return_when=FIRST_COMPLETED)
                if not self._take(ended):
                    pool.shutdown(wait=False)
                    self.running.clear()
                    pool = processes.pool(self.workers)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _take(self, ended: Collection[Future]) -> bool:
        """Note what came of runs; False when a process died and the pool with it."""
        alive = True
        for future in ended:
            entry = self.running.pop(future)
            try:
                seconds = future.result()
            except BrokenProcessPool:
                alive = False
                self._again(entry)
            except Exception as error:
                self._failed(entry, f"{type(error).__name__}: {error}")
            else:
                self.outcome.done.append(entry)
                self.seconds.setdefault(_kind(entry), []).append(seconds)
                self._ended(entry)
                left = self._seconds_left(self._waiting()) / self.workers
                self.log(f"{_title(entry)}: {seconds:.0f} s; {_duration(left)} left")
        if not alive:
            for entry in self.running.values():
                self._again(entry)
        return alive

    def _again(self, entry: Entry) -> None:
        self.tries[entry] = self.tries.get(entry, 0) + 1
        if self.tries[entry] >= TRIES:
            self._failed(entry, "its process died: is there enough memory?")

    def _failed(self, entry: Entry, why: str) -> None:
        self.outcome.failed[entry] = why
        self.log(f"{_title(entry)}: FAILED, {why}")
        self._ended(entry)

    def _ended(self, entry: Entry) -> None:
        """Take a run from the list; after the last one of its stage, ask for the next stage."""
        name, job = entry
        self.todo[name].remove(job)
        if not self.todo[name]:
            self._plan(name)

    def _plan(self, name: str) -> None:
        place = [self.where[key] for key in ("scale", "results", "data_root")]
        self.todo[name] = []
        for job in missing(name, *place, root=self.root):
            if (name, job) in self.outcome.done:
                why = "it left no current record with these settings"
                self.outcome.failed.setdefault((name, job), why)
            if (name, job) not in self.outcome.failed:
                self.todo[name].append(job)

    def _waiting(self) -> list[Entry]:
        """What has not begun of the stages that chapters are at, seeds first."""
        busy = list(self.running.values())
        found = [(name, job) for name in self.names for job in self.todo[name]]
        return sorted((e for e in found if e not in busy), key=lambda entry: entry[1].seed)

    def _in_time(self) -> list[Entry]:
        """What may begin now, in order: runs that would not end in time are passed over."""
        if self.ends is None:
            return self._waiting()
        left = self.ends - time.monotonic()
        return [entry for entry in self._waiting() if self._expected(entry) < left]

    def _expected(self, entry: Entry) -> float:
        known = self.seconds.get(_kind(entry), [0.0])
        return sum(known) / len(known)

    def _seconds_left(self, entries: Collection[Entry]) -> float:
        return sum(self._expected(entry) for entry in entries)

    def _estimate(self) -> None:
        """Time the first steps of a run of each kind with a cost; say how long all will take."""
        entries = self._waiting()
        kinds = {_kind(entry): entry for entry in reversed(entries) if entry[1].cost}
        with tempfile.TemporaryDirectory() as nowhere, processes.pool(1) as pool:
            place = self.where | {"results": f"{nowhere}/results", "checkpoints": None}
            for kind, entry in kinds.items():
                try:
                    asked = pool.submit(processes.timed, *entry, place, self.root)
                    self.seconds[kind] = [asked.result()]
                except Exception as error:  # the run itself will say so, too
                    self.log(f"{_title(entry)}: no forecast, {type(error).__name__}: {error}")
        hours = _duration(self._seconds_left(entries) / self.workers)
        self.log(f"{len(entries)} runs to do, about {hours} with {self.workers} workers")


def _kind(entry: Entry) -> tuple[str, str, str]:
    name, job = entry
    return name, job.data, job.cost


def _title(entry: Entry) -> str:
    name, job = entry
    return f"{name} {job.data} {job.arm} seed {job.seed}"


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02} min" if minutes >= 60 else f"{minutes} min"
