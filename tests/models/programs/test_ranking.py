"""Rankings in double precision: against `retrieval.evaluate`, ties, and collapse."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from fashret_utils import retrieval
from fashret_utils.models.programs import ranking


@pytest.fixture
def sides():
    generator = torch.Generator().manual_seed(0)
    query, gallery = (torch.randn(n, 12, generator=generator) for n in (40, 70))
    items, owners = torch.arange(40) % 23, torch.arange(70) % 23  # three or four pictures an item
    return query, gallery, items, owners


def test_metrics_are_those_of_evaluate(sides, monkeypatch):
    query, gallery, items, owners = sides
    expected = retrieval.evaluate(*(side.numpy() for side in sides), k=(1, 5))
    for chunk in (ranking.CHUNK, 300):
        monkeypatch.setattr(ranking, "CHUNK", chunk)
        found = ranking.similarities(query, gallery)
        precision, first = ranking.precisions(found, *ranking.places_of(items[:, None] == owners))
        assert found.dtype == precision.dtype == torch.float64
        np.testing.assert_allclose(precision, expected.per_query["map"], rtol=1e-6)
        np.testing.assert_allclose(1 / first, expected.per_query["mrr"], rtol=1e-6)


def test_ties_count_in_gallery_order():
    found = torch.tensor([[0.5, 0.5, 0.9, 0.5]], dtype=torch.float64)
    relevant = torch.tensor([[False, True, False, True]])
    precision, first = ranking.precisions(found, *ranking.places_of(relevant))
    assert first.tolist() == [3]
    assert precision.item() == pytest.approx((1 / 3 + 2 / 4) / 2)


def test_pressed_similarities_rank_in_double_precision_and_not_in_single():
    """The ranks of cosines within 1e-9 of each other are right here, and lost in float32."""
    angles = torch.linspace(1e-4, 2e-4, 30, dtype=torch.float64)
    gallery = torch.stack([angles.cos(), angles.sin()], 1)
    query = torch.tensor([[1.0, 0.0]], dtype=torch.float64)
    exact = F.normalize(query) @ gallery.T
    relevant = torch.arange(30)[None] == 0
    assert ranking.precisions(exact, *ranking.places_of(relevant))[1].item() == 1
    assert exact.float().unique().numel() < 5


def test_collapsed_similarities_are_refused_by_name(sides):
    """cos(e / |e|), which was a winner in float32."""
    query, gallery, *_ = (F.normalize(side.double()) for side in sides[:2])
    ranking.similarities(query, gallery)
    near = [torch.cos(side / 40) for side in (query, gallery)]
    with pytest.raises(ranking.CollapsedSimilaritiesError, match=r"collapse: they lie .* and 1,"):
        ranking.similarities(*near)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (torch.ones(3, 1), "with d > 1"),
        (torch.full((3, 4), torch.nan), "not finite"),
        (torch.ones(3, 5), r"query \(3, 5\) and gallery \(2, 4\)"),
    ],
)
def test_embeddings_that_cannot_be_ranked_are_refused(query, message):
    gallery = torch.ones(2, query.shape[1] if query.shape[1] != 5 else 4)
    with pytest.raises(ValueError, match=message):
        ranking.similarities(query, gallery)


def test_a_query_without_its_item_is_refused():
    with pytest.raises(ValueError, match="query 1 has no relevant picture"):
        ranking.places_of(torch.tensor([[True] * 3, [False] * 3]))
