"""Pictures as one vector by SIFT and a codebook learnt from some of them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fashret_utils.models import descriptors

SAMPLE = 50_000  # descriptors that a codebook is learnt from
Encode = Callable[[np.ndarray], np.ndarray]


def encoder(kind: str, pictures: np.ndarray, seed: int = 0, words: int = 64) -> Encode:
    """Learn a codebook.

    "dsift_fisher" is dense SIFT, reduced to 64 numbers, and Fisher vectors (Jegou et al. 2012);
    "hessian_vlad" SIFT at Hessian points and VLAD (Arandjelovic and Zisserman 2013).

    **Arguments**: `kind` - one of the two; `pictures` - uint8 (n, 3, S, S), of training; `words` -
    Gaussians, or centres.

    **Returns** a function from pictures (n, 3, S, S) to vectors (n, 2 x 64 x words) or
    (n, 128 x words).

    **Raises** `ValueError` for another kind.
    """
    if kind not in _KINDS:
        raise ValueError(f"{kind!r} is no kind of codebook: choose one of {', '.join(_KINDS)}")
    describe, learn = _KINDS[kind]
    sample = np.concatenate(describe(pictures))
    sample = np.random.default_rng(seed).permutation(sample)[:SAMPLE]
    encode = learn(sample, words, seed)
    return lambda pixels: np.stack([encode(points) for points in describe(pixels)])


def _fisher(sample: np.ndarray, words: int, seed: int) -> Encode:
    middle = sample.mean(0)
    axes = np.linalg.svd(sample - middle, full_matrices=False)[2][:64].T  # PCA: (128, 64)
    mixture = descriptors.learn_mixture((sample - middle) @ axes, words, seed)
    return lambda x: descriptors.fisher_vector((x - middle) @ axes, mixture)


def _vlad(sample: np.ndarray, words: int, seed: int) -> Encode:
    centres = descriptors.learn_words(sample, words, seed)
    return lambda x: descriptors.vlad(x, centres)


_KINDS = {
    "dsift_fisher": (descriptors.dense_sift, _fisher),
    "hessian_vlad": (descriptors.hessian_sift, _vlad),
}
