"""Street pictures made of studio photos: real cloth, before scenes that are drawn.

The person is cut out of the studio's white (`cutout`), lit anew, put before a scene (`backdrops`)
and behind what hides a part, and photographed by the Wardrobe's camera. It is not street
photography: the pose, the wrinkles and the focus stay the studio's.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import cv2
import numpy as np
import skia

from fashret_utils.datasets.shop_views.backdrops import backdrop
from fashret_utils.datasets.shop_views.cutout import Cutout
from fashret_utils.datasets.shop_views.obstacles import draw_carried, draw_foreground
from fashret_utils.wardrobe import camera
from fashret_utils.wardrobe.draws import Draws

_STREAMS = ("background", "pose", "occlusion", "light", "camera", "framing", "shade")
_RGBA = skia.kRGBA_8888_ColorType
_LINEAR = skia.SamplingOptions(skia.FilterMode.kLinear)
_MARGIN = 0.01  # how far outside the picture the photo's cut edge lies, in sides of the picture


def composite(
    cutout: Cutout, key: tuple[int, ...], size: int, factors: Mapping[str, float]
) -> np.ndarray:
    """Make a street picture.

    **Arguments**: `key`: whole numbers >= 0 that alone decide the random numbers; `size`: pixels;
    `factors`: strength of background, pose, occlusion, light, camera and crop: 0 none, 1 usual,
    2 extreme. Each has its own random numbers: changing one leaves those of the others.

    **Returns** uint8 (size, size, 3).
    """
    streams = {
        name: np.random.default_rng(np.random.SeedSequence((*key, number)))
        for number, name in enumerate(_STREAMS)
    }
    framing = camera.framing(streams["framing"], crop=factors["crop"], camera=factors["camera"])
    standing = not cutout.cut_bottom
    behind = backdrop(streams["background"], size, factors["background"], ground=standing)
    layer = _posed(cutout, Draws(streams["pose"], 16), factors["pose"])
    matrix = _placed(cutout, layer, framing)
    layer, matrix = _shrunk(layer, matrix, size)
    _shade(layer, behind, Draws(streams["shade"], 8), factors["light"])
    picture = _painted(cutout, layer, matrix, behind, streams["occlusion"], factors["occlusion"])
    return camera.apply(
        picture,
        streams["light"],
        streams["camera"],
        light=factors["light"],
        camera=factors["camera"],
    )


def _posed(cutout: Cutout, draws: Draws, strength: float) -> np.ndarray:
    """The subject mirrored, widened and bent a little: premultiplied float32 (h, w, 4), 0 to 1.

    Rows only move sideways, so that a cut edge stays where it is.
    """
    layer = np.dstack([cutout.colour / 255 * cutout.cover[..., None], cutout.cover])
    mirrored, widen = draws.chance(0.5 * min(1.0, strength)), draws.bell() * 0.09
    waves = [(draws.between(0.5, 1.6), draws.between(0, 2 * math.pi), draws.signed()) for _ in "ab"]
    if strength <= 0:
        return layer
    h, w = cutout.cover.shape
    y = np.arange(h, dtype=np.float32) / h
    bend = sum(reach * np.sin(2 * math.pi * often * y + phase) for often, phase, reach in waves)
    x = np.arange(w, dtype=np.float32) - w / 2
    x = (-x if mirrored else x) / math.exp(strength * widen)
    across = (x + w / 2 - 0.5 * mirrored)[None] + (0.012 * strength * w * bend)[:, None]
    down = np.repeat(np.arange(h, dtype=np.float32)[:, None], w, axis=1)
    return cv2.remap(layer, across.astype(np.float32), down, cv2.INTER_LINEAR)


def _placed(cutout: Cutout, layer: np.ndarray, framing: np.ndarray) -> np.ndarray:
    """From the layer's pixels to the unit square (3, 3): a cut edge lies outside the picture."""
    h, w = layer.shape[:2]
    columns = np.flatnonzero(layer[..., 3].max(axis=0) > 0.5)
    left, right = (columns[0], columns[-1] + 1) if len(columns) else (0, w)
    zoom = 1.0
    while True:
        x, y = 0.5 - zoom * (left + right) / 2 / h, 0.5 - zoom / 2
        matrix = framing @ np.array([[zoom / h, 0, x], [0, zoom / h, y], [0, 0, 1]])
        upper, lower = _edge(matrix, left, right, 0), _edge(matrix, left, right, h)
        least = 1 + _MARGIN - lower.min() if cutout.cut_bottom else -math.inf
        most = -_MARGIN - upper.max() if cutout.cut_top else math.inf
        if least <= most or zoom > 4:
            break
        zoom *= 1.06  # it does not reach from edge to edge yet
    down = min(max(0.0, least), most)
    return np.array([[1, 0, 0], [0, 1, down], [0, 0, 1]]) @ matrix


def _edge(matrix: np.ndarray, left: float, right: float, y: float) -> np.ndarray:
    """Where both ends of a photo's edge lie in the picture's height, (2,)."""
    ends = matrix @ np.array([[left, right], [y, y], [1, 1]], float)
    return ends[1] / ends[2]


def _shrunk(layer: np.ndarray, matrix: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """A layer of about as many pixels as the picture shows of it, and its matrix to pixels."""
    h, w = layer.shape[:2]
    matrix = np.diag([size, size, 1.0]) @ matrix
    centre = matrix @ (w / 2, h / 2, 1)
    factor = math.sqrt(abs(np.linalg.det(matrix[:2, :2]))) / centre[2]
    if factor >= 0.95:
        return layer, matrix
    small = max(8, round(w * factor)), max(8, round(h * factor))
    layer = cv2.resize(layer, small, interpolation=cv2.INTER_AREA)
    return layer, matrix @ np.diag([w / small[0], h / small[1], 1.0])


def _shade(layer: np.ndarray, behind: np.ndarray, draws: Draws, strength: float) -> None:
    """Light the subject as its scene is lit: dimmer than a studio, tinted, from one side."""
    dim, side, fall = draws.between(-0.32, 0.12), draws.signed(0.28), draws.between(-0.05, 0.22)
    if strength <= 0:
        return
    scene = behind.reshape(-1, 3).mean(axis=0) / 255 + 0.05
    level = scene.mean()
    gain = 2.0 ** (strength * (dim + 0.6 * min(0.0, level - 0.35)))
    tint = 1 + min(1.0, 0.3 * strength) * (scene / level - 1)
    h, w = layer.shape[:2]
    across, down = np.linspace(-1, 1, w)[None], np.linspace(-0.5, 1, h)[:, None]
    ramp = 1 + strength * (side * across - fall * down)  # (h, w)
    layer[..., :3] *= (gain * np.clip(ramp, 0.3, 1.5))[..., None] * tint
    np.minimum(layer[..., :3], layer[..., 3:], out=layer[..., :3])


def _painted(
    cutout: Cutout,
    layer: np.ndarray,
    matrix: np.ndarray,
    behind: np.ndarray,
    rng: np.random.Generator,
    occlusion: float,
) -> np.ndarray:
    """Scene, shadow, subject and what is before it: uint8 (size, size, 3)."""
    size = len(behind)
    pixels = np.dstack([behind, np.full((size, size), 255, np.uint8)])
    canvas = skia.Surface(pixels, colorType=_RGBA).getCanvas()
    canvas.save()
    canvas.concat(skia.Matrix(matrix.astype(np.float32)))
    h, w = layer.shape[:2]
    if not cutout.cut_bottom:
        _ground_shadow(canvas, layer)
    data = (layer * 255 + 0.5).astype(np.uint8)
    info = skia.ImageInfo.Make(w, h, _RGBA, skia.kPremul_AlphaType)
    canvas.drawImage(skia.Image.MakeRasterData(info, data.tobytes(), 4 * w), 0, 0, _LINEAR)
    draws = Draws(rng, 48)
    if not cutout.cut_top:
        draw_carried(canvas, layer[..., 3], cutout.cut_bottom, draws, occlusion)
    canvas.restore()
    draw_foreground(canvas, size, draws, occlusion)
    return pixels[..., :3]


def _ground_shadow(canvas: skia.Canvas, layer: np.ndarray) -> None:
    """A soft dark ellipse where the feet or the hem are."""
    h = len(layer)
    solid = layer[..., 3] > 0.6
    rows = np.flatnonzero(solid.any(axis=1))
    if not len(rows):
        return
    foot = rows[-1]
    columns = np.flatnonzero(solid[max(0, foot - h // 12) : foot + 1].any(axis=0))
    left, right = columns[0] - 0.02 * h, columns[-1] + 0.02 * h
    paint = skia.Paint(AntiAlias=True, Color=skia.ColorSetARGB(105, 12, 12, 18))
    paint.setMaskFilter(skia.MaskFilter.MakeBlur(skia.kNormal_BlurStyle, 0.012 * h))
    canvas.drawOval(skia.Rect(left, foot - 0.025 * h, right, foot + 0.02 * h), paint)
