"""Picture files, cut to the boxes that a data set's annotators drew."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from fashret_utils.data.catalog import Catalog
from fashret_utils.data.decoding import open_picture
from fashret_utils.data.letterbox import letterbox
from fashret_utils.datasets.reading.pictures import FileReader


class CropReader(FileReader):
    """Reads pictures cut to their boxes, letterboxed on white.

    A box counts only if it lies in its picture, within one pixel; otherwise the whole picture is
    used, as it is where there is no box.

    **Arguments**: `root`: the folder that sources are relative to. `long_side`: where boxes were
    drawn on copies, the long side of those in pixels; None where they were drawn on these files.
    `square`: the copies were centred in a square.
    """

    def __init__(self, root: str | Path, long_side: int | None = None, square: bool = False):
        super().__init__(root)
        self.long_side, self.square = long_side, square
        frame = f"of copies {long_side} px {'square' if square else 'long'}" if long_side else ""
        self.identity = f"picture files, cut to boxes {frame}, letterbox on white, v1"

    def __call__(self, catalog: Catalog, rows: np.ndarray, size: int) -> np.ndarray:
        """Pictures: uint8 (m, 3, size, size). **Raises** `PictureError` as `open_picture`."""
        pictures = [
            letterbox(self._cut(open_picture(self.root / str(source)), box), size)
            for source, box in zip(catalog.source[rows], catalog.box[rows], strict=True)
        ]
        return np.stack(pictures).transpose(0, 3, 1, 2)

    def _cut(self, picture: Image.Image, box: np.ndarray) -> Image.Image:
        if (box == -1).all():
            return picture
        whole = np.array(picture.size, dtype=float)  # (2,) width, height
        scale = whole.max() / self.long_side if self.long_side else 1.0
        corners = box.reshape(2, 2).astype(float)
        if self.square:
            frame = np.full(2, self.long_side, dtype=float)
            margin = (frame - whole / scale) / 2
        else:
            frame, margin = whole / scale, np.zeros(2)
        if (corners[1] > frame + 1).any():
            return picture
        corners = np.clip(np.round((corners - margin) * scale), 0, whole).astype(int)
        if (corners[1] <= corners[0]).any():  # only the margin, or less than a pixel
            return picture
        return picture.crop(tuple(corners.ravel().tolist()))
