"""Pictures to embeddings."""

import numpy as np
import torch
from torch import nn
from torch.nn.functional import normalize

from fashret_utils.data.augment import normalise
from fashret_utils.data.catalog import Catalog
from fashret_utils.data.feature_bank import FeatureBank


def embed(
    model: nn.Module,
    pictures: Catalog | FeatureBank | np.ndarray,
    size: int | None = None,
    device: str | torch.device | None = None,
    batch: int = 256,
    raw: bool = False,
) -> np.ndarray:
    """L2-normalised embeddings of pictures, with the model in evaluation mode.

    The training mode of every submodule and the model's device are as before when it returns.

    **Arguments**

    - `model`: maps normalised pictures `(b, 3, S, S)` to `(b, d)`; of a bank, what its stem gives.
      Pictures come in the precision of its weights, such as float16.
    - `pictures`: a `Catalog`, a `FeatureBank` of one, or uint8 pixels `(n, 3, S, S)`.
    - `size`: side S in pixels; needed for a catalogue, left out for pixels.
    - `device`: where to compute; by default where the model is.
    - `batch`: pictures at a time. `raw`: the model normalises pictures itself, as trunks do.

    **Returns** `(n, d)` float32, rows of length 1.

    **Raises** `ValueError` for pixels of another shape or dtype, a size missing or in excess, and a
    model that returns anything but numbers `(b, d)`.
    """
    bank = pictures if isinstance(pictures, FeatureBank) else None
    pixels = _pixels(pictures, size) if bank is None else bank.fill(views=(0,)).catalog.item
    home = next((parameter.device for parameter in model.parameters()), torch.device("cpu"))
    device = torch.device(device or home)
    kind = next((p.dtype for p in model.parameters() if p.is_floating_point()), None)
    modes = [(module, module.training) for module in model.modules()]
    model.to(device).eval()
    try:
        parts = []
        for start in range(0, len(pixels), batch):
            if bank is None:
                chunk = torch.from_numpy(np.array(pixels[start : start + batch])).to(device)
                chunk = chunk if raw else normalise(chunk)
            else:
                chunk = _maps(bank, np.arange(start, min(start + batch, len(pixels))), device)
            with torch.inference_mode():
                embeddings = _rows(model(_as(chunk, kind)), min(batch, len(pixels) - start))
                parts.append(normalize(embeddings, dim=1).cpu())
    finally:
        model.to(home)
        for module, training in modes:  # a frozen submodule stays frozen
            module.training = training
    return torch.cat(parts).numpy()


def _as(pictures: torch.Tensor | tuple[torch.Tensor, ...], kind: torch.dtype | None):
    """Pictures or maps in the precision of a network's weights; bytes stay bytes."""
    if isinstance(pictures, tuple):
        return tuple(_as(part, kind) for part in pictures)
    return pictures.to(kind) if kind is not None and pictures.is_floating_point() else pictures


def _rows(embeddings: object, n: int) -> torch.Tensor:
    """What a model returned for n pictures, float32 `(n, d)`."""
    if not isinstance(embeddings, torch.Tensor):
        raise ValueError(
            f"the model returns a {type(embeddings).__name__}, expected one tensor ({n}, d) of "
            "embeddings: wrap it in a module that returns that one, such as its first output"
        )
    if embeddings.dim() != 2 or len(embeddings) != n or not embeddings.is_floating_point():
        raise ValueError(
            f"the model returns {embeddings.dtype} {tuple(embeddings.shape)}, expected embeddings "
            f"of float ({n}, d): end it with pooling and nn.Flatten()"
        )
    return embeddings.float()


def _maps(bank: FeatureBank, rows: np.ndarray, device: torch.device):
    """What the bank's stem gives for these rows, float32: one map, or a tuple of several."""
    maps = bank.maps(rows)
    several = isinstance(maps, tuple)
    moved = tuple(m.to(device).float() for m in (maps if several else (maps,)))
    return moved if several else moved[0]


def _pixels(pictures: Catalog | np.ndarray, size: int | None) -> np.ndarray:
    if isinstance(pictures, Catalog):
        if size is None:
            raise ValueError("a catalogue needs a size in pixels, e.g. size=64")
        pictures = pictures.pixels(size)
    elif size is not None:
        raise ValueError(f"size = {size} given with pixels that have a size; leave it out")
    shape, dtype = np.shape(pictures), getattr(pictures, "dtype", None)
    if dtype != np.uint8 or len(shape) != 4 or shape[1] != 3 or shape[0] == 0:
        raise ValueError(
            f"pixels have shape {shape} and dtype {dtype}; "
            "expected uint8 (n, 3, height, width) with n above 0"
        )
    return pictures
