"""Weights, operations and the pull of a loss, counted by hand."""

import pytest
import torch
from torch import nn

from fashret_utils.models import pyramid, trunk
from fashret_utils.training import Bench
from fashret_utils.training.measures import cost, operations, pulls, weights
from fashret_utils.wardrobe import Wardrobe


class Net(nn.Module):
    """A convolution of each of two maps, pooled and joined."""

    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Conv2d(40, 4, 3, padding=1), nn.Conv2d(112, 4, 1, bias=False)

    def forward(self, maps):
        return torch.cat([self.a(maps[0]).mean((2, 3)), self.b(maps[1]).mean((2, 3))], 1)


def test_weights_and_operations_are_counted():
    net, maps = Net(), [torch.zeros(3, 40, 4, 4), torch.zeros(3, 112, 2, 2)]
    assert weights(net) == 40 * 4 * 9 + 4 + 112 * 4
    assert operations(net, maps) == 2 * (40 * 4 * 9 * 16 + 112 * 4 * 4)  # of one picture
    assert net.training


def test_cost_leaves_the_number_of_threads_as_it_was():
    rows = Wardrobe(seed=1, items=6, split=(4, 1, 1), street_pictures=1).catalog()
    data = Bench(rows, pyramid(trunk("lite0", pretrained=False), (3, 4)), size=32)
    before = torch.get_num_threads()
    found = cost(Net(), data, rows)
    assert torch.get_num_threads() == before
    assert found["weights"] == weights(Net())
    assert found["operations"] == 2 * (40 * 4 * 9 * 16 + 112 * 4 * 4)
    assert found["pictures_per_second"] > 0


def test_pulls_are_the_norms_of_gradients():
    w, v = torch.tensor([3.0, 4.0], requires_grad=True), torch.tensor([1.0], requires_grad=True)
    parts = {"square": (w**2).sum() / 2, "both": 2 * v.sum() + w.sum(), "neither": 0 * v.sum()}
    found = pulls(parts, [w, v])
    assert found["square"] == pytest.approx(5)
    assert found["both"] == pytest.approx((1 + 1 + 4) ** 0.5)
    assert found["neither"] == 0
    assert pulls({"square": (w**2).sum()}, [v]) == {"square": 0.0}
