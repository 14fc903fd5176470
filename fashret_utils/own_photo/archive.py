"""Models that were kept: pixels in, similarities to a small gallery out."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from fashret_utils import chapters, retrieval
from fashret_utils.data.augment import MEAN, STD
from fashret_utils.data.catalog import Catalog
from fashret_utils.evidence import records
from fashret_utils.explorer.sprites import sprite
from fashret_utils.own_photo.networks import plain
from fashret_utils.scale import SCALES
from fashret_utils.training import Run

SAMPLES = 8  # street pictures to try the search with
SIDE = {"gallery": 64, "samples": 96}  # of a thumbnail, in pixels


class Search(nn.Module):
    """Pixels (B, 3, S, S) from 0 to 255 -> cosine similarities (B, m) to a gallery."""

    def __init__(self, model: nn.Module, gallery: Tensor) -> None:
        super().__init__()
        self.model = model
        self.register_buffer("gallery", gallery.T.contiguous())  # (d, m)
        self.register_buffer("mean", 255 * torch.tensor(MEAN).view(3, 1, 1))
        self.register_buffer("std", 255 * torch.tensor(STD).view(3, 1, 1))

    def forward(self, pixels: Tensor) -> Tensor:
        """Normalise, embed, compare."""
        embeddings = self.model((pixels - self.mean) / self.std)  # (B, d)
        return normalize(embeddings, dim=1) @ self.gallery


@dataclass(frozen=True)
class Archive:
    """A kept model: `size` of its pictures, the gallery's and the samples' captions, metrics.

    In its folder lie `model.pt2` (see `Search`), `gallery.webp`, `samples.webp`, `about.json`.
    """

    chapter: str
    data: str
    arm: str
    scale: str
    seed: int
    size: int
    columns: int
    gallery: list[str]
    samples: list[str]
    metrics: dict[str, float]
    folder: str = ""

    @property
    def name(self) -> str:
        """What a list of models shows."""
        return f"{self.chapter}, {self.arm} on {self.data}, scale {self.scale}, seed {self.seed}"

    def search(self) -> Callable[[Tensor], Tensor]:
        """The model: float pixels (B, 3, size, size) from 0 to 255 -> similarities (B, m)."""
        return torch.export.load(Path(self.folder) / "model.pt2").module()


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
    folder: Path | None = None,
) -> Archive:
    """Keep a trained model and one gallery picture of each test item, to search with own photos.

    **Arguments**

    - `run`: that trained the model; if it has been recorded, its metrics are kept, too.
    - `model`: embeds photos, normalised (B, 3, S, S) -> (B, d).
    - `catalog`: whose answerable queries give samples, and whose gallery is searched.
    - `size`: of the pictures the model was trained with, in pixels.
    - `of_gallery`: embeds the gallery where `model` does not.
    - `folder`: above all models, by default the build folder's.
    """
    model, of_gallery = plain(run, model), plain(run, of_gallery or model)
    gallery, query = catalog.where(split="gallery"), catalog.where(split="query")
    gallery = gallery.take(np.unique(gallery.item, return_index=True)[1])
    query = query.take(np.isin(query.item, gallery.item))
    kinds = np.unique(query.category, return_index=True)[1]
    query = query.take(np.sort(kinds)[:SAMPLES])
    vectors = torch.from_numpy(retrieval.embed(of_gallery, gallery, size))  # (m, d)
    example = torch.from_numpy(np.array(query.pixels(size)[[0, 0]])).float()
    batch = torch.export.Dim("batch", min=1, max=1024)
    program = torch.export.export(
        Search(model, vectors).eval(), (example,), dynamic_shapes=({0: batch},)
    )
    names = {"chapter": run.chapter, "data": run.data, "arm": run.arm, "scale": str(run.scale)}
    record = records.path_of(run.results, **names, seed=run.seed)
    measured = records.read(record).metrics if record.is_file() else {}
    folder = records.path_of(folder or models_folder(), **names, seed=run.seed).with_suffix("")
    folder.mkdir(parents=True, exist_ok=True)
    torch.export.save(program, folder / "model.pt2")
    pictures = sprite(gallery.pixels(96), SIDE["gallery"])
    (folder / "gallery.webp").write_bytes(pictures.data)
    samples = sprite(query.pixels(96), SIDE["samples"], quality=90)
    (folder / "samples.webp").write_bytes(samples.data)
    kept = Archive(
        **names,
        seed=run.seed,
        size=size,
        columns=pictures.columns,
        gallery=_captions(gallery),
        samples=_captions(query),
        metrics={k: v for k, v in measured.items() if k in ("hit@1", "hit@10")},
        folder=str(folder),
    )
    about = {key: value for key, value in asdict(kept).items() if key != "folder"}
    (folder / "about.json").write_text(json.dumps(about, indent=1), encoding="utf-8")
    return kept


def archives(folder: Path | None = None) -> list[Archive]:
    """The models that chapters have kept, those of the largest scale first, then the newest."""
    found = [
        (path, Archive(**json.loads(path.read_text(encoding="utf-8")), folder=str(path.parent)))
        for path in (folder or models_folder()).glob("*/*/*/*/about.json")
    ]
    found.sort(key=lambda each: (SCALES.index(each[1].scale), each[0].stat().st_mtime))
    return [archive for _, archive in reversed(found)]


def _captions(rows: Catalog) -> list[str]:
    return [
        f"{category}, item {item}" for category, item in zip(rows.category, rows.item, strict=True)
    ]
