"""Search of large galleries: faiss indexes behind one option, in shards, in memory or on disk.

`retrieval.search` compares a query with every row. Here the same question goes to an index that
may look at fewer rows, or at shorter ones, and may be larger than memory. All on the CPU.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import faiss
import numpy as np
import torch

from fashret_utils.retrieval.neighbours import Gallery, as_rows, blocks, normalised

KINDS = {
    "exact": "all rows as they are",
    "ivf": "all rows in cells around k-means centres; the nearest cells are searched",
    "hnsw": "a graph of near rows, walked from the top of a hierarchy",
    "pq": "a code of a quarter byte a dimension for each row; all codes are searched",
    "ivf-pq": "codes in cells; the best are ranked again by rows of half precision",
}
EFFORT = {"ivf": 16, "hnsw": 64, "ivf-pq": 16}  # cells visited, candidates kept, cells visited
RERANK = 10  # ivf-pq: candidates ranked again, as a multiple of k
_TRAIN = 64  # rows a k-means centre is learnt from; faiss warns below 39
_CODEWORDS = 256  # centres of each part of a code of whole bytes


def default_recipe(kind: str, rows: int, dimensions: int) -> str:
    """What `faiss.index_factory` is asked for: the choice of sizes for a kind of index.

    Codes take one byte for four dimensions, or a little less where four is no divisor.

    **Raises** `ValueError` for an unknown kind, or fewer rows than a code has values.
    """
    if kind not in KINDS:
        raise ValueError(f"unknown kind of index {kind!r}: choose one of {', '.join(KINDS)}")
    if "pq" in kind and rows < _CODEWORDS:
        raise ValueError(
            f"kind {kind!r} learns {_CODEWORDS} code values and needs as many rows; the gallery "
            f"has {rows}. Choose exact"
        )
    code = max(m for m in range(1, max(1, dimensions // 4) + 1) if dimensions % m == 0)
    # "np" leaves out a reordering of the codes that takes minutes and that no search here uses.
    return {
        "exact": "Flat",
        "ivf": f"IVF{cells(rows)},Flat",
        "hnsw": "HNSW16,Flat",
        "pq": f"PQ{code}np",
        "ivf-pq": f"IVF{cells(rows)},PQ{code}np,Refine(SQfp16)",
    }[kind]


def cells(rows: int) -> int:
    """Cells of an ivf index: the power of two nearest to twice the square root of the rows.

    More make the cells smaller and the finding of the right ones longer.
    """
    return max(1, min(2 ** round(np.log2(2 * np.sqrt(rows))), rows // 39))


@dataclass(frozen=True)
class Shard:
    """One part of a gallery, in rows that follow each other."""

    index: faiss.Index
    start: int  # gallery row of its first row
    size: int
    copy_of: np.ndarray | None = None  # exact only, (size,): which indexed row each row is

    @cached_property
    def rows(self) -> np.ndarray:
        """The unit rows of an exact index, without a copy: `(u, d)`, perhaps on disk."""
        u, d = self.index.ntotal, self.index.d
        return faiss.rev_swig_ptr(self.index.get_xb(), u * d).reshape(u, d)

    @cached_property
    def exact(self) -> Gallery:
        """The rows as the house searches them."""
        copies = None if self.copy_of is None else torch.from_numpy(np.array(self.copy_of))
        return Gallery(torch.from_numpy(self.rows), copies, self.size)


@dataclass(frozen=True)
class Index:
    """A searchable gallery. Made by `build`, or by `index_files.load`."""

    kind: str
    recipe: str
    dimensions: int
    shards: tuple[Shard, ...]

    def __len__(self) -> int:
        return sum(shard.size for shard in self.shards)

    def search(
        self, query: np.ndarray, k: int, effort: int | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """The k gallery rows most similar to each query that the index finds.

        Equal similarities are in gallery order. With kind exact this is `retrieval.search`, with
        that order also at the cut after rank k.

        **Arguments**

        - `query`: `(n, d)` embeddings, normalised inside.
        - `k`: how many neighbours, at most the gallery's rows.
        - `effort`: cells visited (ivf, ivf-pq) or candidates kept (hnsw): more finds more and
          takes longer. By default `EFFORT`.

        **Returns** similarities `(n, k)` float32 and gallery indices `(n, k)` int64. Where an
        approximate index finds fewer than k, the indices end in -1 with similarity -inf. The
        similarities of kind pq are those of the codes, not of the rows.

        **Raises** `ValueError` for NaN or Inf, a query of another width, `k` outside `1..m`, an
        effort below 1 or for a kind that has none.
        """
        query = as_rows(query, "query")
        if query.shape[1] != self.dimensions:
            raise ValueError(
                f"query rows have {query.shape[1]} dimensions, the index {self.dimensions}; "
                "both must come from the same model"
            )
        if not 1 <= k <= len(self):
            raise ValueError(
                f"k = {k} neighbours asked of an index of {len(self)} rows; "
                f"k must be 1 to {len(self)}"
            )
        parameters = _parameters(self.kind, effort, k)
        unit = normalised(query)
        if self.kind == "exact" and len(self.shards) == 1:
            return self.shards[0].exact.nearest(unit, k)
        found = [self._nearest(shard, unit, k, parameters) for shard in self.shards]
        similarities, indices = (np.concatenate(part, axis=1) for part in zip(*found, strict=True))
        order = np.lexsort((indices, -similarities), axis=1)[:, :k]
        return tuple(np.take_along_axis(part, order, axis=1) for part in (similarities, indices))

    def _nearest(self, shard: Shard, unit, k: int, parameters) -> tuple[np.ndarray, np.ndarray]:
        if self.kind == "exact":
            _, indices = shard.exact.nearest(unit, min(k, shard.size))
            similarities = _similarities(shard, unit, indices)
        else:
            # faiss.contrib.torch_utils, which pytorch-metric-learning imports, puts a `search`
            # without `params` in the place of faiss's own and keeps that as `search_numpy`.
            search = getattr(shard.index, "search_numpy", shard.index.search)
            similarities, indices = search(unit, k, params=parameters)
            similarities[indices < 0] = -np.inf
        return similarities, np.where(indices < 0, -1, indices + shard.start)


def build(
    gallery: np.ndarray,
    kind: str = "exact",
    *,
    shards: int = 1,
    recipe: str | None = None,
    seed: int = 0,
) -> Index:
    """Index a gallery in memory.

    **Arguments**

    - `gallery`: `(m, d)` embeddings, normalised inside; float32 memory maps are read in parts.
    - `kind`: `"exact"`, `"ivf"`, `"hnsw"`, `"pq"` or `"ivf-pq"`; `KINDS` says what each is.
    - `shards`: parts of about equal size. Cells and codes are learnt once for all, so that ivf, pq
      and ivf-pq find the same with any number of them; hnsw builds a graph for each.
    - `recipe`: another string for `faiss.index_factory` of the same kind, such as
      `"IVF65536_HNSW32,Flat"`; by default that of `default_recipe`.
    - `seed`: of the sample that cells and codes are learnt from.

    **Raises** `ValueError` for an unknown kind, an empty gallery, NaN or Inf, a bad recipe.
    """
    gallery = as_rows(gallery, "gallery")
    recipe = recipe or default_recipe(kind, *gallery.shape)
    made = tuple(make_shards(gallery, kind, recipe, shards, seed))
    return Index(kind, recipe, gallery.shape[1], made)


def make_shards(
    gallery: np.ndarray, kind: str, recipe: str, shards: int, seed: int
) -> Iterator[Shard]:
    """Index one part of a gallery after the other; arguments as for `build`, rows as they come."""
    rows, dimensions = gallery.shape
    if kind not in KINDS:
        raise ValueError(f"unknown kind of index {kind!r}: choose one of {', '.join(KINDS)}")
    if not 1 <= shards <= rows:
        raise ValueError(f"shards = {shards} of a gallery of {rows} rows; expected 1 to {rows}")
    try:
        empty = faiss.index_factory(dimensions, recipe, faiss.METRIC_INNER_PRODUCT)
    except RuntimeError as error:
        raise ValueError(f"faiss knows no index {recipe!r} of {dimensions} dimensions") from error
    if not empty.is_trained:
        _train(empty, gallery, seed)
    for start, stop in pairwise(np.linspace(0, rows, shards + 1).astype(int).tolist()):
        index, part = faiss.clone_index(empty), gallery[start:stop]
        if kind == "exact":  # equal rows once: matrix products round them differently
            known = Gallery.of(part)
            index.add(known.distinct.numpy())
            copy_of = None if known.copy_of is None else known.copy_of.numpy()
            yield Shard(index, start, stop - start, copy_of)
            continue
        for a, b in blocks(*part.shape):
            index.add(normalised(part[a:b]))
        yield Shard(index, start, stop - start)


def _train(index: faiss.Index, gallery: np.ndarray, seed: int) -> None:
    ivf = faiss.try_extract_index_ivf(index)
    centres = _CODEWORDS if ivf is None else max(_CODEWORDS, ivf.nlist)
    coded = getattr(index if ivf is None else faiss.downcast_index(ivf), "pq", None)
    for learnt in (ivf, coded):
        if learnt is not None:  # more rows and rounds change the centres, hardly what they find
            learnt.cp.niter, learnt.cp.max_points_per_centroid = 10, _TRAIN
            learnt.cp.min_points_per_centroid = 1  # a small gallery is no reason for a warning
    sample = min(len(gallery), _TRAIN * centres)
    rows = np.random.default_rng(seed).choice(len(gallery), sample, replace=False)
    index.train(normalised(gallery[np.sort(rows)]))


def _parameters(kind: str, effort: int | None, k: int) -> faiss.SearchParameters | None:
    if kind not in EFFORT:
        if effort is not None:
            raise ValueError(f"kind {kind!r} looks at every row: leave effort out")
        return None
    effort = EFFORT[kind] if effort is None else effort
    if effort < 1:
        raise ValueError(f"effort = {effort}; expected a whole number of at least 1")
    if kind == "hnsw":
        return faiss.SearchParametersHNSW(efSearch=max(effort, k))
    cells = faiss.SearchParametersIVF(nprobe=effort)
    if kind == "ivf":
        return cells
    return faiss.IndexRefineSearchParameters(k_factor=RERANK, base_index_params=cells)


def _similarities(shard: Shard, unit: np.ndarray, indices: np.ndarray) -> np.ndarray:
    """Cosines in float64, rounded once: equal for equal rows, whichever shard they are in."""
    similarities = np.empty(indices.shape, dtype=np.float32)
    places = indices if shard.copy_of is None else shard.copy_of[indices]
    for a, b in blocks(len(unit), indices.shape[1] * unit.shape[1]):
        rows = shard.rows[places[a:b]].astype(np.float64)  # (b, k, d)
        similarities[a:b] = np.einsum("nkd,nd->nk", rows, unit[a:b].astype(np.float64))
    return similarities
