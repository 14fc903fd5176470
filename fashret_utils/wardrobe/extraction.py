"""Street pictures of the Wardrobe with the garment taken off the photo by the ground truth.

What a box and what a perfect mask would give a matching net, beside what a generator gives it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from fashret_utils.data.catalog import Catalog, Reader, fingerprint_of
from fashret_utils.data.letterbox import letterbox

CUTS = ("photo", "box", "mask", "product")
MARGIN = 0.06  # of the longer side, so that a cut garment fills the frame as in a shop picture
_FINER = 2  # pictures are drawn larger by this, since a cut enlarges them


def cut_out(catalog: Catalog, cut: str) -> Catalog:
    """The same rows, with street pictures as a perfect extraction would show them.

    **Arguments**: `catalog` - of a `Wardrobe`, whole or not, or a `five_category_shop`; `cut`:

    - "photo": the street picture as it is;
    - "box": cut to the garment's box, letterboxed on white (arms, hair and background stay);
    - "mask": the garment's visible pixels on white, cut to its box (the oracle of extraction);
    - "product": the item's first shop picture (the upper bound of any generator).

    Shop pictures stay as they are. A garment of which nothing is visible leaves the whole photo in
    "box", and white in "mask".

    **Raises** `ValueError` for an unknown cut, and for all but "photo" without ground truth.
    """
    if cut not in CUTS:
        raise ValueError(f"unknown cut {cut!r}: choose one of {', '.join(CUTS)}")
    if cut == "photo":
        return catalog
    if not hasattr(catalog.reader, "wardrobe"):
        raise ValueError(
            f"{catalog.name!r} has no ground-truth masks and boxes; expected a catalogue that the "
            "Wardrobe draws"
        )
    return replace(catalog, name=f"{catalog.name}-{cut}", reader=CutReader(catalog.reader, cut))


@dataclass(frozen=True)
class CutReader:
    """Reads street rows cut as `cut_out` says, and all others with the catalogue's own reader."""

    base: Reader
    cut: str
    parallel = "processes"

    @property
    def wardrobe(self):
        """Who draws the pictures."""
        return self.base.wardrobe

    @property
    def identity(self) -> str:
        """What decides the pictures."""
        return f"{self.base.identity}; street pictures: {self.cut}, margin {MARGIN}, v1"

    def fingerprint(self, catalog: Catalog) -> str:
        """State of the files behind the inner reader."""
        return fingerprint_of(self.base, catalog)

    def __call__(self, catalog: Catalog, rows: np.ndarray, size: int) -> np.ndarray:
        """Pictures: uint8 (m, 3, size, size)."""
        pixels = np.empty((len(rows), 3, size, size), np.uint8)
        parts = [str(source).split(":") for source in catalog.source[rows]]
        shop = np.array([part[1] == "shop" for part in parts], dtype=bool)
        if shop.any():
            pixels[shop] = self.base(catalog, rows[shop], size)
        for place in np.flatnonzero(~shop):
            item, index = int(parts[place][0]), int(parts[place][2])
            pixels[place] = self._street(item, index, size).transpose(2, 0, 1)
        return pixels

    def _street(self, item: int, index: int, size: int) -> np.ndarray:
        if self.cut == "product":
            return self.wardrobe.picture(item, "shop", 0, size)
        finer = _FINER * size
        picture = self.wardrobe.picture(item, "street", index, finer)
        truth = self.wardrobe.truth(item, "street", index, finer)
        if self.cut == "mask":
            picture = np.where(truth.mask[..., None], picture, np.uint8(255))
        box = np.array(truth.box)
        if not truth.mask.any():
            box = np.array((0.0, 0.0, finer, finer))
        margin = MARGIN * max(box[2] - box[0], box[3] - box[1])
        box = np.clip(box + margin * np.array((-1, -1, 1, 1)), 0, finer).round().astype(int)
        return letterbox(Image.fromarray(np.ascontiguousarray(picture)).crop(tuple(box)), size)
