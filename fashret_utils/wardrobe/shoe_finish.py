"""What a shoe is made of: its colours, prints and material textures, and the strokes of a part."""

import skia

from . import fabric, shoe_material
from .palette import RGB, argb, darker, jitter, lighter, luminance, mix
from .paths import oval
from .shoe_attributes import Shoe

_STROKE = skia.Paint.kStroke_Style
_ROUND = skia.Paint.kRound_Cap
_SOLES: dict[str, RGB] = {
    "white": (246, 246, 244),
    "black": (34, 34, 38),
    "gum": (172, 112, 62),
    "cream": (232, 216, 184),
}
METALS: tuple[RGB, RGB] = ((214, 176, 92), (190, 194, 202))
SHADOW: RGB = (14, 12, 34)


class Finish:
    """The paints of one shoe.

    **Arguments**

    - `item`: the shoe.
    - `scale`: pixels a shoe unit, at which tiles are drawn.
    """

    def __init__(self, item: Shoe, scale: float):
        values = item.values
        self.item, self.scale = item, scale
        self.main = jitter(values["colour"], item.colour_offsets)
        self.second = jitter(values["second colour"], item.second_offsets)
        self.material, self.pattern = values["material"], values["pattern"]
        matching = values["sole colour"] == "matching"
        self.sole = darker(self.main, 0.18) if matching else _SOLES[values["sole colour"]]
        self.metal = METALS[item.print_seed % 2]
        self.is_dark = luminance(self.main) < 0.3
        self.line = lighter(self.main, 0.3) if self.is_dark else darker(self.main, 0.45)
        self.lining = mix(darker(self.main, 0.35), (190, 160, 125), 0.45)
        self.fine = scale >= 80  # below, details vanish that cost much
        self.hairline = max(0.007, 0.62 / scale)
        self._paint = skia.Paint(AntiAlias=True, Color=argb(self.main))
        self._brush = skia.Paint(AntiAlias=True)
        self._pen = skia.Paint(AntiAlias=True, Style=_STROKE, StrokeCap=_ROUND)
        tile = shoe_material.pattern(
            self.pattern, self.main, self.second, item.print_seed, round(scale, 2)
        )
        if tile is not None:
            self._paint.setShader(fabric.shader(tile[0], scale, tile[1]))
        self._texture = shoe_material.texture(self.material, round(scale, 2), self.is_dark)

    def fill(self, canvas: skia.Canvas, path: skia.Path) -> None:
        """Cut a part from the upper material: print, then texture."""
        canvas.drawPath(path, self._paint)

    def roughen(self, canvas: skia.Canvas, path: skia.Path) -> None:
        """Lay the material's texture over a part; smooth leathers have none."""
        if self._texture is not None:
            canvas.drawPath(path, self._texture)

    def flat(self, canvas: skia.Canvas, path: skia.Path, colour: RGB, alpha: float = 1.0) -> None:
        """Fill a part with one colour."""
        self._brush.setColor(argb(colour, alpha))
        canvas.drawPath(path, self._brush)

    def stroke(self, canvas: skia.Canvas, path: skia.Path, colour: RGB, width: float, alpha=1.0):
        """Draw a round-ended line; `width` in shoe units, at least 0.6 pixels."""
        paint = self._pen
        paint.setColor(argb(colour, alpha))
        paint.setStrokeWidth(max(width, 0.6 / self.scale))
        canvas.drawPath(path, paint)

    def seam(self, canvas: skia.Canvas, path: skia.Path, dashed: bool = False) -> None:
        """Draw the edge of a panel, or stitches."""
        if not (dashed and self.fine):
            self.stroke(canvas, path, self.line, self.hairline, 0.7)
            return
        paint = skia.Paint(
            AntiAlias=True,
            Color=argb(lighter(self.line, 0.25), 0.85),
            Style=_STROKE,
            StrokeWidth=self.hairline,
            PathEffect=skia.DashPathEffect.Make([2.4 * self.hairline, 1.6 * self.hairline], 0),
        )
        canvas.drawPath(path, paint)

    def volume(self, canvas: skia.Canvas, path: skia.Path, depth: float = 1.0) -> None:
        """Round a part off; call with the clip set to the part.

        Wide strokes along the outline, moved towards the light, darken the lower right rim.
        """
        strength = {"patent": 1.3, "leather": 1.0}.get(self.material, 0.8)
        canvas.save()
        canvas.translate(-0.012 * depth, -0.022 * depth)
        steps = ((0.14, 0.11), (0.065, 0.15)) if self.fine else ((0.1, 0.2),)
        for width, alpha in steps:
            self.stroke(canvas, path, SHADOW, width * depth, alpha * strength)
        canvas.restore()

    def gloss(self, canvas: skia.Canvas, path: skia.Path, amount: float = 1.0) -> None:
        """Draw a highlight as bright as the material shines."""
        shine = {"patent": 0.95, "leather": 0.32, "suede": 0.0, "canvas": 0.04, "knit": 0.04}
        alpha = amount * shine[self.material]
        self.flat(canvas, path, (255, 253, 248), alpha * 0.5)
        canvas.save()
        box = path.getBounds()
        canvas.translate(box.centerX(), box.centerY())
        canvas.scale(0.6, 0.5)
        canvas.translate(-box.centerX(), -box.centerY())
        self.flat(canvas, path, (255, 253, 248), alpha)
        canvas.restore()

    def sheen(self, canvas: skia.Canvas, path: skia.Path) -> None:
        """Draw the line of light on a strap of leather; cloth and suede have none."""
        alpha = {"patent": 0.85, "leather": 0.4}.get(self.material, 0.0)
        if alpha:
            canvas.save()
            canvas.translate(-0.006, -0.007)
            self.stroke(canvas, path, (255, 253, 248), 0.012, alpha)
            canvas.restore()

    def dots(
        self, canvas: skia.Canvas, points, radius: float, colour: RGB, ring: RGB | None = None
    ):
        """Draw equal discs: studs, eyelets, punched holes."""
        radius = max(radius, 0.7 / self.scale)
        if ring is not None:
            rims = skia.Path()
            for x, y in points:
                rims.addCircle(x + 0.2 * radius, y + 0.35 * radius, radius * 1.35)
            self.flat(canvas, rims, ring, 0.9)
        discs = skia.Path()
        for x, y in points:
            discs.addCircle(x, y, radius)
        self.flat(canvas, discs, colour)

    def buckle(self, canvas: skia.Canvas, x, y, width, height, turn: float = 0.0) -> None:
        """A metal frame with its prong."""
        canvas.save()
        canvas.rotate(turn, x, y)
        frame = skia.Path()
        frame.addRoundRect(
            skia.Rect(x - width, y - height, x + width, y + height), 0.3 * width, 0.3 * width
        )
        frame.moveTo(x, y)
        frame.lineTo(x + width, y)
        self.stroke(canvas, frame, darker(self.metal, 0.5), 0.022)
        self.stroke(canvas, frame, self.metal, 0.013)
        canvas.restore()

    def bow(self, canvas: skia.Canvas, x, y, reach: float, turn: float = 0.0) -> None:
        """A ribbon bow in the second colour."""
        canvas.save()
        canvas.rotate(turn, x, y)
        loops = skia.Path()
        for side in (-1, 1):
            loops.moveTo(x, y)
            loops.cubicTo(
                x + side * 0.5 * reach,
                y - 0.9 * reach,
                x + side * 1.25 * reach,
                y - 0.7 * reach,
                x + side * reach,
                y,
            )
            loops.cubicTo(
                x + side * 1.25 * reach,
                y + 0.7 * reach,
                x + side * 0.5 * reach,
                y + 0.7 * reach,
                x,
                y,
            )
        self.flat(canvas, loops, self.second)
        self.stroke(canvas, loops, darker(self.second, 0.45), self.hairline, 0.8)
        self.flat(canvas, oval(x, y, 0.22 * reach, 0.3 * reach), darker(self.second, 0.25))
        canvas.restore()

    def tassel(self, canvas: skia.Canvas, x, y, length: float, lean: float = 0.0) -> None:
        """A knot and its fringe, in the second colour."""
        fringe = skia.Path()
        fringe.moveTo(x - 0.012, y)
        fringe.lineTo(x + 0.012, y)
        fringe.lineTo(x + lean + 0.032, y + length)
        fringe.lineTo(x + lean - 0.032, y + length)
        fringe.close()
        self.flat(canvas, fringe, self.second)
        self.stroke(canvas, fringe, darker(self.second, 0.45), self.hairline, 0.8)
        strands = skia.Path()
        for step in (-0.014, 0.004, 0.02):
            strands.moveTo(x + 0.3 * step, y + 0.3 * length)
            strands.lineTo(x + lean + step, y + length)
        self.stroke(canvas, strands, darker(self.second, 0.4), self.hairline, 0.7)
        self.flat(canvas, oval(x, y, 0.022, 0.022), darker(self.second, 0.2))

    def zipper(self, canvas: skia.Canvas, path: skia.Path) -> None:
        """A zip along an open path that starts at its puller."""
        self.stroke(canvas, path, darker(self.main, 0.55), 0.034)
        paint = skia.Paint(
            AntiAlias=True,
            Color=argb(self.metal),
            Style=_STROKE,
            StrokeWidth=max(0.018, 1.1 / self.scale),
            PathEffect=skia.DashPathEffect.Make([1.6 * self.hairline, 1.1 * self.hairline], 0),
        )
        canvas.drawPath(path, paint)
        start = path.getPoint(0)
        self.flat(canvas, oval(start.x(), start.y() + 0.035, 0.014, 0.034), self.metal)
