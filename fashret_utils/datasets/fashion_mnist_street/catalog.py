"""Fashion-MNIST-Street: real garments, with street pictures made of them.

Each of Fashion-MNIST's 70,000 garments is an item. Its shop picture is the original; its street
pictures show it bent, turned and lit, in front of clutter, behind occluders, blurred and noisy
(`street_scene`). So the garments are real and the domain gap is a knob.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch

from fashret_utils.data.catalog import Catalog
from fashret_utils.data.columns import SHOP, STREET
from fashret_utils.datasets import fashion_mnist
from fashret_utils.datasets.fashion_mnist_street.scene import (
    FACTORS,
    shop_pictures,
    street_pictures,
)
from fashret_utils.datasets.reading.places import About, Report

ABOUT = About(
    name="fashion-mnist-street",
    licence="MIT (Fashion-MNIST); street pictures are made from it",
    home=fashion_mnist.ABOUT.home,
    folders=fashion_mnist.ABOUT.folders,
    marker=fashion_mnist.ABOUT.marker,
)
CHUNK = 128  # pictures made at once: their layers stay in the processor's cache
SEE_THROUGH = tuple(fashion_mnist.LABELS.index(name) for name in ("sandal", "bag"))


def load(
    root: str | Path | None = None,
    *,
    train_items: int = 10_000,
    val_items: int = 500,
    test_items: int = 500,
    street_pictures: int = 2,
    gap: float = 1.0,
    factors: Mapping[str, float] | None = None,
    seed: int = 0,
) -> Catalog:
    """Fashion-MNIST-Street: one shop and some street pictures an item, protocol open-set.

    **Arguments**

    - `train_items`, `val_items`: taken from Fashion-MNIST's train file in its order, train from its
      start and val from its end; `test_items`: from the test file.
    - `street_pictures`: an item. `seed`: of the street pictures.
    - `gap`: strength of all factors, 0 (street = shop picture) to 2; `factors`: of single ones
      (background, pose, occlusion, light, camera, crop), e.g. `{"background": 0.0}`.

    **Raises** `DataNotFoundError`; `ValueError` for more items than there are, or a wrong factor.
    """
    strengths = {name: float(gap) for name in FACTORS} | dict(factors or {})
    for name, value in strengths.items():
        if name not in FACTORS or not 0 <= value <= 2:
            raise ValueError(
                f"gap factor {name!r} = {value}: expected one of {', '.join(FACTORS)}, from 0 to 2"
            )
    folder = ABOUT.find(root)
    train, test = (fashion_mnist.labels(folder, part) for part in ("train", "t10k"))
    if train_items + val_items > len(train) or test_items > len(test):
        raise ValueError(
            f"train_items + val_items = {train_items + val_items} and test_items = {test_items}, "
            f"but {folder} holds {len(train)} and {len(test)} garments for them"
        )
    garment = np.concatenate(  # number among all garments, train file first: the item
        [
            np.arange(train_items),
            np.arange(len(train) - val_items, len(train)),
            np.arange(len(train), len(train) + test_items),
        ]
    )
    index = np.append(np.arange(street_pictures), 0)  # of an item's pictures; the shop picture last
    domain = np.append(np.full(street_pictures, STREET), SHOP)
    item, domain = np.repeat(garment, len(index)), np.tile(domain, len(garment))
    test_split = np.where(domain == STREET, "query", "gallery")
    split = np.where(item < train_items, "train", "val")
    split = np.where(item >= len(train), test_split, split)
    index = np.tile(index, len(garment))
    words = np.array(["street", "shop"])[domain]
    return Catalog(
        name=ABOUT.name,
        item=item,
        domain=domain,
        split=split,
        category=np.array(fashion_mnist.LABELS)[np.concatenate([train, test])[item]],
        source=[f"{i}/{word}/{k}" for i, word, k in zip(item, words, index, strict=True)],
        reader=StreetReader(folder, strengths, seed),
        licence=ABOUT.licence,
    )


class StreetReader:
    """Makes pictures by sources such as "123/street/1": item, domain, number."""

    parallel = "processes"

    def __init__(self, folder: Path, factors: Mapping[str, float], seed: int):
        self.folder, self.factors, self.seed = folder, dict(factors), seed
        strengths = ", ".join(f"{name} {factors[name]:g}" for name in FACTORS)
        self.identity = f"fashion-mnist-street v1, seed {seed}, {strengths}"

    def fingerprint(self, catalog: Catalog) -> str:
        """State of the picture files."""
        return fashion_mnist.fingerprint(self.folder)

    def __call__(self, catalog: Catalog, rows: np.ndarray, size: int) -> np.ndarray:
        """Pictures: uint8 (m, 3, size, size)."""
        train, test = (fashion_mnist.images(self.folder, part) for part in ("train", "t10k"))
        item, street = catalog.item[rows], catalog.domain[rows] == STREET
        garments = np.empty((len(rows), *train.shape[1:]), dtype=np.uint8)
        late = item >= len(train)
        garments[~late], garments[late] = train[item[~late]], test[item[late] - len(train)]
        solid = ~np.isin(catalog.category[rows], [fashion_mnist.LABELS[c] for c in SEE_THROUGH])
        index = np.array([int(s.rpartition("/")[2]) for s in catalog.source[rows]], dtype=np.int64)
        pixels = np.empty((len(rows), 3, size, size), dtype=np.uint8)
        # Clutter is cut from training garments only: nothing of a test item is seen in training.
        with _one_thread():
            for part in np.array_split(np.flatnonzero(street), -(-int(street.sum()) // CHUNK) or 1):
                keys = (self.seed, item[part], index[part])
                pixels[part] = street_pictures(
                    garments[part], solid[part], train, keys, self.factors, size
                )
        pixels[~street] = shop_pictures(garments[~street], size)
        return pixels


@contextmanager
def _one_thread() -> Iterator[None]:
    """Hundreds of small tensor operations: threads would wait for one another, not work."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def verify(root: str | Path | None = None) -> Report:
    """Compare Fashion-MNIST's files with their published MD5 sums."""
    return fashion_mnist.verify(root)
