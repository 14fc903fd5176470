"""How fast Fashion-MNIST-Street is made, and how hard raw pixels find it.

    FASHRET_DATA=<folder> python benchmarks/fashion_mnist_street.py

Prints street pictures a second (target: 10,000 on two cores at 32 px) and hit@1 of raw pixels on
500 test items for several gaps.
"""

import os
import tempfile
import time

import numpy as np

from fashret_utils import datasets
from fashret_utils.catalog import STREET

NAME = "fashion-mnist-street"


def raw_pixel_hit_at_1(gap: float, items: int = 500) -> float:
    """Cosine similarity of 28 px pictures."""
    catalog = datasets.load(NAME, train_items=0, val_items=0, test_items=items, gap=gap)
    query, gallery = catalog.where(split="query"), catalog.where(split="gallery")
    q, g = (c.pixels(28).reshape(len(c), -1) / np.float32(255) for c in (query, gallery))
    nearest = (q @ (g / np.linalg.norm(g, axis=1, keepdims=True)).T).argmax(1)
    return float((gallery.item[nearest] == query.item).mean())


def speed(size: int) -> str:
    """Street pictures a second, in one process and for a whole catalogue with worker processes."""
    catalog = datasets.load(NAME, train_items=15_000).where(split="train")
    rows = np.flatnonzero(catalog.domain == STREET)[:4096]
    catalog.reader(catalog, rows[:256], size)
    clock, cpu = time.perf_counter(), time.process_time()
    catalog.reader(catalog, rows, size)
    clock, cpu = time.perf_counter() - clock, time.process_time() - cpu
    whole = time.perf_counter()
    catalog.pixels(size)
    whole = time.perf_counter() - whole
    return (
        f"{size} px: one process {len(rows) / clock:,.0f} street pictures/s "
        f"({len(rows) / cpu:,.0f} a second of its processor time); {len(catalog):,} pictures, of "
        f"which 1/3 shop, with workers and cache: {len(catalog) / whole:,.0f}/s"
    )


def main() -> None:
    """Print both tables."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["FASHRET_CACHE"] = folder
        for size in (32, 48, 64):
            print(speed(size))
        for gap in (0.0, 0.25, 0.5, 0.75, 1.0, 2.0):
            print(f"gap {gap:4}: raw pixels hit@1 {raw_pixel_hit_at_1(gap):.1%}")


if __name__ == "__main__":
    main()
