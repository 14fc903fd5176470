"""What is searched: vectors of pictures with a caption and a thumbnail each."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from fashret_utils.data.catalog import Catalog
from fashret_utils.explorer.sprites import sprite

SIDE = {"gallery": 64, "samples": 96}  # of a thumbnail, in pixels


@dataclass(frozen=True, eq=False)
class Gallery:
    """Pictures to search in.

    - `captions`: one a picture; `vectors`: float32 (m, d), each of length 1.
    - `sheet`: a WebP file with all thumbnails, `columns` in a row, each `SIDE["gallery"]` wide.
    - `note`: whose pictures they are, if that must be said.
    """

    name: str
    captions: list[str]
    vectors: np.ndarray
    sheet: bytes
    columns: int
    note: str = ""

    def thumbnails(self, rows: Sequence[int]) -> list[np.ndarray]:
        """The thumbnails of some rows, uint8 (side, side, 3) each."""
        whole, side = np.asarray(Image.open(io.BytesIO(self.sheet)).convert("RGB")), SIDE["gallery"]
        corners = [[side * place for place in divmod(int(row), self.columns)] for row in rows]
        return [whole[y : y + side, x : x + side] for y, x in corners]

    def search(self, vector: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """The `k` most similar rows, most similar first, and their cosines: (k,), (k,)."""
        similarities = self.vectors @ vector  # (m,)
        rows = np.argsort(-similarities, kind="stable")[:k]
        return rows, similarities[rows]


def of_catalog(name: str, rows: Catalog, vectors: np.ndarray, note: str = "") -> Gallery:
    """A gallery of a catalogue's rows, captioned with category and item."""
    pictures = sprite(rows.pixels(96), SIDE["gallery"])
    return Gallery(name, captions(rows), vectors, pictures.data, pictures.columns, note)


def captions(rows: Catalog) -> list[str]:
    """ "dress, item 7", or "item 7" where a catalogue has no categories."""
    return [
        f"{category}, item {item}" if category else f"item {item}"
        for category, item in zip(rows.category, rows.item, strict=True)
    ]


def write(gallery: Gallery, folder: Path, number: int) -> dict[str, object]:
    """Write a gallery's vectors and thumbnails; returns what must be known to read it again."""
    np.save(folder / f"gallery-{number}.npy", gallery.vectors)
    (folder / f"gallery-{number}.webp").write_bytes(gallery.sheet)
    told = ("name", "captions", "columns", "note")
    return {key: getattr(gallery, key) for key in told}


def read(told: dict, folder: Path, number: int) -> Gallery:
    """Read what `write` wrote."""
    vectors = np.load(folder / f"gallery-{number}.npy")
    sheet = (folder / f"gallery-{number}.webp").read_bytes()
    return Gallery(**told, vectors=vectors, sheet=sheet)
