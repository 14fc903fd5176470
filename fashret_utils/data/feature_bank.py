"""What a frozen stem sees in each picture of a catalogue, and in fixed augmented views of it.

Made once, kept in the cache beside the pixels (content-addressed, checksummed, rebuilt where torn),
and shared by all subsets of a catalogue and all chapters: a training step then costs only what
comes after the stem. A file holds one output of the stem for one view. Its name depends on the
catalogue's content, the stem's weights up to this output, the side of the pictures, and for an
augmented view on its number, the augmentation and the seed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from functools import partial

import joblib
import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from fashret_utils.data.augment import Augment
from fashret_utils.data.cache import RowStore, keep
from fashret_utils.data.catalog import Catalog
from fashret_utils.data.views import augmented, view_draws

CHUNK = 128  # pictures that a worker is given at once


class FeatureBank:
    """The maps of a frozen stem, float16, for the pictures of a catalogue.

    **Arguments**

    - `catalog`: the pictures. `size`: their side in pixels.
    - `stem`: a frozen network from uint8 pictures to one map or several, such as
      `models.trunks.cut` gives: with `identity`, `identities`, `shapes(size)`, `frozen(size)`.
    - `views`: number of views a picture, counted from 0, the picture as it is; the others are
      changed by `augment`, differently for each picture, view and `seed`.

    Nothing is made before `fill`, or before `maps` asks for it.
    """

    def __init__(
        self,
        catalog: Catalog,
        stem,
        size: int,
        *,
        views: int = 1,
        augment: Augment = Augment(),  # noqa: B008, frozen
        seed: int = 0,
    ):
        if views < 1:
            raise ValueError(f"views must be at least 1, the picture itself, not {views}")
        self.catalog, self.stem, self.size, self.views = catalog, stem, size, views
        self.augment, self.seed = augment, seed
        self.identity = stem.identity
        self._identities, self._shapes = stem.identities, stem.shapes(size)
        self._place = catalog.root_rows

    def fill(
        self,
        rows: np.ndarray | None = None,
        views: Sequence[int] | None = None,
        *,
        workers: int | None = None,
    ) -> FeatureBank:
        """Make what is missing, with a progress bar when it takes over 2 seconds.

        **Arguments**: `rows`: of the catalogue, default all; `views`: default all; `workers`: how
        many threads, default one a core.

        **Returns** the bank itself.
        """
        place = np.unique(self._place if rows is None else self._place[rows])
        lacking = {}
        for view in range(self.views) if views is None else views:
            missing = [store.missing(place) for store in self._stores(view)]
            lacking[view] = np.unique(np.concatenate(missing))
        total = sum(map(len, lacking.values()))
        if not total:
            return self
        title = f"{self.catalog.name} {self.size} px, features"
        root = self.catalog.root
        pixels, _ = root.take(np.unique(np.concatenate(list(lacking.values())))).stored_pixels(
            self.size
        )
        run = self.stem.frozen(self.size)
        with tqdm(total=total, desc=title, unit="view", delay=2) as progress:
            for view, missing in lacking.items():
                parts = self._made(view, missing, pixels, run, workers)
                keep(self._stores(view), parts, progress)
        return self

    def maps(self, rows: np.ndarray, view: int | np.ndarray = 0) -> Tensor | tuple[Tensor, ...]:
        """The stem's maps of some pictures.

        **Arguments**: `rows`: row numbers of the catalogue (B,); `view`: which, for all of them or
        for each (B,).

        **Returns** float16 (B, C, h, w), channels last, or (B, C) pooled; a tuple where several.

        **Raises** `IndexError` for a view that the bank does not have.
        """
        rows = np.asarray(rows)
        view = np.broadcast_to(view, rows.shape)
        if len(rows) and not 0 <= view.min() <= view.max() < self.views:
            raise IndexError(f"view {view.max()} of a bank with views 0 to {self.views - 1}")
        found = [np.empty((len(rows), *_kept(shape)), np.float16) for shape in self._shapes]
        for number in np.unique(view):
            chosen = np.flatnonzero(view == number)
            self.fill(rows[chosen], (number,))
            for values, store in zip(found, self._stores(number), strict=True):
                values[chosen] = store.array[self._place[rows[chosen]]]
        maps = tuple(torch.from_numpy(values) for values in found)
        maps = tuple(m.permute(0, 3, 1, 2) if m.dim() == 4 else m for m in maps)
        return maps if len(maps) > 1 else maps[0]

    def _stores(self, view: int) -> list[RowStore]:
        """The files of a view, one for each output of the stem."""
        change = f"{self.augment} {self.seed}" if view else ""
        stores = []
        for identity, shape in zip(self._identities, self._shapes, strict=True):
            key = f"{identity} {self.size} {view} {change}"
            name = hashlib.blake2b(key.encode(), digest_size=12).hexdigest()
            stores.append(self.catalog.root.store("features", name, _kept(shape), np.float16))
        return stores

    def _made(
        self, view: int, rows: np.ndarray, pixels: np.ndarray, run, workers: int | None
    ) -> Iterator[tuple[np.ndarray, tuple[np.ndarray, ...]]]:
        """Rows of the root catalogue and their maps, in chunks, made by threads.

        The runtime, and nearly all of the augmentation, work outside of Python's lock.
        """
        chunks = np.split(rows, range(CHUNK, len(rows), CHUNK)) if len(rows) else []
        make = joblib.delayed(partial(self._chunk, view, pixels, run))
        pool = joblib.Parallel(
            n_jobs=workers or joblib.cpu_count(), backend="threading", return_as="generator"
        )
        yield from zip(chunks, pool(map(make, chunks)), strict=True)

    def _chunk(self, view: int, pixels: np.ndarray, run, rows: np.ndarray) -> list[np.ndarray]:
        pictures, root = pixels[rows], self.catalog.root
        if view:
            names = [f"{root.name}\0{source}" for source in root.source[rows]]
            pictures = augmented(self.augment, pictures, view_draws(names, view, self.seed))
        return [np.moveaxis(values, 1, -1).astype(np.float16) for values in run(pictures)]


def _kept(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The order of (C, h, w) on disk: channels last, on which a tail trains 1.5 times as fast."""
    return (*shape[1:], shape[0])
