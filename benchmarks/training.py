"""Training steps: the visible loop with `Run` against a bare loop and other libraries' trainers.

    python benchmarks/training.py [--peers PYTHON]

The bare loop trains the same network on batches that are made beforehand; single steps alternate.
The trainers read the same JPEG files, each by its own data path, as its documentation shows it:
pytorch-metric-learning's `MetricLossOnly` and open-metric-learning's loop, both with two workers.
Network, weights, batch, changes to pictures and loss (all triplets, margin 0.05) are the same. Ours
decodes the files once, before; `embeddings.py` measures what that takes. Steps that workers have
prepared while another had its turn are not counted.
"""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

import jpegs
import pandas as pd
import torch
import turns
from pytorch_metric_learning import losses, samplers, trainers
from torch import nn

from fashret_utils import datasets
from fashret_utils.data.augment import Augment
from fashret_utils.data.batches import Batch, Batches
from fashret_utils.models import backbones
from fashret_utils.site.speed import Case, Other
from fashret_utils.training import Run

BARE = {"width 16": (16, 48, 64), "width 32": (32, 48, 32), "width 8": (8, 32, 16)}
FILES = {
    "small network, 48 px": ({"name": "small", "dim": 128, "width": 16}, 48),
    "ResNet-18, 64 px": ({"name": "resnet18", "dim": 128}, 64),
}
ITEMS, PICTURES, RATE = 32, 2, 1e-3
BEFORE, STEPS = 8, 24  # of a turn: not counted and counted
FLIP = Augment(
    zoom=(1, 1), shift=0, brightness=0, contrast=0, saturation=0, tint=0, erase=0
)  # as the peers


class Resident:
    """A sequence of batches that takes no time to make."""

    def __init__(self, batches: list[Batch], steps: int) -> None:
        self.batches, self.steps = batches, steps

    def __len__(self) -> int:
        return self.steps

    def at(self, step: int) -> Batch:
        """Batch number `step`."""
        return self.batches[step % len(self.batches)]


def noise(pixels: int, n_images: int) -> list[Batch]:
    """Four batches laid out as `Batches` does."""
    generator = torch.Generator().manual_seed(0)
    images = torch.randn((4, n_images, 3, pixels, pixels), generator=generator)
    items = torch.arange(n_images) % (n_images // 2)
    zeros = torch.zeros_like(items)
    return [
        Batch(x.contiguous(memory_format=torch.channels_last), items, zeros, zeros[:, None], zeros)
        for x in images
    ]


def visible(model, criterion, batches, folder):
    """The loop of a chapter, a step at a time."""
    names = {"data": "benchmark", "arm": "ours", "scale": "quick", "seed": 0}
    run = Run("benchmark", **names, device="cpu", results=folder)
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE)
    model, optimizer = run.prepare(model, optimizer)
    for batch in run.steps(batches):
        run.backward(criterion(model(batch.images), batch.items), optimizer)
        yield


def bare(model, criterion, batches):
    """The least a loop has to do."""
    model.to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE)
    for step in range(len(batches)):
        batch = batches.at(step)
        criterion(model(batch.images), batch.items).backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        yield


def beside_bare(what: str, name: str, steps: int) -> Case:
    """Single steps of both loops in turn."""
    width, pixels, n_images = BARE[name]
    resident = Resident(noise(pixels, n_images), steps)

    def learner():
        return nn.Sequential(backbones.small(64, width), nn.Linear(64, n_images // 2))

    with tempfile.TemporaryDirectory() as folder:
        loops = {
            "ours": visible(learner(), nn.CrossEntropyLoss(), resident, folder),
            "bare": bare(learner(), nn.CrossEntropyLoss(), resident),
        }
        contenders = {key: lambda loop=loop: next(loop) for key, loop in loops.items()}
        warm = steps // 5
        seconds = turns.in_turn(contenders, steps - warm - 1, warm)
    limit = Other("bare loop", "limit", seconds["bare"], target=0.95)
    return Case(what, seconds["ours"], n_images, "pictures", [limit])


def trainer(model, data: jpegs.Files, optimizer) -> trainers.MetricLossOnly:
    """pytorch-metric-learning's trainer with its sampler."""
    sampler = samplers.MPerClassSampler(data.labels, PICTURES, ITEMS * PICTURES, len(data))
    made = trainers.MetricLossOnly(
        models={"trunk": model},
        optimizers={"trunk_optimizer": optimizer},
        batch_size=ITEMS * PICTURES,
        loss_funcs={"metric_loss": losses.TripletMarginLoss(margin=0.05)},
        dataset=data,
        sampler=sampler,
        dataloader_num_workers=2,
        data_device="cpu",
    )
    made.initialize_dataloader()
    made.set_to_train()
    return made


def stretch(step, before: int, count: int) -> float:
    """Seconds of `count` steps after `before` others."""
    for _ in range(before):
        step()
    start = time.perf_counter()
    for _ in range(count):
        step()
    return time.perf_counter() - start


def beside_trainers(what: str, name: str, root: Path, others: turns.Peers, options) -> Case:
    """Stretches of steps of all trainers in turn."""
    network, size = FILES[name]
    before, count = (2, 4) if options.quick else (BEFORE, STEPS)
    if network["name"] != "small":
        before, count = -(-before // 2), count // 3  # its steps are ten times as long
    catalog = datasets.load("folder", root, val=0.0, test=0.0)
    paths, labels = [str(root / s) for s in catalog.source], catalog.item.tolist()
    weights, table = root.parent / f"{size}.pt", root.parent / "pictures.csv"
    torch.save(backbones.build(**network).state_dict(), weights)
    pd.DataFrame({"path": paths, "label": labels}).to_csv(table, index=False)

    def learner():
        model = backbones.build(**network)
        model.load_state_dict(torch.load(weights))
        return model

    total = (before + count) * (options.rounds + 1)
    shape = {"items": ITEMS, "pictures": PICTURES, "sampler": "pk", "augment": FLIP}
    batches = Batches(catalog, size, steps=total, **shape)
    criterion = losses.TripletMarginLoss(margin=0.05)
    own = visible(learner(), criterion, batches, root.parent / "results")
    least = bare(learner(), criterion, Resident([batches.at(i) for i in range(4)], total))
    model = learner()
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE)
    peer = trainer(model, jpegs.Files(paths, labels, size, flip=True), optimizer)
    contenders = {
        "ours": lambda: stretch(lambda: next(own), before, count),
        "pml": lambda: stretch(peer.forward_and_backward, before, count),
        "bare": lambda: stretch(lambda: next(least), before, count),
    }
    if not others.missing:
        names = {"table": str(table), "weights": str(weights), "network": network}
        plan = {"size": size, "items": ITEMS, "pictures": PICTURES, "rate": RATE}
        others.ask("start_training", **names, **plan)
        contenders["oml"] = lambda: others.ask("train", before=before, steps=count)
    seconds = turns.in_turn(contenders, options.rounds)
    beside = [
        Other("pytorch-metric-learning's trainer", "peer", seconds["pml"], target=1.3),
        Other(
            "open-metric-learning's recipe",
            "peer",
            seconds.get("oml", ()),
            others.missing,
            target=1.3,
        ),
        Other("bare loop on resident tensors", "limit", seconds["bare"]),
    ]
    return Case(what, seconds["ours"], ITEMS * PICTURES * count, "pictures", beside)


def cases(options, others):
    """Loops on resident tensors, then trainers on files."""
    steps = 30 if options.quick else 120
    for name in BARE:
        width, pixels, n_images = BARE[name]
        what = f"Step of the visible loop, width {width}, {pixels} px, batch {n_images}"
        yield what, lambda what, name=name: beside_bare(what, name, steps)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["FASHRET_CACHE"] = f"{folder}/cache"
        root = jpegs.write(Path(folder), 512 if options.quick else 4096)
        for name in FILES:
            what = f"Steps on JPEG files, {name}, batch {ITEMS * PICTURES}"
            yield what, lambda what, name=name: beside_trainers(what, name, root, others, options)


if __name__ == "__main__":
    turns.main(__doc__, "training", cases)
