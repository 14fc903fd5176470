"""Picture files of every kind, as squares of one size."""

from __future__ import annotations

from pathlib import Path

import joblib
import numpy as np
from PIL import Image, ImageOps
from tqdm import tqdm

from fashret_utils.data.catalog import Catalog
from fashret_utils.data.letterbox import letterbox

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff")
# What a file may be, whatever its name says: others, such as EPS, are handed to other programs.
_FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF")


class PictureError(ValueError):
    """A file that cannot be read as a picture; the message names it."""


class FileReader:
    """Reads a catalogue's pictures from files `root / source`, letterboxed on white.

    **Arguments**: `root`: the folder that sources are relative to.
    """

    identity = "picture files, letterbox on white, v1"
    parallel = "threads"

    def __init__(self, root: str | Path):
        self.root = Path(root)

    def fingerprint(self, catalog: Catalog) -> str:
        """Sizes and times of the files, so that an exchanged picture is read again."""
        states = []
        for source in np.unique(catalog.source):
            path = self.root / str(source)
            state = path.stat() if path.exists() else None
            states.append((str(path), state and (state.st_size, state.st_mtime_ns)))
        return repr(states)

    def __call__(self, catalog: Catalog, rows: np.ndarray, size: int) -> np.ndarray:
        """Pictures: uint8 (m, 3, size, size).

        **Raises** `PictureError` naming the first file that cannot be read.
        """
        pictures = [letterbox(open_picture(self.root / str(s)), size) for s in catalog.source[rows]]
        return np.stack(pictures).transpose(0, 3, 1, 2)


def open_picture(path: str | Path) -> Image.Image:
    """Open a picture as RGB: turned as its EXIF says, transparency on white, 16 bits to 8.

    **Raises** `PictureError` naming the file when it is missing, truncated, no picture, or one of a
    kind that no data set uses.
    """
    try:
        with Image.open(path, formats=_FORMATS) as file:
            return _rgb(ImageOps.exif_transpose(file))
    except FileNotFoundError as error:
        raise PictureError(f"{path}: there is no such file") from error
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise PictureError(
            f"{path}: truncated, or not a picture ({error}). Replace or remove the file, or load "
            'the data with on_error="skip" where the data set allows it'
        ) from error


def unreadable(root: Path, sources: list[str], title: str) -> list[tuple[int, str]]:
    """Try to decode every file.

    **Returns** position and error message of those that fail.
    """

    def attempt(source: str) -> str | None:
        try:
            open_picture(root / source)
        except PictureError as error:
            return str(error)
        return None

    pool = joblib.Parallel(n_jobs=joblib.cpu_count(), backend="threading", return_as="generator")
    results = pool(joblib.delayed(attempt)(source) for source in sources)
    bar = tqdm(results, total=len(sources), desc=title, unit="picture", delay=2)
    return [(i, message) for i, message in enumerate(bar) if message]


def _rgb(picture: Image.Image) -> Image.Image:
    if picture.mode.startswith("I") or picture.mode == "F":  # 16 or 32 bits a pixel
        grey = np.asarray(picture, dtype=np.float64)
        deep = picture.mode.startswith("I;16") or grey.max(initial=0) > 255
        return Image.fromarray((grey / (257 if deep else 1)).clip(0, 255).astype(np.uint8)).convert(
            "RGB"
        )
    if picture.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        white = Image.new("RGBA", picture.size, "white")
        return Image.alpha_composite(white, picture).convert("RGB")
    return picture.convert("RGB")
