"""Camera: identity at strength 0, separate streams, bounded framing."""

import numpy as np
import pytest

from fashret_utils.wardrobe import camera


@pytest.fixture
def picture():
    ramp = np.linspace(20, 230, 40 * 40 * 3).reshape(40, 40, 3)
    return ramp.astype(np.uint8)


def _apply(picture, light, strength, light_seed=1, camera_seed=2):
    return camera.apply(
        picture,
        np.random.default_rng(light_seed),
        np.random.default_rng(camera_seed),
        light=light,
        camera=strength,
    )


def test_strength_zero_returns_the_same_pixels(picture):
    assert np.array_equal(_apply(picture, 0.0, 0.0), picture)


@pytest.mark.parametrize(("light", "strength"), [(1, 0), (0, 1), (1, 1), (2, 2)])
def test_each_factor_changes_the_picture_reproducibly(picture, light, strength):
    photo = _apply(picture, light, strength)
    assert photo.shape == picture.shape
    assert photo.dtype == np.uint8
    assert not np.array_equal(photo, picture)
    assert np.array_equal(photo, _apply(picture, light, strength))


def test_each_factor_reads_only_its_own_stream(picture):
    assert np.array_equal(
        _apply(picture, 1.0, 0.0, camera_seed=2), _apply(picture, 1.0, 0.0, camera_seed=9)
    )
    assert np.array_equal(
        _apply(picture, 0.0, 1.0, light_seed=1), _apply(picture, 0.0, 1.0, light_seed=9)
    )


def test_change_grows_with_strength(picture):
    def change(light, strength):
        photos = [_apply(picture, light, strength, seed, seed + 99) for seed in range(20)]
        return np.mean([np.abs(photo.astype(int) - picture).mean() for photo in photos])

    assert change(0.5, 0) < change(1, 0) < change(2, 0)
    assert change(0, 0.5) < change(0, 1) < change(0, 2)


@pytest.mark.parametrize(("right", "down"), [(0, 0), (2, 0), (-2, 1), (3, -4), (0, -2)])
def test_shift_repeats_the_edge(right, down):
    planes = np.arange(3 * 8 * 8, dtype=np.float32).reshape(3, 8, 8)
    moved = camera._shifted(planes, right, down)
    rows = np.clip(np.arange(8) - down, 0, 7)
    columns = np.clip(np.arange(8) - right, 0, 7)
    assert np.array_equal(moved, planes[:, rows][:, :, columns])


def test_defocus_blurs_both_ways_and_keeps_a_flat_picture():
    planes = np.zeros((3, 9, 9), np.float32)
    planes[:, 4, 4] = 16
    twice = camera._add_neighbours(camera._add_neighbours(planes, 0.5, 1), 0.5, 2)
    assert np.array_equal(twice[0, 3:6, 3:6], [[4, 8, 4], [8, 16, 8], [4, 8, 4]])
    for axis in (1, 2):
        flat = camera._add_neighbours(np.ones((3, 5, 5), np.float32), 0.5, axis)
        assert np.array_equal(flat, np.full((3, 5, 5), 2, np.float32))


def test_framing_is_the_identity_at_zero():
    matrix = camera.framing(np.random.default_rng(0), crop=0.0, camera=0.0)
    np.testing.assert_allclose(matrix, np.eye(3), atol=1e-12)


def test_crop_alone_only_scales_and_shifts():
    matrix = camera.framing(np.random.default_rng(4), crop=1.0, camera=0.0)
    assert matrix[0, 0] == pytest.approx(matrix[1, 1])
    np.testing.assert_allclose([matrix[0, 1], matrix[1, 0], *matrix[2, :2]], 0, atol=1e-12)
    assert not np.allclose(matrix, np.eye(3))


def test_framing_keeps_the_centre_of_the_picture_inside():
    for seed in range(50):
        matrix = camera.framing(np.random.default_rng(seed), crop=2.0, camera=2.0)
        x, y, w = matrix @ [0.5, 0.5, 1.0]
        assert w > 0
        assert 0 < x / w < 1
        assert 0 < y / w < 1
