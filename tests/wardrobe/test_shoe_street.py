"""Street pictures of shoes: the gap closes at 0, factors are separate, each shoe has its box."""

import numpy as np
import pytest

from fashret_utils.wardrobe import FACTORS, Wardrobe, camera
from fashret_utils.wardrobe.layout import find_item, single_boxes
from fashret_utils.wardrobe.shoes import kind as shoes_kind
from fashret_utils.wardrobe.shoes.street import SCENES

SIZE = 48
PIXELS = np.diag([SIZE, SIZE, 1.0])


def _wardrobe(**options):
    return Wardrobe(seed=4, items=40, kind="shoes", street_pictures=2, **options)


def _layout(seed, strength=1.0, **factors):
    shoe = shoes_kind.sample_family(np.random.default_rng(seed))[0]
    names = ("pose", "occlusion", "wearer", "shade", "view")
    streams = {name: np.random.default_rng([seed, k]) for k, name in enumerate(names)}
    strengths = {**dict.fromkeys(FACTORS, strength), **factors}
    return shoes_kind.street(shoe, streams, SIZE, strengths, np.eye(3))


def test_without_gap_the_street_picture_is_the_shop_picture():
    wardrobe = _wardrobe(gap=0.0)
    for item in range(0, 40, 5):
        street = wardrobe.picture(item, "street", 0, SIZE)
        assert np.array_equal(street, wardrobe.picture(item, "shop", 0, SIZE))


def test_street_pictures_are_reproducible_in_any_order():
    first, second = _wardrobe(), _wardrobe()
    keys = [(item, index) for item in range(6) for index in range(2)]
    one = {key: first.picture(key[0], "street", key[1], SIZE) for key in keys}
    other = {key: second.picture(key[0], "street", key[1], SIZE) for key in reversed(keys)}
    assert all(np.array_equal(one[key], other[key]) for key in keys)
    assert len({picture.tobytes() for picture in one.values()}) == len(keys)


@pytest.mark.parametrize("factor", FACTORS)
def test_each_factor_alone_opens_a_gap(factor):
    closed = _wardrobe(gap=0.0)
    opened = _wardrobe(gap=0.0, factors={factor: 1.0})
    change = [
        np.abs(
            opened.picture(item, "street", 0, SIZE).astype(int)
            - closed.picture(item, "street", 0, SIZE)
        ).mean()
        for item in range(12)
    ]
    assert np.mean(change) > 0.5


def test_switching_a_factor_off_leaves_the_pose_alone():
    with_all, without = _layout(3), _layout(3, occlusion=0.0, background=0.0)
    assert with_all.pose == without.pose
    ours, theirs = with_all.points(), without.points()
    assert ours.keys() == theirs.keys()
    for name in ours:
        np.testing.assert_array_equal(ours[name], theirs[name])


def test_two_boxes_within_the_picture():
    pairs = 0
    for seed in range(24):
        layout = _layout(seed)
        framing = camera.framing(np.random.default_rng(seed), crop=1.0, camera=1.0)
        boxes = single_boxes(layout, PIXELS @ framing, SIZE)
        for x1, y1, x2, y2 in boxes.values():
            assert 0 <= x1 < x2 <= SIZE
            assert 0 <= y1 < y2 <= SIZE
        pairs += len(boxes) == 2
    assert pairs >= 22  # a shoe may be cut off or covered, but rarely


def test_the_truth_of_a_wardrobe_holds_the_boxes():
    truth = _wardrobe().truth(3, "street", 0, SIZE)
    assert set(truth.boxes) <= {"left shoe", "right shoe"}
    union = np.array(list(truth.boxes.values()))
    assert truth.box == (*union[:, :2].min(axis=0), *union[:, 2:].max(axis=0))
    assert {name.split()[0] for name in truth.landmarks} == {"left", "right"}


def test_the_shoe_is_large_enough_to_be_recognised():
    shares = [find_item(_layout(seed), PIXELS, SIZE).mean() for seed in range(24)]
    assert np.median(shares) > 0.07
    assert min(shares) > 0.01


def test_occluders_only_take_from_the_mask():
    for seed in range(12):
        free = find_item(_layout(seed, occlusion=0.0), PIXELS, SIZE)
        covered = find_item(_layout(seed, occlusion=2.0), PIXELS, SIZE)
        assert covered.sum() <= free.sum()


def test_layers_draw_the_same_each_time():
    layout = _layout(7)
    assert np.array_equal(find_item(layout, PIXELS, SIZE), find_item(layout, PIXELS, SIZE))


def test_all_scenes_occur():
    poses = set()
    for seed in range(40):
        layout = _layout(seed)
        poses.add((tuple(sorted(layout.points())), bool(layout.pose)))
    assert len(poses) >= 4  # side, top, front and back views have different landmarks
    assert len(SCENES) == 7


def test_catalog_of_shoes():
    catalog = Wardrobe(seed=1, items=12, kind="shoes", street_pictures=1).catalog()
    assert catalog.name == "wardrobe-shoes"
    assert set(np.unique(catalog.view)) == {"street", *shoes_kind.VIEWS}
    pixels = catalog.reader(catalog, np.array([0, 1]), 32)
    assert pixels.shape == (2, 3, 32, 32)
