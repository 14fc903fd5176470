"""What is kept of a search for a program, and shown of many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

import numpy as np
import pandas as pd


def thinned(tried: pd.DataFrame, points: int = 100) -> dict[str, list]:
    """The course of a search: how many programs, the best reward until then, the mean since.

    **Arguments**: `tried` - a row a program, with `reward` and `best` so far.

    **Returns** `program`, `best`, and `mean`: of the rewards since the point before, which rises
    where a method learns to propose.
    """
    rows = np.unique(np.linspace(0, len(tried) - 1, min(points, len(tried))).astype(int))
    parts = np.split(tried["reward"].to_numpy(float), rows[:-1] + 1)
    means = [float(f"{part.mean():.6g}") for part in parts]
    best = tried["best"].iloc[rows].tolist()
    return {"program": (rows + 1).tolist(), "best": best, "mean": means}


def summary(tried: pd.DataFrame) -> dict[str, float]:
    """The best reward, programs tried, different ones, those without reward, seconds.

    **Arguments**: `tried` - columns `text`, `reward`, `best`, `seconds`.
    """
    return {
        "reward": float(tried["best"].iloc[-1]),
        "programs": len(tried),
        "different": int(tried["text"].nunique()),
        "refused": int((tried["reward"] == 0).sum()),
        "seconds": float(tried["seconds"].iloc[-1]),
    }


def kept(
    tried: pd.DataFrame, tokens: Sequence[int], again: Mapping[tuple, float], text: str
) -> dict:
    """What a record holds of a search: how it went, what was chosen, and by which second look.

    **Arguments**: `again` - the second looks: tokens -> score. `looked_at` of what is returned has
    both of each, first and second, the best at first before the others; what was chosen among ten
    by the first look alone is the luckier the more its second falls behind.
    """
    first = dict(zip(map(tuple, tried["tokens"]), tried["reward"], strict=True))
    both = [[float(first[each]), float(score)] for each, score in again.items() if each in first]
    chosen = {"tokens": list(tokens), "second": again[tuple(tokens)], "text": text}
    return {**summary(tried), **chosen, "looked_at": sorted(both, reverse=True)}


def beside_published(
    right: Mapping[str, Mapping[str, np.ndarray]], published: Mapping[str, Sequence[float]]
) -> pd.DataFrame:
    """Accuracies of kernels on validation and test images, per cent, beside the published ones.

    **Arguments**: `right` - kernel -> "val" and "test" -> right or wrong; `published` - kernel ->
    validation, test.
    """
    rows = {}
    for name, parts in right.items():
        known = published.get(name, ("", ""))
        rows[name] = {"val, published": known[0], "val, ours": f"{100 * parts['val'].mean():.1f}"}
        rows[name] |= {"test, published": known[1]}
        rows[name] |= {"test, ours": f"{100 * parts['test'].mean():.2f}"}
    return pd.DataFrame(rows).T


def found(records: Collection, metric: str) -> pd.DataFrame:
    """The programs that searches chose, from their records: reward, second look, test, per cent."""
    rows = [
        {
            "data": record.data,
            "search": record.arm,
            "seed": record.seed,
            "program": record.extra["text"],
            **{name: round(100 * record.extra[name], 1) for name in ("reward", "second")},
            "test": round(100 * record.metrics[metric], 1),
        }
        for record in records
        if "reward" in record.extra
    ]
    return pd.DataFrame(rows)


def choices_made(records: Collection) -> dict[str, int]:
    """How often each setting was chosen on validation, the most frequent first."""
    made = Counter(str(record.extra["chosen"]) for record in records if "chosen" in record.extra)
    return dict(made.most_common())


def by_method(records: Collection) -> dict[str, dict[str, list[dict[str, list]]]]:
    """Courses of searches, from their records: data -> method -> courses."""
    lines: dict[str, dict[str, list]] = {}
    for record in records:
        if "best" in record.curve:
            method = record.arm.partition(",")[2]
            lines.setdefault(record.data, {}).setdefault(method, []).append(record.curve)
    return lines
