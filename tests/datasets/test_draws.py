"""Hashed random numbers: uniform, and a function of the key alone."""

import numpy as np
from scipy import stats

from fashret_utils.datasets.fashion_mnist_street.draws import uniforms


def test_numbers_depend_on_the_key_only():
    items, index = np.arange(50), np.arange(50) % 3
    together = uniforms(7, items, index, 2, count=9)
    assert together.shape == (50, 9)
    assert together.dtype == np.float32
    order = np.random.default_rng(0).permutation(50)
    assert (uniforms(7, items[order], index[order], 2, count=9) == together[order]).all()
    assert (uniforms(7, np.array([31]), np.array([1]), 2, count=9)[0] == together[31]).all()
    assert (uniforms(7, items, index, 2, count=4) == together[:, :4]).all()
    for other in ((8, items, index, 2), (7, items + 1, index, 2), (7, items, index, 3)):
        assert abs(np.corrcoef(uniforms(*other, count=9).ravel(), together.ravel())[0, 1]) < 0.2


def test_a_known_value():
    # SplitMix64 from state 0 begins with e220a8397b1dcdaf; its upper 24 bits make the number, and
    # with no key the state is 0.
    assert uniforms(count=1)[0, 0] == np.float32(0xE220A8 / 2**24)


def test_numbers_are_uniform_along_keys_and_along_a_row():
    numbers = uniforms(0, np.arange(2000), count=20)
    for sample in (numbers.ravel(), numbers[:, 0], numbers[:, 19]):
        assert stats.kstest(sample, "uniform").pvalue > 0.01
    correlation = np.corrcoef(numbers.T) - np.eye(20)
    assert abs(correlation).max() < 0.1
    assert numbers.max() < 1
