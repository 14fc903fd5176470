"""Depthwise convolutions on small maps: equal to the library's, forward and back."""

import pytest
import torch
from torch import nn

from fashret_utils.models import cut, trunk
from fashret_utils.models.trunks import depthwise
from fashret_utils.models.trunks.depthwise import DepthwiseConv2d, quick


def pair(kernel, dilation=1, channels=6):
    """A depthwise convolution of the library in float64, and the same one as ours."""
    torch.manual_seed(0)
    padding = tuple(side // 2 * dilation for side in kernel)
    about = {"padding": padding, "dilation": dilation, "groups": channels, "bias": False}
    plain = nn.Conv2d(channels, channels, kernel, **about).double()
    ours = nn.Conv2d(channels, channels, kernel, **about).double()
    ours.load_state_dict(plain.state_dict())
    return plain, quick(ours)


@pytest.mark.parametrize("kernel", [(5, 5), (3, 3), (5, 3)])
@pytest.mark.parametrize("size", [(1, 1), (2, 2), (3, 3), (2, 1), (3, 4), (4, 4), (6, 7)])
@pytest.mark.parametrize("dilation", [1, 2])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_values_and_gradients_are_those_of_the_library(kernel, size, dilation, layout):
    found = []
    for module in pair(kernel, dilation):
        torch.manual_seed(1)
        x = torch.randn(5, 6, *size).double().contiguous(memory_format=layout).requires_grad_()
        y = module(x)
        y.backward(torch.randn(y.shape).double())
        found.append((y, x.grad, module.weight.grad))
    for theirs, ours in zip(*found, strict=True):
        torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("at_once", [1, 6 * 3 * 3 * 2, 10**6])
def test_maps_are_taken_some_at_a_time(monkeypatch, at_once):
    monkeypatch.setattr(depthwise, "AT_ONCE", at_once)  # one, two, or all of five maps
    gradients = []
    for module in pair((5, 5)):
        torch.manual_seed(1)
        module(torch.randn(5, 6, 3, 3).double()).square().sum().backward()
        gradients.append(module.weight.grad)
    torch.testing.assert_close(*gradients)


@pytest.mark.parametrize(
    ("side", "dilation", "is_quick"), [(3, 1, True), (5, 1, False), (3, 2, True), (8, 2, True)]
)
def test_small_maps_and_spread_kernels_take_the_quick_way(side, dilation, is_quick):
    way = pair((5, 5), dilation)[1](torch.randn(2, 6, side, side).double()).grad_fn
    assert type(way).__name__ == ("_QuickBackBackward" if is_quick else "ConvolutionBackward0")


def test_a_gradient_that_nobody_asks_for_is_not_computed():
    ours = pair((5, 5))[1]
    ours.weight.requires_grad_(False)
    x = torch.randn(2, 6, 3, 3).double().requires_grad_()
    ours(x).sum().backward()
    assert ours.weight.grad is None
    assert x.grad.abs().sum() > 0
    ours.weight.requires_grad_(True)
    ours(x.detach()).sum().backward()
    assert ours.weight.grad.abs().sum() > 0
    assert not ours(x).detach().requires_grad
    with torch.no_grad():
        assert not ours(x).requires_grad


@pytest.mark.parametrize(
    "other",
    [
        nn.Conv2d(4, 4, 3, padding=1, groups=2, bias=False),
        nn.Conv2d(4, 8, 3, padding=1, groups=4, bias=False),
        nn.Conv2d(4, 4, 3, padding=1, groups=4),
        nn.Conv2d(4, 4, 3, padding=0, groups=4, bias=False),
        nn.Conv2d(4, 4, 3, padding=1, stride=2, groups=4, bias=False),
        nn.Conv2d(4, 4, 4, padding=2, groups=4, bias=False),
        nn.Conv2d(4, 4, 3, padding="same", groups=4, bias=False),
        nn.Conv2d(4, 4, 3, padding=1, dilation=2, groups=4, bias=False),
        nn.Conv2d(4, 4, 3, padding=1, groups=4, bias=False, padding_mode="reflect"),
    ],
)
def test_other_convolutions_stay_as_they_are(other):
    assert type(quick(nn.Sequential(other))[0]) is nn.Conv2d


def test_a_tail_has_them_and_the_same_weights_by_name():
    whole = trunk("lite0", pretrained=False)
    tail = cut(whole, after=10)[1]
    kinds = {name for name, part in tail.named_modules() if isinstance(part, DepthwiseConv2d)}
    assert kinds == {f"block{number}.conv_dw" for number in range(12, 16)}
    names = [name for name in whole.steps.state_dict() if name in tail.state_dict()]
    assert names == list(tail.state_dict())
    maps = torch.randn(2, 112, 6, 6, requires_grad=True)
    gradients = []
    for part in (tail, whole.steps[-len(tail) :]):
        part.eval().zero_grad()
        part(maps).square().mean().backward()
        gradients.append([weight.grad for weight in part.parameters()])
    for ours, theirs in zip(*gradients, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-7)
