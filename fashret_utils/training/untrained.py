"""What needs no training, searched and recorded as arms are: the start of every comparison."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from fashret_utils.data.catalog import Catalog
from fashret_utils.evidence import records
from fashret_utils.training.bench import Search, search
from fashret_utils.training.folds import record_folds

Embed = Callable[[Catalog], np.ndarray]


def record_untrained(
    embed: Embed,
    tests: Mapping[str, Catalog | Sequence[Catalog]],
    results: str | Path,
    *,
    embeddings: bool = False,
    **about,
) -> dict[str, Search]:
    """Search each test with embeddings as they are, and record it.

    **Arguments**: `embed` - rows of a catalogue to embeddings (n, d); `tests` - name -> catalogue,
    or the catalogues of all folds, whose queries make one result; `embeddings` - keep these, too,
    but for folds; `about` - chapter, arm, scale.

    **Returns** name -> what was found, of the first fold where there are several.
    """
    about = {"seed": 0, "extra": {"settings": {}}} | about
    found: dict[str, Search] = {}
    for name, test in tests.items():
        parts = [search(embed, part) for part in ([test] if isinstance(test, Catalog) else test)]
        found[name] = parts[0]
        if not isinstance(test, Catalog):
            record_folds({**about, "data": name}, parts, results)
            continue
        made = records.new(parts[0].retrieval, **about, data=name)
        kept = records.beside(parts[0].retrieval, **parts[0].beside(embeddings))
        records.write(made, results, **kept)
    return found
