"""Models that were kept: pixels in, vectors out, and galleries to search with them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from onnx import ModelProto
from torch import Tensor, nn
from torch.nn.functional import normalize

from fashret_utils import chapters, retrieval
from fashret_utils.data.augment import MEAN, STD
from fashret_utils.data.catalog import Catalog
from fashret_utils.evidence import records
from fashret_utils.explorer.sprites import sprite
from fashret_utils.own_photo import galleries
from fashret_utils.own_photo.compact import KINDS, compact
from fashret_utils.own_photo.galleries import SIDE, Gallery
from fashret_utils.own_photo.networks import plain
from fashret_utils.scale import SCALES
from fashret_utils.training import Run

SAMPLES = 8  # street pictures to try the search with
CHECKED = 400  # queries at most that say what stored weights of few bits cost
COST = 0.005  # of hit@1, above which weights are stored in more bits
BATCH = 32


class Embed(nn.Module):
    """Pixels (B, 3, S, S) from 0 to 255 -> vectors (B, d) of length 1."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model
        self.register_buffer("mean", 255 * torch.tensor(MEAN).view(3, 1, 1))
        self.register_buffer("std", 255 * torch.tensor(STD).view(3, 1, 1))

    def forward(self, pixels: Tensor) -> Tensor:
        """Normalise, embed, divide by the length."""
        return normalize(self.model((pixels - self.mean) / self.std), dim=1)


@dataclass(frozen=True)
class Archive:
    """A kept model.

    - `size`: of its pictures; `galleries`: what is known of each; `samples`: captions of the
      pictures to try it with; `metrics`: of its record.
    - `weights`: how they are stored, see `compact`; `checked`: the number of queries that were
      asked with both, and hit@1 in the first gallery before and after.
    - `symmetric`: whether gallery pictures go through the same network, so that it can search
      pictures of the reader's own.

    In its folder lie `model.onnx`, the galleries, `samples.webp` and `about.json`.
    """

    chapter: str
    data: str
    arm: str
    scale: str
    seed: int
    size: int
    galleries: list[dict]
    samples: list[str]
    metrics: dict[str, float]
    weights: str
    checked: dict[str, float]
    symmetric: bool
    folder: str = field(default="", compare=False)

    @property
    def name(self) -> str:
        """What a list of models shows."""
        return f"{self.chapter}, {self.arm} on {self.data}, scale {self.scale}, seed {self.seed}"

    @property
    def network(self) -> bytes:
        """The network as an ONNX file: `pixels` (B, 3, S, S) -> `embeddings` (B, d)."""
        return (Path(self.folder) / "model.onnx").read_bytes()

    @property
    def identity(self) -> str:
        """Changes with the network; vectors of two networks cannot be compared."""
        return hashlib.blake2b(self.network, digest_size=8).hexdigest()

    def gallery(self, number: int = 0) -> Gallery:
        """One of its galleries, the drawn one first."""
        return galleries.read(self.galleries[number], Path(self.folder), number)

    @cached_property
    def embed(self) -> Callable[[np.ndarray], np.ndarray]:
        """Pixels (B, 3, size, size) from 0 to 255 -> float32 vectors (B, d) of length 1."""
        return embedder(self.network)


def embedder(network: bytes) -> Callable[[np.ndarray], np.ndarray]:
    """An ONNX network of this package as a function of pixels, run in one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    providers = ["CPUExecutionProvider"]
    session = onnxruntime.InferenceSession(network, options, providers=providers)

    def embed(pixels: np.ndarray) -> np.ndarray:
        chunks = np.split(pixels, range(BATCH, len(pixels), BATCH)) if len(pixels) else []
        return np.concatenate(
            [session.run(None, {"pixels": chunk.astype(np.float32)})[0] for chunk in chunks]
        )

    return embed


def models_folder() -> Path:
    """Where chapters keep their models: under the book's build folder."""
    return chapters.book_root() / "_build/models"


def keep(
    run: Run,
    model: nn.Module,
    catalog: Catalog,
    size: int,
    *,
    of_gallery: nn.Module | None = None,
    also: Mapping[str, Catalog] | None = None,
    folder: Path | None = None,
) -> Archive:
    """Keep a trained model and one gallery picture of each test item, to search with own photos.

    Weights are stored in 8 bits, or in more where that would cost hits.

    **Arguments**

    - `run`: that trained the model; if it has been recorded, its metrics are kept, too.
    - `model`: embeds photos, normalised (B, 3, S, S) -> (B, d).
    - `catalog`: whose answerable queries give samples, and whose gallery is searched.
    - `size`: of the pictures the model was trained with, in pixels.
    - `of_gallery`: embeds the gallery where `model` does not.
    - `also`: further galleries by name, such as one of real garments.
    - `folder`: above all models, by default the build folder's.
    """
    model, of_gallery = plain(run, model), of_gallery and plain(run, of_gallery)
    query, shop = catalog.where(split="query"), first_pictures(catalog)
    query = query.take(np.isin(query.item, shop.item))
    network = _exported(model, size)
    vectors = retrieval.embed(of_gallery, shop, size) if of_gallery else None
    weights, checked = _fewest_bits(network, query, shop, vectors, size)
    stored = compact(network, weights).SerializeToString()
    embed = embedder(stored)
    searched = []
    others = {name: first_pictures(rows) for name, rows in (also or {}).items()}
    for name, rows in {catalog.name: shop, **others}.items():
        one = retrieval.embed(of_gallery, rows, size) if of_gallery else embed(rows.pixels(size))
        note = "" if rows is shop else rows.licence
        searched.append(galleries.of_catalog(name, rows, one, note))
    names = {"chapter": run.chapter, "data": run.data, "arm": run.arm, "scale": str(run.scale)}
    place = records.path_of(folder or models_folder(), **names, seed=run.seed).with_suffix("")
    place.mkdir(parents=True, exist_ok=True)
    (place / "model.onnx").write_bytes(stored)
    kinds = np.unique(query.category, return_index=True)[1]
    samples = query.take(np.sort(kinds)[:SAMPLES])
    sheet = sprite(samples.pixels(96), SIDE["samples"], quality=90)
    (place / "samples.webp").write_bytes(sheet.data)
    record = records.path_of(run.results, **names, seed=run.seed)
    measured = records.read(record).metrics if record.is_file() else {}
    kept = Archive(
        **names,
        seed=run.seed,
        size=size,
        galleries=[galleries.write(each, place, i) for i, each in enumerate(searched)],
        samples=galleries.captions(samples),
        metrics={k: v for k, v in measured.items() if k in ("hit@1", "hit@10")},
        weights=weights,
        checked=checked,
        symmetric=of_gallery is None,
        folder=str(place),
    )
    about = {key: value for key, value in asdict(kept).items() if key != "folder"}
    (place / "about.json").write_text(json.dumps(about, indent=1), encoding="utf-8")
    return kept


def archives(folder: Path | None = None) -> list[Archive]:
    """The models that chapters have kept, those of the largest scale first, then the newest."""
    found = [
        (path, Archive(**json.loads(path.read_text(encoding="utf-8")), folder=str(path.parent)))
        for path in (folder or models_folder()).glob("*/*/*/*/about.json")
    ]
    found.sort(key=lambda each: (SCALES.index(each[1].scale), each[0].stat().st_mtime))
    return [archive for _, archive in reversed(found)]


def first_pictures(catalog: Catalog) -> Catalog:
    """One gallery picture of each item."""
    rows = catalog.where(split="gallery")
    return rows.take(np.unique(rows.item, return_index=True)[1])


def _exported(model: nn.Module, size: int) -> ModelProto:
    """The network as ONNX, for any number of pictures at once."""
    example = torch.zeros(2, 3, size, size)
    exported = torch.onnx.export(
        Embed(model).eval(),
        (example,),
        input_names=["pixels"],
        output_names=["embeddings"],
        dynamic_shapes=({0: torch.export.Dim("batch", min=1, max=1024)},),
        dynamo=True,
        verbose=False,
    )
    return exported.model_proto


def _fewest_bits(
    network: ModelProto, query: Catalog, shop: Catalog, vectors: np.ndarray | None, size: int
) -> tuple[str, dict[str, float]]:
    """How to store the weights, so that hit@1 of some queries stays what it is; what it was."""
    asked = query.take(np.linspace(0, len(query) - 1, min(CHECKED, len(query))).astype(int))
    hits = {}
    for kind in reversed(KINDS):  # float32 is what the others are compared with
        embed = embedder(compact(network, kind).SerializeToString())
        gallery = embed(shop.pixels(size)) if vectors is None else vectors
        ranked = retrieval.evaluate(embed(asked.pixels(size)), gallery, asked.item, shop.item, k=1)
        hits[kind] = ranked.metrics["hit@1"]
    fine = (kind for kind in KINDS if hits["float32"] - hits[kind] <= COST)
    kind = next(fine)
    return kind, {"queries": len(asked), "float32": hits["float32"], "kept": hits[kind]}
