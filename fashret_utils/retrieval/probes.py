"""Linear probes: what a linear map can read off frozen embeddings."""

from __future__ import annotations

import numpy as np
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from fashret_utils.data.catalog import Catalog


def linear_probes(
    train: Catalog, embeddings: np.ndarray, test: Catalog, tested: np.ndarray, penalty: float = 1.0
) -> dict[str, float]:
    """Accuracy of ridge regression onto the values of each attribute, all fitted at once.

    Every number of the embeddings is brought to variance one first, so that the penalty means the
    same for embeddings that are crowded in one direction and for those that fill the sphere.

    **Arguments**: `train`, `test` - catalogues with attributes; `embeddings` (n, d), `tested`
    (m, d) - of their pictures. Unknown values are left out of the test.

    **Returns** `probe_<attribute>` for each attribute that the test knows, and `probe`, their mean;
    empty without attributes.
    """
    names = train.attribute_names
    if not names:
        return {}
    counts = [len(train.attribute_values[name]) for name in names]
    # A row of the identity for each value; the last one, without its own column, for unknown ones.
    wanted = [np.eye(n + 1)[train.attributes[:, i]][:, :n] for i, n in enumerate(counts)]
    fitted = make_pipeline(StandardScaler(), Ridge(penalty))
    scores = fitted.fit(embeddings, np.hstack(wanted)).predict(tested)
    scores = np.split(scores, np.cumsum(counts)[:-1], axis=1)
    found = {}
    for name, truth, score in zip(names, test.attributes.T, scores, strict=True):
        if (truth >= 0).any():
            found[f"probe_{name}"] = float((score.argmax(1) == truth)[truth >= 0].mean())
    return found | {"probe": float(np.mean(list(found.values())))}
