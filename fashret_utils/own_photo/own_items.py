"""The reader's own items, each with street and shop pictures: learn from them, search them."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from torch import Tensor, nn

from fashret_utils import retrieval
from fashret_utils.data.catalog import Catalog
from fashret_utils.data.columns import DOMAINS, SHOP
from fashret_utils.data.decoding import open_picture, printable
from fashret_utils.data.letterbox import letterbox
from fashret_utils.datasets.bench import SIDE
from fashret_utils.models import pyramid, together, trunk
from fashret_utils.models.trunks.stems import Trunk
from fashret_utils.training.beginnings import paired
from fashret_utils.training.bench import CUTOFFS, Bench
from fashret_utils.training.resident import Settled

FEWEST = 2  # items that a batch compares
NAMED = 5  # items that a warning names


class OwnItems:
    """A catalogue of one's own behind a frozen trunk: batches to learn from, and searches.

    Pictures go through the trunk once and are kept in the cache; what is trained is a network from
    these features, (B, `width`), to embeddings.

    **Arguments**: `photos` - a catalogue with street and shop pictures of items, such as
    `datasets.load("folder", ...)`; `stem` - a frozen trunk whose outputs are pooled, by default
    three levels of EfficientNet-Lite0; `size` - side of the pictures in pixels.

    **Raises** `ValueError` where no item is held out for the test, or fewer than two are left to
    learn from. **Warns** which training items teach nothing since they lack one kind of picture.
    """

    def __init__(self, photos: Catalog, stem: Trunk | None = None, size: int = SIDE):
        self.photos, self.size = photos, size
        self.stem = pyramid(trunk("lite0"), pool=True) if stem is None else stem
        self.width = sum(shape[0] for shape in self.stem.shapes(size))
        self.query, self.shop = photos.where(split="query"), photos.where(domain=SHOP)
        pairs = paired(photos)
        self._train = Bench(pairs.where(split="train"), Settled(self.stem), size=size)
        n_pairs, n_tested = self._train.catalog.n_items, self.query.n_items
        if n_pairs < FEWEST or not n_tested:
            raise ValueError(
                f"{photos.name}: {n_pairs} items with street and shop pictures to learn from and "
                f"{n_tested} to test with; expected at least {FEWEST} and 1. Add pictures, or load "
                "with another `test`, the part of the items that is held out"
            )
        lonely = np.setdiff1d(photos.where(split="train").item, pairs.item)
        if len(lonely):
            names = [self._name(photos.where(item=int(item)).source[0]) for item in lonely[:NAMED]]
            more = f" and {len(lonely) - NAMED:,} more" if len(lonely) > NAMED else ""
            warnings.warn(
                f"{len(lonely):,} items have pictures of one kind only and teach nothing: "
                f"{', '.join(names)}{more}. Their {DOMAINS[SHOP]} pictures are searched all the "
                "same",
                stacklevel=2,
            )

    def batches(
        self, steps: int, items: int = 48, seed: int = 0
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """Training batches: features float32 (2P, `width`), and which item each shows, (2P,).

        A batch has a street and a shop picture of each of P items, `items` or all that there are,
        in one of three views: as they are, and twice changed at random.
        """
        items = min(items, self._train.catalog.n_items)
        for batch in self._train.batches(items=items, steps=steps, seed=seed):
            yield together(self._train.stem(batch)), batch.items

    def search(self, head: nn.Module | None = None) -> retrieval.Retrieval:
        """Look for the held-out street pictures among all shop pictures.

        **Arguments**: `head` - features (B, `width`) to embeddings (B, d); the features themselves
        if there is none.
        """
        query, shop = (self._train.embed(_Behind(head), rows) for rows in (self.query, self.shop))
        k = [k for k in CUTOFFS if k <= len(shop)]
        return retrieval.evaluate(query, shop, self.query.item, self.shop.item, k=k)

    def grid(self, found: retrieval.Retrieval, **options: object) -> Figure:
        """A picture of what a search found; `options` as of `Retrieval.grid`."""
        return found.grid(self.query.pixels(self.size), self.shop.pixels(self.size), **options)

    def look_up(
        self, photo: str | Path, head: nn.Module | None = None, k: int = 5
    ) -> list[tuple[str, float]]:
        """The `k` shop pictures most like a new photo: file below the folder, and similarity.

        **Raises** `PictureError` naming the photo if it cannot be read.
        """
        picture = letterbox(open_picture(Path(photo).expanduser()), self.size)  # (S, S, 3)
        pixels = np.ascontiguousarray(picture.transpose(2, 0, 1))[None]
        model = nn.Sequential(self.stem, _Behind(head))
        vector = retrieval.embed(model, pixels, raw=True)
        shop = self._train.embed(_Behind(head), self.shop)
        similarities, rows = retrieval.search(vector, shop, k=min(k, len(shop)))
        names = [printable(self.shop.source[row]) for row in rows[0]]
        return list(zip(names, similarities[0].tolist(), strict=True))

    @staticmethod
    def _name(source: str) -> str:
        """An item's folder, as far as one can tell."""
        return printable(source.split("/")[0])


class _Behind(nn.Module):
    """Pooled levels side by side, and a head behind them."""

    def __init__(self, head: nn.Module | None):
        super().__init__()
        self.head = nn.Identity() if head is None else head

    def forward(self, levels: Tensor | tuple[Tensor, ...]) -> Tensor:
        return self.head(together(levels if isinstance(levels, tuple) else (levels,)))
