"""Looks at what a converter draws of validation photos, now and then."""

from __future__ import annotations

import numpy as np
from torch import nn

from fashret_utils import retrieval
from fashret_utils.data.catalog import Catalog
from fashret_utils.data.columns import SHOP, STREET
from fashret_utils.training.drawing.converting import generate
from fashret_utils.training.drawing.sight import seen


class DrawingLooks:
    """How well drawings find the true product pictures, by the trunk as it is.

    **Arguments**: `rows` - validation rows of both domains; `size` - of the drawings, in pixels;
    `steps` - of the run; `looks` - how many, spread evenly and ending with the last step; `items` -
    how many items, the first ones.
    """

    def __init__(self, rows: Catalog, size: int, steps: int, looks: int, items: int) -> None:
        rows = rows.take(np.isin(rows.item, np.unique(rows.item)[:items]))
        photos, fronts = rows.where(domain=STREET), rows.where(domain=SHOP)
        self.photos, self.items = photos.pixels(size), (photos.item, fronts.item)
        self.fronts = seen(fronts.pixels(size), "trunk")
        self.at = look_at(steps, looks)

    def map(self, converter: nn.Module) -> float:
        """mAP of the drawings among the true product pictures."""
        drawn = seen(generate(converter, self.photos), "trunk")
        found = retrieval.evaluate(drawn, self.fronts, *self.items, k=(1,), bootstrap=0)
        return found.metrics["map"]


def look_at(steps: int, looks: int) -> set[int]:
    """Numbers of steps after which to look, spread evenly, the last one among them."""
    return set(np.linspace(steps, 0, looks, endpoint=False).round().astype(int).tolist())
