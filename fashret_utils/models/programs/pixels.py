"""One pixel for many: where all images of a block are black, a kernel has one and the same value.

Most of a digit is black. A program over pixels then costs a half, and no value changes.
"""

from __future__ import annotations

import torch
from torch import Tensor


def pixels_that_differ(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Pixels lit in any image of two blocks, and one or two that stand for all the others.

    Two stand for the others where no pixel is lit, so that what a program makes of an image stays
    a vector and is not taken for a number: a number is its own norm, a vector of 50 pixels is not.

    **Arguments**: `a` (p, d), `b` (q, d) - images; 0 is black.

    **Returns** the pixels kept (k,), int64, and how often each counts (k,), which sums to d.

    **Raises** `ValueError` for images of different sizes, or without pixels.
    """
    if a.dim() != 2 or a.shape[1:] != b.shape[1:] or a.shape[1] == 0:
        raise ValueError(
            f"images {tuple(a.shape)} and {tuple(b.shape)}: expected (p, d) and (q, d), d > 0"
        )
    lit = a.any(0) | b.any(0)  # (d,)
    kept, black = lit.nonzero()[:, 0], (~lit).nonzero()[:, 0]
    stand_in = black[: 1 if len(kept) else 2]
    weights = a.new_ones(len(kept) + len(stand_in))
    if len(stand_in):
        weights[-1] += len(black) - len(stand_in)
    return torch.cat([kept, stand_in]), weights
