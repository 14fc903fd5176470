"""Kernel candidates a second: the evaluator of chapter 05 against a plain NumPy loop over rows.

    FASHRET_DATA=<folder> python benchmarks/kernels.py

A candidate is the kernel matrix of 1,000 MNIST images of 784 pixels with themselves: ours in
float32, where the search itself computes in float64; NumPy one row of it at a time in float64 (a
tenth of the rows, times ten). Both are compared before they are timed.
"""

import time

import numpy as np
import torch
import turns

from fashret_utils import chapters
from fashret_utils.models.programs.images import training_set
from fashret_utils.site.speed import Case, Other

gsn = chapters.definitions("05_gsn_rl")

BINARY = (np.add, np.multiply, np.subtract, np.maximum, np.minimum)
UNARY = {
    0: lambda v: v,
    1: np.negative,
    2: np.abs,
    3: np.square,
    4: lambda v: v**3,
    5: lambda v: np.sqrt(np.abs(v)),
    6: np.exp,
    7: np.sin,
    8: np.cos,
    9: np.sinh,
    10: np.cosh,
    11: np.tanh,
    12: lambda v: np.maximum(v, 0),
    13: lambda v: np.minimum(v, 0),
    14: lambda v: 1 / (1 + np.exp(-v)),
    15: lambda v: np.log(1 + np.exp(v)),
    16: lambda v: v if v.shape[-1] == 1 else np.abs(v).mean(-1, keepdims=True),
    17: lambda v: v if v.shape[-1] == 1 else np.sqrt((v**2).sum(-1, keepdims=True)) / v.shape[-1],
}


def numpy_row(tokens, x, images):
    """k(x, y) for one image (d,) and all images (n, d), as one would write it down."""
    d = len(x)

    def dot(left, right):
        product = left * right
        return product if product.shape[-1] == 1 else product.mean(-1, keepdims=True)

    inputs = [
        lambda: np.abs(x - images),
        lambda: x + images,
        lambda: np.abs(x**2 - images**2),
        lambda: np.abs(x - images).sum(-1, keepdims=True) / d,
        lambda: np.sqrt(((x - images) ** 2).sum(-1, keepdims=True)) / d,
        lambda: (images @ x)[:, None] / d,
        lambda: x * images,
    ]
    binary = [*BINARY, dot, lambda a, b: np.exp(-np.abs(a - b)), lambda a, b: a]
    value = gsn.interpret(tokens, inputs, UNARY, binary)
    return value[:, 0] if value.shape[-1] == 1 else np.abs(value).sum(-1)


def drawn(count: int) -> list:
    """Programs that a search meets: drawn at random."""
    generator = torch.Generator().manual_seed(0)
    return gsn.random_programs(len(gsn.PAIRS), count, generator).tolist()


def matrices(what: str, programs: list, images: np.ndarray, rounds: int) -> Case:
    """Kernel matrices of images with themselves, one a program."""
    single, part = images.astype(np.float32), max(1, len(images) // 10)
    kernels = [gsn.decode_kernel(tokens) for tokens in programs]
    for tokens, kernel in zip(programs, kernels, strict=True):
        with np.errstate(all="ignore"):
            rows = np.stack([numpy_row(tokens, x, images) for x in images[:5]])
        np.testing.assert_allclose(kernel(images[:5], images), rows, rtol=1e-8, atol=1e-8)

    def by_rows() -> float:
        start = time.perf_counter()
        with np.errstate(all="ignore"):
            for tokens in programs:
                for x in images[:part]:
                    numpy_row(tokens, x, images)
        return (time.perf_counter() - start) * len(images) / part

    def ours():
        for kernel in kernels:
            kernel(single, single)

    seconds = turns.in_turn({"ours": ours, "NumPy": by_rows}, rounds)
    peer = Other("NumPy, row by row", "peer", seconds["NumPy"], target=10)
    return Case(what, seconds["ours"], len(programs), "candidates", [peer])


def cases(options, _):
    """The published kernel, and candidates of a search."""
    images = training_set("mnist", 100 if options.quick else 1000).train[0]
    of = f"{len(images):,} MNIST images"
    for name, programs in (
        ("Published kernel", [gsn.DISCOVERED]),
        ("Candidates at random", drawn(12)),
    ):
        what = f"{name}, matrix of {of}"
        yield what, lambda what, p=programs: matrices(what, p, images, options.rounds)


if __name__ == "__main__":
    turns.main(__doc__, "kernels", cases)
