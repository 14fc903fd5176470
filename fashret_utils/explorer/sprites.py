"""Many small pictures in one file, so that a page asks for one and not for a thousand."""

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image

COLUMNS = 40
LONGEST = 16_383  # pixels of a side of a WebP


@dataclass(frozen=True)
class Sprite:
    """Pictures row by row on one sheet: `data` is WebP, each picture `side` pixels wide."""

    data: bytes
    side: int
    columns: int
    n: int


def sprite(pixels: np.ndarray, side: int = 64, quality: int = 75) -> Sprite:
    """Put pictures on one sheet.

    **Arguments**

    - `pixels`: uint8 `(n, 3, S, S)`.
    - `side`: of a picture on the sheet, in pixels.
    - `quality`: of the WebP, 0 to 100.

    **Raises** `ValueError` for pixels of another shape or dtype, or more than one sheet can hold.
    """
    shape, dtype = np.shape(pixels), getattr(pixels, "dtype", None)
    if dtype != np.uint8 or len(shape) != 4 or shape[1] != 3 or shape[0] == 0:
        raise ValueError(
            f"pixels have shape {shape} and dtype {dtype}; "
            "expected uint8 (n, 3, height, width) with n above 0"
        )
    columns = min(COLUMNS, len(pixels))
    rows = -(-len(pixels) // columns)
    if max(rows, columns) * side > LONGEST:
        raise ValueError(
            f"{len(pixels):,} pictures of {side} px do not fit on one sheet: show fewer, at most "
            f"{LONGEST // side * COLUMNS:,}, or a smaller side"
        )
    sheet = Image.new("RGB", (columns * side, rows * side), "white")
    for i, picture in enumerate(pixels):
        small = Image.fromarray(picture.transpose(1, 2, 0)).resize((side, side), Image.LANCZOS)
        sheet.paste(small, (i % columns * side, i // columns * side))
    buffer = io.BytesIO()
    sheet.save(buffer, "WEBP", quality=quality)
    return Sprite(buffer.getvalue(), side, columns, len(pixels))
