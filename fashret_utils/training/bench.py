"""One data set of the bench behind one frozen stem: batches, embeddings, searches, validation.

On a CPU pictures have been through the stem once and for all (`FeatureBank`); on a GPU pixels go
through it in each step. What comes after the stem is trained by the same loop in both cases:

    for batch in run.steps(bench.batches(items=48, steps=300, seed=seed)):
        embeddings = model(bench.stem(batch))
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn

from fashret_utils import retrieval
from fashret_utils.data.bank_batches import BankBatches
from fashret_utils.data.batches import Batches
from fashret_utils.data.catalog import Catalog
from fashret_utils.data.columns import SHOP, STREET
from fashret_utils.datasets import bench as sizes
from fashret_utils.models.trunks.stems import Trunk

CUTOFFS = (1, 5, 10, 20, 50)


@dataclass(frozen=True)
class Bench:
    """A catalogue behind a stem.

    - `catalog`: of `datasets.bench.load`, or a part of it; `stem`: a frozen trunk, from
      `models.cut` or `models.pyramid`; a GPU gets it here.
    - `device`: where to train; `size`: side of the pictures in pixels.
    """

    catalog: Catalog
    stem: Trunk
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    size: int = sizes.SIDE

    def __post_init__(self) -> None:
        if self.device.type != "cpu":
            self.stem.to(self.device)

    def part(self, catalog: Catalog) -> Bench:
        """The same for another catalogue, such as some rows of this one, or another test."""
        return Bench(catalog, self.stem, self.device, self.size)

    def batches(self, **options: object) -> BankBatches | Batches:
        """Batches of the training rows: `items`, `steps`, `seed`... as of `data.Batches`."""
        rows = self.catalog.where(split="train")
        if self.device.type == "cpu":
            return BankBatches(sizes.bank(rows, self.stem, self.size), **options)
        return Batches(rows, self.size, raw=True, device=self.device, **options)

    def embed(self, model: nn.Module, rows: Catalog) -> np.ndarray:
        """Embeddings of pictures, float32 (n, d), each of length 1.

        **Arguments**: `model` - from what the stem gives to (B, d).
        """
        if self.device.type == "cpu":
            return retrieval.embed(model, sizes.bank(rows, self.stem, self.size))
        whole = _Behind(self.stem, model)
        return retrieval.embed(whole, rows, self.size, device=self.device, raw=True)

    def search(self, model: nn.Module, split: str = "test") -> Search:
        """Search the shop pictures of a split for each of its street pictures.

        **Arguments**: `split` - "test" (query and gallery) or "val".
        """
        return search(lambda rows: self.embed(model, rows), self.catalog, split)


@dataclass(frozen=True)
class Search:
    """What a search found: `retrieval`, embeddings (n, d) and (m, d), families of the queries."""

    retrieval: retrieval.Retrieval
    query: np.ndarray
    gallery: np.ndarray
    family: np.ndarray | None

    def beside(self, embeddings: bool = False) -> dict[str, np.ndarray | None]:
        """For `run.record(search.retrieval, **search.beside())`: families, and embeddings."""
        kept = {"query": self.query, "gallery": self.gallery} if embeddings else {}
        return {**kept, "family": self.family}


def search(embed: Callable[[Catalog], np.ndarray], catalog: Catalog, split: str = "test") -> Search:
    """Search the shop pictures of a split for each of its street pictures.

    **Arguments**: `embed` - rows of a catalogue to embeddings (n, d); `split` - "test" (query and
    gallery) or "val".
    """
    if split == "test":
        sides = [catalog.where(split=name) for name in ("query", "gallery")]
    else:
        sides = [catalog.where(split=split, domain=domain) for domain in (STREET, SHOP)]
    query, gallery = map(embed, sides)
    k = [k for k in CUTOFFS if k <= len(gallery)]
    found = retrieval.evaluate(query, gallery, sides[0].item, sides[1].item, k=k)
    return Search(found, query, gallery, _families(sides[0]))


class Looks:
    """Looks at the validation items now and then, so that a curve shows when training has ended.

    **Arguments**: `bench`; `steps` - of the run; `looks` - how many, spread evenly and ending with
    the last step; `items` - how many validation items, the first ones.
    """

    def __init__(self, bench: Bench, steps: int, looks: int = 12, items: int = 100):
        catalog = bench.catalog.where(split="val")
        chosen = np.unique(catalog.item)[:items]
        self.bench = bench.part(catalog.take(np.isin(catalog.item, chosen)))
        self.at = set(np.linspace(steps, 0, looks, endpoint=False).round().astype(int).tolist())

    def due(self, step: int) -> bool:
        """Whether to look after this many steps."""
        return step in self.at

    def map(self, model: nn.Module) -> float:
        """mAP of the validation items; the model's mode is as before when it returns."""
        return self.bench.search(model, "val").retrieval.metrics["map"]


class _Behind(nn.Module):
    def __init__(self, stem: Trunk, model: nn.Module):
        super().__init__()
        self.stem, self.model = stem, model

    def forward(self, pictures: Tensor) -> Tensor:
        return self.model(self.stem(pictures))


def _families(query: Catalog) -> np.ndarray | None:
    """Families of near-duplicates; an item without one is a family of its own."""
    if (query.family < 0).all():
        return None
    return np.where(query.family < 0, query.family.max() + 1 + query.item, query.family)
