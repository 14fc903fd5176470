"""A bench in memory, for stems that give vectors: a step then costs only what is trained.

The numbers are those of `Bench`. A process that does many runs reads each part of a data set once.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from fashret_utils.data.bank_batches import BankBatches
from fashret_utils.data.batches import Batch, Batches
from fashret_utils.data.catalog import Catalog
from fashret_utils.data.feature_bank import FeatureBank
from fashret_utils.datasets import bench as sizes
from fashret_utils.models.trunks.stems import Trunk
from fashret_utils.training.bench import Bench


class Settled:
    """A frozen trunk whose weights stay: what identifies it is worked out once.

    It stands for the trunk in a `Bench` on the CPU; pictures go through the trunk itself.
    """

    def __init__(self, trunk: Trunk) -> None:
        self.trunk, self.identity, self.identities = trunk, trunk.identity, trunk.identities
        self.shapes = cache(trunk.shapes)
        self.frozen = trunk.frozen

    def to(self, device: torch.device) -> Settled:
        """Move the trunk; returns itself."""
        self.trunk.to(device)
        return self

    def __call__(self, batch: Batch | Tensor) -> Tensor | tuple[Tensor, ...]:
        """What the trunk gives for a batch; one from a bank of it has been through already."""
        through = not isinstance(batch, Tensor) and batch.stem == self.identity
        return batch.images if through else self.trunk(batch)


@dataclass(frozen=True)
class Resident(Bench):
    """A `Bench` whose features stay in memory on the CPU. `stem`: a `Settled` trunk, pooled."""

    def part(self, catalog: Catalog) -> Resident:
        """The same for another catalogue."""
        return Resident(catalog, self.stem, self.device, self.size)

    def batches(self, **options: object) -> BankBatches | Batches:
        """Batches of the training rows, as of `Bench`."""
        if self.device.type != "cpu":
            return super().batches(**options)
        return BankBatches(self._bank(self.catalog.where(split="train")), **options)

    def embed(self, model: nn.Module, rows: Catalog) -> np.ndarray:
        """Embeddings of pictures, float32 (n, d), each of length 1, as of `Bench`."""
        if self.device.type != "cpu":
            return super().embed(model, rows)
        vectors = self._bank(rows).maps(np.arange(len(rows)))
        several = isinstance(vectors, tuple)
        vectors = tuple(v.float() for v in vectors) if several else vectors.float()
        modes = [(module, module.training) for module in model.modules()]
        try:
            with torch.inference_mode():
                return normalize(model.eval()(vectors).float(), dim=1).numpy()
        finally:
            for module, training in modes:
                module.training = training

    def _bank(self, rows: Catalog) -> _MemoryBank:
        """The bank of some rows: the one that this process has made, if it has."""
        digest = hashlib.blake2b(np.ascontiguousarray(rows.root_rows), digest_size=12).hexdigest()
        key = (rows.root.hash, digest, self.stem.identity, self.size)
        if key not in _known():
            _known()[key] = _MemoryBank(rows, self.stem, self.size)
        return _known()[key]


class _MemoryBank(FeatureBank):
    """A bank that reads all its files at once, and then only memory."""

    def __init__(self, rows: Catalog, stem: Settled, size: int) -> None:
        like = sizes.bank(rows, stem, size)
        options = {"views": like.views, "augment": like.augment, "seed": like.seed}
        super().__init__(rows, stem, size, **options)

    @cached_property
    def _memory(self) -> tuple[Tensor, ...]:
        """For each output of the stem float16 (views, n, C)."""
        every = np.arange(len(self.catalog))
        views = []
        for view in range(self.views):
            found = super().maps(every, view)
            views.append(found if isinstance(found, tuple) else (found,))
        return tuple(torch.stack(level) for level in zip(*views, strict=True))

    def maps(self, rows: np.ndarray, view: int | np.ndarray = 0) -> Tensor | tuple[Tensor, ...]:
        """As of `FeatureBank`."""
        rows = np.asarray(rows)
        view = torch.from_numpy(np.broadcast_to(view, rows.shape).copy())
        found = tuple(level[view, torch.from_numpy(rows)] for level in self._memory)
        return found if len(found) > 1 else found[0]


@cache
def _known() -> dict[tuple, _MemoryBank]:
    return {}
