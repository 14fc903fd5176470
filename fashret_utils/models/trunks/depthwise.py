"""Convolutions of each channel by itself, quick to train where the map is smaller than the kernel.

There, PyTorch's CPU library falls back to a plain loop for the gradient of the kernels, some twenty
times slower than it need be; with maps of 3 x 3 and kernels of 5 x 5 that loop takes half of a
training step of EfficientNet-Lite0's last blocks. Below, that one gradient is a sum of products of
shifted maps; what goes forward, and the gradient of the maps, stays the library's.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional as F


class DepthwiseConv2d(nn.Conv2d):
    """A convolution of each channel by itself, of stride 1, that keeps the size of the map.

    Weights and values are those of `nn.Conv2d`; a map that has fewer rows and columns than the
    kernel takes the quick way back.
    """

    @classmethod
    def can_be(cls, module: nn.Module) -> bool:
        """Whether a module is such a convolution, without a bias."""
        if type(module) is not nn.Conv2d or module.bias is not None:
            return False
        alone = module.groups == module.in_channels == module.out_channels
        same = module.padding == tuple(side // 2 for side in module.kernel_size)
        odd = all(side % 2 for side in module.kernel_size)
        plain = module.stride == module.dilation == (1, 1) and module.padding_mode == "zeros"
        return alone and same and odd and plain

    def forward(self, x: Tensor) -> Tensor:
        """Maps (B, C, h, w) -> (B, C, h, w)."""
        small = all(side < size for side, size in zip(x.shape[-2:], self.kernel_size, strict=True))
        if small and x.device.type == "cpu" and torch.is_grad_enabled():
            return _OnSmallMaps.apply(x, self.weight)
        return super().forward(x)


def quick(module: nn.Module) -> nn.Module:
    """The module itself, its depthwise convolutions being `DepthwiseConv2d` from now on."""
    for part in module.modules():
        if DepthwiseConv2d.can_be(part):
            part.__class__ = DepthwiseConv2d
    return module


class _OnSmallMaps(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x: Tensor, weight: Tensor) -> Tensor:
        ctx.save_for_backward(x, weight)
        return F.conv2d(x, weight, padding=_padding(weight), groups=len(weight))

    @staticmethod
    @once_differentiable
    def backward(ctx, grad: Tensor) -> tuple[Tensor | None, Tensor | None]:
        x, weight = ctx.saved_tensors
        of_maps, of_kernels = ctx.needs_input_grad
        back = None
        if of_maps:
            like = [1, 1], _padding(weight), [1, 1], False, [0, 0], len(weight)
            convolution = torch.ops.aten.convolution_backward
            back = convolution(grad, x, weight, None, *like, [True, False, False])[0]
        return back, _kernel_gradient(x, grad, weight) if of_kernels else None


def _padding(weight: Tensor) -> list[int]:
    return [side // 2 for side in weight.shape[-2:]]


def _kernel_gradient(x: Tensor, grad: Tensor, weight: Tensor) -> Tensor:
    """For each place of a kernel, the products of the maps, so far shifted, with the gradient."""
    maps, grad = x.permute(0, 2, 3, 1), grad.permute(0, 2, 3, 1)  # (B, h, w, C)
    found = torch.zeros_like(weight)
    for row in range(weight.shape[2]):
        above, rows = _overlap(row - weight.shape[2] // 2, maps.shape[1])
        for column in range(weight.shape[3]):
            left, columns = _overlap(column - weight.shape[3] // 2, maps.shape[2])
            product = maps[:, above, left] * grad[:, rows, columns]
            found[:, 0, row, column] = product.sum((0, 1, 2))
    return found


def _overlap(shift: int, side: int) -> tuple[slice, slice]:
    """Of a map and of its gradient, the places that meet when one is shifted against the other."""
    first, last = max(0, -shift), max(0, min(side, side - shift))
    first = min(first, last)
    return slice(first + shift, last + shift), slice(first, last)
