"""Pictures into a converter and out of it; averaged weights; a converter that has died."""

import numpy as np
import pytest
import torch
from torch import nn

from fashret_utils.data.augment import normalise
from fashret_utils.training.drawing import (
    Averaged,
    Film,
    enlarged,
    frozen,
    generate,
    signed,
    warn_of_collapse,
)


class Fixed(nn.Module):
    """Draws one picture, whatever the photo."""

    def __init__(self, picture):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))
        self.picture = picture

    def forward(self, photos):
        return self.picture.expand(len(photos), -1, -1, -1)


def test_signed_undoes_the_normalisation():
    pixels = torch.randint(0, 256, (2, 3, 4, 4), dtype=torch.uint8)
    expected = pixels.float() / 127.5 - 1
    torch.testing.assert_close(signed(normalise(pixels)), expected, atol=1e-5, rtol=0)


def test_generate_gives_the_pixels_of_the_tanh_and_leaves_the_mode():
    made = torch.linspace(-1, 1, 48).reshape(1, 3, 4, 4)
    converter = Fixed(made).train()
    found = generate(converter, np.zeros((2, 3, 4, 4), np.uint8))
    assert found.dtype == np.uint8
    assert np.array_equal(found[1], ((made[0] + 1) * 127.5).round().numpy())
    assert converter.training


def test_enlarged_is_bilinear_and_keeps_pictures_of_that_side():
    pixels = np.random.default_rng(0).integers(0, 256, (3, 3, 8, 8)).astype(np.uint8)
    assert np.array_equal(enlarged(pixels, 8), pixels)
    whole = torch.from_numpy(pixels).float()
    expected = nn.functional.interpolate(whole, size=(12, 12), mode="bilinear")
    assert np.abs(enlarged(pixels, 12).astype(float) - expected.numpy()).max() <= 1
    assert np.array_equal(enlarged(np.full((1, 3, 4, 4), 9, np.uint8), 6), np.full((1, 3, 6, 6), 9))


def test_a_collapsed_converter_is_named_and_a_live_one_is_not(recwarn):
    warn_of_collapse(torch.rand(4, 3, 8, 8), "gan", 100)
    assert not recwarn
    with pytest.warns(UserWarning, match="'gan' has collapsed at step 100"):
        warn_of_collapse(torch.full((4, 3, 8, 8), 0.3), "gan", 100)


def test_frozen_networks_pass_gradients_and_collect_none():
    net, x = nn.Linear(2, 1), torch.ones(1, 2, requires_grad=True)
    net.bias.requires_grad_(False)
    with frozen(net):
        net(x).sum().backward()
    assert net.weight.grad is None
    assert torch.equal(x.grad, net.weight.detach())
    assert [p.requires_grad for p in net.parameters()] == [True, False]  # as they were


def test_the_average_is_the_loop():
    net = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    average, expected = Averaged(net, decay=0.6), None
    for step in range(6):
        with torch.no_grad():
            net[0].weight.fill_(float(step))
            net[1].running_mean.fill_(10.0 * step)
        average.update_parameters(net)
        kept = min(0.6, (1 + step) / (10 + step))  # of the first call all is new
        expected = 0.0 if expected is None else kept * expected + (1 - kept) * step
    assert average.module[0].weight.unique().tolist() == pytest.approx([expected])
    assert average.module[1].running_mean.unique().tolist() == pytest.approx([10 * expected])
    assert not any(p.requires_grad for p in average.parameters())
    assert net[0].weight.requires_grad
    with pytest.raises(ValueError, match=r"decay = 1: expected a number from 0 to below 1"):
        Averaged(net, decay=1)


def test_a_film_is_taken_at_its_steps():
    photos = np.zeros((2, 3, 4, 4), np.uint8)
    film = Film(photos, 8, frames=3)
    for step in range(1, 9):
        film.turn(Fixed(torch.full((1, 3, 4, 4), step / 8)))
    assert film.at.tolist() == [1, 3, 8]
    grey = ((film.at.double() / 8 + 1) * 127.5).round()
    assert film.frames[:, 0, 0, 0, 0].double().tolist() == grey.tolist()
