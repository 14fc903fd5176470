"""Convolutions of each channel by itself, quick to train where PyTorch's CPU library is slow.

Where the map is smaller than the kernel, or the kernel is spread (dilated), the library falls back
to plain loops on the way back, which take a third to a half of a training step of an
EfficientNet-Lite0's last blocks at 96 pixels (`benchmarks/blocks.py`). Below, the gradient of the
kernels is a sum of products of shifted maps, and that of the maps a convolution with the kernels
turned around. What goes forward stays the library's.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

AT_ONCE = 330_000  # numbers of a map: products of so many stay in the processor's cache


class DepthwiseConv2d(nn.Conv2d):
    """A convolution of each channel by itself, of stride 1, that keeps the size of the map.

    Weights and values are those of `nn.Conv2d`; spread kernels, and maps that have fewer rows and
    columns than the kernel, take the quick way back.
    """

    @classmethod
    def can_be(cls, module: nn.Module) -> bool:
        """Whether a module is such a convolution, without a bias."""
        if type(module) is not nn.Conv2d or module.bias is not None:
            return False
        alone = module.groups == module.in_channels == module.out_channels
        odd = all(side % 2 for side in module.kernel_size)
        same = module.padding == _padding(module.kernel_size, module.dilation)
        plain = module.stride == (1, 1) and module.padding_mode == "zeros"
        return alone and odd and same and plain

    def forward(self, x: Tensor) -> Tensor:
        """Maps (B, C, h, w) -> (B, C, h, w)."""
        sides = zip(x.shape[-2:], self.kernel_size, strict=True)
        slow = self.dilation != (1, 1) or all(side < size for side, size in sides)
        if slow and x.device.type == "cpu" and torch.is_grad_enabled():
            return _QuickBack.apply(x, self.weight, self.dilation)
        return super().forward(x)


def quick(module: nn.Module) -> nn.Module:
    """The module itself, its depthwise convolutions being `DepthwiseConv2d` from now on."""
    for part in module.modules():
        if DepthwiseConv2d.can_be(part):
            part.__class__ = DepthwiseConv2d
    return module


class _QuickBack(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x: Tensor, weight: Tensor, dilation: tuple[int, int]) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.dilation = dilation
        return _convolved(x, weight, dilation)

    @staticmethod
    @once_differentiable
    def backward(ctx, grad: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        x, weight = ctx.saved_tensors
        of_maps, of_kernels, _ = ctx.needs_input_grad
        turned = _convolved(grad, weight.flip(2, 3), ctx.dilation) if of_maps else None
        kernels = _kernel_gradient(x, grad, weight, ctx.dilation) if of_kernels else None
        return turned, kernels, None


def _padding(size: tuple[int, ...], dilation: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(side // 2 * spread for side, spread in zip(size, dilation, strict=True))


def _convolved(x: Tensor, weight: Tensor, dilation: tuple[int, int]) -> Tensor:
    padding = _padding(weight.shape[-2:], dilation)
    return F.conv2d(x, weight, padding=padding, dilation=dilation, groups=len(weight))


def _kernel_gradient(x: Tensor, grad: Tensor, weight: Tensor, dilation: tuple[int, int]) -> Tensor:
    """For each place of a kernel, the products of the maps, so far shifted, with the gradient."""
    some = max(1, AT_ONCE // x[0].numel())
    parts = zip(x.split(some), grad.split(some), strict=True)
    found = torch.zeros_like(weight)
    for maps, gradients in parts:
        _add_kernel_gradient(found, maps, gradients, dilation)
    return found


def _add_kernel_gradient(found: Tensor, x: Tensor, grad: Tensor, dilation: tuple[int, int]) -> None:
    maps, grad = x.permute(0, 2, 3, 1), grad.permute(0, 2, 3, 1)  # (B, h, w, C)
    centre = tuple(side // 2 for side in found.shape[-2:])
    for row in range(found.shape[2]):
        above, rows = _overlap((row - centre[0]) * dilation[0], maps.shape[1])
        for column in range(found.shape[3]):
            left, columns = _overlap((column - centre[1]) * dilation[1], maps.shape[2])
            product = maps[:, above, left] * grad[:, rows, columns]
            found[:, 0, row, column] += product.sum((0, 1, 2))


def _overlap(shift: int, side: int) -> tuple[slice, slice]:
    """Of a map and of its gradient, the places that meet when one is shifted against the other."""
    last = max(0, min(side, side - shift))
    first = min(max(0, -shift), last)
    return slice(first + shift, last + shift), slice(first, last)
