"""What a training run saw, step by step."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from fashret_utils.scale import peak_memory_gib

CURVE_POINTS = 200
RATE_WINDOW = 20  # steps over which images a second are averaged
SMOOTHING = 0.95
FIXED = ("step", "seconds", "images")  # the columns that every row has


class TrainingDiverged(RuntimeError):
    """A loss or a weight became NaN or infinite."""


def logged(value: Tensor | float) -> Tensor | float:
    """A number of a step; of a GPU, which is not waited for, the tensor that will hold it."""
    if isinstance(value, Tensor) and value.device.type != "cpu":
        return value.detach()
    return float(value.detach() if isinstance(value, Tensor) else value)


class History:
    """A row a step: step, seconds since the first, images, and the logged numbers.

    Numbers may come as tensors on a GPU; they are fetched together, by `look`.
    """

    def __init__(self) -> None:
        self._rows: list[dict[str, float | Tensor]] = []
        self._seen = 0  # rows without tensors
        self._smooth, self._weight = 0.0, 0.0

    def add(self, row: dict[str, float | Tensor], images: int) -> None:
        """Add the numbers of one step, of so many images."""
        self._rows.append(row | {"step": self.step + 1, "images": images, "seconds": self.seconds})

    @property
    def step(self) -> int:
        """Steps done."""
        return int(self._rows[-1]["step"]) if self._rows else 0

    @property
    def seconds(self) -> float:
        """Seconds spent in them; set after each step."""
        return self._rows[-1]["seconds"] if self._rows else 0.0

    @seconds.setter
    def seconds(self, value: float) -> None:
        self._rows[-1]["seconds"] = value

    def look(self, losses: set[str]) -> tuple[int, str, float] | None:
        """Fetch the numbers of all new rows, waiting once for the device.

        **Arguments**: `losses` - the columns that must be finite.

        **Returns** step, column and value of the first one that is not, or None.
        """
        new = self._rows[self._seen :]
        places = [(row, name) for row in new for name in row if isinstance(row[name], Tensor)]
        if places:
            values = torch.stack([row[name].float().squeeze() for row, name in places]).tolist()
            for (row, name), value in zip(places, values, strict=True):
                row[name] = value
        self._seen = len(self._rows)
        for row in new:
            for name in losses & row.keys():
                if not math.isfinite(row[name]):
                    return int(row["step"]), name, row[name]
            first = next((row[name] for name in row if name in losses), 0.0)
            self._smooth = SMOOTHING * self._smooth + (1 - SMOOTHING) * first
            self._weight = SMOOTHING * self._weight + (1 - SMOOTHING)
        return None

    @property
    def smooth_loss(self) -> float:
        """Moving average of the first loss; NaN before the first look."""
        return self._smooth / self._weight if self._weight else math.nan

    @property
    def rate(self) -> float:
        """Images a second over the last steps."""
        last = self._rows[-RATE_WINDOW - 1 :]
        if len(last) < 2:
            return math.nan
        seconds = last[-1]["seconds"] - last[0]["seconds"]
        return sum(row["images"] for row in last[1:]) / max(seconds, 1e-9)

    @property
    def images_per_second(self) -> float:
        """Images a second over all steps."""
        return sum(row["images"] for row in self._rows) / max(self.seconds, 1e-9)

    def frame(self) -> pd.DataFrame:
        """Columns `step` (from 1), the logged numbers, and `images_per_second`."""
        if not self._rows:
            return pd.DataFrame(columns=["step", "loss", "images_per_second"])
        rows = pd.DataFrame(self._rows[: self._seen])
        logged = [name for name in rows if name not in FIXED]
        window = min(RATE_WINDOW, len(rows))
        images = rows["images"].rolling(window, min_periods=1).sum()
        started = rows["seconds"].shift(window, fill_value=0.0)
        rate = images / (rows["seconds"] - started).clip(lower=1e-9)
        return rows[["step", *logged]].assign(images_per_second=rate)

    def curve(self) -> dict[str, list[float]]:
        """The history thinned to at most 200 points: means of equal stretches of steps."""
        frame = self.frame()
        if frame.empty:
            return {}
        stretch = np.arange(len(frame)) * CURVE_POINTS // max(len(frame), CURVE_POINTS)
        groups = frame.groupby(stretch)
        thin = groups.mean().assign(step=groups["step"].last())
        return {name: [float(f"{value:.6g}") for value in thin[name]] for name in thin}

    def cost(
        self, started: float | None, modules: Sequence[nn.Module], device: torch.device, world: int
    ) -> dict[str, float]:
        """What the steps cost until now, for a record.

        **Arguments**: `started` - when, by `time.perf_counter`; `modules` - what was trained;
        `world` - processes.
        """
        wall = 0.0 if started is None else time.perf_counter() - started
        trained = [p for module in modules for p in module.parameters() if p.requires_grad]
        return {
            "steps": self.step,
            "wall_seconds": round(wall, 2),
            "device_seconds": round(self.seconds * world, 2),  # in training steps
            "images_per_second": round(self.images_per_second, 1),
            "peak_memory_gib": peak_memory_gib(device),
            "parameters": sum(p.numel() for p in trained),
        }

    def state_dict(self) -> dict[str, Tensor]:
        """The rows as float64 columns, NaN where a step has no such number."""
        rows = pd.DataFrame(self._rows)
        return {name: torch.tensor(rows[name].to_numpy(np.float64)) for name in rows}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Take the rows that `state_dict` gave."""
        columns = {name: column.tolist() for name, column in state.items()}
        self._rows = [
            {name: value for name, value in zip(columns, row, strict=True) if value == value}
            for row in zip(*columns.values(), strict=True)
        ]
        for row in self._rows:
            row["step"], row["images"] = int(row["step"]), int(row["images"])
        self._seen = len(self._rows)
