"""How good a drawn picture is: beside its truth, as one of a set, and to a reader of attributes."""

from __future__ import annotations

import numpy as np
from skimage.metrics import structural_similarity
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler


def likeness(pictures: np.ndarray, truth: np.ndarray) -> dict[str, np.ndarray]:
    """RMSE and SSIM to the true pictures, both on a scale from 0 to 1.

    SSIM (Wang et al. 2004): Gaussian window of 11 x 11, sigma 1.5, mean over the channels.

    **Arguments**: uint8 (n, 3, S, S) both. **Returns** "rmse" and "ssim", (n,) each.
    """
    if pictures.shape != truth.shape:
        raise ValueError(f"pictures {pictures.shape} and truth {truth.shape} differ in shape")
    a, b = (x.astype(np.float32) / 255 for x in (pictures, truth))
    how = {"channel_axis": 0, "data_range": 1.0, "gaussian_weights": True, "sigma": 1.5}
    how["use_sample_covariance"] = False  # as published
    similar = [structural_similarity(x, y, **how) for x, y in zip(a, b, strict=True)]
    return {"rmse": np.sqrt(((a - b) ** 2).mean((1, 2, 3))), "ssim": np.array(similar)}


def apart(a: np.ndarray, b: np.ndarray) -> float:
    """Mean Euclidean distance of pictures uint8 (n, 3, S, S) in grey levels, pair by pair."""
    a, b = (x.astype(np.float32).reshape(len(x), -1) for x in (a, b))
    return float(np.linalg.norm(a - b, axis=1).mean())


def white_share(pictures: np.ndarray, masks: np.ndarray, least: int = 235) -> np.ndarray:
    """Share of white among the pixels outside the garments' masks: (n,).

    **Arguments**: `pictures` - uint8 (n, 3, S, S); `masks` - bool (n, S, S); `least` - grey level
    that counts as white in every channel.
    """
    white = (pictures >= least).all(1) & ~masks
    return white.sum((1, 2)) / np.maximum((~masks).sum((1, 2)), 1)


def kernel_distance(ours: np.ndarray, real: np.ndarray) -> float:
    """Kernel distance of two sets of features: the unbiased squared MMD, 0 for one distribution.

    As the kernel inception distance of Binkowski et al. (2018), with the kernel
    (x . y / d + 1) ** 3, on the features of any network, each dimension divided by the real ones'
    standard deviation.

    **Arguments**: (n, d) and (m, d), two rows at least.

    **Raises** `ValueError` for fewer.
    """
    if min(len(ours), len(real)) < 2:
        raise ValueError(f"{len(ours)} and {len(real)} rows: expected two at least on both sides")
    spread = real.std(0).astype(np.float64)
    spread = np.where(spread > 1e-6, spread, 1.0)
    x, y = ((side - real.mean(0)) / spread for side in (ours, real))

    def kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return (a @ b.T / a.shape[1] + 1) ** 3

    n, m = len(x), len(y)
    own, other = kernel(x, x), kernel(y, y)
    within = (own.sum() - np.trace(own)) / (n * (n - 1))
    within += (other.sum() - np.trace(other)) / (m * (m - 1))
    return float(within - 2 * kernel(x, y).mean())


def reader(features: np.ndarray, codes: np.ndarray) -> Pipeline:
    """Logistic regression from features (n, d) to an attribute's codes (n,); -1 is left out."""
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=300))
    return model.fit(features[codes >= 0], codes[codes >= 0])
