"""What a shoe is made of: its colours, prints and material textures, and the strokes of a part."""

import math

import skia

from fashret_utils.wardrobe import fabric
from fashret_utils.wardrobe.palette import RGB, argb, darker, jitter, lighter, luminance, mix
from fashret_utils.wardrobe.paths import line, oval
from fashret_utils.wardrobe.shoes import material
from fashret_utils.wardrobe.shoes.attributes import Shoe

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
WHITE: RGB = (255, 253, 248)


def _near(colour: RGB, ground: RGB) -> bool:
    return max(abs(a - b) for a, b in zip(colour, ground, strict=True)) < 75


def _apart(colour: RGB, ground: RGB) -> RGB:
    """The colour, made lighter or darker where it would drown in the ground."""
    if not _near(colour, ground):
        return colour
    return lighter(colour, 0.55) if luminance(ground) < 0.5 else darker(colour, 0.5)


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
        self.accent = _apart(self.second, self.main)  # prints and decoration must stand out
        self.material, self.pattern = values["material"], values["pattern"]
        matching = values["sole colour"] == "matching"
        self.sole = darker(self.main, 0.18) if matching else _SOLES[values["sole colour"]]
        metal, other = METALS[item.print_seed % 2], METALS[(item.print_seed + 1) % 2]
        self.metal = other if _near(metal, self.main) else metal
        self.is_dark = luminance(self.main) < 0.3
        self.line = lighter(self.main, 0.3) if self.is_dark else darker(self.main, 0.45)
        self.lining = mix(darker(self.main, 0.35), (190, 160, 125), 0.45)
        self.fine = scale >= 80  # below, details vanish that cost much
        self.hairline = max(0.007, 0.62 / scale)
        self._brush = skia.Paint(AntiAlias=True)
        self._pen = skia.Paint(AntiAlias=True, Style=_STROKE, StrokeCap=_ROUND)
        # Tiles for scales in steps of a half octave: pictures of an item share them.
        fine = 2 ** (math.ceil(2 * math.log2(scale)) / 2)
        tile = material.pattern(self.pattern, self.main, self.accent, item.print_seed, fine)
        if tile is None:
            self._paint = skia.Paint(AntiAlias=True, Color=argb(self.main))
        else:  # at once: setting the shader of a paint costs forty times as much
            self._paint = skia.Paint(AntiAlias=True, Shader=fabric.shader(tile[0], fine, tile[1]))
        self._texture = material.texture(self.material, scale, self.is_dark)

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
        """Draw a highlight: hard, over its dark reflection, on patent; soft on leather."""
        if self.material not in ("patent", "leather"):
            return
        patent = self.material == "patent"
        canvas.save()
        if patent:
            canvas.translate(0.012, 0.03)
            self.flat(canvas, path, darker(self.main, 0.7), 0.5)
            canvas.translate(-0.012, -0.03)
            self.flat(canvas, path, WHITE, 0.96)
        else:
            self.flat(canvas, path, WHITE, 0.2 * amount)
            box = path.getBounds()
            canvas.translate(box.centerX(), box.centerY())
            canvas.scale(0.6, 0.5)
            canvas.translate(-box.centerX(), -box.centerY())
            self.flat(canvas, path, WHITE, 0.3 * amount)
        canvas.restore()

    def edge(self, canvas: skia.Canvas, path: skia.Path) -> None:
        """Finish the mouth of a shoe.

        Canvas is stitched, knit ends in a rib of the second colour, suede in raw nap.
        """
        if self.material == "canvas":
            self._dashes(canvas, path, lighter(self.accent, 0.5), 0.015, 0.05, (0.034, 0.02))
        elif self.material == "knit":
            self.stroke(canvas, path, darker(self.second, 0.25), 0.12)
            self._dashes(canvas, path, lighter(self.second, 0.15), 0.12, 0.0, (0.014, 0.016))
        elif self.material == "suede":
            self.stroke(canvas, path, lighter(self.main, 0.35), 0.04, 0.55)

    def _dashes(self, canvas, path, colour, width: float, shift: float, rhythm) -> None:
        pixel = 1 / self.scale
        paint = skia.Paint(
            AntiAlias=True,
            Color=argb(colour, 0.9),
            Style=_STROKE,
            StrokeWidth=max(width, 0.7 * pixel),
            PathEffect=skia.DashPathEffect.Make([max(step, 1.3 * pixel) for step in rhythm], 0),
        )
        canvas.save()
        canvas.translate(0, shift)
        canvas.drawPath(path, paint)
        canvas.restore()

    def strap(self, canvas: skia.Canvas, path: skia.Path, width: float) -> None:
        """Draw a strap of the upper material along a path: outline, print, texture and light."""
        self.stroke(canvas, path, darker(self.main, 0.5), width + 0.013)
        for paint in (self._paint, self._texture):
            if paint is not None:
                paint.setStyle(_STROKE)
                paint.setStrokeWidth(max(width, 0.6 / self.scale))
                canvas.drawPath(path, paint)
                paint.setStyle(skia.Paint.kFill_Style)
        if self.material in ("patent", "leather"):
            canvas.save()
            canvas.translate(-0.006, -0.007)
            self.stroke(canvas, path, WHITE, 0.012, 0.85 if self.material == "patent" else 0.35)
            canvas.restore()

    def dots(
        self, canvas: skia.Canvas, points, radius: float, colour: RGB, ring: RGB | None = None
    ):
        """Draw equal discs: studs, eyelets, punched holes."""
        radius = max(radius, 0.7 / self.scale)
        if ring is not None:
            rims = skia.Path()
            for x, y in points:
                rims.addCircle(x + 0.2 * radius, y + 0.35 * radius, radius * 1.4)
            self.flat(canvas, rims, ring, 0.9)
        discs = skia.Path()
        for x, y in points:
            discs.addCircle(x, y, radius)
        self.flat(canvas, discs, colour)

    def buckle(
        self, canvas: skia.Canvas, x, y, width, height, turn: float = 0.0, plate: bool = False
    ) -> None:
        """A metal frame with its prong; as decoration on a plate of the second colour."""
        bar = max(0.013, 0.3 * min(width, height))
        canvas.save()
        canvas.rotate(turn, x, y)
        frame = skia.Path()
        frame.addRoundRect(
            skia.Rect(x - width, y - height, x + width, y + height), 0.3 * width, 0.3 * width
        )
        if plate:
            self.flat(canvas, frame, self.accent)
        frame.moveTo(x, y)
        frame.lineTo(x + width, y)
        self.stroke(canvas, frame, darker(self.metal, 0.65), bar + 0.013)
        self.stroke(canvas, frame, self.metal, bar)
        canvas.restore()

    def bow(self, canvas: skia.Canvas, x, y, reach: float, turn: float = 0.0) -> None:
        """A ribbon bow with two tails, in the second colour."""
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
        tails = skia.Path()
        for side in (-1, 1):
            tails.addPath(line((x, y), (x + 0.25 * side * reach, y + 0.5 * reach)))
            tails.lineTo(x + 0.5 * side * reach, y + 0.95 * reach)
        self.stroke(canvas, tails, darker(self.accent, 0.55), 0.4 * reach)
        self.stroke(canvas, tails, darker(self.accent, 0.12), 0.28 * reach)
        self.flat(canvas, loops, self.accent)
        self.stroke(canvas, loops, darker(self.accent, 0.6), 1.4 * self.hairline)
        self.flat(canvas, oval(x, y, 0.22 * reach, 0.3 * reach), darker(self.accent, 0.25))
        canvas.restore()

    def tassel(self, canvas: skia.Canvas, x, y, length: float, lean: float = 0.0) -> None:
        """A knot and its fringe, in the second colour."""
        wide = 0.3 * abs(length)
        fringe = skia.Path()
        fringe.moveTo(x - 0.35 * wide, y)
        fringe.lineTo(x + 0.35 * wide, y)
        fringe.lineTo(x + lean + wide, y + length)
        fringe.lineTo(x + lean - wide, y + length)
        fringe.close()
        self.flat(canvas, fringe, self.accent)
        self.stroke(canvas, fringe, darker(self.accent, 0.6), 1.4 * self.hairline)
        strands = skia.Path()
        for step in (-0.45, 0.0, 0.45):
            strands.moveTo(x + 0.3 * step * wide, y + 0.3 * length)
            strands.lineTo(x + lean + step * wide, y + length)
        self.stroke(canvas, strands, darker(self.accent, 0.5), self.hairline, 0.8)
        knot = oval(x, y, 0.6 * wide, 0.6 * wide)
        self.flat(canvas, knot, darker(self.accent, 0.2))
        self.stroke(canvas, knot, darker(self.accent, 0.6), self.hairline)

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
