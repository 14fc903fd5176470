"""Depthwise convolutions as matrices: what comes out and all gradients are the convolution's."""

from copy import deepcopy

import pytest
import torch
from timm.layers import Conv2dSame
from torch import nn

from fashret_utils.models import trunk
from fashret_utils.models.trunks import depthwise
from fashret_utils.models.trunks.depthwise import SmallConv2d, small_maps
from fashret_utils.models.trunks.scales import keep_size, scales

LAYERS = {
    "plain": lambda: nn.Conv2d(8, 8, 5, padding=2, groups=8, bias=False),
    "bias": lambda: nn.Conv2d(8, 8, 5, padding=2, groups=8),
    "spread": lambda: nn.Conv2d(8, 8, 5, padding=4, dilation=2, groups=8, bias=False),
    "strided": lambda: nn.Conv2d(8, 8, 5, stride=2, padding=1, groups=8, bias=False),
    "oblong": lambda: nn.Conv2d(8, 8, (3, 9), padding=(1, 4), groups=8, bias=False),
    "same": lambda: Conv2dSame(8, 8, 5, stride=2, groups=8, bias=False),
    "same, spread": lambda: Conv2dSame(8, 8, 5, dilation=2, groups=8, bias=False),
}


def gradients(layer, x, weight):
    """What comes out, and the gradients of a weighted sum of it."""
    x = x.clone().requires_grad_()
    y = layer(x)
    return y, *torch.autograd.grad((y * weight(y)).sum(), (x, *layer.parameters()))


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("size", [(3, 3), (6, 6), (5, 4)])
@pytest.mark.parametrize("kind", LAYERS)
def test_equal_to_the_convolution(kind, size, layout, monkeypatch):
    torch.manual_seed(0)
    plain = LAYERS[kind]().double()
    quick = small_maps(deepcopy(plain))
    assert type(quick) is not type(plain)
    made = []
    entries = depthwise._entries
    monkeypatch.setattr(depthwise, "_entries", lambda ways: made.append(ways) or entries(ways))
    x = torch.randn(7, 8, *size, dtype=torch.float64).to(memory_format=layout)

    def weight(y):
        return torch.linspace(-1, 1, y.numel(), dtype=y.dtype).view(y.shape)

    for ours, theirs in zip(gradients(quick, x, weight), gradients(plain, x, weight), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)
    assert made, "the matrix was not used"


def test_large_maps_and_frozen_layers_stay_convolutions(monkeypatch):
    layer = small_maps(LAYERS["plain"]())
    monkeypatch.setattr(depthwise, "_entries", None)  # would fail if it were asked
    layer(torch.randn(2, 8, 7, 7))
    with torch.no_grad():
        layer(torch.randn(2, 8, 3, 3))


def test_only_depthwise_layers_with_large_kernels_change():
    layers = nn.Sequential(
        nn.Conv2d(8, 8, 5, padding=2),
        nn.Conv2d(8, 8, 3, padding=1, groups=8),
        nn.Conv2d(8, 16, 5, padding=2, groups=8),
        nn.Conv2d(8, 8, 5, padding=2, groups=8, padding_mode="reflect"),
    )
    assert [type(layer) for layer in small_maps(layers)] == [nn.Conv2d] * 4


def test_a_tail_at_full_size_learns_as_before():
    torch.manual_seed(0)
    stem, tail = scales(keep_size(trunk("lite0", pretrained=False)), 10)
    tail = small_maps(tail.double())
    quick = [layer for layer in tail.modules() if isinstance(layer, SmallConv2d)]
    assert len(quick) >= 3
    maps = [torch.randn(2, *shape, dtype=torch.float64) for shape in stem.shapes(96)]
    found = []
    for largest in (0, depthwise.LARGEST):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(depthwise, "LARGEST", largest)
            loss = tail(maps)[-1].square().sum()
            found.append(torch.autograd.grad(loss, list(tail.parameters())))
    for ours, theirs in zip(*found, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-8, atol=1e-10)
