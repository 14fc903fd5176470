"""Scenes behind composites: the Wardrobe's, and some of its own with noise, lights and people.

Those here are painted small and enlarged, which is the depth blur of a portrait.
"""

from __future__ import annotations

import cv2
import numpy as np
import skia

from fashret_utils.wardrobe.draws import Draws
from fashret_utils.wardrobe.scenes import scene
from fashret_utils.wardrobe.scenes.paint import hsv, polygon, ramp, rectangle, shade, solid

_RGBA = skia.kRGBA_8888_ColorType
_GROUNDED = ("street", "street", "room", "station", "park", "beach")  # of the Wardrobe's
_OWN = 0.45  # the share of scenes that are not the Wardrobe's


def backdrop(
    rng: np.random.Generator, size: int, strength: float, ground: bool = False
) -> np.ndarray:
    """Paint a random scene.

    **Arguments**: `rng`: the picture's background stream; `size`: width and height in pixels;
    `strength`: 0 white, 1 a scene, between them it fades, above 1 it has more contrast; `ground`:
    only scenes in which somebody can stand.

    **Returns** uint8 (size, size, 3).
    """
    draws = Draws(rng)
    if strength <= 0 or not draws.chance(_OWN):
        kind = draws.pick(_GROUNDED) if ground else None
        return _pixels(scene.background(rng, size, strength, kind))
    pixels = max(16, round(size * draws.pick((0.22, 0.3, 0.4, 0.55))))
    surface = skia.Surface(pixels, pixels)
    canvas = surface.getCanvas()
    canvas.scale(pixels, pixels)
    grain = draws.pick(KINDS[1:] if ground else KINDS)(canvas, draws)
    small = _pixels(surface.makeImageSnapshot()).astype(np.float32)
    small *= 1 + grain * _fractal(rng, pixels)[..., None]
    picture = cv2.resize(small, (size, size), interpolation=cv2.INTER_CUBIC)
    mean = picture.mean()
    picture = mean + (picture - mean) * (1 + 0.4 * max(0.0, strength - 1))
    share = min(1.0, strength)
    return np.clip(share * picture + (1 - share) * 255 + 0.5, 0, 255).astype(np.uint8)


def _lights(canvas: skia.Canvas, draws: Draws) -> float:
    """A street at night: discs of light, out of focus."""
    sky = hsv(draws.between(0.55, 0.75), 0.45, draws.between(0.14, 0.36))
    ramp(canvas, 0, 0, 1, 1, sky, shade(sky, draws.between(0.6, 2.2)))
    for _ in range(draws.count(2, 5)):
        x, wide = draws.unit(), draws.between(0.08, 0.25)
        tone = hsv(draws.unit(), 0.3, draws.between(0.1, 0.35))
        rectangle(canvas, x - wide, draws.between(0, 0.5), x + wide, 1, tone)
    for _ in range(draws.count(14, 40)):
        hue = draws.pick((0.08, 0.1, 0.13, 0.0, 0.5, 0.58))
        tone = hsv(hue + draws.signed(0.03), draws.between(0.2, 0.8), 1, draws.between(0.3, 0.85))
        x, y, reach = draws.unit(), 0.4 + 0.3 * draws.bell(), draws.between(0.01, 0.05)
        canvas.drawCircle(x, y, reach, solid(tone))
    return 0.1


def _plaster(canvas: skia.Canvas, draws: Draws) -> float:
    """A rough wall, and the light of a window or the shadow of a roof on it."""
    wall = hsv(draws.unit(), draws.between(0.03, 0.45), draws.between(0.35, 0.92))
    canvas.clear(wall)
    if draws.chance(0.6):
        x, wide, lean = draws.between(-0.3, 0.8), draws.between(0.2, 0.6), draws.signed(0.4)
        tone = shade(wall, draws.pick((0.62, 0.75, 1.2)))
        polygon(canvas, ((x, 0), (x + wide, 0), (x + wide + lean, 1), (x + lean, 1)), tone)
    floor = draws.between(0.55, 0.85)  # people with feet stand on it
    ground = hsv(draws.between(0.05, 0.15), draws.between(0, 0.3), draws.between(0.25, 0.7))
    ramp(canvas, 0, floor, 1, 1, shade(ground, 0.7), ground)
    return draws.between(0.1, 0.28)


def _thicket(canvas: skia.Canvas, draws: Draws) -> float:
    """Leaves with the sky between them, trunks, a path."""
    green = hsv(draws.between(0.15, 0.36), draws.between(0.2, 0.6), draws.between(0.35, 0.7))
    ramp(canvas, 0, 0, 1, 1, shade(green, draws.between(1.1, 1.8)), shade(green, 0.7))
    for _ in range(draws.count(30, 70)):
        tone = draws.pick((shade(green, 1.5), shade(green, 0.6), shade(green, 0.85)))
        tone = hsv(0.14, 0.1, 1, 0.7) if draws.chance(0.15) else tone
        x, y, reach = draws.unit(), draws.unit() ** 1.4, draws.between(0.02, 0.09)
        canvas.drawOval(skia.Rect(x - reach, y - reach, x + reach, y + 0.7 * reach), solid(tone))
    for _ in range(draws.count(0, 3)):
        x, wide = draws.unit(), draws.between(0.01, 0.05)
        rectangle(canvas, x, 0, x + wide, 0.9, hsv(0.08, 0.35, draws.between(0.12, 0.4)))
    way = draws.between(0.55, 0.85)
    ramp(canvas, 0, way, 1, 1, hsv(0.1, 0.2, 0.5), hsv(0.1, 0.25, draws.between(0.4, 0.75)))
    return 0.35


def _crowd(canvas: skia.Canvas, draws: Draws) -> float:
    """A square with people who are out of focus."""
    horizon = draws.between(0.3, 0.55)
    stone = hsv(draws.pick((0.08, 0.1, 0.6)), draws.between(0.03, 0.25), draws.between(0.45, 0.9))
    ramp(canvas, 0, 0, 1, horizon, shade(stone, 1.15), shade(stone, 0.9))
    for _ in range(draws.count(3, 8)):
        x, wide = draws.unit(), draws.between(0.03, 0.1)
        y = draws.between(0.02, 0.25)
        rectangle(canvas, x, y, x + wide, y + draws.between(0.08, 0.2), shade(stone, 0.55))
    ramp(canvas, 0, horizon, 1, 1, shade(stone, 0.7), shade(stone, draws.between(0.8, 1.05)))
    for _ in range(draws.count(3, 9)):
        tall = draws.between(0.25, 0.6)
        x, foot = draws.unit(), horizon + draws.between(0.1, 0.4) * tall / 0.4
        skin = hsv(0.07, draws.between(0.3, 0.55), draws.between(0.35, 0.9))
        canvas.drawCircle(x, foot - tall, 0.065 * tall, solid(skin))
        wide = 0.13 * tall
        waist = foot - 0.5 * tall
        coat = hsv(draws.unit(), draws.between(0, 0.7), draws.between(0.12, 0.85))
        body = ((x - wide, foot - 0.88 * tall), (x + wide, foot - 0.88 * tall))
        polygon(canvas, (*body, (x + 0.9 * wide, waist), (x - 0.9 * wide, waist)), coat)
        legs = hsv(draws.pick((0.6, 0.1)), draws.between(0.1, 0.5), draws.between(0.1, 0.5))
        rectangle(canvas, x - 0.75 * wide, waist, x + 0.75 * wide, foot, legs)
    return 0.12


def _aisle(canvas: skia.Canvas, draws: Draws) -> float:
    """A shop's aisle that runs away from the viewer."""
    x, y = draws.between(0.3, 0.7), draws.between(0.3, 0.5)
    light = hsv(draws.pick((0.12, 0.55)), 0.06, draws.between(0.75, 0.97))
    canvas.clear(light)
    floor = hsv(0.1, draws.between(0, 0.2), draws.between(0.45, 0.8))
    polygon(canvas, ((x, y), (1.6, 1.3), (-0.6, 1.3)), floor)
    for side in (-1, 1):
        for shelf in range(5):
            for place in range(9):
                near, far = 1 / (1 + 0.55 * place), 1 / (1 + 0.55 * (place + 1))
                tone = hsv(draws.unit(), draws.between(0.1, 0.8), draws.between(0.25, 0.95))
                low, high = 0.9 - 0.34 * shelf, 0.9 - 0.34 * (shelf + 0.86)
                corners = ((near, low), (far, low), (far, high), (near, high))
                reach = 0.85 * side
                polygon(canvas, [(x + reach * d, y + 0.75 * h * d) for d, h in corners], tone)
    return 0.06


KINDS = (_lights, _plaster, _thicket, _crowd, _aisle)  # the first shows no ground


def _fractal(rng: np.random.Generator, size: int) -> np.ndarray:
    """Noise on all scales: float32 (size, size), about -1 to 1."""
    total = np.zeros((size, size), np.float32)
    cells, weight = 3, 0.5
    while cells < size:
        grid = rng.random((cells, cells), dtype=np.float32) * 2 - 1
        total += weight * cv2.resize(grid, (size, size), interpolation=cv2.INTER_CUBIC)
        cells, weight = cells * 2, weight * 0.62
    return total


def _pixels(image: skia.Image) -> np.ndarray:
    pixels = np.empty((image.height(), image.width(), 4), np.uint8)
    info = skia.ImageInfo.Make(image.width(), image.height(), _RGBA, skia.kPremul_AlphaType)
    image.readPixels(info, pixels, 4 * image.width(), 0, 0)
    return pixels[..., :3]
