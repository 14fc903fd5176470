"""Chapter 00's definitions, imported through the same door as any other chapter's."""

import numpy as np
import pytest
import torch
from pytorch_metric_learning.losses import NTXentLoss

from fashret_utils import chapters, datasets

CHAPTER = chapters.definitions("00_street_to_shop")


@pytest.mark.parametrize("temperature", [0.05, 0.5])
def test_the_loop_is_the_librarys_loss_in_value_and_gradient(temperature):
    generator = torch.Generator().manual_seed(1)
    embeddings = torch.randn(10, 6, generator=generator, dtype=torch.float64, requires_grad=True)
    items = torch.tensor([0, 0, 0, 1, 1, 2, 2, 3, 4, 4])  # three pictures of one item, one alone
    values, gradients = [], []
    for loss in (
        CHAPTER.contrastive_by_loop(embeddings, items, temperature),
        NTXentLoss(temperature=temperature)(embeddings, items),
    ):
        values.append(loss.item())
        gradients.append(torch.autograd.grad(loss, embeddings)[0])
    assert values[0] == pytest.approx(values[1], abs=1e-9)
    torch.testing.assert_close(gradients[0], gradients[1], atol=1e-9, rtol=0)


def test_angles_become_unit_vectors():
    expected = [[1, 0], [0, 1], [-1, 0], [np.sqrt(0.5), -np.sqrt(0.5)]]
    np.testing.assert_allclose(CHAPTER.on_the_circle([0, 90, 180, -45]), expected, atol=1e-7)


def test_rank_searches_the_gallery_with_the_queries():
    catalog = datasets.load("wardrobe-garments", items=20, split=(8, 4, 8), gap=0.0)
    catalog = catalog.where(view=("street", "front"))

    def by_item(part):
        return np.eye(20, dtype=np.float32)[part.item]

    result, query, gallery = CHAPTER.rank(catalog, by_item)
    assert result.metrics["hit@1"] == 1
    assert (result.n_query, result.n_gallery) == (16, 8)
    assert query.shape == (16, 20)
    assert gallery.shape == (8, 20)
