"""A shoe from above."""

import skia

from fashret_utils.wardrobe.palette import argb, darker, lighter
from fashret_utils.wardrobe.paths import line, outline, oval
from fashret_utils.wardrobe.shoes import sandal, top_trim
from fashret_utils.wardrobe.shoes.finish import SHADOW, Finish
from fashret_utils.wardrobe.shoes.form import Form
from fashret_utils.wardrobe.shoes.plan import Plan, plan_of


def draw(canvas: skia.Canvas, form: Form, finish: Finish, worn: bool = False) -> None:
    """Draw the top view of a left shoe; mirror the canvas for a right one.

    **Arguments**

    - `worn`: whether a leg, drawn later, stands in the shoe (in a sandal: a foot, drawn before).
    """
    plan = plan_of(form)
    finish.stroke(
        canvas,
        plan.outline,
        darker(finish.sole, 0.35),
        0.05 if form.item.category == "sneaker" else 0.034,
    )
    finish.stroke(
        canvas, plan.outline, finish.sole, 0.036 if form.item.category == "sneaker" else 0.02
    )
    if form.item.category == "sandal":
        _sandal(canvas, plan, finish, worn)
        return
    finish.fill(canvas, plan.outline)
    canvas.save()
    canvas.clipPath(plan.outline, True)
    _panels(canvas, plan, finish)
    finish.roughen(canvas, plan.outline)
    finish.volume(canvas, plan.outline)
    finish.edge(canvas, plan.mouth)
    ridge = 0.075 * plan.wide
    gloss = outline(
        [
            plan.at(-ridge, 0.08),
            plan.at(-0.2 * ridge, 0.16),
            plan.at(-1.1 * ridge, 0.24),
            plan.at(-1.5 * ridge, 0.14),
            plan.at(-ridge, 0.08),
        ]
    )
    finish.gloss(canvas, gloss)
    _hole(canvas, plan, finish)
    top_trim.closure(canvas, plan, finish)
    top_trim.decoration(canvas, plan, finish)
    canvas.restore()
    finish.stroke(canvas, plan.outline, darker(finish.main, 0.55), finish.hairline, 0.7)
    if form.item.values["closure"] == "strap" and form.item.category == "pump":
        _ankle_strap(canvas, plan, finish, 0.8)


def _panels(canvas: skia.Canvas, plan: Plan, finish: Finish) -> None:
    form, category, values = plan.form, plan.form.item.category, plan.form.item.values
    if finish.pattern == "colour block":
        y = plan.at(0, 0.48)[1]
        canvas.drawRect(skia.Rect(-1, y, 1, 2), skia.Paint(Color=argb(finish.second)))
    if category == "sneaker":
        cap = outline(
            [plan.at(-0.3, 0.13), plan.at(0, 0.16), plan.at(0.3, 0.13)], [(0.5, -0.3), (-0.5, -0.3)]
        )
        rubber = values["material"] == "canvas"
        finish.flat(canvas, cap, finish.sole if rubber else darker(finish.main, 0.12))
        finish.seam(canvas, cap, dashed=not rubber)
        rear = outline(
            [plan.at(-0.3, 0.84), plan.at(0, 0.8), plan.at(0.3, 0.84)], [(0.5, 1.3), (-0.5, 1.3)]
        )
        finish.flat(canvas, rear, finish.second)
    elif category == "loafer":
        apron = line(
            plan.at(-0.1, 0.4),
            plan.at(-0.118, 0.24),
            plan.at(-0.09, 0.12),
            plan.at(0, 0.075),
            plan.at(0.09, 0.12),
            plan.at(0.118, 0.24),
            plan.at(0.1, 0.4),
        )
        finish.stroke(canvas, apron, finish.line, 0.016, 0.75)
        if values["decoration"] in ("none", "studs", "brogue") and values["closure"] == "slip-on":
            finish.stroke(canvas, plan.across(0.2, 0.3), darker(finish.second, 0.45), 0.076)
            finish.stroke(canvas, plan.across(0.2, 0.3), finish.second, 0.062)
    elif category != "pump":
        finish.seam(canvas, plan.across(0.2, 0.36, 0.08))
    if category != "sneaker":
        finish.stroke(canvas, plan.mouth, finish.second, 0.06 if form.shaft else 0.042)
    if values["decoration"] == "panel":
        for side in (-1, 1):
            panel = outline(
                [
                    plan.at(side * 0.22, 0.3),
                    plan.at(side * 0.11, 0.38),
                    plan.at(side * 0.1, 0.58),
                    plan.at(side * 0.22, 0.68),
                ]
            )
            finish.flat(canvas, panel, finish.second)
            finish.seam(canvas, panel)
    if values["toe"] == "peep":
        finish.flat(canvas, oval(*plan.at(0, 0.01), 0.06, 0.045), darker(finish.lining, 0.4))


def _hole(canvas: skia.Canvas, plan: Plan, finish: Finish) -> None:
    """The opening with lining and insole."""
    form = plan.form
    hole = plan.mouth
    finish.flat(canvas, hole, finish.lining)
    canvas.save()
    canvas.clipPath(hole, True)
    finish.stroke(canvas, hole, SHADOW, 0.11, 0.5 + 0.25 * min(form.shaft, 1))
    finish.stroke(canvas, hole, SHADOW, 0.05, 0.35)
    if not form.shaft:
        insole = plan.cut((0.0, 0.7), (0.05, 0.74), (0.05, 0.84), (0.0, 0.88))
        finish.flat(canvas, insole, lighter(finish.lining, 0.25), 0.7)
    canvas.restore()
    finish.stroke(canvas, hole, darker(finish.main, 0.5), finish.hairline, 0.9)


def _ankle_strap(canvas: skia.Canvas, plan: Plan, finish: Finish, y: float) -> None:
    """A strap that stands around the ankle, seen as a ring."""
    x, down = plan.at(0, y)
    ring = oval(x, down, 0.105, 0.13)
    finish.strap(canvas, ring, 0.034)
    finish.buckle(canvas, x + 0.105, down, 0.024, 0.032)


def _sandal(canvas: skia.Canvas, plan: Plan, finish: Finish, worn: bool) -> None:
    form = plan.form
    if not worn:
        finish.flat(canvas, plan.outline, finish.second)
    canvas.save()
    canvas.clipPath(plan.outline, True)
    if not worn:
        finish.stroke(canvas, plan.outline, SHADOW, 0.05, 0.2)
        for y, radius in ((0.82, 0.075), (0.25, 0.1)):
            finish.flat(canvas, oval(*plan.at(0, y), radius, radius * 1.1), SHADOW, 0.1)
    cup = form.item.values["closure"] == "zip"
    if cup:
        rear = outline(
            [
                plan.at(-0.3, 0.74),
                plan.at(-0.11, 0.76),
                plan.at(0, 0.86),
                plan.at(0.11, 0.76),
                plan.at(0.3, 0.74),
            ],
            [(0.5, 1.4), (-0.5, 1.4)],
        )
        finish.fill(canvas, rear)
        finish.seam(canvas, rear)
        finish.zipper(canvas, line(plan.at(0, 0.86), plan.at(0, 0.99)))
    for front, back in sandal.bands(form):
        band = outline(
            [plan.at(-0.25, front + 0.02), plan.at(0, front - 0.01), plan.at(0.25, front + 0.02)],
            [plan.at(0.25, back + 0.05), plan.at(0, back + 0.02), plan.at(-0.25, back + 0.05)],
        )
        finish.fill(canvas, band)
        finish.roughen(canvas, band)
        finish.gloss(canvas, oval(*plan.at(-0.04, (front + back) / 2 + 0.01), 0.04, 0.02))
        finish.stroke(canvas, band, darker(finish.main, 0.55), finish.hairline, 0.8)
    canvas.restore()
    for index, _ in enumerate(sandal.rings(form)):
        _ring = 0.76 - 0.03 * index
        x, y = plan.at(0, _ring)
        path = oval(x, y, 0.1 + 0.012 * index, 0.13)
        finish.strap(canvas, path, 0.034)
    if form.item.values["closure"] == "strap":
        finish.buckle(canvas, plan.at(0.1, 0.76)[0] + 0.005, plan.at(0, 0.76)[1], 0.024, 0.032)
    front, back = sandal.bands(form)[-1 if form.item.values["closure"] == "slip-on" else 0]
    x, y = plan.at(0, (front + back) / 2 + 0.005)
    match form.item.values["decoration"]:
        case "bow":
            finish.bow(canvas, x, y, 0.13)
        case "buckle":
            finish.buckle(canvas, x, y, 0.075, 0.065, plate=True)
        case "tassel":
            finish.tassel(canvas, x, y, -0.16)
        case "studs":
            points = [
                plan.at(0.035 * step, (f + b) / 2 + 0.008)
                for f, b in sandal.bands(form)
                for step in (-3, -1, 1, 3)
            ]
            finish.dots(canvas, points, 0.019, finish.metal, darker(finish.main, 0.5))
