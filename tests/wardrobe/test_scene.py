"""Scenes: white at strength 0, reproducible, varied, stronger with strength."""

import numpy as np
import pytest
import skia

from fashret_utils.wardrobe.scenes import scene


def _pixels(seed, strength=1.0, size=48, kind=None):
    image = scene.background(np.random.default_rng(seed), size, strength, kind)
    return image.toarray(colorType=skia.kRGBA_8888_ColorType)


def test_strength_zero_is_plain_white():
    assert (_pixels(3, strength=0.0) == 255).all()


@pytest.mark.parametrize("kind", scene.KINDS)
def test_every_kind_fills_the_picture_and_is_reproducible(kind):
    first = _pixels(5, kind=kind)
    assert first.shape == (48, 48, 4)
    assert first.dtype == np.uint8
    assert (first[..., 3] == 255).all()
    assert np.array_equal(first, _pixels(5, kind=kind))
    assert (first[..., :3].astype(int).std(axis=(0, 1)) > 3).all()  # no bare wall
    assert (np.all(first[..., :3] == 255, axis=-1)).mean() < 0.2  # no hole in the paint


def test_random_kinds_differ():
    thumbs = {_pixels(seed, size=16).tobytes() for seed in range(20)}
    assert len(thumbs) == 20


def test_contrast_grows_with_strength():
    def spread(strength):
        return np.mean([_pixels(seed, strength)[..., :3].std() for seed in range(12)])

    assert spread(0.3) < spread(1.0) < spread(2.0)


def test_unknown_kind_is_refused():
    with pytest.raises(ValueError, match=r"moon.*street"):
        _pixels(0, kind="moon")
