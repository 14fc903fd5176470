"""Indexes of large galleries on disk: written whole or not at all, read or mapped into memory."""

import hashlib
import json
import uuid
from collections.abc import Iterable
from pathlib import Path

import faiss
import numpy as np

from fashret_utils.atomic import replacing
from fashret_utils.retrieval.indexes import Index, Shard, default_recipe, make_shards
from fashret_utils.retrieval.neighbours import as_rows

_MANIFEST, _FORMAT = "index.json", 1


def write(
    folder: str | Path,
    gallery: np.ndarray,
    kind: str = "exact",
    *,
    shards: int = 1,
    recipe: str | None = None,
    seed: int = 0,
) -> Path:
    """Index a gallery on disk, one shard at a time in memory; arguments as `indexes.build`.

    The folder holds the new index whole, or what it held before, also after a power cut: shards
    are written under new names, and `index.json`, which names them, comes last. One writer at a
    time; readers that have the old index keep it (on Windows, close them first).

    **Returns** the folder.
    """
    gallery = as_rows(gallery, "gallery")
    recipe = recipe or default_recipe(kind, *gallery.shape)
    made = make_shards(gallery, kind, recipe, shards, seed)
    return _write(folder, kind, recipe, gallery.shape[1], made)


def save(index: Index, folder: str | Path) -> Path:
    """Write an index that is in memory; see `write`. **Returns** the folder."""
    return _write(folder, index.kind, index.recipe, index.dimensions, index.shards)


def load(folder: str | Path, *, mapped: bool = False, check: bool | None = None) -> Index:
    """Read an index that `write` or `save` left.

    **Arguments**

    - `mapped`: leave rows and codes on disk; the system reads the pages that a search touches and
      drops them when memory is short.
    - `check`: compare checksums, which reads every byte; by default when not mapped. Sizes are
      always compared.

    **Raises** `FileNotFoundError` without an index there, `ValueError`, naming the file, for one
    that is torn or was made by another version.
    """
    folder = Path(folder)
    if not (folder / _MANIFEST).is_file():
        raise FileNotFoundError(
            f"no index at {folder}: it has no {_MANIFEST}. Make one with index_files.write(folder, "
            "gallery, kind)"
        )
    try:
        about = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
        version, listed = about["format"], about["shards"]
    except (ValueError, TypeError, KeyError) as error:
        raise ValueError(
            f"{folder / _MANIFEST} is not readable ({error}): write it again"
        ) from None
    if version != _FORMAT:
        raise ValueError(f"{folder} has format {version}, expected {_FORMAT}: write it again")
    flags = faiss.IO_FLAG_MMAP_IFC if mapped else 0
    shards, start = [], 0
    for entry in listed:
        for file in entry["files"]:
            _verify(folder / file["name"], file, not mapped if check is None else check)
        path, *copies = (folder / file["name"] for file in entry["files"])
        copy_of = np.load(copies[0], mmap_mode="r" if mapped else None) if copies else None
        try:
            index = faiss.read_index(str(path), flags)
        except RuntimeError as error:
            raise ValueError(f"{path} is no index that faiss can read ({error})") from error
        shards.append(Shard(index, start, entry["rows"], copy_of))
        start += entry["rows"]
    return Index(about["kind"], about["recipe"], about["dimensions"], tuple(shards))


def _write(folder, kind: str, recipe: str, dimensions: int, shards: Iterable[Shard]) -> Path:
    folder, token, listed = Path(folder), uuid.uuid4().hex[:8], []
    for number, shard in enumerate(shards):
        path = folder / f"{token}-{number:04}.faiss"
        try:
            with replacing(path) as temporary:
                faiss.write_index(shard.index, str(temporary))
        except RuntimeError as error:
            raise OSError(f"{path} cannot be written ({error})") from error
        files = [path]
        if shard.copy_of is not None:
            files.append(path.with_suffix(".npy"))
            with replacing(files[-1]) as temporary, open(temporary, "wb") as file:
                np.save(file, shard.copy_of)
        described = [
            {"name": file.name, "bytes": file.stat().st_size, "sha256": _sha256(file)}
            for file in files
        ]
        listed.append({"rows": shard.size, "files": described})
    about = {"format": _FORMAT, "kind": kind, "recipe": recipe, "dimensions": dimensions}
    with replacing(folder / _MANIFEST) as temporary:
        temporary.write_text(json.dumps(about | {"shards": listed}, indent=1), encoding="utf-8")
    for path in folder.iterdir():  # the index before this one, and what killed writers left
        if not path.name.startswith(token) and path.suffix in (".faiss", ".npy", ".tmp"):
            path.unlink()
    return folder


def _verify(path: Path, file: dict, checksum: bool) -> None:
    size = path.stat().st_size if path.is_file() else 0
    if size != file["bytes"]:
        raise ValueError(
            f"{path} has {size} of {file['bytes']} bytes: the index is torn. Write it again"
        )
    if checksum and _sha256(path) != file["sha256"]:
        raise ValueError(f"{path} does not have the checksum it was written with: write it again")


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
