"""Pictures cut to a box: what a detector, or somebody who annotated it, says is the item."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from PIL import Image

from fashret_utils.data.catalog import Catalog, Reader, fingerprint_of, identity_of


def cut(catalog: Catalog, boxes: np.ndarray, frame: int, margin: float = 0.1) -> Catalog:
    """A catalogue whose pictures are squares around boxes.

    The square holds the box and a margin, and is moved, then shrunk, to stay within the picture.

    **Arguments**

    - `boxes`: (n, 4) x1 y1 x2 y2 in pixels of a picture of `frame` x `frame`; -1 for the whole.
    - `frame`: side in pixels at which pictures are made before they are cut.
    - `margin`: part of the box's longer side that is added to it.

    **Returns** the same rows with another `box` column and reader.

    **Raises** `ValueError` for boxes of another shape.
    """
    if np.shape(boxes) != (len(catalog), 4):
        raise ValueError(f"boxes have shape {np.shape(boxes)}; expected ({len(catalog)}, 4)")
    columns = {f.name: getattr(catalog, f.name) for f in fields(catalog) if f.init}
    reader = BoxReader(catalog.reader, int(frame), float(margin))
    return Catalog(**columns | {"box": np.asarray(boxes, np.float32), "reader": reader})


@dataclass(frozen=True)
class BoxReader:
    """Reads pictures with another reader and cuts them to their boxes; see `cut`."""

    inner: Reader
    frame: int
    margin: float

    @property
    def identity(self) -> str:
        """Names what decides the pixels; absent where the inner reader's pixels are not cached."""
        inner, cacheable = identity_of(self.inner)
        if not cacheable:
            raise AttributeError(f"{inner} has no identity")
        return f"square around box, frame {self.frame}, margin {self.margin}: {inner}"

    def fingerprint(self, catalog: Catalog) -> str:
        """State of the files behind the inner reader."""
        return fingerprint_of(self.inner, catalog)

    @property
    def parallel(self) -> str | None:
        """How several workers may call it."""
        return getattr(self.inner, "parallel", None)

    def __call__(self, catalog: Catalog, rows: np.ndarray, size: int) -> np.ndarray:
        """Pictures: uint8 (m, 3, size, size)."""
        whole = self.inner(catalog, rows, self.frame)  # (m, 3, F, F)
        squares = square(catalog.box[rows], self.frame, self.margin)
        pictures = [
            Image.fromarray(picture.transpose(1, 2, 0)).resize(
                (size, size), Image.Resampling.BICUBIC, box=tuple(corners)
            )
            for picture, corners in zip(whole, squares.tolist(), strict=True)
        ]
        return np.stack([np.asarray(picture) for picture in pictures]).transpose(0, 3, 1, 2)


def square(boxes: np.ndarray, frame: int, margin: float) -> np.ndarray:
    """Squares within a picture of `frame` pixels around boxes: (n, 4) -> (n, 4)."""
    none = (boxes < 0).all(axis=1, keepdims=True)
    boxes = np.where(none, [0.0, 0.0, frame, frame], boxes)
    low, high = boxes[:, :2], boxes[:, 2:]
    side = np.minimum((high - low).max(axis=1, keepdims=True) * (1 + margin), frame)  # (n, 1)
    corner = np.clip((low + high - side) / 2, 0, frame - side)  # (n, 2)
    return np.concatenate([corner, corner + side], axis=1)


def union(boxes: np.ndarray) -> np.ndarray:
    """The box around several: (n, k, 4), -1 for none, -> (n, 4)."""
    none = (boxes < 0).all(axis=2, keepdims=True)  # (n, k, 1)
    low = np.where(none, np.inf, boxes[..., :2]).min(axis=1)
    high = np.where(none, -np.inf, boxes[..., 2:]).max(axis=1)
    both = np.concatenate([low, high], axis=1)  # (n, 4)
    return np.where(none.all(axis=1), -1.0, both).astype(np.float32)
