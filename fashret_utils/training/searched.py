"""Records of searches that no run stands behind, such as those of a frozen network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from fashret_utils.evidence import records
from fashret_utils.training.bench import Search
from fashret_utils.training.folds import record_folds


def record_searches(
    found: Mapping[str, Search | Sequence[Search]], results: str | Path, **about: object
) -> None:
    """Record searches with what became of each query.

    **Arguments**: `found` - name of the test -> its search, or those of all folds, whose queries
    make one result; `about` - chapter, arm, scale and what else a record says.
    """
    about = {"seed": 0, "extra": {"settings": {}}} | about
    for name, each in found.items():
        if not isinstance(each, Search):
            record_folds({**about, "data": name}, each, results)
            continue
        made = records.new(each.retrieval, **about, data=name)
        records.write(made, results, **records.beside(each.retrieval, **each.beside()))
