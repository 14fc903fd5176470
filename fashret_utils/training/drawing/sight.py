"""What a frozen network sees of pictures that no cache keeps, such as drawings."""

from __future__ import annotations

from functools import cache

import numpy as np
import torch
from torch.nn import functional as F

from fashret_utils.datasets import bench
from fashret_utils.models import cut, pyramid, trunk
from fashret_utils.models.trunks import together
from fashret_utils.training.drawing.converting import enlarged

LEVELS = (3, 4, 5)  # of the trunk: their means, joined, are its embedding
CUT = 14  # blocks 0 to 14 of the trunk are frozen, what follows is trained
FACE_SIDE = 160  # pixels, of the face network
KINDS = ("trunk", "maps", "random", "faces", "pixels")


def seen(pixels: np.ndarray, kind: str) -> np.ndarray:
    """What a network is given of pictures, all enlarged to its side alike.

    **Arguments**: `pixels` - uint8 (n, 3, S, S); `kind`:

    - "trunk": the embedding by the trunk as ImageNet left it, (n, 472), each of length 1;
    - "maps", "random": the trunk's maps after block `CUT`, (n, C, h, w), of ImageNet's weights or
      of random ones;
    - "faces": pictures of the face network's size; "pixels": the pictures themselves.

    **Raises** `ValueError` for another kind.
    """
    if kind not in KINDS:
        raise ValueError(f"unknown kind {kind!r}: choose one of {', '.join(KINDS)}")
    if kind == "pixels":
        return pixels
    if kind == "faces":
        return enlarged(pixels, FACE_SIDE)
    given = _frozen(kind)(enlarged(pixels, bench.SIDE))
    if kind == "trunk":
        return F.normalize(together([torch.from_numpy(level) for level in given])).numpy()
    return given[0]


@cache
def _frozen(kind: str):
    whole = trunk("lite0", pretrained=kind != "random")
    stem = pyramid(whole, LEVELS, pool=True) if kind == "trunk" else cut(whole, after=CUT)[0]
    return stem.frozen(bench.SIDE)
