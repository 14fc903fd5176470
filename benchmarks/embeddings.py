"""From JPEG files to embeddings, against `DataLoader` and torchvision.

    python benchmarks/embeddings.py [--peers PYTHON]

All embed the same files, of 256 x 192 pixels at 48, with the same small network. Ours decodes in
the first pass and keeps the pixels; later passes read them from the memory map. The others decode
in every pass, with two workers. The limit of a later pass is the network over pixels in memory.
"""

import itertools
import os
import tempfile
from pathlib import Path

import jpegs
import pandas as pd
import torch
import turns
from torch.nn.functional import normalize
from torch.utils.data import DataLoader

from fashret_utils import datasets, retrieval
from fashret_utils.data.augment import normalise
from fashret_utils.models import backbones
from fashret_utils.site.speed import Case, Other

NETWORK, SIZE, BATCH = {"name": "small", "dim": 128, "width": 16}, 48, 256
PASSES = {"first": "First pass, files to embeddings", "later": "Later passes"}


@torch.inference_mode()
def by_loader(model, paths: list[str]) -> torch.Tensor:
    """The usual way: workers decode, the main process embeds."""
    files = jpegs.Files(paths, [0] * len(paths), SIZE, flip=False)
    loader = DataLoader(files, batch_size=BATCH, num_workers=2)
    return torch.cat([normalize(model(pictures)) for pictures, _ in loader])


@torch.inference_mode()
def resident(model, pixels: torch.Tensor) -> torch.Tensor:
    """The network alone."""
    return torch.cat([model(normalise(part)) for part in pixels.split(BATCH)])


def measure(pictures: int, rounds: int, others: turns.Peers) -> dict[str, list[float]]:
    """Seconds of each way, in turn."""
    with tempfile.TemporaryDirectory() as folder:
        root = jpegs.write(Path(folder), pictures)
        catalog = datasets.load("folder", root, val=0.0, test=0.0)
        paths = [str(root / source) for source in catalog.source]
        model = backbones.build(**NETWORK).eval()
        weights, table = Path(folder, "weights.pt"), Path(folder, "pictures.csv")
        torch.save(model.state_dict(), weights)
        pd.DataFrame({"path": paths, "label": catalog.item}).to_csv(table, index=False)
        places = itertools.count()

        def first():
            os.environ["FASHRET_CACHE"] = f"{folder}/cache-{next(places)}"
            again = datasets.load("folder", root, val=0.0, test=0.0)
            retrieval.embed(model, again, SIZE)

        first()
        pixels = torch.from_numpy(catalog.pixels(SIZE).copy())
        contenders = {
            "first": first,
            "later": lambda: retrieval.embed(model, catalog, SIZE),
            "torchvision": lambda: by_loader(model, paths),
            "resident": lambda: resident(model, pixels),
        }
        if not others.missing:
            plan = {"table": str(table), "size": SIZE, "network": NETWORK, "weights": str(weights)}
            contenders["oml"] = lambda: others.ask("embed", **plan)
        return turns.in_turn(contenders, rounds)


def cases(options, others):
    """Both passes, from one measurement."""
    pictures = 400 if options.quick else 20_000
    seconds: dict[str, list[float]] = {}

    def case(what: str, which: str) -> Case:
        seconds.update(seconds or measure(pictures, options.rounds, others))
        loader = Other("DataLoader + torchvision", "peer", seconds["torchvision"])
        library = Other("open-metric-learning", "peer", seconds.get("oml", ()), others.missing)
        limits = [Other("network on pixels in memory", "limit", seconds["resident"])]
        beside = [loader, library, *(limits if which == "later" else [])]
        return Case(what, seconds[which], pictures, "pictures", beside)

    for which, title in PASSES.items():
        yield f"{title}, {pictures:,} JPEGs", lambda what, which=which: case(what, which)


if __name__ == "__main__":
    turns.main(__doc__, "embeddings", cases)
