"""Picture files of every kind become RGB squares; broken ones are named."""

import io
import struct
import warnings
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from fashret_utils.data.decoding import PictureError, decode, open_picture
from fashret_utils.data.letterbox import letterbox
from fashret_utils.datasets.reading.pictures import unreadable


@pytest.mark.parametrize(
    ("mode", "colour", "expected"),
    [
        ("RGB", (200, 30, 60), (200, 30, 60)),
        ("L", 90, (90, 90, 90)),
        ("1", 1, (255, 255, 255)),
        ("RGBA", (200, 30, 60, 0), (255, 255, 255)),
        ("RGBA", (200, 0, 100, 128), (227, 127, 177)),
        ("LA", (50, 0), (255, 255, 255)),
        ("I;16", 40000, (155, 155, 155)),
        ("I;16", 0, (0, 0, 0)),
    ],
)
def test_png_modes(picture, mode, colour, expected):
    opened = open_picture(picture("p.png", colour, mode=mode))
    assert opened.mode == "RGB"
    assert np.abs(np.array(opened.getpixel((3, 3))) - expected).max() <= 1


def test_palette_with_a_transparent_colour(tmp_path):
    image = Image.new("P", (4, 4), 1)
    image.putpalette([0, 0, 0, 10, 200, 30])
    image.putpixel((0, 0), 0)
    image.save(tmp_path / "p.gif", transparency=0)
    opened = open_picture(tmp_path / "p.gif")
    assert opened.getpixel((0, 0)) == (255, 255, 255)
    assert opened.getpixel((2, 2)) == (10, 200, 30)


def test_cmyk_jpeg(picture):
    opened = open_picture(picture("p.jpg", (0, 255, 255, 0), mode="CMYK", quality=95))
    red, green, blue = opened.getpixel((5, 5))
    assert red > 200
    assert max(green, blue) < 70


def test_exif_rotation(tmp_path):
    image = Image.new("RGB", (20, 10), "white")
    image.paste("red", (0, 0, 10, 10))  # left half
    exif = image.getexif()
    exif[0x0112] = 6  # "turn clockwise by a quarter"
    image.save(tmp_path / "p.jpg", exif=exif, quality=95)
    opened = open_picture(tmp_path / "p.jpg")
    assert opened.size == (10, 20)
    assert opened.getpixel((5, 3))[1] < 60  # the left half is now the upper one
    assert opened.getpixel((5, 16))[1] > 200


def test_letterbox_is_white_and_centred():
    square = letterbox(Image.new("RGB", (40, 20), "black"), 16)
    assert square.shape == (16, 16, 3)
    assert (square[:4] == 255).all()
    assert (square[12:] == 255).all()
    assert (square[4:12] == 0).all()


@pytest.mark.parametrize("side", [(20_000, 1), (1, 20_000), (20_000, 200)])
def test_a_thin_picture_keeps_a_line(side):
    dark = (letterbox(Image.new("RGB", side, "black"), 16) < 128).all(2)
    assert dark.sum() == 16  # one line, in the middle
    assert dark[
        8 if side[0] > side[1] else slice(None), slice(None) if side[0] > side[1] else 8
    ].all()


def test_a_file_is_what_it_holds_not_what_it_is_called(tmp_path):
    Image.new("RGB", (8, 8), "red").save(tmp_path / "drawing.jpg", format="EPS")
    with pytest.raises(PictureError, match=r"drawing\.jpg: truncated, or not a picture"):
        open_picture(tmp_path / "drawing.jpg")
    Image.new("RGB", (8, 8), "red").save(tmp_path / "photo.jpg", format="PNG")
    assert open_picture(tmp_path / "photo.jpg").getpixel((4, 4)) == (255, 0, 0)


def test_broken_files_are_named(picture, tmp_path):
    whole = picture("whole.jpg", size=(64, 64))
    (tmp_path / "cut.jpg").write_bytes(whole.read_bytes()[:-200])
    (tmp_path / "text.jpg").write_text("no picture at all")
    (tmp_path / "empty.png").write_bytes(b"")
    for name in ("cut.jpg", "text.jpg", "empty.png"):
        with pytest.raises(PictureError, match=rf"{name}: truncated, or not a picture"):
            open_picture(tmp_path / name)
    with pytest.raises(PictureError, match=r"gone\.jpg: there is no such file"):
        open_picture(tmp_path / "gone.jpg")
    names = ["whole.jpg", "cut.jpg", "whole.jpg", "text.jpg"]
    assert [i for i, _ in unreadable(tmp_path, names, "checking")] == [1, 3]


def png(width, height, depth, colour, rows, *chunks):
    """A PNG file written by hand: Pillow writes neither 16 bits a channel nor lies."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    parts = [(b"IHDR", header), *chunks, (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    packed = (
        struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


@pytest.mark.parametrize("side", [20_000, 178_956_971])
def test_decompression_bombs_are_refused_by_name(tmp_path, side):
    (tmp_path / "bomb.png").write_bytes(png(side, side, 8, 2, bytes(99)))
    with pytest.raises(PictureError, match=r"bomb\.png: .*decompression bomb"):
        open_picture(tmp_path / "bomb.png")
    text = b"comment\0\0" + zlib.compress(bytes(2 * 10**8), 9)
    (tmp_path / "text.png").write_bytes(png(2, 2, 8, 0, bytes(6), (b"zTXt", text)))
    with pytest.raises(PictureError, match=r"text\.png: .*too large"):
        open_picture(tmp_path / "text.png")


@pytest.mark.parametrize(("colour", "channels"), [(2, 3), (6, 4), (0, 1), (4, 2)])
def test_sixteen_bits_a_channel(tmp_path, colour, channels):
    values = np.full((2, 3, channels), 0x8040, dtype=">u2")
    if colour in (4, 6):
        values[..., -1] = 0xFFFF  # opaque
    rows = b"".join(b"\0" + row.tobytes() for row in values)
    (tmp_path / "deep.png").write_bytes(png(3, 2, 16, colour, rows))
    assert np.abs(np.asarray(open_picture(tmp_path / "deep.png")).astype(int) - 0x80).max() <= 1


def test_palettes_of_few_colours(tmp_path):
    image = Image.new("P", (8, 8), 3)
    image.putpalette([0, 0, 0, 255, 0, 0, 0, 255, 0, 10, 20, 200])
    for name in ("p.png", "p.bmp", "p.gif", "p.tif"):
        image.save(tmp_path / name)
        assert open_picture(tmp_path / name).getpixel((4, 4)) == (10, 20, 200), name


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_exif_orientation(tmp_path, orientation):
    upright = Image.new("RGB", (24, 12), "white")
    upright.paste("red", (0, 0, 8, 4))  # the upper left corner
    back = {1: (), 2: (0,), 3: (3,), 4: (1,), 5: (5,), 6: (2,), 7: (6,), 8: (4,)}[orientation]
    stored = upright.transpose(Image.Transpose(back[0])) if back else upright
    exif = stored.getexif()
    exif[0x0112] = orientation
    stored.save(tmp_path / "p.png", exif=exif)
    assert np.array_equal(np.asarray(open_picture(tmp_path / "p.png")), np.asarray(upright))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"])
def test_a_file_cut_off_anywhere_is_refused_or_whole(tmp_path, attempt, kind):
    rng = np.random.default_rng(0)
    image = Image.fromarray(rng.integers(0, 256, (40, 30, 3), dtype=np.uint8))
    image.save(tmp_path / "whole", format=kind)
    content = (tmp_path / "whole").read_bytes()
    whole = np.asarray(open_picture(tmp_path / "whole"))
    for end in rng.integers(0, len(content), 20):
        (tmp_path / "cut").write_bytes(content[:end])
        found, error = attempt(open_picture, tmp_path / "cut")
        if error:
            assert "cut: truncated, or not a picture" in error
        else:  # a format may end in bytes that it does not need
            assert np.array_equal(np.asarray(found), whole), end


@pytest.mark.parametrize("top", [200, 1023, 4095])
def test_sixteen_bits_that_would_be_black_are_refused_by_name(picture, top):
    path = picture("dark.png", top, mode="I;16")
    with pytest.raises(PictureError, match=rf"dark\.png.*16 bits hold values up to {top} of 65535"):
        open_picture(path)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.linspace(0, 1, 12, dtype=np.float32), np.arange(12) / 11 * 255),
        (np.linspace(0, 250, 12, dtype=np.float32), np.linspace(0, 250, 12)),
        (np.linspace(0, 65535, 12, dtype=np.float32), np.arange(12) / 11 * 255),
        (np.linspace(0, 65535, 12).astype(np.int32), np.arange(12) / 11 * 255),
        (np.arange(12, dtype=np.int32), np.arange(12)),
    ],
)
def test_floats_and_long_integers_are_scaled_to_grey_levels(tmp_path, values, expected):
    Image.fromarray(values.reshape(3, 4)).save(tmp_path / "p.tif")
    found = np.asarray(open_picture(tmp_path / "p.tif"))
    assert np.abs(found[..., 0].ravel() - expected).max() <= 1


@pytest.mark.parametrize("bad", [-1.0, np.nan, np.inf, 70_000.0])
def test_floats_that_are_no_grey_levels_are_refused_by_name(tmp_path, bad):
    Image.fromarray(np.array([[0.5, bad]], np.float32)).save(tmp_path / "p.tif")
    with pytest.raises(PictureError, match=r"p\.tif.*are no grey levels: save it with 8 bits"):
        open_picture(tmp_path / "p.tif")


def test_a_transparent_grey_level_of_sixteen_bits_goes_on_white(tmp_path):
    rows = b"\0" + np.array([0x8000, 0x4000], ">u2").tobytes()
    clear = (b"tRNS", struct.pack(">H", 0x4000))
    (tmp_path / "p.png").write_bytes(png(2, 1, 16, 0, rows, clear))
    assert np.asarray(open_picture(tmp_path / "p.png"))[0, :, 0].tolist() == [127, 255]


PIXELS = np.random.default_rng(0).integers(0, 256, (6, 5, 3), dtype=np.uint8)
NOISE = st.binary(max_size=40)


def encoded(kind, **options):
    buffer = io.BytesIO()
    Image.fromarray(PIXELS).save(buffer, kind, **options)
    return buffer.getvalue()


@st.composite
def exif(draw):
    """An EXIF block in which tags have kinds and counts that they should not have."""
    tags = st.sampled_from([0x112, 0x11A, 0x11B, 0x8769, 0x8825]) | st.integers(0, 65535)
    entry = st.tuples(tags, st.integers(0, 14), st.sampled_from([0, 1, 2, 4, 100_000]))
    entries = draw(st.lists(st.tuples(entry, st.binary(min_size=4, max_size=4)), max_size=4))
    packed = b"".join(struct.pack("<HHI", *about) + value for about, value in entries)
    return b"II*\0\x08\0\0\0" + struct.pack("<H", len(entries)) + packed + draw(NOISE)


@st.composite
def remarks(draw):
    """A whole picture, and the same with a block of metadata in which anything may stand."""
    if draw(st.booleans()):
        plain, name = (
            encoded("PNG"),
            draw(
                st.sampled_from(
                    [b"eXIf", b"iCCP", b"tEXt", b"iTXt", b"gAMA", b"cHRM", b"acTL", b"zzZz"]
                )
            ),
        )
        body = draw(exif() | NOISE)
        crc = zlib.crc32(name + body) ^ draw(st.integers(0, 1))
        block = struct.pack(">I", len(body)) + name + body + struct.pack(">I", crc)
        return plain, plain[:33] + block + plain[33:]
    plain = encoded("JPEG")
    starts = st.sampled_from([b"Exif\0\0", b"ICC_PROFILE\0", b"MPF\0", b"JFIF\0", b""])
    body = draw(starts) + draw(exif() | NOISE)
    marker = draw(st.sampled_from([0xE0, 0xE1, 0xE2, 0xED, 0xFE]))
    block = bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body
    return plain, plain[:2] + block + plain[2:]


@settings(deadline=None, max_examples=200)
@given(remarks())
def test_metadata_of_any_kind_never_decide_over_whole_pixels(files):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the decoder's, about the metadata
        plain, other = (np.asarray(decode(content, "p")) for content in files)
    turned = [np.rot90(side, k) for side in (plain, plain[:, ::-1]) for k in range(4)]
    assert any(np.array_equal(other, each) for each in turned)


@settings(deadline=None, max_examples=200)
@given(kind=st.sampled_from(["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"]), data=st.data())
def test_fuzz_any_damage_is_a_picture_error_with_the_name(attempt, kind, data):
    content = bytearray(encoded(kind))
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), max_size=6)):
        content[place] = data.draw(st.integers(0, 255))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found, error = attempt(decode, bytes(content), "a photo")
    assert error.startswith("a photo: ") if error else found.mode == "RGB"
