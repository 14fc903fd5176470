"""Kernel candidates a second: the evaluator of chapter 05 against a plain NumPy loop over rows.

    FASHRET_DATA=<folder> python benchmarks/kernels.py

Prints, for the published kernel and for programs drawn at random, the median seconds of the kernel
matrix of 1,000 MNIST images of 784 pixels with themselves: NumPy, one row of it at a time in
float64 (a tenth of the rows, times ten); ours in float64 and, as the search computes, in float32;
and the ratio. Target: 10.
"""

import statistics
import time

import numpy as np
import torch

from fashret_utils import chapters

ROWS, REPEATS = 100, 3
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


def seconds(work) -> float:
    """Time of one call."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def main() -> None:
    """Time, check and print."""
    images = gsn.kernel_data("mnist", 1000).train[0]
    single = images.astype(np.float32)
    generator = torch.Generator().manual_seed(0)
    drawn = gsn.random_programs(len(gsn.PAIRS), 12, generator).tolist()
    print(f"{torch.get_num_threads()} threads; seconds a matrix of 1,000 x 1,000")
    print(f"{'NumPy':>8} {'float64':>8} {'float32':>8} {'ratio':>6}  kernel")
    ratios = []
    for tokens in [gsn.DISCOVERED, *drawn]:
        kernel, times = gsn.decode_kernel(tokens), []
        with np.errstate(all="ignore"):
            rows = np.stack([numpy_row(tokens, x, images) for x in images[:5]])
        np.testing.assert_allclose(kernel(images[:5], images), rows, rtol=1e-8, atol=1e-8)
        for _ in range(REPEATS):
            with np.errstate(all="ignore"):
                loop = seconds(lambda: [numpy_row(tokens, x, images) for x in images[:ROWS]])  # noqa: B023
            double = seconds(lambda: kernel(images, images))  # noqa: B023
            times.append((loop * 1000 / ROWS, double, seconds(lambda: kernel(single, single))))  # noqa: B023
        loop, double, fast = (statistics.median(column) for column in zip(*times, strict=True))
        ratios.append(loop / fast)
        text = gsn.formula(tokens, gsn.PAIRS)
        print(f"{loop:8.2f} {double:8.2f} {fast:8.2f} {loop / fast:6.1f}  {text}")
    print(f"median ratio {statistics.median(ratios):.1f}, published kernel {ratios[0]:.1f}")


if __name__ == "__main__":
    main()
