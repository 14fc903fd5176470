"""A shoe from the side: sole and heel, lining or foot, upper with panels, then what closes it."""

import skia

from fashret_utils.wardrobe.palette import darker, lighter
from fashret_utils.wardrobe.paths import line, outline, oval
from fashret_utils.wardrobe.shoes import (
    closure,
    decoration,
    sandal,
)
from fashret_utils.wardrobe.shoes.finish import SHADOW, WHITE, Finish
from fashret_utils.wardrobe.shoes.form import Form
from fashret_utils.wardrobe.shoes.heel import heel_outline


def draw(canvas: skia.Canvas, form: Form, finish: Finish, worn: bool = False) -> None:
    """Draw the side view, toe to the left, in shoe units.

    **Arguments**

    - `worn`: whether a foot, drawn before, stands in the shoe; else its inside is seen.
    """
    _stand(canvas, form, finish)
    if form.item.category == "sandal":
        sandal.draw_side(canvas, form, finish, worn)
        return
    if not worn:
        finish.flat(canvas, form.inside, finish.lining)
        finish.stroke(canvas, form.inside, darker(finish.main, 0.4), finish.hairline, 0.8)
    if form.item.category in ("sneaker", "loafer") or form.item.values["closure"] == "lace":
        _tongue(canvas, form, finish)
    upper = form.upper
    finish.fill(canvas, upper)
    canvas.save()
    canvas.clipPath(upper, True)
    _panels(canvas, form, finish)
    finish.roughen(canvas, upper)
    finish.volume(canvas, upper)
    finish.edge(canvas, line(*form.topline))
    _shine(canvas, form, finish)
    closure.draw(canvas, form, finish)
    decoration.draw(canvas, form, finish)
    canvas.restore()
    finish.stroke(canvas, upper, darker(finish.main, 0.55), finish.hairline, 0.75)
    finish.stroke(
        canvas, line(*form.topline), lighter(finish.main, 0.3), finish.hairline * 1.3, 0.7
    )
    closure.draw_above(canvas, form, finish)


def _stand(canvas: skia.Canvas, form: Form, finish: Finish) -> None:
    """Sole and heel."""
    category, sole = form.item.category, finish.sole
    _heel(canvas, form, finish)
    finish.flat(canvas, form.outsole, sole)
    canvas.save()
    canvas.clipPath(form.outsole, True)
    finish.stroke(canvas, form.sole_line(0.0), SHADOW, 0.028, 0.3)
    if category == "sneaker":
        finish.stroke(canvas, form.sole_line(1.0), darker(sole, 0.4), 0.03, 0.9)
        finish.stroke(canvas, form.sole_line(0.42), finish.second, 0.014)
    elif finish.fine and (form.platform or form.sole > 0.03):
        finish.stroke(canvas, form.sole_line(0.45), lighter(sole, 0.35), finish.hairline, 0.6)
        finish.stroke(canvas, form.sole_line(1.0), SHADOW, 0.018, 0.5)
    canvas.restore()
    finish.stroke(canvas, form.outsole, darker(sole, 0.45), finish.hairline, 0.8)


def _heel(canvas: skia.Canvas, form: Form, finish: Finish) -> None:
    path = heel_outline(form)
    if path is None:
        return
    covered = form.item.category == "pump" and form.item.values["heel"] != "wedge"
    tone = finish.main if covered else finish.sole
    if covered:
        finish.fill(canvas, path)
        finish.roughen(canvas, path)
    else:
        finish.flat(canvas, path, darker(tone, 0.12))
    canvas.save()
    canvas.clipPath(path, True)
    box = path.getBounds()
    glint = skia.Rect(box.left(), box.top(), box.left() + 0.45 * box.width(), 0)
    canvas.drawRect(glint, skia.Paint(Color=0x22FFFFFF))
    seat = line(*((x, form.under(x)) for x in (0.36, 0.5, 0.6, 0.7, 0.8, 1.0)))
    finish.stroke(canvas, seat, SHADOW, 0.06, 0.35)
    finish.flat(
        canvas,
        outline([(0, -0.018), (1.1, -0.018)], [(1.1, 0.1), (0, 0.1)]),
        (30, 28, 34),
        0.75,
    )
    stacked = form.item.values["heel"] in ("flat", "block", "cuban", "wedge") and not covered
    if stacked and finish.fine:
        stack = skia.Path()  # layers of leather
        y = -0.045
        while y > form.under(1.0):
            stack.moveTo(0.3, y)
            stack.lineTo(1.1, y)
            y -= 0.035
        finish.stroke(canvas, stack, SHADOW, finish.hairline, 0.22)
    canvas.restore()
    finish.stroke(canvas, path, darker(tone, 0.6), finish.hairline, 0.7)


def _tongue(canvas: skia.Canvas, form: Form, finish: Finish) -> None:
    (vx, vy), run = form.throat, form.instep
    lift = 0.06
    tip = (vx + 0.03, vy - lift)
    front = [(x - 0.02, y - 0.012) for x, y in run[1:-1]]
    behind = [(x + 0.08, y + 0.05) for x, y in reversed(run)]
    path = outline(
        [(vx + 0.14, vy + 0.07), (vx + 0.09, vy - 0.02), tip],
        [tip, (vx - 0.02, vy - lift * 0.75), *front, run[-1]],
        [run[-1], *behind[:-1], (vx + 0.14, vy + 0.07)],
    )
    tone = finish.second if form.item.category == "sneaker" else darker(finish.main, 0.15)
    finish.flat(canvas, path, tone)
    finish.stroke(canvas, path, darker(tone, 0.5), finish.hairline, 0.7)


def _panels(canvas: skia.Canvas, form: Form, finish: Finish) -> None:
    """Parts of the upper in the second colour, by category."""
    category, bed = form.item.category, form.bed
    (kx, ky), (cx, cy) = form.collar, form.toe_top
    if finish.pattern == "colour block":
        rear = outline(
            [(0.44, bed(0.44) + 0.1), (0.5, bed(0.5) - 0.12), (0.62, bed(0.6) - 0.3)],
            [(0.62, bed(0.6) - 0.3), (0.62, -3)],
            [(1.2, -3), (1.2, 0.1)],
        )
        finish.flat(canvas, rear, finish.second)
        finish.seam(canvas, rear)
    if category == "sneaker":
        cap = outline(
            [(cx + 0.02, cy - 0.05), (cx + 0.05, bed(0.2) - 0.06), (cx + 0.16, bed(0.3) + 0.02)],
            [(-0.2, 0), (-0.2, cy - 0.05)],
        )
        rubber = finish.item.values["material"] == "canvas"
        finish.flat(canvas, cap, finish.sole if rubber else darker(finish.main, 0.12))
        finish.seam(canvas, cap, dashed=not rubber)
        counter = outline(
            [
                (0.8, bed(0.8) + 0.02),
                (0.82, bed(0.85) - 0.1),
                (0.93, (ky + bed(1)) / 2),
                (0.94, ky - 0.05),
            ],
            [(1.2, ky - 0.05), (1.2, 0.1)],
        )
        finish.flat(canvas, counter, finish.second, 0.92)
        finish.seam(canvas, counter)
    elif category == "loafer":
        apron = line(
            (form.throat[0] + 0.02, form.throat[1] + 0.075),
            (0.24, cy + 0.055),
            (0.12, cy + 0.05),
            (form.tip + 0.05, cy + 0.075),
        )
        finish.stroke(canvas, apron, finish.line, 0.016, 0.75)
        finish.seam(
            canvas, line(*((p.x() - 0.004, p.y() - 0.016) for p in apron.getPoints(4))), dashed=True
        )
        if (
            form.item.values["decoration"] in ("none", "studs", "brogue")
            and form.item.values["closure"] == "slip-on"
        ):
            vx, vy = form.throat
            saddle = outline(
                [
                    (vx - 0.06, vy - 0.1),
                    (vx - 0.045, vy + 0.06),
                    (vx + 0.01, bed(0.4) - 0.05),
                    (vx + 0.02, bed(0.4) + 0.02),
                ],
                [(vx + 0.14, bed(0.5) + 0.02), (vx + 0.07, bed(0.5) - 0.08), (vx + 0.03, vy - 0.1)],
            )
            finish.flat(canvas, saddle, finish.second)
            finish.seam(canvas, saddle)
    elif category in ("boot", "ankle boot"):
        vamp = line((0.42, bed(0.45) - 0.28), (0.5, bed(0.55) - 0.17), (0.56, bed(0.56) + 0.01))
        finish.seam(canvas, vamp)
        heel = line(
            (0.8, bed(0.8) + 0.01),
            (0.84, bed(0.85) - 0.14),
            (0.93, bed(0.95) - 0.24),
            (1.05, bed(0.95) - 0.26),
        )
        finish.seam(canvas, heel)
        (vx, vy) = form.throat
        cuff = outline(
            [(kx + 0.1, ky - 0.06), (vx - 0.1, vy - 0.06)],
            [(vx - 0.1, vy + 0.035), (kx + 0.1, ky + 0.05)],
        )
        finish.flat(canvas, cuff, finish.second)
        finish.seam(canvas, cuff)
    if category in ("pump", "loafer"):
        finish.stroke(canvas, line(*form.topline), finish.second, 0.055)
    if form.item.values["toe"] == "peep":
        hole = oval(0.035, bed(0.05) - 0.03, 0.055, 0.045)
        finish.flat(canvas, hole, darker(finish.lining, 0.3))
        finish.seam(canvas, hole)


def _shine(canvas: skia.Canvas, form: Form, finish: Finish) -> None:
    """Highlights on the toe, down the shaft or on the heel, and along the side."""
    if finish.material not in ("patent", "leather"):
        return
    (cx, cy), bed = form.toe_top, form.bed
    toe = [
        (cx - 0.12, cy + 0.075),
        (cx - 0.01, cy + 0.025),
        (cx + 0.13, cy + 0.012),
        (cx + 0.03, cy + 0.065),
        (cx - 0.12, cy + 0.075),
    ]
    finish.gloss(canvas, outline(toe))
    if form.shaft:
        x, top, low = form.throat[0] + 0.1, form.throat[1] + 0.08, bed(0.7) - 0.2
        shaft = [
            (x, top),
            (x + 0.06, (top + low) / 2),
            (x - 0.02, low),
            (x - 0.015, (top + low) / 2),
            (x, top),
        ]
        finish.gloss(canvas, outline(shaft), 0.8)
    else:
        finish.gloss(canvas, oval(0.87, (form.collar[1] + bed(0.9)) / 2 - 0.01, 0.04, 0.06), 0.7)
    if finish.material == "patent":  # the horizon in a mirror
        run = [(x, bed(x) - 0.07) for x in (0.16, 0.36, 0.5, 0.62, 0.74, 0.9)]
        finish.stroke(canvas, line(*((x, y + 0.026) for x, y in run)), SHADOW, 0.04, 0.4)
        finish.stroke(canvas, line(*run), WHITE, 0.018, 0.9)
