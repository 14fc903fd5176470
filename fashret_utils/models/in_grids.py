"""A network that embeds pictures as cells of grids, with neighbours by chance."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class InGrids(nn.Module):
    """Embeds pictures in grids of `side` x `side`.

    **Arguments**: `model` - takes maps of cells (Q, K * K, C, h, w) and gives (Q, K * K, dim).
    """

    def __init__(self, model: nn.Module, side: int = 3):
        super().__init__()
        self.model, self.cells = model, side**2

    def forward(self, maps: Tensor) -> Tensor:
        """(B, C, h, w) -> (B, dim); the last grid is filled up with the first pictures."""
        order = torch.randperm(len(maps), generator=torch.Generator().manual_seed(0))
        order = order.to(maps.device)
        places = torch.arange(-(-len(maps) // self.cells) * self.cells, device=maps.device)
        chosen = order[places % len(maps)]  # whole grids of rows
        found = self.model(maps[chosen].unflatten(0, (-1, self.cells))).flatten(0, 1)
        back = torch.empty_like(found[: len(maps)])
        back[chosen[: len(maps)]] = found[: len(maps)]
        return back
