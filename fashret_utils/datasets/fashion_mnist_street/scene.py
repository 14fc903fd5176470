"""Puts grey garments into grey street scenes, many at once, on tensors.

Every factor of the domain gap has a strength, 0 (none) to 2 (extreme), 1 by default; with all at 0
the street picture is the shop picture. Garments stay grey; only the light has a colour. All lengths
are in half sides of the picture: it runs from -1 to 1.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from fashret_utils.datasets.fashion_mnist_street.draws import Draws

FACTORS = ("background", "pose", "occlusion", "light", "camera", "crop")
_NOISE_LENGTH = 1 << 16


def shop_pictures(garments: np.ndarray, size: int) -> np.ndarray:
    """Garments uint8 (m, h, w), resized: uint8 (m, 3, size, size)."""
    layer = torch.from_numpy(garments).float().div(255)[:, None]  # (m, 1, h, w)
    return _bytes(_sampled(layer, *_axes(size)).expand(-1, 3, -1, -1))


def street_pictures(
    garments: np.ndarray,
    solid: np.ndarray,
    donors: np.ndarray,
    keys: tuple[int | np.ndarray, ...],
    factors: Mapping[str, float],
    size: int,
) -> np.ndarray:
    """Garments in street scenes.

    **Arguments**

    - `garments`: uint8 (m, h, w), background 0. `solid`: bool (m,), garments without see-through
      holes (see `coverage`).
    - `donors`: uint8 (N, h, w), pictures from which clutter and occluders are cut.
    - `keys`: whole numbers or arrays (m,); they alone decide the random numbers of a picture.
    - `factors`: strength of each of `FACTORS`. `size`: pixels of the result.

    **Returns** uint8 (m, 3, size, size).
    """
    streams = {name: Draws(*keys, i, count=128) for i, name in enumerate(FACTORS)}
    x, y = _axes(size)
    scene = _background(streams["background"], donors, factors["background"], x, y)
    place = _posed(streams["pose"], streams["crop"], factors, x, y)
    layer = _sampled(_layer(garments, solid), *place)
    scene = scene * (1 - layer[:, 1]) + layer[:, 0]
    scene = _occluded(scene, streams["occlusion"], donors, factors["occlusion"], x, y)
    scene = _lit(scene, streams["light"], factors["light"], x, y)
    scene = _photographed(scene, streams["camera"], factors["camera"])
    tint = 1 + 0.12 * factors["light"] * (2 * streams["light"].grid(3, 1) - 1)  # (m, 3, 1)
    return _bytes(scene[:, None] * tint[..., None])


def coverage(garments: np.ndarray, solid: np.ndarray | bool) -> np.ndarray:
    """How far a garment hides what is behind it: float32 (m, h, w), 0 to 1.

    White cloth is 0 in Fashion-MNIST, as the background is. A solid garment covers every pixel
    that has garment on both sides in its row and in its column; the others (bags, sandals) are
    see-through but for gaps of up to four pixels. On its outline, a pixel covers as much as it is
    bright beside its neighbours, or garments would have dark seams.
    """
    ink = (garments > 8).view(np.uint8)
    cover = np.ones_like(ink)
    for axis in (1, 2):
        cover &= np.maximum.accumulate(ink, axis)
        cover &= np.flip(np.maximum.accumulate(np.flip(ink, axis), axis), axis)
    holes = ~np.broadcast_to(solid, len(ink))
    closed = _spread(_spread(_padded(ink[holes]), np.maximum, 2), np.minimum, 2)
    cover[holes] = ink[holes] | closed[:, 4:-4, 4:-4]
    inner = _spread(_padded(cover), np.minimum, 1)[:, 4:-4, 4:-4]
    brightest = _spread(_padded(garments), np.maximum, 1)[:, 4:-4, 4:-4]
    outline = garments / np.maximum(brightest, 1).astype(np.float32)
    return np.where(inner, np.float32(1), outline * cover)


def _padded(pictures: np.ndarray) -> np.ndarray:
    return np.pad(pictures, ((0, 0), (4, 4), (4, 4)))


def _spread(pictures: np.ndarray, best: np.ufunc, times: int) -> np.ndarray:
    """The largest (np.maximum) or smallest value of each 3 x 3 window, `times` over."""
    for axis in (1, 2) * times:
        neighbours = best(np.roll(pictures, 1, axis), np.roll(pictures, -1, axis))
        pictures = best(pictures, neighbours)
    return pictures


def _layer(garments: np.ndarray, solid: np.ndarray | bool) -> Tensor:
    """Grey and coverage: float32 (m, 2, h, w)."""
    grey = torch.from_numpy(garments).float().div(255)
    return torch.stack([grey, torch.from_numpy(coverage(garments, solid))], 1)


def _axes(size: int) -> tuple[Tensor, Tensor]:
    place = (torch.arange(size) * 2 + 1) / size - 1
    return place[None, None, :], place[None, :, None]  # x (1, 1, S), y (1, S, 1)


def _sampled(layer: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Look up a layer (m, c, h, w) at x, y, both broadcast to (m, S, S); 0 outside."""
    m, size = len(layer), max(x.shape[-1], y.shape[-1])
    grid = torch.stack([x.expand(m, size, size), y.expand(m, size, size)], -1)
    return F.grid_sample(layer, grid, padding_mode="zeros", align_corners=False)


def _turned(x: Tensor, y: Tensor, angle: Tensor) -> tuple[Tensor, Tensor]:
    c, s = angle.cos(), angle.sin()
    return c * x + s * y, c * y - s * x


def _smooth(grid: Tensor, size: int) -> Tensor:
    """Random grids (m, k, k) blown up to (m, S, S) without edges (bicubic)."""
    k = grid.shape[-1]
    weights = F.interpolate(
        torch.eye(k)[None, :, None], (1, size), mode="bicubic", align_corners=True
    )[0, :, 0]  # (k, S)
    # Sums of k terms in a fixed order: the same bytes whatever the number of pictures.
    wide = sum(grid[:, :, j, None] * weights[j] for j in range(k))  # (m, k, S)
    return sum(wide[:, j, None] * weights[j][:, None] for j in range(k))


def _posed(pose: Draws, crop: Draws, factors: Mapping[str, float], x: Tensor, y: Tensor):
    """Where each picture point lies on the garment: turned, sheared, stretched, bent, framed."""
    strength, framing = factors["pose"], factors["crop"]
    x = x - 0.13 * framing * crop.uniform(-1, 1)
    y = y - 0.13 * framing * crop.uniform(-1, 1)
    zoom = 1 + framing * crop.uniform(-0.2, 0.12)  # below 1 the garment is small in the picture
    x, y = x / zoom, y / zoom
    mirror = torch.where(pose.uniform() < 0.5 * min(strength, 1), -1.0, 1.0)
    x, y = _turned(x * mirror, y, strength * 0.25 * pose.uniform(-1, 1))
    x = x * (1 + strength * 0.1 * pose.uniform(-1, 1)) + strength * 0.12 * pose.uniform(-1, 1) * y
    y = y * (1 + strength * 0.08 * pose.uniform(-1, 1))
    bends = [0.08 * strength * (2 * pose.grid(4, 4) - 1) for _ in range(2)]
    size = x.shape[-1]
    return x + _smooth(bends[0], size), y + _smooth(bends[1], size)


def _piece(draws: Draws, donors: np.ndarray, spread: float, x: Tensor, y: Tensor) -> Tensor:
    """A turned and scaled piece of another picture: grey and coverage, (m, 2, S, S)."""
    layer = _layer(donors[(draws.uniform()[:, 0, 0] * len(donors)).long().numpy()], True)
    scale = draws.uniform(0.5, 1.2)
    angle = draws.uniform(0, 2 * math.pi)
    place = draws.uniform(0, 2 * math.pi)  # on a ring about the middle
    x = (x - spread * place.cos()) / scale
    y = (y - spread * place.sin()) / scale
    layer = _sampled(layer, *_turned(x, y, angle))
    gain, lift = draws.uniform(0.4, 1.0), draws.uniform(0, 0.4)
    layer[:, 0] = gain * layer[:, 0] + lift * layer[:, 1]
    return layer


def _background(draws: Draws, donors: np.ndarray, strength: float, x: Tensor, y: Tensor) -> Tensor:
    """Walls, stripes, blotches and pieces of other garments, (m, S, S)."""
    if strength == 0:
        return torch.zeros(1, 1, 1)
    size = x.shape[-1]
    scene = draws.uniform(0.1, 0.75)
    scene = scene + 0.25 * (draws.uniform(-1, 1) * x + draws.uniform(-1, 1) * y)
    blotches = _smooth(2 * draws.grid(5, 5) - 1, size)
    scene = scene + 0.3 * draws.uniform() * blotches
    across, _ = _turned(x, y, draws.uniform(0, math.pi))
    wave = (across * draws.uniform(1, 5) + draws.uniform()).remainder(1)
    contrast = 0.6 * (draws.uniform() - 0.45).clamp_min(0)  # stripes in about half of the scenes
    scene = scene + contrast * ((wave - 0.5).abs() * 16 - 4).clamp(-1, 1)
    for number in range(2 if strength <= 1 else 4):
        present = draws.uniform() < (0.8 if number < 2 else 0.8 * (strength - 1))
        piece = _piece(draws, donors, 0.85, x, y) * present[:, None]
        scene = scene * (1 - piece[:, 1]) + piece[:, 0]
    return scene.clamp(0, 1) * min(strength, 1)


def _occluded(
    scene, draws: Draws, donors: np.ndarray, strength: float, x: Tensor, y: Tensor
) -> Tensor:
    """Arms and straps (bars), bags and heads (ellipses), a garment in front, on (m, S, S)."""
    if strength == 0:
        return scene
    soft = x.shape[-1] / 2  # edges one pixel wide
    for kind in ("bar", "ellipse"):
        across, along = _turned(
            x - draws.uniform(-0.7, 0.7), y - draws.uniform(-0.7, 0.7), draws.uniform(0, math.pi)
        )
        if kind == "bar":
            inside = strength * draws.uniform(0.05, 0.14) - across.abs()
        else:
            radius = strength * draws.uniform(0.12, 0.27)
            inside = (radius - (across**2 + (along * draws.uniform(0.3, 0.8)) ** 2) / radius) / 2
        cover = (inside * soft + 0.5).clamp(0, 1) * (draws.uniform() < 0.45)
        grey = draws.uniform(0.05, 0.9) + 0.2 * draws.uniform(-1, 1) * along
        scene = scene * (1 - cover) + grey.clamp(0, 1) * cover
    present = draws.uniform() < 0.3 * strength
    piece = _piece(draws, donors, 1.15 - 0.15 * strength, x, y) * present[:, None]
    return scene * (1 - piece[:, 1]) + piece[:, 0]


def _lit(scene: Tensor, draws: Draws, strength: float, x: Tensor, y: Tensor) -> Tensor:
    """Contrast, exposure, a bent tone curve, light from one side and the edge of a shadow."""
    if strength == 0:
        return scene
    scene = 0.5 + (scene - 0.5) * (1 + strength * draws.uniform(-0.3, 0.15))
    scene = (scene + strength * draws.uniform(-0.1, 0.1)).clamp(0, 1)
    scene = scene * (1 + strength * draws.uniform(-0.35, 0.35) * (1 - scene))  # a gamma, no pow
    side, _ = _turned(x, y, draws.uniform(0, 2 * math.pi))
    scene = scene * (1 + 0.3 * strength * draws.uniform() * side)
    edge, _ = _turned(x, y, draws.uniform(0, 2 * math.pi))
    shadow = ((edge - draws.uniform(0, 0.9)) * 4).clamp(0, 1) * (draws.uniform() < 0.4 * strength)
    return scene * (1 - min(0.35 * strength, 0.7) * shadow)


def _photographed(scene: Tensor, draws: Draws, strength: float) -> Tensor:
    """Defocus and sensor noise."""
    if strength == 0:
        return scene
    m, size = len(scene), scene.shape[-1]
    edge = F.pad(scene[:, None], (1, 1, 1, 1), mode="replicate")[:, 0]
    blurred = (edge[:, :-2] + 2 * edge[:, 1:-1] + edge[:, 2:]) / 4
    blurred = (blurred[..., :-2] + 2 * blurred[..., 1:-1] + blurred[..., 2:]) / 4
    scene = scene + (strength * draws.uniform()).clamp(0, 1) * (blurred - scene)
    # One long strip of noise, cut at a place of each picture's own: hashing every pixel is slow.
    noise = np.random.default_rng(0).standard_normal(_NOISE_LENGTH + size**2, dtype=np.float32)
    windows = torch.from_numpy(noise).unfold(0, size**2, 1)
    start = (draws.uniform()[:, 0, 0] * _NOISE_LENGTH).long()
    return scene + 0.04 * strength * draws.uniform() * windows[start].reshape(m, size, size)


def _bytes(scene: Tensor) -> np.ndarray:
    return scene.mul(255).round().clamp(0, 255).to(torch.uint8).numpy()
