"""The cache: each picture is rendered or decoded once, then mapped from disk; so are its features.

A store is one file: a table of checksums (uint64 a row: 0 absent, else 2^32 + CRC-32 of the
row), then the rows, for pixels uint8 (n, 3, size, size). They are filled when they are first asked
for. The file is created by writing it aside, fsync and rename; a row counts only once its checksum
is in the table, and that is written after the row is on disk. So a crash, a truncated file or a
flipped byte costs a new rendering of those rows, never wrong pixels. Two processes may fill one
store at once: both write the same bytes.

Rows are checked when a process first reads them: all of them up to 512 MiB, above that a random
4,096 of them, and all if one of those is wrong.
"""

from __future__ import annotations

import hashlib
import math
import os
import re
import tempfile
import time
import warnings
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import joblib
import numpy as np
import platformdirs
from tqdm import tqdm

FULL_CHECK_BYTES = 512 * 2**20
SAMPLED_ROWS = 4096
CHUNK_BYTES = 4 * 2**20
FLUSH_SECONDS = 5.0
TRIAL_ROWS = 64
PROCESSES_PAY_SECONDS = 4.0
_BACKENDS = {"threads": "threading", "processes": "loky"}
_PRESENT = 1 << 32


class Readable(Protocol):
    """What the cache must know of a `Catalog`: how its rows are read, a part of them too."""

    name: str
    reader: Any

    def _subset(self, rows: np.ndarray, root: bool) -> Readable: ...


def cache_folder() -> Path:
    """$FASHRET_CACHE, or the user's cache folder, or without a home one among temporary files."""
    if chosen := os.environ.get("FASHRET_CACHE"):
        return Path(chosen)
    try:
        return Path(platformdirs.user_cache_dir("fashret"))
    except RuntimeError:
        return Path(tempfile.gettempdir()) / f"fashret-cache-{os.getuid()}"


def store_key(name: str, *parts: str) -> str:
    """A file name for the pixels that `name` and `parts` decide."""
    digest = hashlib.blake2b(
        "\0".join(parts).encode(errors="surrogatepass"), digest_size=12
    ).hexdigest()
    return f"{re.sub(r'[^A-Za-z0-9-]+', '-', name)[:40]}-{digest}"


class RowStore:
    """Arrays of one shape, a row each: on disk where possible, else in memory.

    **Arguments**: `name`: of the file below the cache folder, such as "pixels/name.v1", or None for
    memory; `n`: rows; `shape`, `dtype`: of a row.

    `array` is (n, *shape), read-only; only rows that `missing` does not return hold something.
    """

    def __init__(
        self, name: str | None, n: int, shape: tuple[int, ...], dtype: type[np.generic] = np.uint8
    ):
        self.shape = (n, *shape)
        self.dtype = np.dtype(dtype)
        self.row_bytes = self.dtype.itemsize * math.prod(shape)
        self._pending = np.zeros(0, dtype=np.int64)
        self._checked = np.zeros(n, dtype=bool)
        self._table = np.zeros(n, dtype=np.uint64)
        self._data_start = -(-8 * n // 4096) * 4096  # rows start on a page of their own
        self.path = None
        if name is None or n == 0:
            self._use_memory()
            return
        self.path = cache_folder() / name
        try:
            self._open()
        except OSError as error:
            self._fall_back(error)

    def _open(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        total = self._data_start + self.shape[0] * self.row_bytes
        if not self.path.exists() or self.path.stat().st_size != total:
            aside = self.path.with_name(f"{self.path.name}.{os.getpid()}.tmp")
            with open(aside, "wb") as file:
                file.truncate(total)  # sparse: takes room only as rows come in
                os.fsync(file.fileno())
            os.replace(aside, self.path)
        self._file = open(self.path, "r+b", buffering=0)  # noqa: SIM115, lives as long as the store
        self._file_array = np.memmap(
            self._file, self.dtype, "r", offset=self._data_start, shape=self.shape
        )
        self.array = self._file_array

    def _use_memory(self) -> None:
        self._writable = np.zeros(self.shape, dtype=self.dtype)
        self.array = self._writable.view()
        self.array.flags.writeable = False

    def _fall_back(self, error: OSError) -> None:
        warnings.warn(
            f"{self.path.parent.name} are kept in memory, not cached: {self.path.parent} cannot be "
            f"written ({error.strerror or error}). Set FASHRET_CACHE to a folder that can.",
            stacklevel=2,
        )
        kept = np.flatnonzero(self._checked)
        old = getattr(self, "_file_array", None)
        self.path = None
        self._use_memory()
        if old is not None:
            self._writable[kept] = old[kept]

    def missing(self, rows: np.ndarray) -> np.ndarray:
        """Those of `rows` that are absent or damaged."""
        rows = rows[~self._checked[rows]]
        if self.path is None or not len(rows):
            return rows
        self._file.seek(0)
        table = self._file.read(8 * self.shape[0])
        self._table = np.frombuffer(table, dtype="<u8").copy()
        present = rows[self._table[rows] != 0]
        sample = present
        if len(present) * self.row_bytes > FULL_CHECK_BYTES and len(present) > SAMPLED_ROWS:
            sample = np.random.default_rng(0).choice(present, SAMPLED_ROWS, replace=False)
        bad = self._damaged(sample)
        if len(bad) and len(sample) < len(present):
            bad = self._damaged(present)
        self._checked[present] = True
        self._checked[bad] = False
        return rows[~self._checked[rows]]

    def _damaged(self, rows: np.ndarray) -> np.ndarray:
        wrong = [r for r in rows if int(self._table[r]) != _checksum(self.array[r])]
        return np.array(wrong, dtype=np.int64)

    def write(self, rows: np.ndarray, values: np.ndarray) -> None:
        """Put arrays (m, *shape) into `rows`, ascending; they count after `flush`."""
        if self.path is None:
            self._writable[rows] = values
            self._checked[rows] = True
            return
        values = np.ascontiguousarray(values, dtype=self.dtype)
        self._table[rows] = [_checksum(value) for value in values]
        runs = np.split(np.arange(len(rows)), np.flatnonzero(np.diff(rows) != 1) + 1)
        try:
            for run in runs:
                self._file.seek(self._data_start + int(rows[run[0]]) * self.row_bytes)
                _write_all(self._file, values[run[0] : run[-1] + 1].tobytes())
        except OSError as error:  # disk full
            self._fall_back(error)
            self.write(rows, values)
            return
        self._pending = np.concatenate([self._pending, rows])
        self._checked[rows] = True

    def flush(self) -> None:
        """Bring written rows to disk, then say so in the table."""
        if self.path is not None and len(self._pending):
            os.fsync(self._file.fileno())
            for run in np.split(self._pending, np.flatnonzero(np.diff(self._pending) != 1) + 1):
                self._file.seek(8 * int(run[0]))
                _write_all(self._file, self._table[run].astype("<u8").tobytes())
        self._pending = self._pending[:0]


def fill(store: RowStore, catalog: Readable, rows: np.ndarray, workers: int | None = None) -> None:
    """Read the pictures that the store lacks, with a progress bar when it takes over 2 seconds.

    **Arguments**: `rows`: int64, ascending; `workers`: how many threads or processes, default one
    a core, for readers that allow them.
    """
    rows = store.missing(rows)
    if not len(rows):
        return
    size = store.shape[-1]
    pictures = _pictures(catalog, rows, size, workers)
    with tqdm(
        total=len(rows), desc=f"{catalog.name} {size} px", unit="picture", delay=2
    ) as progress:
        keep([store], ((chunk, (pixels,)) for chunk, pixels in pictures), progress)


def keep(
    stores: Sequence[RowStore],
    parts: Iterable[tuple[np.ndarray, Sequence[np.ndarray]]],
    progress: tqdm,
) -> None:
    """Write rows as they are made; they are brought to disk every few seconds.

    **Arguments**: `parts`: rows, ascending, and their arrays, one for each store.
    """
    flushed = time.monotonic()
    try:
        for rows, arrays in parts:
            for store, values in zip(stores, arrays, strict=True):
                store.write(rows, values)
            progress.update(len(rows))
            if time.monotonic() - flushed > FLUSH_SECONDS:
                for store in stores:
                    store.flush()
                flushed = time.monotonic()
    finally:
        for store in stores:
            store.flush()  # an interrupted run keeps what it has


def _pictures(
    catalog: Readable, rows: np.ndarray, size: int, workers: int | None
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Read rows in chunks, in order, with workers where the reader allows them and they pay."""
    backend = _BACKENDS.get(getattr(catalog.reader, "parallel", None))
    workers = 1 if backend is None else workers or joblib.cpu_count()
    if backend == "loky" and workers > 1:
        # Processes take seconds to start. The first chunk warms the reader up, the second tells.
        first, second, rows = np.split(rows, [TRIAL_ROWS, 2 * TRIAL_ROWS])
        yield first, _read(catalog, first, size)
        if len(second):
            started = time.monotonic()
            yield second, _read(catalog, second, size)
            expected = (time.monotonic() - started) * len(rows) / len(second)
            workers = workers if expected > PROCESSES_PAY_SECONDS else 1
    if not len(rows):
        return
    share = 4 * workers if workers > 1 else 1
    count = max(-(-len(rows) * 3 * size**2 // CHUNK_BYTES), share)
    chunks = np.array_split(rows, min(count, len(rows)))
    # A worker process is sent a small catalogue with its own rows only.
    tasks = (
        joblib.delayed(_read)(catalog._subset(chunk, root=False), np.arange(len(chunk)), size)
        if backend == "loky"
        else joblib.delayed(_read)(catalog, chunk, size)
        for chunk in chunks
    )
    pool = joblib.Parallel(n_jobs=workers, backend=backend, return_as="generator")
    yield from zip(chunks, pool(tasks), strict=True)


def _read(catalog: Readable, rows: np.ndarray, size: int) -> np.ndarray:
    pixels = catalog.reader(catalog, rows, size)
    if pixels.dtype != np.uint8 or pixels.shape != (len(rows), 3, size, size):
        raise ValueError(
            f"the reader of {catalog.name!r} returned {pixels.dtype} {pixels.shape}, expected "
            f"uint8 {(len(rows), 3, size, size)}"
        )
    return pixels


def _checksum(row: np.ndarray) -> int:
    return _PRESENT + zlib.crc32(np.ascontiguousarray(row).view(np.uint8))


def _write_all(file, data: bytes) -> None:
    view = memoryview(data)
    while len(view):
        view = view[file.write(view) :]
