"""Training batches: a deterministic sequence, made where the network is.

Batch t depends only on (seed, t, rank, world). Pixels are gathered from the catalogue's memory map,
or, on a GPU, from a copy of them that stays there when it fits; both give the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from fashret_utils.data.augment import Augment, normalise
from fashret_utils.data.catalog import Catalog
from fashret_utils.data.samplers import sampler as build_sampler


@dataclass
class Batch:
    """B pictures with their truth, on one device.

    - `images`: float32 (B, 3, S, S), normalised, channels last; uint8 where `Batches` is `raw`; the
      maps of a stem where they come from a `FeatureBank`
    - `items`, `domains`: int64 (B,); `attributes`: int16 (B, A), -1 unknown
    - `rows`: int64 (B,), row numbers of the catalogue that `Batches` was given
    - `stem`: identity of the stem that the images have been through, "" for none
    """

    images: Tensor
    items: Tensor
    domains: Tensor
    attributes: Tensor
    rows: Tensor
    stem: str = ""

    def __len__(self) -> int:
        return len(self.rows)


class Batches:
    """A deterministic sequence of training batches.

    **Arguments**

    - `catalog`: training (or validation) rows; test rows are refused. `size`: pixels.
    - `items`: P items a batch; `pictures`: K an item; `steps`: length of the sequence.
    - `sampler`: "cross-domain" (each item brings at least one street and one shop picture, in this
      order), "pk" (any K pictures of an item) or "shuffle" (P * K pictures whatever their item).
    - `augment`: None for pictures as they are.
    - `raw`: images stay bytes, for a trunk that normalises them itself (`models.trunks`).
    - `rank`, `world`: which of how many processes; P is for each process.
    - `resident`: keep all pixels on the device; None: on a GPU if they fit in half of its free
      memory, on the CPU never (the memory map is memory already).

    **Raises** `ValueError` when the catalogue is too small, lacks a domain or holds test rows.
    """

    def __init__(
        self,
        catalog: Catalog,
        size: int,
        *,
        items: int,
        pictures: int = 2,
        steps: int,
        sampler: str = "cross-domain",
        augment: Augment | None = Augment(),  # noqa: B008, frozen
        device: str | torch.device = "cpu",
        seed: int = 0,
        rank: int = 0,
        world: int = 1,
        resident: bool | None = None,
        raw: bool = False,
    ):
        refuse_test_rows(catalog)
        self.sampler = build_sampler(
            sampler, catalog, items, pictures, seed=seed, rank=rank, world=world
        )
        self.catalog, self.size, self.steps, self.augment = catalog, size, steps, augment
        self.seed, self.rank, self.device, self.raw = seed, rank, torch.device(device), raw
        self._pixels, self._place = catalog.stored_pixels(size)
        on_gpu = self.device.type == "cuda"
        if resident is None:
            need = len(catalog) * 3 * size**2
            resident = on_gpu and need <= torch.cuda.mem_get_info(self.device)[0] // 2
        self._resident = torch.from_numpy(self._pixels[self._place]) if resident else None
        if resident:
            self._resident = self._resident.to(self.device)
        self._truth = truth(catalog, self.device)
        # On a GPU without resident pixels, the next batch is read while this one is used.
        self._ahead = ThreadPoolExecutor(1) if on_gpu and not resident else None
        self._next: tuple[int, Future] | None = None

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
        if self._resident is not None:
            pictures = self._resident[index]
        else:
            pictures = self._gathered(step, rows).to(self.device, non_blocking=True)
        if self.augment is None:
            images = pictures if self.raw else normalise(pictures)
        else:
            state = np.random.SeedSequence((self.seed, 2, step, self.rank)).generate_state(1)
            generator = torch.Generator(self.device).manual_seed(int(state[0]))
            change = self.augment.raw if self.raw else self.augment
            images = change(pictures, generator)
        return Batch(images, rows=index, **{k: v[index] for k, v in self._truth.items()})

    def _gathered(self, step: int, rows: np.ndarray) -> Tensor:
        if self._ahead is None:
            return self._gather(rows)
        ready = self._next if self._next is not None and self._next[0] == step else None
        pictures = ready[1].result() if ready else self._gather(rows)
        later = (step + 1) % self.steps
        self._next = (later, self._ahead.submit(self._gather, self.sampler.rows(later)))
        return pictures

    def _gather(self, rows: np.ndarray) -> Tensor:
        pictures = torch.from_numpy(self._pixels[self._place[rows]])
        return pictures.pin_memory() if self.device.type == "cuda" else pictures


def refuse_test_rows(catalog: Catalog) -> None:
    """Raise `ValueError` for a catalogue that holds rows of the test set."""
    test = np.flatnonzero((catalog.split == "query") | (catalog.split == "gallery"))
    if len(test):
        raise ValueError(
            f"{len(test)} rows of {catalog.name!r} are test rows (row {test[0]} is "
            f'{str(catalog.split[test[0]])!r}): pass catalog.where(split="train")'
        )


def sent(tensor: Tensor, device: torch.device) -> Tensor:
    """A tensor of the CPU on a device; on a GPU some time later, without waiting for it.

    Only pinned memory is copied so.
    """
    if device.type != "cuda":
        return tensor.to(device)
    return tensor.pin_memory().to(device, non_blocking=True)


def truth(catalog: Catalog, device: torch.device) -> dict[str, Tensor]:
    """The columns of a catalogue that a `Batch` carries, on a device."""
    return {
        "items": torch.from_numpy(catalog.item.copy()).to(device),
        "domains": torch.from_numpy(catalog.domain.astype(np.int64)).to(device),
        "attributes": torch.from_numpy(catalog.attributes.copy()).to(device),
    }


__all__ = ["Augment", "Batch", "Batches", "normalise"]
