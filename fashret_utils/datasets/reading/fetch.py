"""Download data sets whose licence allows it: resumable, checked, and never half there.

A file arrives as `<name>.part` and gets its name only once its checksum is right. A download that
was cut off goes on where it stopped, if the server can do that. Archives are unpacked beside the
data set's folder, which appears by one rename. `<folder>.fetched.json`, beside it too, keeps the
licence, the addresses and the sums, so that a later download is held against the first one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from fashret_utils.atomic import replacing
from fashret_utils.datasets.reading.archives import ArchiveError, clear, unpack
from fashret_utils.datasets.reading.checksums import md5_of
from fashret_utils.datasets.reading.places import DataNotFoundError, data_root
from fashret_utils.datasets.reading.sources import SOURCES, RemoteFile, Source
from fashret_utils.datasets.reading.transfer import FetchError, receive

Say = Callable[[str], object]


def fetch(
    name: str,
    root: str | Path | None = None,
    mirrors: Sequence[str] | None = None,
    say: Say = print,
) -> Path:
    """Download a data set into its folder below the data root.

    What is there and whole is left alone. **Arguments**: `name` - one of `SOURCES`; `mirrors` -
    addresses of folders to use instead, tried in turn; `say` - where to report.

    **Returns** the folder.

    **Raises** `ValueError` for another name, `FetchError` when no address gives a whole file or an
    archive is refused; what was received of a file is kept for the next try.
    """
    if name not in SOURCES:
        raise ValueError(f"{name!r} cannot be fetched: choose one of {', '.join(SOURCES)}")
    source = SOURCES[name]
    folder = data_root(root) / source.about.folders[0]
    say(f"{name}, licence {source.about.licence}, from {source.about.home}")
    try:
        if any(file.contents for file in source.files):
            _tree(source, folder, mirrors, say)
        else:
            folder.mkdir(parents=True, exist_ok=True)
            _flat(source, folder, mirrors, say)
    except FetchError:
        raise
    except OSError as error:
        raise FetchError(f"{folder} cannot be made ({error}): pass --data-root") from error
    return folder


def _flat(source: Source, folder: Path, mirrors: Sequence[str] | None, say: Say) -> None:
    """Files with published sums, each put into the folder on its own."""
    notes = _notes(source, folder)
    for file in source.files:
        place = folder / file.name
        if place.is_file() and md5_of(place) == file.md5:
            say(f"  {place.name}: there")
            continue
        address = _first_whole(place, file, mirrors)
        say(f"  {place.name}: {place.stat().st_size:,} bytes, MD5 as published")
        notes["files"][file.name] = _note(place, address, f"published MD5 {file.md5}")
        _write(notes, folder)


def _tree(source: Source, folder: Path, mirrors: Sequence[str] | None, say: Say) -> None:
    """Archives, unpacked aside together with the files that belong to them."""
    notes = _notes(source, folder)
    if _is_there(source, folder):
        how = "as fetched" if notes["files"] else "not by this command, left alone"
        say(f"  {folder.name}: there, {how}")
        return
    if folder.exists() and any(folder.iterdir()):
        raise FetchError(f"{folder} holds something else: move it away, or pass --data-root")
    aside = folder.with_name(f".{folder.name}.fetch")  # what was received outlives a failure
    tree = aside / "tree"
    clear(tree)
    tree.mkdir(parents=True)
    for file in source.files:
        place = aside / file.name
        address = file.addresses[0]
        if not place.is_file():
            address = _first_whole(place, file, mirrors)
        note = _note(place, address, "no published sum")
        if file.contents:
            note["unpacked_sha256"] = _unpacked(place, tree, file)
        say(f"  {file.name}: {note['bytes']:,} bytes, SHA-256 {note['sha256']}")
        say(f"    {_known_by(place, file, note, notes['files'].get(file.name))}")
        if not file.contents:
            place.replace(tree / file.name)
        notes["files"][file.name] = note
    if source.finish is not None:
        say(f"  {source.finish(tree)}")
    _compare(source, tree, say)
    _write(notes, folder)
    if folder.exists():
        folder.rmdir()
    tree.rename(folder)
    clear(aside)


def _is_there(source: Source, folder: Path) -> bool:
    try:
        return source.about.find(folder) == folder
    except DataNotFoundError:
        return False


def _unpacked(place: Path, tree: Path, file: RemoteFile) -> str:
    try:
        return unpack(place, tree, file.contents)
    except ArchiveError as error:
        place.unlink()  # going on from it would never help
        raise FetchError(f"{error}. It was thrown away, nothing of it was kept") from error


def _known_by(place: Path, file: RemoteFile, note: dict, first: dict | None) -> str:
    """What a file without a published sum was held against.

    **Raises** `FetchError` when it is another one than the first time.
    """
    pinned = f"made of commit {file.contents.commit}; " if _pinned(file) else ""
    what = "unpacked_sha256" if file.contents else "sha256"  # an archive may be packed anew
    if first is None:
        return f"{pinned}no sum is published, that of this first download is kept"
    if first.get(what) != note[what]:
        place.unlink()
        raise FetchError(
            f"{place.name} is not what it was on {first['time']} ({what} {note[what]}, then "
            f"{first.get(what)}). If you trust it, remove the .fetched.json file and try again"
        )
    return f"{pinned}the same as on {first['time']}"


def _pinned(file: RemoteFile) -> bool:
    return file.contents is not None and bool(file.contents.commit)


def _compare(source: Source, tree: Path, say: Say) -> None:
    """Hold the files whose sums are known against them."""
    for name, wanted in source.known.items():
        found = sha256_of(tree / name) if (tree / name).is_file() else "none: it is not there"
        if found != wanted:
            raise FetchError(f"{name}: SHA-256 {found}, expected {wanted}")
        say(f"  {name}: SHA-256 as expected")


def _first_whole(place: Path, file: RemoteFile, mirrors: Sequence[str] | None) -> str:
    """Get a file from the first address that has it as it should be; that address."""
    addresses = file.addresses
    if mirrors is not None:
        addresses = [f"{mirror.rstrip('/')}/{file.name}" for mirror in mirrors]
    part, reasons = place.with_name(f"{place.name}.part"), []
    for address in addresses:
        try:
            receive(address, part, file.most)
        except OSError as error:  # URLError is one
            reasons.append(f"{address}: {error}")
            continue
        if not file.md5 or (found := md5_of(part)) == file.md5:
            part.replace(place)
            return address
        part.unlink()  # going on from it would never help
        reasons.append(f"{address}: MD5 {found}, expected {file.md5}")
    raise FetchError(f"{place.name} could not be fetched. " + "; ".join(reasons))


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, read in pieces."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _note(place: Path, address: str, compared: str) -> dict[str, object]:
    return {
        "address": address,
        "bytes": place.stat().st_size,
        "sha256": sha256_of(place),
        "compared": compared,
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _notes(source: Source, folder: Path) -> dict:
    about = source.about
    start = {"name": about.name, "licence": about.licence, "home": about.home}
    return start | {"files": _read(folder)}


def _read(folder: Path) -> dict:
    try:
        return dict(json.loads(_place_of_notes(folder).read_text(encoding="utf-8"))["files"])
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _place_of_notes(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.fetched.json")


def _write(notes: dict, folder: Path) -> None:
    with replacing(_place_of_notes(folder)) as temporary:
        temporary.write_text(json.dumps(notes, indent=2) + "\n", encoding="utf-8")
