"""Measures of drawn pictures against their definitions."""

import numpy as np
import pytest

from fashret_utils.training.drawing import kernel_distance, likeness, reader, white_share


def test_likeness_is_its_definition():
    generator = np.random.default_rng(0)
    a, b = generator.integers(0, 256, (2, 3, 3, 24, 24)).astype(np.uint8)
    found = likeness(a, b)
    difference = a.astype(float) / 255 - b.astype(float) / 255
    np.testing.assert_allclose(found["rmse"], (difference**2).mean((1, 2, 3)) ** 0.5, rtol=1e-5)
    same = likeness(a, a)
    assert np.allclose(same["rmse"], 0)
    assert np.allclose(same["ssim"], 1)
    assert (found["ssim"] < 0.2).all()
    with pytest.raises(ValueError, match="differ in shape"):
        likeness(a, b[:2])


def test_white_share_counts_the_background_alone():
    pictures = np.full((1, 3, 4, 4), 255, np.uint8)
    pictures[0, 1, 0] = 100  # one row of four is not white
    masks = np.zeros((1, 4, 4), bool)
    assert white_share(pictures, masks) == pytest.approx([12 / 16])
    masks[0, 0, :2] = True
    assert white_share(pictures, masks) == pytest.approx([12 / 14])


def test_kernel_distance_is_the_unbiased_loop():
    generator = np.random.default_rng(1)
    ours, real = generator.normal(size=(4, 3)), generator.normal(1, 2, size=(5, 3))
    x, y = ((side - real.mean(0)) / real.std(0) for side in (ours, real))

    def k(a, b):
        return (a @ b / 3 + 1) ** 3

    own = np.mean([k(x[i], x[j]) for i in range(4) for j in range(4) if i != j])
    other = np.mean([k(y[i], y[j]) for i in range(5) for j in range(5) if i != j])
    both = np.mean([k(a, b) for a in x for b in y])
    assert kernel_distance(ours, real) == pytest.approx(own + other - 2 * both)


def test_kernel_distance_sees_blur_that_a_mean_error_likes():
    generator = np.random.default_rng(2)
    real, drawn = generator.normal(size=(2, 300, 4))
    mean = np.zeros((300, 4))  # the best constant by mean squared error
    assert abs(kernel_distance(drawn, real)) < 0.2
    assert kernel_distance(mean, real) > 5 * abs(kernel_distance(drawn, real))
    with pytest.raises(ValueError, match="1 and 300 rows: expected two at least"):
        kernel_distance(mean[:1], real)


def test_a_reader_leaves_the_unknown_out():
    generator = np.random.default_rng(3)
    codes = np.repeat([0, 1, -1], 40)
    features = generator.normal(size=(120, 2)) + np.array([[-3, 0], [3, 0], [0, 9]])[codes]
    model = reader(features, codes)
    assert set(model.predict(features)) == {0, 1}
    assert (model.predict(features[:80]) == codes[:80]).mean() > 0.95
