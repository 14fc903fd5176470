"""Reads the pictures of composite catalogues: photos as they are, and street pictures made of them.

A source is a file such as `images/mh01-gray_back.jpg`, or `street:1:` and a file: the second street
picture that is made of this photo.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from fashret_utils.data.catalog import Catalog
from fashret_utils.data.letterbox import letterbox
from fashret_utils.datasets.reading.pictures import open_picture
from fashret_utils.datasets.shop_views.composite import composite
from fashret_utils.datasets.shop_views.cutout import Cutout, cut_out
from fashret_utils.source_code import reached, source_hash


class StreetReader:
    """Makes rows from their sources alone; the same seed and source give the same picture.

    **Arguments**: `root`: the data set's folder; `seed`: of the street pictures; `factors`:
    strength of each cause of the gap. With all at 0 a street picture is its photo.
    """

    parallel = "processes"

    def __init__(self, root: str | Path, seed: int, factors: Mapping[str, float]):
        self.root, self.seed, self.factors = Path(root), seed, dict(factors)

    @property
    def identity(self) -> str:
        """Seed, strengths and the drawing code: by other code they are other pictures."""
        here = Path(__file__).parent
        package = here.parents[1]
        folders = {here, package / "wardrobe"}
        drawing = {p for p in reached({Path(__file__)}, package) if folders & set(p.parents)}
        strengths = " ".join(f"{name}={self.factors[name]:g}" for name in sorted(self.factors))
        return f"shop-views composites {source_hash(drawing)} seed={self.seed} {strengths}"

    def fingerprint(self, catalog: Catalog) -> str:
        """Sizes and times of the photos."""
        states = []
        for file in sorted({photo_of(str(source))[0] for source in catalog.source}):
            path = self.root / file
            state = path.stat() if path.exists() else None
            states.append((str(path), state and (state.st_size, state.st_mtime_ns)))
        return repr(states)

    def __call__(self, catalog: Catalog, rows: np.ndarray, size: int) -> np.ndarray:
        """Pictures: uint8 (m, 3, size, size). **Raises** `PictureError` naming a bad file."""
        pictures = np.empty((len(rows), 3, size, size), np.uint8)
        for place, row in enumerate(rows):
            file, number = photo_of(str(catalog.source[row]))
            pictures[place] = self._picture(file, number, size).transpose(2, 0, 1)
        return pictures

    def _picture(self, file: str, number: int | None, size: int) -> np.ndarray:
        path = self.root / file
        if number is None or not any(self.factors.values()):
            return letterbox(open_picture(path), size)
        key = (self.seed, zlib.crc32(file.encode()), number)
        return composite(_cutout(str(path), path.stat().st_mtime_ns), key, size, self.factors)


def photo_of(source: str) -> tuple[str, int | None]:
    """The photo behind a source, and the number of the street picture made of it, if it is one."""
    if not source.startswith("street:"):
        return source, None
    _, number, file = source.split(":", 2)
    return file, int(number)


@lru_cache(maxsize=16)  # street pictures of a photo follow each other
def _cutout(path: str, changed: int) -> Cutout:
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)  # one picture a process: threads would wait for one another
    try:
        return cut_out(np.asarray(open_picture(path)))
    finally:
        cv2.setNumThreads(threads)
