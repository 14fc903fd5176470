"""How hard raw pixels find Fashion-MNIST-Street.

    FASHRET_DATA=<folder> python benchmarks/fashion_mnist_street.py

Prints hit@1 of raw pixels on 500 test items for several gaps.
"""

import os
import tempfile

import numpy as np

from fashret_utils import datasets

NAME = "fashion-mnist-street"


def raw_pixel_hit_at_1(gap: float, items: int = 500) -> float:
    """Cosine similarity of 28 px pictures."""
    catalog = datasets.load(NAME, train_items=0, val_items=0, test_items=items, gap=gap)
    query, gallery = catalog.where(split="query"), catalog.where(split="gallery")
    q, g = (c.pixels(28).reshape(len(c), -1) / np.float32(255) for c in (query, gallery))
    nearest = (q @ (g / np.linalg.norm(g, axis=1, keepdims=True)).T).argmax(1)
    return float((gallery.item[nearest] == query.item).mean())


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["FASHRET_CACHE"] = folder
        for gap in (0.0, 0.25, 0.5, 0.75, 1.0, 2.0):
            print(f"gap {gap:4}: raw pixels hit@1 {raw_pixel_hit_at_1(gap):.1%}")


if __name__ == "__main__":
    main()
