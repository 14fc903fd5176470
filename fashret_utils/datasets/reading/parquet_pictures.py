"""Pictures in the rows of Parquet files, as Hugging Face stores them: encoded files in a column.

A picture's `source` is `file#row`, its row counted from 0. Only the bytes in a column count: the
path beside them is never read. polars reads these files, imported when the first one is opened; it
is chosen over PyArrow because pandas imports that whenever it is installed, and then keeps all text
in it.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path

import numpy as np
from PIL import Image

from fashret_utils.data.catalog import Catalog
from fashret_utils.data.decoding import PictureError, decode
from fashret_utils.data.letterbox import letterbox

BATCH = 256  # rows whose bytes are held at once
_SHARD = re.compile(r".*-([0-9]{5})-of-([0-9]{5})\.parquet")
_ONE_AT_A_TIME = threading.Lock()  # a row group may be large, and a thread would hold one each


def shards(folder: Path, name: str) -> list[Path]:
    """The file `name.parquet`, or its parts `name-00000-of-00002.parquet`, ... in order.

    **Raises** `ValueError` naming the file or the part that is not there.
    """
    whole = folder / f"{name}.parquet"
    if whole.is_file():
        return [whole]
    parts = sorted(path for path in folder.glob(f"{name}-*.parquet") if _SHARD.fullmatch(path.name))
    if not parts:
        raise ValueError(f"no file {whole}, and no {name}-00000-of-....parquet: get it anew")
    total = int(_SHARD.fullmatch(parts[0].name)[2])
    for i in range(total):
        part = folder / f"{name}-{i:05}-of-{total:05}.parquet"
        if part not in parts:
            raise ValueError(f"no file {part}: it is one of {total} parts; get it anew")
    return [folder / f"{name}-{i:05}-of-{total:05}.parquet" for i in range(total)]


def columns(path: Path) -> list[str]:
    """Names of a file's columns. **Raises** `ValueError` naming a damaged file, or one without
    pictures.
    """
    import polars as pl

    with _naming(path):
        schema = dict(_scan(path).collect_schema())
    kind = schema.get("image")
    kind = dict(kind).get("bytes") if isinstance(kind, pl.Struct) else kind
    if kind != pl.Binary:
        raise ValueError(
            f"{path}: expected a column 'image' of bytes, or of {{bytes, path}}; it has "
            f"{', '.join(f'{name} ({kind})' for name, kind in schema.items())}"[:500]
        )
    return list(schema)


def read_columns(path: Path, names: Sequence[str]) -> dict[str, list]:
    """Columns of a file as lists, without touching its pictures.

    **Returns** name -> values of all rows; also `row`, their numbers. **Raises** `ValueError`
    naming a damaged file.
    """
    import polars as pl

    with _naming(path):
        rows = _scan(path).with_row_index(" row")  # a name that no column has
        return rows.select(pl.col(" row").alias("row"), *names).collect().to_dict(as_series=False)


class ParquetReader:
    """Reads a catalogue's pictures from rows of Parquet files, letterboxed on white.

    It holds one row group at a time, and of that `BATCH` encoded pictures.

    **Arguments**: `root`: the folder that sources are relative to.
    """

    identity = "pictures in Parquet files, letterbox on white, v1"
    parallel = "threads"

    def __init__(self, root: str | Path):
        self.root = Path(root)

    def fingerprint(self, catalog: Catalog) -> str:
        """Sizes and times of the files, so that an exchanged file is read again."""
        states = []
        for name in sorted({source.rpartition("#")[0] for source in catalog.source.tolist()}):
            path = self.root / name
            state = path.stat() if path.exists() else None
            states.append((str(path), state and (state.st_size, state.st_mtime_ns)))
        return repr(states)

    def __call__(self, catalog: Catalog, rows: np.ndarray, size: int) -> np.ndarray:
        """Pictures: uint8 (m, 3, size, size). **Raises** `PictureError` naming file and row."""
        pixels = np.empty((len(rows), 3, size, size), dtype=np.uint8)
        for i, picture in self.pictures(catalog.source[rows].tolist()):
            if isinstance(picture, PictureError):
                raise picture
            pixels[i] = letterbox(picture, size).transpose(2, 0, 1)
        return pixels

    def pictures(self, sources: Sequence[str]) -> Iterator[tuple[int, Image.Image | PictureError]]:
        """Position and picture of each source, file by file; in place of a bad one its error."""
        places = [(file, int(row)) for file, _, row in (s.rpartition("#") for s in sources)]
        order = sorted(range(len(sources)), key=places.__getitem__)
        for _, near in groupby(order, key=lambda i: (places[i][0], places[i][1] // BATCH)):
            for i, data in self._bytes(places, list(near)):
                name = f"{self.root / places[i][0]}, row {places[i][1]}"
                yield i, data if isinstance(data, PictureError) else _decoded(data, name)

    def _bytes(
        self, places: list[tuple[str, int]], near: list[int]
    ) -> Iterator[tuple[int, bytes | PictureError | None]]:
        """The bytes of rows that lie close to each other in one file."""
        path, first = self.root / places[near[0]][0], places[near[0]][1]
        try:
            data = _read_bytes(path, first, places[near[-1]][1] + 1 - first)
        except PictureError as error:
            if len(near) == 1:
                yield near[0], error
            else:  # another row group may be whole
                for i in near:
                    yield from self._bytes(places, [i])
            return
        yield from ((i, data[places[i][1] - first]) for i in near)


def _read_bytes(path: Path, first: int, count: int) -> list[bytes | None]:
    import polars as pl

    try:
        with _naming(path), _ONE_AT_A_TIME:
            table = _scan(path)
            column = pl.col("image")
            if isinstance(table.collect_schema()["image"], pl.Struct):
                column = column.struct.field("bytes")
            data = table.select(column.alias("bytes")).slice(first, count).collect()
            data = data["bytes"].to_list()
    except ValueError as error:
        raise PictureError(f"rows {first} to {first + count - 1} of {error}") from error
    if len(data) != count:
        raise PictureError(f"{path}, row {first + len(data)}: the file ends before it")
    return data


def _decoded(data: bytes | None, name: str) -> Image.Image | PictureError:
    if data is None:
        return PictureError(f"{name}: there are no bytes of a picture")
    try:
        return decode(data, name)
    except PictureError as error:
        return error


def _scan(path: Path):
    import polars as pl

    return pl.scan_parquet(path, glob=False, hive_partitioning=False)


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Whatever breaks on a damaged file becomes an error that names it."""
    from polars.exceptions import PanicException, PolarsError

    try:
        yield
    except (PolarsError, PanicException, OSError, ValueError, KeyError, MemoryError) as error:
        text = " ".join(str(error).split())[:200]
        raise ValueError(f"{path}: damaged, or no Parquet file ({text}); get it anew") from error
