"""Picture files of every kind, as squares of one size."""

from __future__ import annotations

from pathlib import Path

import joblib
import numpy as np
from tqdm import tqdm

from fashret_utils.data.catalog import Catalog
from fashret_utils.data.decoding import PictureError, open_picture
from fashret_utils.data.letterbox import letterbox

SUFFIXES = (".jpg", ".jpeg", ".jfif", ".jpe", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff")


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
