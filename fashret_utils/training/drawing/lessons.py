"""Training batches of products from features that a frozen network has left in memory."""

from __future__ import annotations

import numpy as np
import torch

from fashret_utils.data.batches import Batch


class Lessons:
    """A deterministic sequence of batches: some products, some pictures of each.

    An epoch shows every product equally often, in an order of its own. Batch t depends only on
    (seed, t, rank).

    **Arguments**

    - `features`: (n, ...) of the pictures; `products`: (n,) numbers from 0.
    - `items`, `pictures`: products a batch, pictures of each; of a product with fewer pictures some
      come twice. `epochs`: over all pictures. `seed`, `rank`: decide the draws.

    **Raises** `ValueError` for lengths that differ, products not numbered from 0 without gaps, and
    more products a batch than there are.
    """

    def __init__(
        self,
        features: np.ndarray,
        products: np.ndarray,
        *,
        items: int,
        pictures: int = 4,
        epochs: int = 10,
        seed: int = 0,
        rank: int = 0,
        device: str | torch.device = "cpu",
    ) -> None:
        if len(features) != len(products):
            raise ValueError(f"{len(features)} features and {len(products)} products")
        self.n_items = int(products.max()) + 1
        if not np.array_equal(np.unique(products), np.arange(self.n_items)):
            raise ValueError("products must be numbered from 0 without gaps: use np.unique(...)")
        if not 1 <= items <= self.n_items:
            raise ValueError(f"items = {items}: expected 1 to {self.n_items}, all there are")
        self.features, self.products = torch.from_numpy(features), np.asarray(products)
        self.items, self.pictures, self.seed, self.rank = items, pictures, seed, rank
        self.device = torch.device(device)
        self._of = [np.flatnonzero(self.products == item) for item in range(self.n_items)]
        self.steps = max(1, epochs * len(products) // (items * pictures))

    def __len__(self) -> int:
        return self.steps

    def at(self, step: int) -> Batch:
        """Batch number `step`, 0 <= step < len(self)."""
        if not 0 <= step < self.steps:
            raise IndexError(f"step {step} is outside 0 to {self.steps - 1}")
        turns = np.arange(step * self.items, (step + 1) * self.items)
        chosen = [self._order(turn // self.n_items)[turn % self.n_items] for turn in turns]
        rng = np.random.default_rng((self.seed, 3, step, self.rank))
        rows = np.concatenate(
            [
                rng.choice(
                    self._of[item], self.pictures, replace=len(self._of[item]) < self.pictures
                )
                for item in chosen
            ]
        )
        index = torch.from_numpy(rows)
        images = self.features[index]
        images = images if images.dtype == torch.uint8 else images.float()
        none = torch.zeros(len(rows), 0, dtype=torch.int16)
        owners = torch.from_numpy(self.products[rows].astype(np.int64))
        moved = [t.to(self.device) for t in (images, owners, torch.ones_like(owners), none, index)]
        return Batch(*moved)

    def _order(self, epoch: int) -> np.ndarray:
        return np.random.default_rng((self.seed, 4, int(epoch), self.rank)).permutation(
            self.n_items
        )
