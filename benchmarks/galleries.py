"""Recall, time and memory of the kinds of index as the gallery grows.

    python benchmarks/galleries.py [--sizes 10000 100000 1000000] [--out results/benchmarks]

Prints a table and writes `galleries.json`, from which the book's page on large galleries is made.
One thread. Times are processor time, so that other work on the machine does not count; searches
are timed one query at a time. The embeddings are made, not learnt: see `Embeddings`.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import faiss
import numpy as np
import pandas as pd
import torch

from fashret_utils import retrieval
from fashret_utils.atomic import replacing
from fashret_utils.evidence import provenance
from fashret_utils.retrieval import index_files, indexes
from fashret_utils.scale import machine

DIMENSIONS, PICTURES, QUERIES, K = 128, 4, 500, 10
EFFORTS = {"ivf": (1, 4, 16, 64), "hnsw": (16, 64, 256), "ivf-pq": (1, 4, 16, 64)}


class Embeddings:
    """Shop and street pictures of items, clustered as embeddings of clothes are.

    A picture is a style, plus what is the item's own, plus what is the picture's own. Each is a
    Gaussian whose variance falls as 1 / j along dimension j of a random basis, with shares of the
    variance 6 : 3 : 1 for shop and 6 : 3 : 3 for street pictures; the sum is L2-normalised. An
    item has four shop pictures, a style a hundred items.
    """

    def __init__(self, rows: int) -> None:
        self.items = np.arange(rows) // PICTURES
        random = np.random.default_rng(0)
        basis = np.linalg.qr(random.standard_normal((DIMENSIONS, DIMENSIONS)))[0]
        self._axes = (basis / np.sqrt(np.arange(1, DIMENSIONS + 1))).T.astype(np.float32)
        n_items = self.items[-1] + 1
        styles = self._draw(random, n_items // 100 + 1, 6)
        self._centres = styles[np.arange(n_items) // 100] + self._draw(random, n_items, 3)
        self.gallery = self._pictures(random, self.items, 1)  # (rows, d)
        self.query_items = random.integers(n_items, size=QUERIES)
        self.query = self._pictures(random, self.query_items, 3)

    def _draw(self, random, n: int, share: float) -> np.ndarray:
        drawn = random.standard_normal((n, DIMENSIONS), dtype=np.float32) @ self._axes
        return np.float32(np.sqrt(share)) * drawn

    def _pictures(self, random, items: np.ndarray, share: float) -> np.ndarray:
        rows = self._centres[items] + self._draw(random, len(items), share)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def participation(rows: np.ndarray) -> float:
    """How many directions share the variance: (sum of eigenvalues)^2 / sum of their squares."""
    values = np.linalg.eigvalsh(np.cov(rows[:20000].T))
    return float(values.sum() ** 2 / np.square(values).sum())


def found(indices: np.ndarray, true: np.ndarray, data: Embeddings) -> dict[str, float]:
    """recall@10 against the exact ten, and by the house's metrics hit@1 and hit@10."""
    same = [len(np.intersect1d(a, b)) / K for a, b in zip(indices, true, strict=True)]
    hit = data.items[indices] == data.query_items[:, None]
    return {"recall": np.mean(same), "hit@1": hit[:, 0].mean(), "hit@10": hit.any(axis=1).mean()}


def latency(search, query: np.ndarray, seconds: float = 0.5) -> dict[str, float]:
    """Median and 95th percentile of milliseconds of processor time of a search for one query."""
    times, end = [], time.process_time() + seconds
    while len(times) < 20 or (time.process_time() < end and len(times) < 400):
        row = query[len(times) % len(query)][None]
        start = time.process_time()
        search(row)
        times.append(1e3 * (time.process_time() - start))
    return {"ms": np.median(times), "ms_95": np.percentile(times, 95)}


def measure(kind: str, data: Embeddings, true: np.ndarray, folder: Path) -> list[dict]:
    """One row for each effort of one kind of index; leaves the index in `folder`."""
    start = time.process_time()
    index = indexes.build(data.gallery, kind)
    seconds = time.process_time() - start
    index_files.save(index, folder)
    size = sum(path.stat().st_size for path in folder.glob("*.faiss"))
    about = {"kind": kind, "rows": len(index), "recipe": index.recipe, "build_s": seconds}
    rows = []
    for effort in EFFORTS.get(kind, (None,)):
        indices = index.search(data.query, K, effort)[1]
        times = latency(lambda row, e=effort: index.search(row, K, e), data.query)
        rows.append(about | {"bytes": size, "effort": effort} | found(indices, true, data) | times)
    return rows


LOADED = """
import sys
import numpy as np
from fashret_utils.retrieval import index_files
def own():
    return int(open("/proc/self/status").read().split("RssAnon:")[1].split()[0]) * 1024
folder, how, query, answer = sys.argv[1:]
query, before = np.load(query), own()
index = index_files.load(folder, mapped=how == "mapped")
found = index.search(query, 10)[1]
print(own() - before)
np.save(answer, found)
"""


def own_memory(folder: Path, data: Embeddings) -> dict:
    """Bytes of memory that loading and searching an index take, as a whole and mapped (Linux)."""
    query, outcome, answers = folder.parent / "query.npy", {}, []
    np.save(query, data.query)
    for how in ("memory", "mapped"):
        answer = folder.parent / f"{how}.npy"
        command = [sys.executable, "-c", LOADED, *map(str, (folder, how, query, answer))]
        outcome[how] = int(subprocess.check_output(command, text=True))
        answers.append(np.load(answer))
    size = sum(path.stat().st_size for path in folder.glob("*.faiss"))
    return outcome | {"bytes": size, "same": bool(np.array_equal(*answers))}


def record(out: Path, name: str, measured: dict) -> Path:
    """Write measurements as JSON, with when, where and by which versions they were made."""
    path = out / f"{name}.json"
    about = {"time": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine("cpu")}
    with replacing(path) as temporary:
        text = json.dumps(about | {"versions": provenance.versions()} | measured, indent=1)
        temporary.write_text(text + "\n", encoding="utf-8")
    return path


def main() -> None:
    """Measure every kind at every size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--largest-graph", type=int, default=100_000, help="rows, for hnsw")
    parser.add_argument("--out", type=Path, default=Path("results/benchmarks"))
    options = parser.parse_args()
    faiss.omp_set_num_threads(1)
    torch.set_num_threads(1)
    rows = []
    for size in sorted(options.sizes):
        data = Embeddings(size)
        true = retrieval.search(data.query, data.gallery, K)[1]
        with tempfile.TemporaryDirectory() as folder:
            for kind in indexes.KINDS:
                if kind == "hnsw" and size > options.largest_graph:
                    continue
                rows += measure(kind, data, true, Path(folder) / kind)
                shown = pd.DataFrame(rows[-1:]).drop(columns="recipe")
                print(shown.round(4).to_string(index=False, header=len(rows) == 1), flush=True)
            memory = own_memory(Path(folder) / "ivf", data)
        measured = {
            "dimensions": DIMENSIONS,
            "queries": QUERIES,
            "k": K,
            "pictures_an_item": PICTURES,
            "participation": participation(data.gallery),
            "own_memory": memory,
            "rows": rows,
        }
        print(memory, record(options.out, "galleries", measured), sep="\n", flush=True)


if __name__ == "__main__":
    main()
