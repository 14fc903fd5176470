"""Depthwise convolutions of small maps as products of matrices, which a CPU learns faster.

A depthwise convolution of a map of h x w positions is, for each channel, a matrix from its h w
values to those of the next map, whose entries are the kernel's (a doubly blocked Toeplitz matrix,
Goodfellow et al. 2016, Deep Learning, section 9.1). Libraries are tuned for large maps: the
gradients of a 5 x 5 kernel on a map of 6 x 6 take them six times as long as this product does.
"""

from __future__ import annotations

from functools import lru_cache
from math import prod

import torch
import torch.nn.functional as F
from timm.layers import Conv2dSame
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

LARGEST = 36  # positions of a map, up to which the matrix is the faster way
SMALLEST_KERNEL = 25  # positions of a kernel, from which on it is


def small_maps(module: nn.Module) -> nn.Module:
    """Let the depthwise convolutions of a module learn by matrices wherever that is faster.

    Weights, their names and what comes out are the same, up to rounding. Only a CPU that keeps
    gradients takes the other way; the maps' size decides with each batch.

    **Returns** the module itself, changed in place.
    """
    for layer in module.modules():
        kind = _KINDS.get(type(layer))
        if not kind or layer.padding_mode != "zeros":
            continue
        depthwise = layer.groups == layer.in_channels == layer.out_channels
        if depthwise and prod(layer.kernel_size) >= SMALLEST_KERNEL:
            layer.__class__ = kind
    return module


class _ByMatrix:
    """A depthwise convolution: (B, C, h, w) -> (B, C, h', w')."""

    def forward(self, x: Tensor) -> Tensor:
        sizes = x.shape[2:]
        learns = torch.is_grad_enabled() and x.device.type == "cpu"
        if not learns or sizes.numel() > LARGEST or x.dtype != self.weight.dtype:
            return super().forward(x)
        ways = zip(sizes, self.kernel_size, self.stride, self.dilation, self._pads(x), strict=True)
        entries, out = _entries(tuple(ways))
        matrices = F.pad(self.weight.flatten(1), (0, 1))[:, entries]  # (C, h w, h' w')
        y = _Products.apply(x, matrices).unflatten(2, out)
        return y if self.bias is None else y + self.bias[:, None, None]

    def _pads(self, x: Tensor) -> tuple[tuple[int, int], ...]:
        return tuple((side, side) for side in self.padding)


class SmallConv2d(_ByMatrix, nn.Conv2d):
    """`nn.Conv2d`, see `small_maps`."""


class SmallConv2dSame(_ByMatrix, Conv2dSame):
    """timm's `Conv2dSame`, which pads as TensorFlow does, see `small_maps`."""

    def _pads(self, x: Tensor) -> tuple[tuple[int, int], ...]:
        return tuple(
            (short // 2, short - short // 2)
            for side, kernel, stride, spread in zip(
                x.shape[2:], self.kernel_size, self.stride, self.dilation, strict=True
            )
            for short in [
                max((-(-side // stride) - 1) * stride + (kernel - 1) * spread + 1 - side, 0)
            ]
        )


class _Products(torch.autograd.Function):
    """Each channel of (B, C, h, w) by its matrix (C, h w, n): (B, C, n), channels last.

    The product wants a channel's numbers side by side, the network those of a position: left to
    views, each of the C products would copy its own.
    """

    @staticmethod
    def forward(ctx, x: Tensor, matrices: Tensor) -> Tensor:
        ctx.shape = x.shape
        columns = x.flatten(2).transpose(0, 1).contiguous()  # (C, B, h w)
        ctx.save_for_backward(columns, matrices)
        return _channels_last(torch.bmm(columns, matrices))

    @staticmethod
    @once_differentiable
    def backward(ctx, grad: Tensor) -> tuple[Tensor, Tensor]:
        columns, matrices = ctx.saved_tensors
        grad = grad.transpose(0, 1).contiguous()  # (C, B, n)
        of_x = _channels_last(torch.bmm(grad, matrices.transpose(1, 2)))
        return of_x.unflatten(2, ctx.shape[2:]), torch.bmm(columns.transpose(1, 2), grad)


def _channels_last(columns: Tensor) -> Tensor:
    """(C, B, n) -> (B, C, n) with a position's channels side by side."""
    return columns.permute(1, 2, 0).contiguous().transpose(1, 2)


_KINDS = {nn.Conv2d: SmallConv2d, Conv2dSame: SmallConv2dSame}


@lru_cache(maxsize=64)
def _entries(ways: tuple) -> tuple[Tensor, tuple[int, int]]:
    """Which of a kernel's positions each entry of the matrix is: (h w, h' w'), and (h', w').

    A way is size, kernel, stride, dilation and padding before and after of a direction. Entries
    outside of the kernel are its number of positions.
    """
    found = []
    for size, kernel, stride, spread, (before, after) in ways:
        count = (size + before + after - spread * (kernel - 1) - 1) // stride + 1
        offset = torch.arange(size)[:, None] + before - stride * torch.arange(count)
        position = offset.div(spread, rounding_mode="floor")
        inside = (offset % spread == 0) & (position >= 0) & (position < kernel)
        found.append((position, inside, count))
    (row, row_in, height), (column, column_in, width) = found
    (_, high, *_), (_, wide, *_) = ways
    entries = row[:, None, :, None] * wide + column[None, :, None, :]
    inside = row_in[:, None, :, None] & column_in[None, :, None, :]
    entries = torch.where(inside, entries, high * wide)
    return entries.reshape(len(row) * len(column), -1), (height, width)
