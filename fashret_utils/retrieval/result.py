"""What an evaluation found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from fashret_utils.retrieval.metrics import chance_hit


@dataclass(frozen=True, repr=False)
class Retrieval:
    """Rankings of one gallery for a set of queries, and how good they are.

    `n` below counts the scored queries: all of them, less those that `absent="skip"` left out.
    Metrics and intervals are fractions, not per cent.
    """

    metrics: dict[str, float]  # means over the scored queries
    intervals: dict[str, tuple[float, float]]  # 95 %; empty without bootstrap
    per_query: pd.DataFrame  # (n, metrics); the index is the query row
    indices: np.ndarray  # (n, max k) int64 gallery rows, most similar first
    similarities: np.ndarray  # (n, max k) float32 cosines
    query_items: np.ndarray  # (n_query,) as given, int64 or text
    gallery_items: np.ndarray  # (n_gallery,) the same
    k: tuple[int, ...]
    absent: str
    n_absent: int  # queries whose item the gallery lacks
    truth: np.ndarray  # (n,) a gallery row each query should find, -1 without one
    n_relevant: np.ndarray  # (n,) pictures each query should find
    n_candidates: np.ndarray  # (n,) pictures each query may find
    n_excluded: int  # (query, gallery) pairs left out
    bootstrap: int

    @property
    def n_query(self) -> int:
        """Queries given."""
        return len(self.query_items)

    @property
    def n_valid(self) -> int:
        """Queries whose item is in the gallery."""
        return self.n_query - self.n_absent

    @property
    def n_skipped(self) -> int:
        """Queries left out of the means."""
        return self.n_query - len(self.per_query)

    @property
    def n_gallery(self) -> int:
        """Gallery pictures."""
        return len(self.gallery_items)

    @property
    def n_items(self) -> int:
        """Distinct items in the gallery."""
        return len(np.unique(self.gallery_items))

    def __repr__(self) -> str:
        shown = ", ".join(f"{name} {value:.3f}" for name, value in self.metrics.items())
        return f"Retrieval({self.n_query} queries, {self.n_gallery} gallery pictures: {shown})"

    def table(self) -> pd.DataFrame:
        """One row a metric: `value`, and `low` and `high` of the 95 % interval (NaN without)."""
        nan = (np.nan, np.nan)
        rows = [
            (name, value, *self.intervals.get(name, nan)) for name, value in self.metrics.items()
        ]
        return pd.DataFrame(rows, columns=["metric", "value", "low", "high"]).set_index("metric")

    def card(
        self,
        query: str = "query pictures",
        gallery: str = "gallery pictures",
        similarity: str = "cosine",
    ) -> str:
        """The metric card: what was searched for in what, what was left out, and the numbers.

        **Arguments**

        - `query`, `gallery`: what the pictures are, e.g. `"street pictures of unseen items"`.
        - `similarity`: what is ranked by, where embeddings were made so that the cosine is that.
        """
        few, many = self.n_relevant.min(), self.n_relevant.max()
        policy = {
            "error": "none (they would have been an error)",
            "skip": f"{self.n_skipped} queries, left out of the means",
            "zero": f"{self.n_absent} queries, counted as 0 in the means",
        }[self.absent]
        left_out = f"{self.n_excluded} (query, gallery) pairs" if self.n_excluded else "nothing"
        facts = [
            ("query", f"{self.n_query} {query}, {len(np.unique(self.query_items))} items"),
            ("gallery", f"{self.n_gallery} {gallery}, {self.n_items} items"),
            ("relevant", f"same item; {self.n_relevant.mean():.3g} a query ({few} to {many})"),
            ("excluded", left_out),
            ("absent items", policy),
            ("similarity", f"{similarity}, exact search; equal ones in gallery order"),
            ("k", f"gallery pictures looked at; {', '.join(map(str, self.k))}"),
            ("chance", ", ".join(f"hit@{k} {self.chance(k):.2%}" for k in self.k)),
            ("mean", f"over {len(self.per_query)} queries, each with the same weight"),
            (
                "interval",
                f"95 %, bootstrap over queries as if independent, {self.bootstrap} resamples",
            ),
        ]
        if not self.intervals:
            facts[-1] = ("interval", "not computed")
        lines = [f"{name:<13} {fact}" for name, fact in facts]
        lines.append("")
        for name, value in self.metrics.items():
            low, high = self.intervals.get(name, (None, None))
            span = "" if low is None else f"  [{low:7.2%}, {high:7.2%}]"
            lines.append(f"{name:<13} {value:7.2%}{span}")
        return "\n".join(lines)

    def chance(self, k: int) -> float:
        """hit@k that a random ranking would have on average."""
        return chance_hit(self.n_relevant, self.n_candidates, k)

    def grid(
        self,
        query_pixels: np.ndarray,
        gallery_pixels: np.ndarray,
        rows: int = 8,
        columns: int = 8,
        show: str = "mixed",
        seed: int = 0,
        title: str = "What the queries found",
    ) -> Figure:
        """Queries and what they found: hits framed green with a tick, misses red with a cross.

        **Arguments**

        - `query_pixels`: uint8 `(n_query, 3, S, S)`; `gallery_pixels`: `(n_gallery, 3, S, S)`.
        - `rows`: queries shown; `columns`: ranks shown, at most `max(k)`.
        - `show`: which queries, `"mixed"` (half hits at rank 1, half misses), `"hits"`,
          `"misses"` or `"any"`; drawn at random with `seed`.
        """
        from fashret_utils.plots import retrieval_grid

        relevant = self.gallery_items[self.indices] == self.query_items[self.per_query.index, None]
        chosen = _choose(relevant[:, 0], rows, show, seed)
        queries = self.per_query.index.to_numpy()[chosen]
        shown = slice(0, columns)
        truths, captions = zip(*(self._truth(row, relevant[row]) for row in chosen), strict=True)
        return retrieval_grid(
            query_pixels[queries],
            gallery_pixels[self.indices[chosen, shown]],
            relevant[chosen, shown],
            self.similarities[chosen, shown],
            [None if truth is None else gallery_pixels[truth] for truth in truths],
            query_captions=[f"item {item}" for item in self.query_items[queries]],
            truth_captions=captions,
            title=title,
        )

    def _truth(self, row: int, relevant: np.ndarray) -> tuple[int | None, str]:
        """The first relevant gallery picture of a scored query, and its rank in words."""
        if relevant.any():
            return self.indices[row, relevant.argmax()], f"rank {relevant.argmax() + 1}"
        if self.truth[row] < 0:
            return None, "not in gallery"
        return self.truth[row], f"rank > {self.k[-1]}"


def comparison(results: Mapping[str, Retrieval], metrics: Sequence[str]) -> pd.DataFrame:
    """Results side by side, a row each, in the form that `plots.bars` draws.

    **Arguments**

    - `results`: evaluations by the name of the arm.
    - `metrics`: such as `["hit@1", "map@r"]`.

    **Returns** columns `arm`, and for each metric `hit@1`, `hit@1 low`, `hit@1 high`.
    """
    rows = []
    for arm, result in results.items():
        row = {"arm": arm}
        for metric in metrics:
            value, low, high = result.table().loc[metric]
            row |= {metric: value, f"{metric} low": low, f"{metric} high": high}
        rows.append(row)
    return pd.DataFrame(rows)


def _choose(hit: np.ndarray, rows: int, show: str, seed: int) -> np.ndarray:
    """Positions of queries to show, hits before misses."""
    random = np.random.default_rng(seed)
    hits, misses = random.permutation(np.flatnonzero(hit)), random.permutation(np.flatnonzero(~hit))
    if show == "mixed":
        n_hits = min(len(hits), max(rows - rows // 2, rows - len(misses)))
        return np.concatenate([hits[:n_hits], misses[: rows - n_hits]])
    pools = {"hits": hits, "misses": misses, "any": random.permutation(len(hit))}
    if show not in pools:
        raise ValueError(f"show = {show!r}; expected mixed, {', '.join(pools)}")
    if not len(pools[show]):
        raise ValueError(f"there are no {show} among the {len(hit)} queries to show")
    return pools[show][:rows]
