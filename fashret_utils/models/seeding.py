"""Where modules start: each is drawn from its own name, and batch statistics can be kept."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm


def seeded(name: str, seed: int, make: Callable[[], nn.Module]) -> nn.Module:
    """Make a module whose initial weights depend on its name and the seed, and on nothing else.

    So adding a module to a model changes no other module's start. PyTorch's random state stays as
    it was.

    **Arguments**: `name` - such as "head"; modules of one name and shape start alike; `make` -
    builds the module, on the CPU.
    """
    digest = hashlib.blake2b(f"{seed} {name}".encode(), digest_size=8).digest()
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(int.from_bytes(digest, "little", signed=True))
        return make()


def freeze_batch_norm(module: nn.Module) -> nn.Module:
    """Keep the running statistics of every batch normalisation in a module, also in training.

    Their scale and shift still learn. Use it on every arm of a comparison or on none.

    **Returns** the module itself.
    """
    for layer in module.modules():
        if isinstance(layer, _BatchNorm) and _evaluate not in layer._forward_pre_hooks.values():
            # A hook, since `train()` may be called at any time after this.
            layer.register_forward_pre_hook(_evaluate)
    return module


def _evaluate(layer: nn.Module, _inputs: tuple) -> None:
    layer.training = False
