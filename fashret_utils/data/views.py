"""Fixed augmented views of pictures, fast, on bytes: what a feature bank keeps the maps of.

View v of a picture depends on (seed, the picture's name, v) alone: not on its place in a catalogue,
nor on which other pictures are there. View 0 is the picture itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import cv2
import numpy as np

from fashret_utils.data.augment import LUMA, MEAN, Augment

DRAWS = 16  # uniform numbers that `Augment` needs for a picture
GREY = tuple(round(255 * m) for m in MEAN)


def view_draws(names: Sequence[str], view: int, seed: int = 0) -> np.ndarray:
    """The random numbers of a view of pictures with these names: float64 (n, 16) in [0, 1)."""
    draws = np.empty((len(names), DRAWS))
    for place, name in enumerate(names):
        key = f"{seed}\0{view}\0{name}".encode(errors="surrogatepass")  # file names
        words = hashlib.blake2b(key, digest_size=4 * DRAWS).digest()
        draws[place] = np.frombuffer(words, "<u4") / 2**32
    return draws


def augmented(augment: Augment, pictures: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """Change pictures as `Augment` does, on bytes and twice as fast on a CPU.

    **Arguments**: `pictures` - uint8 (n, 3, S, S); `draws` - (n, 16) numbers in [0, 1), the
    columns in the order of `Augment`.

    **Returns** uint8 (n, 3, S, S), not normalised; erased boxes have ImageNet's mean colour.
    """
    size = pictures.shape[-1]
    windows, colours = _windows(augment, draws, size), _colours(augment, draws)
    boxes = _boxes(augment, draws, size)
    blurred, erased = draws[:, 4] < augment.blur, draws[:, 11] < augment.erase
    changed = np.empty_like(pictures)
    for place, picture in enumerate(pictures):
        x = np.ascontiguousarray(picture.transpose(1, 2, 0))  # (S, S, 3)
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        x = cv2.warpAffine(
            x, windows[place], (size, size), flags=flags, borderMode=cv2.BORDER_REPLICATE
        )
        if blurred[place]:
            x = cv2.GaussianBlur(x, (3, 3), 0, borderType=cv2.BORDER_REPLICATE)
        x = cv2.transform(x, colours[place])
        if erased[place]:
            top, bottom, left, right = boxes[place]
            x[top:bottom, left:right] = GREY
        changed[place] = x.transpose(2, 0, 1)
    return changed


def _windows(augment: Augment, draws: np.ndarray, size: int) -> np.ndarray:
    """Matrices (n, 2, 3) from places in the view to places in the picture, in pixels."""
    low, high = augment.zoom
    zoom = low + (high - low) * draws[:, 0]
    mirror = np.where(draws[:, 1] < augment.flip, -1.0, 1.0)
    shift = (2 * draws[:, 2:4] - 1) * augment.shift * size
    matrix = np.zeros((len(draws), 2, 3))
    for axis, scale in enumerate((zoom * mirror, zoom)):
        matrix[:, axis, axis] = scale
        matrix[:, axis, 2] = (1 - scale) * (size - 1) / 2 + shift[:, axis]
    return matrix


def _colours(augment: Augment, draws: np.ndarray) -> np.ndarray:
    """Matrices (n, 3, 4) from red, green, blue, 1 to the changed colours, in grey levels."""
    spread = 2 * draws[:, 5:11] - 1
    bright = 1 + augment.brightness * spread[:, 0]
    contrast = 1 + augment.contrast * spread[:, 1]
    colour = (1 + augment.saturation * spread[:, 2])[:, None, None]
    tint = 1 + augment.tint * spread[:, 3:6]  # (n, 3)
    matrix = np.empty((len(draws), 3, 4), np.float32)
    mixed = colour * np.eye(3) + (1 - colour) * np.array(LUMA)
    matrix[:, :, :3] = mixed * (tint * (bright * contrast)[:, None])[:, :, None]
    matrix[:, :, 3] = 255 * tint * (bright * (1 - contrast) / 2)[:, None]
    return matrix


def _boxes(augment: Augment, draws: np.ndarray, size: int) -> np.ndarray:
    """First and last (excluded) row and column to erase: int (n, 4)."""
    low, high = augment.erase_side
    sides = low + (high - low) * draws[:, 12:14]
    begin = draws[:, 14:16] * (1 - sides)
    # A pixel is inside when its centre is.
    edges = np.ceil(np.stack([begin, begin + sides], -1) * size - 0.5)  # (n, 2, 2)
    return edges.astype(int).reshape(-1, 4)
