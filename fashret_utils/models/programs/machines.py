"""Support vector machines on any kernel, and the kernels that a new one must beat."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import pairwise
from sklearn.svm import SVC

from fashret_utils.models.programs.images import Images

Kernel = Callable[[np.ndarray, np.ndarray], np.ndarray]  # (n, d), (m, d) -> (n, m)
FACTORS, COSTS = (0.25, 0.5, 1, 2, 4), (1, 3, 10, 30)


def fit_and_predict(
    gram: np.ndarray, labels: np.ndarray, cross: np.ndarray, cost: float = 1.0, steps: int = -1
) -> np.ndarray:
    """Classes of images, from kernel matrices of training images (n, n) and of others (m, n).

    **Arguments**: `cost` - C; `steps` - of the solver at most, -1 for no limit: kernels that are
    not positive semi-definite may take long.

    **Raises** `ValueError` for a matrix that is not finite.
    """
    for name, matrix in (("training", gram), ("test", cross)):
        if not np.isfinite(matrix).all():
            bad = np.argwhere(~np.isfinite(matrix))[0].tolist()
            raise ValueError(f"the {name} kernel matrix is not finite, first at {bad}")
    vectors = SVC(C=cost, kernel="precomputed", max_iter=steps, cache_size=500)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # its steps are limited on purpose
        return vectors.fit(gram, labels).predict(cross)


def try_kernel(
    kernel: Kernel,
    images: Images,
    n: int,
    cost: float = 1.0,
    parts: Sequence[str] = ("val", "test"),
    steps: int = -1,
) -> dict[str, np.ndarray]:
    """Train on the first n images: right or wrong for each image of some parts, (m,) bool."""
    pixels, labels = (part[:n] for part in images.train)
    gram, found = kernel(pixels, pixels), {}
    for name in parts:
        asked, wanted = getattr(images, name)
        cross = kernel(asked, pixels)
        found[name] = fit_and_predict(gram, labels, cross, cost, steps) == wanted
    return found


def gamma_of(rule: str, pixels: np.ndarray) -> float:
    """Width of an RBF or sigmoid kernel by scikit-learn's rule, "auto" or "scale"."""
    return {"auto": 1 / pixels.shape[1], "scale": 1 / (pixels.shape[1] * pixels.var())}[rule]


def baseline_kernels(pixels: np.ndarray) -> dict[str, Kernel]:
    """Linear, RBF and sigmoid kernels, the last two with both rules for their width."""
    kernels: dict[str, Kernel] = {"linear": pairwise.linear_kernel}
    for rule in ("auto", "scale"):
        gamma = gamma_of(rule, pixels)
        kernels[f"rbf-{rule}"] = partial(pairwise.rbf_kernel, gamma=gamma)
        kernels[f"sigmoid-{rule}"] = partial(pairwise.sigmoid_kernel, gamma=gamma, coef0=0)
    return kernels


def tuned_rbf(images: Images, n: int) -> tuple[Kernel, float, dict[str, float]]:
    """The RBF kernel whose width and C are best on the validation images.

    **Returns** the kernel, C, and both as settings, the width relative to the rule "scale".
    """
    width, tried = gamma_of("scale", images.train[0][:n]), {}
    for factor in FACTORS:
        kernel = partial(pairwise.rbf_kernel, gamma=factor * width)
        for cost in COSTS:
            tried[factor, cost] = try_kernel(kernel, images, n, cost, ("val",))["val"].mean()
    factor, cost = max(tried, key=tried.get)
    kernel = partial(pairwise.rbf_kernel, gamma=factor * width)
    return kernel, cost, {"gamma over scale": factor, "C": cost}
