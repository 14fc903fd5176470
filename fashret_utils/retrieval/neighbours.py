"""Exact nearest-neighbour search by cosine, with equal similarities always in gallery order."""

from collections.abc import Iterator
from dataclasses import dataclass

import faiss
import numpy as np
import torch

# Similarities held at a time: 2**25 float32 values are 128 MiB, whatever the gallery's size.
_BLOCK = 2**25


def search(
    query: np.ndarray, gallery: np.ndarray, k: int, device: str | torch.device = "cpu"
) -> tuple[np.ndarray, np.ndarray]:
    """The k gallery rows most similar to each query, most similar first.

    Rows are L2-normalised inside, so similarity is the cosine; a row of zeros has similarity 0 to
    everything. Equal similarities are ordered by gallery index, also at the cut after rank k.

    **Arguments**

    - `query`: `(n, d)` embeddings, NumPy or torch.
    - `gallery`: `(m, d)` embeddings.
    - `k`: how many neighbours, at most `m`.
    - `device`: `"cpu"` (faiss) or a CUDA device (torch).

    **Returns** similarities `(n, k)` float32 and gallery indices `(n, k)` int64.

    **Raises** `ValueError` for NaN or Inf (the row is named), empty input, `k` outside `1..m`, or
    query and gallery of different width.
    """
    query, gallery = as_rows(query, "query"), as_rows(gallery, "gallery")
    check_widths(query, gallery)
    if not 1 <= k <= len(gallery):
        raise ValueError(
            f"k = {k} neighbours asked of a gallery of {len(gallery)} rows; "
            f"k must be 1 to {len(gallery)}"
        )
    return Gallery.of(gallery, device).nearest(normalised(query), k)


def as_rows(embeddings, role: str) -> np.ndarray:
    """`embeddings` as a C-contiguous float32 `(n, d)` array; `role` names it in errors."""
    if isinstance(embeddings, torch.Tensor):
        embeddings = embeddings.detach().float().cpu().numpy()
    rows = np.ascontiguousarray(embeddings, dtype=np.float32)
    if rows.ndim != 2 or 0 in rows.shape:
        raise ValueError(
            f"{role} embeddings have shape {rows.shape}; expected (rows, dimensions), both above 0"
        )
    for start, stop in blocks(len(rows), rows.shape[1]):
        finite = np.isfinite(rows[start:stop]).all(axis=1)
        if not finite.all():
            row = start + int(np.argmin(finite))
            raise ValueError(
                f"{role} row {row} holds NaN or Inf; such a row has no place in a ranking. "
                "Look at the model or the picture that made it"
            )
    return rows


def check_widths(query: np.ndarray, gallery: np.ndarray) -> None:
    """Raise unless query and gallery rows have the same number of dimensions."""
    if query.shape[1] != gallery.shape[1]:
        raise ValueError(
            f"query rows have {query.shape[1]} dimensions, gallery rows {gallery.shape[1]}; "
            "both must come from the same model"
        )


def normalised(rows: np.ndarray) -> np.ndarray:
    """Rows divided by their L2 norm, float32 `(n, d)`; rows of zeros stay zeros."""
    unit = np.empty_like(rows)
    for start, stop in blocks(len(rows), rows.shape[1]):
        block = rows[start:stop].astype(np.float64)  # squares of float32 may under- or overflow
        norms = np.sqrt(np.einsum("ij,ij->i", block, block))[:, None]
        np.divide(block, np.where(norms == 0, 1, norms), out=unit[start:stop], casting="same_kind")
    return unit


def blocks(n: int, width: int) -> Iterator[tuple[int, int]]:
    """`(start, stop)` of blocks of rows that together cover n rows of `width` values."""
    step = max(1, _BLOCK // width)
    for start in range(0, n, step):
        yield start, min(start + step, n)


@dataclass(frozen=True)
class Gallery:
    """A searchable gallery: distinct unit rows, and for each gallery row which of them it is.

    Matrix products round differently at different places of the matrix, so two copies of one
    embedding need not get the same similarity from them. Copies are therefore compared once.
    """

    distinct: torch.Tensor  # (u, d) unit rows on the device
    copy_of: torch.Tensor | None  # (m,) row of `distinct`; None if all m rows are distinct
    size: int  # m

    @classmethod
    def of(cls, rows: np.ndarray, device: str | torch.device = "cpu") -> "Gallery":
        """Index the raw float32 rows `(m, d)` on `device`."""
        first, copy_of = _copies(rows)
        if copy_of is None:
            return cls(_on(device, normalised(rows)), None, len(rows))
        distinct = _on(device, normalised(rows[first]))
        return cls(distinct, torch.from_numpy(copy_of).to(device), len(rows))

    def similarities(self, query: np.ndarray) -> torch.Tensor:
        """Cosine of unit queries `(n, d)` to every gallery row: `(n, m)` float32, on the device."""
        product = (_on(self.distinct.device, query) @ self.distinct.T).float()  # (n, u)
        return product if self.copy_of is None else product[:, self.copy_of]  # (n, m)

    def nearest(self, query: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Similarities and indices `(n, k)` of the k nearest rows, ties in gallery order."""
        depth = min(k + 1, self.size)  # one more than asked shows whether the cut splits a tie
        on_cpu = self.distinct.device.type == "cpu"
        if on_cpu and self.copy_of is None:
            similarities, indices = faiss.knn(
                query, self.distinct.numpy(), depth, faiss.METRIC_INNER_PRODUCT
            )
        else:
            parts = [
                [part.cpu().numpy() for part in self.similarities(query[a:b]).topk(depth)]
                for a, b in blocks(len(query), self.size)
            ]
            similarities, indices = map(np.concatenate, zip(*parts, strict=True))
        return self._in_order(query, similarities, indices, k)

    def _in_order(self, query, similarities, indices, k):
        tied = similarities[:, 1:] == similarities[:, :-1]  # (n, depth - 1)
        rows = np.flatnonzero(tied.any(axis=1))
        if len(rows):
            order = np.lexsort((indices[rows], -similarities[rows]), axis=1)
            indices[rows] = np.take_along_axis(indices[rows], order, axis=1)
        if k < self.size:
            # The tie goes on past the cut: only the whole row says which index comes first.
            split = np.flatnonzero(tied[:, k - 1])
            for a, b in blocks(len(split), self.size):
                whole = self.similarities(query[split[a:b]])
                values, places = whole.sort(dim=1, descending=True, stable=True)
                similarities[split[a:b], :k] = values[:, :k].cpu().numpy()
                indices[split[a:b], :k] = places[:, :k].cpu().numpy()
        return similarities[:, :k], indices[:, :k]


def _on(device: str | torch.device, rows: np.ndarray) -> torch.Tensor:
    tensor = torch.from_numpy(rows).to(device)
    # On a GPU float32 products may run in TF32 (ten bits), depending on global settings.
    return tensor.double() if tensor.device.type == "cuda" else tensor


def _copies(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """First occurrence of each distinct row, and for each row its place among them."""
    rows = rows + np.float32(0)  # -0.0 becomes 0.0: equal rows have equal bits
    weights = np.random.default_rng(0).integers(2**63, size=rows.shape[1], dtype=np.uint64)
    keys = np.concatenate(
        [
            rows[a:b].view(np.uint32).astype(np.uint64) @ (2 * weights + 1)
            for a, b in blocks(*rows.shape)
        ]
    )
    if len(np.unique(keys)) == len(keys):  # different keys mean different rows
        return np.arange(len(rows)), None
    bits = rows.view(np.dtype((np.void, rows.itemsize * rows.shape[1]))).ravel()
    _, first, copy_of = np.unique(bits, return_index=True, return_inverse=True)
    return first, copy_of.astype(np.int64)
