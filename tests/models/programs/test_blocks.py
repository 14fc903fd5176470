"""Blocks: the matrix of an entry, whole or half."""

import pytest
import torch

from fashret_utils.models.programs.blocks import BYTES, block_for, pairwise_blocks


@pytest.mark.parametrize("block", [1, 3, 99])
def test_blocks_are_the_whole_matrix(block):
    a, b = torch.randn(2, 7, 4, dtype=torch.float64)
    torch.testing.assert_close(pairwise_blocks(lambda x, y: x @ y.T, a, b, block), a @ b.T)


def test_half_is_computed_where_both_sides_are_one():
    asked = []

    def entry(x, y):
        asked.append(len(x) * len(y))
        return x @ y.T

    a = torch.randn(6, 4, dtype=torch.float64)
    found = pairwise_blocks(entry, a, a, 2)
    torch.testing.assert_close(found, a @ a.T)
    assert torch.equal(found, found.T)
    assert sum(asked) == 6 * 4


def test_blocks_fill_the_cache():
    for pixels, item in ((450, 8), (784, 4), (64, 8)):
        block = block_for(pixels, item)
        assert block**2 * pixels * item <= BYTES < (block + 1) ** 2 * pixels * item
    assert block_for(10**7, 8) == 4
