"""Losses that several chapters share and pytorch-metric-learning does not have."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class CenterLoss(nn.Module):
    """Pull each feature towards the centre of its item (Wen et al. 2016).

    The loss is 1 / (2 B) sum_i ||f_i - c_{y_i}||^2, the mean of their Equation 2 over the batch of
    B features. The centres are no weights of an optimizer. In training mode each call moves the
    centre of every item in the batch by Wen's own rule (Equation 4),

        c_j <- c_j - rate * sum_{i: y_i = j} (c_j - f_i) / (1 + n_j),

    n_j being how often the item occurs in the batch; the loss is that of the centres before.
    pytorch-metric-learning has neither this loss nor this rule: its classifiers keep class weights
    and learn them by gradient. Centres are a buffer: they are saved with the module, and of several
    processes each moves its own by its own share of the batch.

    **Arguments**: `n_items`; `dim` - of the features; `rate` - of the centres, Wen's alpha.
    """

    centers: Tensor  # (n_items, dim), zero at first

    def __init__(self, n_items: int, dim: int, rate: float = 0.5) -> None:
        super().__init__()
        if not 0 < rate <= 1:
            raise ValueError(f"rate = {rate}: expected a number above 0, at most 1")
        self.rate = rate
        self.register_buffer("centers", torch.zeros(n_items, dim))

    def forward(self, features: Tensor, items: Tensor) -> Tensor:
        """Features (B, dim) and items (B,) from 0 to n_items - 1 -> a scalar.

        **Raises** `ValueError` for shapes that do not fit, and on the CPU for such items; on a GPU
        CUDA's own assertion stops the program, since asking for the items would wait for them.
        """
        n_items, dim = self.centers.shape
        if features.shape != (len(items), dim) or len(items) == 0:
            raise ValueError(
                f"features {tuple(features.shape)} and {len(items)} items: "
                f"expected (B, {dim}) and B, B above 0"
            )
        if items.device.type == "cpu" and (items.min() < 0 or items.max() >= n_items):
            raise ValueError(
                f"items from {int(items.min())} to {int(items.max())}: "
                f"expected numbers from 0 to {n_items - 1}"
            )
        loss = (features - self.centers[items]).square().sum() / (2 * len(items))
        if self.training:
            self._move(features.detach(), items)
        return loss

    @torch.no_grad()
    def _move(self, features: Tensor, items: Tensor) -> None:
        count = torch.zeros(len(self.centers), dtype=torch.int64, device=items.device)  # (n_items,)
        count.index_add_(0, items, torch.ones_like(items))  # `bincount` waits for a GPU
        away = self.centers[items] - features  # (B, dim)
        total = torch.zeros_like(self.centers).index_add_(0, items, away.to(self.centers.dtype))
        self.centers -= self.rate * total / (1 + count)[:, None]
