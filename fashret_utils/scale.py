"""The five sizes of every chapter, and the machine a chapter runs on."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import psutil
import torch

SCALES = ("smoke", "quick", "full", "gpu", "paper")
T = TypeVar("T")


@dataclass(frozen=True)
class Scale:
    """One of the five sizes. A scale changes numbers, never the code path."""

    name: str

    def __post_init__(self) -> None:
        if self.name not in SCALES:
            raise ValueError(f"unknown scale {self.name!r}: choose one of {', '.join(SCALES)}")

    def __str__(self) -> str:
        return self.name

    def pick(
        self, *, smoke: T, quick: T, gpu: T, full: T | None = None, paper: T | None = None
    ) -> T:
        """Choose the value that belongs to this scale.

        **Arguments**: one value a scale; `full` falls back to `quick`, `paper` to `gpu`.

        **Returns** the value of this scale.
        """
        full = quick if full is None else full
        paper = gpu if paper is None else paper
        return dict(zip(SCALES, (smoke, quick, full, gpu, paper), strict=True))[self.name]


def preset(table: Mapping[str, Mapping[str, object]], name: str | Scale) -> dict[str, object]:
    """The sizes of a scale from a chapter's table of them: presets are data, not code.

    **Arguments**: `table` - scale -> sizes; a scale's row holds what differs from the scales before
    it, so that the first row has every size.

    **Returns** name -> value, all sizes of the first row.

    **Raises** `ValueError` for a scale or a size that the table cannot have.
    """
    rows = {scale(key).name: row for key, row in table.items()}
    first = next((rows[key] for key in SCALES if key in rows), None)
    if first is None:
        raise ValueError(f"the table of sizes is empty: expected a row for one of {SCALES}")
    resolved: dict[str, object] = {}
    for key in SCALES[: SCALES.index(scale(name).name) + 1]:
        if unknown := sorted(set(rows.get(key, ())) - set(first)):
            raise ValueError(f"row {key!r} has a size {unknown[0]!r} that the first row lacks")
        resolved |= rows.get(key, {})
    return resolved or dict(first)


def scale(name: str | Scale) -> Scale:
    """Turn a scale's name into a `Scale`.

    **Raises** `ValueError`, listing the names, when there is no such scale.
    """
    return name if isinstance(name, Scale) else Scale(name)


def choose_device(name: str | torch.device = "auto") -> torch.device:
    """Choose where to compute.

    **Arguments**: `name` - "auto" (CUDA if there is a GPU, else the CPU), "cpu", "cuda", "cuda:1".

    **Raises** `ValueError` for another name, `RuntimeError` when CUDA is asked for and absent.
    """
    text = str(name)
    if text == "auto":
        text = "cuda" if torch.cuda.is_available() else "cpu"
    if text.partition(":")[0] not in ("cpu", "cuda"):
        raise ValueError(f'unknown device {text!r}: choose "auto", "cpu", "cuda" or "cuda:<n>"')
    device = torch.device(text)
    if device.type == "cuda":
        found = torch.cuda.device_count() if torch.cuda.is_available() else 0
        if found <= (device.index or 0):
            raise RuntimeError(
                f"device {text!r} was asked for, but PyTorch {torch.__version__} sees {found} "
                'GPU(s): use device="auto" or "cpu", or install a PyTorch build with CUDA'
            )
    return device


def machine(device: str | torch.device = "auto") -> dict[str, str | int | float]:
    """Describe the hardware, for run records and pages.

    **Returns** `device` (GPU name, or the processor's), `processor`, `cores` (that this process may
    use), `memory_gib`, `os`, and with CUDA `gpu_memory_gib`.
    """
    device = choose_device(device)
    processor = _processor()
    found: dict[str, str | int | float] = {
        "device": processor,
        "processor": processor,
        "cores": _cores(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "os": f"{platform.system()} {platform.machine()}",
    }
    if device.type == "cuda":
        gpu = torch.cuda.get_device_properties(device)
        found["device"] = gpu.name
        found["gpu_memory_gib"] = round(gpu.total_memory / 2**30, 1)
    return found


def is_main_process() -> bool:
    """Whether this is the only process, or the first of those that `torchrun` started."""
    return int(os.environ.get("RANK", "0")) == 0


def peak_memory_gib(device: str | torch.device = "cpu") -> float:
    """Most memory in use so far: of the GPU by tensors, of the CPU by this process."""
    if torch.device(device).type == "cuda":
        peak = torch.cuda.max_memory_allocated(device)
    elif sys.platform == "win32":
        peak = psutil.Process().memory_info().peak_wset
    else:
        import resource  # there is none on Windows

        unit = 1 if sys.platform == "darwin" else 1024
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    return round(peak / 2**30, 3)


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):  # respects containers and taskset; Linux only
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _processor() -> str:
    table = Path("/proc/cpuinfo")  # platform.processor() is empty on most Linux systems
    if table.is_file():
        for line in table.read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
