"""What decorates a shoe, seen from the side."""

import skia

from fashret_utils.wardrobe.palette import darker, lighter, mix
from fashret_utils.wardrobe.paths import line, outline
from fashret_utils.wardrobe.shoes.closure import along
from fashret_utils.wardrobe.shoes.finish import Finish
from fashret_utils.wardrobe.shoes.form import Form


def draw(canvas: skia.Canvas, form: Form, finish: Finish) -> None:
    """Draw the decoration; call with the clip set to the upper."""
    category, decoration = form.item.category, form.item.values["decoration"]
    bed, (kx, ky), (vx, vy), (_, cy) = form.bed, form.collar, form.throat, form.toe_top
    seed = form.item.print_seed
    if decoration == "side stripes":
        tone = finish.accent if seed % 3 else mix(finish.accent, (250, 250, 250), 0.3)
        if seed % 4 == 0:  # a swoosh
            swoosh = outline(
                [
                    (0.34, bed(0.4) - 0.1),
                    (0.44, bed(0.45) - 0.045),
                    (0.62, bed(0.6) - 0.12),
                    (0.86, bed(0.9) - 0.26),
                ],
                [
                    (0.86, bed(0.9) - 0.26),
                    (0.6, bed(0.6) - 0.06),
                    (0.42, bed(0.45) - 0.0),
                    (0.34, bed(0.4) - 0.1),
                ],
            )
            finish.flat(canvas, swoosh, tone)
            finish.seam(canvas, swoosh)
            return
        if seed % 4 == 1:  # a wave
            wave = line(
                (0.3, bed(0.3) - 0.1),
                (0.45, bed(0.45) - 0.04),
                (0.6, bed(0.6) - 0.15),
                (0.74, bed(0.7) - 0.06),
                (0.82, bed(0.8) - 0.12),
            )
            finish.stroke(canvas, wave, tone, 0.055)
            return
        bars = skia.Path()
        for step in range(2 if seed % 4 == 2 else 3):
            x = 0.44 + 0.075 * step
            bars.moveTo(x + 0.1, bed(x) + 0.02)
            bars.lineTo(x, bed(x) - 0.24)
        finish.stroke(canvas, bars, tone, 0.045)
    elif decoration == "panel":
        if form.shaft > 0.8:
            panel = outline(
                [
                    (vx + 0.12, vy - 0.1),
                    (0.66, bed(0.75) - 0.25),
                    (0.78, bed(0.8) - 0.22),
                    (kx - 0.1, ky - 0.1),
                ]
            )
        else:
            panel = outline(
                [
                    (0.34, bed(0.34) + 0.02),
                    (0.42, bed(0.4) - 0.13),
                    (0.6, bed(0.6) - 0.2),
                    (0.8, bed(0.8) - 0.14),
                ],
                [(0.8, bed(0.8) - 0.14), (0.78, bed(0.78) + 0.02)],
            )
        finish.flat(canvas, panel, finish.accent)
        finish.seam(canvas, panel, dashed=True)
    elif decoration == "studs":
        rim = along(form.topline, 8, 0.06, 0.94)
        base = [(x, bed(x) - 0.045) for x in (0.5, 0.58, 0.66, 0.74, 0.82, 0.9, 0.97)]
        spots = (
            [(x - 0.05 * nx, y - 0.05 * ny) for (x, y), (nx, ny) in rim]
            if not form.shaft
            else [(0.6 + 0.08 * i, bed(0.85) - rise) for i in range(6) for rise in (0.28, 0.36)]
        )
        finish.dots(canvas, [*spots, *base], 0.021, finish.metal, darker(finish.main, 0.65))
    elif decoration == "brogue":
        _brogue(canvas, form, finish)
    elif decoration == "buckle" and category == "pump":
        finish.buckle(canvas, 0.17, cy + 0.05, 0.09, 0.062, -20, plate=True)
    elif decoration == "buckle" and category == "loafer":
        bit = line((vx - 0.1, vy + 0.03), (vx - 0.005, vy + 0.065), (vx + 0.06, vy + 0.14))
        finish.stroke(canvas, bit, finish.accent, 0.1)
        finish.stroke(canvas, bit, darker(finish.metal, 0.6), 0.06)
        finish.stroke(canvas, bit, finish.metal, 0.042)
        for x, y in ((vx - 0.07, vy + 0.045), (vx + 0.045, vy + 0.125)):
            finish.buckle(canvas, x, y, 0.04, 0.04, 45)
    elif decoration == "buckle":
        y = bed(0.75) - 0.2
        band = line((0.3, bed(0.5) - 0.28), (0.6, y + 0.02), (0.82, y + 0.03), (1.1, y - 0.03))
        finish.stroke(canvas, band, darker(finish.accent, 0.4), 0.096)
        finish.stroke(canvas, band, finish.accent, 0.078)
        finish.buckle(canvas, 0.72, y + 0.028, 0.062, 0.068)


def _brogue(canvas: skia.Canvas, form: Form, finish: Finish) -> None:
    """A wing-shaped toe cap, punched along its edge and along the topline."""
    bed, (cx, cy) = form.bed, form.toe_top
    tone = lighter(finish.main, 0.7) if finish.is_dark else darker(finish.main, 0.7)
    wing = [
        (cx + 0.06, cy - 0.02),
        (cx + 0.05, cy + 0.05),
        (cx + 0.1, bed(0.25) - 0.05),
        (cx + 0.24, bed(0.4) + 0.01),
    ]
    cap = outline(wing, [(-0.3, 0.1), (-0.3, cy - 0.1)])
    finish.flat(canvas, cap, tone, 0.42)
    finish.stroke(canvas, line(*wing), finish.line, 2 * finish.hairline)
    holes = [(x - 0.03, y) for (x, y), _ in along(wing, 8, 0.1, 0.97)]
    holes += [
        (x - 0.035 * nx, y - 0.035 * ny) for (x, y), (nx, ny) in along(form.topline, 10, 0.05, 0.9)
    ]
    holes += [(cx - a, cy + b) for a, b in ((0.06, 0.055), (0.1, 0.085), (0.05, 0.1))]
    finish.dots(canvas, holes, 0.013, tone)
