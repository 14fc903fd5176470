"""Prints and textures of shoe leather and cloth, as repeating tiles."""

from functools import lru_cache

import numpy as np
import skia

from . import fabric
from .palette import RGB, argb, mix

_STROKE = skia.Paint.kStroke_Style


_ROUND = skia.Paint.kRound_Cap


_FABRIC_NAMES = {
    "stripes": "diagonal stripes",
    "check": "check",
    "dots": "dots",
    "floral": "floral",
}


@lru_cache(maxsize=64)
def pattern(name: str, main: RGB, second: RGB, seed: int, scale: float):
    """The tile of a printed pattern and its angle; None for plain and colour block."""
    if name in _FABRIC_NAMES:
        return fabric.pattern(_FABRIC_NAMES[name], main, second, seed, scale, 0.34)
    if name not in ("leopard", "snake"):
        return None
    rng = np.random.default_rng([seed, 31])
    period = float(rng.uniform(0.24, 0.34) if name == "leopard" else rng.uniform(0.1, 0.15))
    pixels = max(6, round(period * scale))
    surface = skia.Surface(pixels, pixels)
    canvas = surface.getCanvas()
    canvas.scale(pixels, pixels)
    canvas.clear(argb(main))
    if name == "snake":
        paint = skia.Paint(AntiAlias=True, Color=argb(second, 0.9))
        for x, y in ((0.5, 0.5), (0, 0), (1, 0), (0, 1), (1, 1)):
            path = skia.Path()
            path.moveTo(x - 0.4, y)
            path.quadTo(x - 0.1, y - 0.08, x, y - 0.42)
            path.quadTo(x + 0.1, y - 0.08, x + 0.4, y)
            path.quadTo(x + 0.1, y + 0.08, x, y + 0.42)
            path.quadTo(x - 0.1, y + 0.08, x - 0.4, y)
            canvas.drawPath(path, paint)
        return surface, 90.0 * rng.uniform(-0.1, 0.1)
    heart = skia.Paint(AntiAlias=True, Color=argb(mix(main, second, 0.45)))
    rosette = skia.Paint(
        AntiAlias=True, Color=argb(second), Style=_STROKE, StrokeWidth=0.075, StrokeCap=_ROUND
    )
    for index, (dx, dy, turn, gap) in enumerate(rng.random((6, 4)).tolist()):
        x, y = (index % 2 + 0.35 + 0.3 * dx) / 2, (index // 2 + 0.3 + 0.4 * dy) / 3
        for across in (-1, 0, 1):
            for down in (-1, 0, 1):
                rect = skia.Rect.MakeXYWH(x + across - 0.1, y + down - 0.08, 0.2, 0.16)
                canvas.drawOval(rect, heart)
                canvas.drawArc(rect, 360 * turn, 130 + 40 * gap, False, rosette)
                canvas.drawArc(rect, 360 * turn + 200, 70 + 30 * gap, False, rosette)
    return surface, float(rng.uniform(-20, 20))


@lru_cache(maxsize=32)
def texture(material: str, scale: float, dark: bool) -> skia.Paint | None:
    """The paint of a material's texture; None for leather and patent."""
    tint = (255, 255, 255) if dark else (20, 14, 40)
    if material == "suede":
        side = 32
        rng = np.random.default_rng(7)
        pixels = np.zeros((side, side, 4), np.uint8)
        nap = rng.random((side, side))
        pixels[..., :3] = np.where(nap > 0.5, 255, 15)[..., None]
        pixels[..., 3] = (np.abs(nap - 0.5) * (38 if dark else 50)).astype(np.uint8)
    elif material == "canvas":
        pixels = np.zeros((3, 3, 4), np.uint8)
        pixels[..., :3] = tint
        pixels[0, :, 3] = 40
        pixels[:, 0, 3] = 40
    elif material == "knit":
        pixels = np.zeros((4, 6, 4), np.uint8)
        pixels[..., :3] = tint
        pixels[0:2, 0:3, 3] = 50
        pixels[2:4, 3:6, 3] = 50
        pixels[0:2, 3:6, 3] = 8
    else:
        return None
    image = skia.Image.fromarray(
        pixels, skia.kRGBA_8888_ColorType, skia.kUnpremul_AlphaType, copy=True
    )
    grain = max(1.0, scale / 105)  # texels grow with the picture, so that the weave stays in size
    matrix = skia.Matrix.Scale(grain / scale, grain / scale)
    repeat = skia.TileMode.kRepeat
    return skia.Paint(
        AntiAlias=True, Shader=image.makeShader(repeat, repeat, skia.SamplingOptions(), matrix)
    )
