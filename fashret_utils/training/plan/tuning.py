"""Rounds of trials in which a round may follow from what those before it chose."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from fashret_utils.evidence.records import Record
from fashret_utils.training.plan import edges, finals, trials

Choices = Sequence[Mapping[str, object]]


class Tuning:
    """The rounds of trials so far, and what they chose on validation.

    - `rounds`: for each round arm -> its choices.
    - `chosen`: arm -> its best trial; the middle one where none has run.

    **Arguments**: `found` - the trials there are.
    """

    def __init__(self, found: Collection[Record]) -> None:
        self.found = found
        self.rounds: list[dict[str, Choices]] = []
        self.chosen: dict[str, dict[str, object]] = {}

    def round(self, arms: Mapping[str, Choices], *beyond: str) -> None:
        """Add a round: arm -> choices.

        **Arguments**: `beyond` - settings; for each one more round follows, of what was tried and
        one beyond the edge where the best lies (`wider`).
        """
        self.rounds.append(dict(arms))
        for arm, choices in arms.items():
            self.chosen[arm] = trials.best(self.found, arm, choices)
        if beyond:
            self.round(wider(self.found, arms, beyond[0]), *beyond[1:])

    def finals(self, arms: Collection[str]) -> None:
        """Add a round in which the best settings of some arms run at full length, and choose by it.

        **Arguments**: `arms` - of earlier rounds.
        """
        tried = self.choices
        self.rounds.append(
            {
                f"{finals.PREFIX},{arm}": finals.finalists(self.found, arm, tried[arm])
                for arm in arms
            }
        )
        for arm in arms:
            self.chosen[arm] = finals.settled(self.found, arm, tried[arm])

    @property
    def choices(self) -> dict[str, Choices]:
        """The choices of every arm, of all rounds."""
        return {arm: each for arms in self.rounds for arm, each in arms.items()}


def wider(
    found: Collection[Record], tried: Mapping[str, Choices], name: str, *tied: str
) -> dict[str, Choices]:
    """The choices of each arm, and one beyond the edge at which its best lies.

    **Arguments**: `tried` - arm -> its choices; `name` - of the setting, with three values at
    least; `tied` - settings that move with it in ratio.
    """
    return {arm: edges.widened(found, arm, choices, name, *tied) for arm, choices in tried.items()}
