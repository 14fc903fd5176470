"""Batches in which an anchor has nothing to be compared with."""

import pytest
import torch

from fashret_utils.models.anchors import check_anchors


def masks(items):
    same = items[:, None] == items
    return same & ~torch.eye(len(items), dtype=torch.bool), ~same


def test_a_batch_with_pairs_passes():
    items = torch.tensor([0, 0, 1, 1])
    check_anchors(items, *masks(items))


def test_items_without_a_positive_or_negative_are_named():
    items = torch.tensor([3, 3, 5, 7, 9, 11, 13, 15])
    with pytest.raises(ValueError, match=r"6 items have no positive .*: 5, 7, 9, 11, 13, \.\.\."):
        check_anchors(items, *masks(items))
    items = torch.tensor([4, 4])
    with pytest.raises(ValueError, match=r"1 items have no negative in the batch: 4\."):
        check_anchors(items, *masks(items))
