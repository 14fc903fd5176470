"""A gallery shared out over processes: each searches its own part, all get the same ranking.

Processes are those that `torchrun` or `accelerate launch` started; Accelerate moves the results.
For training nothing is needed here: `Run.gather` brings embeddings of all processes into one loss.
"""

from __future__ import annotations

import numpy as np
import torch
from accelerate import PartialState
from accelerate.utils import gather_object

from fashret_utils.retrieval.neighbours import as_rows, blocks, normalised, search

EXTRA = 8  # more candidates than asked: float32 may place neighbours of nearly equal rank otherwise


def own_rows(n: int) -> slice:
    """Which of n gallery rows this process embeds and searches: one stretch, by rank."""
    rank, world = PartialState().process_index, PartialState().num_processes
    return slice(n * rank // world, n * (rank + 1) // world)


def sharded_search(
    query: np.ndarray, shard: np.ndarray, k: int, device: str | torch.device = "cpu"
) -> tuple[np.ndarray, np.ndarray]:
    """`retrieval.search` in a gallery of which each process holds some rows.

    Each process searches its rows exactly. The candidates' cosines are then computed again, in
    float64 and one by one, so that copies of an embedding tie wherever they lie.

    **Arguments**

    - `query`: `(n, d)` embeddings, the same in every process.
    - `shard`: `(m_r, d)` gallery rows of this process; the gallery is all of them, by rank.
    - `k`: how many neighbours, at most as many as the gallery has rows.
    - `device`: where this process searches.

    **Returns** in every process similarities `(n, k)` float32 and indices `(n, k)` int64 into the
    whole gallery; equal similarities in gallery order.

    **Raises** `ValueError` as `retrieval.search` does; a shard may be empty.
    """
    query, shard = as_rows(query, "query"), np.asarray(shard, dtype=np.float32)
    sizes = gather_object([len(shard)])  # in every process, before anything can fail in one
    if not 1 <= k <= sum(sizes):
        raise ValueError(f"k = {k} neighbours of {sum(sizes)} gallery rows: k must be 1 to all")
    first = sum(sizes[: PartialState().process_index])
    found = _candidates(query, shard, min(k + EXTRA, len(shard)), device)
    parts = gather_object([(found[0], found[1] + first)])
    similarities, indices = (np.concatenate(part, axis=1) for part in zip(*parts, strict=True))
    order = np.lexsort((indices, -similarities), axis=1)[:, :k]  # (n, k)
    return tuple(np.take_along_axis(part, order, axis=1) for part in (similarities, indices))


def _candidates(
    query: np.ndarray, shard: np.ndarray, k: int, device: str | torch.device
) -> tuple[np.ndarray, np.ndarray]:
    """The k best rows of a shard for each query: cosines (n, k) float32, rows (n, k) int64."""
    if k == 0:
        return np.empty((len(query), 0), np.float32), np.empty((len(query), 0), np.int64)
    rows = search(query, shard, k, device)[1]
    query, shard = normalised(query), normalised(shard)
    similarities = np.empty(rows.shape, np.float32)
    for a, b in blocks(len(query), k * shard.shape[1]):
        near = shard[rows[a:b]].astype(np.float64)  # (b - a, k, d)
        similarities[a:b] = np.einsum("nd,nkd->nk", query[a:b].astype(np.float64), near)
    return similarities, rows
