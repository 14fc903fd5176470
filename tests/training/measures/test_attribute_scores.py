"""Accuracy of attributes against loops, and what the most frequent values get."""

import numpy as np
import pytest
import torch

from fashret_utils.training.measures import attribute_scores


def test_scores_are_the_loop():
    draws = np.random.default_rng(0)
    codes = np.stack([draws.integers(-1, 3, 40), draws.integers(0, 2, 40)], axis=1)
    logits = [torch.from_numpy(draws.normal(size=(40, n))) for n in (4, 2)]  # one never occurs
    rows = []
    for z, truth in zip(logits, codes.T, strict=True):
        said = z.argmax(1).numpy()
        known = truth >= 0
        values = np.unique(truth[known])
        recall = [(said == v)[truth == v].mean() for v in values]
        share = max((truth[known] == v).mean() for v in values)
        rows.append(((said == truth)[known].mean(), share, np.mean(recall), 1 / len(values)))
    found = attribute_scores(logits, codes)
    assert list(found.values()) == pytest.approx(np.mean(rows, axis=0).tolist())


def test_naming_the_most_frequent_value_gets_the_majoritys_scores():
    codes = np.array([[0, 1]] * 3 + [[2, 0]])
    always = [torch.tensor([[1.0, 0, 0]] * 4), torch.tensor([[0.0, 1]] * 4)]
    found = attribute_scores(always, codes)
    assert found["attribute_accuracy"] == found["attribute_majority"] == 0.75
    assert found["attribute_balanced"] == found["attribute_balanced_majority"] == 0.5
