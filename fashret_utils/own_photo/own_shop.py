"""A folder of the reader's own product pictures as a gallery."""

from __future__ import annotations

import hashlib
import io
import os
import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps
from tqdm.auto import tqdm

from fashret_utils.atomic import replacing
from fashret_utils.data.cache import cache_folder
from fashret_utils.data.decoding import PictureError, decode
from fashret_utils.datasets.reading.pictures import SUFFIXES
from fashret_utils.explorer.sprites import sprite
from fashret_utils.own_photo.answers import Answer, answer
from fashret_utils.own_photo.archive import Archive, archives
from fashret_utils.own_photo.galleries import SIDE, Gallery

CHUNK = 64  # pictures that are read and embedded together
NAMED = 5  # bad files that a warning names


def choose(name: str = "", folder: Path | None = None) -> Archive:
    """A kept model that can search a shop: of those with `name` in theirs, the best by hit@1.

    **Raises** `FileNotFoundError` when no chapter has kept a model, `ValueError` for another name.
    """
    found = [archive for archive in archives(folder) if archive.symmetric]
    if not found:
        raise FileNotFoundError("no chapter has kept a model yet: run one, or `make book`")
    named = [archive for archive in found if name in archive.name]
    if not named:
        raise ValueError(
            f"no model has {name!r} in its name: {'; '.join(each.name for each in found)}"
        )
    return max(named, key=lambda archive: archive.metrics.get("hit@1", 0))


def ask(
    folder: str | Path, photo: str | Path, k: int = 8, model: str = ""
) -> tuple[Archive, Answer]:
    """Search a folder of pictures with the file of a photo.

    **Arguments**: `k` - ranks; `model` - part of its name, see `choose`.

    **Returns** the model that was chosen, and what it found.

    **Raises** `FileNotFoundError` for a folder or photo that is not there, before anything is read;
    else as `choose`, `shop` and `answer`.
    """
    folder, photo = Path(folder).expanduser(), Path(photo).expanduser()
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} is no folder: expected one of product pictures")
    if not photo.is_file():
        raise FileNotFoundError(f"{photo} is no file: expected the photo to search with")
    archive = choose(model)
    gallery = shop(folder, archive)
    return archive, answer(archive, photo.read_bytes(), k, gallery, photo.name)


def shop(folder: str | Path, archive: Archive, progress: bool = True) -> Gallery:
    """Embed all pictures in a folder and in those below it.

    Files that are no pictures are left out with one warning that names some. Vectors are kept in
    the cache: another call embeds only what is new or has changed.

    **Raises** `FileNotFoundError` when there is no such folder, `ValueError` when it has no picture
    that can be read, or when the model embeds its gallery with another network than photos.
    """
    if not archive.symmetric:
        raise ValueError(
            f"{archive.name} embeds its gallery in its own way and cannot search other pictures: "
            "choose another model"
        )
    folder = Path(folder).expanduser()
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} is no folder: expected one of product pictures")
    files = sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())
    store = _store(folder, archive)
    known = _known(store)
    bad: list[str] = []
    keys = {file: _key(file, folder) for file in files}
    new = [file for file in files if keys[file] not in known]
    quiet = not (progress and new)
    with tqdm(total=len(new), desc="your shop", unit="picture", disable=quiet) as bar:
        for begin in range(0, len(new), CHUNK):
            chunk = new[begin : begin + CHUNK]
            known |= _embedded(chunk, keys, archive, bad)
            bar.update(len(chunk))
    found = {file: known[keys[file]] for file in files if keys[file] in known}
    if bad:
        rest = f" and {len(bad) - NAMED} more" if len(bad) > NAMED else ""
        warnings.warn(
            f"{len(bad)} files are no pictures that can be read and are left out: "
            f"{', '.join(bad[:NAMED])}{rest}",
            stacklevel=2,
        )
    if not found:
        kinds = ", ".join(sorted(SUFFIXES))
        raise ValueError(f"{folder} has no picture that can be read: expected files of {kinds}")
    if new:
        _keep(store, {keys[file]: found[file] for file in found})
    names = [str(file.relative_to(folder)) for file in found]
    vectors, thumbnails = (np.stack(part) for part in zip(*found.values(), strict=True))
    sheet = sprite(thumbnails.transpose(0, 3, 1, 2), SIDE["gallery"])
    return Gallery(str(folder), names, vectors, sheet.data, sheet.columns)


def _embedded(files: list[Path], keys: dict, archive: Archive, bad: list[str]) -> dict:
    """Key -> (vector, thumbnail) of the files that are pictures; names of others go to `bad`."""
    read, pixels, thumbnails = [], [], []
    for file in files:
        try:
            picture = decode(file.read_bytes(), file.name)
        except (PictureError, OSError):
            bad.append(file.name)
            continue
        read.append(file)
        pixels.append(_square(picture, archive.size).transpose(2, 0, 1))
        thumbnails.append(_square(picture, SIDE["gallery"]))
    if not read:
        return {}
    vectors = archive.embed(np.stack(pixels))
    return {keys[f]: (v, t) for f, v, t in zip(read, vectors, thumbnails, strict=True)}


def _square(picture: Image.Image, size: int) -> np.ndarray:
    return np.asarray(ImageOps.fit(picture, (size, size), Image.LANCZOS))


def _key(file: Path, folder: Path) -> str:
    about = file.stat()
    text = f"{file.relative_to(folder)}\0{about.st_size}\0{about.st_mtime_ns}"
    return hashlib.blake2b(os.fsencode(text), digest_size=16).hexdigest()


def _store(folder: Path, archive: Archive) -> Path:
    place = hashlib.blake2b(os.fsencode(folder.resolve()), digest_size=8).hexdigest()
    return cache_folder() / "own-shops" / f"{place}-{archive.identity}.npz"


def _known(store: Path) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    try:
        kept = np.load(io.BytesIO(store.read_bytes()), allow_pickle=False)
        parts = kept["keys"].tolist(), kept["vectors"], kept["thumbnails"]
    except (OSError, ValueError, KeyError):  # none yet, or torn: made anew
        return {}
    return {key: (v, t) for key, v, t in zip(*parts, strict=True)}


def _keep(store: Path, known: dict[str, tuple[np.ndarray, np.ndarray]]) -> None:
    store.parent.mkdir(parents=True, exist_ok=True)
    vectors, thumbnails = (np.stack(part) for part in zip(*known.values(), strict=True))
    with replacing(store) as temporary, temporary.open("wb") as file:
        np.savez(file, keys=np.array(list(known)), vectors=vectors, thumbnails=thumbnails)
