"""Training batches from a feature bank: as `Batches`, but the stem has been gone through."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from fashret_utils.data.batches import Batch, refuse_test_rows, sent, truth
from fashret_utils.data.feature_bank import FeatureBank
from fashret_utils.data.samplers import sampler as build_sampler


class BankBatches:
    """A deterministic sequence of training batches whose `images` are a stem's maps, float32.

    Which rows a batch holds is the same as of `Batches` with the same arguments. Each picture of a
    batch comes in one of the bank's views, drawn anew at each step.

    **Arguments**

    - `bank`: of training (or validation) rows; test rows are refused. It is filled here.
    - `items`, `pictures`, `steps`, `sampler`, `seed`, `rank`, `world`: as of `Batches`.
    - `augment`: False for view 0 alone.

    **Raises** `ValueError` as `Batches` does.
    """

    def __init__(
        self,
        bank: FeatureBank,
        *,
        items: int,
        pictures: int = 2,
        steps: int,
        sampler: str = "cross-domain",
        augment: bool = True,
        device: str | torch.device = "cpu",
        seed: int = 0,
        rank: int = 0,
        world: int = 1,
    ):
        refuse_test_rows(bank.catalog)
        self.sampler = build_sampler(
            sampler, bank.catalog, items, pictures, seed=seed, rank=rank, world=world
        )
        self.bank, self.steps, self.views = bank, steps, bank.views if augment else 1
        self.catalog, self.size = bank.catalog, bank.size
        self.seed, self.rank, self.device = seed, rank, torch.device(device)
        self._truth = truth(bank.catalog, self.device)
        bank.fill(views=range(self.views))

    def __len__(self) -> int:
        return self.steps

    def __iter__(self) -> Iterator[Batch]:
        return (self.at(step) for step in range(self.steps))

    def at(self, step: int) -> Batch:
        """Batch number `step`, 0 <= step < len(self)."""
        if not 0 <= step < self.steps:
            raise IndexError(f"step {step} is outside 0 to {self.steps - 1}")
        rows = self.sampler.rows(step)  # (B,)
        index = sent(torch.from_numpy(rows), self.device)
        rng = np.random.default_rng((self.seed, 2, step, self.rank))
        maps = self.bank.maps(rows, rng.integers(self.views, size=len(rows)))
        several = isinstance(maps, tuple)
        moved = tuple(sent(m, self.device).float() for m in (maps if several else (maps,)))
        columns = {k: v[index] for k, v in self._truth.items()}
        images = moved if several else moved[0]
        return Batch(images, rows=index, stem=self.bank.identity, **columns)
