"""Embedding and search on a graphics card: rankings and metrics of the CPU."""

import numpy as np
import pytest
import torch
from torch import nn

from fashret_utils import retrieval
from fashret_utils.models import backbones, cut, freeze_batch_norm, trunk
from fashret_utils.retrieval.sharded import sharded_search


def embeddings(n, seed, d=6):
    """Rounded, so that there are copies and ties."""
    return np.random.default_rng(seed).standard_normal((n, d)).round(1).astype(np.float32)


def items(n, seed):
    return np.random.default_rng(seed).integers(0, 9, n)


@pytest.mark.parametrize("copies", [False, True])
@pytest.mark.parametrize("search", [retrieval.search, sharded_search])
def test_the_same_neighbours(card, copies, search):
    query, gallery = embeddings(20, 0), embeddings(60, 1)
    if copies:
        gallery[30:] = gallery[:30]
    (near, places), (known, right) = (search(query, gallery, 7, d) for d in ("cuda", "cpu"))
    assert np.array_equal(places, right)
    np.testing.assert_allclose(near, known, atol=1e-6)


EXCLUDED = {"nothing": None, "some": {q: [q, q + 1] for q in range(0, 20, 3)}}


@pytest.mark.parametrize("what", EXCLUDED)
def test_the_same_metrics(card, what):
    given = embeddings(20, 0), embeddings(60, 1), items(20, 2), items(60, 3)
    options = {"k": (1, 5), "exclude": EXCLUDED[what], "absent": "skip", "bootstrap": 0}
    there, here = (retrieval.evaluate(*given, device=d, **options) for d in ("cuda", "cpu"))
    assert np.array_equal(there.indices, here.indices)
    assert there.metrics == pytest.approx(here.metrics)


def test_waits_do_not_grow_with_the_queries(card):
    def waits(n):
        card.waits.clear()
        given = embeddings(n, 0), embeddings(90, 1), items(n, 2), items(90, 3)
        retrieval.evaluate(*given, k=(1, 5), device="cuda", bootstrap=0)
        return len(card.waits)

    assert waits(60) == waits(30) < 20


@pytest.mark.parametrize("raw", [False, True])
def test_pictures_are_embedded_where_the_model_is(card, raw):
    pixels = np.random.default_rng(0).integers(0, 256, (10, 3, 32, 32), np.uint8)
    model = backbones.small(8, 4, blocks=(1, 1))
    if raw:
        stem, tail = cut(trunk("lite0", pretrained=False), after=10)
        tail = freeze_batch_norm(tail)
        model = nn.Sequential(stem, tail, nn.AdaptiveAvgPool2d(1), nn.Flatten()).train()
    here = retrieval.embed(model, pixels, batch=4, raw=raw)
    lent = retrieval.embed(model, pixels, batch=4, raw=raw, device="cuda")
    assert {p.device.type for p in model.parameters()} == {"cpu"}  # back where it was
    model.to("cuda")
    modes = [module.training for module in model.modules()]
    there = retrieval.embed(model, pixels, batch=4, raw=raw)
    assert {p.device.type for p in model.parameters()} == {"cuda"}
    assert modes == [module.training for module in model.modules()]
    for found in (lent, there):
        np.testing.assert_allclose(found, here, atol=1e-5)


def test_embeddings_on_the_card_are_taken_as_they_are(card):
    query, gallery = embeddings(5, 0), embeddings(9, 1)
    on_card = (torch.from_numpy(x).to("cuda") for x in (query, gallery))
    assert np.array_equal(retrieval.search(*on_card, 3)[1], retrieval.search(query, gallery, 3)[1])


def test_a_picture_that_stays_behind_is_seen(card):
    class Forgets(nn.Module):
        def forward(self, pictures):
            return pictures.flatten(1)[:, :4] * torch.tensor([1.0, 2, 3, 4])

    pixels = np.zeros((2, 3, 8, 8), np.uint8)
    with pytest.raises(RuntimeError, match="same device"):
        retrieval.embed(Forgets(), pixels, device="cuda")
