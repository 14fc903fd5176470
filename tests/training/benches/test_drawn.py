"""A bench of drawings: the converter comes before the stem, for street pictures alone."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from fashret_utils.data.columns import SHOP, STREET
from fashret_utils.datasets import bench
from fashret_utils.models import cut, trunk
from fashret_utils.training import Bench
from fashret_utils.training.benches.drawn import Drawn
from fashret_utils.training.drawing import enlarged, generate


class Mirror(nn.Module):
    """Draws every picture as its mirror image, and counts them."""

    def __init__(self):
        super().__init__()
        self.weight, self.count = nn.Parameter(torch.ones(())), 0

    def forward(self, pictures):
        self.count += len(pictures)
        return self.weight * pictures.flip(-1)


class Mean(nn.Module):
    def forward(self, maps):
        return maps.mean((2, 3))


@pytest.fixture(scope="module")
def stem():
    return cut(trunk("lite0"), after=10)[0]


@pytest.fixture
def data(stem):
    catalog = bench.load("wardrobe-garments", "smoke").where(split="val")
    return Drawn(catalog, stem, converter=Mirror(), side=32)


def test_street_pictures_are_drawn_and_shop_pictures_are_not(data, stem):
    rows = data.catalog.take(np.arange(0, len(data.catalog), 5))
    street = rows.domain == STREET
    assert 0 < street.sum() < len(rows)
    found = data.embed(Mean(), rows)
    photos = rows.where(domain=STREET)
    pictures = enlarged(generate(Mirror(), photos.pixels(32)), 96)
    with torch.no_grad():
        expected = F.normalize(Mean()(stem(torch.from_numpy(pictures)))).numpy()
    np.testing.assert_allclose(found[street], expected, atol=2e-3)  # maps in float16
    plain = Bench(data.catalog, stem).embed(Mean(), rows.where(domain=SHOP))
    np.testing.assert_array_equal(found[~street], plain)


def test_a_drawing_is_made_once_also_for_other_parts(data):
    rows = data.catalog.where(domain=STREET).take(np.arange(6))
    first = data.maps(rows)
    assert data.converter.count == 6
    other = data.part(data.catalog.where(domain=STREET))
    again = other.maps(rows.take(np.array([4, 1])))
    assert data.converter.count == 6
    assert torch.equal(again, first[[4, 1]])
    assert other.converter is data.converter


def test_modes_are_as_before(data):
    model = Mean().train()
    data.embed(model, data.catalog.take(np.arange(8)))
    assert model.training
