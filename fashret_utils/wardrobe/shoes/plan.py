"""The outlines of a shoe from above: toe up, x = 0 on its axis, y from the toe (0) to the heel."""

from functools import cached_property, lru_cache

import skia

from fashret_utils.wardrobe.paths import Point, line, outline
from fashret_utils.wardrobe.shoes.form import Form

# Contour from above: half widths at a few distances from the tip, in shoe units.
_TOE_CONTOUR: dict[str, tuple[Point, ...]] = {
    "round": ((0.0, 0.0), (0.075, 0.005), (0.135, 0.05), (0.168, 0.13)),
    "oval": ((0.0, 0.0), (0.055, 0.01), (0.11, 0.065), (0.155, 0.15)),
    "almond": ((0.0, -0.035), (0.035, -0.01), (0.085, 0.06), (0.14, 0.16)),
    "pointed": ((0.0, -0.1), (0.02, -0.055), (0.06, 0.045), (0.125, 0.17)),
    "square": ((0.1, 0.0), (0.135, 0.012), (0.155, 0.06), (0.17, 0.14)),
    "chisel": ((0.045, -0.06), (0.062, -0.045), (0.1, 0.06), (0.14, 0.16)),
    "peep": ((0.0, 0.02), (0.075, 0.025), (0.135, 0.07), (0.165, 0.14)),
    "open": ((0.0, 0.0), (0.08, 0.005), (0.14, 0.05), (0.165, 0.13)),
}


_WIDTH = {
    "sneaker": 1.08,
    "boot": 1.02,
    "ankle boot": 1.0,
    "pump": 0.9,
    "sandal": 1.0,
    "loafer": 1.0,
}


def _half_widths(form: Form) -> list[Point]:
    """Right half of the contour as (half width, distance from the tip)."""
    return [
        *_TOE_CONTOUR[form.item.values["toe"]],
        (0.178, 0.28),
        (0.158, 0.44),
        (0.132, 0.6),
        (0.128, 0.76),
        (0.115, 0.88),
        (0.07, 0.965),
        (0.0, 0.985),
    ]


class Plan:
    """The outlines of one shoe from above."""

    def __init__(self, form: Form):
        self.form = form
        self.wide = _WIDTH[form.item.category] * (1 + 0.07 * form.item.shape["width"])
        self.long = 1 - 0.45 * form.rise  # a raised heel is seen shortened
        contour = _half_widths(form)
        right = [self.at(x, y) for x, y in contour]
        left = [self.at(-x, y) for x, y in reversed(contour)]
        corner = [left[-1], right[0]]
        self.outline = (
            outline(right, left, corner) if contour[0][0] else outline([*right, *left[1:]])
        )

    def at(self, x: float, y: float) -> Point:
        """Place a point: widened, shortened, and bent towards the other foot at the toe."""
        return x * self.wide + 0.03 * (1 - y) ** 2, y * self.long

    def cut(self, *points: Point) -> skia.Path:
        """A closed curve, symmetric about the axis, from the points of its right half."""
        right = [self.at(x, y) for x, y in points]
        left = [self.at(-x, y) for x, y in reversed(points)]
        return outline([*right, *left])

    @cached_property
    def mouth(self) -> skia.Path:
        """The hole through which the foot goes in."""
        return self.cut(*opening(self.form))

    def across(self, half: float, y: float, bow: float = 0.02) -> skia.Path:
        """A line from side to side, bowed towards the toe."""
        return line(self.at(-half, y + bow), self.at(0, y), self.at(half, y + bow))


def opening(form: Form) -> tuple[Point, ...]:
    """Right half of the hole through which the foot goes in."""
    category, shift = form.item.category, 0.03 * form.item.shape["throat"]
    if form.shaft:
        grow = 1 + 0.1 * form.shaft
        y, half, reach = 0.735, 0.098 * grow, 0.17 * grow
        return (
            (0.0, y - reach),
            (0.6 * half, y - 0.8 * reach),
            (half, y - 0.15 * reach),
            (0.86 * half, y + 0.6 * reach),
            (0.0, y + reach),
        )
    start = {"sneaker": 0.47, "loafer": 0.36, "pump": 0.2}[category] + shift
    wide = 0.118 if category == "pump" else 0.09
    return (
        (0.0, start),
        (0.55 * wide, start + 0.015),
        (wide, start + 0.12),
        (0.096, 0.62),
        (0.1, 0.78),
        (0.086, 0.89),
        (0.0, 0.935),
    )


@lru_cache(maxsize=16)
def plan_of(form: Form) -> Plan:
    """The plan of a shoe; kept for the next pictures of the same shoe."""
    return Plan(form)
