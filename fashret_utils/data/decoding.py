"""One decoder for every picture: files of data sets, rows of tables, a reader's own photo."""

from __future__ import annotations

import io
import os
import zlib
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image

# What a file may be, whatever its name says: others, such as EPS, are handed to other programs.
_FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF")
_PNG, _JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"
_WHITE_16 = 65535
_TURNS = {  # EXIF's orientations
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class PictureError(ValueError):
    """A file that cannot be read as a picture; the message names it."""


def open_picture(path: str | Path) -> Image.Image:
    """Open a picture as RGB: turned as its EXIF says, transparency on white, 16 bits to 8.

    Metadata that are odd or broken do not count: a file with whole pixels is read.

    **Raises** `PictureError` naming the file when it is missing, truncated, no picture, one of a
    kind that no data set uses, too large to be true, or of numbers that no grey level is known for.
    """
    try:
        return _decoded(path)
    except FileNotFoundError as error:
        raise PictureError(
            f"{printable(path)}: there is no such file{backslashes(path)}"
        ) from error
    except Exception as error:  # decoders raise whatever breaks first in them
        raise PictureError(
            f"{printable(path)}: truncated, or not a picture ({error}). Replace or remove the "
            'file, or load the data with on_error="skip" where the data set allows it'
        ) from error


def decode(content: bytes, name: str) -> Image.Image:
    """`open_picture` for the bytes of a file.

    **Raises** `PictureError`, which calls it `name`.
    """
    try:
        return _decoded(_Named(content, name))
    except Exception as error:
        raise PictureError(
            f"{name}: truncated, or no picture that can be read ({error})"
        ) from error


class _Named(io.BytesIO):
    """The bytes of a file that call themselves by a name."""

    def __init__(self, content: bytes, name: str):
        super().__init__(content)
        self.place = name

    def __repr__(self) -> str:
        return self.place


def _decoded(file: str | Path | io.BytesIO) -> Image.Image:
    try:
        return _read(file)
    except Exception as error:
        content = Path(file).read_bytes() if isinstance(file, str | Path) else file.getvalue()
        bare = _without_remarks(content)
        if bare is None or "too large" in str(error):  # text that unpacks to gigabytes is refused
            raise
        return _read(io.BytesIO(bare))


def _read(file: str | Path | io.BytesIO) -> Image.Image:
    with Image.open(file, formats=_FORMATS) as picture:
        picture.load()
        return rgb(picture)


def _without_remarks(content: bytes) -> bytes | None:
    """A PNG or JPEG file without what a decoder may skip; None where that changes nothing.

    Pillow does not open a file that has such a part damaged. What tells colours apart, and which
    side is up, stays.
    """
    if content.startswith(_PNG):
        kept = _without_chunks(content)
    elif content.startswith(_JPEG):
        kept = _without_segments(content)
    else:
        return None
    return kept if len(kept) < len(content) else None


def _without_chunks(content: bytes) -> bytes:
    """Names of chunks that may be skipped begin with a small letter."""
    kept, place = [_PNG], len(_PNG)
    while place + 12 <= len(content):
        end = place + 12 + int.from_bytes(content[place : place + 4], "big")
        body, checksum = content[place + 4 : end - 4], content[end - 4 : end]
        whole = zlib.crc32(body).to_bytes(4, "big") == checksum
        if not body[:1].islower() or body[:4] == b"tRNS" or (whole and body[:4] == b"eXIf"):
            kept.append(content[place:end])
        place = end
    return b"".join(kept)


def _without_segments(content: bytes) -> bytes:
    """APP1 has the EXIF, APP14 the colour space; the other APP segments and comments go."""
    kept, place = [_JPEG[:2]], 2
    while content[place : place + 1] == b"\xff" and content[place + 1 : place + 2] != b"\xda":
        end = place + 2 + int.from_bytes(content[place + 2 : place + 4], "big")
        kind = content[place + 1] if place + 1 < len(content) else 0
        if not (0xE0 <= kind <= 0xEF or kind == 0xFE) or kind in (0xE1, 0xEE):
            kept.append(content[place:end])
        place = end
    return b"".join((*kept, content[place:]))


def rgb(picture: Image.Image) -> Image.Image:
    """An open picture as `open_picture` gives it.

    **Raises** `ValueError` for 16-bit and float pictures whose scale cannot be known.
    """
    return _coloured(_upright(picture))


def _upright(picture: Image.Image) -> Image.Image:
    """Turned as the EXIF says, which is read for this alone: other tags may be anything."""
    try:
        orientation = picture.getexif().get(ExifTags.Base.Orientation)
        turn = _TURNS.get(orientation)
    except Exception:  # a damaged or odd block: nothing says that the picture is turned
        turn = None
    return picture if turn is None else picture.transpose(turn)


def _coloured(picture: Image.Image) -> Image.Image:
    clear = picture.info.get("transparency")
    if picture.mode.startswith("I") or picture.mode == "F":  # 16 or 32 bits a pixel
        values = np.asarray(picture)
        grey = _grey_levels(values, picture.mode)
        if isinstance(clear, int):
            grey[values == clear] = 255
        return Image.fromarray(grey).convert("RGB")
    if picture.mode in ("RGBA", "LA", "PA", "La", "RGBa") or clear is not None:
        try:
            picture = picture.convert("RGBA")
        except Exception:  # what says which colour is transparent is damaged
            if picture.mode in ("RGBA", "LA", "PA", "La", "RGBa"):
                raise
            del picture.info["transparency"]
            return picture.convert("RGB")
        white = Image.new("RGBA", picture.size, "white")
        return Image.alpha_composite(white, picture).convert("RGB")
    return picture.convert("RGB")


def _grey_levels(values: np.ndarray, mode: str) -> np.ndarray:
    """Values of more than 8 bits as grey levels: uint8 of the same shape.

    Floats up to 1 are shares of white, up to 255 grey levels; larger values have 16 bits.
    """
    low, high = float(values.min(initial=0)), float(values.max(initial=0))
    if not 0 <= low <= high <= _WHITE_16:  # NaN, too
        raise ValueError(
            f"its values of {low:.4g} to {high:.4g} are no grey levels: save it with 8 bits a "
            "channel"
        )
    share = mode == "F" and high <= 1
    deep = mode.startswith("I;16") or high > 255
    if deep and 0 < high < _WHITE_16 / 16:
        raise ValueError(
            f"its 16 bits hold values up to {high:.0f} of {_WHITE_16}, which would be black; if "
            "they are of 8 to 12 bits, save it with 8 bits a channel"
        )
    scale = 1 / 255 if share else 257 if deep else 1
    return (values.astype(np.float64) / scale).clip(0, 255).astype(np.uint8)


def printable(path: object) -> str:
    """A path as text that can be printed, also where its bytes are no UTF-8."""
    return str(path).encode(errors="backslashreplace").decode()


def backslashes(path: object) -> str:
    """What to add to the error of a missing file whose name has backslashes."""
    if "\\" not in str(path) or os.sep == "\\":
        return ""
    return "; its name has backslashes, which part folders on Windows only: write / instead"
