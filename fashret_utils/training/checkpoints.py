"""Checkpoints of a training run: whole or absent, only for the run that made them, safe to load.

A folder keeps the last two, so that a damaged one costs some steps and not the run.
"""

from __future__ import annotations

import pickle
import random
import shutil
import warnings
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from accelerate.utils import gather_object
from torch import Tensor

from fashret_utils.atomic import replacing

if TYPE_CHECKING:
    from accelerate import Accelerator

KEPT = 2
PARTS = ("fingerprint", "random", "parts")
DAMAGED = (OSError, EOFError, RuntimeError, ValueError, pickle.UnpicklingError, zipfile.BadZipFile)


class CheckpointsError(OSError):
    """A checkpoint cannot be written."""


class CheckpointMismatchError(RuntimeError):
    """A checkpoint belongs to another run, or to other code."""


class Keeper:
    """Keeps one run's checkpoints in a folder of their own.

    **Arguments**: `folder` - None keeps nothing; `parts` - lists of what has a `state_dict`, which
    may still grow; `accelerator` - of the run: its main process writes, all of them read.
    """

    def __init__(
        self, folder: Path | None, parts: Sequence[list], accelerator: Accelerator
    ) -> None:
        self.folder, self.parts, self.accelerator = folder, parts, accelerator
        self.fingerprint: dict[str, object] = {}
        self.last: Path | None = None

    def save(self, step: int) -> None:
        """Write a checkpoint after `step` steps and remove all but the last two.

        **Raises** `CheckpointsError` when it cannot be written, or could not be read again; earlier
        ones stay.
        """
        if self.folder is None:
            return
        random_states = gather_object([random_state()])  # one for each process
        path = self.folder / f"step-{step:09d}.pt"
        if self.accelerator.is_main_process:
            self._write(path, random_states)
        self.last = path

    def _write(self, path: Path, random_states: list[dict]) -> None:
        states = [[thing.state_dict() for thing in things] for things in self.parts]
        contents = {"fingerprint": self.fingerprint, "random": random_states, "parts": states}
        try:
            with replacing(path) as temporary:
                torch.save(contents, temporary)
                if self.last is None:  # what is in it is the same each time
                    _check_readable(path, temporary)
        except CheckpointsError:
            raise
        except (OSError, RuntimeError) as error:  # a full disk is a RuntimeError to PyTorch
            reason = str(error).partition("\n")[0]
            free = shutil.disk_usage(self.folder).free / 2**20 if self.folder.exists() else 0
            raise CheckpointsError(
                f"checkpoint {path} cannot be written ({reason}); its disk has {free:,.0f} MiB "
                f"left. Make room or pass another checkpoints=, and run again: it goes on from "
                f"{self.last or 'the start'}"
            ) from error
        for old in self._newest_first()[KEPT:]:
            old.unlink(missing_ok=True)

    def resume(self, fingerprint: dict[str, object]) -> None:
        """Put the parts back as the newest whole checkpoint has them, if there is one.

        A damaged one is passed over with a warning.

        **Arguments**: `fingerprint` - what a run must have in common with the one that made it.

        **Raises** `CheckpointMismatchError` when it was made by another run, by other code, or for
        other networks, optimizers or schedulers.
        """
        self.fingerprint = fingerprint
        for path in self._newest_first():
            try:
                contents = _read(path)
            except DAMAGED as error:
                reason = str(error).partition("\n")[0] or type(error).__name__
                warnings.warn(
                    f"checkpoint {path} is damaged ({reason}) and is passed over", stacklevel=3
                )
                continue
            _check_fingerprint(path, contents["fingerprint"], fingerprint)
            _check_parts(path, self.parts, contents["parts"])
            for things, states in zip(self.parts, contents["parts"], strict=True):
                for thing, state in zip(things, states, strict=True):
                    _load(path, thing, state)
            restore_random_state(contents["random"][self.accelerator.process_index])
            self.last = path
            return

    def _newest_first(self) -> list[Path]:
        return sorted(self.folder.glob("step-*.pt"), reverse=True) if self.folder else []


def random_state() -> dict:
    """Capture the random states of PyTorch (CPU and GPUs), NumPy and Python."""
    name, keys, position, has_gauss, gauss = np.random.get_state()  # noqa: NPY002, the global one
    return {
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
        "numpy": (name, torch.from_numpy(keys.astype(np.int64)), position, has_gauss, gauss),
        "python": random.getstate(),
    }


def restore_random_state(state: Mapping) -> None:
    """Put back what `random_state` captured."""
    torch.set_rng_state(state["torch"])
    if len(state["cuda"]) == torch.cuda.device_count():
        torch.cuda.set_rng_state_all(state["cuda"])
    name, keys, *rest = state["numpy"]
    np.random.set_state((name, keys.numpy().astype(np.uint32), *rest))  # noqa: NPY002
    version, internal, gauss = state["python"]
    random.setstate((version, tuple(internal), gauss))


def all_finite(state: object) -> bool:
    """Whether no tensor in a nested state holds NaN or Inf; one wait for the GPU in all."""
    checks = [t.isfinite().all() for t in _tensors(state) if t.is_floating_point()]
    return all(
        bool(torch.stack([check for check in checks if check.device == device]).all())
        for device in {check.device for check in checks}
    )


def _tensors(state: object) -> Iterable[Tensor]:
    if isinstance(state, Tensor):
        yield state
    elif isinstance(state, Mapping):
        for value in state.values():
            yield from _tensors(value)
    elif isinstance(state, list | tuple):
        for value in state:
            yield from _tensors(value)


def _check_readable(path: Path, temporary: Path) -> None:
    """Not days later, when a run is to go on from it."""
    try:
        _read(temporary)
    except pickle.UnpicklingError as error:
        raise CheckpointsError(
            f"checkpoint {path} could not be read again ({' '.join(str(error).split())[:300]}): "
            "give modules, optimizers and schedulers states of tensors, numbers and text"
        ) from error


def _read(path: Path) -> dict:
    with zipfile.ZipFile(path) as archive:  # torch.load itself does not look at the checksums
        if (entry := archive.testzip()) is not None:
            raise zipfile.BadZipFile(f"wrong checksum of {entry}")
    # On the CPU: generator states must be there, and parameters are copied anyway.
    contents = torch.load(path, map_location="cpu", weights_only=True)
    if not isinstance(contents, dict) or not {*PARTS} <= contents.keys():
        raise ValueError(f"it is no checkpoint of a run: {', '.join(PARTS)} are not in it")
    return contents


def _check_fingerprint(path: Path, made: Mapping, now: Mapping) -> None:
    different = [
        f"{name}: {made.get(name)!r} there, {now.get(name)!r} here"
        for name in {**made, **now}
        if made.get(name) != now.get(name)
    ]
    if different:
        what = f"was made by other code or by another run ({'; '.join(different)})"
        raise CheckpointMismatchError(_mismatch(path, what))


def _check_parts(path: Path, parts: Sequence[list], states: Sequence[list]) -> None:
    counts = [[len(things) for things in side] for side in (states, parts)]
    if counts[0] != counts[1]:
        there, here = (f"{n[0]} modules, {n[1]} optimizers, {n[2]} schedulers" for n in counts)
        what = f"is of {there}, but this run has prepared {here}"
        raise CheckpointMismatchError(_mismatch(path, what))


def _load(path: Path, thing: Any, state: dict) -> None:
    try:
        thing.load_state_dict(state)
    except (RuntimeError, ValueError, KeyError, TypeError) as error:  # PyTorch has no one for it
        first = " ".join(str(error).split())[:300]
        what = f"does not fit the {type(thing).__name__} of this run ({first})"
        raise CheckpointMismatchError(_mismatch(path, what)) from error


def _mismatch(path: Path, what: str) -> str:
    return (
        f"checkpoint {path} {what}. To start afresh, delete the folder {path.parent} or pass "
        "another checkpoints=; to go on from it, return to the code, settings and networks that "
        "made it"
    )
