"""What a network costs behind a stem, and which part of its loss pulls how hard."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from fashret_utils.data.catalog import Catalog
from fashret_utils.training.bench import Bench

TIMED = 256  # pictures


def weights(module: nn.Module) -> int:
    """Number of weights of a module."""
    return sum(parameter.numel() for parameter in module.parameters())


def operations(net: nn.Module, maps: Sequence[Tensor]) -> int:
    """Floating-point operations to embed one picture, behind the stem that gave `maps` (B, ...)."""
    training = net.training
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        net.eval()(tuple(m[:1] for m in maps))
    net.train(training)
    return counter.get_total_flops()


def cost(net: nn.Module, data: Bench, rows: Catalog) -> dict[str, int]:
    """Weights, operations a picture, and pictures embedded a second by one thread.

    **Arguments**: `rows` - pictures to embed, of which the first are timed. The stem is left out.
    """
    maps = data.stem(data.batches(items=2, steps=1, augment=False).at(0))
    some = rows.take(np.arange(min(TIMED, len(rows))))
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # comparable, whatever runs beside it
    try:
        data.embed(net, some)  # the first time reads files
        begin = time.perf_counter()
        data.embed(net, some)
        speed = len(some) / (time.perf_counter() - begin)
    finally:
        torch.set_num_threads(threads)
    counted = {"weights": weights(net), "operations": operations(net, maps)}
    return counted | {"pictures_per_second": round(speed)}


def pulls(parts: Mapping[str, Tensor], by: Sequence[Tensor]) -> dict[str, float]:
    """Norm of the gradient of each part of a loss by some weights.

    **Arguments**: `parts` - name -> scalar, of one forward pass; `by` - weights; those that a part
    does not reach count as zero.
    """
    norms = {}
    for name, loss in parts.items():
        slopes = torch.autograd.grad(loss, by, retain_graph=True, allow_unused=True)
        reached = [slope.norm() for slope in slopes if slope is not None]
        norms[name] = torch.stack(reached).norm().item() if reached else 0.0
    return norms
