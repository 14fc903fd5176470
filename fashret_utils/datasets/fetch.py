"""Download data sets whose licence allows it: resumable, checked, and never half there.

A file arrives as `<name>.part` beside its place and gets its name only once its MD5 is right. A
download that was cut off goes on where it stopped, if the server can do that.
"""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path

from tqdm import tqdm

from fashret_utils.datasets import fashion_mnist, mnist
from fashret_utils.datasets.checksums import md5_of
from fashret_utils.datasets.places import data_root

MIRRORS = {
    "mnist": mnist.MIRRORS,
    "fashion-mnist": (
        "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",  # S3 sites have no https
    ),
}
MODULES = {"mnist": mnist, "fashion-mnist": fashion_mnist}
CHUNK = 2**18
TIMEOUT = 30  # seconds without a byte


class FetchError(OSError):
    """A download failed or brought something else than was expected."""


def fetch(
    name: str,
    root: str | Path | None = None,
    mirrors: Sequence[str] | None = None,
    say: Callable[[str], object] = print,
) -> Path:
    """Download a data set's files into its folder below the data root.

    Files that are there and whole are left alone. **Arguments**: `name` - "mnist" or
    "fashion-mnist"; `mirrors` - addresses of folders, tried in turn; `say` - where to report.

    **Returns** the folder.

    **Raises** `ValueError` for another name, `FetchError` when no mirror gives a whole file; what
    was received until then is kept for the next try.
    """
    if name not in MODULES:
        raise ValueError(f"{name!r} cannot be fetched: choose one of {', '.join(MODULES)}")
    module = MODULES[name]
    folder = data_root(root) / module.ABOUT.folders[0]
    say(f"{name}, licence {module.ABOUT.licence}, from {module.ABOUT.home}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FetchError(f"{folder} cannot be made ({error}): pass --data-root") from error
    for file, expected in module.FILES.items():
        place = folder / f"{file}.gz"
        if place.is_file() and md5_of(place) == expected:
            say(f"  {place.name}: there")
            continue
        _first_whole(place, expected, MIRRORS[name] if mirrors is None else mirrors)
        say(f"  {place.name}: {place.stat().st_size:,} bytes, MD5 as published")
    return folder


def _first_whole(place: Path, expected: str, mirrors: Sequence[str]) -> None:
    """Get a file from the first mirror that has it as it should be."""
    part, reasons = place.with_name(f"{place.name}.part"), []
    for mirror in mirrors:
        address = f"{mirror.rstrip('/')}/{place.name}"
        try:
            _receive(address, part)
        except (OSError, urllib.error.URLError) as error:
            reasons.append(f"{address}: {error}")
            continue
        if (found := md5_of(part)) == expected:
            part.replace(place)
            return
        part.unlink()  # going on from it would never help
        reasons.append(f"{address}: MD5 {found}, expected {expected}")
    raise FetchError(f"{place.name} could not be fetched. " + "; ".join(reasons))


def _receive(address: str, part: Path) -> None:
    """Append what is missing of a file to `part`; begin anew if the server sends all of it."""
    have = part.stat().st_size if part.is_file() else 0
    request = urllib.request.Request(address, headers={"User-Agent": "fashret-utils"})
    if have:
        request.add_header("Range", f"bytes={have}-")
    try:
        answer = urllib.request.urlopen(request, timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        if error.code == 416 and have:  # nothing is missing: the checksum will tell
            return
        raise
    with answer:
        goes_on = answer.status == 206
        rest = int(answer.headers.get("Content-Length") or 0)
        begin = have if goes_on else 0
        with (
            open(part, "ab" if goes_on else "wb") as file,
            tqdm(
                total=begin + rest,
                initial=begin,
                desc=part.stem,
                unit="B",
                unit_scale=True,
                delay=1,
            ) as bar,
        ):
            received = 0
            while chunk := answer.read(CHUNK):
                file.write(chunk)
                received += len(chunk)
                bar.update(len(chunk))
    if received < rest:
        raise FetchError(f"the connection ended after {received:,} of {rest:,} bytes")
