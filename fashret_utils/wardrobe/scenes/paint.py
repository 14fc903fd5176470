"""Brushes of the scenes: colours, gradients, grids and blobs in unit coordinates."""

import colorsys

import skia

from fashret_utils.wardrobe.draws import Draws

WHITE, BLACK = skia.ColorWHITE, skia.ColorBLACK


def hsv(hue: float, saturation: float, value: float, alpha: float = 1.0) -> int:
    """Return a skia colour of hue (in turns), saturation and value in [0, 1]."""
    red, green, blue = colorsys.hsv_to_rgb(
        hue % 1.0, min(max(saturation, 0.0), 1.0), min(max(value, 0.0), 1.0)
    )
    return int(255 * alpha) << 24 | int(255 * red) << 16 | int(255 * green) << 8 | int(255 * blue)


def shade(colour: int, factor: float) -> int:
    """Return the colour made darker (factor < 1) or lighter (factor > 1), alpha kept."""
    red = min(255, int((colour >> 16 & 255) * factor))
    green = min(255, int((colour >> 8 & 255) * factor))
    blue = min(255, int((colour & 255) * factor))
    return (colour & 0xFF000000) | red << 16 | green << 8 | blue


def solid(colour: int) -> skia.Paint:
    """Return an anti-aliased fill."""
    paint = skia.Paint()  # dozens a picture: keywords would cost twice as much
    paint.setAntiAlias(True)
    paint.setColor(colour)
    return paint


def line(colour: int, width: float) -> skia.Paint:
    """Return an anti-aliased stroke of the given width."""
    return skia.Paint(
        AntiAlias=True, Color=colour, Style=skia.Paint.kStroke_Style, StrokeWidth=width
    )


def rectangle(canvas: skia.Canvas, left, top, right, bottom, colour: int) -> None:
    """Fill an axis-aligned rectangle."""
    canvas.drawRect(skia.Rect(left, top, right, bottom), solid(colour))


def ramp(canvas: skia.Canvas, left, top, right, bottom, first: int, last: int) -> None:
    """Fill a rectangle with a gradient from top to bottom; without dither it costs three times."""
    shader = skia.GradientShader.MakeLinear(
        [skia.Point(0, top), skia.Point(0, bottom)], [first, last]
    )
    canvas.drawRect(skia.Rect(left, top, right, bottom), skia.Paint(Shader=shader, Dither=True))


def polygon(canvas: skia.Canvas, points, colour: int) -> None:
    """Fill a polygon of (x, y) points."""
    canvas.drawPath(skia.Path.Polygon([skia.Point(x, y) for x, y in points], True), solid(colour))


def grid(left, top, right, bottom, columns, rows, fill_x=0.6, fill_y=0.6, keep=None):
    """Return a path of `columns` x `rows` equal cells, e.g. the windows of a house.

    **Arguments**
    - `fill_x`, `fill_y`: the part of a cell's width and height that is filled.
    - `keep`: a function without arguments; a cell is left out where it returns False.
    """
    path = skia.Path()
    width, height = (right - left) / columns, (bottom - top) / rows
    inset_x, inset_y = width * (1 - fill_x) / 2, height * (1 - fill_y) / 2
    for row in range(rows):
        for column in range(columns):
            if keep is None or keep():
                x, y = left + column * width + inset_x, top + row * height + inset_y
                path.addRect(skia.Rect.MakeXYWH(x, y, width * fill_x, height * fill_y))
    return path


def blob(canvas: skia.Canvas, draws: Draws, x, y, reach, colour: int, lumps: int = 6) -> None:
    """Draw a leafy crown: discs around (x, y), lighter ones on the upper left."""
    dark, light = skia.Path(), skia.Path()
    for _ in range(lumps):
        across, down = x + draws.signed(reach), y + draws.signed(reach * 0.7)
        radius = reach * draws.between(0.4, 0.75)
        dark.addCircle(across, down, radius)
        light.addCircle(across - 0.3 * radius, down - 0.35 * radius, 0.5 * radius)
    canvas.drawPath(dark, solid(colour))
    canvas.drawPath(light, solid(shade(colour, 1.3)))
