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


class Plain(Mirror):
    """Draws every picture as it is."""

    def forward(self, pictures):
        return super().forward(pictures).flip(-1)


class Mean(nn.Module):
    def forward(self, maps):
        return maps.mean((2, 3))


@pytest.fixture(scope="module")
def stem():
    return cut(trunk("lite0"), after=10)[0]


@pytest.fixture
def data(stem):
    catalog = bench.load("wardrobe-garments", "smoke").where(split="val")
    return Drawn(catalog, stem, converters=(Mirror(),), side=32)


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
    assert data.converters[0].count == 6
    other = data.part(data.catalog.where(domain=STREET))
    again = other.maps(rows.take(np.array([4, 1])))
    assert data.converters[0].count == 6
    assert torch.equal(again, first[[4, 1]])
    assert other.converters is data.converters


def test_modes_are_as_before(data):
    model = Mean().train()
    data.embed(model, data.catalog.take(np.arange(8)))
    assert model.training


def test_a_picture_is_drawn_by_the_converter_that_is_named_for_it(stem):
    catalog = bench.load("wardrobe-garments", "smoke").where(split="val", domain=STREET)
    both = Plain(), Mirror()
    data = Drawn(catalog, stem, converters=both, side=32, drawn_by=lambda rows: rows.item % 2)
    odd, pixels = catalog.item % 2 == 1, catalog.pixels(32)
    assert 0 < odd.sum() < len(catalog)
    drawn = data.drawings(catalog).astype(int)
    assert np.abs(drawn[odd] - pixels[odd][..., ::-1]).max() <= 1
    assert np.abs(drawn[~odd] - pixels[~odd]).max() <= 1
    expected = data._through(enlarged(drawn.astype(np.uint8), 96))
    torch.testing.assert_close(data.part(catalog).maps(catalog), expected, atol=2e-3, rtol=1e-3)
