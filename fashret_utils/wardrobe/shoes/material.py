"""Prints and textures of shoe leather and cloth, as repeating tiles."""

from functools import lru_cache

import numpy as np
import skia

from fashret_utils.wardrobe import fabric
from fashret_utils.wardrobe.palette import RGB, argb, mix

_STROKE = skia.Paint.kStroke_Style


_ROUND = skia.Paint.kRound_Cap


# Patterns that cloth has too: its name for them, and how large they are printed (1 for a top).
_PRINTS = {
    "stripes": ("diagonal stripes", 0.48),
    "check": ("check", 0.46),
    "dots": ("dots", 0.58),
    "floral": ("floral", 0.5),
}


@lru_cache(maxsize=64)
def pattern(name: str, main: RGB, second: RGB, seed: int, scale: float):
    """The tile of a printed pattern and its angle; None for plain and colour block."""
    if name in _PRINTS:
        name, size = _PRINTS[name]
        return fabric.pattern(name, main, second, seed, scale, size), 0.0
    if name not in ("leopard", "snake"):
        return None
    rng = np.random.default_rng([seed, 31])
    period = float(rng.uniform(0.38, 0.5) if name == "leopard" else rng.uniform(0.16, 0.23))
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
    hearts, rosettes = skia.Path(), skia.Path()
    for index, (dx, dy, turn, gap) in enumerate(rng.random((6, 4)).tolist()):
        x, y = (index % 2 + 0.35 + 0.3 * dx) / 2, (index // 2 + 0.3 + 0.4 * dy) / 3
        for across in (-1, 0, 1):
            for down in (-1, 0, 1):
                if not (-0.15 < x + across < 1.15 and -0.15 < y + down < 1.15):
                    continue
                rect = skia.Rect.MakeXYWH(x + across - 0.1, y + down - 0.08, 0.2, 0.16)
                hearts.addOval(rect)
                rosettes.addArc(rect, 360 * turn, 130 + 40 * gap)
                rosettes.addArc(rect, 360 * turn + 200, 70 + 30 * gap)
    tone = argb(mix(main, second, 0.45))
    canvas.drawPath(hearts, skia.Paint(AntiAlias=True, Color=tone))
    rim = skia.Paint(
        AntiAlias=True, Color=argb(second), Style=_STROKE, StrokeWidth=0.085, StrokeCap=_ROUND
    )
    canvas.drawPath(rosettes, rim)
    return surface, float(rng.uniform(-20, 20))


@lru_cache(maxsize=8)
def _weave(material: str, dark: bool) -> skia.Image | None:
    """One repeat of a material's texture as an image; None for leather and patent."""
    light, shade = ((255, 255, 255), (0, 0, 0)) if dark else ((255, 252, 244), (20, 14, 40))
    if material == "suede":  # brushed nap: patches that lie this way and that, and fine grain
        side = 48
        rng = np.random.default_rng(7)
        waves = np.hypot(*np.meshgrid(np.fft.fftfreq(side), np.fft.fftfreq(side)))
        noise = np.fft.fft2(rng.normal(size=(side, side)))
        patches = np.fft.ifft2(noise * np.exp(-((waves / 0.055) ** 2))).real
        nap = 0.5 * patches / patches.std() + 0.55 * rng.normal(size=(side, side))
        strength = nap * (0.15 if dark else 0.17)
    elif material == "canvas":  # threads over and under each other
        strength = np.array(
            [[0.12, 0.12, 0.12, -0.23], [0.12, 0.12, 0.12, -0.12], [-0.23, -0.12, -0.23, -0.23]]
        )
    elif material == "knit":  # ribs of stitches, a deep groove between two of them
        strength = np.array(
            [
                [-0.4, 0.1, 0.22, 0.22, 0.1, -0.1],
                [-0.4, -0.12, 0.14, 0.14, -0.12, -0.16],
                [-0.4, 0.22, 0.02, 0.02, 0.22, -0.1],
            ]
        )
    else:
        return None
    if dark:
        strength = 0.9 * np.abs(strength) * np.where(strength < 0, 0.75, 0.25)
    pixels = np.empty((*strength.shape, 4), np.uint8)
    pixels[..., :3] = np.where((strength > 0)[..., None] | dark, light, shade)
    pixels[..., 3] = 255 * np.clip(np.abs(strength), 0, 0.6)
    return skia.Image.fromarray(
        pixels, skia.kRGBA_8888_ColorType, skia.kUnpremul_AlphaType, copy=True
    )


def texture(material: str, scale: float, dark: bool) -> skia.Paint | None:
    """The paint of a material's texture; None for leather and patent, which shine instead."""
    image = _weave(material, dark)
    if image is None:
        return None
    grain = max(1.0, scale / 105)  # texels grow with the picture, so that the weave stays in size
    matrix = skia.Matrix.Scale(grain / scale, grain / scale)
    repeat = skia.TileMode.kRepeat
    return skia.Paint(
        AntiAlias=True, Shader=image.makeShader(repeat, repeat, skia.SamplingOptions(), matrix)
    )
