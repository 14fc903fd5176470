"""The runs that `campaign` disturbs: what each does, how to inspect what it left, its result.

They are imported once and forked, so that a run starts in some milliseconds.
"""

import hashlib
import os
import re
import sys
import time
import traceback
import warnings
import zlib
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

import faiss  # noqa: F401, this and the next are slow to import, and runs do it when they must
import numpy as np
import torch
import torch._dynamo
from PIL import Image
from torch import nn

from fashret_utils import datasets
from fashret_utils.atomic import replacing
from fashret_utils.data import cache
from fashret_utils.data.batches import Batches
from fashret_utils.evidence import provenance, records
from fashret_utils.models import backbones
from fashret_utils.retrieval import embed, evaluate
from fashret_utils.training import Run, checkpoints

SIZE, STEPS, WRITES = 24, 12, 12
RECORD = {"chapter": "faults", "data": "folder", "arm": "demo", "scale": "smoke", "seed": 0}
_listeners: list[Connection] = []  # to be told once when the phase begins
# An error of a full disk says so, and names the file or folder.
CLEAR = re.compile(r"(No space left on device|cannot be written|disk).*", re.DOTALL)


def prepare(folder: Path) -> None:
    """A folder with the pictures of 24 items, two of each side."""
    rng = np.random.default_rng(0)
    for item in range(24):
        colours = rng.integers(0, 256, (4, 3, 3, 3), dtype=np.uint8)
        for number, colour in enumerate(colours):
            side = ("street", "shop")[number % 2]
            path = folder / "pictures" / f"item-{item:02}" / side / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.exists():
                Image.fromarray(colour).resize((96, 128)).save(path)
                os.utime(path, (0, 0))


def phase_begins() -> None:
    """Tell whoever listens that what comes now is what the run is about."""
    while _listeners:
        _listeners.pop().send(time.monotonic())


def alone(work: Callable[[str], object], folder: str, tell: Connection) -> None:
    """Do a run in this process; an error is left in a file.

    `tell` is sent the times at which its phase begins and ends.
    """
    _listeners.append(tell)
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), sys.stderr.fileno())
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    os.environ["FASHRET_CACHE"] = f"{folder}/cache"
    cache.FLUSH_SECONDS = 0.0  # every chunk of pictures is flushed, so that kills meet half a cache
    provenance.code_hash = lambda *_: "0" * 16  # the same for all runs, and at no cost
    try:
        work(folder)
        tell.send(time.monotonic())
    except Exception as error:
        Path(folder, "error.txt").write_text(f"{type(error).__name__}: {error}")
        if not isinstance(error, (OSError, RuntimeError, ValueError)):
            Path(folder, "error.txt").write_text(traceback.format_exc())
        sys.exit(1)


def catalog(folder: str):
    return datasets.load("folder", f"{folder}/pictures", val=0.0, test=0.5)


def store(folder: Path) -> Path | None:
    return next(iter(folder.glob("cache/pixels/*.v1")), None)


def cache_pictures(folder: str) -> None:
    data = catalog(folder)
    phase_begins()
    found = data.pixels(SIZE, workers=2)
    with replacing(f"{folder}/pixels.npy") as temporary, open(temporary, "wb") as file:
        np.save(file, found)


def inspect_cache(folder: Path, whole: Path) -> float:
    """The part of the pictures that are in the store, each of which must be the right one."""
    path = store(folder)
    if path is None:
        return 0.0
    wanted = np.load(whole / "pixels.npy")
    raw, n = path.read_bytes(), len(wanted)
    table = np.frombuffer(raw, "<u8", n)
    begin = len(raw) - wanted.nbytes
    found = np.frombuffer(raw, np.uint8, offset=begin).reshape(wanted.shape)
    for row in np.flatnonzero(table):
        if int(table[row]) != (1 << 32) + zlib.crc32(found[row]):
            raise ValueError(f"row {row} of the cache counts as there, and is not")
        np.testing.assert_array_equal(found[row], wanted[row])
    return float((table != 0).mean())


def pixels(folder: Path) -> str:
    return digest(np.load(folder / "pixels.npy").tobytes())


def network() -> nn.Module:
    return backbones.small(8, 4, blocks=(1, 1), seed=0)


def train(folder: str) -> None:
    data = catalog(folder)
    run = Run(
        **RECORD, device="cpu", results=f"{folder}/results", checkpoints=f"{folder}/checkpoints",
        every=2, progress=False,
    )  # fmt: skip
    model, head = network(), nn.Linear(8, 24)
    optimizer = torch.optim.SGD([*model.parameters(), *head.parameters()], lr=0.05, momentum=0.9)
    model, head, optimizer = run.prepare(model, head, optimizer)
    for batch in run.steps(Batches(data.where(split="train"), SIZE, items=4, steps=STEPS)):
        phase_begins()
        logits = head(model(batch.images)) * (1 + 0.1 * torch.rand(()))
        run.backward(nn.functional.cross_entropy(logits, batch.items), optimizer)
    learnt = [*model.state_dict().values(), *head.state_dict().values()]
    text = digest(*(tensor.numpy().tobytes() for tensor in learnt))
    Path(folder, "weights.txt").write_text(text + repr(run.history["loss"].tolist()))


def inspect_checkpoints(folder: Path, whole: Path) -> float:
    """The part of the steps that the newest checkpoint has; every one there must be whole."""
    found = sorted(folder.glob("checkpoints/**/step-*.pt"))
    for path in found:
        contents = checkpoints._read(path)
        if len(contents["parts"]) != 4:
            raise ValueError(f"{path} lacks parts")
    return int(found[-1].stem[5:]) / STEPS if found else 0.0


def weights(folder: Path) -> str:
    return (folder / "weights.txt").read_text()


def evaluate_and_record(folder: str) -> None:
    data = catalog(folder)
    query, gallery = data.where(split="query"), data.where(split="gallery")
    model = network()
    phase_begins()
    embeddings = [embed(model, part, SIZE) for part in (query, gallery)]
    found = evaluate(*embeddings, query.item, gallery.item, k=(1, 5), bootstrap=300)
    made = records.new(found, **RECORD, code_hash="0" * 16)
    kept = dict(zip(("query", "gallery"), embeddings, strict=True))
    items = {"query_items": found.query_items, "gallery_items": found.gallery_items}
    records.write(made, f"{folder}/results", **kept, **items)


def inspect_record(folder: Path, whole: Path) -> float:
    """Whether there is a record; if so it must be whole, and so must its embeddings."""
    made = records.load(folder / "results")
    for record in made:
        records.embeddings(record, folder / "results")
    return float(len(made))


def record(folder: Path) -> str:
    (made,) = records.load(folder / "results")
    arrays = records.embeddings(made, folder / "results")
    return repr((made.metrics, made.intervals, made.counts)) + digest(
        *(array.tobytes() for array in arrays.values())
    )


def write_records(folder: str) -> None:
    """Write one run's record again and again, each time with other numbers."""
    phase_begins()
    for number in range(WRITES):
        made = records.measured(
            **RECORD, code_hash="0" * 16, metrics={"hit@1": float(number)}, intervals={}, counts={}
        )
        vectors, items = np.random.default_rng(number).normal(size=(400, 64)), np.zeros(400, int)
        vectors[:, 0] = number
        records.write(
            made, f"{folder}/results", query=vectors, gallery=vectors, query_items=items,
            gallery_items=items,
        )  # fmt: skip


def inspect_written(folder: Path, whole: Path) -> float:
    """Whether there is a record; its embeddings must be its own, or refused."""
    made = records.load(folder / "results")
    for one in made:
        try:
            arrays = records.embeddings(one, folder / "results")
        except records.ResultsError:  # said to belong to another write
            continue
        if not (arrays["query"][:, 0] == one.metrics["hit@1"]).all():
            raise ValueError("a record was given the embeddings of another one")
    return float(len(made))


def newest(folder: Path, kind: str) -> Path:
    """The file of a run's state that matters most."""
    if kind == "data caching":
        return store(folder)
    return max(folder.glob("checkpoints/**/step-*.pt"))


def forget_result(folder: Path) -> None:
    for name in ("pixels.npy", "weights.txt"):
        (folder / name).unlink(missing_ok=True)


def digest(*parts: bytes) -> str:
    return hashlib.blake2b(b"".join(parts), digest_size=16).hexdigest()


KINDS = {
    "data caching": (cache_pictures, inspect_cache, pixels),
    "training": (train, inspect_checkpoints, weights),
    "evaluation": (evaluate_and_record, inspect_record, record),
    "record writing": (write_records, inspect_written, record),
}
PLACES = {
    "data caching": "cache",
    "training": "checkpoints",
    "evaluation": "results",
    "record writing": "results",
}
