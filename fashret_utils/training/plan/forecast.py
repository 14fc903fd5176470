"""How long a run will take, from its first steps."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextvars import ContextVar

STEPS = 20
_stop_after: ContextVar[int | None] = ContextVar("stop_after", default=None)


class EnoughSteps(Exception):
    """Leaves the training loop of a run whose first steps were all that was wanted."""

    def __init__(self, step: int, steps: int, seconds: float):
        super().__init__(f"stopped on purpose after step {step} of {steps}")
        self.step, self.steps, self.seconds = step, steps, seconds


def forecast(do: Callable[[], object], steps: int = STEPS) -> float:
    """Seconds that `do` will take: measured on the first steps of its run, not trained to the end.

    What comes before the loop counts as it was measured; what comes after it is not foreseen.

    **Arguments**: `do` - trains a `Run`; where it trains none, or in fewer steps, it is timed
    whole, so it should write where nothing is kept.
    """
    begun = time.perf_counter()
    token = _stop_after.set(steps)
    try:
        do()
    except EnoughSteps as run:
        before = time.perf_counter() - begun - run.seconds
        return before + run.seconds * run.steps / run.step
    finally:
        _stop_after.reset(token)
    return time.perf_counter() - begun


def look(step: int, steps: int, seconds: float) -> None:
    """Called by a run after each step.

    **Raises** `EnoughSteps` where a forecast has seen enough.
    """
    if step == _stop_after.get() and step < steps:
        raise EnoughSteps(step, steps, seconds)
