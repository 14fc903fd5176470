"""Trials: an arm with several settings, of which validation items choose one."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import numpy as np

from fashret_utils import chapters
from fashret_utils.evidence import records
from fashret_utils.evidence.records import Record
from fashret_utils.training.plan.jobs import Job
from fashret_utils.training.run import Run

PREFIX = "trial"
METRIC = "val_map"


def grid(
    arm: str, choices: Sequence[Mapping[str, object]], data: str, seeds: Collection[int] = (0,)
) -> list[Job]:
    """The trials of an arm as jobs of stage 0, one for each choice and seed."""
    return [
        Job(data, f"{PREFIX},{arm},{number}", seed, dict(choice), cost=f"{PREFIX},{arm}")
        for seed in seeds
        for number, choice in enumerate(choices)
    ]


def record(run: Run, **validation: float) -> Path:
    """Write the record of a trial: its validation numbers, such as `val_map`, none of the test."""
    made = records.measured(metrics={}, intervals={}, counts={}, **run.about(validation))
    return records.write(made, run.results)


def is_trial(arm: str) -> bool:
    """Whether a record of this arm is a trial's."""
    return arm.startswith(f"{PREFIX},")


def score(found: Collection[Record], arm: str, count: int) -> np.ndarray:
    """The mean validation mAP of each choice over its seeds, (count,); NaN where none ran."""
    means = []
    for number in range(count):
        name = f"{PREFIX},{arm},{number}"
        values = [record.extra[METRIC] for record in found if record.arm == name]
        means.append(np.mean(values) if values else np.nan)
    return np.array(means)


def best(
    found: Collection[Record], arm: str, choices: Sequence[Mapping[str, object]]
) -> dict[str, object]:
    """The choice with the highest validation mAP; the middle one where no trial has run."""
    marks = score(found, arm, len(choices))
    place = len(choices) // 2 if np.isnan(marks).all() else int(np.nanargmax(marks))
    return dict(choices[place])


def complete(found: Collection[Record], arms: Mapping[str, Sequence[Mapping[str, object]]]) -> bool:
    """Whether every choice of every arm has run at least once."""
    return all(not np.isnan(score(found, arm, len(choices))).any() for arm, choices in arms.items())


def known(chapter: str, results: str | Path, **which: object) -> list[Record]:
    """Records of a chapter: those that came with the book, and those made since.

    **Arguments**: `results` - of this run, which count first; `which` - as of `records.load`.
    """
    folders = (chapters.book_root() / "results", results)
    found = [run for folder in folders for run in records.load(folder, chapter=chapter, **which)]
    return list({(r.data, r.arm, r.scale, r.seed): r for r in found}.values())
