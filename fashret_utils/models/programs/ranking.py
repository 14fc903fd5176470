"""Rankings in double precision, for functions that may press all similarities together.

cos(e) of embeddings of length 1 leaves all cosines between 0.99998 and 1. A search in float32 then
ranks by how products happen to be rounded: such a function is refused by name.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

ROUNDING = float(np.finfo(np.float32).eps)  # of a cosine near 1
ROUNDINGS = 1000  # that similarities must be spread over
CHUNK = 2**22  # comparisons at once


class CollapsedSimilaritiesError(ValueError):
    """All similarities lie so close together that a search in float32 could not rank by them."""


def similarities(query: Tensor, gallery: Tensor) -> Tensor:
    """Cosines of all pairs in float64: (n, d), (m, d) -> (n, m).

    **Raises** `ValueError` for values that are not finite and for rows of one number, of which
    every cosine is 1 or -1; `CollapsedSimilaritiesError` where the standard deviation of the
    cosines is below a thousand roundings of float32.
    """
    if query.dim() != 2 or query.shape[1:] != gallery.shape[1:] or query.shape[1] < 2:
        raise ValueError(
            f"query {tuple(query.shape)} and gallery {tuple(gallery.shape)}: expected (n, d) and "
            "(m, d) with d > 1"
        )
    if not (query.isfinite().all() and gallery.isfinite().all()):
        raise ValueError("the embeddings hold values that are not finite")
    found = F.normalize(query.double()) @ F.normalize(gallery.double()).T
    spread = float(found.std())
    if spread < ROUNDINGS * ROUNDING:
        raise CollapsedSimilaritiesError(
            f"similarities collapse: they lie between {float(found.min()):.7g} and "
            f"{float(found.max()):.7g}, standard deviation {spread:.2g}, under {ROUNDINGS} "
            f"roundings of float32 ({ROUNDINGS * ROUNDING:.2g})"
        )
    return found


def places_of(relevant: Tensor) -> tuple[Tensor, Tensor]:
    """Where the right pictures of every query lie: what `precisions` needs of them.

    **Arguments**: `relevant` (n, m) bool.

    **Returns** places in the gallery (n, r), and which of these there are (n, r) bool: a query may
    have fewer than r.

    **Raises** `ValueError` for a query without a relevant picture.
    """
    counts = relevant.sum(1)
    if not counts.all():
        row = int((counts == 0).nonzero()[0, 0])
        raise ValueError(f"query {row} has no relevant picture in the gallery")
    most = int(counts.max())
    places = relevant.to(torch.int8).argsort(dim=1, descending=True, stable=True)[:, :most]
    return places, relevant.gather(1, places)


def precisions(found: Tensor, places: Tensor, there: Tensor) -> tuple[Tensor, Tensor]:
    """Average precision and rank of the first right picture of every query.

    Equal similarities count in gallery order, as in `retrieval.evaluate`.

    **Arguments**: `found` (n, m) - similarities; `places`, `there` - as of `places_of`.

    **Returns** (n,) float64 from 0 to 1, and (n,) int64 from 1.
    """
    counts, most, m = there.sum(1), places.shape[1], found.shape[1]
    own, before = found.gather(1, places), torch.arange(m, device=found.device)
    ranks = torch.empty_like(places)
    step = max(1, CHUNK // (most * m))
    for i in range(0, len(found), step):
        part, mine = found[i : i + step, None], own[i : i + step, :, None]  # (b, 1, m), (b, r, 1)
        ahead = (part > mine) | ((part == mine) & (before < places[i : i + step, :, None]))
        ranks[i : i + step] = 1 + ahead.sum(2)
    ranks = ranks.masked_fill(~there, torch.iinfo(torch.int64).max).sort(dim=1).values
    nth = torch.arange(1, most + 1, device=found.device)
    share = torch.where(nth <= counts[:, None], nth / ranks.double(), 0.0)
    return share.sum(1) / counts, ranks[:, 0]
