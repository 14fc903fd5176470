"""Receives one file over HTTP: goes on where an earlier try stopped, and believes no server."""

from __future__ import annotations

import http.client
import re
import urllib.error
import urllib.request
from pathlib import Path

from tqdm import tqdm

CHUNK = 2**18
TIMEOUT = 30  # seconds without a byte


class FetchError(OSError):
    """A download failed or brought something else than was expected."""


def receive(address: str, part: Path, most: int) -> None:
    """Append what is missing of a file to `part`; begin anew if the server sends all of it.

    **Arguments**: `most` - bytes that the file may have; a longer answer is cut off and refused.

    **Raises** `FetchError` or another `OSError`; what was received until then stays in `part`, but
    for what is too long.
    """
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
    except http.client.HTTPException as error:  # no OSError
        raise FetchError(f"not an answer ({error!r})") from error
    with answer:
        begin = have if _goes_on(answer, have) else 0
        rest = _announced(answer)
        if begin + rest > most:
            raise FetchError(f"{begin + rest:,} bytes are announced, at most {most:,} expected")
        received = _append(answer, part, begin, rest, most)
    if received < rest:
        raise FetchError(f"the connection ended after {received:,} of {rest:,} bytes")


def _goes_on(answer: http.client.HTTPResponse, have: int) -> bool:
    """Whether the answer is the rest that was asked for, by what it says of itself."""
    if answer.status != 206:
        return False
    said = re.match(r"bytes (\d+)-", answer.headers.get("Content-Range") or "")
    if said and int(said[1]) != have:
        raise FetchError(f"asked for what follows byte {have:,}, got what follows {said[1]}")
    return True


def _announced(answer: http.client.HTTPResponse) -> int:
    text = answer.headers.get("Content-Length") or "0"
    return int(text) if text.isdecimal() else 0


def _append(answer: http.client.HTTPResponse, part: Path, begin: int, rest: int, most: int) -> int:
    """Write the answer after the first `begin` bytes of `part`; the number of bytes written."""
    received = 0
    bar = tqdm(
        total=begin + rest or None,
        initial=begin,
        desc=part.stem,
        unit="B",
        unit_scale=True,
        delay=1,
    )
    with bar, open(part, "ab" if begin else "wb") as file:
        try:
            while chunk := answer.read(CHUNK):
                received += len(chunk)
                if begin + received > most:
                    file.truncate(0)
                    raise FetchError(f"it sends more than the {most:,} bytes expected")
                file.write(chunk)
                bar.update(len(chunk))
        except http.client.HTTPException as error:  # such as IncompleteRead, no OSError
            raise FetchError(f"the connection ended after {received:,} bytes") from error
    return received
