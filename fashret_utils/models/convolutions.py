"""Small blocks of convolutions with batch normalisation, and a map brought to another's size."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.ops import Conv2dNormActivation


def convolution(channels_in: int, channels: int, size: int, relu: bool = True) -> nn.Sequential:
    """Convolution and batch normalisation, and ReLU unless it is left out."""
    activation = nn.ReLU if relu else None
    return Conv2dNormActivation(channels_in, channels, size, activation_layer=activation)


def separable(width: int, stride: int = 1) -> nn.Sequential:
    """A 3 x 3 convolution of each channel by itself, then one of 1 x 1 over all of them."""
    each = nn.Conv2d(width, width, 3, stride, padding=1, groups=width, bias=False)
    return nn.Sequential(each, *convolution(width, width, 1))


def bottleneck(channels: int, middle: int) -> nn.Sequential:
    """1 x 1, 3 x 3 and 1 x 1 convolution, `middle` channels inside; starts as zero."""
    body = nn.Sequential(
        convolution(channels, middle, 1),
        convolution(middle, middle, 3),
        convolution(middle, channels, 1, relu=False),
    )
    nn.init.zeros_(body[2][1].weight)
    return body


def upsampled(x: Tensor, like: Tensor) -> Tensor:
    """A map (B, C, h, w) at the size of another one, by nearest neighbours."""
    same = x.shape[-2:] == like.shape[-2:]
    return x if same else F.interpolate(x, size=like.shape[-2:], mode="nearest")
