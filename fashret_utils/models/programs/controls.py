"""Functions of embeddings that are known without a search: what a found one must beat."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import product

import numpy as np
import torch
from sklearn.decomposition import PCA
from torch import Tensor

EXPONENTS, COMPONENTS = (0.1, 0.25, 0.5, 0.75, 0.9), (16, 32, 64, 128, 256, 472)
LEVELS, WEIGHTS = (40, 112, 320), (0.5, 1.0, 2.0, 4.0)  # of the trunk's embedding, fine to coarse

Function = Callable[[Tensor], Tensor]


def power(e: Tensor, exponent: float, center: Tensor | float = 0.0) -> Tensor:
    """Signed power normalisation, of e less a centre."""
    moved = e - center
    return moved.sign() * moved.abs() ** exponent


def weighted(e: Tensor, weights: tuple[float, ...]) -> Tensor:
    """Embeddings (n, d) of the trunk with each level multiplied by its weight."""
    sizes = torch.tensor(LEVELS)
    return e * torch.tensor(weights, dtype=e.dtype).repeat_interleave(sizes)


def whitening(train: np.ndarray) -> Callable[[Tensor, int], Tensor]:
    """PCA, each component with variance one, fitted to embeddings (n, d).

    **Returns** a function of embeddings and of how many components to keep.
    """
    pca = PCA(whiten=True, svd_solver="full").fit(train)
    return lambda e, components: torch.from_numpy(pca.transform(e.numpy())[:, :components])


def options(
    name: str, train: np.ndarray, shop: np.ndarray
) -> dict[str, Function | tuple[Function, Function]]:
    """The functions among which validation chooses: what is set -> function.

    **Arguments**: `name` - "power", of e and of e less the mean; "whitening"; "levels", weights of
    the trunk's three levels; or "sides", which is a function of queries and one of the gallery:
    each less the mean of its domain. `train` (n, d) - embeddings to fit to; `shop` (n,) - which of
    them are of shop pictures.
    """
    if name == "sides":
        means = (torch.from_numpy(train[side].mean(0)) for side in (~shop, shop))
        return {"its own mean": tuple(partial(torch.sub, other=mean) for mean in means)}
    if name == "levels":
        every = product(WEIGHTS, repeat=len(LEVELS) - 1)
        return {f"1, {a:g}, {b:g}": partial(weighted, weights=(1.0, a, b)) for a, b in every}
    if name == "whitening":
        white = whitening(train)
        return {str(n): partial(white, components=n) for n in COMPONENTS if n <= min(train.shape)}
    centres = {"e": 0.0, "e less the mean": torch.from_numpy(train.mean(0))}
    return {
        f"{exponent:g}, {text}": partial(power, exponent=exponent, center=center)
        for exponent in EXPONENTS
        for text, center in centres.items()
    }
