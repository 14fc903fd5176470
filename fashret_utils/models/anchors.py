"""Which pictures of a batch a triplet loss may compare, and batches that have none."""

from __future__ import annotations

from torch import Tensor


def check_anchors(items: Tensor, positive: Tensor, negative: Tensor) -> None:
    """Make sure that every anchor of a batch has something to be compared with.

    **Arguments**: `items` (B,); `positive`, `negative` - bool (B, B), which of the batch each
    anchor may be paired with.

    **Raises** `ValueError` naming the items whose pictures lack a positive or a negative.
    """
    for masks, kind in ((positive, "positive"), (negative, "negative")):
        alone = items[~masks.any(1)].unique().tolist()
        if alone:
            named = ", ".join(map(str, alone[:5])) + (", ..." if len(alone) > 5 else "")
            raise ValueError(
                f"pictures of {len(alone)} items have no {kind} in the batch: {named}. "
                "Batches need two items and more, and two pictures of each: "
                'Batches(sampler="cross-domain", items=..., pictures=...)'
            )
