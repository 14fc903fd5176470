"""The heels: flat, block, cuban, stiletto, spool and wedge, from the side."""

import skia

from fashret_utils.wardrobe.paths import outline
from fashret_utils.wardrobe.shoes.form import Form


def heel_outline(form: Form) -> skia.Path | None:
    """The heel below the sole; None where the sole stands on the ground."""
    seat = form.under(1.0)
    kind = form.item.values["heel"]
    if seat > -0.01:
        return None
    width = 0.012 * form.item.shape["heel"]
    back = 0.994
    if kind == "wedge":
        xs = (0.4, 0.48, 0.56, 0.64, 0.72, 0.86)
        edge = [(0.36, 0.0), *((x, form.under(x) - 0.005) for x in xs), (back, seat - 0.005)]
        return outline(edge, [edge[-1], (0.99, seat / 2), (0.985, 0.0)])
    front = {"flat": 0.72, "block": 0.735, "cuban": 0.72, "stiletto": 0.755, "spool": 0.75}[
        kind
    ] - width
    top = [(front, form.under(front) - 0.008), (back, seat - 0.008)]
    at = form.under(front)
    if kind in ("flat", "block"):
        foot = 0.01 if kind == "flat" else 0.03
        return outline(
            top,
            [top[1], (0.985 - foot * 0.4, 0.0)],
            [(0.985 - foot * 0.4, 0.0), (front + foot * 0.6, 0.0)],
            [(front + foot * 0.6, 0.0), top[0]],
        )
    if kind == "cuban":
        return outline(
            top,
            [top[1], (0.985, seat * 0.5), (0.95, 0.0)],
            [(0.95, 0.0), (0.785, 0.0)],
            [(0.785, 0.0), (0.765, at * 0.45), top[0]],
        )
    if kind == "stiletto":
        return outline(
            top,
            [top[1], (0.985, seat * 0.6), (0.952, 0.0)],
            [(0.952, 0.0), (0.922 - width, 0.0)],
            [(0.922 - width, 0.0), (0.9 - width, at * 0.5), (0.85, at * 0.88), top[0]],
        )
    return outline(
        top,
        [top[1], (0.958, seat * 0.62), (0.93, seat * 0.35), (0.965, 0.0)],
        [(0.965, 0.0), (0.815, 0.0)],
        [(0.815, 0.0), (0.855 - width, at * 0.38), (0.84, at * 0.66), top[0]],
    )
