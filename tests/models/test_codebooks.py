"""Codebooks: what they are learnt from, the length of vectors, and that alike stays alike."""

import numpy as np
import pytest

from fashret_utils.models import codebooks


@pytest.mark.parametrize(("kind", "length"), [("dsift_fisher", 1024), ("hessian_vlad", 1024)])
def test_a_picture_is_nearer_to_itself_moved_than_to_another(kind, length):
    draws = np.random.default_rng(0)
    blocks = draws.integers(0, 256, (12, 3, 13, 13), np.uint8)
    pictures = blocks.repeat(5, 2).repeat(5, 3)  # 65 px, with corners
    encode = codebooks.encoder(kind, pictures[..., :64, :64], words=8)
    whole, moved = encode(pictures[..., :64, :64]), encode(pictures[..., 1:, 1:])
    assert whole.shape == (12, length)
    unit = [v / np.linalg.norm(v, axis=1, keepdims=True) for v in (whole, moved)]
    assert ((unit[0] @ unit[1].T).argmax(1) == np.arange(12)).mean() > 0.9
    again = codebooks.encoder(kind, pictures[..., :64, :64], words=8)(pictures[..., :64, :64])
    np.testing.assert_array_equal(again, whole)


def test_other_kinds_are_refused():
    with pytest.raises(ValueError, match="'surf' is no kind of codebook: choose one of dsift"):
        codebooks.encoder("surf", np.zeros((1, 3, 8, 8), np.uint8))
