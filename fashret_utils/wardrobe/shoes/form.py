"""The last: outlines of a shoe seen from the side, from above, from the front and from behind.

Shoe units: the shoe is about 1 long; x runs from the toe (0) to the heel (1), y points down and
the ground is y = 0, so heights are negative.
"""

from dataclasses import dataclass
from functools import cached_property, lru_cache

import skia

from fashret_utils.wardrobe.paths import Point, outline
from fashret_utils.wardrobe.shoes.attributes import Shoe

_RISE = {"flat": 0.0, "low": 0.08, "mid": 0.165, "high": 0.26}
_SHAFT = {"low": 0.0, "collar": 0.42, "ankle": 0.62, "calf": 0.92, "knee": 1.28}
_SOLE = {
    "sneaker": 0.085,
    "boot": 0.035,
    "ankle boot": 0.035,
    "pump": 0.016,
    "sandal": 0.032,
    "loafer": 0.028,
}
_TOE_HEIGHT = {
    "sneaker": 0.175,
    "boot": 0.16,
    "ankle boot": 0.155,
    "pump": 0.115,
    "sandal": 0.1,
    "loafer": 0.14,
}
# Side profile of each toe: points from its top to the tip, x in shoe units, y in toe heights.
_TOE_PROFILE: dict[str, tuple[Point, ...]] = {
    "round": ((0.17, -1.0), (0.07, -0.9), (0.008, -0.5), (0.02, 0.0)),
    "oval": ((0.19, -0.95), (0.07, -0.72), (0.0, -0.34), (0.005, 0.0)),
    "almond": ((0.2, -0.9), (0.06, -0.6), (-0.03, -0.26), (-0.03, 0.0)),
    "pointed": ((0.2, -0.8), (0.06, -0.46), (-0.08, -0.12), (-0.095, 0.0)),
    "square": ((0.12, -1.02), (0.035, -0.98), (0.005, -0.85), (-0.005, 0.0)),
    "chisel": ((0.2, -0.85), (0.02, -0.56), (-0.045, -0.42), (-0.055, 0.0)),
    "peep": ((0.17, -0.95), (0.08, -0.82), (0.045, -0.6), (0.03, 0.0)),
    "open": ((0.17, -0.95), (0.08, -0.82), (0.03, -0.5), (0.02, 0.0)),
}


def smooth(x: float) -> float:
    """The arch: 0 under the ball of the foot, 1 under the heel, an S between."""
    if x <= 0.34 or x >= 0.74:
        return float(x > 0.34)
    t = (x - 0.34) / 0.4
    return t * t * (3 - 2 * t)


def _spring(x: float) -> float:
    """How far the toe lifts off the ground."""
    return 1.5 * (0.14 - max(x, 0.0)) ** 2 if x < 0.14 else 0.0


@dataclass(frozen=True)
class Form:
    """The measures of one shoe and the outlines that follow from them."""

    item: Shoe

    @cached_property
    def rise(self) -> float:
        """How much higher the heel is than the ball of the foot."""
        values, flex = self.item.values, 1 + 0.12 * self.item.shape["heel"]
        if values["heel height"] == "flat":
            return 0.012 if values["category"] == "sneaker" else 0.03
        return _RISE[values["heel height"]] * flex

    @cached_property
    def platform(self) -> float:
        """Extra thickness under the ball."""
        return {"flatform": 0.065, "wedge": 0.025}.get(self.item.values["heel"], 0.0)

    @cached_property
    def sole(self) -> float:
        """Thickness of the sole without platform."""
        return _SOLE[self.item.category] * (1 + 0.22 * self.item.shape["sole"])

    @cached_property
    def toe_height(self) -> float:
        """Height of the toe box."""
        return _TOE_HEIGHT[self.item.category] * (1 + 0.1 * self.item.shape["toe height"])

    @cached_property
    def shaft(self) -> float:
        """Height of the shaft over the heel seat, 0 for low shoes."""
        return _SHAFT[self.item.values["shaft"]] * (1 + 0.05 * self.item.shape["collar"])

    @cached_property
    def tip(self) -> float:
        """The x of the toe's tip."""
        return _TOE_PROFILE[self.item.values["toe"]][-1][0]

    def bed(self, x: float) -> float:
        """Where the foot stands: the y of the upper's lower edge."""
        return -(self.sole + self.platform + self.rise * smooth(x) + _spring(x))

    def under(self, x: float) -> float:
        """The y of the sole's lower edge."""
        arch = (self.rise + self.platform) * smooth(x) if self._has_arch else 0.0
        return -arch - _spring(x)

    @property
    def _has_arch(self) -> bool:
        return self.item.values["heel"] not in ("flatform",) and self.item.category != "sneaker"

    @cached_property
    def throat(self) -> Point:
        """Front end of the topline: where the tongue leaves the vamp."""
        shape, values = self.item.shape, self.item.values
        shift, base = 0.025 * shape["throat"], self.bed(0.4)
        seat = self.bed(1.0)
        if self.shaft > 0.8:
            return 0.565, seat - self.shaft
        if self.shaft:
            return 0.55 + shift, seat - self.shaft
        x, y = {
            "sneaker": (0.44, base - 0.335),
            "loafer": (0.385, base - 0.25),
            "pump": (0.25, self.bed(0.25) - 0.118),
            "sandal": (0.45, base - 0.2),
        }[values["category"]]
        return x + shift, y - 0.35 * shift

    @cached_property
    def collar(self) -> Point:
        """Back end of the topline."""
        seat = self.bed(1.0)
        if self.shaft > 0.8:
            return 1.005, seat - self.shaft - 0.015
        if self.shaft:
            return 0.965, seat - self.shaft - 0.02
        height = {"sneaker": 0.35, "loafer": 0.265, "pump": 0.225, "sandal": 0.2}
        return 0.968, seat - height[self.item.category] * (1 + 0.1 * self.item.shape["collar"])

    @cached_property
    def topline(self) -> list[Point]:
        """From the collar to the throat."""
        (kx, ky), (vx, vy) = self.collar, self.throat
        if self.shaft:
            sag = 0.03 if self.item.values["shaft"] == "collar" else 0.008
            return [(kx, ky), ((kx + vx) / 2, (ky + vy) / 2 + sag), (vx, vy)]
        if self.item.category == "pump":
            mid = self.bed(0.6) - 0.075
            return [
                (kx, ky),
                (0.9, ky + 0.05),
                (0.72, self.bed(0.74) - 0.1),
                (0.52, mid + 0.01),
                (vx + 0.09, self.bed(vx + 0.09) - 0.082),
                (vx, vy),
            ]
        dip = {"sneaker": 0.25, "loafer": 0.155, "sandal": 0.1}[self.item.category]
        return [
            (kx, ky),
            (0.91, ky + 0.03),
            (0.76, self.bed(0.8) - dip),
            (0.6, (vy * 1.3 + ky) / 2.3 + 0.055),
            (vx, vy),
        ]

    @cached_property
    def toe_top(self) -> Point:
        """The highest point of the toe box."""
        x, y = _TOE_PROFILE[self.item.values["toe"]][0]
        return x, self.bed(0.1) + y * self.toe_height

    @cached_property
    def instep(self) -> list[Point]:
        """From the throat down to the toe box."""
        (vx, vy), (cx, cy) = self.throat, self.toe_top
        if self.shaft:
            ankle = self.bed(0.75)
            run = [
                (0.535, ankle - 0.36),
                (0.5, ankle - 0.29),
                (0.38, (ankle - 0.19 + cy * 1.4) / 2.4),
            ]
            upper = [(vx, vy)]
            if self.shaft > 0.8:
                upper.append((0.535, (vy + ankle - 0.36) / 2 + 0.05))
            return [*upper, *run, (cx, cy)]
        if self.item.category == "pump":
            return [(vx, vy), ((vx + cx) / 2, (vy + cy) / 2 - 0.006), (cx, cy)]
        return [(vx, vy), (vx * 0.66 + cx * 0.34, vy * 0.62 + cy * 0.38), (cx, cy)]

    @cached_property
    def toe_run(self) -> list[Point]:
        """Profile of the toe from its top to the tip."""
        base = self.bed(0.05)
        points = [(x, base + y * self.toe_height) for x, y in _TOE_PROFILE[self.item.values["toe"]]]
        return [self.toe_top, *points[1:]]

    @cached_property
    def bed_run(self) -> list[Point]:
        """The upper's lower edge from the tip to the heel seat."""
        xs = (0.12, 0.24, 0.36, 0.46, 0.56, 0.66, 0.76, 0.88, 0.985)
        return [self.toe_run[-1], *((x, self.bed(x)) for x in xs)]

    def sole_line(self, depth: float) -> skia.Path:
        """A line along the sole, from its upper (0) to its lower edge (1)."""
        points = [skia.Point(x, y * (1 - depth) + self.under(x) * depth) for x, y in self.bed_run]
        return skia.Path.Polygon(points, False)

    @cached_property
    def back_run(self) -> list[Point]:
        """From the heel seat up to the collar."""
        seat, (kx, ky) = self.bed(1.0), self.collar
        if self.shaft > 0.8:
            return [
                (0.985, seat),
                (1.012, seat - 0.1),
                (0.975, seat - 0.3),
                (0.985, seat - 0.5),
                (1.02, seat - 0.78),
                (kx, ky),
            ]
        if self.shaft:
            return [(0.985, seat), (1.012, seat - 0.1), (0.972, seat - 0.32), (kx, ky)]
        return [(0.985, seat), (1.012, seat + 0.4 * (ky - seat)), (kx, ky)]

    @cached_property
    def upper(self) -> skia.Path:
        """Silhouette of the upper."""
        return outline(self.topline, self.instep, self.toe_run, self.bed_run, self.back_run)

    @cached_property
    def inside(self) -> skia.Path:
        """The far rim and the lining, seen over the near topline."""
        (kx, ky), (vx, vy) = self.collar, self.throat
        if self.shaft:
            lift = 0.045
            far = [(vx, vy), (vx + 0.08, vy - lift), (kx - 0.1, ky - lift), (kx, ky)]
        else:
            near = self.topline[1:-1]
            far = [(vx, vy), *((x - 0.01, y - 0.045) for x, y in reversed(near)), (kx, ky)]
        return outline(self.topline, far)

    @cached_property
    def outsole(self) -> skia.Path:
        """The sole, heel not included."""
        tip, back = self.tip, 0.988
        out = 0.022 if self.item.category == "sneaker" else 0.008
        top = [
            (tip - 0.4 * out, self.bed(tip) - 0.004),
            *((x, y - 0.004) for x, y in self.bed_run[1:-1]),
            (back + 0.5 * out, self.bed(back) - 0.004),
        ]
        xs = (0.88, 0.76, 0.66, 0.56, 0.46, 0.36, 0.24, 0.12)
        low = [
            (back + 0.2 * out, self.under(back)),
            *((x, self.under(x)) for x in xs),
            (tip + 0.01, self.under(tip) - 0.12 * self.sole),
        ]
        middle = (self.bed(back) + self.under(back)) / 2
        behind = [top[-1], (back + 1.2 * out, middle), low[0]]
        before = [low[-1], (tip - 1.3 * out, (self.bed(tip) * 1.2 + self.under(tip)) / 2.2), top[0]]
        return outline(top, behind, low, before)

    @cached_property
    def height(self) -> float:
        """Height over the ground of the shoe's highest point."""
        return -min(self.collar[1], self.throat[1]) + (0.05 if self.shaft else 0.03)


@lru_cache(maxsize=16)
def form_of(item: Shoe) -> Form:
    """The form of a shoe; kept for the next pictures of the same shoe."""
    return Form(item)
