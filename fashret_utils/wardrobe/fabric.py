"""Cloth by the metre: printed patterns and woven textures as repeating tiles.

Tiles are drawn at the resolution of the picture, so that one texel is one pixel and a fine stripe
stays crisp. Lengths are in body units (the shoulders are about 1.5 wide).
"""

import math
from functools import lru_cache

import numpy as np
import skia

from fashret_utils.wardrobe.palette import RGB, argb, darker, lighter, luminance, mix

_REPEAT = skia.TileMode.kRepeat
_ATOP = skia.BlendMode.kSrcATop


def _tile(width: float, height: float, scale: float) -> tuple[skia.Surface, skia.Canvas, tuple]:
    """An empty tile of about `width` x `height` units whose canvas takes body units."""
    pixels = max(3, round(width * scale)), max(3, round(height * scale))
    surface = skia.Surface(*pixels)
    canvas = surface.getCanvas()
    canvas.scale(pixels[0] / width, pixels[1] / height)
    return surface, canvas, (pixels[0] / scale, pixels[1] / scale)


def shader(surface: skia.Surface, scale: float, angle: float = 0.0, smooth: bool = True):
    """Repeat a tile over the plane.

    **Arguments**

    - `surface`: the tile.
    - `scale`: pixels a body unit.
    - `angle`: turn of the weave in degrees.
    - `smooth`: blend the pixels of a turned tile; without, it costs a third.
    """
    matrix = skia.Matrix.Scale(1 / scale, 1 / scale)
    sampling = skia.SamplingOptions()
    if angle:
        matrix.postRotate(angle)
        if smooth:
            sampling = skia.SamplingOptions(skia.FilterMode.kLinear)
    return surface.makeImageSnapshot().makeShader(_REPEAT, _REPEAT, sampling, matrix)


def _fill(colour: RGB, alpha: float = 1.0) -> skia.Paint:
    return skia.Paint(AntiAlias=True, Color=argb(colour, alpha))


def pattern(name: str, main: RGB, second: RGB, seed: int, scale: float, size: float):
    """Print a pattern.

    **Arguments**

    - `name`: one of the attribute values; patterns that are no repeat (plain, graphic print,
      colour block) give None.
    - `main`, `second`: the two colours.
    - `seed`: the print seed: rhythm, widths, flowers.
    - `scale`: pixels a body unit.
    - `size`: how large the motif is printed, 1 for a top.

    **Returns** the tile as a `skia.Surface`, or None.
    """
    draw = _PATTERNS.get(name)
    if draw is None:
        return None
    return draw(main, second, np.random.default_rng([seed, 17]), scale, size)


def _stripes(main, second, rng, scale, size, vertical=False, angle=0.0):
    period = float(rng.choice((0.2, 0.3, 0.42, 0.6))) * size
    share, style = rng.uniform(0.28, 0.55), rng.integers(4)
    sin, cos = math.sin(math.radians(angle)), math.cos(math.radians(angle))
    # as wide and high as slanted stripes repeat: an upright tile costs a tenth of a turned one
    extent = (period / sin, period / cos) if angle else (0.2, period)
    surface, canvas, _ = _tile(*(extent[::-1] if vertical else extent), scale)
    canvas.clear(argb(main))
    canvas.rotate(-angle)
    bands = [(0.0, share, second)]
    if style == 1:  # a broad and a narrow stripe
        bands = [(0.0, share * 0.7, second), (0.72, 0.14, second)]
    elif style == 2:  # a third tone beside the stripe
        bands.append((share, share * 0.3, mix(main, second, 0.5)))
    for start, width, colour in bands:
        a, b = start * period, (start + width) * period
        for shift in (-period, 0, period, 2 * period) if angle else (0,):
            rect = (a, -1, b, 2) if vertical else (-9, a + shift, 9, b + shift)
            canvas.drawRect(skia.Rect.MakeLTRB(*rect), _fill(colour))
    return surface


def _check(main, second, rng, scale, size):
    period, style = float(rng.uniform(0.34, 0.7)) * size, rng.integers(3)
    surface, canvas, _ = _tile(period, period, scale)
    canvas.clear(argb(main))
    share = 0.5 if style == 0 else rng.uniform(0.3, 0.45)
    if style == 2:  # windowpane
        share = 0.16
    alpha = 0.95 if style == 2 else 0.55
    for rect in ((0, 0, share, 1), (0, 0, 1, share)):
        rect = skia.Rect.MakeLTRB(*(value * period for value in rect))
        canvas.drawRect(rect, _fill(second, alpha))
    if style == 1:  # tartan: thin overcheck
        thin = lighter(second, 0.6) if luminance(main) < 0.5 else darker(second, 0.4)
        at, width = (share + 1) / 2 * period, 0.07 * period
        canvas.drawRect(skia.Rect.MakeXYWH(at, 0, width, period), _fill(thin, 0.8))
        canvas.drawRect(skia.Rect.MakeXYWH(0, at, period, width), _fill(thin, 0.8))
    return surface


def _dots(main, second, rng, scale, size):
    period = float(rng.uniform(0.26, 0.5)) * size
    radius = period * rng.uniform(0.14, 0.24)
    surface, canvas, _ = _tile(period, period, scale)
    canvas.clear(argb(main))
    paint = _fill(second)
    for x, y in ((0.25, 0.25), (0.75, 0.75)):
        canvas.drawCircle(x * period, y * period, radius, paint)
    return surface


def _floral(main, second, rng, scale, size):
    period = float(rng.uniform(0.8, 1.2)) * size
    surface, canvas, _ = _tile(period, period, scale)
    canvas.clear(argb(main))
    leaf = mix(darker((70, 130, 80), 0.1), main, 0.25)
    heart = lighter((240, 200, 70), 0.1)
    count = int(rng.integers(4, 8))
    petals = int(rng.choice((4, 5, 6)))
    spots = rng.random((count, 4))
    for i, (x, y, turn, big) in enumerate(spots):
        # a jittered grid keeps flowers apart
        x, y = ((i % 3) + 0.25 + 0.5 * x) / 3, ((i // 3) + 0.25 + 0.5 * y) / math.ceil(count / 3)
        flower = skia.Path()
        radius = (0.075 + 0.05 * big) * period
        for k in range(petals):
            angle = 2 * math.pi * (k / petals + turn)
            at = radius * math.cos(angle), radius * math.sin(angle)
            flower.addCircle(*at, radius * 0.72)
        leaves = skia.Path()
        for side in (1, -1):
            at = 2 * math.pi * turn + side * 0.9
            leaves.addCircle(1.9 * radius * math.cos(at), 1.9 * radius * math.sin(at), radius * 0.5)
        for dx in (-1, 0, 1):
            for dy in (-1, 0, 1):
                if not (-0.3 < x + dx < 1.3 and -0.3 < y + dy < 1.3):
                    continue
                canvas.save()
                canvas.translate((x + dx) * period, (y + dy) * period)
                canvas.drawPath(leaves, _fill(leaf))
                tone = second if i % 3 else lighter(second, 0.4)
                canvas.drawPath(flower, _fill(tone))
                canvas.drawCircle(0, 0, radius * 0.55, _fill(heart))
                canvas.restore()
    return surface


_PATTERNS = {
    "horizontal stripes": _stripes,
    "vertical stripes": lambda *a: _stripes(*a, vertical=True),
    "diagonal stripes": lambda *a: _stripes(*a, angle=38.0),
    "check": _check,
    "dots": _dots,
    "floral": _floral,
}


@lru_cache(maxsize=64)
def weave(name: str, scale: float, angle: float, dark: bool, inside: bool) -> skia.Paint | None:
    """The paint that lays a fabric's texture over coloured cloth; None for flat cloth and satin.

    **Arguments**

    - `name`: the fabric.
    - `scale`: pixels a body unit.
    - `angle`: turn of the weave in degrees.
    - `dark`: whether the cloth is dark, so that the texture must be light.
    - `inside`: keep within what is already drawn; a cut piece needs it not, and costs a fifth.
    """
    if name == "knit":
        surface = _knit_tile(scale, dark)
    elif name == "denim":
        surface = _denim_tile(max(24, round(0.9 * scale)), dark)
    else:
        return None
    blend = _ATOP if inside else skia.BlendMode.kSrcOver
    return skia.Paint(AntiAlias=True, Shader=shader(surface, scale, angle, False), BlendMode=blend)


def _knit_tile(scale: float, dark: bool) -> skia.Surface:
    stitch = max(0.095, 3.6 / scale)
    surface, canvas, _ = _tile(stitch, stitch, scale)
    groove = _fill((255, 255, 255), 0.17) if dark else _fill((20, 16, 40), 0.14)
    groove.setStyle(skia.Paint.kStroke_Style)
    groove.setStrokeWidth(stitch * 0.3)
    vee = skia.Path()
    for dy in (-1, 0, 1):
        vee.moveTo(0, (dy + 0.1) * stitch)
        vee.lineTo(0.5 * stitch, (dy + 0.62) * stitch)
        vee.lineTo(stitch, (dy + 0.1) * stitch)
    canvas.drawPath(vee, groove)
    return surface


@lru_cache(maxsize=64)
def _denim_tile(side: int, dark: bool) -> skia.Surface:
    rng = np.random.default_rng(5)
    rows, columns = np.mgrid[:side, :side]
    period = 4 if side % 4 == 0 else 3
    twill = ((rows + columns) % period == 0).astype(np.float32)
    # threads of uneven whiteness, vertical as warp yarns are
    yarn = rng.normal(0, 1, side).astype(np.float32)[None, :] + rng.normal(0, 0.8, (side, side))
    light = 0.16 * twill + 0.05 * yarn
    pixels = np.zeros((side, side, 4), np.uint8)
    alpha = np.clip(np.abs(light) * (1.0 if dark else 1.1), 0, 0.35)
    pixels[..., 3] = (255 * alpha).astype(np.uint8)
    pixels[..., :3] = np.where(light > 0, 255, 0)[..., None]
    surface = skia.Surface(side, side)
    image = skia.Image.fromarray(
        pixels, skia.kRGBA_8888_ColorType, skia.kUnpremul_AlphaType, copy=True
    )
    surface.getCanvas().drawImage(image, 0, 0)
    return surface
