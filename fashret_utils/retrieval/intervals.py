"""Percentile bootstrap over queries."""

import numpy as np
from threadpoolctl import threadpool_limits


def bootstrap_means(values: np.ndarray, draws: int, seed: int) -> np.ndarray:
    """Means of `draws` resamples, with replacement, of the rows of `values`.

    All columns share the resamples, so differences between columns are paired.

    **Arguments**

    - `values`: `(n, c)`, one row a query, one column a metric.
    - `draws`: number of resamples; `seed` of their generator.

    **Returns** `(draws, c)` float64.
    """
    n = len(values)
    random = np.random.default_rng(seed)
    means = np.empty((draws, values.shape[1]))
    step = max(1, 2**17 // n)  # blocks that stay in the processor's cache
    # Threads cost more than they bring on products this small, above all on a busy machine.
    with threadpool_limits(1, user_api="blas"):
        for start in range(0, draws, step):
            size = min(step, draws - start)
            picks = random.integers(n, size=(size, n))
            picks += np.arange(size)[:, None] * n  # one range of bins for each resample
            weights = np.bincount(picks.ravel(), minlength=size * n).reshape(size, n)
            means[start : start + size] = weights.astype(np.float64) @ values / n
    return means


def percentile_interval(means: np.ndarray) -> tuple[float, float]:
    """The central 95 % of bootstrap means `(draws,)`: (low, high)."""
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)
