"""Search and metrics against raw faiss and other libraries.

    python benchmarks/retrieval.py [--peers PYTHON]

Items have four gallery pictures each. Ours computes hit, precision and recall at five cut-offs,
map@r and r-precision with bootstrap intervals; with the full ranking also map and mrr. The others
compute what they have: pytorch-metric-learning four metrics of the top 50 (without its two
clustering scores, which take the most time), open-metric-learning three at five cut-offs,
torchmetrics map, mrr and one hit rate. None of them has intervals. The limit is faiss' exact search
for the top 50. With many queries a round asks a part of them, so that rounds stay short.
"""

import itertools
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import faiss
import numpy as np
import torch
import turns
from pytorch_metric_learning.utils.accuracy_calculator import AccuracyCalculator

from fashret_utils import retrieval
from fashret_utils.speed import Case, Other

SIZES = ((5000, 20_000, 128), (5000, 20_000, 512), (20_000, 100_000, 128), (20_000, 100_000, 512))
QUICK = ((200, 2000, 32),)
K, CUTS = 50, (1, 5, 10, 20, 50)
PART = 4000  # queries a round in the large galleries
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
    library.get_accuracy(query, query_items, gallery, gallery_items)


WAYS = {"faiss": by_faiss, "top": top, "full": full, "pml": by_calculator}


def peak(way: str, n: int, m: int, d: int) -> float:
    """MiB at most in use beside the inputs and libraries, in a process of its own."""
    command = [sys.executable, __file__, "peak", json.dumps([way, n, m, d])]
    return float(subprocess.check_output(command, text=True))


def print_peak(way: str, n: int, m: int, d: int) -> None:
    """What the process of `peak` does (Linux)."""
    data, small = make(n, m, d), make(20, 200, d)
    WAYS[way](*small)  # what libraries take when they are first used
    Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here
    before = _mib("VmRSS")
    WAYS[way](*data)
    print(_mib("VmHWM") - before)


def _mib(field: str) -> float:
    return int(Path("/proc/self/status").read_text().split(f"{field}:")[1].split()[0]) / 1024


def parts(data: tuple[np.ndarray, ...], way):
    """Call `way` with the next part of the queries each time."""
    query, gallery, query_items, gallery_items = data
    starts = itertools.cycle(range(0, len(query), PART))

    def call():
        start = next(starts)
        rows = slice(start, start + PART)
        way(query[rows], gallery, query_items[rows], gallery_items)

    return call


def measure(size, options, others: turns.Peers) -> dict:
    """Seconds and memory of all at one size."""
    data = make(*size)
    n, m, _ = size
    part = min(n, PART) if m > 20_000 else n
    contenders = {name: parts(data, way) for name, way in WAYS.items()}
    if part == n:
        contenders = {name: lambda way=way: way(*data) for name, way in WAYS.items()}
    memory = {}
    if not others.missing:
        with tempfile.TemporaryDirectory() as folder:
            asked = (data[0][:part], data[1], data[2][:part], data[3])
            names = ("query", "gallery", "query_items", "gallery_items")
            for name, each in zip(names, asked, strict=True):
                np.save(f"{folder}/{name}.npy", each)
            others.ask("start_evaluation", folder=folder)
        contenders["oml"] = lambda: others.ask("evaluate", k=CUTS)
        if part * m <= MOST_PAIRS:
            contenders["torchmetrics"] = lambda: others.ask("evaluate_pairs", k=K)
    seconds = turns.in_turn(contenders, options.rounds)
    if not options.quick:
        memory = {name: peak(name, part, m, size[2]) for name in WAYS}
    return {"seconds": seconds, "memory": memory, "queries": part}


def cases(options, others):
    """Each size with and without the full ranking."""
    for size in QUICK if options.quick else SIZES:
        n, m, d = size
        found: dict = {}

        def case(what: str, which: str, size=size, found=found) -> Case:
            found.update(found or measure(size, options, others))
            seconds, memory = found["seconds"], found["memory"]
            pairs = found["queries"] * size[1]
            why = others.missing or f"its {pairs:,} pairs do not fit"
            beside = [
                Other(
                    "faiss search",
                    "limit",
                    seconds["faiss"],
                    target=TARGETS[which],
                    memory_mib=memory.get("faiss"),
                ),
                Other(
                    "pytorch-metric-learning", "peer", seconds["pml"], memory_mib=memory.get("pml")
                ),
                Other("open-metric-learning", "peer", seconds.get("oml", ()), others.missing),
                Other("torchmetrics", "peer", seconds.get("torchmetrics", ()), why),
            ]
            own = memory.get(which)
            return Case(what, seconds[which], found["queries"], "queries", beside, memory_mib=own)

        for which, title in (("top", "Top 50"), ("full", "Full ranking")):
            what = f"{title}, {n:,} x {m:,}, {d}-d"
            yield what, lambda what, which=which, case=case: case(what, which)


if __name__ == "__main__":
    if sys.argv[1:2] == ["peak"]:
        print_peak(*json.loads(sys.argv[2]))
    else:
        turns.main(__doc__, "retrieval", cases)
