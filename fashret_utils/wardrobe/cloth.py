"""A garment's cloth: the paints of one item and the strokes that every part is made with.

Parts are drawn on a transparent canvas. Everything after the first fill uses the SrcATop blend
mode, which keeps it inside the cloth without clipping: shadows, prints and pockets may overshoot.
"""

import math
from functools import cached_property

import numpy as np
import skia

from fashret_utils.wardrobe import fabric
from fashret_utils.wardrobe.garments.attributes import Garment
from fashret_utils.wardrobe.palette import RGB, argb, darker, jitter, lighter, luminance, mix
from fashret_utils.wardrobe.paths import Point, outline, oval

ATOP = skia.BlendMode.kSrcATop
_STROKE = skia.Paint.kStroke_Style
_ROUND = skia.Paint.kRound_Cap


class Cloth:
    """What is needed to draw the parts of one garment.

    **Arguments**

    - `item`: the garment.
    - `scale`: pixels a body unit, at which tiles are drawn.
    - `size`: how large the print is, 1 for a top.
    - `back`: whether the back is drawn.
    """

    def __init__(self, item: Garment, scale: float, size: float = 1.0, back: bool = False):
        values = item.values
        self.item, self.scale, self.back, self.size = item, scale, back, size
        self.main = jitter(values["colour"], item.colour_offsets)
        self.second = jitter(values["second colour"], item.second_offsets)
        self.is_dark = luminance(self.main) < 0.3
        self.line = lighter(self.main, 0.28) if self.is_dark else darker(self.main, 0.42)
        self.hairline = max(0.026, 0.6 / scale)
        self.fabric, self.pattern = values["fabric"], values["pattern"]
        self._brush = skia.Paint(AntiAlias=True, BlendMode=ATOP)
        self._pen = skia.Paint(AntiAlias=True, Style=_STROKE, StrokeCap=_ROUND, BlendMode=ATOP)
        seed = item.print_seed
        self._tile = fabric.pattern(self.pattern, self.main, self.second, seed, scale, size)
        # which parts a colour-blocked garment has in the second colour; 0 is the sleeves
        sleeveless = values.get("sleeve", "sleeveless") == "sleeveless"
        self.block = seed // 7 % 5 + 1 if sleeveless else seed // 7 % 6

    @cached_property
    def print_rng(self) -> np.random.Generator:
        """Random numbers of a graphic print."""
        return np.random.default_rng([self.item.print_seed, 23])

    def fill(
        self,
        canvas: skia.Canvas,
        path: skia.Path,
        angle: float = 0.0,
        colour: RGB | None = None,
        inside: bool = False,
    ) -> None:
        """Cut the path from the cloth: print, then weave.

        **Arguments**

        - `angle`: turn of the grain in degrees.
        - `colour`: a plain colour instead of the print.
        - `inside`: keep within what is already drawn, as for pockets and belts.
        """
        blend = ATOP if inside else skia.BlendMode.kSrcOver
        if self._tile is not None and colour is None:
            shader = fabric.shader(self._tile, self.scale, angle)
            # at once: setting the shader of a paint costs forty times as much
            paint = skia.Paint(AntiAlias=True, BlendMode=blend, Shader=shader)
        else:
            colour = colour or self.main
            paint = skia.Paint(AntiAlias=True, BlendMode=blend, Color=argb(colour))
        canvas.drawPath(path, paint)
        weave = fabric.weave(self.fabric, self.scale, angle, self.is_dark, inside)
        if weave is not None:
            canvas.drawPath(path, weave)

    def patch(self, canvas: skia.Canvas, path: skia.Path, colour: RGB, alpha: float = 1.0) -> None:
        """Lay a flat colour over the cloth."""
        self._brush.setColor(argb(colour, alpha))
        canvas.drawPath(path, self._brush)

    def shade(self, canvas: skia.Canvas, path: skia.Path, strength: float = 0.12) -> None:
        """Darken the cloth under the path."""
        strength *= 1.5 if self.is_dark else 1.0
        self.patch(canvas, path, (12, 10, 36), strength)

    def light(self, canvas: skia.Canvas, path: skia.Path, strength: float = 0.12) -> None:
        """Brighten the cloth under the path."""
        self.patch(canvas, path, (255, 252, 244), strength)

    def stroke(
        self,
        canvas: skia.Canvas,
        path: skia.Path,
        width: float = 1.0,
        colour: RGB | None = None,
        alpha: float = 0.75,
        dashed: bool = False,
    ) -> None:
        """Draw a seam; `width` in hairlines."""
        pen = skia.Paint(self._pen) if dashed else self._pen
        pen.setColor(argb(colour or self.line, alpha))
        pen.setStrokeWidth(width * self.hairline)
        if dashed:
            dash = 2.2 * self.hairline
            pen.setPathEffect(skia.DashPathEffect.Make([dash, 0.9 * dash], 0))
        canvas.drawPath(path, pen)

    def stitch(self, canvas: skia.Canvas, path: skia.Path) -> None:
        """Topstitching: contrasting yarn on denim, tone in tone elsewhere."""
        if self.fabric == "denim":
            self.stroke(canvas, path, 1.1, mix(self.second, (226, 160, 70), 0.1), 1.0)
        else:
            self.stroke(canvas, path, 0.8, None, 0.5)

    def edge(self, canvas: skia.Canvas, path: skia.Path) -> None:
        """The outline of a part; half of the stroke lies outside and is cut away."""
        pixels = 2.4 * self.hairline * self.scale
        if pixels < 1.6:  # a darker line of one pixel looks the same and costs a fourth
            self.stroke(canvas, path, 2.4 / pixels, None, 0.6 * pixels)
        else:
            self.stroke(canvas, path, 2.4, None, 0.6)

    def rib(
        self, canvas: skia.Canvas, path: skia.Path, start: Point, end: Point, depth: float
    ) -> None:
        """A ribbed collar: its shape in the trim colour, with lines as in `rib_lines`."""
        canvas.drawPath(path, skia.Paint(AntiAlias=True, Color=argb(self.trim)))
        self.rib_lines(canvas, start, end, depth)
        self.stroke(canvas, path, 1.2, darker(self.trim, 0.5), 0.6)

    def rib_lines(self, canvas: skia.Canvas, start: Point, end: Point, depth: float) -> None:
        """Ribbing: short lines, `depth` long, that stand on the line from start to end."""
        (x0, y0), (x1, y1) = start, end
        length = math.hypot(x1 - x0, y1 - y0)
        count = max(3, round(length / max(0.085, 2.6 / self.scale)))
        nx, ny = -(y1 - y0) / length * depth, (x1 - x0) / length * depth
        lines = skia.Path()
        for i in range(1, count):
            x, y = x0 + (x1 - x0) * i / count, y0 + (y1 - y0) * i / count
            lines.moveTo(x, y)
            lines.lineTo(x + nx, y + ny)
        tone = lighter(self.trim, 0.3) if luminance(self.trim) < 0.3 else darker(self.trim, 0.4)
        self.stroke(canvas, lines, 0.9, tone, 0.5)
        self.stroke(canvas, outline([start, end], close=False), 1.2, tone, 0.8)

    @property
    def trim(self) -> RGB:
        """The colour of bands and cuffs: the second colour where the cloth is plain knitwear."""
        plain = self.pattern in ("plain", "graphic print")
        return mix(self.main, self.second, 0.85 if plain else 0.15)

    def sheen(self, canvas: skia.Canvas, *paths: skia.Path) -> None:
        """Satin's sharp highlights, on satin only."""
        if self.fabric == "satin":
            for path in paths:
                self.light(canvas, path, 0.34)

    def buttons(self, canvas: skia.Canvas, x: float, ys, radius: float = 0.05) -> None:
        """A column of buttons."""
        radius = max(radius, 1.25 / self.scale)
        colour = self.second
        shadow, disc, shine = skia.Path(), skia.Path(), skia.Path()
        for y in ys:
            shadow.addCircle(x, y + 0.35 * radius, radius * 1.1)
            disc.addCircle(x, y, radius)
            shine.addCircle(x - 0.25 * radius, y - 0.3 * radius, 0.4 * radius)
        self.patch(canvas, shadow, darker(self.main, 0.7), 0.55)
        self.patch(canvas, disc, colour)
        self.patch(canvas, shine, lighter(colour, 0.7), 0.6)

    def zipper(self, canvas: skia.Canvas, x: float, top: float, bottom: float) -> None:
        """A zip with its tape, teeth and puller."""
        path = outline([(x, top), (x, bottom)], close=False)
        metal = (198, 200, 206)
        self.stroke(canvas, path, max(3.4, 2.4 / (self.hairline * self.scale)), self.second, 1.0)
        self.stroke(canvas, path, max(1.3, 1.0 / (self.hairline * self.scale)), metal, 1.0, True)
        self.patch(canvas, oval(x, top + 0.1, 0.045, 0.1), metal)


def wedge(start: Point, end: Point, width: float, bend: float = 0.0) -> skia.Path:
    """A fold: a lens from start to end, `width` thick, bowed sideways by `bend`."""
    (x0, y0), (x1, y1) = start, end
    length = max(1e-6, math.hypot(x1 - x0, y1 - y0))
    nx, ny = -(y1 - y0) / length, (x1 - x0) / length
    mx, my = x0 + 0.4 * (x1 - x0), y0 + 0.4 * (y1 - y0)
    path = skia.Path()
    path.moveTo(x0, y0)
    path.quadTo(mx + nx * (bend + width), my + ny * (bend + width), x1, y1)
    path.quadTo(mx + nx * (bend - width), my + ny * (bend - width), x0, y0)
    return path
