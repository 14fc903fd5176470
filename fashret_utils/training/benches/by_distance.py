"""A bench for embeddings of any length, ranked by Euclidean distance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from fashret_utils import retrieval
from fashret_utils.data.catalog import Catalog
from fashret_utils.data.columns import SHOP, STREET
from fashret_utils.training.bench import Bench, Search, search


@dataclass(frozen=True)
class Lift:
    """Two more coordinates, after which cosines order a gallery as distances do.

    Gallery vectors become (g, -|g|^2, r), r making all of one length, and queries (2 q, 1, 0): the
    inner product is 2 q.g - |g|^2 = |q|^2 - d^2. Both are first moved by `middle`, which changes
    no distance, and divided by `length`, which changes no order.

    - `middle`: (d,), near the gallery's mean. `length`: the largest of the moved gallery vectors.
    """

    middle: np.ndarray
    length: float

    @classmethod
    def of(cls, gallery: np.ndarray) -> Lift:
        """The lift of a gallery (m, d), or of anything that holds it."""
        middle = np.asarray(gallery, np.float64).mean(0)
        length = float(np.linalg.norm(gallery - middle, axis=1).max(initial=0))
        return cls(middle, max(length, 1e-12))

    def query(self, vectors: np.ndarray) -> np.ndarray:
        """(n, d) -> float32 (n, d + 2)."""
        moved = self._moved(vectors)
        ones = np.ones((len(moved), 1))
        return np.hstack([2 * moved, ones, 0 * ones]).astype(np.float32)

    def gallery(self, vectors: np.ndarray) -> np.ndarray:
        """(m, d) -> float32 (m, d + 2), all of one length.

        **Raises** `ValueError` for vectors that are longer than those the lift was made of.
        """
        moved = self._moved(vectors)
        squared = (moved**2).sum(1, keepdims=True)  # (m, 1)
        if squared.max(initial=0) > 1 + 1e-6:
            raise ValueError(
                f"a gallery vector lies {squared.max() ** 0.5:.3g} times as far out as any that "
                "the lift was made of: make it of the whole gallery"
            )
        rest = np.sqrt(np.maximum(2 - squared - squared**2, 0))
        return np.hstack([moved, -squared, rest]).astype(np.float32)

    def _moved(self, vectors: np.ndarray) -> np.ndarray:
        return (np.asarray(vectors, np.float64) - self.middle) / self.length


def by_distance(query: np.ndarray, gallery: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Vectors whose cosines rank as distances do: (n, d), (m, d) -> float32, both d + 2 wide."""
    lift = Lift.of(gallery)
    return lift.query(query), lift.gallery(gallery)


class Homogeneous(nn.Module):
    """A network's embeddings with a coordinate 1 behind them, which survives normalisation."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, maps: Tensor) -> Tensor:
        """Whatever the network takes -> (B, d + 1)."""
        embedded = self.model(maps).float()
        return torch.cat([embedded, torch.ones_like(embedded[:, :1])], dim=1)


def lengthened(vectors: np.ndarray) -> np.ndarray:
    """Embeddings as the network gave them: of `Homogeneous`, normalised, (n, d + 1) -> (n, d)."""
    return vectors[:, :-1] / vectors[:, -1:]


def features(bench: Bench, model: nn.Module, rows: Catalog) -> np.ndarray:
    """Embeddings of pictures, not normalised: float32 (n, d)."""
    return lengthened(bench.embed(Homogeneous(model), rows))


def features_of_pixels(bench: Bench, model: nn.Module, pixels: np.ndarray) -> np.ndarray:
    """The same of pixels uint8 (n, 3, S, S) that no cache keeps: float32 (n, d)."""
    whole = nn.Sequential(bench.stem, Homogeneous(model))
    return lengthened(retrieval.embed(whole, pixels, raw=True))


def lifted(bench: Bench, model: nn.Module, gallery: Catalog) -> Callable[[Catalog], np.ndarray]:
    """Rows of one domain to vectors whose cosines rank as distances do: as an `embed`.

    **Arguments**: `gallery` - all shop pictures that will be searched.
    """
    lift = Lift.of(features(bench, model, gallery))

    def embed(rows: Catalog) -> np.ndarray:
        side = lift.query if (rows.domain == STREET).all() else lift.gallery
        return side(features(bench, model, rows))

    return embed


@dataclass(frozen=True)
class ByDistance(Bench):
    """A `Bench` whose searches rank by the distance of embeddings that are not normalised."""

    def part(self, catalog: Catalog) -> ByDistance:
        """The same for another catalogue."""
        return ByDistance(catalog, self.stem, self.device, self.size)

    def search(self, model: nn.Module, split: str = "test") -> Search:
        """As of `Bench`; the search's vectors are lifted, d + 2 wide (`Lift`)."""
        test = {"split": "query"}, {"split": "gallery"}
        other = {"split": split, "domain": STREET}, {"split": split, "domain": SHOP}
        rows = [self.catalog.where(**side) for side in (test if split == "test" else other)]
        vectors = iter(by_distance(*(features(self, model, side) for side in rows)))
        return search(lambda _: next(vectors), self.catalog, split)


def unlifted(found: Search) -> tuple[np.ndarray, np.ndarray]:
    """Query (n, d) and gallery (m, d) of a search by distance, up to one shift and one factor."""
    return found.query[:, :-2] / 2, found.gallery[:, :-2]
