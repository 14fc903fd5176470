"""A step of a trunk's last blocks, with the quick way back through depthwise convolutions.

    python benchmarks/blocks.py

Forward and backward of what the chapters train of EfficientNet-Lite0: with the package's depthwise
convolutions, and with PyTorch's own, in turn. `limit` is what the rest of the blocks takes.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import turns
from torch import nn

from fashret_utils.models import cut, trunk
from fashret_utils.models.trunks.depthwise import DepthwiseConv2d
from fashret_utils.models.trunks.scales import keep_size
from fashret_utils.site.speed import Case, Other

BLOCKS = {  # what is done to the trunk, the last block before those trained, their maps
    "blocks 11 to 15": (lambda network: network, 10, (112, 6, 6)),
    "block 15, stride taken out": (keep_size, 14, (192, 6, 6)),
}
BATCH = 96


def stepping(tail: nn.Module, maps: torch.Tensor) -> Callable[[], None]:
    """Forward and backward of a network."""
    return lambda: tail(maps).square().mean().backward()


def with_plain(tail: nn.Module) -> nn.Module:
    """The same network with PyTorch's depthwise convolutions."""
    for part in tail.modules():
        if isinstance(part, DepthwiseConv2d):
            part.__class__ = nn.Conv2d
    return tail


def without_others(tail: nn.Module) -> nn.Module:
    """The same network without its depthwise convolutions of stride 1."""
    for name, part in list(tail.named_modules()):
        if isinstance(part, DepthwiseConv2d):
            owner, _, last = name.rpartition(".")
            setattr(tail.get_submodule(owner), last, nn.Identity())
    return tail


def last_blocks(what: str, name: str, rounds: int) -> Case:
    """One case: ours, PyTorch's, and what is left without those convolutions."""
    before, after, shape = BLOCKS[name]
    network = before(trunk("lite0"))
    maps = torch.randn(BATCH, *shape).contiguous(memory_format=torch.channels_last)
    kinds = {"ours": nn.Module.train, "PyTorch": with_plain, "limit": without_others}
    steps = {
        kind: stepping(make(cut(network, after)[1]).train(), maps) for kind, make in kinds.items()
    }
    seconds = turns.in_turn(steps, rounds)
    peer = Other("PyTorch's way back", "peer", seconds["PyTorch"], target=1.3)
    limit = Other("without them", "limit", seconds["limit"])
    return Case(what, seconds["ours"], BATCH, "pictures", [peer, limit])


def cases(options, _others):
    """A case for each cut."""
    for name in BLOCKS:
        what = f"Step of EfficientNet-Lite0's {name}, 96 px, batch {BATCH}"
        yield what, lambda what, name=name: last_blocks(what, name, options.rounds)


if __name__ == "__main__":
    turns.main(__doc__, "blocks", cases)
