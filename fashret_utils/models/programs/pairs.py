"""What a kernel is made of: seven symmetric functions of two images, as in the authors' code."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

PAIRS = ("|x − y|", "(x + y)", "|x² − y²|", "‖x − y‖₁/d", "‖x − y‖₂/d", "⟨x, y⟩/d", "x·y")
SCALARS = {3, 4, 5}  # those that are one number a pair


def pair_operands(a: Tensor, b: Tensor, d: int) -> tuple[Callable[[], Tensor], ...]:
    """Functions that make the inputs for all pairs of images.

    **Arguments**: `a` (p, d'), `b` (q, d') - the pixels kept; `d` - pixels in all.

    **Returns** functions to (p, q, d'), for `SCALARS` to (p, q, 1).
    """
    x, y = a[:, None], b[None]  # (p, 1, d'), (1, q, d')
    distance = partial(torch.cdist, compute_mode="donot_use_mm_for_euclid_dist")
    return (
        lambda: (x - y).abs(),
        lambda: x + y,
        lambda: (x.square() - y.square()).abs(),
        lambda: distance(a, b, p=1)[..., None] / d,
        lambda: distance(a, b, p=2)[..., None] / d,
        lambda: (a @ b.T)[..., None] / d,
        lambda: x * y,
    )
