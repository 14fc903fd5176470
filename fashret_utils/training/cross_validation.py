"""Cross-validation of an arm: trained once for each fold, one record of all."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from torch import nn

from fashret_utils.training.bench import Bench, Search
from fashret_utils.training.folds import record_folds
from fashret_utils.training.run import Run

Train = Callable[[int, Mapping[str, object]], tuple[Run, nn.Module, Bench]]


def cross_validated(
    train: Train, folds: int, where: Mapping[str, object]
) -> tuple[Run, nn.Module, Search]:
    """Train once for each fold, search its queries, and record the queries of all folds together.

    **Arguments**: `train(fold, where)` - trains one: Run, network, and the `Bench` of the fold;
    `where` - as a campaign gives it. Each fold keeps checkpoints of its own, if any are kept.

    **Returns** Run, network and search of the last fold.
    """
    found, histories = [], []
    for fold in range(folds):
        kept = where.get("checkpoints")
        own = kept and f"{kept}/{fold}"
        run, model, bench = train(fold, {**where, "checkpoints": own})
        found.append(bench.search(model))
        histories.append(run.history)
    record_folds(run.about({}), found, where["results"], histories)
    return run, model, found[-1]
