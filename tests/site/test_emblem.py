"""The book's mark and the card of shared links."""

from xml.etree import ElementTree

import numpy as np
from PIL import Image

from fashret_utils.site import emblem


def test_icon_and_logos_are_svg_of_their_size():
    icon = ElementTree.fromstring(emblem.mark(emblem.LIGHT))
    logo = ElementTree.fromstring(emblem.mark(emblem.DARK, words=True))
    assert (icon.get("viewBox"), logo.get("viewBox")) == ("0 0 64 64", "0 0 276 64")
    words = [element.text for element in logo.iter() if element.tag.endswith("}text")]
    assert words == ["Fashion retrieval,", "reproduced"]
    assert not any(element.tag.endswith("}text") for element in icon.iter())
    assert all("Fashion retrieval, reproduced" in "".join(tree.itertext()) for tree in (icon, logo))


def test_everything_is_written_and_the_card_shows_a_search(tmp_path):
    emblem.write(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {
        "favicon.svg",
        "logo.svg",
        "logo-dark.svg",
        "card.png",
    }
    pixels = np.asarray(Image.open(tmp_path / "card.png").convert("RGB"))
    assert pixels.shape == (630, 1200, 3)
    assert (tmp_path / "card.png").stat().st_size < 500_000  # sites refuse heavy pictures
    for colour in ("query", "hit", "miss"):  # the frames of the pictures
        wanted = [int(emblem.COLOURS[colour][start : start + 2], 16) for start in (1, 3, 5)]
        assert (pixels == wanted).all(axis=-1).sum() > 1000
