"""Checks of what a loss over street-shop pairs is given: batches, margins, counts of negatives."""

from __future__ import annotations

import torch
from torch import Tensor

from fashret_utils.data.columns import SHOP, STREET


def check_pairs(embeddings: Tensor, items: Tensor, domains: Tensor) -> tuple[Tensor, Tensor]:
    """Refuse a batch without positive or negative pairs, and say why.

    **Arguments**: `embeddings` (B, d), `items` (B,), `domains` (B,).

    **Returns** the rows of the street pictures (S,) and of the shop pictures (G,).

    **Raises** `ValueError` for other lengths, for items with pictures of one domain, of which it
    names five, and for a single item.
    """
    if not len(embeddings) == len(items) == len(domains):
        raise ValueError(
            f"{len(embeddings)} embeddings, {len(items)} items, {len(domains)} domains: "
            "expected one item and one domain a picture"
        )
    street, shop = ((domains == domain).nonzero()[:, 0] for domain in (STREET, SHOP))
    same = items[street][:, None] == items[shop]  # (S, G)
    lonely = torch.cat([street[~same.any(1)], shop[~same.any(0)]])
    if len(lonely):
        alone, n_items = items[lonely].unique().tolist(), items.unique().numel()
        named = ", ".join(map(str, alone[:5])) + (", ..." if len(alone) > 5 else "")
        raise ValueError(
            f"{len(alone)} of {n_items} items have pictures of one domain only: {named}. "
            'Each needs a street and a shop picture: use sampler="cross-domain"'
        )
    if same.all():
        n_items = items.unique().numel()
        raise ValueError(f"{n_items} item in the batch: no negative pair; expected at least 2")
    return street, shop


def check_margins(
    positive_margin: float, negative_margin: float, scale: float, negatives: int | str = "all"
) -> None:
    """Refuse margins outside (-2, 2), a scale that is not positive, a count that is none.

    A margin is asked of a difference of two cosines, which lies between -2 and 2.

    **Raises** `ValueError` naming the setting.
    """
    margins = {"positive_margin": positive_margin, "negative_margin": negative_margin}
    for name, margin in margins.items():
        if not -2 < margin < 2:
            raise ValueError(f"{name} = {margin}: expected a difference of cosines in (-2, 2)")
    if not scale > 0:
        raise ValueError(f"scale = {scale}: expected a number above 0")
    if negatives != "all" and not (isinstance(negatives, int) and negatives > 0):
        raise ValueError(f'negatives = {negatives!r}: expected a number from 1 on, or "all"')
