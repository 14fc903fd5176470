"""Exact search: against NumPy, ties, copies, refusals."""

import numpy as np
import pytest
import torch

from fashret_utils import retrieval
from fashret_utils.retrieval import neighbours


def test_agrees_with_a_full_sort():
    random = np.random.default_rng(0)
    query, gallery = random.standard_normal((40, 12)), random.standard_normal((300, 12))
    similarities, indices = retrieval.search(query, gallery, 7)
    unit = [rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (query, gallery)]
    cosine = unit[0] @ unit[1].T
    np.testing.assert_array_equal(indices, np.argsort(-cosine, axis=1)[:, :7])
    np.testing.assert_allclose(similarities, -np.sort(-cosine, axis=1)[:, :7], atol=1e-6)
    assert similarities.dtype == np.float32
    assert indices.dtype == np.int64


@pytest.mark.parametrize("k", [1, 2, 3, 5, 9, 10])
def test_equal_similarities_are_in_gallery_order(k):
    # Four dimensions of +-1/2: every cosine is exact. Directions differ, similarities tie.
    signs = np.array([[1, 1, 1, 1], [1, 1, 1, -1], [1, 1, -1, 1], [1, -1, 1, 1], [-1, 1, 1, 1]])
    gallery = signs[[4, 3, 0, 2, 1, 1, 0, 3, 2, 4]]
    _, indices = retrieval.search(signs[:1], gallery, k)
    np.testing.assert_array_equal(indices[0], [2, 6, 0, 1, 3, 4, 5, 7, 8, 9][:k])


def test_ties_without_copies_are_cut_at_the_lowest_index():
    # 64 distinct directions; a query is orthogonal to all but one.
    gallery = np.eye(64)
    query = np.eye(64)[[40, 63]]
    _, indices = retrieval.search(query, gallery, 20)
    np.testing.assert_array_equal(indices, [[40, *range(19)], [63, *range(19)]])


@pytest.mark.parametrize("n", [1, 34])
def test_copies_tie_wherever_they_stand(n):
    # A matrix product rounds differently at the edges of its blocks, more so with one query.
    random = np.random.default_rng(1)
    row, other = random.standard_normal((2, 1, 37)).astype(np.float32)
    gallery = np.repeat(row, 1003, axis=0)
    gallery[500] = other
    query = random.standard_normal((n, 37))
    similarities, indices = retrieval.search(query, gallery, 1003)
    copies = [i for i in range(1003) if i != 500]
    for each, values in zip(indices, similarities, strict=True):
        assert len(np.unique(values)) == 2
        np.testing.assert_array_equal([i for i in each if i != 500], copies)
    np.testing.assert_array_equal(retrieval.search(query, gallery, 9)[1], indices[:, :9])


def test_minus_zero_is_zero():
    gallery = np.array([[0.0, 1.0], [-0.0, 1.0], [1.0, 0.0]])
    _, indices = retrieval.search(np.array([[0.3, 0.7]]), gallery, 1)
    assert indices[0, 0] == 0


def test_scale_does_not_matter_and_zero_rows_have_similarity_zero():
    gallery = np.array([[1e-30, 0.0], [0.0, 1e30], [0.0, 0.0]], dtype=np.float32)
    similarities, indices = retrieval.search(np.array([[3e-30, -4e-30]]), gallery, 3)
    np.testing.assert_array_equal(indices, [[0, 2, 1]])
    np.testing.assert_allclose(similarities, [[0.6, 0, -0.8]], atol=1e-6)


def test_blocks_do_not_change_the_result(monkeypatch):
    random = np.random.default_rng(2)
    query, gallery = random.standard_normal((50, 8)), random.standard_normal((70, 8))
    gallery[::7] = gallery[0]
    items = np.arange(70) // 5
    arguments = (query, gallery, items[:50], items)
    whole = retrieval.evaluate(*arguments, k=(1, 10))
    monkeypatch.setattr(neighbours, "_BLOCK", 500)
    parts = retrieval.evaluate(*arguments, k=(1, 10))
    np.testing.assert_array_equal(parts.indices, whole.indices)
    assert parts.metrics == whole.metrics
    assert parts.intervals == whole.intervals


def test_takes_tensors_and_half_precision():
    random = np.random.default_rng(5)
    query, gallery = random.standard_normal((5, 8)), random.standard_normal((9, 8))
    _, expected = retrieval.search(query, gallery, 3)
    half = [torch.from_numpy(rows).half().requires_grad_() for rows in (query, gallery)]
    np.testing.assert_array_equal(retrieval.search(*half, 3)[1], expected)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_cuda_agrees():
    random = np.random.default_rng(6)
    query, gallery = random.standard_normal((50, 32)), random.standard_normal((400, 32))
    gallery[100:110] = gallery[0]
    items = np.arange(400) // 8
    ours = retrieval.evaluate(query, gallery, items[:50], items)
    cuda = retrieval.evaluate(query, gallery, items[:50], items, device="cuda")
    np.testing.assert_array_equal(cuda.indices, ours.indices)
    assert cuda.metrics == pytest.approx(ours.metrics, abs=1e-9)


ROWS = np.random.default_rng(7).standard_normal((6, 4))


def broken(row, value):
    rows = ROWS.copy()
    rows[row, 2] = value
    return rows


@pytest.mark.parametrize(
    ("query", "gallery", "k", "message"),
    [
        (broken(3, np.nan), ROWS, 1, r"query row 3 holds NaN or Inf"),
        (ROWS, broken(5, -np.inf), 1, r"gallery row 5 holds NaN or Inf"),
        (ROWS[:0], ROWS, 1, r"query embeddings have shape \(0, 4\)"),
        (ROWS, ROWS[0], 1, r"gallery embeddings have shape \(4,\)"),
        (ROWS, ROWS[:, :3], 1, r"query rows have 4 dimensions, gallery rows 3"),
        (ROWS, ROWS, 7, r"k = 7 neighbours asked of a gallery of 6 rows"),
        (ROWS, ROWS, 0, r"k must be 1 to 6"),
    ],
)
def test_refuses(query, gallery, k, message):
    with pytest.raises(ValueError, match=message):
        retrieval.search(query, gallery, k)
