"""The progress bar of a training run, for terminals, notebooks and log files alike."""

from __future__ import annotations

import sys

from tqdm import tqdm  # text, not a widget: an executed notebook shows it without JavaScript


class Progress:
    """Steps done, time left, images a second, loss.

    A terminal is refreshed five times a second. A notebook or a log keeps what it is sent, so it
    gets at most one line in two seconds and fewer as the run gets longer: some hundred in all.

    **Arguments**: `steps` - in all; `done` - before a run that goes on; `title` - before the bar.
    """

    def __init__(self, steps: int, done: int, title: str, shown: bool = True) -> None:
        self._live = sys.stderr.isatty()
        self._bar = tqdm(
            total=steps,
            initial=done,
            desc=title,
            unit="step",
            disable=not shown,
            mininterval=0.2 if self._live else 2.0,
            miniters=1,  # a step can take a minute: never skip the look at the clock
            maxinterval=float("inf"),
            dynamic_ncols=self._live,
            ncols=None if self._live else 100,
        )

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *error: object) -> None:
        self._bar.close()

    def step(self, loss: float, images_per_second: float) -> None:
        """Show one more step; NaN where a number is not known yet."""
        bar = self._bar
        if bar.disable:
            return
        known = [] if loss != loss else [f"loss {loss:.4g}"]
        known += (
            [] if images_per_second != images_per_second else [f"{images_per_second:,.0f} im/s"]
        )
        bar.set_postfix_str(", ".join(known), refresh=False)
        if not self._live:
            bar.mininterval = max(2.0, bar.format_dict["elapsed"] / 100)
        bar.update()
