"""Where the two shoes of a picture are: the truth that a detector is trained on and measured by."""

from __future__ import annotations

import hashlib

import numpy as np
from joblib import Parallel, cpu_count, delayed

from fashret_utils.atomic import replacing
from fashret_utils.data.cache import cache_folder
from fashret_utils.data.catalog import Catalog
from fashret_utils.wardrobe.generator import Wardrobe

SHOES = ("left shoe", "right shoe")
_WORKERS_PAY = 400  # pictures


def shoe_boxes(catalog: Catalog, frame: int) -> np.ndarray:
    """The true boxes of both single shoes in the Wardrobe's pictures, kept in the cache folder.

    **Arguments**: `catalog` - as `Wardrobe(kind="shoes").catalog()` returns it, or rows of it;
    `frame` - side of the pictures in pixels.

    **Returns** float32 (n, 2, 4) x1 y1 x2 y2 of the left and the right shoe, -1 where not seen.
    """
    wardrobe: Wardrobe = catalog.reader.wardrobe
    names = "\n".join([catalog.reader.identity, str(frame), *catalog.source.tolist()])
    key = hashlib.blake2b(names.encode(), digest_size=12).hexdigest()
    path = cache_folder() / "shoe-boxes" / f"{key}.npy"
    if path.is_file():
        return np.load(path)
    workers = cpu_count() if len(catalog) > _WORKERS_PAY else 1
    parts = np.array_split(catalog.source, 4 * workers)
    found = Parallel(n_jobs=workers)(delayed(_boxes)(wardrobe, part, frame) for part in parts)
    boxes = np.concatenate(found)
    with replacing(path) as temporary, open(temporary, "wb") as file:
        np.save(file, boxes)
    return boxes


def _boxes(wardrobe: Wardrobe, sources: np.ndarray, frame: int) -> np.ndarray:
    boxes = np.full((len(sources), len(SHOES), 4), -1, np.float32)
    for row, source in enumerate(sources):
        item, domain, index = source.split(":")
        seen = wardrobe.truth(int(item), domain, int(index), frame).boxes
        for place, name in enumerate(SHOES):
            boxes[row, place] = seen.get(name, (-1, -1, -1, -1))
    return boxes
