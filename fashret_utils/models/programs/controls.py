"""Functions of embeddings that are known without a search: what a found one must beat."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from sklearn.decomposition import PCA
from torch import Tensor

EXPONENTS, COMPONENTS = (0.1, 0.25, 0.5, 0.75, 0.9), (16, 32, 64, 128, 256, 472)


def power(e: Tensor, exponent: float, center: Tensor | float = 0.0) -> Tensor:
    """Signed power normalisation, of e less a centre."""
    moved = e - center
    return moved.sign() * moved.abs() ** exponent


def whitening(train: np.ndarray) -> Callable[[Tensor, int], Tensor]:
    """PCA, each component with variance one, fitted to embeddings (n, d).

    **Returns** a function of embeddings and of how many components to keep.
    """
    pca = PCA(whiten=True, svd_solver="full").fit(train)
    return lambda e, components: torch.from_numpy(pca.transform(e.numpy())[:, :components])


def options(name: str, train: np.ndarray) -> dict[str, Callable[[Tensor], Tensor]]:
    """The functions among which validation chooses: what is set -> function.

    **Arguments**: `name` - "power", of e and of e less the mean, or "whitening"; `train` (n, d) -
    embeddings to fit to.
    """
    if name == "whitening":
        white = whitening(train)
        return {str(n): partial(white, components=n) for n in COMPONENTS if n <= min(train.shape)}
    centres = {"e": 0.0, "e less the mean": torch.from_numpy(train.mean(0))}
    return {
        f"{exponent:g}, {text}": partial(power, exponent=exponent, center=center)
        for exponent in EXPONENTS
        for text, center in centres.items()
    }
