"""Rounds of trials: settings crossed with each other, and arms that follow from what others chose.

A round is arm -> choices. A later round may depend on what an earlier one chose, so a chapter gives
its rounds as a function of the trials there are.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from itertools import product

from fashret_utils.evidence.records import Record
from fashret_utils.training.plan import trials
from fashret_utils.training.plan.jobs import Job

Settings = Mapping[str, object]
Round = Mapping[str, Sequence[Settings]]


def crossed(settings: Settings, *axes: Sequence[Settings]) -> list[dict[str, object]]:
    """Settings for every combination of the values on some axes; the last axis varies fastest."""
    found = []
    for values in product(*axes):
        found.append(dict(settings))
        for each in values:
            found[-1].update(each)
    return found


def trial_jobs(
    rounds: Sequence[Round],
    found: Collection[Record],
    data: Callable[[str], str],
    seeds: Collection[int] | Callable[[str], Collection[int]],
) -> tuple[list[Job], bool]:
    """The trials that can be named by now, a stage a round.

    **Arguments**: `found` - the records there are; `data` - of an arm, whose validation items
    choose for it; `seeds` - of all trials, or of those of an arm.

    **Returns** the jobs of all rounds up to the first that has not run, and whether all have.
    """
    jobs: list[Job] = []
    ran = {(record.arm, record.seed) for record in found}
    for stage, arms in enumerate(rounds):
        asked = [
            replace(job, stage=stage)
            for arm, choices in arms.items()
            for job in trials.grid(
                arm, choices, data(arm), seeds(arm) if callable(seeds) else seeds
            )
        ]
        jobs += asked
        if any((job.arm, job.seed) not in ran for job in asked):
            return jobs, False
    return jobs, True
