"""Centre loss against Wen's rule item by item, in float64."""

import pytest
import torch

from fashret_utils.models.losses import CenterLoss


def batch(n=12, items=4, dim=5, seed=0):
    generator = torch.Generator().manual_seed(seed)
    features = torch.randn(n, dim, generator=generator, dtype=torch.float64)
    return features, torch.randint(items, (n,), generator=generator)


def loss_by_loop(features, items, centers):
    distances = [(f - centers[i]).square().sum() for f, i in zip(features, items, strict=True)]
    return sum(distances) / (2 * len(items))


def moved_by_loop(features, items, centers, rate):
    """Wen et al. 2016, Equation 4, item by item."""
    moved = centers.clone()
    for j in range(len(centers)):
        own = features[items == j]
        difference = sum((centers[j] - f for f in own), torch.zeros_like(centers[j]))
        moved[j] = centers[j] - rate * difference / (1 + len(own))
    return moved


@pytest.mark.parametrize("rate", [0.1, 0.5, 1.0])
def test_loss_and_centers_follow_the_loop(rate):
    criterion = CenterLoss(6, 5, rate=rate).double()  # items 4 and 5 never occur
    for step in range(4):
        features, items = batch(seed=step)
        before = criterion.centers.clone()
        loss = criterion(features, items)
        torch.testing.assert_close(loss, loss_by_loop(features, items, before))
        expected = moved_by_loop(features, items, before, rate)
        torch.testing.assert_close(criterion.centers, expected, rtol=1e-12, atol=1e-12)
    assert not criterion.centers[4:].any()


def test_centers_reach_the_item_means_of_fixed_features():
    criterion = CenterLoss(4, 5).double()
    features, items = batch()[0], torch.arange(12) % 4
    for _ in range(80):
        criterion(features, items)
    means = torch.stack([features[items == i].mean(0) for i in range(4)])
    torch.testing.assert_close(criterion.centers, means, rtol=1e-9, atol=1e-9)


def test_the_gradient_is_the_distance_to_the_center_by_the_batch():
    criterion = CenterLoss(4, 5).double()
    features, items = batch()
    criterion(features, items)
    before = criterion.centers.clone()
    features.requires_grad_()
    (gradient,) = torch.autograd.grad(criterion(features, items), features)
    torch.testing.assert_close(gradient, (features - before[items]).detach() / len(items))


def test_centers_rest_in_evaluation_and_are_no_weights_but_saved():
    criterion = CenterLoss(4, 5).double()
    features, items = batch()
    criterion(features, items)
    before = criterion.centers.clone()
    criterion.eval()(features, items)
    assert torch.equal(criterion.centers, before)
    assert not list(criterion.parameters())
    restored = CenterLoss(4, 5).double()
    restored.load_state_dict(criterion.state_dict())
    assert torch.equal(restored.centers, before)


@pytest.mark.parametrize(
    ("features", "items", "message"),
    [
        (torch.randn(3, 4), torch.tensor([0, 1, 2]), r"features \(3, 4\).*expected \(B, 5\)"),
        (torch.randn(3, 5), torch.tensor([0, 1]), r"and 2 items"),
        (torch.randn(0, 5), torch.tensor([], dtype=torch.long), r"B above 0"),
        (torch.randn(2, 5), torch.tensor([0, 4]), r"items from 0 to 4: expected .* 0 to 3"),
        (torch.randn(2, 5), torch.tensor([-1, 0]), r"items from -1 to 0"),
    ],
)
def test_what_does_not_fit_is_refused(features, items, message):
    with pytest.raises(ValueError, match=message):
        CenterLoss(4, 5)(features, items)


@pytest.mark.parametrize("rate", [0, -0.1, 1.5])
def test_rates_outside_their_range_are_refused(rate):
    with pytest.raises(ValueError, match=r"rate = .*: expected a number above 0"):
        CenterLoss(4, 5, rate=rate)
