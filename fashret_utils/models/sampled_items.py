"""Classifiers over very many items, a part of them at a time."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.func import functional_call


class SampledItems(nn.Module):
    """Compare a batch with its own items and a random part of all others, anew in each step.

    A classifier over N items costs 3 B N d multiplications a step; from some ten thousand items on
    it takes longer than the network. This is the sampling of Partial FC (An et al. 2021, section
    3.2) on one device: the items of the batch always take part, the others are drawn uniformly, and
    the rows that do not take part get no gradient. With `share=1` it is the criterion itself.

    **Arguments**: `criterion` - a module whose parameter `weight` (N, d) has a row an item, and
    which asks nothing but that parameter how many items there are, as `TwoMarginSoftmax` of
    chapter 01; `share` - of the items that take part, above 0, at most 1.

    **Raises** `ValueError` for another share, or a criterion without such a parameter.
    """

    def __init__(self, criterion: nn.Module, share: float = 0.1) -> None:
        super().__init__()
        if not 0 < share <= 1:
            raise ValueError(f"share = {share}: expected a number above 0, at most 1")
        names = [name for name, parameter in criterion.named_parameters() if parameter.dim() == 2]
        if names != ["weight"]:
            raise ValueError(
                f"{type(criterion).__name__} has the matrices {', '.join(names) or '(none)'}: "
                "expected one, `weight`, with a row for each item"
            )
        self.criterion, self.share = criterion, share

    def forward(self, embeddings: Tensor, items: Tensor) -> Tensor:
        """Embeddings (B, d) and items (B,) from 0 to N - 1 -> what the criterion returns."""
        weight = self.criterion.weight
        rows, places = self.sample(items, len(weight))
        part = weight.index_select(0, rows)  # (n, d)
        return functional_call(self.criterion, {"weight": part}, (embeddings, places))

    def sample(self, items: Tensor, n_items: int) -> tuple[Tensor, Tensor]:
        """The items that take part (n,), ascending, and where in it each of `items` (B,) is.

        Drawn from the random state of the items' device.
        """
        chance = torch.rand(n_items, device=items.device)
        chance[items] = 2  # above all others
        count = round(self.share * n_items)
        if count < len(items):  # it may be too few; counting them waits for a GPU
            count = max(len(items.unique()), count)
        rows = chance.topk(count, sorted=False).indices.sort().values
        return rows, torch.searchsorted(rows, items)
