"""Unpacks archives of strangers: plain files only, below one folder, up to a known size.

Nothing that an archive asks for beyond that is done: no links, no devices, no permissions, no
owners, no paths that lead out of the folder. Nothing in it is ever executed.
"""

from __future__ import annotations

import gzip
import hashlib
import re
import shutil
import tarfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from tqdm import tqdm

CHUNK = 2**20
MOST_NAME = 200  # bytes in one name; 255 is what file systems take
MOST_PATH = 1000  # bytes in a path
_DEVICE = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")  # names that Windows reserves


class ArchiveError(ValueError):
    """An archive that is damaged, or that holds what no data set holds."""


@dataclass(frozen=True)
class Contents:
    """What an archive of a data set may hold.

    `inside`: the folders or files to unpack, as in the archive but for its first `strip` names;
    empty for all. `into`: a prefix of `inside` that is taken off. `most_bytes`, `most_files`: more
    is refused. `commit`: which the archive must say it was made of, or its first digits.
    """

    most_bytes: int
    most_files: int
    strip: int = 0
    inside: tuple[str, ...] = ()
    into: str = ""
    commit: str = ""


def unpack(archive: Path, folder: Path, contents: Contents) -> str:
    """Unpack a .tar or .tar.gz file into a folder.

    **Returns** a SHA-256 over the names and bytes of the unpacked files, in the order of names, so
    that an archive that was packed anew has the same one.

    **Raises** `ArchiveError` naming the archive and the member that is refused; files unpacked
    until then stay, for the caller to remove.
    """
    sums: dict[str, str] = {}
    try:
        with (
            open(archive, "rb") as raw,
            _Bounded(raw, contents.most_bytes) as stream,
            tarfile.open(fileobj=stream, mode="r|") as tar,
        ):
            for number, member in enumerate(tqdm(tar, desc=archive.name, unit="file", delay=1)):
                if number >= contents.most_files:
                    raise ArchiveError(f"more than {contents.most_files:,} members")
                path = _place(member, contents)
                if path is not None:
                    sums[path] = _write(tar.extractfile(member), folder, path)
            found = tar.pax_headers.get("comment", "")
    except ArchiveError as error:
        raise ArchiveError(f"{archive.name} is refused: {error}") from None
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile, ValueError) as error:
        raise ArchiveError(f"{archive.name} is damaged ({error})") from error
    if not found.startswith(contents.commit):
        raise ArchiveError(
            f"{archive.name} is refused: it was made of commit {found or 'unknown'}, expected "
            f"{contents.commit}"
        )
    if not sums:
        raise ArchiveError(f"{archive.name} is refused: nothing of the data set is in it")
    lines = "".join(f"{sums[path]}  {path}\n" for path in sorted(sums))
    return hashlib.sha256(lines.encode()).hexdigest()


def _place(member: tarfile.TarInfo, contents: Contents) -> str | None:
    """Where a member goes below the folder; None for what is not wanted, and for folders."""
    parts = PurePosixPath(member.name).parts
    wrong = (
        member.name.startswith("/")
        or ".." in parts
        or (member.isfile() and not parts)
        or re.search(r"[\\:\x00-\x1f]", member.name)
        or len(member.name.encode()) > MOST_PATH
        or any(len(part.encode()) > MOST_NAME or _DEVICE.fullmatch(part) for part in parts)
    )
    if wrong:
        raise ArchiveError(f"the path {member.name[:120]!r} leads out of the folder or is odd")
    if not (member.isfile() or member.isdir()) or member.issparse():  # sparse: huge out of little
        raise ArchiveError(f"{member.name[:120]!r} is a link, a device or has holes")
    path = "/".join(parts[contents.strip :])
    wanted = not contents.inside or any(
        path == inside or path.startswith(f"{inside}/") for inside in contents.inside
    )
    if member.isdir() or not path or not wanted:
        return None
    return path.removeprefix(f"{contents.into}/") if contents.into else path


def _write(source: BinaryIO, folder: Path, path: str) -> str:
    """Write one member to a file that must not be there yet; its SHA-256."""
    place = folder / path
    digest = hashlib.sha256()
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with open(place, "xb") as file:
            while chunk := source.read(CHUNK):
                digest.update(chunk)
                file.write(chunk)
    except (FileExistsError, NotADirectoryError):
        raise ArchiveError(f"{path!r} is in it twice, or is a file and a folder") from None
    return digest.hexdigest()


class _Bounded:
    """The bytes of a file, unpacked if it is gzipped, up to a limit: a bomb ends here."""

    def __init__(self, raw: BinaryIO, most: int):
        packed = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        self.source = gzip.GzipFile(fileobj=raw) if packed else raw
        self.left = self.most = most

    def __enter__(self) -> _Bounded:
        return self

    def __exit__(self, *_: object) -> None:
        if isinstance(self.source, gzip.GzipFile):
            self.source.close()

    def read(self, size: int) -> bytes:
        data = self.source.read(min(size, CHUNK))
        self.left -= len(data)
        if self.left < 0:
            raise ArchiveError(f"it unpacks to more than {self.most:,} bytes")
        return data


def clear(folder: Path) -> None:
    """Remove a folder that an earlier, interrupted unpacking left."""
    if folder.exists():
        shutil.rmtree(folder)
