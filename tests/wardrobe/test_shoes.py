"""Shop pictures of shoes: six views, every attribute visible, landmarks on the shoe."""

from dataclasses import replace
from functools import cache
from itertools import combinations

import numpy as np
import pytest

from fashret_utils.wardrobe.draws import Draws
from fashret_utils.wardrobe.layout import find_item, paint, single_boxes
from fashret_utils.wardrobe.scenes import scene
from fashret_utils.wardrobe.shoes import kind as shoes_kind
from fashret_utils.wardrobe.shoes.attributes import (
    ALLOWED,
    ATTRIBUTES,
    CATEGORIES,
    changed,
    sample_shoe,
)
from fashret_utils.wardrobe.shoes.shop import VIEWS

SIZE = 52
PIXELS = np.diag([SIZE, SIZE, 1.0])


def _draws():
    return Draws(np.random.default_rng(3))


def _picture(item, view):
    layout = shoes_kind.shop(item, view, _draws(), SIZE)
    white = scene.background(np.random.default_rng(0), SIZE, 0.0)
    return paint(layout, PIXELS, white)


@cache
def _drawn():
    return [sample_shoe(Draws(np.random.default_rng(seed))) for seed in range(120)]


@pytest.fixture(scope="module")
def examples():
    return {shoe.category: shoe for shoe in reversed(_drawn())}


@pytest.mark.parametrize("category", CATEGORIES)
def test_views_are_different_reproducible_pictures_on_white(examples, category):
    pictures = [_picture(examples[category], view) for view in VIEWS]
    for picture, view in zip(pictures, VIEWS, strict=True):
        assert picture.shape == (SIZE, SIZE, 3)
        assert picture.dtype == np.uint8
        assert np.array_equal(picture, _picture(examples[category], view))
        edge = np.concatenate([picture[0], picture[:, 0], picture[:, -1]])
        assert (edge == 255).all()
        assert 0.05 < (picture < 250).any(axis=2).mean() < 0.8
    assert len({picture.tobytes() for picture in pictures}) == len(VIEWS)


def test_side_right_mirrors_side_left(examples):
    left, right = (_picture(examples["boot"], view) for view in ("side-left", "side-right"))
    assert np.abs(left[:, ::-1].astype(int) - right).mean() < 2


def _variants():
    for category in CATEGORIES:
        for name in ATTRIBUTES:
            if name not in ("category", "colour", "second colour"):
                yield category, name
    yield "pump", "colour"


@pytest.mark.parametrize(("category", "name"), list(_variants()))
def test_every_value_shows_in_the_side_or_top_view(examples, category, name):
    values = ALLOWED[category][name]
    if name == "heel":
        shoe = changed(examples[category], heel_height="low" if category != "sneaker" else "flat")
    else:
        shoe = changed(examples[category], heel="block" if category != "sneaker" else "flat")
    if name == "colour":
        shoe = changed(shoe, second_colour="white", pattern="plain")
        values = values[1:]
    elif name == "sole colour":  # on a black shoe a matching sole is a black sole
        shoe = changed(shoe, colour="teal")
    pictures = []
    for value in values:
        item = changed(shoe, **{name.replace(" ", "_"): value})
        pictures.append(np.stack([_picture(item, view) for view in ("side-left", "top")]))
    for i, first in enumerate(pictures):
        for second in pictures[i + 1 :]:
            changed_pixels = (np.abs(first.astype(int) - second) > 12).any(axis=-1).sum()
            assert changed_pixels > 6, name


@pytest.mark.parametrize("category", CATEGORIES)
@pytest.mark.parametrize(
    ("name", "least"), [("material", 3.0), ("pattern", 3.0), ("decoration", 2.0)]
)
def test_a_change_of_surface_is_no_nuance(category, name, least):
    """Mean difference in grey levels over the shoe, between the two most similar values."""
    shoes = [shoe for shoe in _drawn() if shoe.category == category][:3]
    values = ALLOWED[category][name]
    differences = np.zeros((len(values), len(values)))
    for shoe in shoes:
        plain = changed(shoe, pattern="plain", decoration="none", material="leather")
        pictures = [
            _picture(changed(plain, **{name: value}), "side-left").astype(int) for value in values
        ]
        for i, j in combinations(range(len(values)), 2):
            on_shoe = (np.minimum(pictures[i], pictures[j]) < 250).any(axis=-1)
            differences[i, j] += np.abs(pictures[i] - pictures[j])[on_shoe].mean() / len(shoes)
    assert differences[np.triu_indices(len(values), 1)].min() > least


@pytest.mark.parametrize("category", CATEGORIES)
def test_second_colour_shows(examples, category):
    shoe = changed(examples[category], colour="grey", pattern="plain", decoration="none")
    blue, red = (_picture(changed(shoe, second_colour=c), "side-left") for c in ("blue", "red"))
    assert (np.abs(blue.astype(int) - red) > 40).any(axis=-1).sum() > 5


def test_print_seed_changes_a_print(examples):
    shoe = changed(examples["pump"], pattern="floral")
    other = replace(shoe, print_seed=shoe.print_seed + 1)
    assert not np.array_equal(_picture(shoe, "side-left"), _picture(other, "side-left"))


@pytest.mark.parametrize("view", VIEWS)
def test_landmarks_lie_on_the_shoe_and_boxes_cover_the_mask(examples, view):
    for category in ("boot", "sneaker", "pump"):
        layout = shoes_kind.shop(examples[category], view, _draws(), SIZE)
        mask = find_item(layout, PIXELS, SIZE)
        for name, point in layout.points().items():
            x, y = (np.asarray(point) * SIZE).astype(int)
            near = mask[max(0, y - 3) : y + 4, max(0, x - 3) : x + 4]
            assert near.any(), (category, view, name)
        boxes = single_boxes(layout, PIXELS, SIZE)
        assert len(boxes) == (1 if view.startswith("side") else 2)
        union = np.array(list(boxes.values()))
        rows, columns = np.nonzero(mask)
        found = [*union[:, :2].min(axis=0), *union[:, 2:].max(axis=0)]
        assert found == [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]


def test_unknown_view_is_refused(examples):
    with pytest.raises(ValueError, match=r"inside.*side-left"):
        shoes_kind.shop(examples["boot"], "inside", _draws(), SIZE)
