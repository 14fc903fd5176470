"""The interval of a mean, or of a paired difference, that holds for other seeds and other items.

Seeds and items (with all their queries) are drawn again at once: the pigeonhole bootstrap (Owen,
The pigeonhole bootstrap, Annals of Applied Statistics 1, 2007). Taken as it is, its percentiles are
too wide where seeds and items interact, since it counts that variance three times, and too narrow
where few seeds differ much, since the means of n drawn again vary by (n - 1) / n (McCullagh,
Resampling and exchangeable arrays, Bernoulli 6, 2000, shows that no resampling gets this variance
right). So the draws give the shape, the components of variance the size, and Student's t with
Satterthwaite's degrees of freedom the price of few seeds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.special import ndtr, stdtr, stdtrit
from threadpoolctl import threadpool_limits

from fashret_utils.evidence.statistics.components import Components, components

DRAWS = 10_000
_BLOCK = 2**18  # numbers drawn at once: they stay in the processor's cache


@dataclass(frozen=True)
class Estimate:
    """A mean over seeds and queries with its 95 % interval and two-sided p against zero."""

    value: float
    low: float
    high: float
    p: float
    seeds: int
    items: int  # what was drawn again: items, or families of them
    queries: int  # 0 for numbers of whole runs
    components: Components

    @property
    def half_width(self) -> float:
        """Half the length of the interval."""
        return (self.high - self.low) / 2

    @property
    def drawn(self) -> str:
        """Over what the interval holds, in words."""
        if not self.queries:
            return "seeds alone"
        return "seeds and items" if self.seeds > 1 else "items; one seed"


def difference(
    a: np.ndarray, b: np.ndarray, items: np.ndarray, draws: int = DRAWS, seed: int = 0
) -> Estimate:
    """Estimate the mean of a - b, seed by seed and query by query.

    **Arguments**: `a`, `b` - (seeds, queries), the same seeds and queries in the same order; one of
    them may be (queries,), when it has no seeds, as a network that is not trained; `items`,
    `draws`, `seed` - as in `crossed`.

    **Raises** `ValueError` as `crossed`, and for shapes that do not pair.
    """
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if a.shape[-1:] != b.shape[-1:] or (a.ndim == b.ndim and a.shape != b.shape):
        raise ValueError(
            f"a {a.shape} and b {b.shape} do not pair: expected (seeds, queries) twice"
        )
    return crossed(a - b, items, draws, seed)


def crossed(values: np.ndarray, items: np.ndarray, draws: int = DRAWS, seed: int = 0) -> Estimate:
    """Estimate the mean of `values`, every query with the same weight.

    **Arguments**

    - `values`: (seeds, queries), or (queries,) for one seed; with one seed only items are drawn.
    - `items`: (queries,) what is drawn again with all its queries: the item, or its family.
    - `draws`: how often; `seed` of their generator.

    **Raises** `ValueError` for lengths that differ, values that are not finite, fewer than two
    items.
    """
    values = np.atleast_2d(np.asarray(values, dtype=np.float64))
    _, codes, counts = np.unique(items, return_inverse=True, return_counts=True)
    if codes.shape != values.shape[1:]:
        raise ValueError(f"values {values.shape} of {codes.shape} items: expected (seeds, queries)")
    if not np.isfinite(values).all() or len(counts) < 2 or not len(values):
        raise ValueError(
            f"expected finite values of at least two items, found {len(counts)} items, "
            f"{np.count_nonzero(~np.isfinite(values))} values that are not finite"
        )
    sums = np.stack([np.bincount(codes, row) for row in values])  # (seeds, items)
    mean = float(values.mean())
    # The mean is a ratio, sum of values by number of queries: what each item adds to it, linearly.
    parts = components((sums - counts * mean) / counts.mean())
    low, high, p = _calibrated(np.concatenate(list(_means(sums, counts, draws, seed))), mean, parts)
    return Estimate(mean, low, high, p, len(values), len(counts), values.shape[1], parts)


def t_interval(values: np.ndarray) -> tuple[float, float, float]:
    """Mean and Student's 95 % interval over seeds alone, as if there were no other items.

    **Arguments**: `values` - (seeds,); the interval is NaN for one seed.
    """
    found = over_seeds(values)
    return found.value, found.low, found.high


def over_seeds(values: np.ndarray) -> Estimate:
    """Estimate the mean of one number a run, such as a difference of what has no queries.

    **Arguments**: `values` - (seeds,); interval and p are NaN for one seed.
    """
    n, mean = len(values), float(np.mean(values))
    if n < 2:
        return Estimate(mean, np.nan, np.nan, np.nan, n, 0, 0, Components(None, 0.0, 0.0, n, 1))
    variance = float(np.var(values, ddof=1))
    error = np.sqrt(variance / n)
    half = float(stdtrit(n - 1, 0.975) * error)
    p = 2 * float(stdtr(n - 1, -abs(mean) / error)) if error else float(mean == 0)
    parts = Components(variance, 0.0, 0.0, n, 1)
    return Estimate(mean, mean - half, mean + half, p, n, 0, 0, parts)


def _means(sums: np.ndarray, counts: np.ndarray, draws: int, seed: int) -> Iterator[np.ndarray]:
    """Means over seeds and items drawn again, in blocks.

    **Arguments**: `sums` - (seeds, items) over the queries of each item; `counts` - (items,).
    """
    n, m = sums.shape
    columns = np.vstack([sums, counts]).T.astype(np.float32)  # (items, seeds + 1)
    of_items, of_seeds = _draws(m, draws, seed), _draws(n, draws, seed + 1)
    size = max(1, _BLOCK // m)
    with threadpool_limits(1, user_api="blas"):  # threads cost more than they bring here
        for start in range(0, draws, size):
            block = slice(start, start + size)
            drawn = of_items[block].astype(np.float32) @ columns  # (block, seeds + 1)
            yield (of_seeds[block] * drawn[:, :-1]).sum(axis=1) / (n * drawn[:, -1])


@lru_cache(maxsize=8)
def _draws(n: int, draws: int, seed: int) -> np.ndarray:
    """How often each of n is in each draw: (draws, n), kept, since many contrasts share them."""
    random = np.random.default_rng(seed)
    size = max(1, _BLOCK // n)
    blocks = [
        drawn_again(random, min(size, draws - start), n).astype(np.uint16)
        for start in range(0, draws, size)
    ]
    return np.concatenate(blocks)


def drawn_again(random: np.random.Generator, draws: int, n: int) -> np.ndarray:
    """How often each of n is among n drawn with replacement: (draws, n) float32."""
    picks = random.integers(n, size=(draws, n), dtype=np.int32 if draws * n < 2**31 else np.int64)
    picks += np.arange(0, draws * n, n, dtype=picks.dtype)[:, None]  # a range of bins a draw
    return np.bincount(picks.ravel(), minlength=draws * n).reshape(draws, n).astype(np.float32)


def _calibrated(means: np.ndarray, mean: float, parts: Components) -> tuple[float, float, float]:
    """Interval and p from the draws, after each is stretched from a normal to Student's t.

    A draw x deviations from the mean goes to T^-1(Phi(x)) standard errors: draws that are normal
    become Student's t, those that are skewed stay skewed.
    """
    spread, error = means.std(), np.sqrt(parts.variance())
    if spread == 0 or error == 0:  # all values are equal
        return mean, mean, float(mean == 0)
    freedom = parts.freedom()
    x = np.sort((means - means.mean()) / spread)
    low, high = mean + error * _stretched(np.quantile(x, [0.025, 0.975]), freedom)
    # Where zero lies: x with mean + error * stretched(x) = 0
    at = stdtr(freedom, -mean / error)
    below = np.searchsorted(ndtr(x), at)
    tail = min(below, len(x) - below) / len(x)
    p = 2 * tail if tail >= 10 / len(x) else 2 * min(at, 1 - at)  # too few draws lie beyond
    return float(low), float(high), float(min(p, 1))


def _stretched(x: np.ndarray, freedom: float) -> np.ndarray:
    return stdtrit(freedom, ndtr(x))
