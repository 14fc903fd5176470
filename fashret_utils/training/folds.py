"""Cross-validation: each query is searched by a network that has not seen its fold."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from torch import nn

from fashret_utils.evidence import records
from fashret_utils.evidence.per_query import PerQuery
from fashret_utils.training.bench import Bench, Search
from fashret_utils.training.run import Run

Train = Callable[[int, Mapping[str, object]], tuple[Run, nn.Module, Bench]]
Beside = Callable[[Run, nn.Module, Bench, Search], Mapping[str, float]]


def cross_validated(
    train: Train, folds: int, where: Mapping[str, object], beside: Beside | None = None
) -> tuple[Run, nn.Module, Search]:
    """Train once for each fold, search its queries, and record the queries of all folds together.

    **Arguments**: `train(fold, where)` - trains one: Run, network, and the `Bench` of the fold;
    `where` - as a campaign gives it. Each fold keeps checkpoints of its own, if any are kept.
    `beside` - further numbers of a fold by name, whose means over folds go into the record.

    **Returns** Run, network and search of the last fold.
    """
    found, histories, others = [], [], []
    for fold in range(folds):
        kept = where.get("checkpoints")
        own = kept and f"{kept}/{fold}"
        run, model, bench = train(fold, {**where, "checkpoints": own})
        found.append(bench.search(model))
        histories.append(run.history)
        others.append(beside(run, model, bench, found[-1]) if beside else {})
    extra = {name: float(value) for name, value in pd.DataFrame(others).mean().items()}
    record_folds(run.about(extra), found, where["results"], histories)
    return run, model, found[-1]


def joined(parts: Sequence[PerQuery]) -> PerQuery:
    """The queries of several searches as one list, in the order of the searches."""
    columns = ("average_precision", "first_hit", "item", "family")
    return PerQuery(*(np.concatenate([getattr(part, name) for part in parts]) for name in columns))


def record_folds(
    about: Mapping[str, object],
    searches: Sequence[Search],
    results: str | Path,
    histories: Sequence[pd.DataFrame] = (),
) -> Path:
    """Write one record of all folds: means over all queries, and what became of each.

    **Arguments**: `about` - further fields of the record, such as `run.about({})`; `searches` - one
    a fold; `histories` - of their trainings, of equal steps: their mean becomes the curve.
    """
    tables = [search.retrieval.per_query for search in searches]
    shared = [name for name in tables[0] if all(name in table for table in tables)]
    metrics = pd.concat([table[shared] for table in tables]).mean()
    counts = {
        name: sum(int(getattr(search.retrieval, name)) for search in searches)
        for name in ("n_query", "n_valid", "n_skipped")
    }
    curve = {}
    if histories:
        mean = pd.concat(histories).groupby("step", as_index=False).mean()
        curve = {name: [float(f"{value:.6g}") for value in mean[name]] for name in mean}
    made = records.measured(
        metrics={name: float(value) for name, value in metrics.items()},
        intervals={},
        counts=counts,
        **{**about, "curve": curve},
    )
    kept = joined([PerQuery.of(search.retrieval, search.family) for search in searches])
    return records.write(made, results, per_query=kept)
