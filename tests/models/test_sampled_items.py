"""A part of the items at a time: the same loss where all take part, no gradient where none does."""

import pytest
import torch
from pytorch_metric_learning.losses import CosFaceLoss
from torch import nn

from fashret_utils import chapters
from fashret_utils.models.sampled_items import SampledItems

dml = chapters.definitions("01_dml")
N, DIM = 200, 8


def parts(share, seed=0):
    torch.manual_seed(seed)
    criterion = dml.TwoMarginSoftmax(N, DIM, 0.1, 0.35).double()
    embeddings = torch.randn(12, DIM, dtype=torch.float64, requires_grad=True)
    items = torch.randint(N, (6,)).repeat(2)
    return SampledItems(criterion, share), embeddings, items


def test_all_items_are_the_criterion_itself():
    sampled, embeddings, items = parts(share=1)
    inputs = (embeddings, sampled.criterion.weight)
    whole = sampled.criterion(embeddings, items)
    loss = sampled(embeddings, items)
    torch.testing.assert_close(loss, whole)
    for mine, theirs in zip(
        torch.autograd.grad(loss, inputs), torch.autograd.grad(whole, inputs), strict=True
    ):
        torch.testing.assert_close(mine, theirs)


def test_a_part_is_the_criterion_of_these_items():
    sampled, embeddings, items = parts(share=0.2)
    torch.manual_seed(5)
    rows, places = sampled.sample(items, N)
    assert len(rows) == len(rows.unique()) == 40
    assert torch.equal(rows[places], items)
    smaller = dml.TwoMarginSoftmax(40, DIM, 0.1, 0.35).double()
    smaller.weight.data = sampled.criterion.weight.data[rows]
    torch.manual_seed(5)
    loss = sampled(embeddings, items)
    torch.testing.assert_close(loss, smaller(embeddings, places))
    loss.backward()
    learnt = sampled.criterion.weight.grad.abs().sum(1) > 0
    assert torch.equal(learnt.nonzero()[:, 0], rows)


def test_others_are_drawn_uniformly_and_anew():
    sampled, _, items = parts(share=0.1)
    counts = torch.zeros(N)
    for _ in range(400):
        counts[sampled.sample(items, N)[0]] += 1
    own = items.unique()
    assert (counts[own] == 400).all()
    others = counts[torch.isin(torch.arange(N), own, invert=True)]
    expected = 400 * (20 - len(own)) / (N - len(own))
    assert others.mean() == pytest.approx(expected)
    assert (others - expected).abs().max() < 6 * expected**0.5


def test_the_batch_takes_part_whatever_the_share():
    sampled, _, items = parts(share=0.001)
    rows, places = sampled.sample(items, N)
    assert torch.equal(rows, items.unique())
    assert torch.equal(rows[places], items)


@pytest.mark.parametrize("share", [0, -0.1, 1.5])
def test_other_shares_are_refused(share):
    with pytest.raises(ValueError, match="expected a number above 0, at most 1"):
        SampledItems(nn.Linear(DIM, N), share)


def test_a_criterion_of_another_shape_is_refused():
    with pytest.raises(ValueError, match=r"CosFaceLoss has the matrices W: expected one, `weight`"):
        SampledItems(CosFaceLoss(N, DIM))
