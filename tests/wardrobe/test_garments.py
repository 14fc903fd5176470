"""Drawn garments: every attribute shows, prints differ, landmarks lie on the cloth."""

import numpy as np
import pytest

from fashret_utils.wardrobe.draws import Draws
from fashret_utils.wardrobe.garments.attributes import (
    ALLOWED,
    CATEGORIES,
    changed,
    sample_garment,
)
from fashret_utils.wardrobe.garments.parts import draw_sheet

SIZE = 96
PRINTS = ("dots", "floral", "check", "diagonal stripes", "graphic print")


def _garment(category, seed=0):
    for k in range(1000):
        garment = sample_garment(Draws(np.random.default_rng([seed, k])))
        if garment.category == category and garment.values["pattern"] == "horizontal stripes":
            return garment
        if garment.category == category == "jeans":
            return garment
    raise AssertionError(category)


def _draw(garment, back=False):
    """All parts over white: float (SIZE, SIZE, 3)."""
    picture = np.full((SIZE, SIZE, 3), 255.0)
    for _, image in draw_sheet(garment, SIZE, back).images:
        part = image.toarray().astype(float)  # (SIZE, SIZE, 4), not premultiplied
        alpha = part[..., 3:] / 255
        picture = picture * (1 - alpha) + part[..., :3] * alpha
    return picture


@pytest.mark.parametrize("category", CATEGORIES)
def test_every_attribute_value_changes_pixels(category):
    garment = _garment(category)
    for name, values in ALLOWED[category].items():
        if len(values) == 1:
            continue
        shown = {}
        for value in values:
            if name == "colour" and value == garment.values["second colour"]:
                continue
            if name == "second colour" and value == garment.values["colour"]:
                continue
            shown[value] = _draw(changed(garment, **{name: value}))
        pictures = list(shown.values())
        for i, first in enumerate(pictures):
            for second in pictures[i + 1 :]:
                # at least ten pixels change by an amount that the eye sees
                assert (np.abs(first - second).max(axis=2) > 12).sum() >= 10, (category, name)


@pytest.mark.parametrize(
    "pattern", ["dots", "floral", "check", "diagonal stripes", "graphic print"]
)
def test_the_print_seed_changes_the_print(pattern):
    garment = changed(_garment("t-shirt"), pattern=pattern)
    pictures = [_draw(type(garment)(**{**vars(garment), "print_seed": s})) for s in (1, 2, 3)]
    assert np.abs(pictures[0] - pictures[1]).mean() > 0.3
    assert np.abs(pictures[1] - pictures[2]).mean() > 0.3


@pytest.mark.parametrize("category", CATEGORIES)
def test_landmarks_lie_on_the_outline_of_the_cloth(category):
    garment = _garment(category)
    sheet = draw_sheet(garment, SIZE)
    mask = _draw(garment).min(axis=2) < 250
    names = set(sheet.flat.landmarks)
    lower = {f"{side} {part}" for side in ("left", "right") for part in ("waistline", "hem")}
    upper = {f"{side} {part}" for side in ("left", "right") for part in ("collar", "sleeve", "hem")}
    is_lower = category in ("skirt", "trousers", "jeans", "shorts")
    assert names == (lower if is_lower else upper | (lower if category == "dress" else set()))
    for name, point in sheet.flat.landmarks.items():
        x, y = np.asarray(point) * sheet.scale + sheet.origin
        near = mask[int(y) - 3 : int(y) + 4, int(x) - 3 : int(x) + 4]
        assert near.any(), name
        assert (x < SIZE / 2) == name.startswith("left")


def test_the_back_is_not_the_front():
    for category in CATEGORIES:
        garment = _garment(category)
        assert np.abs(_draw(garment) - _draw(garment, back=True)).mean() > 0.2
