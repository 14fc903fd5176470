"""Baselines without training."""

import numpy as np
import pytest

from fashret_utils import retrieval
from fashret_utils.models.baselines import colour_histogram, raw_pixels

RANDOM = np.random.default_rng(0)
PIXELS = RANDOM.integers(256, size=(12, 3, 24, 24), dtype=np.uint8)


def test_raw_pixels_is_normalised_cross_correlation():
    rows = raw_pixels(PIXELS, size=24)
    assert rows.shape == (12, 3 * 24 * 24)
    assert rows.dtype == np.float32
    correlation = np.corrcoef(PIXELS.reshape(12, -1))
    np.testing.assert_allclose(rows @ rows.T, correlation, atol=1e-5)


def test_raw_pixels_ignores_exposure_and_averages_areas():
    darker = (PIXELS // 4 * 4) // 4 + 20
    items = np.arange(12)
    result = retrieval.evaluate(raw_pixels(PIXELS), raw_pixels(darker), items, items, k=1)
    assert result.metrics["hit@1"] == 1
    halves = np.zeros((1, 3, 24, 24), dtype=np.uint8)
    halves[..., 12:] = 200
    expected = np.tile([-1, -1, 1, 1], 3 * 4) / np.sqrt(48)
    np.testing.assert_allclose(raw_pixels(halves, size=4)[0], expected, rtol=1e-6)
    assert not raw_pixels(halves * 0, size=4).any()


def test_colour_histogram_counts_joint_colours():
    picture = np.zeros((1, 3, 4, 4), dtype=np.uint8)
    picture[0, :, :, 3] = np.array([255, 128, 0])[:, None]  # a quarter orange, the rest black
    row = colour_histogram(picture, bins=4)[0]
    assert row.shape == (64,)
    np.testing.assert_allclose(row[[0, 3 * 16 + 2 * 4]], np.sqrt([0.75, 0.25]), rtol=1e-6)
    assert np.count_nonzero(row) == 2


def test_colour_histogram_does_not_see_places():
    shuffled = RANDOM.permuted(PIXELS.reshape(12, 3, -1), axis=2)  # each channel on its own
    together = PIXELS.reshape(12, 3, -1)[:, :, ::-1].reshape(PIXELS.shape)
    rows = colour_histogram(PIXELS)
    np.testing.assert_allclose(colour_histogram(together), rows)
    assert np.abs(colour_histogram(shuffled.reshape(PIXELS.shape)) - rows).max() > 0.01
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, rtol=1e-6)
    with pytest.raises(ValueError, match="expected 2 to 256 bins"):
        colour_histogram(PIXELS, bins=1)
