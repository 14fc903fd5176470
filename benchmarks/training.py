"""Images a second of the visible loop with `Run`, over a bare PyTorch loop on the same tensors.

Both train the same network on the same batches, which are made beforehand, with the same weights;
single steps alternate, so that both meet the same disturbances, and medians are compared. The
ratio of processor time hardly feels what else the machine is doing.

    python benchmarks/training.py [--device cuda] [--steps 60] [--threads 2]
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time

import pandas as pd
import torch
from torch import nn

from fashret_utils import backbones
from fashret_utils.batches import Batch
from fashret_utils.scale import choose_device, machine
from fashret_utils.training import Run

CASES = {  # name: (width, pixels, images a batch)
    "quick scale": (16, 48, 64),
    "wide": (32, 48, 32),
    "tiny steps": (8, 32, 16),
}


class Resident:
    """A sequence of batches that takes no time to make."""

    def __init__(self, batches: list[Batch], steps: int) -> None:
        self.batches, self.steps = batches, steps

    def __len__(self) -> int:
        return self.steps

    def at(self, step: int) -> Batch:
        """Batch number `step`."""
        return self.batches[step % len(self.batches)]


def make_batches(pixels: int, n_images: int, device: torch.device) -> list[Batch]:
    """Make four batches of noise on the device, laid out as `Batches` does."""
    generator = torch.Generator().manual_seed(0)
    images = torch.randn((4, n_images, 3, pixels, pixels), generator=generator).to(device)
    items = torch.arange(n_images, device=device) % (n_images // 2)
    zeros = torch.zeros_like(items)
    return [
        Batch(x.contiguous(memory_format=torch.channels_last), items, zeros, zeros[:, None], zeros)
        for x in images
    ]


def learner(width: int, n_items: int) -> tuple[nn.Module, torch.optim.Optimizer]:
    """Make a network with a classifier on top, and its optimizer."""
    model = nn.Sequential(backbones.small(64, width), nn.Linear(64, n_items))
    return model, torch.optim.AdamW(model.parameters(), lr=1e-3)


def measure(case: str, device: torch.device, steps: int) -> dict[str, object]:
    """Time one case; the first fifth of the steps warms up and is left out."""
    width, pixels, n_images = CASES[case]
    resident = Resident(make_batches(pixels, n_images, device), steps)
    criterion = nn.CrossEntropyLoss()
    on_gpu = device.type == "cuda"

    bare, bare_optimizer = learner(width, n_images // 2)
    bare.to(device, memory_format=torch.channels_last)

    def bare_loop():
        for step in range(steps):
            batch = resident.at(step)
            with torch.autocast("cuda", torch.bfloat16, enabled=on_gpu):
                embeddings = bare(batch.images)
            loss = criterion(embeddings.float(), batch.items)
            loss.backward()
            bare_optimizer.step()
            bare_optimizer.zero_grad(set_to_none=True)
            yield

    def visible_loop(folder):
        run = Run(
            "benchmark",
            data="noise",
            arm=case.replace(" ", "-"),
            scale="quick",
            seed=0,
            device=device,
            results=folder,
        )
        model, optimizer = run.prepare(*learner(width, n_images // 2))
        for batch in run.steps(resident):
            loss = criterion(model(batch.images), batch.items)
            run.backward(loss, optimizer)
            yield

    # On a GPU one step is over before its work is: time stretches of steps, and wait after each.
    stretch = 20 if on_gpu else 1
    with tempfile.TemporaryDirectory() as folder:
        loops = {"bare": bare_loop(), "Run": visible_loop(folder)}
        seconds: dict[str, list[float]] = {name: [] for name in loops}
        work: dict[str, list[float]] = {name: [] for name in loops}
        for turn in range(steps // stretch - 1):
            order = list(loops) if turn % 2 else list(loops)[::-1]
            for name in order:
                start, started = time.perf_counter(), time.process_time()
                for _ in range(stretch):
                    next(loops[name])
                if on_gpu:
                    torch.cuda.synchronize()
                seconds[name].append((time.perf_counter() - start) / stretch)
                work[name].append((time.process_time() - started) / stretch)
        for loop in loops.values():
            loop.close()
    warm = len(seconds["bare"]) // 5
    rate = {name: n_images / statistics.median(t[warm:]) for name, t in seconds.items()}
    busy = {name: statistics.median(t[warm:]) for name, t in work.items()}
    return {
        "case": case,
        "width": width,
        "pixels": pixels,
        "batch": n_images,
        "bare images/s": round(rate["bare"]),
        "Run images/s": round(rate["Run"]),
        "ratio": round(rate["Run"] / rate["bare"], 3),
        "processor ratio": round(busy["bare"] / busy["Run"], 3),
    }


def main() -> None:
    """Measure all cases and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    device = choose_device(arguments.device)
    rows = [measure(case, device, arguments.steps) for case in CASES]
    print(machine(device))
    print(pd.DataFrame(rows).to_string(index=False))


if __name__ == "__main__":
    main()
