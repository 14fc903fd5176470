"""Blocks of convolutions: where they start, what they reach, the size they give."""

import pytest
import torch

from fashret_utils.models.convolutions import bottleneck, convolution, separable, upsampled


def test_a_bottleneck_starts_as_zero_and_learns():
    block = bottleneck(8, 2)
    x = torch.randn(3, 8, 5, 5)
    assert torch.equal(block(x), torch.zeros_like(x))
    block(x).sum().backward()
    assert block[2][1].weight.grad.abs().sum() > 0


def test_relu_can_be_left_out():
    x = torch.randn(4, 3, 6, 6)
    assert convolution(3, 5, 3)(x).min() == 0
    assert convolution(3, 5, 1, relu=False)(x).min() < 0


@pytest.mark.parametrize(("stride", "side"), [(1, 7), (2, 4)])
def test_a_separable_convolution_reaches_3_by_3_places_of_all_channels(stride, side):
    layer = separable(4, stride).eval()
    layer[0].weight.data.fill_(1.0)
    layer[1].weight.data.fill_(1.0)
    x = torch.ones(1, 4, 7, 7, requires_grad=True)
    y = layer(x)
    assert y.shape == (1, 4, side, side)
    (gradient,) = torch.autograd.grad(y[0, 0, 1, 1], x)
    reached = torch.zeros(7, 7, dtype=torch.bool)
    reached[stride - 1 : stride + 2, stride - 1 : stride + 2] = True
    assert torch.equal(gradient[0] > 0, reached.expand(4, 7, 7))


def test_upsampling_repeats_the_nearest_place():
    small, large = torch.randn(1, 2, 3, 3), torch.zeros(1, 2, 6, 6)
    expected = small.repeat_interleave(2, 2).repeat_interleave(2, 3)
    assert torch.equal(upsampled(small, large), expected)
    assert upsampled(small, small) is small
