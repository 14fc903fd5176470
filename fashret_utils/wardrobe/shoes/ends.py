"""What the front and the back of a shoe share: x = 0 on its axis, ground at y = 0."""

from collections.abc import Callable

import skia

from fashret_utils.wardrobe.palette import darker
from fashret_utils.wardrobe.paths import line
from fashret_utils.wardrobe.shoes.finish import Finish
from fashret_utils.wardrobe.shoes.form import Form


def shaft_widths(form: Form) -> tuple[float, float]:
    """Half width at the ankle and at the top of the shoe."""
    if form.shaft > 0.8:
        return 0.115, 0.135 + 0.02 * (form.shaft > 1.1)
    return 0.115, 0.105


def part(
    canvas: skia.Canvas,
    finish: Finish,
    path: skia.Path,
    depth: float = 0.7,
    light: Callable[[skia.Canvas, Finish, skia.Path], None] | None = None,
) -> None:
    """Draw a part of the upper with texture, shading, outline, and what `light` adds inside."""
    finish.fill(canvas, path)
    finish.roughen(canvas, path)
    canvas.save()
    canvas.clipPath(path, True)
    finish.volume(canvas, path, depth)
    if light is not None:
        light(canvas, finish, path)
    canvas.restore()
    finish.stroke(canvas, path, darker(finish.main, 0.55), finish.hairline, 0.7)


def draw_sole(
    canvas: skia.Canvas, form: Form, finish: Finish, half: float, top: float, low: float
) -> None:
    """Draw the sole as a strip between two heights."""
    strip = skia.Path()
    strip.addRoundRect(skia.Rect(-half, top - 0.004, half, low), 0.016, 0.016)
    finish.flat(canvas, strip, finish.sole)
    if form.item.category == "sneaker":
        finish.stroke(
            canvas, line((-half, (top + low) / 2), (half, (top + low) / 2)), finish.second, 0.014
        )
    finish.stroke(canvas, strip, darker(finish.sole, 0.45), finish.hairline, 0.8)


def ring(canvas: skia.Canvas, finish: Finish, y: float) -> None:
    """A strap around the ankle, its far half above the near one."""
    far = line((-0.088, y), (-0.05, y - 0.024), (0.05, y - 0.024), (0.088, y))
    near = line((-0.09, y), (-0.05, y + 0.026), (0.05, y + 0.026), (0.09, y))
    finish.stroke(canvas, far, darker(finish.main, 0.4), 0.034)
    finish.strap(canvas, near, 0.036)


def ankle_ring(
    canvas: skia.Canvas, form: Form, finish: Finish, buckle: float | None = None
) -> None:
    """Draw the ankle strap of a pump; from the front with its buckle at x."""
    y = form.bed(1.0) - 0.36
    if buckle is not None:
        finish.stroke(
            canvas, line((0, form.collar[1]), (0, y - 0.02)), darker(finish.main, 0.35), 0.03
        )
    ring(canvas, finish, y)
    if buckle is not None:
        finish.buckle(canvas, buckle, y + 0.012, 0.022, 0.03)
