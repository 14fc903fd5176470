"""What a network gives for the pictures of a catalogue as it is, neither normalised nor joined."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from fashret_utils.data.catalog import Catalog
from fashret_utils.datasets import bench as sizes
from fashret_utils.training.bench import Bench

Maps = Tensor | tuple[Tensor, ...]


@torch.no_grad()
def outputs(
    data: Bench, call: Callable[[Maps], Sequence[Tensor]], rows: Catalog, batch: int = 256
) -> tuple[Tensor, ...]:
    """Call a function with the stem's maps of all pictures, `batch` at a time.

    On a CPU the maps come from the bank, on a GPU from pixels, as of `Bench.embed`; augmented views
    are left out.

    **Arguments**: `call` - from what the stem gives for B pictures to several tensors (B, ...). The
    mode of its modules is the caller's business.

    **Returns** the same tensors of all n pictures, (n, ...), on the device of the bench.
    """
    on_cpu = data.device.type == "cpu"
    bank = sizes.bank(rows, data.stem, data.size).fill(views=(0,)) if on_cpu else None
    pixels = None if on_cpu else rows.pixels(data.size)
    parts = []
    for start in range(0, len(rows), batch):
        chosen = np.arange(start, min(start + batch, len(rows)))
        if on_cpu:
            maps = bank.maps(chosen)
            maps = tuple(m.float() for m in maps) if isinstance(maps, tuple) else maps.float()
        else:
            maps = data.stem(torch.from_numpy(np.array(pixels[chosen])).to(data.device))
        parts.append(call(maps))
    return tuple(torch.cat(each) for each in zip(*parts, strict=True))
