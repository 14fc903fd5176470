"""Batches of triplets and bags, as of Zhan et al. 2017, section 3: rows of a catalogue.

Batch t is a function of (seed, t, rank, world), as of `data.samplers`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fashret_utils.data.catalog import Catalog
from fashret_utils.data.columns import SHOP, STREET


class TripletSampler:
    """T triplets and their bags: rows of anchors, positives, negatives, then T bags.

    Anchors are street pictures, positives and negatives shop pictures, bags different pictures of
    the anchors' items, some of them twice where an item has too few.

    **Arguments**: `views` - pictures of a bag, 0 for none; `bags` - drawn from "shop" pictures, or
    from "all" where an item has but one of them; `first` - the step of a whole training that is
    called 0 here; `place` - seed, rank, world.

    `pool`: int (N, n), from which items, by number in `items`, the negatives of each come; None
    for any other item.

    **Raises** `ValueError` for items without pictures of both domains, and too few of them.
    """

    def __init__(
        self,
        catalog: Catalog,
        triplets: int = 8,
        views: int = 3,
        bags: str = "shop",
        first: int = 0,
        **place: int,
    ) -> None:
        self.items, owner = np.unique(catalog.item, return_inverse=True)
        self.triplets, self.views, self.first = triplets, views, first
        self.pool: np.ndarray | None = None
        self.place = {"seed": 0, "rank": 0, "world": 1} | place
        self.street, self.shop = (
            [np.flatnonzero((owner == i) & there) for i in range(len(self.items))]
            for there in (catalog.domain == STREET, catalog.domain == SHOP)
        )
        _check([*self.street, *self.shop], max(2, triplets * self.place["world"]))
        both = map(np.concatenate, zip(self.street, self.shop, strict=True))
        self.bags = self.shop if bags == "shop" else [*both]

    def rows(self, step: int) -> np.ndarray:
        """Catalogue rows of a batch: int64 (T (3 + views),)."""
        seed, rank, world = (self.place[key] for key in ("seed", "rank", "world"))
        count, step = len(self.items), step + self.first
        epoch, place = divmod(step, count // (self.triplets * world))
        order = np.random.default_rng((seed, 0, epoch)).permutation(count)
        chosen = order[(place * world + rank) * self.triplets :][: self.triplets]
        draws = np.random.default_rng((seed, 1, step, rank))
        anchors = [draws.choice(self.street[i]) for i in chosen]
        positives = [draws.choice(self.shop[i]) for i in chosen]
        others = [self._other(i, draws) for i in chosen]
        negatives = [draws.choice(self.shop[j]) for j in others]
        bags = [np.resize(draws.permutation(self.bags[i]), self.views) for i in chosen]
        return np.concatenate([anchors, positives, negatives, *bags]).astype(np.int64)

    def _other(self, item: int, draws: np.random.Generator) -> int:
        """The item of a negative: any other, or one of the item's pool."""
        if self.pool is not None:
            return draws.choice(self.pool[item])
        return (item + draws.integers(1, len(self.items))) % len(self.items)


def random_triplets(catalog: Catalog, seed: int = 0) -> np.ndarray:
    """For each street picture a random shop picture of its item, and one of another: (3, n) rows.

    Street pictures whose item has no shop picture are left out.
    """
    draws, shop = np.random.default_rng(seed), np.flatnonzero(catalog.domain == SHOP)
    found = []
    for anchor in np.flatnonzero(catalog.domain == STREET):
        own = catalog.item[shop] == catalog.item[anchor]
        if own.any():
            found.append((anchor, draws.choice(shop[own]), draws.choice(shop[~own])))
    return np.array(found, dtype=np.int64).reshape(-1, 3).T


def _check(pictures: Sequence[np.ndarray], least: int) -> None:
    lacking, items = sum(len(rows) == 0 for rows in pictures), len(pictures) // 2
    if lacking or items < least:
        raise ValueError(
            f"{items} items, {lacking} times without a street or a shop picture: expected {least} "
            "items or more, each with both"
        )
