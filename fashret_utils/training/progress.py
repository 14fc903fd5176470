"""The progress bar of a training run, for terminals, notebooks and log files alike."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from tqdm import tqdm  # text, not a widget: an executed notebook shows it without JavaScript

if TYPE_CHECKING:
    from fashret_utils.training.history import History


class Progress:
    """Steps done, time left, loss, images a second.

    A terminal is refreshed five times a second. A notebook or a log keeps what it is sent, so it
    gets one line in two seconds and fewer as the run gets longer: some hundred in all.

    **Arguments**: `steps` - in all; `done` - before a run that goes on; `title` - before the bar.
    """

    def __init__(self, steps: int, done: int, title: str, shown: bool = True) -> None:
        live = sys.stderr.isatty()
        self._bar = tqdm(
            total=steps,
            initial=done,
            desc=title,
            unit="step",
            disable=not shown,
            mininterval=0.0,  # `step` decides when to show
            dynamic_ncols=live,
            ncols=None if live else 100,
        )
        self._live = live
        self._started = self._shown = time.monotonic()

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *error: object) -> None:
        self._bar.close()

    def step(self, history: History) -> None:
        """Show a history that has got one more step, if it is time to."""
        now = time.monotonic()
        pause = 0.2 if self._live else max(2.0, (now - self._started) / 100)
        if self._bar.disable or (now - self._shown < pause and history.step < self._bar.total):
            return
        self._shown = now
        numbers = {"loss": history.smooth_loss, "images/s": history.rate}
        known = {name: f"{value:.4g}" for name, value in numbers.items() if value == value}
        self._bar.set_postfix(known, refresh=False)
        self._bar.update(history.step - self._bar.n)
