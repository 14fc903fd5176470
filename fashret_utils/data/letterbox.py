"""The whole of a picture in a square."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageOps


def letterbox(picture: Image.Image, size: int) -> np.ndarray:
    """The whole picture in a white square: uint8 (size, size, 3); no side is lost, however thin."""
    longer = max(picture.size)
    if min(picture.size) * size < longer:  # rounding would leave nothing of the shorter side
        picture = picture.resize([max(1, round(side * size / longer)) for side in picture.size])
    square = ImageOps.pad(picture, (size, size), Image.Resampling.BICUBIC, color="white")
    return np.asarray(square)
