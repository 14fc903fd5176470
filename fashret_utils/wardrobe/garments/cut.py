"""The flat pattern of tops and dresses: where neckline, shoulder, armhole, side and hem run.

Body units: x = 0 is the middle of the body, y grows downwards, y = 0 is the base of the neck;
waist 1.75, hip 2.5, knee 4.55, ankle 6.25. Sleeves hang along the arm of the canonical pose.
"""

import math
from dataclasses import dataclass

from fashret_utils.wardrobe.garments.attributes import Garment
from fashret_utils.wardrobe.paths import Point, Run

ARM_ANGLE = math.radians(24)  # the arm of the canonical pose, from the vertical
SHOULDER: Point = (0.66, 0.30)
UPPER_ARM, FOREARM = 1.36, 1.22

_EASE = {"slim": 0.03, "regular": 0.12, "loose": 0.26}
_OUTER = {"jacket": 0.08, "coat": 0.11, "hoodie": 0.06, "sweater": 0.03}
_HEM = {"cropped": 1.95, "regular": 2.55, "long": 3.1}
_COAT_HEM = {"mini": 3.5, "knee": 4.4, "midi": 5.2}
_DRESS_HEM = {"mini": 3.7, "knee": 4.5, "midi": 5.3, "maxi": 6.15}
_SLEEVE = {"sleeveless": 0.0, "short": 0.72, "elbow": 1.3, "three-quarter": 1.95, "long": 2.58}
# neckline -> half width, depth
_NECK = {
    "crew": (0.29, 0.24),
    "v-neck": (0.28, 0.86),
    "scoop": (0.38, 0.58),
    "boat": (0.54, 0.2),
    "square": (0.42, 0.52),
    "turtleneck": (0.25, 0.16),
    "shirt collar": (0.25, 0.34),
    "stand collar": (0.25, 0.22),
    "lapel": (0.26, 1.15),
    "hood": (0.28, 0.42),
}


@dataclass(frozen=True)
class TopCut:
    """Flat pattern of the right half of a top or dress (the left half mirrors it)."""

    neck: Run  # from the front middle up to the neck point
    back_neck: Run
    shoulder: Point
    armhole: Run  # from the shoulder down to the armpit
    side: Run  # from the armpit down to the hem
    hem: Run  # from the side to the middle
    waist: Point
    sleeve_length: float  # along the arm; 0 = sleeveless
    sleeve_ease: float
    cuff: float  # half width of the sleeve's end

    @property
    def hem_y(self) -> float:
        """Where the hem meets the middle."""
        return self.hem[-1][1]


def cut_top(item: Garment) -> TopCut:
    """Lay out a top, coat or dress from its attributes and shape parameters."""
    values, shape = item.values, item.shape
    category, fit = values["category"], values["fit"]
    ease = _EASE[fit] + _OUTER.get(category, 0.0) + 0.03 * shape["width"]
    width, depth = _NECK[values["neckline"]]
    width *= 1 + 0.07 * shape["neck"]
    depth *= 1 + 0.12 * shape["neck"]
    point = (width, 0.0 + 0.42 * (width - 0.25))
    neck = _neckline(values["neckline"], point, depth)
    sleeveless = values["sleeve"] == "sleeveless"
    shoulder = (0.60 if sleeveless else 0.74 + 0.3 * ease, 0.2 + 0.05 * ease)
    if shoulder[0] < width + 0.08:
        shoulder = (width + 0.08, shoulder[1])
    armpit = (0.60 + ease, 0.98 + 0.45 * ease)
    inset = 0.09 if sleeveless else 0.06
    armhole = [shoulder, (armpit[0] - inset - 0.04, 0.62), armpit]
    side, waist = _side(item, armpit, ease)
    drop = 0.0
    if category in ("shirt",):
        drop = 0.16 + 0.05 * shape["hem curve"]
    elif category in ("blouse", "dress", "t-shirt"):
        drop = 0.07 + 0.05 * shape["hem curve"]
    bottom = side[-1]
    hem = [bottom, (0.55 * bottom[0], bottom[1] + 0.8 * drop), (0.0, bottom[1] + drop)]
    puff = {"blouse": 0.12, "dress": 0.04}.get(category, 0.0) * (1 + shape["sleeve width"])
    cuff = 0.16 + 0.55 * ease + 0.03 * shape["sleeve width"]
    if category == "blouse":
        cuff += 0.09 * (1 + shape["sleeve width"])
    length = _SLEEVE[values["sleeve"]]
    if length < 1.5:
        cuff = 0.24 + 0.6 * ease + 0.04 * shape["sleeve width"]
    return TopCut(
        neck=neck,
        back_neck=[(0.0, point[1] + 0.09), (0.6 * width, point[1] + 0.07), point],
        shoulder=shoulder,
        armhole=armhole,
        side=side,
        hem=hem,
        waist=waist,
        sleeve_length=length,
        sleeve_ease=0.5 * ease + puff,
        cuff=cuff,
    )


def _neckline(name: str, point: Point, depth: float) -> Run:
    width, top = point
    bottom = top + depth
    if name in ("v-neck", "lapel", "shirt collar", "hood"):
        return [(0.0, bottom), (0.55 * width, top + 0.42 * depth), point]
    if name == "square":
        return [(0.0, bottom), (0.93 * width, bottom - 0.01), (0.94 * width, bottom - 0.05), point]
    return [
        (0.0, bottom),
        (0.52 * width, top + 0.86 * depth),
        (0.9 * width, top + 0.42 * depth),
        point,
    ]


def _side(item: Garment, armpit: Point, ease: float) -> tuple[Run, Point]:
    values, shape = item.values, item.shape
    category, fit = values["category"], values["fit"]
    waist = (0.50 + 1.2 * ease, 1.75)
    if category == "dress":
        hem_y = _DRESS_HEM[values["length"]]
        flare = {"slim": 0.02, "regular": 0.34, "loose": 0.66}[fit] + 0.09 * shape["flare"]
        waist = (0.49 + 0.75 * ease, 1.72)
        hip = (0.64 + 0.7 * ease + 0.1 * flare, 2.5)
        drop = (hem_y - 2.5) / 2.6
        knee = (hip[0] + 0.55 * flare * drop, (2.5 + hem_y) / 2)
        return [armpit, waist, hip, knee, (hip[0] + flare * drop, hem_y)], waist
    if category == "coat":
        hem_y = _COAT_HEM[values["length"]]
        flare = 0.1 + 0.12 * max(0.0, shape["flare"]) + (0.1 if fit == "loose" else 0.0)
        hip = (0.66 + ease, 2.5)
        return [armpit, waist, hip, (hip[0] + flare, hem_y)], waist
    hem_y = _HEM[values["length"]]
    ribbed = category in ("sweater", "hoodie")
    hem_x = 0.60 + ease - (0.05 if ribbed else -0.02 * shape["flare"])
    if category == "blouse":
        hem_x += 0.08 + 0.08 * shape["flare"]
    if hem_y < 2.1:
        return [armpit, (0.5 + 1.1 * ease, hem_y)], waist
    return [armpit, waist, (hem_x, hem_y)], waist


def along_arm(distance: float, across: float) -> Point:
    """A point of the canonical arm: `distance` down from the shoulder joint, `across` outwards."""
    sin, cos = math.sin(ARM_ANGLE), math.cos(ARM_ANGLE)
    return (
        SHOULDER[0] + distance * sin + across * cos,
        SHOULDER[1] + distance * cos - across * sin,
    )
