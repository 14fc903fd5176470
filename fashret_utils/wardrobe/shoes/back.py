"""A shoe from behind."""

import skia

from fashret_utils.wardrobe.palette import darker
from fashret_utils.wardrobe.paths import line, outline, oval, symmetric
from fashret_utils.wardrobe.shoes import ends, sandal
from fashret_utils.wardrobe.shoes.finish import Finish
from fashret_utils.wardrobe.shoes.form import Form


def draw(canvas: skia.Canvas, form: Form, finish: Finish, worn: bool = False) -> None:
    """Draw the shoe as it points away from the viewer."""
    item, category = form.item, form.item.category
    shaft = form.shaft if category != "sandal" else 0.0
    seat, (ankle, rim) = form.bed(1.0), ends.shaft_widths(form)
    _far_sole(canvas, form, finish)
    _heel(canvas, form, finish)
    top = -form.height + 0.045 if shaft else form.collar[1]
    if category == "sandal":  # a closed heel of its own height
        top = seat - 0.3
    if category == "sandal" and item.values["closure"] != "zip":
        _sandal(canvas, form, finish)
        ends.draw_sole(canvas, form, finish, 0.118, seat, form.under(1.0))
        return
    if not worn:
        finish.flat(canvas, oval(0, top, rim if shaft else 0.08, 0.03), finish.lining)
    width = rim if shaft else 0.082
    body = symmetric(
        [(0.0, top + 0.02), (0.6 * width, top + 0.016), (width, top)],
        [
            (width, top),
            (
                ankle if shaft else 0.1,
                max(top + 0.05, seat - 0.3) if shaft else (top + seat) / 2,
            ),
            (0.122, seat - 0.1),
            (0.112, seat),
        ],
        [(0.112, seat), (0.0, seat)],
    )
    ends.part(canvas, finish, body)
    canvas.save()
    canvas.clipPath(body, True)
    if finish.pattern == "colour block":
        finish.flat(canvas, body, finish.second)
    if category == "sneaker":
        tab = outline(
            [(-0.05, top - 0.02), (0.05, top - 0.02)], [(0.07, seat + 0.02), (-0.07, seat + 0.02)]
        )
        finish.flat(canvas, tab, finish.second)
        finish.seam(canvas, tab)
    elif shaft:
        finish.stroke(
            canvas,
            line((-0.2, top + 0.01), (0, top + 0.035), (0.2, top + 0.01)),
            finish.second,
            0.05,
        )
    elif category == "pump":
        finish.stroke(canvas, line((-0.09, top), (0, top + 0.02), (0.09, top)), finish.second, 0.03)
    finish.seam(canvas, line((0, top), (0, seat)))
    if item.values["closure"] == "strap" and shaft:
        for y in (top + 0.11, top + 0.21)[: 1 if shaft < 0.5 else 2]:
            finish.stroke(canvas, line((-0.2, y), (0, y + 0.012), (0.2, y)), finish.second, 0.052)
    if item.values["closure"] == "zip" and not shaft:
        finish.zipper(canvas, line((0, top + 0.04), (0, seat)))
    if item.values["decoration"] == "studs":
        finish.dots(
            canvas,
            [(0.035 * s, seat - 0.04) for s in (-2, -1, 0, 1, 2)],
            0.021,
            finish.metal,
            darker(finish.main, 0.5),
        )
    canvas.restore()
    if shaft and item.values["closure"] in ("slip-on", "zip"):
        finish.stroke(
            canvas,
            line((-0.014, top + 0.06), (0, top - 0.04), (0.014, top + 0.06)),
            darker(finish.second, 0.2),
            0.024,
        )
    if category == "pump" and item.values["closure"] == "strap":
        finish.stroke(canvas, line((0, top + 0.03), (0, seat - 0.36)), finish.main, 0.036)
        ends.ankle_ring(canvas, form, finish)
    ends.draw_sole(canvas, form, finish, 0.118, seat, form.under(1.0))


def _far_sole(canvas: skia.Canvas, form: Form, finish: Finish) -> None:
    """The ball of the foot, seen beyond the heel."""
    base, tone = (
        form.bed(0.3) - 0.02,
        finish.second if form.item.category == "sandal" else finish.main,
    )
    dome = symmetric(
        [(0.0, base - 0.085), (0.07, base - 0.08), (0.125, base - 0.04), (0.138, base)],
        [(0.138, base), (0.0, base)],
    )
    finish.flat(canvas, dome, darker(tone, 0.45))
    strip = skia.Path()
    strip.addRoundRect(skia.Rect(-0.142, base, 0.142, -0.012), 0.012, 0.012)
    finish.flat(canvas, strip, darker(finish.sole, 0.4))


def _heel(canvas: skia.Canvas, form: Form, finish: Finish) -> None:
    if form.under(1.0) > -0.01:
        return
    seat, kind = form.under(1.0), form.item.values["heel"]
    low = {"stiletto": 0.022, "spool": 0.075, "cuban": 0.07, "block": 0.1}.get(kind, 0.108)
    waist = {"spool": 0.035, "stiletto": 0.035}.get(kind, (low + 0.1) / 2)
    heel = symmetric(
        [(0.0, seat), (0.1, seat)],
        [(0.1, seat), (waist, seat * 0.45), (low, 0.0)],
        [(low, 0.0), (0.0, 0.0)],
    )
    covered = form.item.category == "pump" and kind != "wedge"
    finish.flat(canvas, heel, darker(finish.main if covered else finish.sole, 0.12))
    finish.stroke(canvas, heel, darker(finish.main, 0.6), finish.hairline, 0.7)


def _sandal(canvas: skia.Canvas, form: Form, finish: Finish) -> None:
    seat = form.bed(1.0)
    for front, back in sandal.bands(form):
        low, high = form.bed(front), form.bed(back) - 0.07 - 0.2 * back
        if high < seat:
            arch = line(
                (-0.14, low), (-0.1, high + 0.02), (0, high), (0.1, high + 0.02), (0.14, low)
            )
            finish.stroke(canvas, arch, darker(finish.main, 0.35), 0.04)
    levels = sandal.rings(form)
    if not levels:
        return
    strip = line((0, seat), (0, seat - levels[-1]))
    finish.strap(canvas, strip, 0.038)
    for height in levels:
        ends.ring(canvas, finish, seat - height)
