"""Embeddings that need no training: what a trained one has to beat."""

import numpy as np
import torch
from torch.nn.functional import interpolate

_CHUNK = 1024  # pictures at a time


def raw_pixels(pixels: np.ndarray, size: int = 16) -> np.ndarray:
    """Pictures shrunk by area averaging and flattened, each about its own mean.

    With the mean removed, the cosine of two rows is the normalised cross-correlation of the two
    pictures, which does not change with exposure.

    **Arguments**

    - `pixels`: uint8 `(n, 3, S, S)`.
    - `size`: side of the shrunken pictures, in pixels.

    **Returns** `(n, 3 * size * size)` float32, rows of length 1 (0 for a picture of one grey).
    """
    parts = []
    for start in range(0, len(pixels), _CHUNK):
        chunk = torch.from_numpy(np.array(pixels[start : start + _CHUNK])).float()
        rows = interpolate(chunk, size=(size, size), mode="area").flatten(1)  # (b, 3 * size^2)
        parts.append(rows - rows.mean(dim=1, keepdim=True))
    return _unit(torch.cat(parts).numpy())


def colour_histogram(pixels: np.ndarray, bins: int = 8) -> np.ndarray:
    """Square roots of joint red-green-blue histograms.

    The cosine of two rows is the Bhattacharyya coefficient of the two histograms.

    **Arguments**

    - `pixels`: uint8 `(n, 3, S, S)`.
    - `bins`: bins a channel, 2 to 256.

    **Returns** `(n, bins ** 3)` float32, rows of length 1.
    """
    if not 2 <= bins <= 256:
        raise ValueError(f"bins = {bins}; expected 2 to 256 bins a channel")
    place = (np.arange(256) * bins // 256).astype(np.int64)  # bin of each channel value
    histograms = np.empty((len(pixels), bins**3), dtype=np.float32)
    for row, picture in enumerate(pixels):
        red, green, blue = place[picture].reshape(3, -1)
        joint = (red * bins + green) * bins + blue
        histograms[row] = np.bincount(joint, minlength=bins**3)
    return _unit(np.sqrt(histograms))


def _unit(rows: np.ndarray) -> np.ndarray:
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(norms == 0, 1, norms)
