"""Fisher vectors and VLAD against loops; SIFT where it should be."""

import numpy as np
import pytest
import torch

from fashret_utils.models import descriptors

RANDOM = np.random.default_rng(0)
SAMPLE = RANDOM.normal(size=(300, 5)) + RANDOM.integers(3, size=(300, 1)) * 2


def test_fisher_vector_is_the_normalised_gradient_of_the_log_likelihood():
    mixture = descriptors.learn_mixture(SAMPLE, 3)
    x = torch.from_numpy(SAMPLE[:40])
    means = torch.from_numpy(mixture.means_).requires_grad_()
    deviations = torch.from_numpy(np.sqrt(mixture.covariances_)).requires_grad_()
    weights = torch.from_numpy(mixture.weights_)
    z = (x[:, None] - means) / deviations  # (n, K, d)
    log = weights.log() - (z**2 / 2 + deviations.log() + np.log(2 * np.pi) / 2).sum(-1)
    by_mean, by_deviation = torch.autograd.grad(log.logsumexp(1).sum(), (means, deviations))
    # Fisher information of a Gaussian: w / s^2 in the mean, 2 w / s^2 in the deviation, n times
    root = deviations.detach() / (len(x) * weights[:, None]).sqrt()
    expected = torch.stack([by_mean * root, by_deviation * root / 2**0.5]).flatten() / len(x) ** 0.5
    expected = expected.sign() * expected.abs().sqrt()
    expected = (expected / expected.norm()).numpy()
    found = descriptors.fisher_vector(SAMPLE[:40], mixture)
    assert found.shape == (2 * 3 * 5,)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_vlad_is_the_loop():
    words = descriptors.learn_words(SAMPLE, 4)
    sums = np.zeros((4, 5))
    for x in SAMPLE[:30]:
        nearest = min(range(4), key=lambda k: np.linalg.norm(x - words[k]))
        sums[nearest] += x - words[nearest]
    parts = [s / np.linalg.norm(s) if s.any() else s for s in sums]
    expected = np.concatenate(parts) / np.linalg.norm(np.concatenate(parts))
    np.testing.assert_allclose(descriptors.vlad(SAMPLE[:30], words), expected, atol=1e-5)


def test_no_descriptors_give_zeros():
    none = np.zeros((0, 5))
    assert not descriptors.fisher_vector(none, descriptors.learn_mixture(SAMPLE, 3)).any()
    assert not descriptors.vlad(none, descriptors.learn_words(SAMPLE, 4)).any()


def blob(x, y, sigma, size=64):
    across, down = np.meshgrid(np.arange(size), np.arange(size))
    return np.exp(-((across - x) ** 2 + (down - y) ** 2) / (2 * sigma**2)).astype(np.float32)


@pytest.mark.parametrize(("place", "sigma"), [((20, 40), 1.7), ((40, 30), 2.4), ((33, 33), 3.4)])
def test_hessian_points_find_a_blob_at_its_place_and_scale(place, sigma):
    points = descriptors.hessian_points(blob(*place, sigma), (1.2, 1.7, 2.4, 3.4, 4.8))
    np.testing.assert_allclose(points[0], (*place, sigma))


def test_descriptors_of_pictures():
    pixels = RANDOM.integers(256, size=(2, 3, 48, 48), dtype=np.uint8)
    dense = descriptors.dense_sift(pixels, step=12)
    assert [d.shape for d in dense] == [(48, 128)] * 2
    np.testing.assert_allclose((dense[0] ** 2).sum(1), 1, atol=1e-4)  # root-SIFT has length 1
    flat = np.full((1, 3, 48, 48), 200, np.uint8)
    assert descriptors.hessian_sift(flat)[0].shape == (0, 128)
    sparse = descriptors.hessian_sift(pixels, count=9)
    assert all(0 < len(d) <= 9 for d in sparse)
