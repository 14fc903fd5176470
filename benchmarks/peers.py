"""Ours beside libraries of another Python environment: runs there, driven by `turns.peers`.

    python -m venv peers && peers/bin/pip install open-metric-learning omegaconf torchmetrics

Reads one task a line, `[name, arguments]` as JSON, and answers with one line. Of the project it
imports only networks, so that all train the same one.
"""

import json
import sys
import time
from importlib.metadata import version

import jpegs
import memory
import numpy as np
import pandas as pd
import torch
from oml.datasets import ImageLabeledDataset, ImageQueryGalleryLabeledDataset
from oml.functional.metrics import calc_retrieval_metrics
from oml.inference import inference
from oml.losses import TripletLossWithMiner
from oml.retrieval import RetrievalResults
from oml.samplers import BalanceSampler
from torch.utils.data import DataLoader
from torchmetrics.retrieval import RetrievalHitRate, RetrievalMAP, RetrievalMRR

from fashret_utils.models import backbones

kept: dict[str, object] = {}  # between tasks


def labelled(table: str, size: int, flip: bool) -> ImageLabeledDataset:
    """The data set of a CSV file with path and label of each picture."""
    frame = pd.read_csv(table).assign(split="train", is_query=None, is_gallery=None)
    return ImageLabeledDataset(frame, transform=jpegs.transform(size, flip))


def start_training(
    table: str, size: int, items: int, pictures: int, network: dict, weights: str, rate: float
) -> None:
    """The library's own recipe: its data set, sampler, miner and loss, and a loop."""
    data = labelled(table, size, flip=True)
    sampler = BalanceSampler(data.get_labels(), n_labels=items, n_instances=pictures)
    model = make(network, weights).train()
    criterion = TripletLossWithMiner(margin=0.05)
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate)

    def steps():
        while True:
            for batch in DataLoader(data, batch_sampler=sampler, num_workers=2):
                embeddings = torch.nn.functional.normalize(model(batch["input_tensors"]))
                criterion(embeddings, batch["labels"]).backward()
                optimizer.step()
                optimizer.zero_grad()
                yield

    kept["steps"] = steps()


def train(before: int, steps: int) -> float:
    """Seconds of `steps` training steps, after some that do not count."""
    for _ in range(before):
        next(kept["steps"])
    start = time.perf_counter()
    for _ in range(steps):
        next(kept["steps"])
    return time.perf_counter() - start


def make(network: dict, weights: str) -> torch.nn.Module:
    """The same network as ours, with the same weights."""
    model = backbones.build(**network)
    model.load_state_dict(torch.load(weights, weights_only=True))
    return model


def embed(table: str, size: int, network: dict, weights: str) -> float:
    """Seconds of embedding all pictures of a table."""
    data, model = labelled(table, size, flip=False), make(network, weights)
    start = time.perf_counter()
    inference(model, data, batch_size=256, num_workers=2)
    return time.perf_counter() - start


def start_evaluation(folder: str) -> None:
    """Read the embeddings and items that ours has."""
    parts = [np.load(f"{folder}/{name}.npy") for name in ("query", "gallery")]
    labels = [np.load(f"{folder}/{name}_items.npy") for name in ("query", "gallery")]
    n, m = map(len, parts)
    frame = pd.DataFrame({"label": np.concatenate(labels), "path": "", "split": "validation"})
    frame["is_query"] = np.arange(n + m) < n
    frame["is_gallery"] = ~frame["is_query"]
    kept["data"] = ImageQueryGalleryLabeledDataset(frame)
    kept["embeddings"] = torch.from_numpy(np.concatenate(parts))
    kept["parts"] = [torch.from_numpy(part) for part in parts]
    kept["labels"] = [torch.from_numpy(each) for each in labels]


def evaluate(k: list[int]) -> float:
    """Seconds of open-metric-learning's ranking and metrics of the top."""
    start = time.perf_counter()
    found = RetrievalResults.from_embeddings(kept["embeddings"], kept["data"], n_items=max(k))
    cuts = {f"{name}_top_k": tuple(k) for name in ("cmc", "precision", "map")}
    calc_retrieval_metrics(found.retrieved_ids, found.gt_ids, **cuts, verbose=False)
    return time.perf_counter() - start


def evaluate_pairs(k: int) -> float:
    """Seconds of three of torchmetrics' metrics, which want every pair of query and gallery."""
    query, gallery = kept["parts"]
    query_items, gallery_items = kept["labels"]
    start = time.perf_counter()
    pairs = (query @ gallery.T).flatten()
    truth = (query_items[:, None] == gallery_items).flatten()
    owner = torch.arange(len(query)).repeat_interleave(len(gallery))
    for metric in (RetrievalMAP(), RetrievalMRR(), RetrievalHitRate(top_k=k)):
        metric(pairs, truth, indexes=owner)
    return time.perf_counter() - start


def balanced(items: str, n_labels: int, n_instances: int) -> float:
    """Seconds until the library's sampler has its first batch."""
    labels = np.load(items)
    start = time.perf_counter()
    next(iter(BalanceSampler(labels, n_labels, n_instances)))
    return time.perf_counter() - start


def peak(of: str, **arguments: object) -> float:
    """MiB at most in use during another task, beside what was there before."""
    return memory.peak_of(lambda: TASKS[of](**arguments))


TASKS = {
    task.__name__: task
    for task in (
        start_training,
        train,
        embed,
        start_evaluation,
        evaluate,
        evaluate_pairs,
        balanced,
        peak,
    )
}


def main() -> None:
    """Answer until the input ends."""
    answers, sys.stdout = sys.stdout, sys.stderr  # what libraries print is no answer
    names = ("open-metric-learning", "torchmetrics")
    print(json.dumps({name: version(name) for name in names}), file=answers, flush=True)
    for line in sys.stdin:
        name, arguments = json.loads(line)
        print(json.dumps(TASKS[name](**arguments)), file=answers, flush=True)


if __name__ == "__main__":
    main()
