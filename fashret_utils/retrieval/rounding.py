"""Whether float32 rounding, not the model, decides at which rank the right picture stands.

A learnt function may press all similarities into [0.99998, 1]: float32 has a few hundred values
there, and a gallery of thousands is ranked by how products happen to be rounded.
"""

from __future__ import annotations

import warnings

import numpy as np

from fashret_utils.retrieval.neighbours import Gallery, blocks
from fashret_utils.retrieval.ranks import Relevance

ROUNDING = 2 * float(np.finfo(np.float32).eps)  # of a cosine near 1: 2.4e-7
SAMPLE = 256  # queries looked at
UNSURE = 0.1  # a rank counts as decided by rounding if it may be off by this part of itself
FEWEST = 20  # queries: fewer are an example on paper, in which ties are meant
SHARE = 0.05  # of such queries, from which on there is a warning


def warn_of_ties(
    index: Gallery, unit: np.ndarray, queries: np.ndarray, relevance: Relevance
) -> None:
    """Warn with the spread of similarities where ties within rounding decide ranks.

    **Arguments**: `unit` (n, d) - unit embeddings of the query rows `queries` (n,), of which 256
    at most are looked at, evenly spaced; fewer than 20 are not.
    """
    asked = np.flatnonzero(relevance.n_relevant[queries] > 0)
    size = len(relevance.gallery_codes)
    count = min(len(asked), SAMPLE, next(blocks(len(asked) + 1, size))[1])
    places = asked[np.linspace(0, len(asked) - 1, count).round().astype(int)]
    if len(places) < FEWEST:
        return
    similarities = index.similarities(unit[places]).cpu().numpy()  # (s, m)
    unsure = [
        _unsure(row, queries[place], relevance)
        for row, place in zip(similarities, places, strict=True)
    ]
    if np.mean(unsure) < SHARE:
        return
    low, high = float(similarities.min()), float(similarities.max())
    warnings.warn(
        f"ties within float32 rounding ({ROUNDING:.1e}) decide the rank of the right picture for "
        f"{np.mean(unsure):.0%} of {len(unsure)} queries looked at; similarities lie between "
        f"{low:.7g} and {high:.7g}, a spread of {high - low:.2g}. Such an order is not the "
        "model's: spread the embeddings (take their mean away, train longer) or rank in float64",
        stacklevel=3,
    )


def _unsure(similarities: np.ndarray, query: int, relevance: Relevance) -> bool:
    """Whether the first right picture's rank may be off by `UNSURE` of itself; (m,)."""
    right = relevance.relevant_to(query)
    best = similarities[right].max()
    other = np.ones(len(similarities), dtype=bool)
    other[right] = False
    other[relevance.excluded_of(query)] = False
    ahead = np.count_nonzero(other & (similarities > best + ROUNDING))
    tied = np.count_nonzero(other & (np.abs(similarities - best) <= ROUNDING))
    return tied > 0 and tied >= UNSURE * (ahead + 1)
