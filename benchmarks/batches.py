"""What a training batch costs beside the training step it feeds.

    python benchmarks/batches.py

Prints the median time of a batch and of a step (small residual net of width 16, 64 items x 2
pictures, forward, backward and update), measured in turn in one process, and their ratio: target
below 10 %. "resident" keeps the pixels in memory, else they are gathered from the memory map.
"""

import os
import statistics
import tempfile
import time

import numpy as np
import pandas as pd
import torch

from fashret_utils.backbones import small
from fashret_utils.batches import Augment, Batches
from fashret_utils.catalog import Catalog

REPEATS = 15


def noise(catalog, rows, size):
    """A reader of random pictures."""
    return np.random.default_rng(0).integers(0, 256, (len(rows), 3, size, size), dtype=np.uint8)


def catalog_of(items: int) -> Catalog:
    """Three street and two shop pictures an item."""
    n = 5 * items
    return Catalog(
        name="noise",
        item=np.repeat(np.arange(items), 5),
        domain=np.tile([0, 0, 0, 1, 1], items),
        split=np.full(n, "train"),
        category=np.full(n, ""),
        source=np.arange(n).astype(str),
        reader=noise,
        licence="none",
    )


def seconds(work) -> float:
    """Time one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def measure(size: int, resident: bool, augment: Augment | None) -> dict:
    """Median batch and step time at one picture size."""
    batches = Batches(
        catalog_of(2000),
        size,
        items=64,
        steps=REPEATS + 1,
        resident=resident,
        augment=augment,
    )
    model = small(dim=128, width=16)
    optimizer = torch.optim.AdamW(model.parameters())

    def step(images):
        optimizer.zero_grad()
        model(images).square().mean().backward()
        optimizer.step()

    step(batches.at(0).images)
    times = []
    for t in range(1, REPEATS + 1):
        batch = batches.at(t)
        times.append((seconds(lambda t=t: batches.at(t)), seconds(lambda b=batch: step(b.images))))
    made, used = (statistics.median(column) for column in zip(*times, strict=True))
    return {
        "size (px)": size,
        "pixels": "resident" if resident else "memory map",
        "augment": augment is not None,
        "batch (ms)": 1e3 * made,
        "step (ms)": 1e3 * used,
        "batch / step (%)": 100 * made / used,
        "step (images/s)": 128 / used,
    }


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["FASHRET_CACHE"] = folder
        rows = [
            measure(size, resident, augment)
            for size in (32, 48, 64)
            for resident, augment in ((True, Augment()), (False, Augment()), (False, None))
        ]
    print(pd.DataFrame(rows).to_string(index=False, float_format="%.1f"))


if __name__ == "__main__":
    main()
