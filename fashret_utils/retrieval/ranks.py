"""Which gallery pictures count for a query, and at which ranks they stand."""

from dataclasses import dataclass

import numpy as np
import torch

from fashret_utils.retrieval.neighbours import Gallery, blocks

# Above this many sought pictures a query, one sort of the gallery is cheaper than counting.
_SORT_ABOVE = 64


@dataclass(frozen=True)
class Relevance:
    """Same item and not excluded: the pictures a query should find, and those it may find."""

    query_codes: np.ndarray  # (n,) items as integers shared by query and gallery
    gallery_codes: np.ndarray  # (m,)
    by_code: np.ndarray  # (m,) gallery rows sorted by code, then by row
    starts: np.ndarray  # by_code[starts[c] : starts[c + 1]] are the rows of code c
    excluded: np.ndarray  # (pairs, 2) query row, gallery row; sorted
    n_relevant: np.ndarray  # (n,)
    n_candidates: np.ndarray  # (n,) gallery pictures that are not excluded

    @classmethod
    def of(
        cls, query_items: np.ndarray, gallery_items: np.ndarray, excluded: np.ndarray
    ) -> "Relevance":
        """Match items of `(n,)` queries and `(m,)` gallery rows, less the excluded pairs."""
        n, m = len(query_items), len(gallery_items)
        names, codes = np.unique(np.concatenate([query_items, gallery_items]), return_inverse=True)
        query_codes, gallery_codes = codes[:n], codes[n:]
        by_code = np.argsort(gallery_codes, kind="stable")
        starts = np.searchsorted(gallery_codes[by_code], np.arange(len(names) + 1))
        out_q, out_g = excluded.T
        same = query_codes[out_q] == gallery_codes[out_g]
        n_relevant = np.diff(starts)[query_codes] - np.bincount(out_q[same], minlength=n)
        n_candidates = m - np.bincount(out_q, minlength=n)
        return cls(query_codes, gallery_codes, by_code, starts, excluded, n_relevant, n_candidates)

    def excluded_of(self, query: int) -> np.ndarray:
        """Gallery rows excluded for one query row."""
        start, stop = np.searchsorted(self.excluded[:, 0], [query, query + 1])
        return self.excluded[start:stop, 1]

    def relevant_to(self, query: int) -> np.ndarray:
        """Gallery rows, ascending, that one query row should find."""
        code = self.query_codes[query]
        rows = self.by_code[self.starts[code] : self.starts[code + 1]]
        return rows if not len(self.excluded) else np.setdiff1d(rows, self.excluded_of(query))

    def first_relevant(self, queries: np.ndarray) -> np.ndarray:
        """The lowest relevant gallery row of each query row `(b,)`, -1 without one."""
        starts = self.starts[self.query_codes[queries]]
        first = self.by_code[np.minimum(starts, len(self.by_code) - 1)]
        for place in np.flatnonzero(self.n_candidates[queries] < len(self.by_code)):
            first[place] = min(self.relevant_to(queries[place]), default=-1)
        return np.where(self.n_relevant[queries] > 0, first, -1)

    def of_ranked(self, queries: np.ndarray, indices: np.ndarray) -> np.ndarray:
        """Whether ranked gallery rows `(b, depth)` are relevant to query rows `(b,)`: bool."""
        same = self.gallery_codes[indices] == self.query_codes[queries][:, None]
        return same & (indices >= 0) if len(self.excluded) else same

    def nearest(
        self, index: Gallery, unit: np.ndarray, queries: np.ndarray, depth: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """The `depth` most similar candidates of query rows `(b,)` with unit embeddings `(b, d)`.

        **Returns** similarities and indices `(b, depth)`; where a query has fewer candidates the
        indices end in -1.
        """
        size = len(self.gallery_codes)
        if not len(self.excluded):
            return index.nearest(unit, min(depth, size))
        n_excluded = size - self.n_candidates[queries]
        similarities, indices = index.nearest(unit, min(depth + int(n_excluded.max()), size))
        pairs = self.excluded @ (size, 1)  # one integer a pair
        out = np.isin(queries[:, None] * size + indices, pairs)
        order = np.argsort(out, axis=1, kind="stable")[:, :depth]  # candidates first, in order
        indices = np.where(out, -1, indices)
        return (
            np.take_along_axis(similarities, order, axis=1),
            np.take_along_axis(indices, order, axis=1),
        )


def relevant_ranks(
    index: Gallery,
    unit: np.ndarray,
    queries: np.ndarray,
    relevance: Relevance,
    relevant: np.ndarray,
    indices: np.ndarray,
) -> np.ndarray:
    """Ranks from 1 of every relevant picture, ascending, `(b, R_max)`, padded with infinity.

    Pictures within the searched depth have their rank already. The rank of another is one more
    than the number of candidates before it, so the gallery need not be sorted.

    **Arguments**

    - `unit`: `(b, d)` unit embeddings of the query rows `queries` `(b,)`.
    - `relevant`, `indices`: `(b, depth)`, the top of the ranking.
    """
    ranks = np.full((len(queries), max(1, relevance.n_relevant[queries].max())), np.inf)
    found = relevant.sum(axis=1)
    rows, places = np.nonzero(relevant)
    ranks[rows, np.arange(len(rows)) - (np.cumsum(found) - found)[rows]] = places + 1
    depth = relevant.shape[1]
    lacking = np.flatnonzero(found < relevance.n_relevant[queries])
    for start, stop in blocks(len(lacking), len(relevance.gallery_codes)):
        chunk = lacking[start:stop]
        sought = [
            np.setdiff1d(relevance.relevant_to(queries[row]), indices[row][relevant[row]])
            for row in chunk
        ]
        similarities = index.similarities(unit[chunk])  # (c, m)
        if len(relevance.excluded):
            out = [relevance.excluded_of(query) for query in queries[chunk]]
            pairs = np.repeat(np.arange(len(out)), [len(rows) for rows in out]), np.concatenate(out)
            where = tuple(torch.from_numpy(p).to(similarities.device) for p in pairs)
            similarities[where] = -np.inf
        for row, beyond in zip(chunk, _count_or_sort(similarities, sought), strict=True):
            # The search and this product may round differently: what the search left out comes
            # after what it found.
            beyond = np.maximum(np.sort(beyond), depth + 1 + np.arange(len(beyond)))
            ranks[row, found[row] : found[row] + len(beyond)] = beyond
    return ranks


def _count_or_sort(similarities, sought: list[np.ndarray]) -> list[np.ndarray]:
    """Ranks of the sought columns of each row of `similarities` `(c, m)`, ties by column."""
    many = sum(map(len, sought)) > _SORT_ABOVE * len(sought)
    if many or similarities.device.type == "cuda":
        order = similarities.sort(dim=1, descending=True, stable=True).indices
        rank = order.argsort(dim=1).cpu().numpy() + 1
        return [rank[i, columns] for i, columns in enumerate(sought)]
    ranks = []
    for row, columns in zip(similarities.numpy(), sought, strict=True):
        ahead = [
            np.count_nonzero(row[:column] >= row[column])
            + np.count_nonzero(row[column + 1 :] > row[column])
            for column in columns
        ]
        ranks.append(np.asarray(ahead) + 1)
    return ranks
