"""Picture files of every kind become RGB squares; broken ones are named."""

import numpy as np
import pytest
from PIL import Image

from fashret_utils.datasets.pictures import PictureError, letterbox, open_picture, unreadable


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
        ("I;16", 200, (0, 0, 0)),
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
