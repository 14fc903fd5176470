"""Where the uncertainty of a mean over seeds and items comes from.

The value of one seed and one item is modelled as mean + seed + item + rest, three independent
random effects (two-way crossed random model, one value a cell; Searle, Casella and McCulloch,
Variance Components, 1992, chapter 4). Queries of an item are summed first: "rest" holds them too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Components:
    """Variances of the three effects, estimated from `seeds` runs on `items` items.

    `seed` is an unbiased estimate and may be below zero. It is None when there was one seed: its
    effect cannot be told from the mean, and `item` then holds the rest as well.
    """

    seed: float | None
    item: float
    rest: float
    seeds: int
    items: int

    def variance(self, seeds: int | None = None) -> float:
        """Variance of the mean over so many seeds (by default as many as there were) and the items.

        **Raises** `ValueError` for several seeds when the components come from one.
        """
        by_seed, _, _ = self._of_means(seeds)
        return by_seed + self.item / self.items

    def freedom(self, seeds: int | None = None) -> float:
        """Degrees of freedom of `variance` (Satterthwaite, Biometrics Bulletin 2, 1946).

        Never fewer than those of the seeds, whose variance is the one known least.
        """
        by_seed, by_item, both = self._of_means(seeds)
        n, m = (seeds or self.seeds) - 1, max(self.items - 1, 1)
        if self.seed is None:
            return float(m)
        spread = by_seed**2 / n + by_item**2 / m + both**2 / (n * m)
        return max(self.variance(seeds) ** 2 / spread, float(n)) if spread else float(n)

    def _of_means(self, seeds: int | None) -> tuple[float, float, float]:
        """Variances that the means of seeds, the means of items and the rest give the mean."""
        seeds = seeds or self.seeds
        if self.seed is None:
            if seeds > 1:
                raise ValueError("one seed says nothing of other seeds: run at least two")
            return 0.0, self.item / self.items, 0.0
        both = self.rest / (seeds * self.items)
        return self.seed / seeds + both, self.item / self.items + both, both


def components(table: np.ndarray) -> Components:
    """Estimate the components by the analysis of variance.

    **Arguments**: `table` - (seeds, items), at least one seed and two items.
    """
    seeds, items = table.shape
    rest = table - table.mean()
    if seeds == 1:
        return Components(None, float((rest**2).sum() / (items - 1)), 0.0, 1, items)
    by_seed, by_item = rest.mean(axis=1, keepdims=True), rest.mean(axis=0)
    rest = rest - by_seed - by_item
    within = (rest**2).sum() / ((seeds - 1) * (items - 1))
    return Components(
        seed=float((by_seed**2).sum() / (seeds - 1) - within / items),
        item=float(max((by_item**2).sum() / (items - 1) - within / seeds, 0)),
        rest=float(within),
        seeds=seeds,
        items=items,
    )
