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
    - `pictures`: a `Catalog`, a `FeatureBank` of one, or uint8 pixels `(n, 3, S, S)`.
    - `size`: side S in pixels; needed for a catalogue, left out for pixels.
    - `device`: where to compute; by default where the model is.
    - `batch`: pictures at a time. `raw`: the model normalises pictures itself, as trunks do.

    **Returns** `(n, d)` float32, rows of length 1.

    **Raises** `ValueError` for pixels of another shape or dtype, or a size missing or in excess.
    """
    bank = pictures if isinstance(pictures, FeatureBank) else None
    pixels = _pixels(pictures, size) if bank is None else bank.fill(views=(0,)).catalog.item
    home = next((parameter.device for parameter in model.parameters()), torch.device("cpu"))
    device = torch.device(device or home)
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
                embeddings = model(chunk).float()  # (b, d)
                parts.append(normalize(embeddings, dim=1).cpu())
    finally:
        model.to(home)
        for module, training in modes:  # a frozen submodule stays frozen
            module.training = training
    return torch.cat(parts).numpy()


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
