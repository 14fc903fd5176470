"""Simulated runs with known truth: two arms, and what seeds, items and queries do to them."""

import numpy as np
import pytest
from numpy.polynomial.hermite_e import hermegauss
from scipy.special import expit

_NODES, _WEIGHTS = hermegauss(80)


def _mean(level, variance):
    """Mean of expit(level + sqrt(variance) Z) for a standard normal Z."""
    return expit(level + np.sqrt(variance) * _NODES) @ _WEIGHTS / _WEIGHTS.sum()


def _simulate(
    random,
    levels=(-1.0, -1.2),  # of the arms, in logits: mAP of about 31 and 28 %
    seeds=5,
    items=200,
    queries=(2, 4),  # an item has, from and to
    seed=0.08,  # standard deviations of the effects of a seed, an item, an item under one arm,
    item=1.0,  # of a seed on an item and on a query, and of a query
    own=0.5,
    rest=0.8,
    query=0.8,
):
    """Average precisions of arms (seeds, queries), items of the queries, and the true means."""
    groups = np.repeat(np.arange(items), random.integers(queries[0], queries[1] + 1, items))
    n = len(groups)
    common = random.normal(0, item, items)[groups] + random.normal(0, query, n)
    arms = [
        expit(
            level
            + common
            + random.normal(0, own, items)[groups]
            + random.normal(0, seed, (seeds, 1))
            + random.normal(0, 0.7 * rest, (seeds, items))[:, groups]
            + random.normal(0, 0.7 * rest, (seeds, n))
        )
        for level in levels
    ]
    variance = item**2 + query**2 + own**2 + seed**2 + 2 * (0.7 * rest) ** 2
    return arms, groups, [_mean(level, variance) for level in levels]


@pytest.fixture
def simulate():
    """`simulate(random, ...)`, see `_simulate`."""
    return _simulate


@pytest.fixture
def random():
    """A generator of its own for each test: one that runs alone sees the same numbers."""
    return np.random.default_rng(0)
