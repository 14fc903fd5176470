"""Catalogues and samplers at a million rows, and what a training batch costs beside its step.

    python benchmarks/rows.py [--peers PYTHON]

A catalogue of a million pictures of 200,000 items is validated, split and cut; samplers of three
libraries start on it and give their first batch of 64 items with two pictures each. A batch is made
from the pixel cache and augmented, and stands beside the training step that it feeds (small network
of width 16): the limit is that step, of which a batch should take a tenth at most.
"""

import os
import tempfile

import numpy as np
import torch
import turns
from pytorch_metric_learning.samplers import MPerClassSampler

from fashret_utils.data.batches import Batches
from fashret_utils.data.catalog import Catalog
from fashret_utils.data.samplers import sampler
from fashret_utils.models.backbones import small
from fashret_utils.site.speed import Case, Other

PICTURES = 5  # an item: three street, two shop


def noise(catalog, rows, size):
    """A reader of random pictures."""
    return np.random.default_rng(0).integers(0, 256, (len(rows), 3, size, size), dtype=np.uint8)


def catalog_of(items: int) -> Catalog:
    """Three street and two shop pictures an item."""
    n = PICTURES * items
    return Catalog(
        name="noise",
        item=np.repeat(np.arange(items), PICTURES),
        domain=np.tile([0, 0, 0, 1, 1], items),
        split=np.full(n, "train"),
        category=np.full(n, ""),
        source=np.arange(n).astype(str),
        reader=noise,
        licence="none",
    )


def catalogue(what: str, items: int, rounds: int) -> Case:
    """Make and cut a catalogue."""
    cut = np.arange(PICTURES * items) % 2 == 0

    def work():
        made = catalog_of(items)
        made.where(split="train")
        made.take(np.flatnonzero(cut))

    seconds = turns.in_turn({"ours": work}, rounds)["ours"]
    return Case(what, seconds, target=10.0)


def samplers(what: str, items: int, options, others: turns.Peers) -> Case:
    """From labels to the first batch."""
    catalog = catalog_of(items)
    labels = catalog.item
    contenders = {
        "ours": lambda: sampler("pk", catalog, 64, 2).rows(0),
        "pml": lambda: next(iter(MPerClassSampler(labels, 2, 128, len(labels)))),
    }
    with tempfile.TemporaryDirectory() as folder:
        if not others.missing:
            np.save(f"{folder}/items.npy", labels)
            plan = {"items": f"{folder}/items.npy", "n_labels": 64, "n_instances": 2}
            contenders["oml"] = lambda: others.ask("balanced", **plan)
        seconds = turns.in_turn(contenders, options.rounds)
    beside = [
        Other("MPerClassSampler", "peer", seconds["pml"]),
        Other("BalanceSampler", "peer", seconds.get("oml", ()), others.missing),
    ]
    return Case(what, seconds["ours"], others=beside)


def batches_a_second(what: str, items: int, rounds: int) -> Case:
    """Draw batch after batch."""
    drawn, steps = sampler("cross-domain", catalog_of(items), 64, 2), iter(range(10**9))

    def work():
        for _ in range(100):
            drawn.rows(next(steps))

    return Case(what, turns.in_turn({"ours": work}, rounds)["ours"], 100, "batches")


def batch_and_step(what: str, size: int, rounds: int) -> Case:
    """A batch from the memory map, augmented, beside the step that it feeds."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["FASHRET_CACHE"] = folder
        batches = Batches(catalog_of(500), size, items=64, steps=rounds + 3)
        model = small(dim=128, width=16)
        optimizer = torch.optim.AdamW(model.parameters())
        images, steps = batches.at(0).images, iter(range(1, rounds + 3))

        def step():
            optimizer.zero_grad()
            model(images).square().mean().backward()
            optimizer.step()

        contenders = {"ours": lambda: batches.at(next(steps)), "step": step}
        seconds = turns.in_turn(contenders, rounds)
    limit = Other("the step that it feeds", "limit", seconds["step"], target=10)
    return Case(what, seconds["ours"], others=[limit])


def cases(options, others):
    """A million rows, and batches of three sizes."""
    items = 2000 if options.quick else 200_000
    rows = f"{PICTURES * items:,} rows"
    rounds = options.rounds
    yield f"Catalogue of {rows}, made and cut", lambda what: catalogue(what, items, rounds)
    yield f"Sampler of {rows}, to its first batch", lambda w: samplers(w, items, options, others)
    yield f"Batches drawn from {rows}", lambda what: batches_a_second(what, items, rounds)
    for size in (32, 48, 64):
        what = f"Batch of 128 pictures of {size} px"
        yield what, lambda what, size=size: batch_and_step(what, size, 3 * rounds)


if __name__ == "__main__":
    turns.main(__doc__, "rows", cases)
