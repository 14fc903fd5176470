"""What the records of one comparison on one data set say."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

import numpy as np

from fashret_utils.evidence.claims.ledger import Ledger
from fashret_utils.evidence.claims.runs import Queries
from fashret_utils.evidence.records import Record
from fashret_utils.evidence.statistics import Estimate, Gate

BESIDE = "shown beside"  # in place of a verdict, for what decides nothing


@dataclass(frozen=True)
class Finding:
    """One comparison; `verdict` is None without records. Shares are fractions."""

    text: str
    data: str
    metric: str
    decides: bool
    verdict: str | None
    why: str = ""
    seeds: int = 0
    scale: str = ""
    stale: bool = False  # the code has changed since
    value: float = np.nan
    low: float = np.nan
    high: float = np.nan
    delta: float = np.nan  # smallest effect of interest
    estimate: Estimate | None = None
    adjusted: float = np.nan  # p after Holm
    over_seeds: tuple[float, float] = (np.nan, np.nan)  # Student's interval, for comparison
    gates: Mapping[str, Gate] = field(default_factory=dict)  # of each trained arm
    moved: float = np.nan  # of the difference on validation, over the last quarter of training
    away: bool = False  # an arm was tested on other data than it has learnt from
    floor: float = np.nan  # noise floor of the second arm
    starts: Mapping[str, float] = field(default_factory=dict)  # start less the second arm

    @property
    def half_width(self) -> float:
        """Half the 95 % interval."""
        return (self.high - self.low) / 2


@dataclass(frozen=True)
class Grounds:
    """All that the findings of a ledger are made from.

    **Arguments**: `runs` - records of the chapter; `queries` - reads the per-query results of one;
    `is_stale` - whether a record was made by other code than today's.
    """

    ledger: Ledger
    runs: Collection[Record]
    queries: Queries = lambda record: None
    is_stale: Callable[[Record], bool] = lambda record: False
    gates: dict[tuple, Gate] = field(default_factory=dict)  # those known so far
