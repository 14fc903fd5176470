"""How good drawings of held-out photos are, and what moves them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from sklearn.pipeline import Pipeline

from fashret_utils.data.catalog import Catalog
from fashret_utils.training.drawing.quality import (
    apart,
    kernel_distance,
    likeness,
    reader,
    white_share,
)
from fashret_utils.training.drawing.sight import seen

READ = {"category": "type", "colour": "colour"}  # attributes that readers read, and our words

Look = Callable[[Catalog], np.ndarray]  # rows of photos -> pictures uint8 (n, 3, S, S)


@dataclass(frozen=True)
class Exam:
    """Held-out photos, and the true product pictures beside which drawings of them are put.

    **Arguments**: `photos` - street rows; `fronts` - one product picture of each of their items, in
    the order of the items; `learnt` - product pictures of other items, from which the readers of
    type and colour learn; `size` - of all pictures, in pixels.
    """

    photos: Catalog
    fronts: Catalog
    learnt: Catalog
    size: int

    @cached_property
    def place(self) -> np.ndarray:
        """Of each photo, the row of its product picture."""
        return np.searchsorted(self.fronts.item, self.photos.item)

    @cached_property
    def truth(self) -> np.ndarray:
        """The true product picture of each photo: uint8 (n, 3, S, S)."""
        return self.fronts.pixels(self.size)[self.place]

    def of(self, made: np.ndarray) -> dict[str, float]:
        """Measures of pictures made of the photos, uint8 (n, 3, S, S), in the photos' order.

        **Returns** `rmse` and `ssim` to the true picture, 0 to 1; `kernel_distance` of the set to
        the true ones; `spread`, how far pictures of different photos differ, in grey levels;
        `type_read` and `colour_read`, shares that the readers get right; `white_background`, where
        masks are known.
        """
        found = {name: float(v.mean()) for name, v in likeness(made, self.truth).items()}
        features = seen(made, "trunk")
        found["kernel_distance"] = kernel_distance(features, self._true_features)
        found["spread"] = float(made.std(0).mean())
        for name, read_by in self._readers.items():
            codes = self.photos.attributes[:, self.photos.attribute_names.index(name)]
            right = read_by.predict(features) == codes
            found[f"{READ[name]}_read"] = float(right[codes >= 0].mean())
        if self._masks is not None:
            found["white_background"] = float(white_share(made, self._masks).mean())
        return found

    def moved(self, look: Look, calm: Mapping[str, Catalog], count: int) -> dict[str, float]:
        """How far each cause of the gap moves what is made of photos, and the mean of all causes.

        The distance between the pictures with and without the cause, divided by the mean distance
        between true product pictures of different products. `moved_own` is the mean once more,
        divided by the distance between what is made of photos of different products: pictures that
        fade move less by the first measure, not by the second. It is 0 where all are one picture.

        **Arguments**: `calm` - name of the cause -> the same photos without it; `count` - items,
        of which the first photo is looked at.
        """
        first = np.unique(self.photos.item, return_index=True)[1][:count]
        fronts = self.fronts.pixels(self.size)
        others = np.roll(fronts, len(fronts) // 2, axis=0)  # neighbours are of one family
        unit = apart(fronts, others)
        made = look(self.photos.take(first))
        found = {
            f"moved by {cause}": apart(made, look(rows.take(first))) / unit
            for cause, rows in calm.items()
        }
        mean = float(np.mean([*found.values()]))
        own = apart(made, np.roll(made, len(made) // 2, axis=0))
        return found | {"moved": mean, "moved_own": mean * unit / own if own else 0.0}

    @cached_property
    def _true_features(self) -> np.ndarray:
        return seen(self.fronts.pixels(self.size), "trunk")

    @cached_property
    def _readers(self) -> dict[str, Pipeline]:
        features, names = seen(self.learnt.pixels(self.size), "trunk"), self.learnt.attribute_names
        codes = {
            name: self.learnt.attributes[:, names.index(name)] for name in READ if name in names
        }
        return {name: reader(features, each) for name, each in codes.items()}

    @cached_property
    def _masks(self) -> np.ndarray | None:
        """Of each photo, where the garment is in its product picture: bool (n, S, S)."""
        if not hasattr(self.fronts.reader, "wardrobe"):
            return None
        wardrobe, keys = self.fronts.reader.wardrobe, [s.split(":") for s in self.fronts.source]
        truths = [wardrobe.truth(int(item), side, int(i), self.size) for item, side, i in keys]
        return np.stack([truth.mask for truth in truths])[self.place]
