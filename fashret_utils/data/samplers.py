"""Which pictures make up training batch t: a function of (seed, t, rank, world) and nothing else.

So a run that resumes needs only its step number, and every process of a distributed run knows its
own share without talking to the others.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from fashret_utils.data.catalog import Catalog
from fashret_utils.data.columns import DOMAINS

SAMPLERS = ("cross-domain", "pk", "shuffle")


class ItemSampler:
    """P items a batch, K pictures an item; an epoch sees each item at most once.

    Each epoch is a seeded permutation of the items, cut into global batches of `world * items`;
    the remainder is left out (another one each epoch). K pictures of an item are drawn without
    repetition, or in turn where the item has fewer. With `cross_domain`, the first picture of each
    item is a street and the second a shop picture.

    **Raises** `ValueError` when the items or their pictures do not suffice.
    """

    def __init__(
        self,
        catalog: Catalog,
        items: int,
        pictures: int,
        *,
        cross_domain: bool,
        seed: int = 0,
        rank: int = 0,
        world: int = 1,
    ):
        self.items, self.pictures, self.cross_domain = items, pictures, cross_domain
        self.seed, self.rank, self.world = seed, rank, world
        names, owner = np.unique(catalog.item, return_inverse=True)
        if items * world > len(names):
            raise ValueError(
                f"a batch of {items} items x {world} process(es) needs {items * world} items, "
                f"{catalog.name!r} has {len(names)}: use a smaller `items`"
            )
        if cross_domain:
            _check_domains(catalog, names, owner, pictures)
        self.domain = catalog.domain
        self.order = np.argsort(owner, kind="stable")  # rows, item by item
        self.count = np.bincount(owner)  # (n_items,)
        self.start = np.cumsum(self.count) - self.count
        if pictures > self.count.max():
            raise ValueError(
                f"pictures={pictures}, but no item of {catalog.name!r} has more than "
                f"{self.count.max()}: every batch would repeat pictures"
            )
        self.steps_per_epoch = len(names) // (items * world)

    def rows(self, step: int) -> np.ndarray:
        """Catalogue rows of batch `step` for this process: int64 (P * K,), item by item."""
        epoch, position = divmod(step, self.steps_per_epoch)
        shuffled = _shuffled(self.seed, epoch, len(self.count))
        first = (position * self.world + self.rank) * self.items
        chosen = shuffled[first : first + self.items]  # (P,)
        return self._pictures(chosen, np.random.default_rng((self.seed, 1, step, self.rank)))

    def _pictures(self, chosen: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        count = self.count[chosen]  # (P,)
        begin = np.cumsum(count) - count  # (P,)
        owner = np.repeat(np.arange(len(chosen)), count)  # (M,), M pictures of these items in all
        rows = self.order[np.arange(len(owner)) + np.repeat(self.start[chosen] - begin, count)]
        key = rng.random(len(rows))
        priority = np.zeros(len(rows))
        if self.cross_domain:
            domain = self.domain[rows]
            order = np.lexsort((key, domain, owner))
            group = owner[order] * 2 + domain[order]
            first = order[np.r_[True, group[1:] != group[:-1]]]  # one of each item and domain
            priority += 2
            priority[first] = domain[first]
        rows = rows[np.lexsort((key, priority, owner))]
        turn = np.arange(self.pictures)[None] % count[:, None]  # (P, K)
        return rows[begin[:, None] + turn].ravel()


class ShuffleSampler:
    """Pictures in random order whatever their item; an epoch sees each picture at most once."""

    def __init__(
        self, catalog: Catalog, batch: int, *, seed: int = 0, rank: int = 0, world: int = 1
    ):
        if batch * world > len(catalog):
            raise ValueError(
                f"a batch of {batch} pictures x {world} process(es) needs {batch * world}, "
                f"{catalog.name!r} has {len(catalog)}: use a smaller `items` or `pictures`"
            )
        self.n, self.batch, self.seed, self.rank, self.world = (
            len(catalog),
            batch,
            seed,
            rank,
            world,
        )
        self.steps_per_epoch = self.n // (batch * world)

    def rows(self, step: int) -> np.ndarray:
        """Catalogue rows of batch `step` for this process: int64 (batch,)."""
        epoch, position = divmod(step, self.steps_per_epoch)
        shuffled = _shuffled(self.seed, epoch, self.n)
        first = (position * self.world + self.rank) * self.batch
        return shuffled[first : first + self.batch]


def sampler(
    name: str, catalog: Catalog, items: int, pictures: int, **place: int
) -> ItemSampler | ShuffleSampler:
    """Build a sampler of batches of `items * pictures` rows.

    **Arguments**: `name`: "cross-domain" (each item brings a street and a shop picture), "pk" (any
    pictures of the item) or "shuffle"; `place`: seed, rank, world.

    **Raises** `ValueError` for another name, or when the catalogue is too small.
    """
    for what, value in (("items", items), ("pictures", pictures)):
        if value < 1:
            raise ValueError(f"{what} must be at least 1, not {value}")
    if name == "shuffle":
        return ShuffleSampler(catalog, items * pictures, **place)
    if name not in SAMPLERS:
        raise ValueError(f"unknown sampler {name!r}: choose one of {', '.join(SAMPLERS)}")
    return ItemSampler(catalog, items, pictures, cross_domain=name == "cross-domain", **place)


@lru_cache(maxsize=8)  # one epoch's order serves all its steps
def _shuffled(seed: int, epoch: int, n: int) -> np.ndarray:
    return np.random.default_rng((seed, 0, epoch)).permutation(n)


def _check_domains(catalog: Catalog, names: np.ndarray, owner: np.ndarray, pictures: int) -> None:
    if pictures < 2:
        raise ValueError(
            f"pictures={pictures}, but a cross-domain batch needs at least 2 an item: one street, "
            "one shop"
        )
    for domain, word in enumerate(DOMAINS):
        lacking = np.bincount(owner, weights=catalog.domain == domain) == 0
        if lacking.any():
            few = ", ".join(str(i) for i in names[lacking][:5])
            raise ValueError(
                f"{int(lacking.sum())} of {len(names)} items of {catalog.name!r} have no {word} "
                f"picture (items {few}{', ...' if lacking.sum() > 5 else ''}): leave them out, or "
                'use sampler="pk"'
            )
