"""Search and metrics against raw faiss and other libraries.

    python benchmarks/retrieval.py [--peers PYTHON]

Items have four gallery pictures each. Ours computes hit, precision and recall at five cut-offs,
map@r and r-precision with bootstrap intervals; with the full ranking also map and mrr. The others
compute what they have: pytorch-metric-learning four metrics of the top 50 (without its two
clustering scores, which take the most time), open-metric-learning three at five cut-offs,
torchmetrics, where its pairs fit, map, mrr and one hit rate. None of them has intervals. The limit
is faiss' exact search for the top 50. pytorch-metric-learning holds all pairs several times, so it
gets queries in parts.
"""

import json
import subprocess
import sys
import tempfile

import faiss
import memory
import numpy as np
import torch
import turns
from pytorch_metric_learning.utils.accuracy_calculator import AccuracyCalculator

from fashret_utils import retrieval
from fashret_utils.site.speed import Case, Other

SIZES = (
    (1000, 20_000, 128),
    (5000, 20_000, 128),
    (5000, 20_000, 512),
    (20_000, 100_000, 128),
    (20_000, 100_000, 512),
)
QUICK = ((200, 2000, 32),)
K, CUTS = 50, (1, 5, 10, 20, 50)
PART = 5000  # queries at a time of pytorch-metric-learning
TARGETS = {"top": 1 / 1.25, "full": 1 / 4}  # of raw faiss
MOST_PAIRS = 20_000_000  # torchmetrics holds all pairs, and 20 bytes or more of each


def make(n: int, m: int, d: int) -> tuple[np.ndarray, ...]:
    """Unit query and gallery embeddings around the centres of their items, and the items."""
    random = np.random.default_rng(0)
    gallery_items = np.arange(m) // 4
    query_items = random.integers(gallery_items[-1] + 1, size=n)
    centres = random.standard_normal((gallery_items[-1] + 1, d), dtype=np.float32)
    rows = [
        centres[items] + 1.2 * random.standard_normal((len(items), d), dtype=np.float32)
        for items in (query_items, gallery_items)
    ]
    query, gallery = (each / np.linalg.norm(each, axis=1, keepdims=True) for each in rows)
    return query, gallery, query_items, gallery_items


def by_faiss(query, gallery, *_):
    """Nothing but the search."""
    index = faiss.IndexFlatIP(gallery.shape[1])
    index.add(gallery)
    index.search(query, K)


def top(query, gallery, query_items, gallery_items):
    """Ours without the full ranking."""
    retrieval.evaluate(query, gallery, query_items, gallery_items, CUTS, full_ranking=False)


def full(query, gallery, query_items, gallery_items):
    """Ours with everything."""
    retrieval.evaluate(query, gallery, query_items, gallery_items, CUTS)


def by_calculator(query, gallery, query_items, gallery_items):
    """pytorch-metric-learning."""
    library = AccuracyCalculator(k=K, exclude=("AMI", "NMI"), device=torch.device("cpu"))
    for start in range(0, len(query), PART):
        part = slice(start, start + PART)
        library.get_accuracy(query[part], query_items[part], gallery, gallery_items)


WAYS = {"faiss": by_faiss, "top": top, "full": full, "pml": by_calculator}


def peak(way: str, n: int, m: int, d: int) -> float:
    """MiB at most in use beside the inputs and libraries, in a process of its own."""
    command = [sys.executable, __file__, "peak", json.dumps([way, n, m, d])]
    return float(subprocess.check_output(command, text=True))


def print_peak(way: str, n: int, m: int, d: int) -> None:
    """What the process of `peak` does."""
    data, small = make(n, m, d), make(20, 200, d)
    WAYS[way](*small)  # what libraries take when they are first used
    print(memory.peak_of(lambda: WAYS[way](*data)))


def measure(size, options, others: turns.Peers) -> dict:
    """Seconds and memory of all at one size."""
    data = make(*size)
    contenders = {name: lambda way=way: way(*data) for name, way in WAYS.items()}
    asked = {}
    if not others.missing:
        with tempfile.TemporaryDirectory() as folder:
            for name, each in zip(
                ("query", "gallery", "query_items", "gallery_items"), data, strict=True
            ):
                np.save(f"{folder}/{name}.npy", each)
            others.ask("start_evaluation", folder=folder)
        asked["oml"] = {"task": "evaluate", "k": CUTS}
        if size[0] * size[1] <= MOST_PAIRS:
            asked["torchmetrics"] = {"task": "evaluate_pairs", "k": K}
        for name, plan in asked.items():
            contenders[name] = lambda plan=plan: others.ask(**plan)
    seconds, most = turns.in_turn(contenders, options.rounds), {}
    if not options.quick:
        most = {name: peak(name, *size) for name in WAYS}
        most |= {
            name: others.ask("peak", of=plan.pop("task"), **plan) for name, plan in asked.items()
        }
    return {"seconds": seconds, "memory": most}


def cases(options, others):
    """Each size with and without the full ranking."""
    for size in QUICK if options.quick else SIZES:
        n, m, d = size
        found: dict = {}

        def case(what: str, which: str, size=size, found=found) -> Case:
            found.update(found or measure(size, options, others))
            seconds, most = found["seconds"], found["memory"]
            others_of = {
                "faiss": ("faiss search", "limit", "", TARGETS[which]),
                "pml": ("pytorch-metric-learning", "peer", "", None),
                "oml": ("open-metric-learning", "peer", others.missing, None),
                "torchmetrics": ("torchmetrics", "peer", others.missing, None),
            }
            if size[0] * size[1] > MOST_PAIRS:
                del others_of["torchmetrics"]
            beside = [
                Other(name, role, seconds.get(key, ()), missing, target, most.get(key))
                for key, (name, role, missing, target) in others_of.items()
            ]
            own = most.get(which)
            return Case(what, seconds[which], size[0], "queries", beside, memory_mib=own)

        for which, title in (("top", "Top 50"), ("full", "Full ranking")):
            what = f"{title}, {n:,} x {m:,}, {d}-d"
            yield what, lambda what, which=which, case=case: case(what, which)


if __name__ == "__main__":
    if sys.argv[1:2] == ["peak"]:
        print_peak(*json.loads(sys.argv[2]))
    else:
        turns.main(__doc__, "retrieval", cases)
