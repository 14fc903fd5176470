"""Grids of trials that go on beyond an edge, for all arms of a round at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from fashret_utils.evidence.records import Record
from fashret_utils.training.plan import ties

Choices = Sequence[Mapping[str, object]]


def wider(
    found: Collection[Record], tried: Mapping[str, Choices], name: str, *tied: str
) -> dict[str, Choices]:
    """The choices of each arm, and one beyond the edge at which its best lies.

    **Arguments**: `tried` - arm -> its choices; `name` - of the setting, with three values at
    least; `tied` - settings that move with it in ratio.
    """
    return {arm: ties.widened(found, arm, choices, name, *tied) for arm, choices in tried.items()}
