"""Search and metrics against raw faiss: `python benchmarks/retrieval.py`.

Everything is timed in turn in one process, so that other work on the machine hits all alike.
Targets: metrics of the top 50 within 1.25 times the raw search; with the full ranking within 4.
"""

import argparse
import time

import faiss
import numpy as np
import pandas as pd
import torch
from pytorch_metric_learning.utils.accuracy_calculator import AccuracyCalculator

from fashret_utils import retrieval


def contenders(n: int, m: int, d: int, k: int, noise: float) -> dict:
    """Name -> function to time; n queries and m gallery pictures, four of each item."""
    random = np.random.default_rng(0)
    gallery_items = np.arange(m) // 4
    query_items = random.integers(gallery_items[-1] + 1, size=n)
    centres = random.standard_normal((gallery_items[-1] + 1, d))
    rows = [
        centres[items] + noise * random.standard_normal((len(items), d))
        for items in (query_items, gallery_items)
    ]
    query, gallery = (
        (each / np.linalg.norm(each, axis=1, keepdims=True)).astype(np.float32) for each in rows
    )
    index = faiss.IndexFlatIP(d)
    index.add(gallery)
    # Without its two clustering scores, which are no retrieval metrics and take the most time.
    library = AccuracyCalculator(k=k, exclude=("AMI", "NMI"), device=torch.device("cpu"))
    cuts = tuple(cut for cut in (1, 5, 10, 20, 50) if cut <= k)
    arguments = (query, gallery, query_items, gallery_items, cuts)
    return {
        "faiss IndexFlatIP.search": lambda: index.search(query, k),
        "search": lambda: retrieval.search(query, gallery, k),
        "evaluate, top k, no bootstrap": lambda: retrieval.evaluate(
            *arguments, full_ranking=False, bootstrap=0
        ),
        "evaluate, top k": lambda: retrieval.evaluate(*arguments, full_ranking=False),
        "evaluate, full ranking": lambda: retrieval.evaluate(*arguments),
        "pytorch-metric-learning": lambda: library.get_accuracy(
            query, query_items, gallery, gallery_items
        ),
    }


def measure(functions: dict, rounds: int) -> pd.DataFrame:
    """Median seconds, and the median over rounds of the ratio to the first."""
    seconds = {name: [] for name in functions}
    for turn in range(rounds + 1):
        for name, function in functions.items():
            start = time.perf_counter()
            function()
            if turn:  # the first turn warms threads and caches
                seconds[name].append(time.perf_counter() - start)
    table = pd.DataFrame(seconds)
    ratio = table.div(table.iloc[:, 0], axis=0)
    return pd.DataFrame({"seconds": table.median(), "ratio to faiss": ratio.median()})


def main() -> None:
    """Print one table for well separated items and one for items that are hard to find."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--queries", type=int, default=5000)
    parser.add_argument("--gallery", type=int, default=20000)
    parser.add_argument("--dimensions", type=int, default=128)
    parser.add_argument("--k", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    sizes = (options.queries, options.gallery, options.dimensions, options.k)
    print(
        f"{sizes[0]} queries, {sizes[1]} gallery pictures, {sizes[2]} dimensions, k = {sizes[3]}, "
        f"{torch.get_num_threads()} threads, median of {options.rounds} rounds"
    )
    for noise in (1.2, 3.0):
        functions = contenders(*sizes, noise)
        hit = functions["evaluate, top k"]().metrics["hit@1"]
        print(f"\nnoise {noise}: hit@1 {hit:.1%}")
        print(measure(functions, options.rounds).round(3).to_string())


if __name__ == "__main__":
    main()
