"""Files of embeddings beside the records, from which anyone can recompute a record's metrics.

Beside `<scale>-seed<k>.json` lies `<scale>-seed<k>.npz`: `query` (n, d) and `gallery` (m, d) as
float16, `query_items` (n,) and `gallery_items` (m,) as int64 or text.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fashret_utils.atomic import ResultsError, checksum, replacing
from fashret_utils.items import as_items, check_same_kind

SIDES = ("query", "gallery")
_LARGEST = float(np.finfo(np.float16).max)
_LEAST = 2.0**-8  # rows of smaller numbers lose digits in float16


def prepared(
    query: np.ndarray | None,
    gallery: np.ndarray | None,
    query_items: np.ndarray | None,
    gallery_items: np.ndarray | None,
) -> dict[str, np.ndarray]:
    """Embeddings and items as they are kept; empty where there are none.

    Rows that float16 cannot hold are divided by their length, all of them: a cosine does not see
    it.

    **Raises** `ValueError` for embeddings without items or of another length, with NaN or Inf, or
    of two widths, and for items as `items.as_items` refuses them.
    """
    given = {"query": query, "gallery": gallery}
    given |= {"query_items": query_items, "gallery_items": gallery_items}
    absent = [name for name, array in given.items() if array is None]
    if len(absent) == len(given):
        return {}
    if absent:
        raise ValueError(f"embeddings need query, gallery and their items; missing: {absent}")
    items = {f"{side}_items": as_items(given[f"{side}_items"], f"{side}_items") for side in SIDES}
    for side in SIDES:
        n_rows, n_items = len(given[side]), len(items[f"{side}_items"])
        if n_rows != n_items:
            raise ValueError(f"{side} has {n_rows} embeddings but {n_items} items")
    check_same_kind(*items.values())
    return _half(query, gallery) | items


def _half(query: np.ndarray, gallery: np.ndarray) -> dict[str, np.ndarray]:
    from fashret_utils.retrieval.neighbours import as_rows, check_widths, normalised

    single = [as_rows(query, "query"), as_rows(gallery, "gallery")]
    check_widths(*single)
    most = [np.abs(rows).max(axis=1) for rows in single]
    fits = all((m <= _LARGEST).all() and (m[m > 0] >= _LEAST).all() for m in most)
    if not fits:
        rows = [normalised(each) for each in single]
    else:  # rounded once, from what was given
        given = (query, gallery)
        rows = [g if isinstance(g, np.ndarray) else s for g, s in zip(given, single, strict=True)]
    return {side: each.astype(np.float16) for side, each in zip(SIDES, rows, strict=True)}


def described(arrays: dict[str, np.ndarray]) -> dict[str, list[int]] | None:
    """What a record says of its embeddings: their shapes, and a checksum."""
    if not arrays:
        return None
    return {side: list(arrays[side].shape) for side in SIDES} | {"crc32": [checksum(arrays)]}


def write(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Write what `prepared` gave beside the record at `path`; without any, remove what is there."""
    archive = path.with_suffix(".npz")
    if not arrays:
        archive.unlink(missing_ok=True)
        return
    with replacing(archive) as temporary, open(temporary, "wb") as file:
        np.savez_compressed(file, **arrays)


def read(path: Path, kept: dict[str, list[int]] | None) -> dict[str, np.ndarray]:
    """Read what `write` left beside the record at `path`; `kept` is what `described` returned.

    **Returns** and **raises** as `records.embeddings`.
    """
    archive = path.with_suffix(".npz")
    if kept is None or not archive.is_file():
        raise FileNotFoundError(
            f"no embeddings at {archive}: run the chapter again and give run.record(..., query=, "
            "gallery=) its embeddings"
        )
    with np.load(archive) as file:
        arrays = dict(file)
    found = [checksum(arrays)]
    if kept.get("crc32", found) != found:  # older records have none
        raise ResultsError(
            f"{archive} is not what its record describes: a run was stopped while it wrote them. "
            "Run the chapter again"
        )
    return arrays | {side: arrays[side].astype(np.float32) for side in SIDES}
