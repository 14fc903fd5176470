"""Matrices over all pairs of rows, in blocks that stay in the processor's cache."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

BYTES = 2**20  # of what a program makes of a block: a core's second-level cache


def block_for(pixels: int, item_bytes: int) -> int:
    """Images a block, so that one number for each pair and pixel fills about `BYTES`.

    **Arguments**: `pixels` - numbers a pair; `item_bytes` - of a number, 4 or 8.
    """
    return max(4, int((BYTES / (pixels * item_bytes)) ** 0.5))


def pairwise_blocks(
    entry: Callable[[Tensor, Tensor], Tensor], a: Tensor, b: Tensor, block: int
) -> Tensor:
    """The matrix of `entry` over all pairs of rows; half of it is computed where a is b.

    **Arguments**: `entry` - symmetric, from rows (p, d) and (q, d) to (p, q); `a` (n, d),
    `b` (m, d); `block` - rows a block.

    **Returns** (n, m), exactly symmetric where a is b.
    """
    whole, same = a.new_empty(len(a), len(b)), a is b
    for i in range(0, len(a), block):
        for j in range(i if same else 0, len(b), block):
            part = entry(a[i : i + block], b[j : j + block])
            if same and i == j:  # sums may differ in the last bit
                part = (part + part.T) / 2
            whole[i : i + block, j : j + block] = part
            if same:
                whole[j : j + block, i : i + block] = part.T
    return whole
