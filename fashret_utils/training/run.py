"""The engine under a chapter's visible training loop.

    run = Run("01_dml", data="wardrobe-garments", arm="cosface", scale=scale, seed=seed)
    model, optimizer = run.prepare(model, optimizer)
    for batch in run.steps(batches):
        run.backward(criterion(model(batch.images), batch.items), optimizer)
    run.record(evaluate(...))

The loop says what is learnt; `Run` does the rest: device, precision, progress, checkpoints,
distributed processes (through Accelerate, under `torchrun`), and the record.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from accelerate.utils import set_seed
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from fashret_utils.atomic import check_writable
from fashret_utils.evidence import provenance, records
from fashret_utils.scale import Scale
from fashret_utils.training.acceleration import accelerator, gather, prepare_module
from fashret_utils.training.checkpoints import Keeper, all_finite
from fashret_utils.training.history import History, TrainingDiverged, logged
from fashret_utils.training.plan import forecast
from fashret_utils.training.progress import Progress

if TYPE_CHECKING:
    import pandas as pd

    from fashret_utils.data.batches import Batch, Batches
    from fashret_utils.retrieval import Retrieval

SYNC_EVERY = 25  # steps between looks at the losses on a GPU, which the CPU waits for


class Run:
    """One training run: an arm of a chapter's comparison, on one data set, with one seed.

    **Arguments**

    - `chapter`, `data`, `arm`, `scale`, `seed`: name the run and its record. The seed is set when
      the run is made and again when its loop starts.
    - `device`: "auto", "cpu" or "cuda". On a GPU, modules with convolutions compute in bfloat16;
      others, such as losses with weights, in float32.
    - `results`: folder of run records; it must be writable before training starts.
    - `checkpoints`: folder of checkpoints, written every `every` steps; None keeps none. A run
      that was stopped goes on from its last one when its cell is executed again.
    - `catalog_hash`: of the training data, for the record.
    - `settings`: what else decides the numbers, for the record; checkpoints of others are refused.
    - `clip`: largest norm of an optimizer's gradient; None leaves it.
    - `compile`: use `torch.compile` on a GPU, for long runs. `progress`: show a progress bar.

    Under `torchrun` every process makes the same `Run`; give its `rank` and `world` to `Batches`.
    **Raises** `ValueError` for a scale, name or settings that no record can have, `ResultsError`.
    """

    def __init__(
        self,
        chapter: str,
        *,
        data: str,
        arm: str,
        scale: str | Scale,
        seed: int,
        device: str | torch.device = "auto",
        results: str | Path = "results",
        checkpoints: str | Path | None = None,
        every: int = 200,
        catalog_hash: str | None = None,
        settings: Mapping[str, object] | None = None,
        clip: float | None = None,
        compile: bool = False,
        progress: bool = True,
    ) -> None:
        self.chapter, self.data, self.arm, self.seed = chapter, data, arm, int(seed)
        self.scale, self.results = Scale(str(scale)), Path(results)
        self.settings = records.plain(settings or {}, "settings")  # what cannot be kept fails now
        self.catalog_hash = catalog_hash
        self._names = {"chapter": chapter, "data": data, "arm": arm, "scale": self.scale.name}
        place = records.path_of(results, **self._names, seed=self.seed)
        check_writable(results)
        folder = None
        if checkpoints is not None:
            check_writable(checkpoints, "checkpoints")
            folder = Path(checkpoints) / place.relative_to(results).with_suffix("")
        self._code_hash = provenance.code_hash(chapter, data)
        self._every, self._clip = every, clip
        self.accelerator = accelerator(device)
        self.device: torch.device = self.accelerator.device
        self.rank: int = self.accelerator.process_index
        self.world: int = self.accelerator.num_processes
        self._progress = progress and self.accelerator.is_main_process
        self._compile = compile
        self._sync_every = SYNC_EVERY if self.device.type == "cuda" else 1

        self._modules: list[nn.Module] = []
        self._optimizers: list[Optimizer] = []
        self._schedulers: list[LRScheduler] = []
        self._history = History()
        self._losses: set[str] = set()
        self._row: dict[str, Tensor | float] | None = None  # of the step that runs now
        self._started: float | None = None
        parts = (self._modules, self._optimizers, self._schedulers, [self._history])
        self._keeper = Keeper(folder, parts, self.accelerator)
        set_seed(self.seed)

    def prepare(self, *objects: nn.Module | Optimizer | LRScheduler) -> Any:
        """Make networks, losses with weights, optimizers and schedulers ready for the device.

        A scheduler takes one step with each step of its optimizer.

        **Returns** what to use instead, in the same order; a single object for a single argument.

        **Raises** `TypeError` for anything else.
        """
        prepared = []
        for thing in objects:
            if isinstance(thing, nn.Module):
                self._modules.append(thing)
                prepared.append(prepare_module(self.accelerator, thing, self._compile))
            elif isinstance(thing, Optimizer | LRScheduler):
                # Not wrapped by Accelerate: in bfloat16 its wrapper only searches for packages.
                kept = self._optimizers if isinstance(thing, Optimizer) else self._schedulers
                kept.append(thing)
                prepared.append(thing)
            else:
                raise TypeError(
                    f"cannot prepare a {type(thing).__name__}: pass modules, optimizers and "
                    "schedulers; Batches(..., device=run.device) need no preparation"
                )
        return prepared[0] if len(prepared) == 1 else tuple(prepared)

    def steps(self, batches: Batches) -> Iterator[Batch]:
        """Yield the training batches, from the first or from where a stopped run is to go on.

        **Raises** `CheckpointMismatchError` when the checkpoint there belongs to other code or to
        another run, `TrainingDiverged` when a loss or a weight is NaN or infinite.
        """
        if self._started is not None:
            raise RuntimeError("a Run has one loop: make another Run, with an arm of its own")
        set_seed(self.seed, device_specific=True)  # each process draws its own dropout
        self._keeper.resume(self._fingerprint(len(batches)))
        self._started = time.perf_counter() - self._history.seconds
        if self.device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(self.device)
        history, total = self._history, len(batches)
        with Progress(total, history.step, self.arm, shown=self._progress) as bar:
            spent, clock = history.seconds, time.perf_counter()
            while history.step < total:
                self._row = {}
                batch = batches.at(history.step)
                yield batch
                row, self._row = self._row, None
                if not self._losses & row.keys():
                    raise RuntimeError(f"step {history.step} ended without run.backward(...)")
                history.add(row, images=len(batch) * self.world)
                at_checkpoint = history.step == total or history.step % self._every == 0
                if at_checkpoint or history.step % self._sync_every == 0:
                    self._look()
                now = time.perf_counter()
                spent, clock = spent + now - clock, now
                history.seconds = spent
                if at_checkpoint:
                    self._save()
                    clock = time.perf_counter()  # writing is not training
                bar.step(history)
                forecast.look(history.step, total, spent)

    def backward(self, loss: Tensor, optimizer: Optimizer, name: str = "loss") -> None:
        """Learn from a loss: gradients, clipping, one step of the optimizer and its scheduler.

        **Arguments**: `loss` - a scalar; `optimizer` - as `prepare` returned it; `name` - of the
        loss in the history, for loops that have several.

        **Raises** `TrainingDiverged` when the loss is NaN or infinite: at once on the CPU, where
        the weights are still those before the step; within some steps on a GPU.
        """
        if not any(optimizer is known for known in self._optimizers):
            raise ValueError(
                "this optimizer was not prepared: "
                "write model, optimizer = run.prepare(model, optimizer)"
            )
        self.log(**{name: loss})
        self._losses.add(name)
        if self.device.type == "cpu" and not math.isfinite(self._row[name]):
            self._stop(f"{name} is {self._row[name]}", self._history.step)
        self.accelerator.backward(loss)
        if self._clip is not None:
            parameters = [p for group in optimizer.param_groups for p in group["params"]]
            self.accelerator.clip_grad_norm_(parameters, self._clip)
        optimizer.step()
        for scheduler in self._schedulers:
            if scheduler.optimizer is optimizer:
                scheduler.step()
        optimizer.zero_grad(set_to_none=True)

    def log(self, **values: Tensor | float) -> None:
        """Add numbers of this step to the history, such as the parts of a loss.

        A GPU is not waited for. Of several processes, the main one's numbers are kept.
        """
        if self._row is None:
            raise RuntimeError("run.backward and run.log work inside a loop over run.steps(...)")
        for name, value in values.items():
            if name in self._row:
                raise ValueError(
                    f"{name!r} was logged twice in one step: give each loss its own name, "
                    "run.backward(loss, optimizer, name=...)"
                )
            self._row[name] = logged(value)

    def autocast(self) -> AbstractContextManager:
        """Compute in the run's precision inside; prepared modules do so by themselves."""
        return self.accelerator.autocast()

    def gather(self, tensor: Tensor) -> Tensor:
        """Bring tensors (B, ...) of all processes together: (world * B, ...), with gradients.

        With DistributedDataParallel's averaging, a loss over it has the gradient of the same loss
        in one process.
        """
        return gather(self.accelerator, tensor)

    @property
    def step(self) -> int:
        """Steps done; in the loop, those before the current one."""
        return self._history.step

    @property
    def history(self) -> pd.DataFrame:
        """Columns `step` (from 1), one for each logged number, and `images_per_second`."""
        self._look()
        return self._history.frame()

    def record(
        self,
        retrieval: Retrieval,
        query: np.ndarray | None = None,
        gallery: np.ndarray | None = None,
        family: np.ndarray | None = None,
        data: str | None = None,
        **extra: object,
    ) -> Path:
        """Write the record of this run, with what became of each query.

        **Arguments**: `retrieval`, `query`, `gallery`, `family` - as in `records.beside`; `data` -
        of the test, where it is not that of the training; `extra` - what else is worth keeping, as
        JSON can hold it.
        **Returns** the path of the record; of several processes, the main one writes it.
        """
        away = {} if data in (None, self.data) else {"data": data, "trained_on": self.data}
        made = records.new(retrieval, **self.about(extra) | away)
        if self.accelerator.is_main_process:
            beside = records.beside(retrieval, query, gallery, family)
            records.write(made, self.results, **beside)
        self.accelerator.wait_for_everyone()
        return made.path(self.results)

    def about(self, extra: Mapping[str, object]) -> dict[str, object]:
        """What a record of this run says besides its metrics: fields of `Record`."""
        known = {"seed": self.seed, "device": self.device, "catalog_hash": self.catalog_hash}
        cost = self._history.cost(self._started, self._modules, self.device, self.world)
        known |= {"code_hash": self._code_hash, "curve": self._history.curve(), "cost": cost}
        return {**self._names, **known, "extra": {**self.settings, **extra}}

    def _look(self) -> None:
        if (bad := self._history.look(self._losses)) is not None:
            step, name, value = bad
            self._stop(f"{name} is {value}", step - 1)

    def _stop(self, what: str, step: int) -> None:
        kept = self._keeper.last or "none (pass checkpoints=<folder> to keep them)"
        raise TrainingDiverged(
            f"{what} in step {step} (batches.at({step})) of arm {self.arm!r}, chapter "
            f"{self.chapter!r}, data {self.data!r}, seed {self.seed}. Last good checkpoint: "
            f"{kept}. Lower the learning rate, or limit gradients with Run(..., clip=1.0)"
        )

    def _fingerprint(self, steps: int) -> dict[str, object]:
        settings = json.dumps(self.settings, sort_keys=True)
        run = {**self._names, "seed": self.seed, "steps": steps, "processes": self.world}
        return {**run, "code": self._code_hash, "catalog": self.catalog_hash, "settings": settings}

    def _save(self) -> None:
        learnt = [thing.state_dict() for thing in (*self._modules, *self._optimizers)]
        if not all_finite(learnt):
            self._stop("a weight or optimizer state is NaN or infinite", self._history.step - 1)
        self._keeper.save(self._history.step)
