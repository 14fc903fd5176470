"""Retrieval before networks: SIFT on a grid or at Hessian points, Fisher vectors and VLAD."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from scipy.ndimage import maximum_filter
from sklearn.cluster import KMeans
from sklearn.mixture import GaussianMixture

_GREY = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601


def dense_sift(
    pixels: np.ndarray, step: int = 8, sides: Sequence[float] = (12, 18, 27)
) -> list[np.ndarray]:
    """Root-SIFT on a grid, upright, at several sizes of the patch (Jegou et al. 2012, section 5).

    **Arguments**: `pixels` - uint8 (n, 3, S, S); `step` - of the grid, in pixels; `sides` - of the
    patches, in pixels: the diameters of OpenCV's keypoints.

    **Returns** n arrays float32 (points, 128), the same number of points each.
    """
    places = np.arange(step / 2, pixels.shape[-1], step)
    points = [
        cv2.KeyPoint(float(x), float(y), float(side), 0.0)
        for side in sides
        for y in places
        for x in places
    ]
    sift = cv2.SIFT_create()
    return [_root(sift.compute(grey, points)[1]) for grey in _greys(pixels)]


def hessian_sift(
    pixels: np.ndarray, scales: Sequence[float] = (1.2, 1.7, 2.4, 3.4, 4.8), count: int = 200
) -> list[np.ndarray]:
    """Root-SIFT where the determinant of the Hessian is largest over place and scale.

    The detector is Mikolajczyk's without the adaptation to affine shape; SIFT turns each patch to
    its main gradient.

    **Arguments**: `pixels` - uint8 (n, 3, S, S); `scales` - standard deviations in pixels, of which
    the first and last are only looked at by their neighbours; `count` - strongest points kept.

    **Returns** n arrays float32 (points, 128), at most `count` points each, none where all is flat.
    """
    sift = cv2.SIFT_create()
    found = []
    for grey in _greys(pixels):
        points = hessian_points(grey.astype(np.float32) / 255, scales)[:count]
        angles = _main_angles(grey, points)
        keys = [
            cv2.KeyPoint(float(x), float(y), float(6 * s), float(a))
            for (x, y, s), a in zip(points, angles, strict=True)
        ]
        described = sift.compute(grey, keys)[1] if keys else None
        found.append(_root(np.zeros((0, 128), np.float32) if described is None else described))
    return found


def hessian_points(grey: np.ndarray, scales: Sequence[float]) -> np.ndarray:
    """Maxima of the scale-normalised determinant of the Hessian, strongest first.

    **Arguments**: `grey` - float32 (H, W) from 0 to 1.

    **Returns** (points, 3): x, y and scale in pixels.
    """
    stack = []
    for sigma in scales:
        smooth = cv2.GaussianBlur(grey, (0, 0), sigma)
        xx, yy, xy = (cv2.Sobel(smooth, cv2.CV_32F, *order) for order in ((2, 0), (0, 2), (1, 1)))
        # Sobel's kernels weigh 4: each second derivative is four times too large
        stack.append(sigma**4 * (xx * yy - xy**2) / 16)
    strength = np.stack(stack)  # (scales, H, W)
    top = (strength == maximum_filter(strength, size=3)) & (strength > 1e-4)
    top[[0, -1]] = False
    level, y, x = np.nonzero(top)
    order = np.argsort(-strength[level, y, x], kind="stable")
    return np.stack([x, y, np.asarray(scales)[level]], axis=1)[order]


def learn_mixture(descriptors: np.ndarray, count: int, seed: int = 0) -> GaussianMixture:
    """Fit a mixture of Gaussians with diagonal covariances, the codebook of Fisher vectors."""
    mixture = GaussianMixture(
        count, covariance_type="diag", max_iter=30, reg_covar=1e-4, tol=1e-2, random_state=seed
    )
    return mixture.fit(descriptors)


def learn_words(descriptors: np.ndarray, count: int, seed: int = 0) -> np.ndarray:
    """Centres of k-means, the codebook of VLAD: (count, d)."""
    return KMeans(count, n_init=1, random_state=seed).fit(descriptors).cluster_centers_


def fisher_vector(descriptors: np.ndarray, mixture: GaussianMixture) -> np.ndarray:
    """Gradient of the log-likelihood in means and deviations (Sanchez et al. 2013, Eqs. 17, 18).

    **Arguments**: `descriptors` - (n, d); `mixture` - of K Gaussians with diagonal covariances.

    **Returns** (2 K d,) with the power (square root) and L2 normalisation; zeros without any.
    """
    weights, means = mixture.weights_, mixture.means_  # (K,), (K, d)
    deviations = np.sqrt(mixture.covariances_)  # (K, d)
    if not len(descriptors):
        return np.zeros(2 * means.size, np.float32)
    share = mixture.predict_proba(descriptors)  # (n, K)
    # Sums over descriptors of share, share * x and share * x^2 are all that is needed.
    zero, one, two = share.sum(0)[:, None], share.T @ descriptors, share.T @ descriptors**2
    by_mean = (one - zero * means) / deviations
    by_deviation = (two - 2 * means * one + zero * means**2) / deviations**2 - zero
    root = len(descriptors) * np.sqrt(weights)[:, None]
    return _normalised(np.stack([by_mean / root, by_deviation / (root * np.sqrt(2))]))


def vlad(descriptors: np.ndarray, words: np.ndarray) -> np.ndarray:
    """Sums of differences to the nearest word, each normalised (Arandjelovic and Zisserman 2013).

    **Arguments**: `descriptors` - (n, d); `words` - (K, d).

    **Returns** (K d,) of length 1; zeros without any descriptor.
    """
    sums = np.zeros(words.shape, np.float64)
    if len(descriptors):
        distance = (words**2).sum(1) - 2 * descriptors @ words.T  # (n, K), up to a constant
        nearest = distance.argmin(axis=1)
        np.add.at(sums, nearest, descriptors - words[nearest])
    norms = np.linalg.norm(sums, axis=1, keepdims=True)
    sums = (sums / np.where(norms == 0, 1, norms)).ravel()
    return (sums / max(np.linalg.norm(sums), 1e-12)).astype(np.float32)


def _main_angles(grey: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Direction of the mean gradient around each point, in degrees."""
    dx, dy = (cv2.Sobel(grey, cv2.CV_32F, *order) for order in ((1, 0), (0, 1)))
    angles = np.zeros(len(points))
    for sigma in np.unique(points[:, 2]) if len(points) else ():
        here = points[:, 2] == sigma
        x, y = points[here, :2].astype(int).T
        mean_x, mean_y = (cv2.GaussianBlur(d, (0, 0), 1.5 * sigma)[y, x] for d in (dx, dy))
        angles[here] = np.rad2deg(np.arctan2(mean_y, mean_x)) % 360
    return angles


def _greys(pixels: np.ndarray) -> list[np.ndarray]:
    return [np.tensordot(_GREY, p, axes=1).round().astype(np.uint8) for p in pixels]


def _root(descriptors: np.ndarray) -> np.ndarray:
    """Root-SIFT: square roots of L1-normalised descriptors (Arandjelovic and Zisserman 2012)."""
    total = np.abs(descriptors).sum(axis=1, keepdims=True)
    return np.sqrt(descriptors / np.where(total == 0, 1, total)).astype(np.float32)


def _normalised(vector: np.ndarray) -> np.ndarray:
    vector = np.sign(vector) * np.sqrt(np.abs(vector))
    return (vector / max(np.linalg.norm(vector), 1e-12)).ravel().astype(np.float32)
